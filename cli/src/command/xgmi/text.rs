//! The tables for people.

use amdgpu_smi::gpu::XgmiLink;
use amdgpu_smi::unit::{Bytes, KiloBytes};

use super::{GpuLinks, XgmiTables, errors, no_value, state};
use crate::render::table::{Column, Table};
use crate::render::{inline, size};
use crate::report::{Forms, Node, Number, Section};

const LEGEND: &str = "
Legend:
  U / D = Link is Up / Down
  Read / Write = Traffic of a link since the driver was loaded
  N/A = Not supported
";

/// The tables as text, of the first partitions only.
pub(super) fn tables(found: &[GpuLinks], wanted: XgmiTables, verbose: u8) -> String {
    let mut first: Vec<&GpuLinks> = found.iter().filter(|found| found.is_first()).collect();
    if first.is_empty() {
        // Others were asked for by name: they answer for their package.
        first.extend(found);
    }
    let mut tables = Vec::new();
    if wanted.metric {
        tables.push(metrics(&first, verbose));
    }
    if wanted.status {
        tables.push(states(&first, verbose));
    }
    if wanted.hive {
        tables.push(hive(&first, verbose));
    }
    if wanted.errors {
        tables.push(last_errors(&first, verbose));
    }
    format!("{}{LEGEND}", tables.join("\n"))
}

const AMDS_LEGEND: &str = "

Legend:
  SELF = Current GPU
  N/A = Not supported
  U / D / X = Link is Up / Down / Disabled
  Read / Write = GPU Metric Accumulated Read / Write
";

/// AMD's tables, with a place for each GPU, of the document that `--json=amd` prints.
pub(super) fn as_amds(document: &Section, wanted: XgmiTables) -> String {
    let mut text = String::new();
    // The metrics are in a list of their own.
    let metrics = rows(document, "xgmi_metric").first().map(items).unwrap_or_default();
    let states = rows(document, "link_status");
    let columns = |rows: &[Node], width: usize| {
        let name = |row: &Node| format!("{:width$}", format!("GPU{}", cell(row, "gpu")));
        rows.iter().map(name).collect::<String>()
    };
    if wanted.metric {
        let heading = format!("bit_rate  max_bandwidth  link_type  {}", columns(&metrics, 13));
        text.push_str(&format!("\nLINK METRIC TABLE:\n       bdf           {}\n", heading.trim_end()));
        for row in &metrics {
            let Some(Node::Section(link)) = part(row, "link_metrics") else { continue };
            let link = Node::Section(link.clone());
            let of = |key| cell(&link, key);
            let numbers = format!("{:10}{:15}{}", of("bit_rate"), of("max_bandwidth"), of("link_type"));
            text.push_str(&begun(row, &numbers));
            for (name, key) in [(" Read", "read"), (" Write", "write")] {
                let cells: String =
                    list(&link, "links").iter().map(|link| format!("{:13}", traffic_of(link, key))).collect();
                text.push_str(&format!("{name:57}{}\n", cells.trim_end()));
            }
        }
    }
    if wanted.status {
        text.push_str(&format!("\nGPU LINK PORT STATUS:\n       bdf           {:20}\n", "port_num"));
        for row in rows(document, "link_port_status") {
            let states = list(&row, "link_status");
            let states: String = states.iter().map(|state| format!("{:5}", inline(state, 0))).collect();
            text.push_str(&begun(&row, states.trim_end()));
        }
    }
    if wanted.hive {
        text.push_str(&format!("\nXGMI LINK STATUS:\n       bdf           {}\n", columns(&states, 14)));
        for row in &states {
            let cells = list(row, "link_status");
            let cells: String = cells.iter().map(|state| format!("{:14}", inline(state, 0))).collect();
            text.push_str(&begun(row, cells.trim_end()));
        }
    }
    if wanted.errors {
        text.push_str("\nERRORS SINCE LAST READ, CLEARED BY READING:\n");
        for row in rows(document, "errors") {
            text.push_str(&begun(&row, &cell(&row, "errors_since_last_read")));
        }
    }
    text.push_str(AMDS_LEGEND);
    text
}

/// A line that begins with the GPU and its address.
fn begun(row: &Node, rest: &str) -> String {
    format!("{:7}{:14}{rest}\n", format!("GPU{}", cell(row, "gpu")), cell(row, "bdf"))
}

fn part<'a>(node: &'a Node, key: &str) -> Option<&'a Node> {
    match node {
        Node::Section(section) => section.get(Forms::AMD_JSON, key),
        _ => None,
    }
}

fn cell(node: &Node, key: &str) -> String {
    part(node, key).map_or_else(String::new, |node| inline(node, 0))
}

fn items(node: &Node) -> Vec<Node> {
    match node {
        Node::List(nodes) => nodes.clone(),
        _ => Vec::new(),
    }
}

fn list(node: &Node, key: &str) -> Vec<Node> {
    part(node, key).map(items).unwrap_or_default()
}

fn rows(document: &Section, key: &str) -> Vec<Node> {
    document.get(Forms::AMD_JSON, key).map(items).unwrap_or_default()
}

/// KB of the document, in a unit that fits.
fn traffic_of(link: &Node, key: &str) -> String {
    match part(link, key) {
        Some(Node::Quantity(Number::Unsigned(amount), _)) => size(Bytes(amount.saturating_mul(1024))),
        Some(other) => inline(other, 0),
        None => String::new(),
    }
}

/// The columns that every table begins with.
fn gpu_columns() -> [Column; 2] {
    [Column::left("", 6), Column::left("bdf", 12).gap(1)]
}

fn gpu_cells(found: &GpuLinks) -> Vec<String> {
    vec![format!("GPU{}", found.gpu.index()), found.gpu.bdf().to_string()]
}

/// A row for each GPU, and below it what went over its links.
fn metrics(gpus: &[&GpuLinks], verbose: u8) -> String {
    let most = gpus.iter().map(|found| found.links().len()).max().unwrap_or(0);
    let per_gpu =
        [Column::left("bit_rate", 8), Column::left("max_bandwidth", 13), Column::left("link_type", 9)];
    // Where no link is known, the first has the reason, without a heading.
    let links = (0..most.max(1)).map(|link| match most {
        0 => Column::left("", 0),
        _ => Column::left(format!("LINK{link}"), 11),
    });
    let table = Table::new(gpu_columns().into_iter().chain(per_gpu).chain(links));
    let mut rows = Vec::new();
    for found in gpus {
        let per_gpu = [found.bit_rate(), found.max_bandwidth(), found.kind()];
        let mut row = gpu_cells(found);
        row.extend(per_gpu.iter().map(|node| inline(node, verbose)));
        rows.push(row);
        rows.push(traffic(found, " Read", |link| link.read));
        rows.push(traffic(found, " Write", |link| link.written));
    }
    format!("LINK METRIC TABLE:\n{}", table.text(&rows))
}

fn traffic(found: &GpuLinks, name: &str, amount: fn(&XgmiLink) -> Option<KiloBytes>) -> Vec<String> {
    let mut row = vec![String::new(); 5];
    if let Some(first) = row.first_mut() {
        *first = name.to_owned();
    }
    row.extend(found.links().iter().map(|link| match amount(link) {
        Some(amount) => size(Bytes(amount.0.saturating_mul(1024))),
        None => "N/A".into(),
    }));
    if found.links().is_empty() {
        row.push("N/A".into());
    }
    row
}

fn states(gpus: &[&GpuLinks], verbose: u8) -> String {
    let table = Table::new(gpu_columns().into_iter().chain([Column::left("port_num", 0)]));
    let row = |found: &&GpuLinks| {
        let states: Vec<String> =
            found.links().iter().map(|link| inline(&state(link.state), verbose)).collect();
        let mut row = gpu_cells(found);
        row.push(if states.is_empty() { inline(&found.kind(), verbose) } else { states.join("  ") });
        row
    };
    format!("GPU LINK PORT STATUS:\n{}", table.text(&gpus.iter().map(row).collect::<Vec<_>>()))
}

fn hive(gpus: &[&GpuLinks], verbose: u8) -> String {
    let of_hive = [
        Column::left("hive_id", 18),
        Column::left("node_id", 7),
        Column::left("physical_id", 11),
        Column::left("links to each GPU of the hive", 0),
    ];
    let table = Table::new(gpu_columns().into_iter().chain(of_hive));
    let row = |found: &&GpuLinks| {
        let info = &found.info;
        let peers = info.peers.iter().map(|peer| {
            let bdf = peer.bdf.map_or_else(|| "?".into(), |bdf| bdf.to_string());
            let links = peer.links.map_or_else(|| "N/A".into(), |links| links.to_string());
            match peer.hops {
                Some(0) => format!("{bdf} SELF"),
                _ => format!("{bdf} {links}"),
            }
        });
        let peers: Vec<String> = peers.collect();
        let ids = [
            Node::reading_as(&info.hive_id, |id| format!("{id:#x}")),
            Node::reading(&info.node_id),
            Node::reading(&info.physical_id),
        ];
        let mut row = gpu_cells(found);
        row.extend(ids.iter().map(|node| inline(node, verbose)));
        row.push(if peers.is_empty() { "N/A".into() } else { peers.join(", ") });
        row
    };
    format!("HIVE:\n{}", table.text(&gpus.iter().map(row).collect::<Vec<_>>()))
}

fn last_errors(gpus: &[&GpuLinks], verbose: u8) -> String {
    let mut table = Table::new(gpu_columns().into_iter().chain([Column::left("", 0).gap(2)]));
    let row = |found: &&GpuLinks| {
        let node = found.errors.as_ref().map_or_else(no_value, errors);
        let mut row = gpu_cells(found);
        row.push(inline(&node, verbose));
        row
    };
    let rows: Vec<Vec<String>> = gpus.iter().map(row).collect();
    table.fit(&rows);
    let lines = rows.iter().map(|row| format!("{}\n", table.line(row)));
    format!("ERRORS SINCE LAST READ, CLEARED BY READING:\n{}", lines.collect::<String>())
}
