//! The PCIe link as it is now.

use amdgpu_smi::gpu::PcieTraffic;

use crate::answer::scope;
use crate::report::{Forms, Node, Section};
use crate::sections::metrics_table::MetricsTable;
use crate::sections::pcie::bandwidth;
use crate::view::View;

pub(super) fn without_traffic(gpu: &View<'_>, table: &MetricsTable<'_>, section: &mut Section) {
    section.put("pcie", pcie(gpu, table, false));
}

/// Reads the one file that takes a second.
pub(super) fn with_traffic(gpu: &View<'_>, table: &MetricsTable<'_>, section: &mut Section) {
    section.put("pcie", pcie(gpu, table, true));
}

fn pcie(gpu: &View<'_>, table: &MetricsTable<'_>, traffic: bool) -> Node {
    let info = gpu.look().pcie_info();
    let mut section = Section::new();
    section.put("width", Node::reading(&info.width)).put("speed", Node::reading(&info.speed));
    bandwidth("bandwidth", table, &mut section);
    section
        .put("replay_count", Node::reading(&info.replay_count))
        .put("l0_to_recovery_count", table.of(|metrics| metrics.pcie.l0_to_recov_count_acc))
        .put("replay_roll_over_count", table.of(|metrics| metrics.pcie.replay_rover_count_acc))
        .put("nak_sent_count", table.of(|metrics| metrics.pcie.nak_sent_count_acc))
        .put("nak_received_count", table.of(|metrics| metrics.pcie.nak_rcvd_count_acc));
    let packets = if traffic { Forms::OURS } else { Forms::OURS.but(Forms::TEXT) };
    let traffic = match traffic {
        true => gpu.gpu().pcie_throughput().map_err(|error| Node::from(&error)),
        false => Err(Node::absent("not asked", "reading takes one second per GPU; use metric --pcie-bw")),
    };
    let of = |value: fn(&PcieTraffic) -> Node| traffic.as_ref().map_or_else(Node::clone, value);
    section
        .put("current_bandwidth_sent", of(|traffic| full(traffic.sent, traffic)))
        .put("current_bandwidth_received", of(|traffic| full(traffic.received, traffic)))
        .put("max_packet_size", of(|traffic| Node::quantity(traffic.max_payload.0, "B")))
        .put("lc_perf_other_end_recovery_count", table.of(|metrics| metrics.pcie.lc_perf_other_end_recovery))
        .put_in(packets, "packets_sent", of(|traffic| traffic.sent.into()))
        .put_in(packets, "packets_received", of(|traffic| traffic.received.into()))
        .own("max_width", Node::reading(&info.width_max))
        .own("max_speed", Node::reading(&info.speed_max));
    scope(gpu.gpu(), &mut section);
    section.into()
}

/// As AMD computes it: as if each packet were full, in units of 2^20 bytes, which it labels Mb.
fn full(packets: u64, traffic: &PcieTraffic) -> Node {
    Node::quantity(packets.saturating_mul(traffic.max_payload.0) >> 20, "Mb/s")
}
