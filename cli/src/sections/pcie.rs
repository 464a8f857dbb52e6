//! Traffic on the PCIe link.

use amdgpu_smi::metrics::Metrics;

use super::metrics_table::MetricsTable;
use crate::report::{Forms, Node, Section};

/// Current traffic on the link. The kernel's header documents GB/s; AMD prints the same number as Mb/s.
pub(crate) fn bandwidth(key: &str, table: &MetricsTable<'_>, section: &mut Section) {
    let number = |metrics: &Metrics| metrics.pcie.bandwidth_inst.first().copied().flatten();
    let ours = table.of(|metrics| Some(Node::quantity(number(metrics)?.0, "GB/s")));
    let amds = table.of(|metrics| Some(Node::quantity(number(metrics)?.0, "Mb/s")));
    section.put_in(Forms::OURS, key, ours).put_in(Forms::AMD_JSON, key, amds);
}
