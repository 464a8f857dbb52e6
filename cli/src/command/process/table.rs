//! Processes as a table, a row for each and GPU.

use amdgpu_smi::Reading;
use amdgpu_smi::process::Engine;
use amdgpu_smi::process::ProcessGpu;
use amdgpu_smi::unit::Bytes;

use super::Listing;
use super::args::ProcessArgs;
use crate::output::Output;
use crate::render::style::{self, Styles};
use crate::render::table::{Column, Table, width};
use crate::render::{clock, inline, printable, size, span};
use crate::report::Node;
use crate::screen::{Fit, Screen};
use crate::sections::process::{Use, known, nobody_text, of_engines, percent, sdma_percent};

/// Headings and least widths; those that are percentages after two looks, and times before, are marked.
const COLUMNS: [(&str, usize, bool); 13] = [
    ("GPU", 3, false),
    ("PID", 7, false),
    ("USER", 4, false),
    ("NAME", 4, false),
    ("VRAM", 7, false),
    ("GTT", 6, false),
    ("GFX", 4, true),
    ("COMP", 4, true),
    ("ENC", 4, true),
    ("DEC", 4, true),
    ("SDMA", 4, true),
    ("CU%", 3, false),
    ("CONTAINER", 9, false),
];
/// The columns in the order in which they get room.
const PRIORITY: [&str; 13] =
    ["GPU", "PID", "NAME", "VRAM", "GFX", "COMP", "USER", "GTT", "CU%", "SDMA", "ENC", "DEC", "CONTAINER"];
/// So much of a container's id tells it from others.
const CONTAINER: usize = 12;

/// The rows as text.
pub(super) struct ProcessTable {
    widths: Vec<usize>,
    percent: bool,
    watching: bool,
    styles: Styles,
    on_terminal: bool,
}

impl ProcessTable {
    pub(super) fn new(args: &ProcessArgs, output: &Output) -> ProcessTable {
        let watching = args.watch.interval().is_some();
        let percent = watching || args.percent.is_some();
        let widths = COLUMNS.iter().map(|(heading, least, is_engine)| {
            width(&heading_of(heading, percent && *is_engine)).max(*least)
        });
        ProcessTable {
            widths: widths.collect(),
            percent,
            watching,
            styles: output.styles,
            on_terminal: output.is_terminal(),
        }
    }

    /// A row for each process and GPU, under a heading that begins with the time, because the list differs each time.
    pub(super) fn rows(&mut self, list: &Listing<'_>, timestamp: Option<f64>) -> String {
        let time = timestamp.map(clock);
        let mut rows: Vec<Vec<String>> = list.rows().iter().map(|used| self.cells(*used)).collect();
        if let (Some(time), Some(first)) = (&time, self.widths.first_mut()) {
            *first = width(time).max(*first);
            // Under the time, a number alone does not say that it is a GPU's.
            for gpu in rows.iter_mut().filter_map(|cells| cells.first_mut()) {
                gpu.insert_str(0, "GPU ");
            }
        }
        for row in &rows {
            for (widest, cell) in self.widths.iter_mut().zip(row) {
                *widest = width(cell).max(*widest);
            }
        }
        let shown =
            self.shown(rows.iter().any(|row| row.last().is_some_and(|container| !container.is_empty())));
        let table = Table::new(shown.iter().map(|(place, wide)| self.column(*place, *wide, time.as_deref())));
        let mut text = self.styles.paint(style::HEADING, table.heading().trim_end());
        text.push('\n');
        for row in &rows {
            let cells: Vec<&str> =
                shown.iter().filter_map(|(place, _)| row.get(*place)).map(String::as_str).collect();
            text.push_str(&table.line(&cells));
            text.push('\n');
        }
        if rows.is_empty() {
            text.push_str(nobody_text(list.found));
            text.push('\n');
        }
        if self.watching {
            text.push('\n');
        }
        text
    }

    /// The columns that fit on the screen; that of containers only where there are some.
    fn shown(&self, has_containers: bool) -> Vec<(usize, usize)> {
        let mut fit = Fit::new(Screen::of(self.on_terminal).columns);
        for wanted in PRIORITY {
            let place = COLUMNS.iter().position(|(heading, ..)| *heading == wanted);
            if let Some((place, wide)) = place.and_then(|place| Some((place, *self.widths.get(place)?)))
                && (wanted != "CONTAINER" || has_containers)
            {
                fit.take(place, wide, wanted == "GPU");
            }
        }
        fit.chosen()
    }

    fn column(&self, place: usize, wide: usize, time: Option<&str>) -> Column {
        let Some((heading, _, is_engine)) = COLUMNS.get(place) else { return Column::right("", 0) };
        match (*heading, time) {
            ("GPU", Some(time)) => Column::left(time, wide),
            ("USER" | "NAME" | "CONTAINER", _) => Column::left(*heading, wide),
            _ => Column::right(heading_of(heading, self.percent && *is_engine), wide),
        }
    }

    fn cells(&self, (process, used): Use<'_>) -> Vec<String> {
        let name = |name: Option<&str>| printable(name.unwrap_or("-"));
        let memory = |bytes: &Reading<Bytes>| known(bytes).map_or_else(|| "-".into(), size);
        let user = process.user.clone().or_else(|_| process.uid.clone().map(|uid| uid.to_string()));
        vec![
            used.gpu.map_or_else(|| "-".into(), |index| index.to_string()),
            process.pid.to_string(),
            name(user.as_deref().ok()),
            name(process.name.as_deref().ok()),
            memory(&used.vram),
            memory(&used.gtt),
            self.engine(used, &[Engine::Gfx]),
            self.engine(used, &[Engine::Compute]),
            self.engine(used, &[Engine::Encode, Engine::Encode1]),
            self.engine(used, &[Engine::Decode]),
            self.sdma(used),
            match known(&used.compute_percent) {
                Some(percent) => format!("{percent:.0}"),
                None => "-".into(),
            },
            process.container.iter().flat_map(|id| id.chars()).take(CONTAINER).collect(),
        ]
    }

    fn engine(&self, used: &ProcessGpu, engines: &[Engine]) -> String {
        let time = || {
            let of = used.engines.iter().filter(|found| engines.contains(&found.engine));
            seconds(of.map(|found| found.time.0).fold(0, u64::saturating_add) as f64 / 1e9)
        };
        cell(&if self.percent { percent(used, engines) } else { of_engines(used, time) })
    }

    fn sdma(&self, used: &ProcessGpu) -> String {
        let time = used.kfd.as_ref().and_then(|kfd| known(&kfd.sdma));
        let time = || time.map(|time| seconds(time.0 as f64 / 1e6));
        let node = if self.percent { Some(sdma_percent(used)) } else { time() };
        node.map_or_else(|| "-".into(), |node| cell(&node))
    }
}

fn heading_of(heading: &str, is_percent: bool) -> String {
    format!("{heading}{}", if is_percent { "%" } else { "" })
}

fn seconds(seconds: f64) -> Node {
    span(seconds).into()
}

/// A percentage without its sign, which the heading has.
fn cell(node: &Node) -> String {
    match node {
        Node::Quantity(value, "%") => format!("{:.1}", value.as_f64()),
        Node::Absent(_) => "-".into(),
        node => inline(node, 0),
    }
}
