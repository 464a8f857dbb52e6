//! The room that a table for people has.

/// The width where there is no terminal.
const WIDTH: usize = 80;
/// The width beyond which a line is no longer read with ease.
const WIDEST: usize = 200;

/// The columns and lines of the screen.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Screen {
    pub(crate) columns: usize,
    /// None where there is no terminal: then one heading is enough.
    pub(crate) lines: Option<usize>,
}

impl Screen {
    /// Those of the terminal as it is now; else `COLUMNS`, and no end of lines.
    pub(crate) fn of(on_terminal: bool) -> Screen {
        if on_terminal
            && let Some((terminal_size::Width(columns), terminal_size::Height(lines))) =
                terminal_size::terminal_size()
        {
            return Screen { columns: usize::from(columns).min(WIDEST), lines: Some(usize::from(lines)) };
        }
        let columns = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
        Screen { columns: columns.unwrap_or(WIDTH).min(WIDEST), lines: None }
    }
}

/// Columns of a table that get room in the order of their worth.
#[derive(Debug)]
pub(crate) struct Fit {
    left: usize,
    chosen: Vec<(usize, usize)>,
}

impl Fit {
    /// Blanks between two columns.
    pub(crate) const GAP: usize = 2;

    pub(crate) fn new(columns: usize) -> Fit {
        Fit { left: columns, chosen: Vec::new() }
    }

    /// Takes the column at this place if there is room for so much, or always.
    pub(crate) fn take(&mut self, place: usize, width: usize, always: bool) {
        let gap = if self.chosen.is_empty() { 0 } else { Fit::GAP };
        if always || gap + width <= self.left {
            self.left = self.left.saturating_sub(gap + width);
            self.chosen.push((place, width));
        }
    }

    /// The remaining width for one more column.
    pub(crate) fn left(&self) -> usize {
        self.left.saturating_sub(Fit::GAP)
    }

    /// Places and widths, from left to right.
    pub(crate) fn chosen(mut self) -> Vec<(usize, usize)> {
        self.chosen.sort_unstable();
        self.chosen
    }
}
