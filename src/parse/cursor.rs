//! A place within a line, for the formats that are more than one number.

use super::{Line, ParseError, Parsed};
use crate::unit::MegaTransfers;

/// The unread part of a line. Every error has the current position.
#[derive(Debug, Clone)]
pub(crate) struct Cursor<'a> {
    line: Line<'a>,
    rest: &'a [u8],
}

impl<'a> Cursor<'a> {
    /// Begins at the line's first byte that is no blank.
    pub(crate) fn new(line: Line<'a>) -> Cursor<'a> {
        Cursor { line, rest: line.trimmed() }
    }

    /// Begins at `part`, a slice of `line`.
    pub(crate) fn at(line: Line<'a>, part: &'a [u8]) -> Cursor<'a> {
        Cursor { line, rest: part }
    }

    /// The unread bytes of the line.
    pub(crate) fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// An error at the place reached.
    pub(crate) fn error(&self, reason: &'static str) -> ParseError {
        self.line.error_at(self.rest, reason)
    }

    /// Skips blanks and tabs.
    pub(crate) fn blanks(&mut self) {
        self.rest = self.rest.trim_ascii_start();
    }

    /// Takes `literal` in either case of letters, and says whether it was there.
    pub(crate) fn eat(&mut self, literal: &[u8]) -> bool {
        match self.rest.split_at_checked(literal.len()) {
            Some((head, tail)) if head.eq_ignore_ascii_case(literal) => {
                self.rest = tail;
                true
            }
            _ => false,
        }
    }

    /// Takes `literal`, which must be there.
    pub(crate) fn expect(&mut self, literal: &[u8], reason: &'static str) -> Parsed<()> {
        if self.eat(literal) { Ok(()) } else { Err(self.error(reason)) }
    }

    /// Nothing but blanks may be left.
    pub(crate) fn end(&mut self) -> Parsed<()> {
        self.blanks();
        if self.rest.is_empty() { Ok(()) } else { Err(self.error("expected the end of the line")) }
    }

    /// Takes the bytes for which `wanted` holds, which may be none.
    pub(crate) fn take_while(&mut self, wanted: impl Fn(u8) -> bool) -> &'a [u8] {
        let length = self.rest.iter().take_while(|byte| wanted(**byte)).count();
        let (head, tail) = self.rest.split_at(length);
        self.rest = tail;
        head
    }

    /// Takes everything before `byte` and `byte` itself; nothing when there is none.
    pub(crate) fn take_until(&mut self, byte: u8) -> Option<&'a [u8]> {
        let length = self.rest.iter().position(|found| *found == byte)?;
        let (head, tail) = self.rest.split_at_checked(length)?;
        self.rest = tail.get(1..)?;
        Some(head)
    }

    /// Takes everything up to the next blank.
    pub(crate) fn word(&mut self) -> &'a [u8] {
        self.take_while(|byte| !byte.is_ascii_whitespace())
    }

    /// Takes an unsigned decimal number.
    pub(crate) fn unsigned(&mut self) -> Parsed<u64> {
        let (value, rest) = decimal(self.rest).map_err(|reason| self.error(reason))?;
        self.rest = rest;
        Ok(value)
    }

    /// Takes an unsigned decimal number of 32 bits.
    pub(crate) fn unsigned_32(&mut self) -> Parsed<u32> {
        let start = self.clone();
        u32::try_from(self.unsigned()?).map_err(|_| start.error(TOO_LARGE))
    }

    /// Takes a decimal number of 32 bits that may have a minus sign.
    pub(crate) fn signed_32(&mut self) -> Parsed<i32> {
        let start = self.clone();
        let negative = self.eat(b"-");
        let magnitude = i64::try_from(self.unsigned()?).map_err(|_| start.error(TOO_LARGE))?;
        i32::try_from(if negative { -magnitude } else { magnitude }).map_err(|_| start.error(TOO_LARGE))
    }

    /// Takes a hexadecimal number with or without `0x`.
    pub(crate) fn hex(&mut self) -> Parsed<u64> {
        let (value, rest) = hexadecimal(self.rest).map_err(|reason| self.error(reason))?;
        self.rest = rest;
        Ok(value)
    }

    /// Takes a hexadecimal number of 32 bits with or without `0x`.
    pub(crate) fn hex_32(&mut self) -> Parsed<u32> {
        let start = self.clone();
        u32::try_from(self.hex()?).map_err(|_| start.error(TOO_LARGE))
    }

    /// Takes a PCIe rate: `16.0GT/s`, `2.5 GT/s`, `8 GT/s`.
    pub(crate) fn transfer_rate(&mut self) -> Parsed<MegaTransfers> {
        self.rate_in(&[b"GT/s"])
    }

    /// Takes a PCIe rate with any of these units, which all stand for 10⁹ transfers a second.
    pub(crate) fn rate_in(&mut self, units: &[&[u8]]) -> Parsed<MegaTransfers> {
        let start = self.clone();
        let whole = self.unsigned()?;
        let mut thousandths = 0;
        if self.eat(b".") {
            for (digit, weight) in self.take_while(|byte| byte.is_ascii_digit()).iter().zip([100, 10, 1]) {
                thousandths += u64::from(digit - b'0') * weight;
            }
        }
        self.blanks();
        if !units.iter().any(|unit| self.eat(unit)) {
            return Err(self.error("expected GT/s"));
        }
        let rate = whole.checked_mul(1000).and_then(|rate| rate.checked_add(thousandths));
        rate.and_then(|rate| u32::try_from(rate).ok()).map(MegaTransfers).ok_or(start.error(TOO_LARGE))
    }
}

/// The reason of every overflow.
pub(super) const TOO_LARGE: &str = "the number is too large";

/// The decimal number at the start of `bytes` and what follows it.
pub(super) fn decimal(bytes: &[u8]) -> Result<(u64, &[u8]), &'static str> {
    let mut value = 0u64;
    let mut rest = bytes;
    // So many digits fit whatever they are.
    for _ in 0..19 {
        let [digit @ b'0'..=b'9', tail @ ..] = rest else { break };
        value = value * 10 + u64::from(digit - b'0');
        rest = tail;
    }
    while let [digit @ b'0'..=b'9', tail @ ..] = rest {
        value = value
            .checked_mul(10)
            .and_then(|value| value.checked_add(u64::from(digit - b'0')))
            .ok_or(TOO_LARGE)?;
        rest = tail;
    }
    if rest.len() == bytes.len() { Err("expected a number") } else { Ok((value, rest)) }
}

/// The hexadecimal number at the start of `bytes`, with or without `0x`, and what follows it.
pub(super) fn hexadecimal(bytes: &[u8]) -> Result<(u64, &[u8]), &'static str> {
    let digits = match bytes {
        [b'0', b'x' | b'X', digits @ ..] => digits,
        _ => bytes,
    };
    let mut value = 0u64;
    let mut rest = digits;
    while let [digit, tail @ ..] = rest {
        let Some(digit) = char::from(*digit).to_digit(16) else { break };
        if value >> 60 != 0 {
            return Err(TOO_LARGE);
        }
        value = value << 4 | u64::from(digit);
        rest = tail;
    }
    if rest.len() == digits.len() { Err("expected a hexadecimal number") } else { Ok((value, rest)) }
}

#[cfg(test)]
mod tests {
    use super::super::lines;
    use super::*;

    fn cursor(text: &str) -> Cursor<'_> {
        Cursor::new(lines(text.as_bytes()).next().unwrap())
    }

    #[test]
    fn reads_piece_by_piece() {
        let mut cursor = cursor("  12: -7 MHZ 0xfF x");
        assert_eq!(cursor.unsigned_32(), Ok(12));
        assert_eq!(cursor.expect(b":", "expected a colon"), Ok(()));
        cursor.blanks();
        assert_eq!(cursor.signed_32(), Ok(-7));
        cursor.blanks();
        assert!(cursor.eat(b"Mhz"));
        cursor.blanks();
        assert_eq!(cursor.hex_32(), Ok(255));
        let error = cursor.end().unwrap_err();
        assert_eq!((error.line, error.column), (1, 19));
    }

    #[test]
    fn refuses_what_does_not_fit() {
        assert_eq!(cursor("18446744073709551615").unsigned(), Ok(u64::MAX));
        assert_eq!(cursor("9999999999999999999").unsigned(), Ok(9_999_999_999_999_999_999));
        assert_eq!(cursor("18446744073709551616").unsigned().unwrap_err().reason, TOO_LARGE);
        assert_eq!(cursor("100000000000000000000").unsigned().unwrap_err().reason, TOO_LARGE);
        assert_eq!(cursor("4294967296").unsigned_32().unwrap_err().reason, TOO_LARGE);
        assert_eq!(cursor("-2147483648").signed_32(), Ok(i32::MIN));
        assert_eq!(cursor("2147483648").signed_32().unwrap_err().reason, TOO_LARGE);
        assert_eq!(cursor("ffffffffffffffff").hex(), Ok(u64::MAX));
        assert_eq!(cursor("0x10000000000000000").hex().unwrap_err().reason, TOO_LARGE);
        assert_eq!(cursor("0x").hex().unwrap_err().column, 1);
    }

    #[test]
    fn transfer_rates() {
        assert_eq!(cursor("2.5GT/s,").transfer_rate(), Ok(MegaTransfers(2_500)));
        assert_eq!(cursor("16.0 GT/s PCIe").transfer_rate(), Ok(MegaTransfers(16_000)));
        assert_eq!(cursor("8 GT/s").transfer_rate(), Ok(MegaTransfers(8_000)));
        assert_eq!(cursor("16.0 G").transfer_rate().unwrap_err().column, 6);
        assert!(cursor("99999999999999999 GT/s").transfer_rate().is_err());
    }
}
