//! Throttling.

use amdgpu_smi::Gpu;
use amdgpu_smi::parse::metrics::Metrics;

use super::table::Table;
use crate::command::{not_built, scope};
use crate::report::{Node, Section};

/// What AMD counts, in its order.
const CAUSES: [&str; 10] = [
    "prochot",
    "ppt",
    "socket_thermal",
    "vr_thermal",
    "hbm_thermal",
    "gfx_clk_below_host_limit",
    "gfx_clk_below_host_limit_power",
    "gfx_clk_below_host_limit_thermal",
    "total_gfx_clk_below_host_limit",
    "low_utilization",
];

pub(super) fn throttle(gpu: &Gpu, table: &Table<'_>) -> Node {
    let mut section = Section::new();
    section.put("accumulation_counter", table.of(|metrics| metrics.throttle.residency.accumulation_counter));
    let accumulated: [Node; CAUSES.len()] = [
        table.of(|metrics| metrics.throttle.residency.prochot),
        table.of(|metrics| metrics.throttle.residency.ppt),
        table.of(|metrics| metrics.throttle.residency.socket_thm),
        table.of(|metrics| metrics.throttle.residency.vr_thm),
        table.of(|metrics| metrics.throttle.residency.hbm_thm),
        table.partitions(|engines| &engines.gfx_below_host_limit_acc),
        table.partitions(|engines| &engines.gfx_below_host_limit_ppt_acc),
        table.partitions(|engines| &engines.gfx_below_host_limit_thm_acc),
        table.partitions(|engines| &engines.gfx_below_host_limit_total_acc),
        table.partitions(|engines| &engines.gfx_low_utilization_acc),
    ];
    for (cause, count) in CAUSES.into_iter().zip(accumulated) {
        section.put(format!("{cause}_accumulated"), count);
    }
    // Both need two samples of the table, and the time between them.
    for figure in ["violation_status", "violation_activity"] {
        for cause in CAUSES {
            section.put(format!("{cause}_{figure}"), not_built());
        }
    }
    let logging = gpu.throttling_logging().map(|logging| {
        let mut section = Section::new();
        section.own("enabled", logging.enabled).own("interval", Node::quantity(logging.interval, "s"));
        section
    });
    section.own("reasons", table.of(reasons)).own("logging", Node::of(logging));
    scope(gpu, &mut section);
    section.into()
}

/// What slows the GPU down at this moment, by the names that are the same on all GPUs.
fn reasons(metrics: &Metrics) -> Option<Node> {
    let reasons = metrics.throttle.reasons?;
    let mut names = reasons.iter_names();
    let mut words: Vec<String> = names.by_ref().map(|(name, _)| name.to_owned()).collect();
    let rest = names.remaining().bits();
    words.extend((0..u64::BITS).filter(|bit| rest >> bit & 1 != 0).map(|bit| format!("BIT_{bit}")));
    Some(Node::words(words))
}
