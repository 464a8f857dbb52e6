//! A graph of what was measured: the newest at the right, the limit as a line.

use crate::level::Level;
use crate::top::app::App;
use crate::top::canvas::{Canvas, width};
use crate::top::glyphs::{EIGHTHS, Glyphs, STEPS};
use crate::top::model::{Measure, Package};
use crate::top::settings::Span;
use crate::top::words;

/// Braille dots from the bottom of a cell upwards, on its left and its right side (Unicode, U+2800).
const LEFT: [u32; 4] = [0x40, 0x04, 0x02, 0x01];
const RIGHT: [u32; 4] = [0x80, 0x20, 0x10, 0x08];

/// Draws one quantity of a package: a line with its name and scale, below it the graph.
pub(super) fn draw(app: &App, package: &Package, measure: Measure, canvas: &mut Canvas<'_>) {
    let palette = app.settings.palette;
    let (wide, high) = (canvas.width(), canvas.height());
    if wide < 4 || high == 0 {
        return;
    }
    let graph_height = if high >= 2 { high - 1 } else { high };
    let per_cell = if app.settings.glyphs == Glyphs::Braille { 2 } else { 1 };
    let count = usize::from(wide) * per_cell;
    let step = match app.settings.span {
        Span::Refreshes => app.settings.interval,
        Span::Whole(time) => time / u32::try_from(count).unwrap_or(1).max(1),
    };
    let until = app.shown().at;
    let columns = match app.history(package.bdf) {
        Some(history) => history.columns(measure, until, step, count),
        None => vec![None; count],
    };
    let limit = measure.limit(&package.values);
    let highest = columns.iter().flatten().copied().fold(0.0, f64::max);
    let scale = match (measure.unit(), limit) {
        ("%", _) => 100.0,
        // Room above the limit, so that what passes it is seen.
        (_, Some(limit)) if limit > 0.0 => highest.max(limit * 1.1),
        _ => (highest * 1.25).max(1.0),
    };
    if high >= 2 {
        let label = measure.label(&package.values);
        let end = canvas.text(0, 0, label, palette.quiet());
        let span = words::seconds(step * u32::try_from(count).unwrap_or(u32::MAX));
        let bound = match limit.filter(|_| measure.unit() != "%") {
            Some(limit) => format!("limit {limit:.0} {}", measure.unit()),
            None => format!("{scale:.0} {}", measure.unit()),
        };
        let text = format!("{span}, {bound}");
        let text = if end + width(&text) + 2 <= wide { text } else { bound };
        if end + width(&text) < wide {
            canvas.text_right(wide, 0, &text, palette.quiet());
        }
    }
    let mut below = canvas.part(0, high - graph_height, wide, graph_height);
    if let Some(limit) = limit.filter(|limit| *limit < scale) {
        let row = (limit / scale * f64::from(graph_height)) as u16;
        let y = graph_height.saturating_sub(row + 1);
        below.fill(0, y, wide, app.settings.glyphs.limit(), palette.level(Level::High));
    }
    let shares: Vec<Option<f64>> = columns.iter().map(|column| column.map(|value| value / scale)).collect();
    let level_of = |share: f64| match limit {
        Some(limit) if measure.unit() == "C" => Level::of_heat(share * scale, limit),
        _ => Level::Fine,
    };
    for x in 0..wide {
        let place = usize::from(x) * per_cell;
        let cell: Vec<Option<f64>> = shares.iter().skip(place).take(per_cell).copied().collect();
        let level = cell.iter().flatten().copied().map(level_of).max().unwrap_or(Level::Fine);
        for y in 0..graph_height {
            let floor = f64::from(graph_height - 1 - y);
            let within = |share: f64| (share * f64::from(graph_height) - floor).clamp(0.0, 1.0);
            if let Some(character) = character(app.settings.glyphs, &cell, within, y + 1 == graph_height) {
                below.cell(x, y, character, palette.bar(level));
            }
        }
    }
}

/// The character of a cell, whose columns are filled to these heights; blank if they are empty. At the bottom, a
/// value of 0 is visible, unlike a missing one.
fn character(
    glyphs: Glyphs,
    cell: &[Option<f64>],
    within: impl Fn(f64) -> f64,
    bottom: bool,
) -> Option<char> {
    let steps = |share: Option<f64>, count: usize| match share {
        Some(share) => {
            let steps = (within(share) * count as f64).round() as usize;
            if bottom { steps.max(1) } else { steps }
        }
        None => 0,
    };
    match glyphs {
        Glyphs::Braille => {
            let dots = [LEFT, RIGHT]
                .iter()
                .zip(cell)
                .flat_map(|(side, share)| side.iter().take(steps(*share, side.len())));
            let bits = dots.fold(0, |bits, dot| bits | dot);
            (bits > 0).then(|| char::from_u32(0x2800 + bits)).flatten()
        }
        _ => {
            let ladder: &[char] = if glyphs.is_ascii() { &STEPS } else { &EIGHTHS };
            let filled = steps(cell.first().copied().flatten(), ladder.len());
            ladder.get(filled.checked_sub(1)?).copied()
        }
    }
}
