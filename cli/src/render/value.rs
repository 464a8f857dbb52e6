//! Values in words for people.

use std::ops::RangeInclusive;

use amdgpu_smi::unit::{Bytes, Microseconds};
use jiff::Timestamp;
use jiff::tz::TimeZone;

/// `40.0 GB`, as AMD's command has it.
pub(crate) fn size(bytes: Bytes) -> String {
    let mut amount = bytes.0 as f64;
    for unit in ["B", "KB", "MB", "GB"] {
        if amount < 1024.0 {
            return format!("{amount:.1} {unit}");
        }
        amount /= 1024.0;
    }
    format!("{amount:.1} TB")
}

/// `600 us`, `1.8 s`: at most seven characters for three months.
pub(crate) fn duration(time: Microseconds) -> String {
    match time.0 {
        micros @ 0..1_000 => format!("{micros} us"),
        micros @ 1_000..1_000_000 => format!("{} ms", micros / 1_000),
        micros @ 1_000_000..100_000_000 => format!("{:.1} s", micros as f64 / 1e6),
        micros => format!("{} s", micros / 1_000_000),
    }
}

/// `23 min 35 s`, `3 d 4 h`, `12 ms`: the two largest parts of a time in seconds.
pub(crate) fn span(seconds: f64) -> String {
    let whole = seconds.round() as u64;
    let parts = |large: u64, name: &str, small: u64, of: &str| {
        let (first, second) = (whole / large, whole % large / small);
        if second == 0 { format!("{first} {name}") } else { format!("{first} {name} {second} {of}") }
    };
    match seconds {
        _ if whole >= 86_400 => parts(86_400, "d", 3_600, "h"),
        _ if whole >= 3_600 => parts(3_600, "h", 60, "min"),
        _ if whole >= 60 => parts(60, "min", 1, "s"),
        0.0 => "0 s".into(),
        _ if seconds >= 10.0 => format!("{seconds:.0} s"),
        _ if seconds >= 1.0 => format!("{seconds:.1} s"),
        _ if seconds >= 1e-3 => format!("{:.0} ms", seconds * 1e3),
        _ if seconds >= 1e-6 => format!("{:.0} µs", seconds * 1e6),
        _ => format!("{:.0} ns", seconds * 1e9),
    }
}

/// Ranges of numbers, such as `0-15,32-47`.
pub(crate) fn ranges(cpus: impl Iterator<Item = RangeInclusive<u32>>) -> String {
    let words = cpus.map(|range| match range.start() == range.end() {
        true => range.start().to_string(),
        false => format!("{}-{}", range.start(), range.end()),
    });
    words.collect::<Vec<_>>().join(",")
}

/// `2026-02-28T17:05:09.123Z`, of seconds since 1970.
pub(crate) fn iso(seconds: f64) -> String {
    time(seconds).map_or_else(|| "N/A".into(), |time| format!("{time:.3}"))
}

/// `18:05:09` on the wall of this machine.
pub(crate) fn clock(seconds: f64) -> String {
    let zoned = time(seconds).map(|time| time.to_zoned(TimeZone::system()));
    zoned.map_or_else(|| "N/A".into(), |time| time.strftime("%H:%M:%S").to_string())
}

fn time(seconds: f64) -> Option<Timestamp> {
    Timestamp::from_millisecond((seconds * 1e3).round() as i64).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_their_largest_parts() {
        for (seconds, text) in [
            (1415.7, "23 min 36 s"),
            (1415.4, "23 min 35 s"),
            (59.6, "1 min"),
            (3661.0, "1 h 1 min"),
            (273_600.0, "3 d 4 h"),
            (1.84, "1.8 s"),
            (12.3, "12 s"),
            (0.012, "12 ms"),
            (600e-6, "600 µs"),
            (15e-9, "15 ns"),
            (0.0, "0 s"),
        ] {
            assert_eq!(span(seconds), text);
        }
    }

    #[test]
    fn times_of_day() {
        assert_eq!(iso(1_700_000_000.25), "2023-11-14T22:13:20.250Z");
        assert!(clock(1_700_000_000.0).ends_with(":20"));
    }
}
