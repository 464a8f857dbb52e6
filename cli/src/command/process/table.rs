//! Processes as a table, a row for each and GPU.

use amdgpu_smi::parse::fdinfo::Engine;
use amdgpu_smi::process::ProcessGpu;
use amdgpu_smi::unit::Bytes;

use super::View;
use super::args::ProcessArgs;
use crate::output::Output;
use crate::render::{inline, printable, size};
use crate::report::{Node, Number};
use crate::sections::process::{NONE, Use, of_engines, percent, sdma_percent, unknown};

/// Heading and least width of each column but the last, which is the container's.
const COLUMNS: [(&str, usize); 12] = [
    ("GPU", 3),
    ("PID", 9),
    ("USER", 10),
    ("NAME", 17),
    ("VRAM", 10),
    ("GTT", 10),
    ("GFX", 8),
    ("COMPUTE", 9),
    ("ENC", 8),
    ("DEC", 8),
    ("SDMA", 8),
    ("CU%", 6),
];
/// The columns that are percentages after two looks, and times before.
const ENGINES: std::ops::Range<usize> = 6..11;

/// The rows as text.
pub(super) struct Table {
    widths: [usize; COLUMNS.len()],
    percent: bool,
    watching: bool,
    colour: bool,
    on_screen: bool,
    has_heading: bool,
}

impl Table {
    pub(super) fn new(args: &ProcessArgs, output: &Output) -> Table {
        let watching = args.watch.watch.is_some();
        Table {
            widths: COLUMNS.map(|(_, width)| width),
            percent: watching || args.percent.is_some(),
            watching,
            colour: output.colour,
            on_screen: output.is_terminal(),
            has_heading: false,
        }
    }

    /// The heading, and a row for each process and GPU. In a watch every answer has its heading where somebody looks,
    /// as the list is another each time; a file has one.
    pub(super) fn rows(&mut self, view: &View<'_>, timestamp: Option<f64>) -> String {
        let uses = view.rows();
        let rows: Vec<[String; COLUMNS.len()]> = uses.iter().map(|used| self.cells(*used)).collect();
        for row in &rows {
            for (position, (cell, width)) in row.iter().zip(&mut self.widths).enumerate() {
                // A cell that does not fit makes its column wider from then on, by two for the gap.
                let gap = if position == 0 { 0 } else { 2 };
                *width = (*width).max(cell.chars().count() + gap);
            }
        }
        let mut text = String::new();
        let prefix = timestamp.map(|timestamp| format!("{timestamp:>14.3}  ")).unwrap_or_default();
        if !self.has_heading || self.on_screen {
            self.heading(&mut text);
            self.has_heading = true;
        }
        for (row, (process, _)) in rows.iter().zip(&uses) {
            text.push_str(&prefix);
            let cells = row.iter().zip(self.widths);
            text.extend(cells.map(|(cell, width)| format!("{cell:>width$}")));
            if let Some(container) = &process.container {
                text.push_str(&format!("  {}", printable(container).chars().take(12).collect::<String>()));
            }
            text.push('\n');
        }
        if rows.is_empty() {
            let sentence = if unknown(view.found).is_none() { NONE } else { "N/A" };
            text.push_str(&format!("{prefix}{sentence}\n"));
        }
        if self.watching {
            text.push('\n');
        }
        text
    }

    fn heading(&self, text: &mut String) {
        if self.colour {
            text.push_str("\x1b[1m");
        }
        if self.watching {
            text.push_str(&format!("{:>14}  ", "TIMESTAMP"));
        }
        for (position, ((heading, _), width)) in COLUMNS.iter().zip(self.widths).enumerate() {
            let percent = if self.percent && ENGINES.contains(&position) { "%" } else { "" };
            text.push_str(&format!("{:>width$}", format!("{heading}{percent}")));
        }
        text.push_str("  CONTAINER");
        if self.colour {
            text.push_str("\x1b[0m");
        }
        text.push('\n');
    }

    fn cells(&self, (process, used): Use<'_>) -> [String; COLUMNS.len()] {
        let word = |word: &Option<String>| word.as_deref().map_or_else(|| "N/A".into(), printable);
        let memory = |bytes: Option<Bytes>| bytes.map_or_else(|| "N/A".into(), size);
        let user = process.user.clone().or_else(|| process.uid.map(|uid| uid.to_string()));
        [
            used.gpu.map_or_else(|| "-".into(), |index| index.to_string()),
            process.pid.to_string(),
            word(&user),
            word(&process.name),
            memory(used.vram),
            memory(used.gtt),
            self.engine(used, &[Engine::Gfx]),
            self.engine(used, &[Engine::Compute]),
            self.engine(used, &[Engine::Encode, Engine::Encode1]),
            self.engine(used, &[Engine::Decode]),
            self.sdma(used),
            match used.compute_percent {
                Some(percent) => format!("{percent:.0}"),
                None => "N/A".into(),
            },
        ]
    }

    fn engine(&self, used: &ProcessGpu, engines: &[Engine]) -> String {
        let time = || {
            let of = used.engines.iter().filter(|found| engines.contains(&found.engine));
            let time = of.map(|found| found.time.0).fold(0, u64::saturating_add);
            Node::quantity(Number::rounded(time as f64 / 1e9, 1), "s")
        };
        let node = if self.percent { percent(used, engines) } else { of_engines(used, time) };
        self.cell(&node)
    }

    fn sdma(&self, used: &ProcessGpu) -> String {
        let time = used.kfd.as_ref().and_then(|kfd| kfd.sdma);
        let time = || time.map(|time| Node::quantity(Number::rounded(time.0 as f64 / 1e6, 1), "s"));
        let node = if self.percent { Some(sdma_percent(used)) } else { time() };
        node.map_or_else(|| "N/A".into(), |node| self.cell(&node))
    }

    /// A percentage without its sign, which the heading has.
    fn cell(&self, node: &Node) -> String {
        match node {
            Node::Quantity(value, "%") => format!("{:.1}", value.as_f64()),
            node => inline(node, 0),
        }
    }
}
