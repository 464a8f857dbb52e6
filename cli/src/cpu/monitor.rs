//! `monitor` of processors: a row for each socket, or for each core.

use amdgpu_smi::cpu::{Core, Socket};

use super::args::CpuArgs;
use super::{Chosen, choose};
use crate::answer::{self, answered, tidy};
use crate::args::{Common, WatchArgs};
use crate::failure::Failure;
use crate::output::Output;
use crate::render::table::{Column, Table};
use crate::render::{AmdRoot, Columns, Document, Format, inline};
use crate::report::{Forms, Node, Section};
use crate::watch::{timestamp, watch};

/// A column of the text: its heading, its width, and the key of its value.
type Heading = (&'static str, usize, &'static str);

const SOCKET: [Heading; 10] = [
    ("CPU", 3, "cpu"),
    ("POWER", 9, "power_usage"),
    ("CAP", 7, "power_limit"),
    ("TEMP", 8, "temperature"),
    ("C0", 5, "c0_residency"),
    ("FCLK", 8, "fabric_clock"),
    ("MCLK", 8, "memory_clock"),
    ("CORE_LIMIT", 10, "core_limit"),
    ("DDR_BW", 9, "ddr_bandwidth"),
    ("PROCHOT", 7, "prochot"),
];
const CORE: [Heading; 5] = [
    ("CORE", 4, "core"),
    ("CLOCK", 8, "clock"),
    ("LIMIT", 8, "frequency_limit"),
    ("BOOST", 8, "boost_limit"),
    ("ENERGY", 14, "energy"),
];

/// Prints the rows, once or again and again.
pub(crate) fn monitor(common: &Common, args: &CpuArgs, watched: &WatchArgs) -> Result<(), Failure> {
    let chosen = choose(common, args.sockets(), args.cores())?;
    let mut output = Output::open(common)?;
    let mut columns = Columns::default();
    let format = answer::format(common);
    let mut print = |timestamp: Option<f64>| {
        let sections = rows(&chosen);
        let text = match format {
            Format::Text { verbose, .. } => text(&sections, verbose, timestamp.is_some()),
            _ => Document { sections: &sections, timestamp, root: AmdRoot::CpuData }
                .render(format, &mut columns),
        };
        output.write(&text)?;
        Ok::<_, Failure>(sections)
    };
    match watched.interval() {
        None => answered(&print(None)?),
        Some(interval) => {
            let end = watch(interval, watched, || print(Some(timestamp())).map(drop))?;
            tidy(end, &mut output)
        }
    }
}

fn rows(chosen: &Chosen) -> Vec<Section> {
    let cores = chosen.cores.iter().map(|(number, core)| of_core(*number, core));
    chosen.sockets.iter().map(of_socket).chain(cores).collect()
}

fn of_socket(socket: &Socket) -> Section {
    let (power, clocks) = (socket.power(), socket.clocks());
    let mut section = Section::new();
    section
        .put("cpu", socket.index())
        .put("power_usage", Node::reading(&power.socket))
        .put("power_limit", Node::reading(&power.limit))
        .put("temperature", Node::reading(&socket.temperature()))
        .put("c0_residency", Node::reading(&socket.c0_residency()))
        .put("fabric_clock", Node::reading(&clocks.fabric))
        .put("memory_clock", Node::reading(&clocks.memory))
        .put("core_limit", Node::reading(&clocks.core_limit));
    let used = Node::reading_as(&socket.ddr_bandwidth(), |memory| Node::quantity(memory.used.0, "GB/s"));
    section.put("ddr_bandwidth", used).put("prochot", Node::reading(&socket.prochot()));
    section
}

fn of_core(number: usize, core: &Core) -> Section {
    let mut section = Section::new();
    section
        .put("core", number)
        .put("clock", Node::reading(&core.frequency()))
        .put("frequency_limit", Node::reading(&core.frequency_limit()))
        .put("boost_limit", Node::reading(&core.boost_limit()))
        .put("energy", Node::reading(&core.energy()));
    section
}

/// A table of sockets, and below it one of cores. An empty line ends an answer that others follow.
fn text(sections: &[Section], verbose: u8, is_watched: bool) -> String {
    let mut text = String::new();
    for headings in [&SOCKET[..], &CORE[..]] {
        let key = headings.first().map_or("", |(_, _, key)| key);
        let rows: Vec<Vec<String>> = sections
            .iter()
            .filter(|section| section.get(Forms::TEXT, key).is_some())
            .map(|section| {
                let cell = |(_, _, key): &Heading| {
                    section.get(Forms::TEXT, key).map_or_else(String::new, |node| inline(node, verbose))
                };
                headings.iter().map(cell).collect()
            })
            .collect();
        if rows.is_empty() {
            continue;
        }
        if !text.is_empty() {
            text.push('\n');
        }
        let mut table = Table::new(headings.iter().map(|(name, width, _)| Column::right(*name, *width)));
        table.fit(&rows);
        text.push_str(&format!("{}\n", table.heading()));
        rows.iter().for_each(|row| text.push_str(&format!("{}\n", table.line(row))));
    }
    if is_watched {
        text.push('\n');
    }
    text
}
