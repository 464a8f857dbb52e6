//! A GPU as a card: bars, graphs, and its partitions.

use super::gauge::{Gauge, LABEL};
use super::{figure, graph, rows};
use crate::level::Level;
use crate::top::app::App;
use crate::top::canvas::{Canvas, width};
use crate::top::model::{Measure, Package, share};
use crate::top::words::{self, whole};

/// The narrowest graph of a card, and the widest column of gauges.
const GRAPH: u16 = 24;
const GAUGES: u16 = 46;

/// The number of lines of a package's full card, including its frame.
pub(super) fn full_height(app: &App, package: &Package) -> u16 {
    let lines = gauges(app, package).len() + notes(package).len();
    let partitions = package.partitions.len();
    u16::try_from(lines + partitions).unwrap_or(u16::MAX).saturating_add(2)
}

/// Returns `true` if a card of this width has graphs, which fill the remaining height.
pub(super) fn has_graphs(wide: u16) -> bool {
    wide >= GAUGES + 2 + GRAPH + 2 + 4
}

/// A card with bars, graphs and its partitions.
pub(super) fn full(app: &App, package: &Package, chosen: bool, canvas: &mut Canvas<'_>) {
    let (wide, high) = (canvas.width(), canvas.height());
    frame(app, package, chosen, canvas);
    let mut inner = canvas.part(2, 1, wide.saturating_sub(4), high.saturating_sub(2));
    let wide = inner.width();
    let gauges = gauges(app, package);
    let notes = notes(package);
    let lines = u16::try_from(gauges.len() + notes.len()).unwrap_or(u16::MAX);
    let graphs = wide.saturating_sub(GAUGES + 2) / (GRAPH + 2);
    let left = if graphs > 0 { GAUGES.min(wide) } else { wide };
    let number = gauges.iter().map(Gauge::number_width).max().unwrap_or(0);
    for (y, gauge) in (0..).zip(&gauges) {
        gauge.draw(&mut inner.part(0, y, left, 1), number, app.settings.glyphs, app.settings.palette);
    }
    let mut y = u16::try_from(gauges.len()).unwrap_or(u16::MAX);
    for (label, figures, level) in &notes {
        let mut line = inner.part(0, y, left, 1);
        line.text(0, 0, label, app.settings.palette.quiet());
        let text = fitting(figures, left.saturating_sub(LABEL));
        line.text(LABEL, 0, &format!("{text}{}", level.sign()), app.settings.palette.level(*level));
        y = y.saturating_add(1);
    }
    let partitions = u16::try_from(package.partitions.len()).unwrap_or(u16::MAX);
    let room = inner.height().saturating_sub(partitions).max(lines);
    if graphs > 0 && lines >= 2 {
        graphs_beside(app, package, &mut inner.part(GAUGES + 2, 0, wide - GAUGES - 2, room));
    }
    if !package.partitions.is_empty() {
        let mut below = inner.part(0, room, wide, high);
        rows::partitions(app, package, &mut below);
    }
}

/// As many graphs as there is room for, side by side; on two floors where they are high enough.
pub(super) fn graphs_beside(app: &App, package: &Package, canvas: &mut Canvas<'_>) {
    let first = app.settings.measure;
    let others = [
        Measure::Busy,
        Measure::Memory,
        Measure::Power,
        Measure::Temperature,
        Measure::Clock,
        Measure::Media,
    ];
    let known = |measure: &Measure| measure.of(&package.values).is_some() || *measure == first;
    let wanted: Vec<Measure> = std::iter::once(first)
        .chain(others.into_iter().filter(|other| *other != first))
        .filter(known)
        .collect();
    let floors = if canvas.height() >= 8 { 2 } else { 1 };
    let side_by_side = ((canvas.width() + 2) / (GRAPH + 2)).clamp(1, 4);
    let across = side_by_side.min(u16::try_from(wanted.len().div_ceil(floors.into())).unwrap_or(1).max(1));
    let wide = (canvas.width() + 2) / across - 2;
    let high = canvas.height() / floors;
    for (place, measure) in (0u16..).zip(wanted.iter().take(usize::from(across * floors))) {
        let (x, y) = (place % across * (wide + 2), place / across * high);
        // The last floor has what the division left over.
        let high = if place / across + 1 == floors { canvas.height() - y } else { high - 1 };
        graph::draw(app, package, *measure, &mut canvas.part(x, y, wide, high));
    }
}

/// The frame, with the name above and what slows the GPU down.
fn frame(app: &App, package: &Package, chosen: bool, canvas: &mut Canvas<'_>) {
    let palette = app.settings.palette;
    let glyphs = app.settings.glyphs.frame();
    let (wide, high) = (canvas.width(), canvas.height());
    if wide < 2 || high < 2 {
        return;
    }
    let style = if chosen { palette.accent() } else { palette.quiet() };
    let [top_left, top_right, bottom_left, bottom_right] = glyphs.corners;
    for (y, left, right) in [(0, top_left, top_right), (high - 1, bottom_left, bottom_right)] {
        canvas.fill(0, y, 1, left, style);
        canvas.fill(1, y, wide - 2, glyphs.horizontal, style);
        canvas.fill(wide - 1, y, 1, right, style);
    }
    for y in 1..high - 1 {
        canvas.fill(0, y, 1, glyphs.vertical, style);
        canvas.fill(wide - 1, y, 1, glyphs.vertical, style);
    }
    let (state, level) = figure::state(package);
    let state_width = if state.is_empty() { 0 } else { width(&state) + 2 };
    let mut title = canvas.part(2, 0, wide.saturating_sub(4 + state_width), 1);
    let end = title.text(0, 0, &format!(" {} {} ", package.index, package.name), palette.heading());
    let bdf = format!(" {} ", package.bdf);
    if end + 1 + width(&bdf) <= title.width() {
        title.text(end + 1, 0, &bdf, palette.quiet());
    }
    if state_width > 0 {
        canvas.text_right(wide.saturating_sub(2), 0, &format!(" {state} "), palette.level(level));
    }
}

/// The bars, of what the GPU has. One that does not answer keeps the lines, so that the screen does not jump.
fn gauges(app: &App, package: &Package) -> Vec<Gauge> {
    let values = &package.values;
    let percent = |value: Option<f64>| value.map_or_else(|| "-".into(), |value| format!("{value:.0} %"));
    let busy = figure::busy(app, package);
    let mut gauges = vec![Gauge {
        label: "busy",
        share: Some(busy.unwrap_or(0.0) / 100.0),
        text: percent(busy),
        level: Level::Fine,
    }];
    gauges.push(pool("VRAM", values.vram_used, values.vram_total, !values.lives_on_gtt()));
    if values.gtt_total.is_some() {
        gauges.push(pool("GTT", values.gtt_used, values.gtt_total, values.lives_on_gtt()));
    }
    let of = |value: Option<f64>, limit: Option<f64>, unit: &str| match (value, limit) {
        (Some(value), Some(limit)) => format!("{value:.0}/{limit:.0} {unit}"),
        (Some(value), None) => format!("{value:.0} {unit}"),
        (None, Some(limit)) => format!("-/{limit:.0} {unit}"),
        (None, None) => "-".into(),
    };
    let part = |value: Option<f64>, limit: Option<f64>| Some(value? / limit.filter(|limit| *limit > 0.0)?);
    gauges.push(Gauge {
        label: "power",
        share: part(values.power, values.cap),
        text: of(values.power, values.cap, "W"),
        level: Level::Fine,
    });
    let heat = |label: &'static str, value: Option<f64>, limit: Option<f64>| Gauge {
        label,
        share: part(value, limit),
        text: of(value, limit, "C"),
        level: figure::heat_level(value, limit),
    };
    gauges.push(heat(
        if values.core_label.is_empty() { "hotspot" } else { values.core_label },
        values.core,
        values.core_limit,
    ));
    if values.memory_temperature.is_some() {
        gauges.push(heat("memory", values.memory_temperature, values.memory_limit));
    }
    gauges
}

/// A pool of memory. Only of the one that programs live on it matters how full it is.
fn pool(label: &'static str, used: Option<u64>, total: Option<u64>, matters: bool) -> Gauge {
    let share = share(used, total);
    let level = if matters { figure::memory_level(share) } else { Level::Fine };
    Gauge { label, share, text: words::of_total(used, total), level }
}

/// Values without a bar, several per line.
fn notes(package: &Package) -> Vec<(&'static str, Vec<String>, Level)> {
    let values = &package.values;
    let mut notes = Vec::new();
    let clock = |now: Option<f64>, max: Option<f64>| match (now, max) {
        (Some(now), Some(max)) => Some(format!("{now:.0}/{max:.0} MHz")),
        (Some(now), None) => Some(format!("{now:.0} MHz")),
        _ => None,
    };
    let memory = clock(values.memory_clock, values.memory_clock_max).map(|clock| format!("memory {clock}"));
    let clocks = [clock(values.clock, values.clock_max), memory];
    let clocks: Vec<String> = clocks.into_iter().flatten().collect();
    if !clocks.is_empty() {
        notes.push(("clock", clocks, Level::Fine));
    }
    let mut rest = Vec::new();
    if let Some(fan) = figure::fan(values) {
        rest.push(format!("fan {fan}"));
    }
    if values.media.is_some() {
        rest.push(format!("media {} %", whole(values.media)));
    }
    if values.memory_busy.is_some() {
        rest.push(format!("controller {} %", whole(values.memory_busy)));
    }
    if !rest.is_empty() {
        notes.push(("also", rest, Level::Fine));
    }
    let mut link = Vec::new();
    if let Some((rate, lanes)) = values.link {
        link.push(match values.link_max {
            Some((most, all)) if (most, all) != (rate, lanes) => {
                format!("{rate} GT/s x{lanes} of {most} x{all}")
            }
            _ => format!("{rate} GT/s x{lanes}"),
        });
    }
    let (corrected, uncorrectable) = (package.facts.corrected, package.facts.uncorrectable);
    let mut level = Level::Fine;
    if let (Some(corrected), Some(uncorrectable)) = (corrected, uncorrectable) {
        link.push(format!("ECC {corrected} corrected, {uncorrectable} not"));
        level = if uncorrectable > 0 { Level::Critical } else { Level::Fine };
    }
    if !link.is_empty() {
        notes.push(("link", link, level));
    }
    if let Some(mode) = &package.facts.mode {
        let partitions = format!("{} partitions", package.partitions.len());
        notes.push(("mode", vec![mode.clone(), partitions], Level::Fine));
    }
    notes
}

/// As many of the figures as fit: none is cut, which would make another one of it.
fn fitting(figures: &[String], room: u16) -> String {
    let mut text = String::new();
    for figure in figures {
        let gap = if text.is_empty() { 0 } else { 2 };
        if width(&text) + gap + width(figure) > room {
            break;
        }
        text.push_str(if text.is_empty() { "" } else { "  " });
        text.push_str(figure);
    }
    text
}
