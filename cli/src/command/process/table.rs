//! Processes as a table, a row for each and GPU.

use amdgpu_smi::parse::fdinfo::Engine;
use amdgpu_smi::process::ProcessGpu;
use amdgpu_smi::unit::Bytes;

use super::Listing;
use super::args::ProcessArgs;
use crate::output::Output;
use crate::render::style::{self, Styles};
use crate::render::table::{Column, Table};
use crate::render::{inline, size};
use crate::report::{Node, Number};
use crate::sections::process::{Use, nobody_text, of_engines, percent, sdma_percent};

/// Headings and least widths; those that are percentages after two looks, and times before, are marked.
const COLUMNS: [(&str, usize, bool); 12] = [
    ("GPU", 3, false),
    ("PID", 7, false),
    ("USER", 8, false),
    ("NAME", 15, false),
    ("VRAM", 8, false),
    ("GTT", 8, false),
    ("GFX", 6, true),
    ("COMPUTE", 7, true),
    ("ENC", 6, true),
    ("DEC", 6, true),
    ("SDMA", 6, true),
    ("CU%", 4, false),
];

/// The rows as text.
pub(super) struct ProcessTable {
    table: Table,
    percent: bool,
    watching: bool,
    styles: Styles,
    on_screen: bool,
    has_heading: bool,
}

impl ProcessTable {
    pub(super) fn new(args: &ProcessArgs, output: &Output) -> ProcessTable {
        let watching = args.watch.interval().is_some();
        let percent = watching || args.percent.is_some();
        let columns = COLUMNS.iter().map(|(heading, least, is_engine)| {
            let percent = if percent && *is_engine { "%" } else { "" };
            Column::right(format!("{heading}{percent}"), *least)
        });
        ProcessTable {
            table: Table::new(columns.chain([Column::left("CONTAINER", 0).at_most(12)])),
            percent,
            watching,
            styles: output.styles,
            on_screen: output.is_terminal(),
            has_heading: false,
        }
    }

    /// The heading, and a row for each process and GPU. In a watch every answer has its heading where somebody looks,
    /// as the list is another each time; a file has one.
    pub(super) fn rows(&mut self, list: &Listing<'_>, timestamp: Option<f64>) -> String {
        let rows: Vec<Vec<String>> = list.rows().iter().map(|used| self.cells(*used)).collect();
        self.table.fit(&rows);
        let mut text = String::new();
        let prefix = timestamp.map(|timestamp| format!("{timestamp:>14.3}  ")).unwrap_or_default();
        if !self.has_heading || self.on_screen {
            let stamp = if self.watching { format!("{:>14}  ", "TIMESTAMP") } else { String::new() };
            let heading = format!("{stamp}{}", self.table.heading().trim_end());
            text.push_str(&self.styles.paint(style::HEADING, &heading));
            text.push('\n');
            self.has_heading = true;
        }
        text.extend(rows.iter().map(|row| format!("{prefix}{}\n", self.table.line(row))));
        if rows.is_empty() {
            text.push_str(&format!("{prefix}{}\n", nobody_text(list.found)));
        }
        if self.watching {
            text.push('\n');
        }
        text
    }

    fn cells(&self, (process, used): Use<'_>) -> Vec<String> {
        let name = |name: Option<&str>| name.unwrap_or("N/A").to_owned();
        let memory = |bytes: Option<Bytes>| bytes.map_or_else(|| "N/A".into(), size);
        let user = process.user.clone().or_else(|| process.uid.map(|uid| uid.to_string()));
        vec![
            used.gpu.map_or_else(|| "-".into(), |index| index.to_string()),
            process.pid.to_string(),
            name(user.as_deref()),
            name(process.name.as_deref()),
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
            process.container.clone().unwrap_or_default(),
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
