//! Attributes that hold one value.
//!
//! Most of amdgpu's attributes are one `sysfs_emit` of one conversion: `%d`, `%u`, `%llu`, `0x%08x`
//! (`fw_version/*`), `%016llx` (`unique_id`), `%u%%` (`smartshift_apu_power`), `%s`.
//!
//! Oddities: an attribute without a value is an empty read (`amdgpu_get_unique_id` when the id is 0) or a
//! lone newline (`amdgpu_hwmon_show_power_cap_generic` when the firmware refuses); some recordings pad
//! every file with NULs to a page. [`is_blank`] tells those apart from text that should have been a number.

use std::borrow::Cow;

use super::cursor::{TOO_LARGE, decimal, hexadecimal};
use super::{ParseError, Parsed};
use crate::unit::Percent;

/// Returns `true` if the text has only blanks and NULs, the kernel's form of a missing value.
pub fn is_blank(text: &[u8]) -> bool {
    trim(text).is_empty()
}

/// The unsigned decimal number that is the whole text.
pub fn unsigned(text: &[u8]) -> Parsed<u64> {
    let start = text.trim_ascii_start();
    let (value, rest) = decimal(start).map_err(|reason| error(text, start, reason))?;
    nothing_after(text, rest)?;
    Ok(value)
}

/// The unsigned decimal number of 32 bits that is the whole text.
pub fn unsigned_32(text: &[u8]) -> Parsed<u32> {
    u32::try_from(unsigned(text)?).map_err(|_| error(text, text.trim_ascii_start(), TOO_LARGE))
}

/// The decimal number, perhaps negative, that is the whole text.
pub fn signed(text: &[u8]) -> Parsed<i64> {
    let start = text.trim_ascii_start();
    let (negative, digits) = match start {
        [b'-', digits @ ..] => (true, digits),
        digits => (false, digits),
    };
    let (magnitude, rest) = decimal(digits).map_err(|reason| error(text, start, reason))?;
    nothing_after(text, rest)?;
    let value = if negative { 0i64.checked_sub_unsigned(magnitude) } else { i64::try_from(magnitude).ok() };
    value.ok_or_else(|| error(text, start, TOO_LARGE))
}

/// The hexadecimal number, with or without `0x`, that is the whole text.
pub fn hex(text: &[u8]) -> Parsed<u64> {
    let start = text.trim_ascii_start();
    let (value, rest) = hexadecimal(start).map_err(|reason| error(text, start, reason))?;
    nothing_after(text, rest)?;
    Ok(value)
}

/// The number that is the whole text: hexadecimal with `0x`, else decimal. So kernels print a mask of a module's
/// parameters: `amdgpu.ppfeaturemask` is a `uint` until 5.10, which prints in decimal, and a `hexint` from 5.11 on.
pub fn hex_or_decimal(text: &[u8]) -> Parsed<u64> {
    match text.trim_ascii_start() {
        [b'0', b'x' | b'X', ..] => hex(text),
        _ => unsigned(text),
    }
}

/// The hexadecimal number of 32 bits, with or without `0x`, that is the whole text.
pub fn hex_32(text: &[u8]) -> Parsed<u32> {
    u32::try_from(hex(text)?).map_err(|_| error(text, text.trim_ascii_start(), TOO_LARGE))
}

/// Percent: a decimal number, with or without a `%` after it, that is the whole text.
pub fn percent(text: &[u8]) -> Parsed<Percent> {
    let start = text.trim_ascii_start();
    let (value, rest) = decimal(start).map_err(|reason| error(text, start, reason))?;
    nothing_after(text, rest.strip_prefix(b"%").unwrap_or(rest))?;
    u32::try_from(value).map(Percent).map_err(|_| error(text, start, TOO_LARGE))
}

/// The text without blanks and NULs at both ends; absent if nothing is left.
///
/// Bytes that are not UTF-8 (a vendor's FRU text may hold them) become U+FFFD.
pub fn text(text: &[u8]) -> Option<Cow<'_, str>> {
    let trimmed = trim(text);
    (!trimmed.is_empty()).then(|| String::from_utf8_lossy(trimmed))
}

/// The text without blanks and NULs at both ends.
fn trim(text: &[u8]) -> &[u8] {
    let matters = |byte: &u8| !byte.is_ascii_whitespace() && *byte != 0;
    match (text.iter().position(matters), text.iter().rposition(matters)) {
        (Some(first), Some(last)) => text.get(first..=last).unwrap_or_default(),
        _ => &[],
    }
}

/// Refuses anything but blanks and NULs in `rest`, a tail of `text`.
fn nothing_after(text: &[u8], rest: &[u8]) -> Parsed<()> {
    // Nearly every attribute ends in a newline.
    if rest == b"\n" {
        return Ok(());
    }
    match rest.iter().position(|byte| !byte.is_ascii_whitespace() && *byte != 0) {
        None => Ok(()),
        Some(offset) => {
            Err(error(text, rest.get(offset..).unwrap_or_default(), "expected nothing after the value"))
        }
    }
}

/// An error where `rest`, a tail of `text`, begins.
#[cold]
fn error(text: &[u8], rest: &[u8], reason: &'static str) -> ParseError {
    let before = text.get(..text.len().saturating_sub(rest.len())).unwrap_or_default();
    let line = before.iter().filter(|byte| **byte == b'\n').count();
    let column = before.iter().rev().take_while(|byte| **byte != b'\n').count();
    let number = |count| u32::try_from(count).unwrap_or(u32::MAX - 1) + 1;
    ParseError { line: number(line), column: number(column), reason }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers() {
        assert_eq!(unsigned(b"0\n"), Ok(0));
        assert_eq!(unsigned(b"68702699520\n"), Ok(68_702_699_520));
        assert_eq!(unsigned(b"64"), Ok(64));
        assert_eq!(unsigned(b"18446744073709551615\n\0\0"), Ok(u64::MAX));
        assert_eq!(unsigned_32(b"4294967295\n"), Ok(u32::MAX));
        assert_eq!(signed(b"-22\n"), Ok(-22));
        assert_eq!(signed(b"-9223372036854775808"), Ok(i64::MIN));
        assert_eq!(signed(b"9223372036854775807"), Ok(i64::MAX));
        assert_eq!(hex(b"0x00503c00\n"), Ok(0x0050_3c00));
        assert_eq!(hex(b"a1b2c3d4e5f60718\n"), Ok(0xa1b2_c3d4_e5f6_0718));
        assert_eq!(hex(b"0x1002"), Ok(0x1002));
        assert_eq!(hex_32(b"0xFFFFFFFF\n"), Ok(u32::MAX));
        assert_eq!(hex_or_decimal(b"4294950911\n"), Ok(0xffff_bfff));
        assert_eq!(hex_or_decimal(b"0xfff7bfff\n"), Ok(0xfff7_bfff));
        assert!(hex_or_decimal(b"fff7bfff\n").is_err());
        assert_eq!(percent(b"42\n"), Ok(Percent(42)));
        assert_eq!(percent(b"17%\n"), Ok(Percent(17)));
    }

    #[test]
    fn a_page_padded_with_nuls() {
        let mut page = vec![0; 4096];
        page[..4].copy_from_slice(b"120\n");
        assert_eq!(unsigned(&page), Ok(120));
        page[4000] = b'7';
        assert_eq!(unsigned(&page).unwrap_err().line, 2);
    }

    #[test]
    fn errors_say_where() {
        let place = |error: ParseError| (error.line, error.column);
        assert_eq!(place(unsigned(b"").unwrap_err()), (1, 1));
        assert_eq!(place(unsigned(b"\n").unwrap_err()), (2, 1));
        assert_eq!(place(unsigned(b"12 x\n").unwrap_err()), (1, 4));
        assert_eq!(place(unsigned(b"1\n2\n").unwrap_err()), (2, 1));
        assert_eq!(place(unsigned(b"-1\n").unwrap_err()), (1, 1));
        assert_eq!(place(hex(b"0x12g").unwrap_err()), (1, 5));
        assert_eq!(place(percent(b"5%%").unwrap_err()), (1, 3));
    }

    #[test]
    fn overflow_is_an_error() {
        for (text, parse) in [
            ("18446744073709551616", (|text| unsigned(text).map(drop)) as fn(&[u8]) -> Parsed<()>),
            ("4294967296", |text| unsigned_32(text).map(drop)),
            ("9223372036854775808", |text| signed(text).map(drop)),
            ("-9223372036854775809", |text| signed(text).map(drop)),
            ("0x10000000000000000", |text| hex(text).map(drop)),
            ("100000000", |text| hex_32(text).map(drop)),
            ("4294967296%", |text| percent(text).map(drop)),
        ] {
            assert_eq!(parse(text.as_bytes()).unwrap_err().reason, TOO_LARGE, "{text}");
        }
    }

    #[test]
    fn texts() {
        assert_eq!(text(b"samsung\n").as_deref(), Some("samsung"));
        assert_eq!(text(b"  113-D0000101-100 \n\0\0\n\0").as_deref(), Some("113-D0000101-100"));
        assert_eq!(text(b"Radeon\xff\n").as_deref(), Some("Radeon\u{fffd}"));
        assert_eq!(text(b" \0 \0oem\0 \n").as_deref(), Some("oem"));
        for nothing in [&b""[..], b"\n", b"\0", b" \n\0 \0"] {
            assert_eq!(text(nothing), None);
            assert!(is_blank(nothing));
        }
    }

    proptest! {
        #[test]
        fn any_bytes(bytes: Vec<u8>) {
            let _ = (unsigned_32(&bytes), signed(&bytes), hex_32(&bytes), percent(&bytes), text(&bytes));
        }

        #[test]
        fn round_trip(value: u64, signed_value: i64) {
            prop_assert_eq!(unsigned(format!("{value}\n").as_bytes()), Ok(value));
            prop_assert_eq!(signed(format!("{signed_value}\n").as_bytes()), Ok(signed_value));
            prop_assert_eq!(hex(format!("{value:#010x}\n").as_bytes()), Ok(value));
            prop_assert_eq!(hex(format!("{value:016x}").as_bytes()), Ok(value));
        }
    }
}
