//! `pp_features`: what the power management firmware has switched on.
//!
//! `smu_cmn_get_pp_feature_mask` prints the mask in two halves, a heading and `%02d. %-20s (%2d) : %s` a feature.
//! It may print a bit beyond 63, and, where its table of names is at fault, the words `unknown smu feature`.
//! `vega10_get_ppfeature_status` and its like print one mask, a heading and `%-19s 0x%016llx %6s` with `Y` or
//! `N`. A lone newline if the firmware did not answer.

use super::cursor::Cursor;
use super::unrecognised::{self, UnrecognisedLine};
use super::{Line, Parsed, lines};

/// One feature of the firmware.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Feature {
    /// The driver's name: `DPM_GFXCLK`.
    pub name: String,
    /// Its bit in the firmware's mask, from 0.
    pub bit: u32,
    /// `true` if the feature is enabled.
    pub enabled: bool,
}

/// All features that the driver has a name for.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Features {
    /// The bits that are on, up to 63, with those that no line names; absent if its line was not understood.
    pub mask: Option<u64>,
    /// The features in the order printed.
    pub features: Vec<Feature>,
    /// Lines that were not understood.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Vec::is_empty"))]
    pub unrecognised: Vec<UnrecognisedLine>,
}

/// Reads either table; absent if the firmware did not answer. An error only if no line is understood.
pub fn features(text: &[u8]) -> Parsed<Option<Features>> {
    let is_heading =
        |line: &Line<'_>| line.trimmed().starts_with(b"No. ") || line.trimmed().starts_with(b"FEATURES ");
    let mut found = Features { mask: None, features: Vec::new(), unrecognised: Vec::new() };
    let mut is_empty = true;
    for line in lines(text).filter(|line| !is_heading(line)) {
        is_empty = false;
        let taken = match FeatureFormat::of(line) {
            FeatureFormat::Halves => halves(line).map(|mask| found.mask = Some(mask)),
            FeatureFormat::Mask => whole(line).map(|mask| found.mask = Some(mask)),
            FeatureFormat::Numbered => numbered(line).map(|feature| found.features.push(feature)),
            FeatureFormat::Masked => masked(line).map(|feature| found.features.push(feature)),
        };
        if let Err(error) = taken {
            unrecognised::keep(&mut found.unrecognised, line, None, error);
        }
    }
    let nothing_understood = found.mask.is_none() && found.features.is_empty();
    unrecognised::refuse_all(nothing_understood, &found.unrecognised)?;
    Ok((!is_empty).then_some(found))
}

/// The shape of a line.
enum FeatureFormat {
    Halves,
    Mask,
    Numbered,
    Masked,
}

impl FeatureFormat {
    fn of(line: Line<'_>) -> FeatureFormat {
        match line.trimmed() {
            text if text.starts_with(HALVES) => FeatureFormat::Halves,
            text if text.starts_with(MASK) => FeatureFormat::Mask,
            text if text.first().is_some_and(u8::is_ascii_digit) => FeatureFormat::Numbered,
            _ => FeatureFormat::Masked,
        }
    }
}

const HALVES: &[u8] = b"features high:";
const MASK: &[u8] = b"Current ppfeatures:";

/// `features high: 0x00000a01 low: 0x80000005`.
fn halves(line: Line<'_>) -> Parsed<u64> {
    let mut cursor = Cursor::new(line);
    cursor.eat(HALVES);
    cursor.blanks();
    let high = cursor.hex_32()?;
    cursor.blanks();
    cursor.expect(b"low:", "expected the low half")?;
    cursor.blanks();
    let low = cursor.hex_32()?;
    cursor.end()?;
    Ok(u64::from(high) << 32 | u64::from(low))
}

/// `Current ppfeatures: 0x0000000019a0ff03`.
fn whole(line: Line<'_>) -> Parsed<u64> {
    let mut cursor = Cursor::new(line);
    cursor.eat(MASK);
    cursor.blanks();
    let mask = cursor.hex()?;
    cursor.end()?;
    Ok(mask)
}

/// `01. DPM_GFXCLK           ( 1) : enabled`.
fn numbered(line: Line<'_>) -> Parsed<Feature> {
    let mut cursor = Cursor::new(line);
    cursor.unsigned()?;
    cursor.expect(b".", "expected a dot")?;
    let name = cursor.take_until(b'(').ok_or_else(|| cursor.error("expected a bit in parentheses"))?;
    cursor.blanks();
    let bit = cursor.unsigned_32()?;
    cursor.expect(b")", "expected a parenthesis")?;
    cursor.blanks();
    cursor.expect(b":", "expected a colon")?;
    cursor.blanks();
    let enabled = match cursor.rest() {
        b"enabled" => true,
        b"disabled" => false,
        _ => return Err(cursor.error("expected enabled or disabled")),
    };
    Ok(Feature { name: String::from_utf8_lossy(name.trim_ascii()).into_owned(), bit, enabled })
}

/// `GFXCLK_DPM          0x0000000000000002      Y`.
fn masked(line: Line<'_>) -> Parsed<Feature> {
    let mut cursor = Cursor::new(line);
    let name = String::from_utf8_lossy(cursor.word()).into_owned();
    cursor.blanks();
    let start = cursor.clone();
    let mask = cursor.hex()?;
    if !mask.is_power_of_two() {
        return Err(start.error("expected a mask of one bit"));
    }
    cursor.blanks();
    let enabled = match cursor.rest() {
        b"Y" => true,
        b"N" => false,
        _ => return Err(cursor.error("expected Y or N")),
    };
    Ok(Feature { name, bit: mask.trailing_zeros(), enabled })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn feature(name: &str, bit: u32, enabled: bool) -> Feature {
        Feature { name: name.into(), bit, enabled }
    }

    const NUMBERED: &[u8] = b"features high: 0x00000a01 low: 0x80000005\n\
        No. Feature               Bit : State\n00. DPM_PREFETCHER       ( 0) : enabled\n\
        01. DPM_GFX_POWER_OPTIMIZER ( 2) : enabled\n02. GFXOFF               (17) : disabled\n\
        100. unknown smu feature  (100) : disabled\n";

    #[test]
    fn two_halves() {
        let found = features(NUMBERED).unwrap().unwrap();
        assert_eq!(found.mask, Some(0x0a01_8000_0005));
        assert_eq!(
            found.features,
            [
                feature("DPM_PREFETCHER", 0, true),
                feature("DPM_GFX_POWER_OPTIMIZER", 2, true),
                feature("GFXOFF", 17, false),
                feature("unknown smu feature", 100, false),
            ]
        );
    }

    #[test]
    fn one_mask() {
        let text = b"Current ppfeatures: 0x0000000019a0ff03\n\
            FEATURES            BITMASK                ENABLEMENT\nDPM_PREFETCHER      0x0000000000000001      Y\n\
            UVD_DPM             0x0000000000000010      N\n";
        let found = features(text).unwrap().unwrap();
        assert_eq!(found.mask, Some(0x19a0_ff03));
        assert_eq!(found.features, [feature("DPM_PREFETCHER", 0, true), feature("UVD_DPM", 4, false)]);
    }

    #[test]
    fn nothing_and_errors() {
        assert_eq!(features(b"\n"), Ok(None));
        let place = |text: &[u8]| features(text).map_err(|error| (error.line, error.column));
        assert_eq!(place(b"what\n"), Err((1, 5)));
        assert_eq!(place(b"features high: 0x1\n"), Err((1, 19)));
        assert_eq!(place(b"features high: 0x1 low: 0x100000000\n"), Err((1, 25)));
    }

    #[test]
    fn one_strange_line_costs_itself() {
        let place = |text: &[u8]| {
            let found = features(text).unwrap().unwrap();
            assert_eq!(found.features, [feature("B", 1, true)]);
            (found.unrecognised[0].line, found.unrecognised[0].column)
        };
        assert_eq!(
            place(b"features high: 0x1 low: 0x1\n00. A ( 0) : maybe\n01. B ( 1) : enabled\n"),
            (2, 14)
        );
        assert_eq!(place(b"Current ppfeatures: 0x1\nA 0x3 Y\nB 0x2 Y\n"), (2, 3));
        assert_eq!(place(b"Current ppfeatures: 0x1\nB 0x2 Y\nA 0x0 Y\n"), (3, 3));
        // Before the mask, and the mask itself.
        assert_eq!(place(b"a note\nfeatures high: 0x1 low: 0x1\n01. B ( 1) : enabled\n"), (1, 3));
        assert_eq!(place(b"features high: 0x1, 0x1\n01. B ( 1) : enabled\n"), (1, 19));
        assert_eq!(features(b"features high: ?\n01. B ( 1) : enabled\n").unwrap().unwrap().mask, None);
    }

    #[test]
    fn truncated() {
        let whole = features(NUMBERED).unwrap().unwrap();
        for length in 42..=NUMBERED.len() {
            if let Ok(Some(cut)) = features(&NUMBERED[..length]) {
                assert_eq!(cut.mask, whole.mask);
                assert!(whole.features.starts_with(&cut.features));
            }
        }
    }

    proptest! {
        #[test]
        fn any_bytes(bytes: Vec<u8>) {
            let _ = features(&bytes);
            let _ = features(&[b"features high: 0x0 low: 0x0\n", &bytes[..]].concat());
            let _ = features(&[b"Current ppfeatures: 0x0\n", &bytes[..]].concat());
        }

        #[test]
        fn round_trip(mask: u64, bit in 0u32..64, enabled: bool) {
            let (high, low) = (mask >> 32, mask as u32);
            let word = if enabled { "enabled" } else { "disabled" };
            let text = format!("features high: {high:#010x} low: {low:#010x}\n00. {:<20} ({bit:>2}) : {word}\n", "X");
            let expected = Features { mask: Some(mask), features: vec![feature("X", bit, enabled)], unrecognised: Vec::new() };
            prop_assert_eq!(features(text.as_bytes()), Ok(Some(expected)));
            let letter = if enabled { "Y" } else { "N" };
            let text = format!("Current ppfeatures: {mask:#018x}\n{:<19} {:#018x} {letter:>6}\n", "X", 1u64 << bit);
            let expected = Features { mask: Some(mask), features: vec![feature("X", bit, enabled)], unrecognised: Vec::new() };
            prop_assert_eq!(features(text.as_bytes()), Ok(Some(expected)));
        }
    }
}
