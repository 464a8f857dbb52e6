//! The picture as cells of a few bytes, and what of it is other than on the terminal.
//!
//! A screen is drawn anew at each refresh, and by then nothing of it is in the processor's caches: so a cell is eight bytes, where
//! ratatui's has room for any cluster of characters and any colour. Only cells that changed become ratatui's.

use ratatui::backend::Backend;
use ratatui::buffer::Cell;
use ratatui::layout::Size;
use ratatui::style::{Color, Modifier, Style};
use unicode_width::UnicodeWidthChar;

/// The sixteen colours of the terminal; a cell has the number of one, from 1.
const COLORS: [Color; 16] = [
    Color::Black,
    Color::Red,
    Color::Green,
    Color::Yellow,
    Color::Blue,
    Color::Magenta,
    Color::Cyan,
    Color::Gray,
    Color::DarkGray,
    Color::LightRed,
    Color::LightGreen,
    Color::LightYellow,
    Color::LightBlue,
    Color::LightMagenta,
    Color::LightCyan,
    Color::White,
];

/// Fills the second column of a character that is two columns wide.
const COVERED: char = '\0';

/// A character and its style on the terminal's own background.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct GridCell {
    character: char,
    color: u8,
    modifiers: u16,
}

impl GridCell {
    const BLANK: GridCell = GridCell { character: ' ', color: 0, modifiers: 0 };

    fn new(character: char, style: Style) -> GridCell {
        let mut cell = GridCell { character, ..GridCell::BLANK };
        cell.add(style);
        cell
    }

    /// Lays a style over its own.
    fn add(&mut self, style: Style) {
        if let Some(color) = style.fg {
            let place = COLORS.iter().position(|known| *known == color);
            self.color = place.and_then(|place| u8::try_from(place + 1).ok()).unwrap_or(0);
        }
        self.modifiers = (self.modifiers | style.add_modifier.bits()) & !style.sub_modifier.bits();
    }

    fn style(self) -> Style {
        let style = Style::new().add_modifier(Modifier::from_bits_truncate(self.modifiers));
        match usize::from(self.color).checked_sub(1).and_then(|place| COLORS.get(place)) {
            Some(color) => style.fg(*color),
            None => style,
        }
    }
}

/// A picture.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Grid {
    width: u16,
    height: u16,
    cells: Vec<GridCell>,
}

impl Grid {
    /// A blank picture.
    pub(crate) fn new(width: u16, height: u16) -> Grid {
        let cells = vec![GridCell::BLANK; usize::from(width) * usize::from(height)];
        Grid { width, height, cells }
    }

    pub(crate) fn width(&self) -> u16 {
        self.width
    }

    pub(crate) fn height(&self) -> u16 {
        self.height
    }

    fn cell(&mut self, x: u16, y: u16) -> Option<&mut GridCell> {
        if x >= self.width {
            return None;
        }
        self.cells.get_mut(usize::from(y) * usize::from(self.width) + usize::from(x))
    }

    /// Writes a character that is one column wide.
    pub(crate) fn set(&mut self, x: u16, y: u16, character: char, style: Style) {
        self.put(x, y, GridCell::new(character, style));
    }

    /// Writes a cell; what it leaves half of a wide character becomes blank.
    fn put(&mut self, x: u16, y: u16, cell: GridCell) {
        let Some(place) = self.cell(x, y) else { return };
        let before = std::mem::replace(place, cell);
        if before.character == COVERED
            && cell.character != COVERED
            && let Some(left) = x.checked_sub(1).and_then(|left| self.cell(left, y))
        {
            left.character = ' ';
        }
        if let Some(right) = x.checked_add(1).and_then(|right| self.cell(right, y))
            && right.character == COVERED
        {
            right.character = ' ';
        }
    }

    /// Writes printable text from a column on, into so many columns at most; gives the column behind it. What has no width
    /// of its own, such as an accent, is left out.
    pub(crate) fn text(&mut self, x: u16, y: u16, text: &str, most: u16, style: Style) -> u16 {
        let end = x.saturating_add(most).min(self.width);
        let mut x = x;
        for character in text.chars() {
            let wide = u16::try_from(character.width().unwrap_or(0)).unwrap_or(0);
            if wide == 0 {
                continue;
            }
            if x.saturating_add(wide) > end {
                break;
            }
            self.put(x, y, GridCell::new(character, style));
            for covered in x + 1..x + wide {
                self.put(covered, y, GridCell::new(COVERED, style));
            }
            x += wide;
        }
        x
    }

    /// Lays a style over a cell.
    pub(crate) fn style(&mut self, x: u16, y: u16, style: Style) {
        if let Some(cell) = self.cell(x, y) {
            cell.add(style);
        }
    }

    fn rows(&self) -> impl Iterator<Item = &[GridCell]> {
        self.cells.chunks(usize::from(self.width.max(1)))
    }

    /// The lines without trailing blanks.
    pub(crate) fn lines(&self) -> String {
        let mut text = String::new();
        for row in self.rows() {
            let line: String =
                row.iter().map(|cell| cell.character).filter(|character| *character != COVERED).collect();
            text.push_str(line.trim_end());
            text.push('\n');
        }
        text
    }

    /// The cells that are other than in a picture of the same size, as ratatui's.
    fn changes(&self, before: &Grid) -> Vec<(u16, u16, Cell)> {
        let mut changes = Vec::new();
        for (y, (row, before)) in (0..).zip(self.rows().zip(before.rows())) {
            if row == before {
                continue;
            }
            for (x, (cell, before)) in (0..).zip(row.iter().zip(before)) {
                if cell != before && cell.character != COVERED {
                    let mut shown = Cell::EMPTY;
                    shown.set_char(cell.character).set_style(cell.style());
                    changes.push((x, y, shown));
                }
            }
        }
        changes
    }
}

/// A terminal, and the picture that is on it.
#[derive(Debug)]
pub(crate) struct Painter<B> {
    backend: B,
    shown: Grid,
    next: Grid,
}

impl<B: Backend> Painter<B> {
    /// A painter on this terminal, which is blank.
    pub(crate) fn new(backend: B) -> Result<Painter<B>, B::Error> {
        let size = backend.size()?;
        Ok(Painter::of_size(backend, size))
    }

    /// The same on a terminal that is taken to have this size.
    pub(crate) fn of_size(backend: B, size: Size) -> Painter<B> {
        let blank = || Grid::new(size.width, size.height);
        Painter { backend, shown: blank(), next: blank() }
    }

    /// The size of the picture.
    pub(crate) fn size(&self) -> Size {
        Size { width: self.shown.width, height: self.shown.height }
    }

    /// Wipes the terminal, which may have another size now; all of the next picture is written.
    pub(crate) fn begin_again(&mut self) -> Result<(), B::Error> {
        let size = self.backend.size()?;
        self.backend.clear()?;
        self.shown = Grid::new(size.width, size.height);
        self.next = self.shown.clone();
        Ok(())
    }

    /// Shows a picture, which is drawn on a blank one.
    pub(crate) fn draw(&mut self, draw: impl FnOnce(&mut Grid)) -> Result<(), B::Error> {
        self.next.cells.fill(GridCell::BLANK);
        draw(&mut self.next);
        let changes = self.next.changes(&self.shown);
        if !changes.is_empty() {
            self.backend.draw(changes.iter().map(|(x, y, cell)| (*x, *y, cell)))?;
            self.backend.flush()?;
        }
        std::mem::swap(&mut self.shown, &mut self.next);
        Ok(())
    }

    #[cfg(test)]
    pub(crate) fn backend(&self) -> &B {
        &self.backend
    }

    #[cfg(test)]
    pub(crate) fn shown(&self) -> &Grid {
        &self.shown
    }
}

#[cfg(test)]
mod tests {
    use ratatui::backend::TestBackend;

    use super::*;

    #[test]
    fn a_wide_character_is_whole_or_not_there() {
        let mut grid = Grid::new(6, 1);
        assert_eq!(grid.text(0, 0, "日本語", 6, Style::new()), 6);
        assert_eq!(grid.lines(), "日本語\n");
        grid.set(1, 0, 'x', Style::new());
        assert_eq!(grid.lines(), " x本語\n");
        grid.set(2, 0, 'y', Style::new());
        assert_eq!(grid.lines(), " xy 語\n");
        let mut grid = Grid::new(6, 1);
        assert_eq!(grid.text(0, 0, "日本語", 5, Style::new()), 4);
        assert_eq!(grid.text(4, 0, "e\u{301}f", 5, Style::new()), 6);
        assert_eq!(grid.lines(), "日本ef\n");
    }

    #[test]
    fn only_changes_are_written() {
        let mut painter = Painter::new(TestBackend::new(7, 2)).unwrap();
        let bold = Style::new().add_modifier(Modifier::BOLD).fg(Color::Red);
        painter.draw(|grid| _ = grid.text(0, 0, "one two", 8, bold)).unwrap();
        painter.backend().assert_buffer_lines([
            ratatui::text::Line::styled("one two", bold),
            ratatui::text::Line::raw(""),
        ]);
        let mut next = Grid::new(7, 2);
        next.text(0, 0, "one", 8, bold);
        next.text(4, 0, "twa", 8, Style::new());
        let changes = next.changes(painter.shown());
        let written: Vec<(u16, u16, &str)> =
            changes.iter().map(|(x, y, cell)| (*x, *y, cell.symbol())).collect();
        assert_eq!(written, [(3, 0, " "), (4, 0, "t"), (5, 0, "w"), (6, 0, "a")]);
    }
}
