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

/// `0-15,32-47`.
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
