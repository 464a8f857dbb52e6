//! Numbers and ranges in the driver's texts.

use std::ops::RangeInclusive;

/// The numbers of a line; `None` if a word is none.
pub(super) fn numbers(line: &str) -> Option<Vec<i64>> {
    line.split(' ').filter(|word| !word.is_empty()).map(|word| word.parse().ok()).collect()
}

/// The range of this name below `OD_RANGE`.
pub(super) fn range(text: &str, name: &str) -> Option<RangeInclusive<i64>> {
    let (_, ranges) = text.split_once("OD_RANGE")?;
    let row = ranges.lines().find_map(|row| row.trim().strip_prefix(name)?.strip_prefix(':'))?;
    let mut ends = row.split_whitespace().map(leading);
    Some(ends.next()??..=ends.next()??)
}

/// The number that a word begins with.
pub(super) fn leading(word: &str) -> Option<i64> {
    let end = word.char_indices().find(|(at, one)| !(one.is_ascii_digit() || (*at == 0 && *one == '-')));
    word[..end.map_or(word.len(), |(at, _)| at)].parse().ok()
}

/// The numbered rows of a section: each row's index and the numbers after it.
pub(super) fn section(text: &str, title: &str) -> Vec<(i64, Vec<i64>)> {
    let mut rows = text.lines().map(str::trim).skip_while(|row| row.trim_end_matches(':') != title);
    if rows.next().is_none() {
        return Vec::new();
    }
    let numbered = |row: &str| {
        let (index, rest) = row.split_once(':')?;
        Some((index.parse().ok()?, rest.split_whitespace().filter_map(leading).collect()))
    };
    rows.map_while(|row| if row.is_empty() { Some(None) } else { numbered(row).map(Some) })
        .flatten()
        .collect()
}
