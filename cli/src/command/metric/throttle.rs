//! Throttling.

use amdgpu_smi::Gpu;

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

pub(super) fn throttle(gpu: &Gpu) -> Node {
    let mut section = Section::new();
    section.put("accumulation_counter", not_built());
    for figure in ["accumulated", "violation_status", "violation_activity"] {
        for cause in CAUSES {
            section.put(format!("{cause}_{figure}"), not_built());
        }
    }
    let logging = gpu.throttling_logging().map(|logging| {
        let mut section = Section::new();
        section.own("enabled", logging.enabled).own("interval", Node::quantity(logging.interval, "s"));
        section
    });
    section.own("logging", Node::of(logging));
    scope(gpu, &mut section);
    section.into()
}
