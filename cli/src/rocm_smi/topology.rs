//! The links between GPUs.

use amdgpu_smi::topology::{Link, LinkKind, Topology};
use amdgpu_smi::{Gpu, Smi};

use super::args::Show;
use super::log::Log;

/// One table of pairs.
struct Pairs {
    title: &'static str,
    /// The beginning of the keys.
    key: &'static str,
    cell: fn(&Link) -> Option<String>,
    /// Between a GPU and itself.
    same: &'static str,
}

const ACCESS: Pairs = Pairs {
    title: "Link accessibility between two GPUs",
    key: "Link accessibility",
    cell: |link| Some(if link.is_accessible() { "True" } else { "False" }.into()),
    same: "True",
};
const WEIGHT: Pairs = Pairs {
    title: "Weight between two GPUs",
    key: "Weight",
    cell: |link| link.weight.map(|weight| weight.to_string()),
    same: "0",
};
const HOPS: Pairs = Pairs {
    title: "Hops between two GPUs",
    key: "Hops",
    cell: |link| link.hops.map(|hops| hops.to_string()),
    same: "0",
};
const KIND: Pairs = Pairs { title: "Link Type between two GPUs", key: "Link type", cell: kind, same: "0" };

fn kind(link: &Link) -> Option<String> {
    match link.kind {
        LinkKind::Pcie => Some("PCIE".into()),
        LinkKind::Xgmi => Some("XGMI".into()),
        _ => None,
    }
}

pub(super) fn add(log: &mut Log, smi: &Smi, gpus: &[Gpu], show: &Show) {
    let tables = [
        (show.showtopo || show.showtopoaccess, ACCESS),
        (show.showtopo || show.showtopoweight, WEIGHT),
        (show.showtopo || show.showtopohops, HOPS),
        (show.showtopo || show.showtopotype, KIND),
    ];
    if tables.iter().any(|(asked, _)| *asked) {
        let topology = smi.topology();
        for (_, pairs) in tables.into_iter().filter(|(asked, _)| *asked) {
            table(log, &topology, gpus, &pairs);
        }
    }
    if show.showtopo || show.showtoponuma {
        numa(log, gpus);
    }
}

fn table(log: &mut Log, topology: &Topology, gpus: &[Gpu], pairs: &Pairs) {
    log.title(pairs.title);
    let name = |gpu: &Gpu| format!("GPU{}", gpu.index());
    let cell = |from: &Gpu, to: &Gpu| match topology.link(from.index(), to.index()) {
        _ if from.index() == to.index() => pairs.same.to_owned(),
        link => link.and_then(pairs.cell).unwrap_or_else(|| "N/A".into()),
    };
    let head: String = gpus.iter().map(|gpu| format!("{:13}", name(gpu))).collect();
    log.plain(&format!("{:7}{head}", ""));
    for from in gpus {
        let cells: String = gpus.iter().map(|to| format!("{:13}", cell(from, to))).collect();
        log.plain(&format!("{:7}{cells}", name(from)));
    }
    for (position, from) in gpus.iter().enumerate() {
        for to in gpus.iter().skip(position + 1) {
            let key =
                format!("(Topology) {} between DRM devices {} and {}", pairs.key, from.index(), to.index());
            log.of_system(&key, &cell(from, to));
        }
    }
}

fn numa(log: &mut Log, gpus: &[Gpu]) {
    log.title("Numa Nodes");
    for gpu in gpus {
        let info = gpu.numa_info();
        log.reading(gpu, "(Topology) Numa Node", &info.node, u32::to_string);
        // A machine without NUMA has no affinity, which the kernel writes as -1.
        let affinity = info.node.as_ref().map_or_else(|_| "-1".into(), |node| node.value.to_string());
        log.value(gpu, "(Topology) Numa Affinity", &affinity);
    }
}
