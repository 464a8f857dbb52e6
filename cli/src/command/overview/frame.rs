//! The lines that boxes are made of.

/// The line of a box: its corners, and a border over each of its parts.
pub(super) fn frame(corner: char, border: char, widths: &[usize]) -> String {
    let parts = widths.iter().map(|width| border.to_string().repeat(width + 2));
    let middle = if corner == '|' { '+' } else { corner };
    format!("{corner}{}{corner}\n", parts.collect::<Vec<_>>().join(&middle.to_string()))
}
