//! Lists of CPUs and NUMA nodes: `local_cpulist`, `node/online`.
//!
//! The kernel prints a bit map with `%*pbl`: numbers and ranges with commas between them, and an empty line
//! for none.

use std::ops::RangeInclusive;

use super::cursor::Cursor;
use super::{Parsed, only_line, scalar};

/// Reads `0-15,32-47`; empty if there are none.
pub fn cpu_list(text: &[u8]) -> Parsed<Vec<RangeInclusive<u32>>> {
    let mut ranges = Vec::new();
    if scalar::is_blank(text) {
        return Ok(ranges);
    }
    let mut cursor = Cursor::new(only_line(text)?);
    loop {
        let start = cursor.clone();
        let first = cursor.unsigned_32()?;
        let last = if cursor.eat(b"-") { cursor.unsigned_32()? } else { first };
        if last < first {
            return Err(start.error("the range runs backwards"));
        }
        ranges.push(first..=last);
        if !cursor.eat(b",") {
            break;
        }
    }
    cursor.end()?;
    Ok(ranges)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn lists() {
        assert_eq!(cpu_list(b"0-15,32-47\n"), Ok(vec![0..=15, 32..=47]));
        assert_eq!(cpu_list(b"7\n\0"), Ok(vec![7..=7]));
        assert_eq!(cpu_list(b"\n"), Ok(Vec::new()));
        let place = |text: &[u8]| cpu_list(text).map_err(|error| (error.line, error.column));
        assert_eq!(place(b"0-15,\n"), Err((1, 6)));
        assert_eq!(place(b"0,9-3\n"), Err((1, 3)));
        assert_eq!(place(b"0-4294967296\n"), Err((1, 3)));
        assert_eq!(place(b"0 1\n"), Err((1, 3)));
        assert_eq!(place(b"0\n1\n"), Err((2, 1)));
    }

    #[test]
    fn truncated() {
        let text = b"0-15,32-47\n";
        for length in 0..=text.len() {
            if let Ok(cut) = cpu_list(&text[..length]) {
                assert!(cut.len() < 2 || cut[0] == (0..=15));
            }
        }
    }

    proptest! {
        #[test]
        fn any_bytes(bytes: Vec<u8>) {
            let _ = cpu_list(&bytes);
        }

        #[test]
        fn round_trip(ranges in proptest::collection::vec((any::<u32>(), any::<u32>()), 0..9)) {
            let ranges: Vec<_> = ranges.into_iter().map(|(a, b)| a.min(b)..=a.max(b)).collect();
            let parts: Vec<_> = ranges.iter().map(|range| format!("{}-{}", range.start(), range.end())).collect();
            prop_assert_eq!(cpu_list(format!("{}\n", parts.join(",")).as_bytes()), Ok(ranges));
        }
    }
}
