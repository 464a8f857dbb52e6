//! Text that a terminal does not obey.

/// A text with the characters escaped that move the cursor, colour or reorder what is shown. A process may give
/// itself any name, and a file system holds any path.
pub(crate) fn printable(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    for character in text.chars() {
        match character.is_control() || is_ordering(character) {
            true => clean.extend(character.escape_default()),
            false => clean.push(character),
        }
    }
    clean
}

/// Returns `true` for a character that ends a line or changes the direction of writing (Unicode's Bidi_Control).
fn is_ordering(character: char) -> bool {
    matches!(character, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_move_the_cursor() {
        assert_eq!(printable("a\x1b[2Jb\0\u{9b}ü"), "a\\u{1b}[2Jb\\u{0}\\u{9b}ü");
        assert_eq!(printable("two\nlines\t"), "two\\nlines\\t");
        assert_eq!(printable("a\u{202e}b"), "a\\u{202e}b");
    }
}
