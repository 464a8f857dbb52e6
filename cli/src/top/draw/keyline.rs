//! The last line: what was done, the filter that is typed, or the keys.

use ratatui::style::Style;

use crate::top::app::{App, Mode};
use crate::top::canvas::{Canvas, width};
use crate::top::keys::LINE;

/// Returns `true` if the line is shown.
pub(super) fn is_shown(app: &App, height: u16) -> bool {
    let says_something = app.status.is_some() || app.mode != Mode::Normal || !app.filter.is_empty();
    says_something || (app.settings.keys && height >= 8)
}

pub(super) fn draw(app: &App, line: &mut Canvas<'_>) {
    let palette = app.settings.palette;
    if let Mode::Filter { .. } = app.mode {
        let end = line.text(0, 0, "/", palette.accent());
        let end = line.text(end, 0, &app.filter, Style::new());
        let end = line.text(end, 0, " ", palette.selected());
        line.text(end + 2, 0, "Enter applies, Esc cancels", palette.quiet());
        return;
    }
    if let Some((text, level)) = &app.status {
        line.text(0, 0, text, palette.level(*level));
        return;
    }
    let mut x = 0;
    if !app.filter.is_empty() {
        x = line.text(0, 0, "/", palette.accent());
        x = line.text(x, 0, &app.filter, palette.heading()) + 2;
    }
    if !app.settings.keys {
        return;
    }
    for help in &LINE {
        let needed = width(help.keys) + 1 + width(help.does);
        if x + needed > line.width() {
            break;
        }
        x = line.text(x, 0, help.keys, palette.accent());
        x = line.text(x + 1, 0, help.does, Style::new()) + 2;
    }
}
