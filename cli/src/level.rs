//! The severity of a value, by one rule for every view that colours or marks it.

/// The distance of a value to its limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Level {
    Fine,
    /// The value is near the limit.
    High,
    /// At the limit, or beyond.
    Critical,
}

impl Level {
    /// A temperature beside its limit: high from ten degrees below on.
    pub(crate) fn of_heat(heat: f64, limit: f64) -> Level {
        match heat - limit {
            over if over >= 0.0 => Level::Critical,
            over if over >= -10.0 => Level::High,
            _ => Level::Fine,
        }
    }

    /// Memory by the share that is used.
    pub(crate) fn of_memory(share: f64) -> Level {
        if share >= 0.95 { Level::High } else { Level::Fine }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_by_the_distance_to_the_limit() {
        assert_eq!(Level::of_heat(99.9, 110.0), Level::Fine);
        assert_eq!(Level::of_heat(100.0, 110.0), Level::High);
        assert_eq!(Level::of_heat(110.0, 110.0), Level::Critical);
        assert_eq!(Level::of_memory(0.94), Level::Fine);
        assert_eq!(Level::of_memory(0.95), Level::High);
    }
}
