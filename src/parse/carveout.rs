//! `uma/carveout_options`: how much of an APU's memory the firmware can set aside for graphics.
//!
//! A line an option, `%d: %s (%u %s)`, whose name may be empty (`carveout_options_show` of amdgpu_acpi.c). `GB` and `MB`
//! are binary: the driver shifts megabytes by ten.

use super::cursor::Cursor;
use super::unrecognised;
use super::{Line, Parsed, lines};
use crate::unit::Bytes;

/// One size that the firmware can set aside.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct CarveoutOption {
    /// The number by which it can be chosen.
    pub index: u32,
    /// The firmware's name for it; many have none.
    pub name: String,
    /// Size of the reserved memory.
    pub size: Bytes,
}

/// Reads `uma/carveout_options`. An error only if no line of it is understood.
pub fn options(text: &[u8]) -> Parsed<Vec<CarveoutOption>> {
    let (mut options, mut unrecognised) = (Vec::new(), Vec::new());
    for line in lines(text) {
        match option(line) {
            Ok(option) => options.push(option),
            Err(error) => unrecognised::keep(&mut unrecognised, line, None, error),
        }
    }
    unrecognised::refuse_all(options.is_empty(), &unrecognised)?;
    Ok(options)
}

fn option(line: Line<'_>) -> Parsed<CarveoutOption> {
    let mut cursor = Cursor::at(line, line.trimmed());
    let index = cursor.unsigned_32()?;
    cursor.expect(b":", "expected a colon")?;
    let rest = cursor.rest();
    // The size is in the last parentheses: a name may have some, too.
    let open = rest.iter().rposition(|byte| *byte == b'(');
    let open = open.ok_or_else(|| line.error_at(rest, "expected a size in parentheses"))?;
    let name = String::from_utf8_lossy(rest[..open].trim_ascii()).into_owned();
    let mut cursor = Cursor::at(line, &rest[open + 1..]);
    let number = cursor.unsigned_32()?;
    cursor.blanks();
    let shift = if cursor.eat(b"GB") {
        30
    } else if cursor.eat(b"MB") {
        20
    } else {
        return Err(cursor.error("expected GB or MB"));
    };
    cursor.expect(b")", "expected the end of the size")?;
    cursor.end()?;
    Ok(CarveoutOption { index, name, size: Bytes(u64::from(number) << shift) })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As the driver's documentation prints it, and with megabytes.
    #[test]
    fn named_and_nameless() {
        let found = options(b"0: Minimum (512 MB)\n1:  (1 GB)\n7: Medium (16 GB)\n").unwrap();
        let found: Vec<_> =
            found.iter().map(|option| (option.index, option.name.as_str(), option.size.0)).collect();
        assert_eq!(found, [(0, "Minimum", 512 << 20), (1, "", 1 << 30), (7, "Medium", 16 << 30)]);
    }

    #[test]
    fn a_line_costs_itself() {
        let found = options(b"0: Auto\n1: High (best) (32 GB)\n2: x (4294967295 GB)\n").unwrap();
        assert_eq!(found.len(), 2);
        assert_eq!((found[0].name.as_str(), found[0].size.0), ("High (best)", 32 << 30));
        let error = options(b"0: Auto\n").unwrap_err();
        assert_eq!(error.to_string(), "line 1, column 3: expected a size in parentheses");
        assert!(options(b"0: a (5 TB)").is_err() && options(b"0: a (5 GB) b").is_err());
        assert!(options(b"").unwrap().is_empty());
    }
}
