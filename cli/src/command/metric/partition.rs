//! The partition's own table: clocks, usage of engines, time throttled per die.

use amdgpu_smi::Error;
use amdgpu_smi::metrics::{EngineMetrics, Metrics};

use crate::report::{Node, Section};
use crate::sections::metrics_table::{MetricsTable, list};
use crate::view::View;

/// The partition's own figures.
pub(super) fn partition(gpu: &View<'_>, _: &MetricsTable<'_>, section: &mut Section) {
    let node =
        gpu.gpu().partition_metrics().map_or_else(|error| Node::from(&error), |own| figures(&own).into());
    section.own("partition", node);
}

/// The same, but nothing where the driver has no such table.
pub(super) fn any_partition(gpu: &View<'_>, table: &MetricsTable<'_>, section: &mut Section) {
    // A package in one piece tells all of it as the package's.
    if gpu.gpu().is_partition() && !matches!(gpu.gpu().partition_metrics(), Err(Error::NotSupported { .. })) {
        partition(gpu, table, section);
    }
}

/// Those of the partition's engines; a table has room for more than it has.
fn slots<T: Copy + Into<Node>>(own: &Metrics, all: &[Option<T>]) -> Node {
    let count = all.iter().rposition(Option::is_some).map_or(0, |last| last + 1);
    list(own, all.get(..count).unwrap_or(all))
}

fn figures(own: &Metrics) -> Section {
    let clocks = &own.clocks;
    let mut section = Section::new();
    section
        .own("gfxclk", slots(own, &clocks.current_gfxclk))
        .own("socclk", slots(own, &clocks.current_socclk))
        .own("vclk0", slots(own, &clocks.current_vclk0))
        .own("dclk0", slots(own, &clocks.current_dclk0))
        .own("uclk", slots(own, &clocks.current_uclk));
    let Some(engines) = own.engines.first() else { return section };
    section
        .own("gfx_busy_inst", slots(own, &engines.gfx_busy))
        .own("jpeg_busy", slots(own, &engines.jpeg_busy))
        .own("vcn_busy", slots(own, &engines.vcn_busy));
    type Count = fn(&EngineMetrics) -> &[Option<u64>];
    let counts: [(&str, Count); 5] = [
        ("gfx_busy_accumulated", |engines| &engines.gfx_busy_acc),
        ("gfx_clk_below_host_limit_power_accumulated", |engines| &engines.gfx_below_host_limit_ppt_acc),
        ("gfx_clk_below_host_limit_thermal_accumulated", |engines| &engines.gfx_below_host_limit_thm_acc),
        ("total_gfx_clk_below_host_limit_accumulated", |engines| &engines.gfx_below_host_limit_total_acc),
        ("low_utilization_accumulated", |engines| &engines.gfx_low_utilization_acc),
    ];
    for (key, count) in counts {
        section.own(key, slots(own, count(engines)));
    }
    section.own("scope", "partition");
    section
}
