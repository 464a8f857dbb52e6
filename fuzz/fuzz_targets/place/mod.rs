//! Every parser error has a position inside the text or just behind it.

use amdgpu_smi::parse::Parsed;

/// Takes any answer; of an error the place is looked at.
pub fn holds<T>(text: &[u8], parsed: Parsed<T>) -> Option<T> {
    match parsed {
        Ok(value) => Some(value),
        Err(error) => {
            let lines: Vec<&[u8]> = text.split(|byte| *byte == b'\n').collect();
            let line = usize::try_from(error.line).unwrap();
            assert!((1..=lines.len()).contains(&line), "{error}");
            let column = usize::try_from(error.column).unwrap();
            assert!((1..=lines[line - 1].len() + 1).contains(&column), "{error}");
            None
        }
    }
}
