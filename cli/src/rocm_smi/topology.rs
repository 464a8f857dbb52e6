//! The links between GPUs.

use amdgpu_smi::gpu::XgmiErrors;
use amdgpu_smi::topology::{Link, LinkKind, Topology};
use amdgpu_smi::unit::MegabytesPerSecond;
use amdgpu_smi::{Gpu, Smi};

use super::args::Show;
use super::log::{Log, NOT_AVAILABLE};

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

/// The errors of the links. Reading clears them.
fn errors(log: &mut Log, gpus: &[Gpu]) {
    log.title("XGMI Error status");
    for gpu in gpus {
        let (count, meaning) = match gpu.read_and_clear_xgmi_errors() {
            Ok(XgmiErrors::None) => ("0", "No errors detected since last read"),
            Ok(XgmiErrors::One) => ("1", "Single error detected since last read"),
            Ok(XgmiErrors::Several) => ("2", "Multiple errors detected since last read"),
            Ok(_) | Err(_) => {
                log.line(gpu, "XGMI Error count: N/A");
                continue;
            }
        };
        log.line(gpu, &format!("XGMI Error count: {count} ({meaning})"));
        log.key(gpu, "XGMI Error count", count);
    }
    log.end();
}

/// The bandwidth of each XGMI link; other links have none here.
fn bandwidth(log: &mut Log, smi: &Smi, gpus: &[Gpu]) {
    log.title("Bandwidth");
    let topology = smi.topology();
    let cell = |from: &Gpu, to: &Gpu| {
        let link = topology.link(from.index(), to.index()).filter(|link| link.kind == LinkKind::Xgmi);
        // KFD's 0 is a bandwidth that it does not know.
        let known = |bandwidth: Option<MegabytesPerSecond>| bandwidth.map_or(0, |bandwidth| bandwidth.0);
        link.map_or_else(
            || NOT_AVAILABLE.into(),
            |link| format!("{}-{}", known(link.min_bandwidth), known(link.max_bandwidth)),
        )
    };
    matrix(log, gpus, cell);
    log.plain("Format: min-max; Units: mps");
    log.plain("\"0-0\" min-max bandwidth indicates devices are not connected directly");
    let is_other = |link: &Link| !matches!(link.kind, LinkKind::Xgmi | LinkKind::Same);
    let mut pairs = gpus.iter().flat_map(|from| gpus.iter().map(move |to| (from.index(), to.index())));
    if pairs.any(|(from, to)| topology.link(from, to).is_some_and(is_other)) {
        log.plain("Non-xGMI links detected and is currently not supported");
    }
}

pub(super) fn add(log: &mut Log, smi: &Smi, gpus: &[Gpu], show: &Show) {
    if show.showxgmierr {
        errors(log, gpus);
    }
    if show.shownodesbw {
        bandwidth(log, smi, gpus);
    }
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
    let cell = |from: &Gpu, to: &Gpu| match topology.link(from.index(), to.index()) {
        _ if from.index() == to.index() => pairs.same.to_owned(),
        link => link.and_then(pairs.cell).unwrap_or_else(|| NOT_AVAILABLE.into()),
    };
    matrix(log, gpus, cell);
    for (position, from) in gpus.iter().enumerate() {
        for to in gpus.iter().skip(position + 1) {
            let key =
                format!("(Topology) {} between DRM devices {} and {}", pairs.key, from.index(), to.index());
            log.of_system(&key, &cell(from, to));
        }
    }
}

/// A row and a column for each GPU.
fn matrix(log: &mut Log, gpus: &[Gpu], cell: impl Fn(&Gpu, &Gpu) -> String) {
    let name = |gpu: &Gpu| format!("GPU{}", gpu.index());
    let head: String = gpus.iter().map(|gpu| format!("{:12} ", name(gpu))).collect();
    log.plain(&format!("{:7}{head}", ""));
    for from in gpus {
        let cells: String = gpus.iter().map(|to| format!("{:12} ", cell(from, to))).collect();
        log.plain(&format!("{:7}{cells}", name(from)));
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
