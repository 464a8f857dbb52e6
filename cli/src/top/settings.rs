//! Settings of the view, which can be saved.

use std::time::Duration;

use clap::ValueEnum;

use super::glyphs::Glyphs;
use super::model::Measure;
use super::palette::Palette;
use crate::sort::Sort;

/// Space per GPU on the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Density {
    /// Chosen by number of GPUs and height of the screen
    Auto,
    /// Card with bars and graphs
    Full,
    /// Three lines
    Medium,
    /// One line
    Row,
}

impl Density {
    pub(crate) fn next(self) -> Density {
        match self {
            Density::Auto => Density::Full,
            Density::Full => Density::Medium,
            Density::Medium => Density::Row,
            Density::Row => Density::Auto,
        }
    }

    pub(crate) fn label(self) -> &'static str {
        match self {
            Density::Auto => "auto",
            Density::Full => "full",
            Density::Medium => "medium",
            Density::Row => "rows",
        }
    }
}

/// The time span of a graph.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Span {
    /// A column for each refresh.
    Refreshes,
    /// All of the width for so long.
    Whole(Duration),
}

impl Span {
    pub(crate) fn next(self) -> Span {
        match self {
            Span::Refreshes => Span::Whole(Duration::from_secs(60)),
            Span::Whole(time) if time.as_secs() == 60 => Span::Whole(Duration::from_secs(300)),
            Span::Whole(time) if time.as_secs() == 300 => Span::Whole(Duration::from_secs(900)),
            Span::Whole(_) => Span::Refreshes,
        }
    }
}

/// All settings.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Settings {
    pub(crate) interval: Duration,
    pub(crate) sort: Sort,
    pub(crate) inverted: bool,
    pub(crate) grouped: bool,
    pub(crate) density: Density,
    pub(crate) palette: Palette,
    pub(crate) glyphs: Glyphs,
    /// The first of the graphs.
    pub(crate) measure: Measure,
    pub(crate) span: Span,
    /// Set if processes are shown below the GPUs.
    pub(crate) processes: bool,
    /// Set if the last line lists the keys.
    pub(crate) keys: bool,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            interval: Duration::from_secs(1),
            sort: Sort::Gpu,
            inverted: false,
            grouped: false,
            density: Density::Auto,
            palette: Palette::Default,
            glyphs: Glyphs::Braille,
            measure: Measure::Busy,
            span: Span::Refreshes,
            processes: true,
            keys: true,
        }
    }
}

/// The intervals that keys choose, in milliseconds.
const INTERVALS: [u64; 9] = [100, 200, 500, 1_000, 2_000, 3_000, 5_000, 10_000, 60_000];

impl Settings {
    /// The next shorter interval, or the next longer one.
    pub(crate) fn step_interval(&mut self, faster: bool) {
        let now = u64::try_from(self.interval.as_millis()).unwrap_or(u64::MAX);
        let next = match faster {
            true => INTERVALS.iter().rev().find(|interval| **interval < now),
            false => INTERVALS.iter().find(|interval| **interval > now),
        };
        if let Some(next) = next {
            self.interval = Duration::from_millis(*next);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_step_by_step() {
        let mut settings = Settings { interval: Duration::from_millis(1_500), ..Settings::default() };
        settings.step_interval(true);
        assert_eq!(settings.interval, Duration::from_secs(1));
        for _ in 0..20 {
            settings.step_interval(true);
        }
        assert_eq!(settings.interval, Duration::from_millis(100));
        for _ in 0..20 {
            settings.step_interval(false);
        }
        assert_eq!(settings.interval, Duration::from_secs(60));
    }
}
