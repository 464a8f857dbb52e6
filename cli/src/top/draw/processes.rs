//! The table of processes, in columns that go by their importance where the screen is narrow.

use ratatui::style::Style;

use crate::sort::Sort;
use crate::top::app::App;
use crate::top::canvas::{Canvas, cut, width, wrapped};
use crate::top::processes::{Line, ProcessRow};
use crate::top::words;

/// A column: its heading, width, rank (the lower, the longer it stays), and what it shows of a row.
struct ProcessColumn {
    heading: &'static str,
    width: u16,
    rank: u8,
    left: bool,
    sort: Sort,
    cell: fn(&ProcessRow) -> String,
}

const COLUMNS: [ProcessColumn; 14] = [
    ProcessColumn {
        heading: "PID",
        width: 7,
        rank: 0,
        left: false,
        sort: Sort::Pid,
        cell: |row| row.pid.to_string(),
    },
    ProcessColumn {
        heading: "USER",
        width: 8,
        rank: 4,
        left: true,
        sort: Sort::User,
        cell: |row| row.user.clone().unwrap_or_else(|| "-".into()),
    },
    ProcessColumn {
        heading: "GPU",
        width: 3,
        rank: 1,
        left: false,
        sort: Sort::Gpu,
        cell: |row| row.gpu.map_or_else(|| "?".into(), |gpu| gpu.to_string()),
    },
    ProcessColumn {
        heading: "VRAM",
        width: 5,
        rank: 2,
        left: false,
        sort: Sort::Vram,
        cell: |row| size(row.vram),
    },
    ProcessColumn {
        heading: "GTT",
        width: 5,
        rank: 6,
        left: false,
        sort: Sort::Gtt,
        cell: |row| size(row.gtt),
    },
    ProcessColumn {
        heading: "BUSY%",
        width: 5,
        rank: 3,
        left: false,
        sort: Sort::Busy,
        cell: |row| whole(row.busy()),
    },
    ProcessColumn {
        heading: "GFX%",
        width: 4,
        rank: 8,
        left: false,
        sort: Sort::Busy,
        cell: |row| whole(row.gfx),
    },
    ProcessColumn {
        heading: "COMP%",
        width: 5,
        rank: 9,
        left: false,
        sort: Sort::Busy,
        cell: |row| whole(row.compute),
    },
    ProcessColumn {
        heading: "MEDIA%",
        width: 6,
        rank: 10,
        left: false,
        sort: Sort::Media,
        cell: |row| whole(row.media),
    },
    ProcessColumn {
        heading: "COPY%",
        width: 5,
        rank: 12,
        left: false,
        sort: Sort::Copy,
        cell: |row| whole(row.copy),
    },
    ProcessColumn {
        heading: "CU%",
        width: 4,
        rank: 5,
        left: false,
        sort: Sort::Units,
        cell: |row| whole(row.units),
    },
    ProcessColumn {
        heading: "CPU%",
        width: 4,
        rank: 7,
        left: false,
        sort: Sort::Cpu,
        cell: |row| whole(row.cpu),
    },
    ProcessColumn {
        heading: "HOST",
        width: 5,
        rank: 11,
        left: false,
        sort: Sort::Memory,
        cell: |row| size(row.memory),
    },
    ProcessColumn {
        heading: "CONTAINER",
        width: 12,
        rank: 13,
        left: true,
        sort: Sort::Gpu,
        cell: |row| row.group.clone().unwrap_or_else(|| "-".into()),
    },
];

/// The least width of the command.
const COMMAND: u16 = 12;

fn size(bytes: Option<u64>) -> String {
    bytes.map_or_else(|| "-".into(), words::size)
}

fn whole(value: Option<f64>) -> String {
    words::whole(value)
}

/// Draws the table; how many lines it has room for. As a page of its own it has all columns that fit.
pub(super) fn draw(app: &App, lines: &[Line], canvas: &mut Canvas<'_>, is_page: bool) -> usize {
    let (wide, high) = (canvas.width(), canvas.height());
    if high == 0 {
        return 0;
    }
    let palette = app.settings.palette;
    let list = app.list();
    let columns = columns(wide, is_page);
    heading(app, &columns, lines.len(), &mut canvas.line(0));
    let room = usize::from(high - 1);
    if lines.is_empty() {
        let text = match (&list.unknown, app.has_processes(), list.rows.is_empty(), &list.shortfall) {
            (Some(why), ..) => format!("not known: {why}"),
            (None, false, ..) => "looking ...".into(),
            (None, true, true, None) => "no process uses a GPU".into(),
            (None, true, true, Some(why)) => format!("no process found; {why}"),
            (None, true, false, _) => "no process matches".into(),
        };
        for (y, line) in (1..).zip(wrapped(&text, wide.saturating_sub(2))) {
            canvas.text(1, y, &line, palette.quiet());
        }
        return room;
    }
    let shortfall = list.shortfall.as_ref().filter(|_| high >= 6);
    let room = room - usize::from(shortfall.is_some());
    let chosen = app.chosen_line(lines);
    let first = (chosen + 1).saturating_sub(room);
    for (y, (place, line)) in (1u16..).zip(lines.iter().enumerate().skip(first).take(room)) {
        let mut part = canvas.line(y);
        match line {
            Line::Group { name, count, vram } => {
                let processes = if *count == 1 { "process" } else { "processes" };
                let text = format!("{name}  {count} {processes}, {} VRAM", words::size(*vram));
                part.text(0, 0, &text, palette.heading());
            }
            Line::Row(index) => {
                let Some(process) = list.rows.get(*index) else { continue };
                row(process, &columns, &mut part, if app.settings.grouped { 2 } else { 0 });
                if place == chosen {
                    part.style(palette.selected());
                }
            }
        }
    }
    if let Some(shortfall) = shortfall {
        canvas.text(1, high - 1, shortfall, palette.quiet());
    }
    room
}

fn columns(wide: u16, is_page: bool) -> Vec<&'static ProcessColumn> {
    let mut ranked: Vec<(usize, &'static ProcessColumn)> = COLUMNS.iter().enumerate().collect();
    ranked.sort_by_key(|(_, column)| column.rank);
    // On the page about processes the command may be short, so that more columns fit.
    let mut left = wide.saturating_sub(if is_page { COMMAND } else { COMMAND + wide / 6 });
    let mut taken = Vec::new();
    for (place, column) in ranked {
        let needed = column.width + 1;
        if needed > left {
            break;
        }
        left -= needed;
        taken.push((place, column));
    }
    taken.sort_by_key(|(place, _)| *place);
    taken.into_iter().map(|(_, column)| column).collect()
}

fn heading(app: &App, columns: &[&ProcessColumn], count: usize, line: &mut Canvas<'_>) {
    let palette = app.settings.palette;
    let sort = app.settings.sort;
    let mut marked = false;
    let mut x = 0;
    for column in columns {
        // Several columns may go by the same order; the first is marked.
        let is_key = column.sort == sort && !marked && column.heading != "CONTAINER";
        marked |= is_key;
        let style = if is_key { palette.accent() } else { palette.heading() };
        match column.left {
            true => _ = line.text(x, 0, column.heading, style),
            false => line.part(x, 0, column.width, 1).text_right(column.width, 0, column.heading, style),
        }
        x += column.width + 1;
    }
    let style = if sort == Sort::Command { palette.accent() } else { palette.heading() };
    x = line.text(x, 0, "COMMAND", style);
    let mut notes = vec![count.to_string()];
    if app.only_this_gpu {
        notes.push("this GPU only".into());
    }
    if app.settings.inverted {
        notes.push("turned around".into());
    }
    let text = notes.join(", ");
    if x + width(&text) + 2 <= line.width() {
        line.text_right(line.width(), 0, &text, palette.quiet());
    }
}

fn row(process: &ProcessRow, columns: &[&ProcessColumn], line: &mut Canvas<'_>, indent: u16) {
    let mut x = 0;
    for column in columns {
        let text = (column.cell)(process);
        let mut cell = line.part(x, 0, column.width, 1);
        match column.left {
            true => _ = cell.text(0, 0, &cut(&text, column.width), Style::new()),
            false => cell.text_right(column.width, 0, &text, Style::new()),
        }
        x += column.width + 1;
    }
    let left = line.width().saturating_sub(x + indent);
    line.text(x + indent, 0, &cut(&process.command, left), Style::new());
}
