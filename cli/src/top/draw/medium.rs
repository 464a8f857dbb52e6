//! A GPU on three lines: name and state, figures, history.

use super::figure::{self, heat, strip, with_unit};
use super::graph;
use crate::level::Level;
use crate::top::app::App;
use crate::top::canvas::{Canvas, width};
use crate::top::model::{Package, share};
use crate::top::words::{self, whole};

/// The number of lines.
pub(super) const HEIGHT: u16 = 3;

/// Draws the three lines.
pub(super) fn draw(app: &App, package: &Package, chosen: bool, canvas: &mut Canvas<'_>) {
    let palette = app.settings.palette;
    let wide = canvas.width();
    let (state, level) = figure::state(package);
    canvas.text_right(wide, 0, &state, palette.level(level));
    let mut title = canvas.part(0, 0, wide.saturating_sub(width(&state) + 2), 1);
    let style = if chosen { palette.accent() } else { palette.heading() };
    let end = title.text(0, 0, &format!("{} {}", package.index, package.name), style);
    title.text(end + 2, 0, &package.bdf.to_string(), palette.quiet());
    let mut line = canvas.part(2, 1, wide.saturating_sub(2), 1);
    figures(app, package, &mut line);
    graph::draw(app, package, app.settings.measure, &mut canvas.part(2, 2, wide.saturating_sub(2), 1));
}

/// The line of figures, as many as fit.
fn figures(app: &App, package: &Package, line: &mut Canvas<'_>) {
    let palette = app.settings.palette;
    let values = &package.values;
    let (used, total) = values.pool();
    let busy = figure::busy(app, package);
    let mut x = 0;
    let bar = if line.width() >= 100 { 14 } else { 8 };
    let mut put = |label: &str, share: Option<f64>, text: &str, level: Level| {
        let bar = if share.is_some() { bar + 1 } else { 0 };
        let needed = width(label) + 1 + bar + width(text);
        if x + needed > line.width() {
            return;
        }
        x = line.text(x, 0, label, palette.quiet()) + 1;
        if let Some(share) = share {
            x = line.text(x, 0, &app.settings.glyphs.bar(share, bar - 1), palette.bar(level)) + 1;
        }
        x = line.text(x, 0, text, palette.level(level)) + 2;
    };
    put("busy", Some(busy.unwrap_or(0.0) / 100.0), &format!("{:>4}", with_unit(busy, "%")), Level::Fine);
    let memory = share(used, total);
    put("mem", Some(memory.unwrap_or(0.0)), &words::of_total(used, total), figure::memory_level(memory));
    put("", None, &format!("{:>5}", with_unit(values.power, "W")), Level::Fine);
    for (label, value, limit) in [
        (values.core_label, values.core, values.core_limit),
        ("mem", values.memory_temperature, values.memory_limit),
    ] {
        if value.is_some() {
            let (text, level) = heat(value, limit);
            put(label, None, &format!("{text:<6}"), level);
        }
    }
    put("", None, &format!("{:>4} MHz", whole(values.clock)), Level::Fine);
    if let Some(fan) = figure::fan(values) {
        put("fan", None, &fan, Level::Fine);
    }
    if values.media.is_some() {
        put("media", None, &with_unit(values.media, "%"), Level::Fine);
    }
    if !package.partitions.is_empty() {
        put("parts", None, &strip(app, &package.partitions), Level::Fine);
    }
}
