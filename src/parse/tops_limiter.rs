//! `ptl/ptl_format` and `ptl/ptl_supported_formats`: the Peak Tops Limiter, which prefers two formats of numbers.
//!
//! Words separated by commas (`ptl_format_show`, `ptl_supported_formats_show` of amdgpu_psp.c); `N/A` while it is off.

use std::fmt;

use super::{Line, Parsed, only_line};

/// A format of numbers, in the driver's word.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PtlFormat {
    /// Integers of 8 bits.
    I8,
    /// Floating point of 16 bits.
    F16,
    /// Brain floating point of 16 bits.
    Bf16,
    /// Floating point of 32 bits.
    F32,
    /// Floating point of 64 bits.
    F64,
    /// Floating point of 8 bits.
    F8,
    /// Vector instructions.
    Vector,
    /// A word that is none of these.
    Other(String),
}

impl PtlFormat {
    /// The driver's word for it.
    pub fn as_str(&self) -> &str {
        match self {
            PtlFormat::I8 => "I8",
            PtlFormat::F16 => "F16",
            PtlFormat::Bf16 => "BF16",
            PtlFormat::F32 => "F32",
            PtlFormat::F64 => "F64",
            PtlFormat::F8 => "F8",
            PtlFormat::Vector => "VECTOR",
            PtlFormat::Other(word) => word,
        }
    }
}

/// The word in either case of letters.
impl From<&str> for PtlFormat {
    fn from(word: &str) -> PtlFormat {
        match word.to_ascii_uppercase().as_str() {
            "I8" => PtlFormat::I8,
            "F16" => PtlFormat::F16,
            "BF16" => PtlFormat::Bf16,
            "F32" => PtlFormat::F32,
            "F64" => PtlFormat::F64,
            "F8" => PtlFormat::F8,
            "VECTOR" => PtlFormat::Vector,
            _ => PtlFormat::Other(word.to_owned()),
        }
    }
}

impl fmt::Display for PtlFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for PtlFormat {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// The two formats that are preferred.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct PtlFormats(pub PtlFormat, pub PtlFormat);

/// As the driver prints them: `I8,F32`.
impl fmt::Display for PtlFormats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{},{}", self.0, self.1)
    }
}

/// Reads `ptl/ptl_format`; absent while the limiter is off.
pub fn formats(text: &[u8]) -> Parsed<Option<PtlFormats>> {
    let line = only_line(text)?;
    if line.trimmed() == b"N/A" {
        return Ok(None);
    }
    match words(line)?.as_slice() {
        [first, second] => Ok(Some(PtlFormats(first.clone(), second.clone()))),
        _ => Err(line.error_at(line.trimmed(), "expected two formats")),
    }
}

/// Reads `ptl/ptl_supported_formats`.
pub fn supported(text: &[u8]) -> Parsed<Vec<PtlFormat>> {
    words(only_line(text)?)
}

fn words(line: Line<'_>) -> Parsed<Vec<PtlFormat>> {
    let words = line.trimmed().split(|byte| *byte == b',');
    words
        .map(|word| match std::str::from_utf8(word.trim_ascii()) {
            Ok(text) if !text.is_empty() => Ok(PtlFormat::from(text)),
            _ => Err(line.error_at(word, "expected a format")),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_formats() {
        assert_eq!(formats(b"I8,F32\n"), Ok(Some(PtlFormats(PtlFormat::I8, PtlFormat::F32))));
        assert_eq!(formats(b"N/A\n"), Ok(None));
        assert_eq!(formats(b"bf16,F4\n").unwrap().unwrap().to_string(), "BF16,F4");
        assert_eq!(formats(b"I8\n").unwrap_err().reason, "expected two formats");
        assert_eq!(formats(b"I8,\n").unwrap_err().to_string(), "line 1, column 4: expected a format");
        assert!(formats(b"").is_err() && formats(b"I8,F32\nF16,F32").is_err());
    }

    #[test]
    fn the_supported_ones() {
        let found = supported(b"I8,F16,BF16,F32,F64\n").unwrap();
        let words: Vec<_> = found.iter().map(PtlFormat::as_str).collect();
        assert_eq!(words, ["I8", "F16", "BF16", "F32", "F64"]);
        assert!(!found.iter().any(|format| matches!(format, PtlFormat::Other(_))));
    }
}
