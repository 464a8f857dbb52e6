//! Text tables: every column as wide as what is in it, so that no value runs into its neighbour.

use std::fmt::Write;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use anstyle::Style;

use super::printable::printable;
use super::style::Styles;

/// Blanks between two columns.
const GAP: usize = 2;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Align {
    Left,
    Right,
}

/// A column, which starts with its least width.
#[derive(Debug, Clone)]
pub(crate) struct Column {
    heading: String,
    align: Align,
    width: usize,
    gap: usize,
    most: Option<usize>,
}

impl Column {
    pub(crate) fn left(heading: impl Into<String>, least: usize) -> Column {
        Column { heading: heading.into(), align: Align::Left, width: least, gap: GAP, most: None }
    }

    pub(crate) fn right(heading: impl Into<String>, least: usize) -> Column {
        Column { align: Align::Right, ..Column::left(heading, least) }
    }

    /// Other than two blanks before it; before the first column there are none.
    pub(crate) fn gap(self, gap: usize) -> Column {
        Column { gap, ..self }
    }

    /// Cuts what is longer. Only for names: a number that is cut is another number.
    pub(crate) fn at_most(self, most: usize) -> Column {
        Column { most: Some(most), ..self }
    }

    fn cell(&self, text: &str) -> String {
        let text = printable(text);
        self.most.map_or_else(|| text.clone(), |most| cut(&text, most))
    }
}

/// The columns of a table. Their widths only grow, so that rows which come later stand under the earlier ones.
#[derive(Debug, Clone)]
pub(crate) struct Table(Vec<Column>);

impl Table {
    pub(crate) fn new(columns: impl IntoIterator<Item = Column>) -> Table {
        let mut columns: Vec<Column> = columns.into_iter().collect();
        for (position, column) in columns.iter_mut().enumerate() {
            column.width = column.width.max(width(&column.heading));
            if position == 0 {
                column.gap = 0;
            }
        }
        Table(columns)
    }

    /// Widens the columns to what is in these rows.
    pub(crate) fn fit<'a>(&mut self, rows: impl IntoIterator<Item = &'a Vec<String>>) {
        for row in rows {
            for (column, text) in self.0.iter_mut().zip(row) {
                column.width = column.width.max(width(&column.cell(text)));
            }
        }
    }

    /// Widens the last column until a line has this width.
    pub(crate) fn stretch(&mut self, least: usize) {
        let missing = least.saturating_sub(self.width());
        if let Some(last) = self.0.last_mut() {
            last.width += missing;
        }
    }

    /// The width of a line.
    pub(crate) fn width(&self) -> usize {
        self.0.iter().map(|column| column.gap + column.width).sum()
    }

    /// The headings in a line, without its end.
    pub(crate) fn heading(&self) -> String {
        self.padded(&self.0.iter().map(|column| column.heading.as_str()).collect::<Vec<_>>())
    }

    /// A row in a line, without its end. Fewer cells than columns leave the last ones empty.
    pub(crate) fn line(&self, cells: &[impl AsRef<str>]) -> String {
        let mut line = self.padded(cells);
        line.truncate(line.trim_end().len());
        line
    }

    /// A row in a line, without its end, each cell in the style of its place. Blanks have none.
    pub(crate) fn painted(
        &self,
        cells: &[impl AsRef<str>],
        style: impl Fn(usize) -> Option<Style>,
        styles: Styles,
    ) -> String {
        let mut line = String::with_capacity(self.width());
        let mut pending = 0;
        for (place, (column, text)) in self.0.iter().zip(cells).enumerate() {
            let text = column.cell(text.as_ref());
            let pad = column.width.saturating_sub(width(&text));
            let (before, after) = match column.align {
                Align::Left => (column.gap, pad),
                Align::Right => (column.gap + pad, 0),
            };
            pending += before;
            if !text.is_empty() {
                let painted = style(place).map_or_else(|| text.clone(), |style| styles.paint(style, &text));
                // A write to a string cannot fail.
                let _ = write!(line, "{:pending$}{painted}", "");
                pending = 0;
            }
            pending += after;
        }
        line
    }

    /// The same, as wide as the table.
    pub(crate) fn padded(&self, cells: &[impl AsRef<str>]) -> String {
        let mut line = String::with_capacity(self.width());
        let cells = cells.iter().map(AsRef::as_ref).chain(std::iter::repeat(""));
        for (column, text) in self.0.iter().zip(cells) {
            let text = column.cell(text);
            let pad = column.width.saturating_sub(width(&text));
            let (before, after) = match column.align {
                Align::Left => (column.gap, pad),
                Align::Right => (column.gap + pad, 0),
            };
            // A write to a string cannot fail.
            let _ = write!(line, "{:before$}{text}{:after$}", "", "");
        }
        line
    }

    /// The headings and all rows, each a line.
    pub(crate) fn text(mut self, rows: &[Vec<String>]) -> String {
        self.fit(rows);
        let mut text = format!("{}\n", self.heading().trim_end());
        for row in rows {
            text.push_str(&self.line(row));
            text.push('\n');
        }
        text
    }
}

/// The columns of a terminal that a text takes up.
pub(crate) fn width(text: &str) -> usize {
    text.width()
}

/// As much of a text as fits in so many columns.
fn cut(text: &str, most: usize) -> String {
    let mut left = most;
    let fits = |character: &char| {
        let width = character.width().unwrap_or(0);
        let fits = width <= left;
        left = left.saturating_sub(width);
        fits
    };
    text.chars().take_while(fits).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(cells: &[&str]) -> Vec<String> {
        cells.iter().map(|cell| (*cell).to_owned()).collect()
    }

    #[test]
    fn no_value_runs_into_its_neighbour() {
        let table = Table::new([Column::left("BDF", 5), Column::right("ID", 4), Column::left("NOTE", 0)]);
        let rows = [row(&["0000:03:00.0", "18446744073709551615", "a"]), row(&["10000:e1:00.0", "7", "b c"])];
        assert_eq!(
            table.text(&rows),
            "BDF                              ID  NOTE\n\
             0000:03:00.0   18446744073709551615  a\n\
             10000:e1:00.0                     7  b c\n"
        );
    }

    #[test]
    fn widths_are_those_of_the_terminal() {
        let table = Table::new([Column::left("NAME", 0), Column::right("X", 0)]);
        // Two columns each; the accent takes up none.
        let text = table.text(&[row(&["計算", "1"]), row(&["e\u{301}te", "22"])]);
        assert_eq!(text, "NAME   X\n計算   1\ne\u{301}te   22\n");
    }

    #[test]
    fn widths_only_grow() {
        let mut table = Table::new([Column::right("GPU", 3), Column::right("POWER", 5)]);
        table.fit(&[row(&["0", "1234567 W"])]);
        table.fit(&[row(&["0", "1 W"])]);
        assert_eq!(table.line(&["0", "1 W"]), "  0        1 W");
        assert_eq!((table.width(), table.heading().len()), (14, 14));
    }

    #[test]
    fn names_are_cut_between_characters() {
        let column = Column::left("NAME", 3).at_most(3);
        let mut table = Table::new([column, Column::right("X", 1)]);
        table.fit(&[row(&["計算機", "1"])]);
        assert_eq!(table.line(&["計算機", "1"]), "計    1");
    }

    #[test]
    fn a_cell_cannot_move_the_cursor() {
        let mut table = Table::new([Column::left("NAME", 0), Column::right("X", 0)]);
        table.fit(&[row(&["a\x1b[2J", "1"])]);
        assert_eq!(table.line(&["a\x1b[2J", "1"]), "a\\u{1b}[2J  1");
    }
}
