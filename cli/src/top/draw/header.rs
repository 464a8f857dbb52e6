//! The lines at the top: what machine it is, what it takes altogether, and the pages.

use std::time::UNIX_EPOCH;

use ratatui::style::Style;

use crate::level::Level;
use crate::render::clock;
use crate::top::app::{App, Origin, Tab};
use crate::top::canvas::{Canvas, width};
use crate::top::model::{Package, Standing};
use crate::top::words;

/// Draws them; how many there are.
pub(super) fn draw(app: &App, canvas: &mut Canvas<'_>) -> u16 {
    let height = canvas.height();
    title(app, &mut canvas.line(0));
    let mut lines = 1;
    if height >= 8 && !app.shown().packages.is_empty() {
        totals(app, &mut canvas.line(lines));
        lines += 1;
    }
    if height >= 12 {
        tabs(app, &mut canvas.line(lines));
        lines += 1;
    }
    lines
}

fn title(app: &App, line: &mut Canvas<'_>) {
    let palette = app.settings.palette;
    let mut right: Vec<(String, Style)> = Vec::new();
    if let Some(since) = app.recording {
        let time = words::place(app.shown().at.saturating_sub(since));
        let frames = match (app.recorded, line.width()) {
            (0, _) | (_, 0..60) => String::new(),
            (1, _) => ", 1 frame".into(),
            (count, _) => format!(", {count} frames"),
        };
        right.push((format!("REC {time}{frames}"), palette.level(Level::Critical)));
    }
    if let Some(playing) = app.playing {
        // That of the frame on the screen, which the clock is ahead of until the next refresh.
        let shown = app.shown().at.min(playing.end);
        let place = format!("{}/{}", words::place(shown), words::place(playing.end));
        right.push((place, palette.accent()));
        if playing.speed != 1.0 {
            right.push((format!("x{}", playing.speed), palette.accent()));
        }
    }
    if app.is_at_end() {
        let text = if line.width() >= 60 { "end of recording" } else { "END" };
        right.push((text.into(), palette.level(Level::High)));
    } else if app.is_paused() {
        right.push(("PAUSED".into(), palette.level(Level::High)));
    }
    if app.settings.density != crate::top::settings::Density::Auto && line.width() >= 60 {
        right.push((app.settings.density.label().into(), palette.quiet()));
    }
    right.push((format!("{} s", app.settings.interval.as_secs_f64()), Style::new()));
    let wall = app.shown().wall.and_then(|wall| wall.duration_since(UNIX_EPOCH).ok());
    if let Some(wall) = wall
        && line.width() >= 36
    {
        right.push((clock(wall.as_secs_f64()), Style::new()));
    }
    let mut x = line.width();
    for (text, style) in right.iter().rev() {
        x = x.saturating_sub(width(text));
        line.text(x, 0, text, *style);
        x = x.saturating_sub(2);
    }
    let mut left = line.part(0, 0, x, 1);
    let name = match left.width() {
        0..20 => "amdgpu-smi",
        _ => "amdgpu-smi top",
    };
    let end = left.text(0, 0, name, palette.heading());
    let simulated = if app.origin == Origin::Demo { "simulated: " } else { "" };
    left.text(end + 2, 0, &format!("{simulated}{}", app.machine), palette.quiet());
}

/// Totals of all GPUs. An incomplete sum is marked.
fn totals(app: &App, line: &mut Canvas<'_>) {
    let packages = &app.shown().packages;
    let palette = app.settings.palette;
    let there: Vec<&Package> = packages.iter().filter(|package| package.standing != Standing::Gone).collect();
    let parts: usize = there.iter().map(|package| package.partitions.len()).sum();
    let count = match (there.len(), parts) {
        (1, 0) => "1 GPU".into(),
        (1, parts) => format!("1 GPU in {parts} partitions"),
        (count, 0) => format!("{count} GPUs"),
        (count, parts) if line.width() < 60 => format!("{count} GPUs, {parts} parts"),
        (count, parts) => format!("{count} GPUs in {parts} partitions"),
    };
    let sum_of = |packages: &[&Package], value: fn(&Package) -> Option<f64>| {
        let known: Vec<f64> = packages.iter().filter_map(|package| value(package)).collect();
        let total = known.iter().fold(0.0, |sum, value| sum + value);
        (!known.is_empty()).then_some((total, known.len() < packages.len()))
    };
    let sum = |value| sum_of(&there, value);
    // A second die whose power the first one counts is no hole.
    let powered: Vec<&Package> =
        there.iter().copied().filter(|package| !package.values.power_is_elsewhere).collect();
    let mut x = line.text(0, 0, &count, Style::new());
    let mut put = |label: &str, text: &str, level: Level| {
        let needed = width(label) + width(text) + 5;
        if x + needed > line.width() {
            return;
        }
        x = line.text(x + 3, 0, label, palette.quiet());
        x = line.text(x + 1, 0, text, palette.level(level));
    };
    if let Some((watts, hole)) = sum_of(&powered, |package| package.values.power) {
        let least = if hole { "at least " } else { "" };
        let cap = sum_of(&powered, |package| package.values.cap).filter(|(_, missing)| *missing == hole);
        let text = match cap {
            Some((cap, _)) => format!("{least}{watts:.0} of {cap:.0} W"),
            None => format!("{least}{watts:.0} W"),
        };
        put("power", &text, Level::Fine);
    }
    let used = sum(|package| package.values.pool().0.map(|bytes| bytes as f64));
    let total = sum(|package| package.values.pool().1.map(|bytes| bytes as f64));
    if let (Some((used, hole)), Some((total, _))) = (used, total) {
        let least = if hole { "at least " } else { "" };
        put(
            "memory",
            &format!("{least}{}", words::of_total(Some(used as u64), Some(total as u64))),
            Level::Fine,
        );
    }
    let hottest = there
        .iter()
        .filter_map(|package| Some((package, package.values.core?)))
        .max_by(|(_, a), (_, b)| a.total_cmp(b));
    if let Some((package, heat)) = hottest {
        let level = package.values.core_limit.map_or(Level::Fine, |limit| Level::of_heat(heat, limit));
        put("hottest", &format!("GPU {} {heat:.0} C{}", package.index, level.sign()), level);
    }
}

fn tabs(app: &App, line: &mut Canvas<'_>) {
    let palette = app.settings.palette;
    let long = Tab::ALL.iter().map(|tab| width(tab.label()) + 4).sum::<u16>() <= line.width();
    let mut x = 0;
    for (number, tab) in Tab::ALL.iter().enumerate() {
        let text = match long || *tab == app.tab {
            true => format!("{} {}", number + 1, tab.label()),
            false => (number + 1).to_string(),
        };
        let style = if *tab == app.tab { palette.selected() } else { palette.quiet() };
        x = line.text(x, 0, &text, style) + 2;
    }
}
