//! `power_dpm_force_performance_level` and `thermal_throttling_logging`.
//!
//! The first is a word (`amdgpu_get_power_dpm_force_performance_level`), the second a sentence
//! (`amdgpu_get_thermal_throttling_logging`: `%s: thermal throttling logging %s, with interval %d seconds`).

use std::fmt;

use super::cursor::Cursor;
use super::{Parsed, only_line, scalar};

/// Performance levels: the driver's clock policies.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum PerformanceLevel {
    /// Clocks follow the load.
    Auto,
    /// The lowest of all.
    Low,
    /// The highest of all.
    High,
    /// By load, among the levels that the user chose.
    Manual,
    /// Steady, for profiling.
    ProfileStandard,
    /// The shader clock lowest, for profiling.
    ProfileMinSclk,
    /// The memory clock lowest, for profiling.
    ProfileMinMclk,
    /// The highest that is steady, for profiling.
    ProfilePeak,
    /// The same for each run: the shader clock is held below a limit.
    PerfDeterminism,
    /// A word that is none of these, such as `unknown`.
    Other(String),
}

impl PerformanceLevel {
    /// The driver's word for it.
    pub fn as_str(&self) -> &str {
        match self {
            PerformanceLevel::Auto => "auto",
            PerformanceLevel::Low => "low",
            PerformanceLevel::High => "high",
            PerformanceLevel::Manual => "manual",
            PerformanceLevel::ProfileStandard => "profile_standard",
            PerformanceLevel::ProfileMinSclk => "profile_min_sclk",
            PerformanceLevel::ProfileMinMclk => "profile_min_mclk",
            PerformanceLevel::ProfilePeak => "profile_peak",
            PerformanceLevel::PerfDeterminism => "perf_determinism",
            PerformanceLevel::Other(word) => word,
        }
    }
}

impl fmt::Display for PerformanceLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for PerformanceLevel {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl PerformanceLevel {
    /// All that have a word of their own.
    pub const KNOWN: [PerformanceLevel; 9] = [
        PerformanceLevel::Auto,
        PerformanceLevel::Low,
        PerformanceLevel::High,
        PerformanceLevel::Manual,
        PerformanceLevel::ProfileStandard,
        PerformanceLevel::ProfileMinSclk,
        PerformanceLevel::ProfileMinMclk,
        PerformanceLevel::ProfilePeak,
        PerformanceLevel::PerfDeterminism,
    ];
}

/// The word in either case of letters.
impl From<&str> for PerformanceLevel {
    fn from(word: &str) -> PerformanceLevel {
        let known =
            PerformanceLevel::KNOWN.into_iter().find(|level| level.as_str().eq_ignore_ascii_case(word));
        known.unwrap_or_else(|| PerformanceLevel::Other(word.to_owned()))
    }
}

/// Reads `power_dpm_force_performance_level`; absent if there is no word.
pub fn performance_level(text: &[u8]) -> Option<PerformanceLevel> {
    scalar::text(text).map(|word| PerformanceLevel::from(&*word))
}

/// State of the throttling log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct ThrottlingLogging {
    /// `true` if the log is enabled.
    pub enabled: bool,
    /// Seconds from one message to the next, at least.
    pub interval: u32,
}

/// Reads `thermal_throttling_logging`.
pub fn throttling_logging(text: &[u8]) -> Parsed<ThrottlingLogging> {
    let mut cursor = Cursor::new(only_line(text)?);
    // The device's name, with its colon.
    cursor.word();
    cursor.expect(b" thermal throttling logging ", "expected thermal throttling logging")?;
    let enabled = if cursor.eat(b"enabled") {
        true
    } else {
        cursor.expect(b"disabled", "expected enabled or disabled")?;
        false
    };
    cursor.expect(b", with interval ", "expected an interval")?;
    let interval = cursor.unsigned_32()?;
    cursor.expect(b" seconds", "expected seconds")?;
    cursor.end()?;
    Ok(ThrottlingLogging { enabled, interval })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn levels() {
        assert_eq!(performance_level(b"auto\n"), Some(PerformanceLevel::Auto));
        assert_eq!(performance_level(b"perf_determinism\n\0"), Some(PerformanceLevel::PerfDeterminism));
        assert_eq!(performance_level(b"profile_min_mclk"), Some(PerformanceLevel::ProfileMinMclk));
        assert_eq!(performance_level(b"unknown\n"), Some(PerformanceLevel::Other("unknown".into())));
        assert_eq!(performance_level(b"unknown\n").unwrap().to_string(), "unknown");
        assert_eq!(performance_level(b"\n"), None);
    }

    const LOGGING: &[u8] = b"0000:c3:00.0: thermal throttling logging enabled, with interval 45 seconds\n";

    #[test]
    fn logging() {
        assert_eq!(throttling_logging(LOGGING), Ok(ThrottlingLogging { enabled: true, interval: 45 }));
        let text = b"0000:c3:00.0: thermal throttling logging disabled, with interval 60 seconds\n";
        assert_eq!(throttling_logging(text), Ok(ThrottlingLogging { enabled: false, interval: 60 }));
        assert_eq!(throttling_logging(b"\n").unwrap_err().reason, "the text is empty");
        let error = throttling_logging(b"0000:c3:00.0: thermal throttling logging perhaps\n").unwrap_err();
        assert_eq!(error.column, 42);
        for length in 0..LOGGING.len() - 1 {
            assert!(throttling_logging(&LOGGING[..length]).is_err());
        }
    }

    proptest! {
        #[test]
        fn any_bytes(bytes: Vec<u8>) {
            let _ = (performance_level(&bytes), throttling_logging(&bytes));
            let _ = throttling_logging(&[b"x: thermal throttling logging ", &bytes[..]].concat());
        }

        #[test]
        fn round_trip(word in "[a-z_]{1,20}") {
            prop_assert_eq!(performance_level(format!("{word}\n").as_bytes()).unwrap().to_string(), word);
        }
    }
}
