//! A label, a bar and a number in a line.

use crate::level::Level;
use crate::top::canvas::{Canvas, width};
use crate::top::glyphs::Glyphs;
use crate::top::palette::Palette;

/// The contents of a gauge.
pub(super) struct Gauge {
    pub(super) label: &'static str,
    /// The filled part of the bar; `None` draws no bar.
    pub(super) share: Option<f64>,
    pub(super) text: String,
    pub(super) level: Level,
}

/// The widest label of a card.
pub(super) const LABEL: u16 = 9;

impl Gauge {
    /// Draws it into a line; the number stands at a column of its own.
    pub(super) fn draw(&self, line: &mut Canvas<'_>, number: u16, glyphs: Glyphs, palette: Palette) {
        line.text(0, 0, self.label, palette.quiet());
        let room = line.width().saturating_sub(LABEL + number + 1);
        let text = format!("{}{}", self.text, self.level.sign());
        match self.share.filter(|_| room >= 4) {
            Some(share) => {
                line.text(LABEL, 0, &glyphs.bar(share, room), palette.bar(self.level));
                line.text(LABEL + room + 1, 0, &text, palette.level(self.level));
            }
            None => {
                line.text(LABEL, 0, &text, palette.level(self.level));
            }
        }
    }

    /// The width of the number.
    pub(super) fn number_width(&self) -> u16 {
        width(&self.text) + width(self.level.sign())
    }
}
