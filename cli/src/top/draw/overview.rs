//! The first page: all GPUs, and below them who uses them.

use super::{card, medium, processes, rows};
use crate::level::Level;
use crate::top::app::App;
use crate::top::canvas::{Canvas, width, wrapped};
use crate::top::model::Package;
use crate::top::settings::Density;

/// Lines that the processes need to be of use, with their heading.
const PROCESSES: u16 = 4;

/// The most lines that a card grows by.
const GROWTH: u16 = 12;

/// Lines that graphs below rows have: at least so many that one can be read, and a blank one.
const LEAST_GRAPHS: u16 = 7;
const MOST_GRAPHS: u16 = 20;

/// How the GPUs are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum OverviewForm {
    Full,
    Medium,
    /// One line each, and below each its partitions.
    Tree,
    /// One line each, and below the chosen one its partitions.
    Branch,
    /// One line each; partitions are a word of it.
    Rows,
}

/// Draws it; how many lines the list of processes has.
pub(super) fn draw(app: &App, canvas: &mut Canvas<'_>) -> usize {
    let packages = &app.shown().packages;
    if packages.is_empty() {
        nothing(app, canvas);
        return 0;
    }
    let below = if app.settings.processes { PROCESSES } else { 0 };
    let form = form(app, packages, canvas.width(), canvas.height().saturating_sub(below));
    let wanted = height(app, packages, form);
    let lines = if app.settings.processes { app.lines() } else { Vec::new() };
    let rows = if app.settings.processes { u16::try_from(lines.len() + 1).unwrap_or(u16::MAX) } else { 0 };
    let most = match app.settings.processes {
        // Where not all fits, GPUs get two thirds.
        true => canvas.height().saturating_sub(PROCESSES).max(canvas.height() * 2 / 3),
        false => canvas.height(),
    };
    let high = match form {
        // Graphs take what the processes leave over.
        OverviewForm::Full if card::has_graphs(canvas.width()) => {
            let below = below.max(rows).saturating_add(1);
            let most = wanted.saturating_add(GROWTH * u16::try_from(packages.len()).unwrap_or(1));
            wanted.max(canvas.height().saturating_sub(below).min(most))
        }
        _ => wanted,
    }
    .min(most);
    gpus(app, packages, form, &mut canvas.part(0, 0, u16::MAX, high));
    let below = below.max(rows);
    let left_over = canvas.height().saturating_sub(high).saturating_sub(below);
    let graphs = match form {
        OverviewForm::Tree | OverviewForm::Branch | OverviewForm::Rows if left_over >= LEAST_GRAPHS => {
            left_over.min(MOST_GRAPHS)
        }
        _ => 0,
    };
    if graphs > 0
        && let Some(package) = app.chosen_package()
    {
        history(app, package, &mut canvas.part(0, high, u16::MAX, graphs));
    }
    if !app.settings.processes {
        return 0;
    }
    let high = high + graphs;
    let left = canvas.height() - high;
    processes::draw(app, &lines, &mut canvas.part(0, high, u16::MAX, left), false)
}

/// What the chosen GPU did, where lines are left over.
fn history(app: &App, package: &Package, canvas: &mut Canvas<'_>) {
    let palette = app.settings.palette;
    let (wide, high) = (canvas.width(), canvas.height());
    let mut line = canvas.line(0);
    let end = line.text(0, 0, &format!("GPU {} {}", package.index, package.name), palette.heading());
    let hint = "left, right: another GPU";
    if app.shown().packages.len() > 1 && end + width(hint) + 2 <= wide {
        line.text_right(wide, 0, hint, palette.quiet());
    }
    card::graphs_beside(app, package, &mut canvas.part(0, 1, wide, high.saturating_sub(2)));
}

fn height(app: &App, packages: &[Package], form: OverviewForm) -> u16 {
    let partitions: usize = packages.iter().map(|package| package.partitions.len()).sum();
    let lines = |count: usize| u16::try_from(count).unwrap_or(u16::MAX);
    match form {
        OverviewForm::Full => {
            packages.iter().map(|package| card::full_height(app, package)).fold(0, u16::saturating_add)
        }
        OverviewForm::Medium => lines(packages.len()).saturating_mul(medium::HEIGHT),
        OverviewForm::Tree => lines(packages.len() + partitions + 1),
        OverviewForm::Branch => {
            let chosen = packages.get(app.chosen_gpu());
            lines(packages.len() + 1 + chosen.map_or(0, |package| package.partitions.len()))
        }
        OverviewForm::Rows => lines(packages.len() + 1),
    }
}

/// The largest form that fits, or the one that was chosen.
fn form(app: &App, packages: &[Package], wide: u16, high: u16) -> OverviewForm {
    let fits = |form: OverviewForm| height(app, packages, form) <= high;
    let rows = || {
        [OverviewForm::Tree, OverviewForm::Branch]
            .into_iter()
            .find(|form| fits(*form))
            .unwrap_or(OverviewForm::Rows)
    };
    let is_partitioned = packages.iter().any(|package| !package.partitions.is_empty());
    match app.settings.density {
        Density::Full => OverviewForm::Full,
        Density::Medium => OverviewForm::Medium,
        Density::Row => rows(),
        Density::Auto if packages.len() <= 2 && wide >= 50 && fits(OverviewForm::Full) => OverviewForm::Full,
        // Three lines have no room for partitions.
        Density::Auto if is_partitioned => rows(),
        Density::Auto if packages.len() <= 4 && wide >= 70 && fits(OverviewForm::Medium) => {
            OverviewForm::Medium
        }
        Density::Auto => rows(),
    }
}

/// The GPUs, scrolled so that the chosen one is seen.
fn gpus(app: &App, packages: &[Package], form: OverviewForm, canvas: &mut Canvas<'_>) {
    let chosen = app.chosen_gpu();
    let heading = u16::from(matches!(form, OverviewForm::Tree | OverviewForm::Branch | OverviewForm::Rows));
    if heading > 0 {
        rows::heading(app, &mut canvas.line(0));
    }
    let room = canvas.height().saturating_sub(heading);
    let wanted = height(app, packages, form);
    let growth = match form {
        OverviewForm::Full => room.saturating_sub(wanted) / u16::try_from(packages.len()).unwrap_or(1).max(1),
        _ => 0,
    };
    let heights: Vec<u16> = packages
        .iter()
        .enumerate()
        .map(|(place, package)| match form {
            OverviewForm::Full => (card::full_height(app, package) + growth).min(room.max(1)),
            OverviewForm::Medium => medium::HEIGHT,
            OverviewForm::Tree => u16::try_from(1 + package.partitions.len()).unwrap_or(u16::MAX),
            OverviewForm::Branch if place == chosen => {
                u16::try_from(1 + package.partitions.len()).unwrap_or(u16::MAX)
            }
            OverviewForm::Branch | OverviewForm::Rows => 1,
        })
        .collect();
    let first = first_shown(&heights, chosen, room);
    let mut y = heading;
    let several = packages.len() > 1;
    for (place, (package, high)) in packages.iter().zip(&heights).enumerate().skip(first) {
        if y >= canvas.height() {
            break;
        }
        let mut part = canvas.part(0, y, u16::MAX, *high);
        let is_chosen = several && place == chosen;
        match form {
            OverviewForm::Full => card::full(app, package, is_chosen, &mut part),
            OverviewForm::Medium => medium::draw(app, package, is_chosen, &mut part),
            OverviewForm::Rows => rows::row(app, package, is_chosen, &mut part),
            OverviewForm::Tree | OverviewForm::Branch => {
                rows::row(app, package, is_chosen, &mut part.line(0));
                rows::partitions(app, package, &mut part.part(0, 1, u16::MAX, high - 1));
            }
        }
        y = y.saturating_add(*high);
    }
}

/// The first that is shown, so that the chosen one is, too.
fn first_shown(heights: &[u16], chosen: usize, room: u16) -> usize {
    let mut first = chosen.min(heights.len().saturating_sub(1));
    let mut used = heights.get(first).copied().unwrap_or(0);
    while let Some(before) = first.checked_sub(1) {
        used = used.saturating_add(heights.get(before).copied().unwrap_or(0));
        if used > room {
            break;
        }
        first = before;
    }
    first
}

/// Why there is no GPU.
fn nothing(app: &App, canvas: &mut Canvas<'_>) {
    let palette = app.settings.palette;
    let Some(nothing) = &app.shown().nothing else { return };
    let wide = canvas.width().saturating_sub(2);
    let mut y = 1;
    for (text, style) in [
        (nothing.sentence.as_str(), palette.level(Level::High)),
        (nothing.hint, palette.quiet()),
        ("waiting: a GPU that appears is shown at once; q quits", palette.quiet()),
    ] {
        for line in wrapped(text, wide) {
            canvas.text(1, y, &line, style);
            y += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_chosen_one_is_seen() {
        assert_eq!(first_shown(&[1; 10], 0, 4), 0);
        assert_eq!(first_shown(&[1; 10], 3, 4), 0);
        assert_eq!(first_shown(&[1; 10], 4, 4), 1);
        assert_eq!(first_shown(&[1; 10], 99, 4), 6);
        assert_eq!(first_shown(&[5, 5], 1, 4), 1);
        assert_eq!(first_shown(&[], 0, 4), 0);
    }
}
