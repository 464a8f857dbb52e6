//! The page of events: what the drivers reported and what the samples showed, the newest first.

use std::time::UNIX_EPOCH;

use crate::render::clock;
use crate::top::app::App;
use crate::top::canvas::{Canvas, wrapped};

/// Draws it; how many lines it has room for.
pub(super) fn draw(app: &App, canvas: &mut Canvas<'_>) -> usize {
    let palette = app.settings.palette;
    let wide = canvas.width();
    let mut y = 0;
    if let Some(why) = &app.no_events {
        let sentence =
            format!("Driver events are not available: {why}. The list shows changes between samples.");
        for line in wrapped(&sentence, wide) {
            canvas.text(0, y, &line, palette.quiet());
            y += 1;
        }
    }
    let room = usize::from(canvas.height().saturating_sub(y));
    let entries = app.log.entries();
    if entries.is_empty() {
        canvas.text(1, y + 1, "no events yet", palette.quiet());
        return room;
    }
    let first = app.scroll.min(entries.len().saturating_sub(room));
    for (y, entry) in (y..canvas.height()).zip(entries.iter().rev().skip(first)) {
        let time = entry.wall.and_then(|wall| wall.duration_since(UNIX_EPOCH).ok());
        let time = time.map_or_else(|| "--:--:--".into(), |time| clock(time.as_secs_f64()));
        let x = canvas.text(0, y, &time, palette.quiet());
        let x = canvas.text(x + 1, y, &format!("GPU {}", entry.gpu), palette.heading());
        let x = if wide >= 100 { canvas.text(x + 1, y, &entry.bdf.to_string(), palette.quiet()) } else { x };
        let sign = entry.level.sign();
        let x = canvas.text(x + 1, y, &format!("{sign:2}"), palette.level(entry.level));
        let x = canvas.text(x + 1, y, &entry.what, palette.level(entry.level));
        if entry.reported {
            canvas.text(x + 2, y, "(driver)", palette.quiet());
        }
    }
    room
}
