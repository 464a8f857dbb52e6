//! The windows over the page: help and menus.

use ratatui::style::Style;

use crate::level::Level;
use crate::top::app::{App, SORTS};
use crate::top::canvas::{Canvas, cut, width, wrapped};
use crate::top::keys::{HELP, Help};
use crate::top::kill::{SIGNALS, Target};

/// A box in the middle, as large as its contents where there is room; gives what is within its frame.
fn opened<'a>(app: &App, canvas: &'a mut Canvas<'_>, title: &str, wide: u16, high: u16) -> Canvas<'a> {
    let palette = app.settings.palette;
    let wide = wide.saturating_add(4).min(canvas.width());
    let high = high.saturating_add(2).min(canvas.height());
    let (x, y) = ((canvas.width() - wide) / 2, (canvas.height() - high) / 2);
    let mut dialog = canvas.part(x, y, wide, high);
    dialog.clear();
    let glyphs = app.settings.glyphs.frame();
    let [top_left, top_right, bottom_left, bottom_right] = glyphs.corners;
    for (y, left, right) in [(0, top_left, top_right), (high.saturating_sub(1), bottom_left, bottom_right)] {
        dialog.fill(0, y, 1, left, palette.accent());
        dialog.fill(1, y, wide.saturating_sub(2), glyphs.horizontal, palette.accent());
        dialog.fill(wide.saturating_sub(1), y, 1, right, palette.accent());
    }
    for y in 1..high.saturating_sub(1) {
        dialog.fill(0, y, 1, glyphs.vertical, palette.accent());
        dialog.fill(wide.saturating_sub(1), y, 1, glyphs.vertical, palette.accent());
    }
    dialog.text(2, 0, &format!(" {} ", cut(title, wide.saturating_sub(6))), palette.heading());
    canvas.part(x + 2, y + 1, wide.saturating_sub(4), high.saturating_sub(2))
}

/// The keys: in two columns where they fit only so, else scrolled. Gives the first line that is shown, at most the last page's.
pub(super) fn help(app: &App, canvas: &mut Canvas<'_>, scroll: usize) -> usize {
    let palette = app.settings.palette;
    let shown = HELP.iter().filter(|help| app.playing.is_some() || !help.is_for_recordings);
    let shown: Vec<&Help> = shown.collect();
    let keys = shown.iter().map(|help| width(help.keys)).max().unwrap_or(0) + 2;
    let does = shown.iter().map(|help| width(help.does)).max().unwrap_or(0);
    let room = canvas.height().saturating_sub(2);
    let wide = canvas.width().saturating_sub(4);
    let across = if usize::from(room) < shown.len() && wide >= 2 * (keys + does) + 2 { 2 } else { 1 };
    let column = (keys + does).min(wide);
    // Text that is too wide continues on the next line.
    let lines = shown.iter().flat_map(|help| {
        let texts = wrapped(help.does, column.saturating_sub(keys).max(1));
        let names = std::iter::once(help.keys).chain(std::iter::repeat(""));
        names.zip(texts).collect::<Vec<_>>()
    });
    let lines: Vec<(&str, String)> = lines.collect();
    let high = lines.len().div_ceil(usize::from(across));
    let is_whole = high <= usize::from(room);
    let title = if is_whole { "Keys (any key goes back)" } else { "Keys (up, down: more; others: back)" };
    let high = u16::try_from(high).unwrap_or(u16::MAX);
    let mut inner = opened(app, canvas, title, column * across + 2 * (across - 1), high);
    let room = usize::from(inner.height());
    let first = scroll.min(lines.len().saturating_sub(room * usize::from(across)));
    for (place, (names, does)) in lines.iter().skip(first).take(room * usize::from(across)).enumerate() {
        let at = |number: usize| u16::try_from(number).unwrap_or(u16::MAX);
        let (x, y) = (at(place / room.max(1)).saturating_mul(column + 2), at(place % room.max(1)));
        inner.text(x, y, names, palette.accent());
        inner.text(x + keys, y, does, Style::new());
    }
    first
}

pub(super) fn sort(app: &App, canvas: &mut Canvas<'_>, choice: usize) {
    let high = u16::try_from(SORTS.len()).unwrap_or(u16::MAX);
    let mut inner = opened(app, canvas, "Order by", 20, high);
    let first = (choice + 1).saturating_sub(usize::from(inner.height()));
    for (y, (place, sort)) in (0..inner.height()).zip(SORTS.iter().enumerate().skip(first)) {
        let mut line = inner.line(y);
        line.text(0, 0, sort.label(), Style::new());
        if place == choice {
            line.style(app.settings.palette.selected());
        }
    }
}

pub(super) fn kill(app: &App, canvas: &mut Canvas<'_>, target: &Target, choice: usize) {
    let palette = app.settings.palette;
    let high = u16::try_from(SIGNALS.len() + 4).unwrap_or(u16::MAX);
    let mut inner = opened(app, canvas, "Send a signal", 52, high);
    let user = target.user.as_deref().map(|user| format!(" of {user}")).unwrap_or_default();
    inner.text(0, 0, &format!("to process {}{user}:", target.pid), Style::new());
    let command = cut(&target.command, inner.width());
    inner.text(0, 1, &command, palette.level(Level::High));
    let most = inner.height().saturating_sub(4);
    let first = (choice + 1).saturating_sub(usize::from(most));
    for (y, (place, (_, name, means))) in (3..3 + most).zip(SIGNALS.iter().enumerate().skip(first)) {
        let mut line = inner.line(y);
        line.text(0, 0, name, palette.heading());
        line.text(9, 0, means, Style::new());
        if place == choice {
            line.style(palette.selected());
        }
    }
    let y = inner.height().saturating_sub(1);
    inner.text(0, y, "Enter sends, Esc cancels", palette.quiet());
}
