//! The tables for people.

use amdgpu_smi::gpu::XgmiLink;
use amdgpu_smi::unit::{Bytes, KiloBytes};

use super::{Found, Wanted, errors, letter, no_value};
use crate::render::{inline, size};
use crate::report::Node;

/// The tables as text, of the first partitions only.
pub(super) fn tables(found: &[Found], wanted: Wanted, verbose: u8) -> String {
    let mut first: Vec<&Found> = found.iter().filter(|found| found.is_first()).collect();
    if first.is_empty() {
        // Others were asked for by name: they answer for their package.
        first.extend(found);
    }
    let name = |found: &Found| format!("GPU{:<4}{:14}", found.gpu.index(), found.gpu.bdf().to_string());
    let cell = |node: Node| inline(&node, verbose);
    let mut text = String::new();
    let mut line = |line: String| {
        text.push_str(line.trim_end());
        text.push('\n');
    };
    if wanted.metric {
        let most = first.iter().map(|found| found.links().len()).max().unwrap_or(0);
        let links: String = (0..most).map(|link| format!("{:13}", format!("LINK{link}"))).collect();
        line("LINK METRIC TABLE:".into());
        line(format!("       {:14}{:10}{:15}{:11}{links}", "bdf", "bit_rate", "max_bandwidth", "link_type"));
        for found in &first {
            line(format!(
                "{}{:10}{:15}{:11}",
                name(found),
                cell(found.bit_rate()),
                cell(found.max_bandwidth()),
                cell(found.kind())
            ));
            for (name, value) in [
                (" Read", (|link| link.read) as fn(&XgmiLink) -> Option<KiloBytes>),
                (" Write", |link| link.written),
            ] {
                let amounts = found.links().iter().map(|link| match value(link) {
                    Some(amount) => size(Bytes(amount.0.saturating_mul(1024))),
                    None => "N/A".into(),
                });
                let amounts: String = amounts.map(|amount| format!("{amount:13}")).collect();
                line(format!("{name:57}{}", if amounts.is_empty() { "N/A" } else { &amounts }));
            }
        }
    }
    if wanted.status {
        line(String::new());
        line("GPU LINK PORT STATUS:".into());
        line(format!("       {:14}port_num", "bdf"));
        for found in &first {
            let states: Vec<String> = found.links().iter().map(|link| cell(letter(link.state))).collect();
            let states = if states.is_empty() { cell(found.kind()) } else { states.join("  ") };
            line(format!("{}{states}", name(found)));
        }
    }
    if wanted.hive {
        line(String::new());
        line("HIVE:".into());
        line(format!(
            "       {:14}{:20}{:9}{:13}links to each GPU of the hive",
            "bdf", "hive_id", "node_id", "physical_id"
        ));
        for found in &first {
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
            line(format!(
                "{}{:20}{:9}{:13}{}",
                name(found),
                cell(Node::reading_as(&info.hive_id, |id| format!("{id:#x}"))),
                cell(Node::reading(&info.node_id)),
                cell(Node::reading(&info.physical_id)),
                if peers.is_empty() { "N/A".into() } else { peers.join(", ") }
            ));
        }
    }
    if wanted.errors {
        line(String::new());
        line("ERRORS SINCE LAST READ, CLEARED BY READING:".into());
        for found in &first {
            let node = found.errors.as_ref().map_or_else(no_value, errors);
            line(format!("{}{}", name(found), cell(node)));
        }
    }
    line(String::new());
    line("Legend:".into());
    line("  U / D = Link is Up / Down".into());
    line("  Read / Write = Traffic of a link since the driver was loaded".into());
    line("  N/A = Not supported".into());
    text.trim_start_matches('\n').to_owned()
}
