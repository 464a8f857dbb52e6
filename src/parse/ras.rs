//! `ras/*`: error counts, retired pages and what of RAS is on.
//!
//! Printed by amdgpu_ras.c: `amdgpu_ras_sysfs_features_read` (`feature mask: 0x%x`),
//! `amdgpu_ras_sysfs_version_show`, `amdgpu_ras_sysfs_schema_show`, `amdgpu_ras_sysfs_read` (`ue: %lu`, `ce: %lu`
//! and where deferred errors exist `de: %lu`), `amdgpu_ras_sysfs_event_state_show`,
//! `amdgpu_ras_sysfs_badpages_read`. The last is a binary attribute of records of 28 bytes; what a read does
//! not fill is NUL.

use super::cursor::Cursor;
use super::unrecognised::{self, UnrecognisedLine};
use super::{Line, ParseError, Parsed, lines};
use crate::unit::Bytes;

/// The blocks of a feature mask, by bit (`ras_block_string`).
const BLOCKS: [&str; 20] = [
    "umc",
    "sdma",
    "gfx",
    "mmhub",
    "athub",
    "pcie_bif",
    "hdp",
    "xgmi_wafl",
    "df",
    "smn",
    "sem",
    "mp0",
    "mp1",
    "fuse",
    "mca",
    "vcn",
    "jpeg",
    "ih",
    "mpio",
    "mmsch",
];

/// The driver's name of the block with this bit in a feature mask; `<name>_err_count` counts its errors.
pub fn block_name(bit: u32) -> Option<&'static str> {
    BLOCKS.get(usize::try_from(bit).ok()?).copied()
}

/// The names of the blocks in a feature mask. Bits 29 to 31 are the socket's number, not blocks.
pub fn block_names(mask: u32) -> impl Iterator<Item = &'static str> {
    BLOCKS.iter().enumerate().filter(move |(bit, _)| mask >> bit & 1 != 0).map(|(_, name)| *name)
}

/// Reads `features`: a bit for each block whose RAS is on.
pub fn feature_mask(text: &[u8]) -> Parsed<u32> {
    labelled(text, b"feature mask:")
}

/// Reads `version`: the version of the table of retired pages. Since kernel 7.0 that of the RAS module may stand below it
/// (`ras version: %u.%u.%u`).
pub fn table_version(text: &[u8]) -> Parsed<u32> {
    labelled(text, b"table version:")
}

/// Reads `schema`: a bit for each kind of error correction.
pub fn schema(text: &[u8]) -> Parsed<u32> {
    labelled(text, b"schema:")
}

/// The kinds of error correction that a schema names (`enum amdgpu_ras_error_type`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct RasSchema {
    /// Parity checking.
    pub parity: bool,
    /// One wrong bit is corrected.
    pub single_bit: bool,
    /// Two wrong bits are noticed.
    pub double_bit: bool,
    /// Wrong data is marked, so that what uses it learns of it.
    pub poison: bool,
}

impl RasSchema {
    /// The kinds in the number that [`schema`] reads.
    pub fn new(schema: u32) -> RasSchema {
        let bit = |number: u32| schema >> number & 1 != 0;
        RasSchema { parity: bit(0), single_bit: bit(1), double_bit: bit(2), poison: bit(3) }
    }
}

/// The number of the line `label 0x…`; lines of other labels cost only themselves.
fn labelled(text: &[u8], label: &[u8]) -> Parsed<u32> {
    let (mut value, mut other) = (None, None);
    for line in lines(text) {
        if !line.trimmed().starts_with(label) {
            other = other.or(Some(line.error_at(line.trimmed(), "expected the label of another file")));
            continue;
        }
        if value.is_some() {
            return Err(line.error_at(line.trimmed(), "expected one line of this label"));
        }
        let mut cursor = Cursor::new(line);
        cursor.blanks();
        cursor.expect(label, "expected the label of another file")?;
        cursor.blanks();
        value = Some(cursor.hex_32()?);
        cursor.end()?;
    }
    value.ok_or(other.unwrap_or(EMPTY))
}

/// A text that should have had a first line.
const EMPTY: ParseError = ParseError { line: 1, column: 1, reason: "the text is empty" };

/// Errors of a block since the driver was loaded.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct ErrorCounts {
    /// Uncorrectable errors (`ue`).
    pub uncorrectable: Option<u64>,
    /// Correctable errors (`ce`).
    pub correctable: Option<u64>,
    /// Deferred errors (`de`); printed for blocks and ASICs that have them.
    pub deferred: Option<u64>,
}

/// Reads `<block>_err_count` and `aca_<block>`; absent while the driver answers
/// `Query currently inaccessible`, as it does during a reset.
///
/// Other lines than those of the three kinds are left out. A kind whose number is none is an error of the whole: a
/// sum would silently lack it.
pub fn error_counts(text: &[u8]) -> Parsed<Option<ErrorCounts>> {
    let mut counts = ErrorCounts::default();
    let mut first_unknown = None;
    for line in lines(text) {
        if line.trimmed() == b"Query currently inaccessible" {
            return Ok(None);
        }
        let mut cursor = Cursor::new(line);
        let kind = cursor.take_until(b':').map(<[u8]>::trim_ascii);
        let count = match kind {
            Some(b"ue") => &mut counts.uncorrectable,
            Some(b"ce") => &mut counts.correctable,
            Some(b"de") => &mut counts.deferred,
            _ => {
                first_unknown =
                    first_unknown.or(Some(line.error_at(line.trimmed(), "expected ue, ce or de")));
                continue;
            }
        };
        cursor.blanks();
        *count = Some(cursor.unsigned()?);
        cursor.end()?;
    }
    if counts == ErrorCounts::default() { Err(first_unknown.unwrap_or(EMPTY)) } else { Ok(Some(counts)) }
}

/// The number of events of one kind.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct RasEvent {
    /// The driver's name: `Fatal Error`, `Poison Creation`, `Poison Consumption`.
    pub name: String,
    /// Number since the driver was loaded.
    pub count: u64,
    /// The sequence number of the last time; absent if it never happened.
    pub last_sequence: Option<u64>,
}

/// The events of all kinds.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct EventState {
    /// The sequence number reached.
    pub sequence: u64,
    /// The kinds in the order printed.
    pub events: Vec<RasEvent>,
    /// Lines that were not understood.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Vec::is_empty"))]
    pub unrecognised: Vec<UnrecognisedLine>,
}

/// Reads `event_state`.
pub fn event_state(text: &[u8]) -> Parsed<EventState> {
    let mut lines = lines(text);
    let mut cursor = Cursor::new(lines.next().ok_or(EMPTY)?);
    cursor.expect(b"current seqno:", "expected the current seqno")?;
    cursor.blanks();
    let sequence = cursor.unsigned()?;
    cursor.end()?;
    let mut state = EventState { sequence, events: Vec::new(), unrecognised: Vec::new() };
    for line in lines {
        match event(line) {
            Ok(event) => state.events.push(event),
            Err(error) => unrecognised::keep(&mut state.unrecognised, line, None, error),
        }
    }
    Ok(state)
}

/// `Fatal Error: count:2, last_seqno:7`; the first drivers put a blank before the colon.
fn event(line: Line<'_>) -> Parsed<RasEvent> {
    /// `RAS_EVENT_INVALID_ID`: the highest bit set means that there was none.
    const NEVER: u64 = 1 << 63;
    let mut cursor = Cursor::new(line);
    let name = cursor.take_until(b':').ok_or_else(|| cursor.error("expected a colon"))?.trim_ascii();
    cursor.blanks();
    cursor.expect(b"count:", "expected a count")?;
    let count = cursor.unsigned()?;
    cursor.expect(b",", "expected a comma")?;
    cursor.blanks();
    cursor.expect(b"last_seqno:", "expected the last seqno")?;
    let last = cursor.unsigned()?;
    cursor.end()?;
    let last_sequence = (last & NEVER == 0).then_some(last);
    Ok(RasEvent { name: String::from_utf8_lossy(name).into_owned(), count, last_sequence })
}

/// States of a bad page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub enum BadPageStatus {
    /// `R`: nobody can use it any more.
    Reserved,
    /// `P`: it will be reserved, but is in use.
    Pending,
    /// `F`: it could not be reserved.
    Fault,
}

/// A page of VRAM that was found bad.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct BadPage {
    /// Its number, in pages of 4 KiB.
    pub frame: u32,
    /// Size of the page.
    pub size: Bytes,
    /// State of the page.
    pub status: BadPageStatus,
}

impl BadPage {
    /// Its address in VRAM (`AMDGPU_GPU_PAGE_SHIFT`).
    pub fn address(&self) -> u64 {
        u64::from(self.frame) << 12
    }
}

/// Reads `gpu_vram_bad_pages`; empty if no page is bad.
pub fn bad_pages(text: &[u8]) -> Parsed<Vec<BadPage>> {
    lines(text).map(bad_page).collect()
}

/// `0x000a1b2c : 0x00001000 : R`.
fn bad_page(line: Line<'_>) -> Parsed<BadPage> {
    const SEPARATOR: &[u8] = b" : ";
    let mut cursor = Cursor::new(line);
    let frame = cursor.hex_32()?;
    cursor.expect(SEPARATOR, "expected a colon")?;
    let size = Bytes(cursor.hex()?);
    cursor.expect(SEPARATOR, "expected a colon")?;
    let status = match cursor.rest() {
        b"R" => BadPageStatus::Reserved,
        b"P" => BadPageStatus::Pending,
        b"F" => BadPageStatus::Fault,
        _ => return Err(cursor.error("expected R, P or F")),
    };
    Ok(BadPage { frame, size, status })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn labels() {
        assert_eq!(feature_mask(b"feature mask: 0x80000407\n"), Ok(0x8000_0407));
        assert_eq!(table_version(b"table version: 0x20000\n"), Ok(0x2_0000));
        assert_eq!(schema(b"schema: 0x1\n"), Ok(1));
        assert_eq!(schema(b"\n"), Err(EMPTY));
        assert_eq!(schema(b"feature mask: 0x1\n").unwrap_err().column, 1);
        assert_eq!(schema(b"schema: 0x100000000\n").unwrap_err().column, 9);
        assert_eq!(schema(b"schema: 0x1\nschema: 0x1\n").unwrap_err().line, 2);
    }

    #[test]
    fn schemas() {
        let schema = RasSchema::new(0b1010);
        assert_eq!(
            (schema.parity, schema.single_bit, schema.double_bit, schema.poison),
            (false, true, false, true)
        );
    }

    #[test]
    fn blocks() {
        assert_eq!(block_name(7), Some("xgmi_wafl"));
        assert_eq!(block_name(20), None);
        assert_eq!(block_names(0x8000_0407).collect::<Vec<_>>(), ["umc", "sdma", "gfx", "sem"]);
        assert_eq!(block_names(u32::MAX).count(), 20);
    }

    #[test]
    fn counts() {
        let counts =
            |uncorrectable, correctable, deferred| ErrorCounts { uncorrectable, correctable, deferred };
        assert_eq!(error_counts(b"ue: 0\nce: 12\n"), Ok(Some(counts(Some(0), Some(12), None))));
        assert_eq!(error_counts(b"de: 3\nce: 2\nue: 1\n"), Ok(Some(counts(Some(1), Some(2), Some(3)))));
        assert_eq!(error_counts(b"ce: 2\nxe: 9\n"), Ok(Some(counts(None, Some(2), None))));
        assert_eq!(error_counts(b"Query currently inaccessible\n"), Ok(None));
        assert_eq!(error_counts(b"\n"), Err(EMPTY));
        let error = error_counts(b"ue: 0\nce: -1\n").unwrap_err();
        assert_eq!((error.line, error.column), (2, 5));
        assert_eq!(error_counts(b"nonsense\n").unwrap_err().column, 1);
        assert_eq!(error_counts(b"nonsense\nce: 2\n"), Ok(Some(counts(None, Some(2), None))));
    }

    const EVENTS: &[u8] = b"current seqno: 9\nFatal Error: count:0, last_seqno:9223372036854775808\n\
        Poison Creation : count:2, last_seqno:9\n";

    #[test]
    fn events() {
        let found = event_state(EVENTS).unwrap();
        assert_eq!(found.sequence, 9);
        assert_eq!(found.events[0], RasEvent { name: "Fatal Error".into(), count: 0, last_sequence: None });
        assert_eq!(
            found.events[1],
            RasEvent { name: "Poison Creation".into(), count: 2, last_sequence: Some(9) }
        );
        let found = event_state(b"current seqno: 9\nx\nFatal Error: count:1, last_seqno:3\n").unwrap();
        assert_eq!((found.unrecognised[0].line, found.events[0].last_sequence), (2, Some(3)));
    }

    #[test]
    fn pages() {
        let text = b"0x000a1b2c : 0x00001000 : R\n\0\0\0 0xffffffff : 0x00001000 : F\n\0\0\0";
        let found = bad_pages(text).unwrap();
        let first = BadPage { frame: 0xa_1b2c, size: Bytes(4096), status: BadPageStatus::Reserved };
        assert_eq!(found[0], first);
        assert_eq!(found[1].address(), 0xfff_ffff_f000);
        assert_eq!(bad_pages(b""), Ok(Vec::new()));
        let error = bad_pages(b"0x1 : 0x1000 : P\n0x1 : 0x1000 : X\n").unwrap_err();
        assert_eq!((error.line, error.column), (2, 16));
    }

    #[test]
    fn truncated() {
        let text = b"ue: 11\nce: 22\nde: 33\n";
        for length in 0..=text.len() {
            if let Ok(Some(cut)) = error_counts(&text[..length]) {
                assert!(cut.correctable.is_none() || cut.uncorrectable == Some(11));
                assert!(cut.deferred.is_none() || cut.correctable == Some(22));
            }
        }
        let text = b"0x000a1b2c : 0x00001000 : R\n0x000a1b2d : 0x00001000 : P\n";
        let whole = bad_pages(text).unwrap();
        for length in 0..=text.len() {
            assert!(bad_pages(&text[..length]).is_ok_and(|cut| whole.starts_with(&cut)) || length % 28 < 27);
        }
        for length in 0..=EVENTS.len() {
            let _ = event_state(&EVENTS[..length]);
        }
    }

    proptest! {
        #[test]
        fn any_bytes(bytes: Vec<u8>) {
            let _ = (feature_mask(&bytes), error_counts(&bytes), event_state(&bytes), bad_pages(&bytes));
            let _ = event_state(&[b"current seqno: 1\n", &bytes[..]].concat());
        }

        #[test]
        fn round_trip(frames: Vec<u32>, ue: u64, ce: u64, mask: u32) {
            let text: String = frames.iter().map(|frame| format!("{frame:#010x} : 0x00001000 : P\n")).collect();
            let found = bad_pages(text.as_bytes()).unwrap();
            prop_assert_eq!(found.iter().map(|page| page.frame).collect::<Vec<_>>(), frames);
            let found = error_counts(format!("ue: {ue}\nce: {ce}\n").as_bytes()).unwrap().unwrap();
            prop_assert_eq!((found.uncorrectable, found.correctable), (Some(ue), Some(ce)));
            prop_assert_eq!(feature_mask(format!("feature mask: {mask:#x}\n").as_bytes()), Ok(mask));
        }
    }
}
