//! A GPU on one line, in columns that go by their importance where the screen is narrow; and partitions below their package.

use ratatui::style::Style;

use super::figure::{self, heat, strip, with_unit};
use crate::level::Level;
use crate::top::app::App;
use crate::top::canvas::{Canvas, cut, width};
use crate::top::model::{Package, Partition, share};
use crate::top::words::{self, whole};

/// A column: its heading, width, and what it shows of a package.
struct GpuColumn {
    heading: &'static str,
    width: u16,
    /// The lower, the longer it stays.
    rank: u8,
    left: bool,
    cell: fn(&App, &Package) -> (String, Level),
}

const COLUMNS: [GpuColumn; 15] = [
    GpuColumn {
        heading: "GPU",
        width: 3,
        rank: 0,
        left: false,
        cell: |_, package| plain(package.index.to_string()),
    },
    GpuColumn {
        heading: "NAME",
        width: 20,
        rank: 9,
        left: true,
        cell: |_, package| plain(end(&package.name, 20)),
    },
    GpuColumn {
        heading: "BUSY",
        width: 4,
        rank: 0,
        left: false,
        cell: |app, package| plain(with_unit(figure::busy(app, package), "%")),
    },
    GpuColumn { heading: "", width: 10, rank: 7, left: true, cell: |_, _| plain(String::new()) },
    GpuColumn { heading: "MEMORY", width: 11, rank: 1, left: false, cell: memory },
    GpuColumn {
        heading: "POWER",
        width: 5,
        rank: 2,
        left: false,
        cell: |_, package| plain(with_unit(package.values.power, "W")),
    },
    GpuColumn {
        heading: "CAP",
        width: 5,
        rank: 10,
        left: false,
        cell: |_, package| plain(with_unit(package.values.cap, "W")),
    },
    GpuColumn {
        heading: "TEMP",
        width: 5,
        rank: 3,
        left: true,
        cell: |_, package| heat(package.values.core, package.values.core_limit),
    },
    GpuColumn {
        heading: "MTEMP",
        width: 5,
        rank: 6,
        left: true,
        cell: |_, package| heat(package.values.memory_temperature, package.values.memory_limit),
    },
    GpuColumn {
        heading: "CLOCK",
        width: 5,
        rank: 5,
        left: false,
        cell: |_, package| plain(whole(package.values.clock)),
    },
    GpuColumn {
        heading: "MCLK",
        width: 5,
        rank: 12,
        left: false,
        cell: |_, package| plain(whole(package.values.memory_clock)),
    },
    GpuColumn {
        heading: "MEDIA",
        width: 5,
        rank: 11,
        left: false,
        cell: |_, package| plain(with_unit(package.values.media, "%")),
    },
    GpuColumn {
        heading: "FAN",
        width: 5,
        rank: 13,
        left: false,
        cell: |_, package| plain(with_unit(package.values.fan_percent, "%")),
    },
    GpuColumn {
        heading: "LINK",
        width: 8,
        rank: 14,
        left: false,
        cell: |_, package| {
            plain(package.values.link.map_or_else(|| "-".into(), |(rate, lanes)| format!("{rate}x{lanes}")))
        },
    },
    GpuColumn { heading: "PARTS", width: 8, rank: 4, left: true, cell: |_, _| plain(String::new()) },
];

/// The column that is a bar, and the one that shows all partitions in a word.
const BAR: &str = "";
const PARTS: &str = "PARTS";

fn plain(text: String) -> (String, Level) {
    (text, Level::Fine)
}

/// The end of a name: it tells cards apart better than the beginning, which is the maker's.
fn end(name: &str, most: u16) -> String {
    let short = name.trim_start_matches("AMD ").trim_start_matches("Radeon ").trim_start_matches("Instinct ");
    cut(if width(name) <= most { name } else { short }, most)
}

fn memory(_: &App, package: &Package) -> (String, Level) {
    let (used, total) = package.values.pool();
    let level = figure::memory_level(share(used, total));
    (words::of_total(used, total), level)
}

/// The width that a state needs at least, and on a screen of 60 columns and more a reason.
const STATE: u16 = 6;
const REASON: u16 = 12;

/// Which columns fit beside each other into a width.
struct ChosenColumns {
    columns: Vec<&'static GpuColumn>,
    state: u16,
}

impl ChosenColumns {
    fn of(app: &App, wide: u16) -> ChosenColumns {
        let packages = &app.shown().packages;
        let has_parts = packages.iter().any(|package| !package.partitions.is_empty());
        let has_value = |column: &GpuColumn| match column.heading {
            PARTS => has_parts,
            "MTEMP" => packages.iter().any(|package| package.values.memory_temperature.is_some()),
            "MEDIA" => packages.iter().any(|package| package.values.media.is_some()),
            "FAN" => packages.iter().any(|package| package.values.fan_percent.is_some()),
            "CAP" => packages.iter().any(|package| package.values.cap.is_some()),
            "LINK" => packages.iter().any(|package| package.values.link.is_some()),
            _ => true,
        };
        let mut ranked: Vec<(usize, &'static GpuColumn)> =
            COLUMNS.iter().enumerate().filter(|(_, column)| has_value(column)).collect();
        ranked.sort_by_key(|(_, column)| column.rank);
        let mut left = wide.saturating_sub(if wide < 60 { STATE } else { REASON });
        let mut taken = Vec::new();
        for (place, column) in ranked {
            let needed = column.width + 1;
            if needed <= left || column.rank == 0 {
                left = left.saturating_sub(needed);
                taken.push((place, column));
            } else {
                break;
            }
        }
        taken.sort_by_key(|(place, _)| *place);
        let used: u16 = taken.iter().map(|(_, column)| column.width + 1).sum();
        ChosenColumns {
            columns: taken.into_iter().map(|(_, column)| column).collect(),
            state: wide.saturating_sub(used),
        }
    }
}

/// The heading of the rows.
pub(super) fn heading(app: &App, line: &mut Canvas<'_>) {
    let palette = app.settings.palette;
    let chosen = ChosenColumns::of(app, line.width());
    let mut x = 0;
    for column in &chosen.columns {
        match column.left {
            true => _ = line.text(x, 0, column.heading, palette.heading()),
            false => line.part(x, 0, column.width, 1).text_right(
                column.width,
                0,
                column.heading,
                palette.heading(),
            ),
        }
        x += column.width + 1;
    }
    line.text(x, 0, "STATE", palette.heading());
}

/// One row of the table.
pub(super) fn row(app: &App, package: &Package, is_chosen: bool, line: &mut Canvas<'_>) {
    let palette = app.settings.palette;
    let chosen = ChosenColumns::of(app, line.width());
    let mut x = 0;
    for column in &chosen.columns {
        let mut cell = line.part(x, 0, column.width, 1);
        match column.heading {
            BAR => {
                let share = figure::busy(app, package).unwrap_or(0.0) / 100.0;
                cell.text(0, 0, &app.settings.glyphs.bar(share, column.width), palette.bar(Level::Fine));
            }
            PARTS => {
                cell.text(0, 0, &strip(app, &package.partitions), palette.bar(Level::Fine));
            }
            _ => {
                let (text, level) = (column.cell)(app, package);
                match column.left {
                    true => _ = cell.text(0, 0, &text, palette.level(level)),
                    false => cell.text_right(column.width, 0, &text, palette.level(level)),
                }
            }
        }
        x += column.width + 1;
    }
    let (state, level) = figure::state_within(package, chosen.state);
    line.part(x, 0, chosen.state, 1).text(0, 0, &state, palette.level(level));
    if is_chosen {
        line.style(palette.selected());
    } else if package.standing.words().is_some() {
        line.style(palette.quiet());
    }
}

/// The partitions of a package, one line each, with what is their own.
pub(super) fn partitions(app: &App, package: &Package, canvas: &mut Canvas<'_>) {
    let count = package.partitions.len();
    for (y, partition) in (0..canvas.height()).zip(&package.partitions) {
        let last = usize::from(y) + 1 == count;
        self::partition(app, package, partition, last, &mut canvas.line(y));
    }
}

/// A line for a partition.
pub(super) fn partition(
    app: &App,
    package: &Package,
    partition: &Partition,
    last: bool,
    line: &mut Canvas<'_>,
) {
    let palette = app.settings.palette;
    let branch = match (app.settings.glyphs.is_ascii(), last) {
        (true, _) => " +",
        (false, true) => " └",
        (false, false) => " ├",
    };
    let mut x = line.text(0, 0, branch, palette.quiet());
    x = line.text(x + 1, 0, &format!("{:>3}", partition.index), Style::new());
    x = line.text(x + 1, 0, &format!("XCP {}", partition.number), palette.quiet());
    if package.standing.words().is_none() {
        x = line.text(x + 2, 0, &format!("{:>4}", with_unit(partition.busy, "%")), Style::new());
        let share = partition.busy.unwrap_or(0.0) / 100.0;
        x = line.text(x + 1, 0, &app.settings.glyphs.bar(share, 10), palette.bar(Level::Fine));
    }
    let held = app.list().rows.iter().filter(|row| row.gpu == Some(partition.index));
    let (count, vram) =
        held.fold((0, 0u64), |(count, vram), row| (count + 1, vram.saturating_add(row.vram.unwrap_or(0))));
    let used = if app.has_processes() { Some(vram) } else { None };
    x = line.text(x + 2, 0, &format!("{:>11}", words::of_total(used, partition.memory)), Style::new());
    if let Some(units) = partition.compute_units {
        x = line.text(x + 2, 0, &format!("{units} CUs"), palette.quiet());
    }
    if partition.media.is_some() {
        x = line.text(x + 2, 0, &format!("media {}", with_unit(partition.media, "%")), palette.quiet());
    }
    if count > 0 {
        let text = if count == 1 { "1 process".into() } else { format!("{count} processes") };
        x = line.text(x + 2, 0, &text, palette.quiet());
    }
    line.text(x + 2, 0, &partition.bdf.to_string(), palette.quiet());
}
