//! The screen, drawn anew from the state at each change. Sizes down to nothing are taken as they come.

mod card;
mod details;
mod dialog;
mod events;
mod figure;
mod gauge;
mod graph;
mod header;
mod keyline;
mod medium;
mod overview;
mod processes;
mod rows;

use super::app::{App, Mode, Tab};
use super::canvas::Canvas;
use super::grid::Grid;
use super::palette::Palette;

/// The least size at which a page is of use.
const LEAST: (u16, u16) = (20, 5);

/// Draws all; tells the state how many lines its list has.
pub(crate) fn draw(app: &mut App, grid: &mut Grid) {
    let mut canvas = Canvas::new(grid);
    let (width, height) = (canvas.width(), canvas.height());
    if width < LEAST.0 || height < LEAST.1 {
        canvas.text(0, 0, "too small", Palette::Mono.heading());
        return;
    }
    let top = header::draw(app, &mut canvas);
    let bottom = u16::from(keyline::is_shown(app, height));
    let body_height = height.saturating_sub(top + bottom);
    let mut body = canvas.part(0, top, width, body_height);
    let page = match app.tab {
        _ if !app.has_snapshot() => {
            body.text(1, 1, "asking the GPUs ...", app.settings.palette.quiet());
            0
        }
        Tab::Overview => overview::draw(app, &mut body),
        Tab::Processes => processes::draw(app, &app.lines(), &mut body, true),
        Tab::Events => events::draw(app, &mut body),
        Tab::Sensors | Tab::Clocks | Tab::Links => details::draw(app, &mut body),
    };
    app.page = page;
    if bottom > 0 {
        keyline::draw(app, &mut canvas.part(0, height - 1, width, 1));
    }
    match &app.mode {
        Mode::Help { scroll } => {
            let scroll = dialog::help(app, &mut canvas, *scroll);
            app.mode = Mode::Help { scroll };
        }
        Mode::SortMenu { choice } => dialog::sort(app, &mut canvas, *choice),
        Mode::KillMenu { target, choice } => dialog::kill(app, &mut canvas, target, *choice),
        Mode::Normal | Mode::Filter { .. } => {}
    }
}
