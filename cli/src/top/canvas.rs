//! A piece of the screen to draw on: what does not fit is cut, and nothing is ever drawn outside.

use ratatui::layout::Rect;
use ratatui::style::Style;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::grid::Grid;
use crate::render::printable;

/// A rectangle of cells, with its own coordinates.
pub(crate) struct Canvas<'a> {
    grid: &'a mut Grid,
    area: Rect,
}

impl<'a> Canvas<'a> {
    /// All of a picture.
    pub(crate) fn new(grid: &'a mut Grid) -> Canvas<'a> {
        let area = Rect { x: 0, y: 0, width: grid.width(), height: grid.height() };
        Canvas { grid, area }
    }

    pub(crate) fn width(&self) -> u16 {
        self.area.width
    }

    pub(crate) fn height(&self) -> u16 {
        self.area.height
    }

    /// A part of this one, cut where it would reach beyond.
    pub(crate) fn part(&mut self, x: u16, y: u16, width: u16, height: u16) -> Canvas<'_> {
        let x = x.min(self.area.width);
        let y = y.min(self.area.height);
        let area = Rect {
            x: self.area.x + x,
            y: self.area.y + y,
            width: width.min(self.area.width - x),
            height: height.min(self.area.height - y),
        };
        Canvas { grid: self.grid, area }
    }

    /// One line of the canvas.
    pub(crate) fn line(&mut self, y: u16) -> Canvas<'_> {
        self.part(0, y, u16::MAX, 1)
    }

    /// Writes text from a column on; gives the column behind it.
    pub(crate) fn text(&mut self, x: u16, y: u16, text: &str, style: Style) -> u16 {
        if y >= self.area.height || x >= self.area.width {
            return x.saturating_add(width(text));
        }
        let most = self.area.width - x;
        if is_plain(text) {
            // Nearly all texts: no copy, and no look at what belongs together.
            let mut end = x;
            for byte in text.bytes().take(usize::from(most)) {
                self.cell(end, y, char::from(byte), style);
                end += 1;
            }
            return end;
        }
        let end = self.grid.text(self.area.x + x, self.area.y + y, &printable(text), most, style);
        end - self.area.x
    }

    /// Writes one character, which is one column wide.
    pub(crate) fn cell(&mut self, x: u16, y: u16, character: char, style: Style) {
        if x < self.area.width && y < self.area.height {
            self.grid.set(self.area.x + x, self.area.y + y, character, style);
        }
    }

    /// Writes text that ends before a column.
    pub(crate) fn text_right(&mut self, end: u16, y: u16, text: &str, style: Style) {
        let end = end.min(self.area.width);
        let text = cut(text, end);
        self.text(end - width(&text).min(end), y, &text, style);
    }

    /// Fills one line from a column on with a character, which is one column wide.
    pub(crate) fn fill(&mut self, x: u16, y: u16, width: u16, character: char, style: Style) {
        for x in x..x.saturating_add(width).min(self.area.width) {
            self.cell(x, y, character, style);
        }
    }

    /// Lays a style over all of it.
    pub(crate) fn style(&mut self, style: Style) {
        for y in self.area.top()..self.area.bottom() {
            for x in self.area.left()..self.area.right() {
                self.grid.style(x, y, style);
            }
        }
    }

    /// Wipes what was drawn here before, as a dialog over the screen needs it.
    pub(crate) fn clear(&mut self) {
        for y in 0..self.area.height {
            self.fill(0, y, self.area.width, ' ', Style::new());
        }
    }
}

/// The width of a text in columns, once it is printable.
pub(crate) fn width(text: &str) -> u16 {
    if is_plain(text) {
        return u16::try_from(text.len()).unwrap_or(u16::MAX);
    }
    u16::try_from(UnicodeWidthStr::width(printable(text).as_str())).unwrap_or(u16::MAX)
}

/// Whether each byte is a character that a terminal shows in one column.
fn is_plain(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b' '..=b'~'))
}

/// The beginning of a text that fits into so many columns; a dot in the place of the rest.
pub(crate) fn cut(text: &str, most: u16) -> String {
    let text = printable(text);
    if width(&text) <= most {
        return text;
    }
    let mut short = String::new();
    let mut used = 0;
    for character in text.chars() {
        used += character.width().unwrap_or(0);
        if used >= usize::from(most) {
            break;
        }
        short.push(character);
    }
    if most > 0 {
        short.push('.');
    }
    short
}

/// A text in lines of so many columns.
pub(crate) fn wrapped(text: &str, wide: u16) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        let word = cut(word, wide);
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= usize::from(wide) => {
                line.push(' ');
                line.push_str(&word);
            }
            _ => lines.push(word),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_drawn_outside() {
        let mut grid = Grid::new(10, 3);
        let mut whole = Canvas::new(&mut grid);
        let mut canvas = whole.part(2, 1, 5, 1);
        assert_eq!(canvas.text(3, 0, "abcdef", Style::default()), 5);
        assert_eq!(canvas.text(9, 0, "x", Style::default()), 10);
        canvas.text(0, 1, "y", Style::default());
        canvas.part(4, 0, 9, 9).text_right(20, 0, "zzzzzz", Style::default());
        canvas.text_right(2, 0, "12", Style::default());
        assert_eq!(grid.lines(), "\n  12 a.\n\n");
    }

    #[test]
    fn texts_are_cut_between_characters() {
        assert_eq!(cut("abcdef", 6), "abcdef");
        assert_eq!(cut("abcdefg", 6), "abcde.");
        assert_eq!(cut("日本語", 5), "日本.");
        assert_eq!(cut("日本語", 4), "日.");
        assert_eq!(cut("abc", 0), "");
        assert_eq!(cut("a\x1b[2J", 3), "a\\.");
    }

    #[test]
    fn long_sentences_are_wrapped() {
        assert_eq!(wrapped("no amdgpu driver here", 10), ["no amdgpu", "driver", "here"]);
        assert_eq!(wrapped("abcdefghijkl", 5), ["abcd."]);
        assert!(wrapped("a", 0).iter().all(String::is_empty));
    }
}
