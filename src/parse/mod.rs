//! Parsers of what the kernel prints: bytes in, values out.
//!
//! No parser touches the system, knows a path or panics. What untrusted bytes can cost is linear in their
//! number: no parser allocates more than a small multiple of its input. One file holds one kernel format.
//!
//! All text parsers accept NUL bytes after the text and between its lines, and a missing last newline:
//! some drivers leave both (`sysfs_emit_at` with a stale offset leaves NULs between the sections of
//! `pp_od_clk_voltage`).
//!
//! The types of answers are re-exported where they are returned: in [`gpu`](crate::gpu), [`process`](crate::process),
//! [`cpu`](crate::cpu), [`event`](crate::event) and [`metrics`](crate::metrics). The rest is public for fuzzers, tests and this workspace's tools; it is not in the
//! documentation, and changes without notice.
//!
//! A parser of a table does not give up the file at a line that it does not know: see [`UnrecognisedLine`].

pub mod aca;
pub mod carveout;
pub mod cper;
pub mod cpuinfo;
pub mod cpulist;
pub mod dpm;
pub mod drm;
pub mod fan;
pub mod fdinfo;
pub mod features;
pub mod hsmp;
pub mod keyval;
pub mod label;
pub mod metrics;
pub mod overdrive;
pub mod partition;
pub mod pci_ids;
pub mod pcie;
pub mod performance;
pub mod policy;
pub mod process;
pub mod profile;
pub mod ras;
pub mod scalar;
pub mod smi_event;
pub mod system;
pub mod topology;
pub mod tops_limiter;
pub mod xgmi;

mod cursor;
pub(crate) mod plausible;
mod unrecognised;

pub use self::unrecognised::UnrecognisedLine;
pub(crate) use self::unrecognised::refused_value;
pub use crate::error::ParseError;

/// The result of a parser.
pub type Parsed<T> = Result<T, ParseError>;

/// One line of a text: its number, its bytes without newline, NULs and `\r`, and where they begin in it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Line<'a> {
    pub(crate) number: u32,
    /// The line without leading NULs; may begin and end with blanks.
    pub(crate) bytes: &'a [u8],
    /// Number of NUL bytes before `bytes`.
    skipped: u32,
}

impl<'a> Line<'a> {
    /// The line without blanks at both ends.
    pub(crate) fn trimmed(&self) -> &'a [u8] {
        self.bytes.trim_ascii()
    }

    /// An error at `part`, which must be a slice of this line; at the line's start if it is not.
    pub(crate) fn error_at(&self, part: &[u8], reason: &'static str) -> ParseError {
        let start = self.bytes.as_ptr() as usize;
        let offset = (part.as_ptr() as usize).checked_sub(start).filter(|offset| *offset <= self.bytes.len());
        let column = offset.and_then(|offset| u32::try_from(offset).ok()).unwrap_or(0);
        ParseError::new(self.number, self.skipped.saturating_add(column).saturating_add(1), reason)
    }
}

/// The lines of a text that hold more than NULs and blanks.
pub(crate) fn lines(text: &[u8]) -> impl Iterator<Item = Line<'_>> {
    let mut number = 0;
    text.split(|byte| *byte == b'\n').filter_map(move |raw| {
        number += 1;
        let skipped = raw.iter().take_while(|byte| **byte == 0).count();
        let mut bytes = &raw[skipped..];
        while let [rest @ .., 0 | b'\r'] = bytes {
            bytes = rest;
        }
        let skipped = u32::try_from(skipped).unwrap_or(u32::MAX);
        (!bytes.trim_ascii().is_empty()).then_some(Line { number, bytes, skipped })
    })
}

/// The one line of a text that should have one.
pub(crate) fn only_line(text: &[u8]) -> Parsed<Line<'_>> {
    let mut lines = lines(text);
    let line = lines.next().ok_or(ParseError { line: 1, column: 1, reason: "the text is empty" })?;
    match lines.next() {
        None => Ok(line),
        Some(second) => Err(second.error_at(second.trimmed(), "expected one line")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_skip_nuls_and_blank_lines() {
        let text = b"OD_SCLK:\n\0\0\0OD_RANGE:\r\n \n\0\nlast\0\0";
        let found: Vec<_> = lines(text).map(|line| (line.number, line.bytes)).collect();
        assert_eq!(found, [(1, &b"OD_SCLK:"[..]), (2, b"OD_RANGE:"), (5, b"last")]);
    }

    #[test]
    fn one_line() {
        assert_eq!(only_line(b"\n abc \n\0").unwrap().trimmed(), b"abc");
        assert_eq!(only_line(b"\n\0").unwrap_err().reason, "the text is empty");
        assert_eq!(only_line(b"a\n b").unwrap_err().to_string(), "line 2, column 2: expected one line");
    }

    #[test]
    fn errors_point_at_the_part() {
        let text = b"ok\n\0\0abc def";
        let line = lines(text).nth(1).unwrap();
        let error = line.error_at(&line.bytes[4..], "expected a number");
        assert_eq!(error.to_string(), "line 2, column 7: expected a number");
        assert_eq!(line.error_at(b"elsewhere", "x").column, 3);
    }
}
