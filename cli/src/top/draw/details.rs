//! The pages about one GPU: rows of label, value and note, in columns where the screen is wide.

use crate::top::app::{App, Tab};
use crate::top::canvas::{Canvas, cut, width};
use crate::top::detail::DetailRow;

/// The narrowest column of rows.
const COLUMN: u16 = 58;
const LABEL: u16 = 20;

/// Draws one of them; how many lines it has room for.
pub(super) fn draw(app: &App, canvas: &mut Canvas<'_>) -> usize {
    let palette = app.settings.palette;
    let Some(package) = app.chosen_package() else {
        canvas.text(1, 1, "no GPU", palette.quiet());
        return 0;
    };
    let several = app.shown().packages.len() > 1;
    let end = canvas.text(0, 0, &format!("GPU {} {}", package.index, package.name), palette.heading());
    let end = canvas.text(end + 2, 0, &package.bdf.to_string(), palette.quiet());
    if several {
        let text = "left, right: another GPU";
        if end + width(text) + 2 <= canvas.width() {
            canvas.text_right(canvas.width(), 0, text, palette.quiet());
        }
    }
    let room = usize::from(canvas.height().saturating_sub(1));
    let detail = app.detail.as_ref().filter(|detail| detail.bdf == package.bdf);
    let (wide, high) = (canvas.width(), canvas.height());
    let mut body = canvas.part(0, 1, wide, high.saturating_sub(1));
    let Some(detail) = detail.filter(|_| !package.standing.is_trouble()) else {
        let text = package.standing.words().unwrap_or_else(|| "reading ...".into());
        body.text(1, 1, &text, palette.quiet());
        return room;
    };
    let rows = match app.tab {
        Tab::Clocks => &detail.clocks,
        Tab::Links => &detail.links,
        _ => &detail.sensors,
    };
    let across = (wide / COLUMN).clamp(1, 3);
    let column = wide / across;
    let in_all = usize::from(across) * room.max(1);
    let first = app.scroll.min(rows.len().saturating_sub(in_all));
    for (place, row) in rows.iter().skip(first).take(in_all).enumerate() {
        let (x, y) = (place / room.max(1), place % room.max(1));
        let x = u16::try_from(x).unwrap_or(u16::MAX).saturating_mul(column);
        let y = u16::try_from(y).unwrap_or(u16::MAX);
        draw_row(app, row, &mut body.part(x, y, column.saturating_sub(2), 1));
    }
    room
}

fn draw_row(app: &App, row: &DetailRow, line: &mut Canvas<'_>) {
    let palette = app.settings.palette;
    if row.is_heading {
        line.text(0, 0, &row.label, palette.accent());
        return;
    }
    line.text(1, 0, &cut(&row.label, LABEL), palette.quiet());
    let start = (LABEL + 2).min(line.width() / 2);
    let value = format!("{}{}", row.value, row.level.sign());
    let end = line.text(start, 0, &value, palette.level(row.level));
    line.text(end + 2, 0, &row.note, palette.quiet());
}
