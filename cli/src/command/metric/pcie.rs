//! The PCIe link as it is now.

use amdgpu_smi::Gpu;
use amdgpu_smi::parse::pcie::PcieTraffic;

use crate::command::{not_built, scope};
use crate::report::{Node, Section};

pub(super) fn without_traffic(gpu: &Gpu, section: &mut Section) {
    section.put("pcie", pcie(gpu, false));
}

/// Reads the one file that takes a second.
pub(super) fn with_traffic(gpu: &Gpu, section: &mut Section) {
    section.put("pcie", pcie(gpu, true));
}

fn pcie(gpu: &Gpu, traffic: bool) -> Node {
    let info = gpu.pcie_info();
    let mut section = Section::new();
    section
        .put("width", Node::field(info.width, &info.reasons, "width"))
        .put("speed", Node::field(info.speed, &info.reasons, "speed"))
        .put("bandwidth", not_built())
        .put("replay_count", Node::field(info.replay_count, &info.reasons, "replay_count"))
        .put("l0_to_recovery_count", not_built())
        .put("replay_roll_over_count", not_built())
        .put("nak_sent_count", not_built())
        .put("nak_received_count", not_built());
    let traffic = match traffic {
        true => gpu.pcie_throughput().map_err(|error| Node::from(&error)),
        false => Err(Node::absent("not asked", "reading it takes a second; metric --pcie-bw reads it")),
    };
    let of = |value: fn(&PcieTraffic) -> Node| traffic.as_ref().map_or_else(Node::clone, value);
    section
        .put("current_bandwidth_sent", of(|traffic| bandwidth(traffic.sent, traffic)))
        .put("current_bandwidth_received", of(|traffic| bandwidth(traffic.received, traffic)))
        .put("max_packet_size", of(|traffic| Node::quantity(traffic.max_payload.0, "B")))
        .put("lc_perf_other_end_recovery_count", not_built())
        .own("packets_sent", of(|traffic| traffic.sent.into()))
        .own("packets_received", of(|traffic| traffic.received.into()))
        .own("max_width", Node::field(info.width_max, &info.reasons, "width_max"))
        .own("max_speed", Node::field(info.speed_max, &info.reasons, "speed_max"));
    scope(gpu, &mut section);
    section.into()
}

/// As AMD computes it: as if each packet were full, in units of 2^20 bytes, which it labels Mb.
fn bandwidth(packets: u64, traffic: &PcieTraffic) -> Node {
    Node::quantity(packets.saturating_mul(traffic.max_payload.0) >> 20, "Mb/s")
}
