//! Values in words for people.

use std::ops::RangeInclusive;

use amdgpu_smi::unit::{Bytes, Microseconds};

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
