//! `topology`: how the GPUs are wired, as AMD's nine tables.

mod args;

use std::borrow::Cow;
use std::collections::HashSet;

use amdgpu_smi::Gpu;
use amdgpu_smi::topology::{Link, LinkKind, LinkPath, Topology};
use amdgpu_smi::unit::MegabytesPerSecond;

pub(crate) use self::args::TopologyArgs;
use crate::answer;
use crate::args::Common;
use crate::failure::Failure;
use crate::output::Output;
use crate::render::table::width;
use crate::render::{AmdRoot, Columns, Document, Format, Layout, Listed, inline, ranges, write_json};
use crate::report::{Forms, Node, Section};

pub(crate) fn run(common: &Common, args: &TopologyArgs) -> Result<(), Failure> {
    let root = AmdRoot::Array;
    let (smi, gpus, mut output) = answer::begin_with_machine(common, root)?;
    let topology = smi.topology();
    let wanted: Vec<&LinkTable> = TABLES.iter().filter(|table| !any(args) || (table.wanted)(args)).collect();
    let format = answer::format(common);
    if let Format::Text { verbose, layout } = format {
        write_tables(&topology, &gpus, &wanted, (verbose, layout), &mut output)?;
    } else if format == Format::Json {
        let reports = gpus.iter().map(|gpu| report(&topology, &gpus, gpu, &wanted, Forms::JSON));
        output.write_with(|out| write_json(out, None, "gpu_data", reports))?;
    } else {
        let sections = gpus.iter().map(|gpu| match format {
            Format::Csv(_) => row(&topology, &gpus, gpu, &wanted),
            _ => report(&topology, &gpus, gpu, &wanted, Forms::AMD_JSON).collected(),
        });
        let document = Document { sections: &sections.collect::<Vec<_>>(), timestamp: None, root };
        output.write(&document.render(format, &mut Columns::default()))?;
    }
    let is_known = |gpu: &Gpu| gpus.iter().any(|to| topology.link(gpu.index(), to.index()).is_some());
    if gpus.iter().any(is_known) {
        return Ok(());
    }
    let reason = gpus.first().and_then(|gpu| topology.gpus.get(gpu.index())?.links.as_ref().err());
    let reason = reason.map_or_else(|| "KFD lists no GPU".into(), ToString::to_string);
    Err(Failure::Unanswered(format!("the topology is not known: {reason}")))
}

/// One of the tables.
struct LinkTable {
    title: &'static str,
    key: &'static str,
    /// The column's name in CSV, if it differs from the key.
    column: &'static str,
    wanted: fn(&TopologyArgs) -> bool,
    /// As AMD prints it.
    amd: fn(&Link) -> Node,
    /// The value in this program's layout.
    own: fn(&Link) -> Node,
}

const TABLES: [LinkTable; 9] = [
    LinkTable {
        title: "ACCESS",
        key: "link_status",
        column: "link_accessibility",
        wanted: |args| args.access,
        amd: access,
        own: access,
    },
    LinkTable {
        title: "WEIGHT",
        key: "weight",
        column: "weight",
        wanted: |args| args.weight,
        amd: weight,
        own: weight,
    },
    LinkTable {
        title: "HOPS",
        key: "num_hops",
        column: "hops",
        wanted: |args| args.hops,
        amd: hops,
        own: hops,
    },
    LinkTable {
        title: "LINK TYPE",
        key: "link_type",
        column: "link_type",
        wanted: |args| args.link_type,
        amd: kind,
        own: kind,
    },
    LinkTable {
        title: "NUMA BW",
        key: "bandwidth",
        column: "numa_bandwidth",
        wanted: |args| args.numa_bw,
        amd: bandwidth_range,
        own: bandwidth,
    },
    LinkTable {
        title: "CACHE COHERENCY",
        key: "coherent",
        column: "coherent",
        wanted: |args| args.coherent,
        amd: |link| or_self(link, link.coherent.map(|coherent| if coherent { "C" } else { "NC" })),
        own: |link| value(link, link.coherent),
    },
    LinkTable {
        title: "ATOMICS",
        key: "atomics",
        column: "atomics",
        wanted: |args| args.atomics,
        amd: atomic_widths,
        own: atomics,
    },
    LinkTable {
        title: "DMA",
        key: "dma",
        column: "dma",
        wanted: |args| args.dma,
        amd: |link| or_self(link, link.dma.map(true_or_false)),
        own: |link| value(link, link.dma),
    },
    LinkTable {
        title: "BI-DIRECTIONAL",
        key: "bi_dir",
        column: "bi_dir",
        wanted: |args| args.bi_dir,
        amd: |link| or_self(link, link.bidirectional.map(true_or_false)),
        own: |link| value(link, link.bidirectional),
    },
];

fn any(args: &TopologyArgs) -> bool {
    TABLES.iter().any(|table| (table.wanted)(args))
}

fn access(link: &Link) -> Node {
    if link.is_accessible() { "ENABLED".into() } else { "DISABLED".into() }
}

fn weight(link: &Link) -> Node {
    link.weight.map_or_else(|| unknown(link), Node::from)
}

fn hops(link: &Link) -> Node {
    link.hops.map_or_else(|| unknown(link), Node::from)
}

fn kind(link: &Link) -> Node {
    match link.kind {
        LinkKind::Same => "SELF".into(),
        LinkKind::Pcie => "PCIE".into(),
        LinkKind::Xgmi => "XGMI".into(),
        _ => "UNKNOWN".into(),
    }
}

fn bandwidth_range(link: &Link) -> Node {
    match (link.min_bandwidth, link.max_bandwidth) {
        (Some(least), Some(most)) => format!("{}-{}", least.0, most.0).into(),
        _ => unknown(link),
    }
}

fn bandwidth(link: &Link) -> Node {
    let of = |value: Option<MegabytesPerSecond>| {
        value.map_or_else(|| unknown(link), |value| Node::quantity(value.0, "MB/s"))
    };
    let mut section = Section::new();
    section.put("min", of(link.min_bandwidth)).put("max", of(link.max_bandwidth));
    section.into()
}

fn atomic_widths(link: &Link) -> Node {
    match (link.atomics_64, link.atomics_32) {
        (Some(true), Some(true)) => "64,32".into(),
        (_, Some(true)) => "32".into(),
        (Some(true), _) => "64".into(),
        _ => or_self(link, None),
    }
}

/// The widths that pass.
fn atomics(link: &Link) -> Node {
    let (Some(narrow), Some(wide)) = (link.atomics_32, link.atomics_64) else { return unknown(link) };
    let widths = [(narrow, 32u32), (wide, 64)].into_iter().filter(|(passes, _)| *passes);
    Node::List(widths.map(|(_, width)| width.into()).collect())
}

fn true_or_false(flag: bool) -> &'static str {
    if flag { "T" } else { "F" }
}

/// AMD's word; of the way to itself, SELF.
fn or_self(link: &Link, name: Option<&str>) -> Node {
    match (link.kind, name) {
        (LinkKind::Same, _) => "SELF".into(),
        (_, Some(name)) => name.into(),
        (_, None) => unknown(link),
    }
}

fn value(link: &Link, value: Option<bool>) -> Node {
    value.map_or_else(|| unknown(link), Node::from)
}

/// Why a quality of the way is not known.
fn unknown(link: &Link) -> Node {
    match link.path {
        LinkPath::Same => Node::absent("itself", "a GPU has no link to itself"),
        LinkPath::Host => Node::absent("no link", "KFD lists no link; transfers go through host memory"),
        _ => Node::absent("not known", "KFD lists the link without this value"),
    }
}

/// Why there is no way at all.
fn no_link(topology: &Topology, from: &Gpu, to: &Gpu) -> Node {
    let reason = |gpu: &Gpu| topology.gpus.get(gpu.index())?.links.as_ref().err();
    match reason(from).or_else(|| reason(to)) {
        Some(error) => Node::from(error),
        None => Node::absent("no link", "KFD lists no link and no common CPU"),
    }
}

/// A GPU with its ways to the others in one form of output; each way is made when it is written.
fn report<'a>(
    topology: &'a Topology,
    gpus: &'a [Gpu],
    gpu: &'a Gpu,
    wanted: &'a [&LinkTable],
    form: Forms,
) -> Listed<'a> {
    let links = gpus.iter().map(move |to| {
        let link = topology.link(gpu.index(), to.index());
        let missing = || no_link(topology, gpu, to);
        let mut section = Section::new();
        section.put("gpu", to.index()).put("bdf", to.bdf().to_string());
        for table in wanted {
            let value = if form == Forms::JSON { table.own } else { table.amd };
            section.put(table.key, link.map_or_else(missing, value));
        }
        section.put_in(Forms::JSON, "path", link.map_or_else(missing, |link| path(link.path)));
        Node::from(section)
    });
    let mut before = Section::new();
    before.put("gpu", gpu.index()).put("bdf", gpu.bdf().to_string());
    let mut after = Section::new();
    place(topology, gpus, gpu, &mut after);
    Listed { before: Cow::Owned(before), list: Some(("links", Box::new(links))), after }
}

fn path(path: LinkPath) -> Node {
    match path {
        LinkPath::Same => "same".into(),
        LinkPath::Direct => "direct".into(),
        LinkPath::PeerToPeer => "peer_to_peer".into(),
        LinkPath::Host => "host".into(),
        _ => Node::absent("not known", "this version does not know the kind of link"),
    }
}

/// Where in the machine the GPU is, which AMD's tables leave out.
fn place(topology: &Topology, gpus: &[Gpu], gpu: &Gpu, section: &mut Section) {
    let info = gpu.numa_info();
    let mut numa = Section::new();
    numa.put("node", Node::reading(&info.node))
        .put("cpus", Node::reading_as(&info.cpus, |cpus| ranges(cpus.iter().cloned())));
    let here = topology.gpus.get(gpu.index());
    let cpu = match here.map(|here| &here.cpu_node) {
        Some(Ok(node)) => Node::from(node.0),
        Some(Err(error)) => Node::from(error),
        None => Node::absent("not known", "KFD lists no link to a CPU"),
    };
    let hive = here.and_then(|here| here.hive).map(|hive| Node::Text(format!("{hive:#x}")));
    // `gpus` may be in any order.
    let places: HashSet<usize> = gpus.iter().map(Gpu::index).collect();
    let chosen = |index: &usize| places.contains(index);
    let nearest = topology.nearest(gpu.index()).into_iter().filter(chosen);
    section
        .put_in(Forms::JSON, "numa", numa)
        .put_in(Forms::JSON, "cpu_node", cpu)
        .put_in(
            Forms::JSON,
            "hive_id",
            hive.unwrap_or_else(|| Node::absent("no hive", "the GPU has no XGMI link to another GPU")),
        )
        .put_in(Forms::JSON, "nearest", Node::List(nearest.map(Node::from).collect()));
}

/// A row of the CSV, with AMD's columns.
fn row(topology: &Topology, gpus: &[Gpu], gpu: &Gpu, wanted: &[&LinkTable]) -> Section {
    let mut section = Section::new();
    section.put("gpu", gpu.index()).put("bdf", gpu.bdf().to_string());
    for table in wanted {
        for to in gpus {
            let link = topology.link(gpu.index(), to.index());
            let cell = link.map_or_else(|| no_link(topology, gpu, to), table.amd);
            section.put(format!("{}_gpu_{}", table.column, to.index()), cell);
        }
    }
    section
}

/// The legend, in AMD's layout in AMD's words.
fn legend(layout: Layout) -> String {
    let (gap, access, unit) = match layout {
        Layout::Own => ("\n", "Direct access to the other GPU's memory, or none", " in MB/s"),
        Layout::Amd => ("\n\n", "Link is enabled or disabled", ""),
    };
    format!(
        "{gap}Legend:\n  SELF = Current GPU\n  ENABLED / DISABLED = {access}\n  N/A = Not supported\n  T/F = True / False\n  \
         C/NC = Coherent / Non-Coherent io links\n  64,32 = 64 bit and 32 bit atomic support\n  <BW from>-<BW to>{unit}\n"
    )
}

/// Writes the tables as text, row by row: thousands of GPUs have millions of pairs. Few GPUs go by their addresses, as
/// AMD's, many by their numbers, which are shorter.
fn write_tables(
    topology: &Topology,
    gpus: &[Gpu],
    wanted: &[&LinkTable],
    (verbose, layout): (u8, Layout),
    output: &mut Output,
) -> Result<(), Failure> {
    const FEW: usize = 8;
    let many = gpus.len() > FEW && layout == Layout::Own;
    let heading = |gpu: &Gpu| if many { format!("GPU{}", gpu.index()) } else { gpu.bdf().to_string() };
    let name = |gpu: &Gpu| match many {
        true => format!("{:6}{}", heading(gpu), gpu.bdf()),
        false => heading(gpu),
    };
    let names: Vec<String> = gpus.iter().map(name).collect();
    let headings: Vec<String> = gpus.iter().map(heading).collect();
    let first = names.iter().map(|name| width(name)).max().unwrap_or(0);
    for table in wanted {
        // All columns are as wide as the widest.
        let mut widest = headings.iter().map(|heading| width(heading)).max().unwrap_or(0);
        let mut cells = Cells { topology, table, verbose, link: None, text: String::new(), width: 0 };
        for (from, to) in gpus.iter().flat_map(|from| gpus.iter().map(move |to| (from, to))) {
            widest = widest.max(cells.cell(from, to).1);
        }
        let mut line = format!("{} TABLE:\n{:first$}", table.title, "");
        for heading in &headings {
            push(&mut line, heading, width(heading), widest);
        }
        end(&mut line);
        output.write(&line)?;
        for (from, name) in gpus.iter().zip(&names) {
            line.clear();
            line.push_str(name);
            line.extend(std::iter::repeat_n(' ', first - width(name)));
            for to in gpus {
                let (cell, wide) = cells.cell(from, to);
                push(&mut line, cell, wide, widest);
            }
            end(&mut line);
            output.write(&line)?;
        }
    }
    output.write(&legend(layout))
}

/// Adds a cell and the blanks around it.
fn push(line: &mut String, cell: &str, wide: usize, widest: usize) {
    line.push(' ');
    line.push_str(cell);
    line.extend(std::iter::repeat_n(' ', widest.saturating_sub(wide)));
}

fn end(line: &mut String) {
    line.truncate(line.trim_end().len());
    line.push('\n');
}

/// The cells of a table, one after the other; the last one is kept, because neighbours are mostly alike.
struct Cells<'a> {
    topology: &'a Topology,
    table: &'a LinkTable,
    verbose: u8,
    link: Option<&'a Link>,
    text: String,
    width: usize,
}

impl Cells<'_> {
    /// The text of a pair, with its width.
    fn cell(&mut self, from: &Gpu, to: &Gpu) -> (&str, usize) {
        let link = self.topology.link(from.index(), to.index());
        let is_last = self.link.zip(link).is_some_and(|(last, link)| std::ptr::eq(last, link));
        if !is_last {
            let node = link.map_or_else(|| no_link(self.topology, from, to), self.table.amd);
            self.text = inline(&node, self.verbose);
            (self.width, self.link) = (width(&self.text), link);
        }
        (&self.text, self.width)
    }
}
