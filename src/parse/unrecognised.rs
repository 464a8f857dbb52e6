//! Lines that a parser of a table does not understand.
//!
//! A table of many lines is read line by line: a line of a shape that no driver was seen to print costs itself and
//! is kept as text, so that what depends on it can name it. A text of which no line is understood is an error.

use super::{Line, ParseError, Parsed};

/// Lines that are kept of one text. A driver that changes its format changes all lines, and the first tell how.
const KEPT: usize = 16;
/// Bytes that are kept of one line; the longest that a driver prints has fewer.
const LENGTH: usize = 160;

/// A line that was not understood.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct UnrecognisedLine {
    /// Line number, from 1.
    pub line: u32,
    /// Byte within the line from which on it is not understood, from 1.
    pub column: u32,
    /// The reason, as part of a sentence: `expected a number`.
    pub reason: &'static str,
    /// The line without blanks at both ends, its first 160 bytes at most.
    pub text: String,
    /// The title of the section that it is in; absent if the format has none.
    pub section: Option<String>,
}

impl UnrecognisedLine {
    /// Returns `true` if it begins like a level or a point: with a number and a colon.
    pub(crate) fn is_numbered(&self) -> bool {
        let digits = self.text.bytes().take_while(u8::is_ascii_digit).count();
        digits > 0 && self.text.as_bytes().get(digits) == Some(&b':')
    }

    /// Its place and reason as an error.
    pub fn error(&self) -> ParseError {
        ParseError { line: self.line, column: self.column, reason: self.reason }
    }
}

/// `line 3, "2: 90% of it": expected MHz`.
impl std::fmt::Display for UnrecognisedLine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "line {}, {:?}: {}", self.line, self.text, self.reason)
    }
}

/// Keeps a line that was not understood, if there is room.
pub(super) fn keep(
    unrecognised: &mut Vec<UnrecognisedLine>,
    line: Line<'_>,
    section: Option<&str>,
    error: ParseError,
) {
    if unrecognised.len() < KEPT {
        let text = line.trimmed();
        let text = String::from_utf8_lossy(text.get(..LENGTH).unwrap_or(text)).into_owned();
        let ParseError { line, column, reason } = error;
        unrecognised.push(UnrecognisedLine { line, column, reason, text, section: section.map(Into::into) });
    }
}

/// The error of the line of a key that was not understood, among those that were kept of a text of keys and values.
pub(crate) fn refused_value(unrecognised: &[UnrecognisedLine], key: &str) -> Option<ParseError> {
    let is_key = |line: &&UnrecognisedLine| line.text.split(' ').next() == Some(key);
    unrecognised.iter().find(is_key).map(UnrecognisedLine::error)
}

/// The error of a text of which no line was understood.
pub(super) fn refuse_all(nothing_understood: bool, unrecognised: &[UnrecognisedLine]) -> Parsed<()> {
    match unrecognised.first() {
        Some(first) if nothing_understood => Err(first.error()),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::lines;
    use super::*;

    #[test]
    fn what_is_kept_is_bounded() {
        let text = format!(" {}\n", "ä".repeat(200)).repeat(50);
        let mut kept = Vec::new();
        for line in lines(text.as_bytes()) {
            keep(&mut kept, line, Some("OD_SCLK"), line.error_at(line.trimmed(), "expected a number"));
        }
        assert_eq!(kept.len(), 16);
        assert_eq!((kept[3].line, kept[3].column, kept[3].text.chars().count()), (4, 2, 80));
        assert_eq!(kept[0].section.as_deref(), Some("OD_SCLK"));
    }

    #[test]
    fn a_numbered_line() {
        let of = |text: &str| {
            let mut kept = Vec::new();
            let line = lines(text.as_bytes()).next().unwrap();
            keep(&mut kept, line, None, line.error_at(line.trimmed(), "expected MHz"));
            kept.remove(0)
        };
        assert!(of("12: what").is_numbered());
        assert!(!of("12 what").is_numbered() && !of(": what").is_numbered() && !of("12").is_numbered());
        assert_eq!(of(" 2: \"x\" ").to_string(), r#"line 1, "2: \"x\"": expected MHz"#);
    }
}
