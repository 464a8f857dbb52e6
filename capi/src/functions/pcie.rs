//! The PCIe link.

use crate::abi::handle::Processor;
use crate::abi::layout::Plain;
use crate::abi::levels::PcieBandwidth;
use crate::abi::link::{PcieInfo, PcieMetric, PcieStatic};
use crate::abi::numbers::CardFormFactor;
use crate::abi::status::Status;
use crate::boundary::answer;
use crate::number::{known, or_none};
use crate::pointer::Out;
use crate::session::{gpu, machine};

/// Capabilities and state of the PCIe link: speeds in MT/s, lanes, counters.
///
/// *From*: `{current,max}_link_{speed,width}`, `pcie_replay_count`, `board_info` of the PCI device and its bridges;
/// the other counters, and values without such a file, from `gpu_metrics`.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_get_pcie_info(processor: Processor, info: Out<PcieInfo>) -> Status {
    answer(|| {
        let machine = machine()?;
        let (_, gpu) = machine.find(processor)?;
        let (link, counters) = machine.samplers_of_package(gpu)?.link(gpu);
        if link.speed_max.is_err() && link.width.is_err() {
            link.width_max.as_ref()?;
        }
        let speed_max = known(link.speed_max);
        let generation = or_none(speed_max.and_then(|speed| speed.pcie_generation()));
        let bandwidth = counters.bandwidth_inst.first().copied().flatten();
        info.put(PcieInfo {
            pcie_static: PcieStatic {
                max_pcie_width: or_none(known(link.width_max)),
                max_pcie_speed: or_none(speed_max.map(|speed| speed.0)),
                pcie_interface_version: generation,
                slot_type: match known(link.slot_type).as_deref() {
                    Some("oam") => CardFormFactor::OAM.0,
                    Some("cem") => CardFormFactor::CEM.0,
                    Some("pcie") => CardFormFactor::PCIE.0,
                    _ => CardFormFactor::UNKNOWN.0,
                },
                max_pcie_interface_version: generation,
                ..PcieStatic::ZERO
            },
            pcie_metric: PcieMetric {
                pcie_width: or_none(known(link.width)),
                pcie_speed: or_none(known(link.speed).map(|speed| speed.0)),
                pcie_bandwidth: or_none(bandwidth.map(|bandwidth| bandwidth.0)),
                pcie_replay_count: or_none(known(link.replay_count)),
                pcie_l0_to_recovery_count: or_none(counters.l0_to_recov_count_acc),
                pcie_replay_roll_over_count: or_none(counters.replay_rover_count_acc),
                pcie_nak_sent_count: or_none(counters.nak_sent_count_acc),
                pcie_nak_received_count: or_none(counters.nak_rcvd_count_acc),
                pcie_lc_perf_other_end_recovery_count: or_none(counters.lc_perf_other_end_recovery),
                ..PcieMetric::ZERO
            },
            ..PcieInfo::ZERO
        })
    })
}

/// The levels of the link: transfers per second, lanes, and the current one.
///
/// *From*: `pp_dpm_pcie` of the PCI device. If no level is marked, the levels are returned, the current one is all
/// ones, and the status is UNEXPECTED_DATA.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_get_gpu_pci_bandwidth(
    processor: Processor,
    bandwidth: Out<PcieBandwidth>,
) -> Status {
    answer(|| {
        let gpu = gpu(processor)?;
        bandwidth.not_null()?;
        let table = gpu.pcie_levels()?;
        if table.levels.is_empty() {
            return Err(Status::NOT_SUPPORTED);
        }
        let list = PcieBandwidth::of_link(&table);
        bandwidth.put(list)?;
        list.transfer_rate.marked()
    })
}

/// Packets sent and received in one second, and the maximum size of a packet in bytes. **Takes one second**, in the
/// kernel.
///
/// *From*: `pcie_bw` of the PCI device.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_get_gpu_pci_throughput(
    processor: Processor,
    sent: Out<u64>,
    received: Out<u64>,
    max_packet: Out<u64>,
) -> Status {
    answer(|| {
        let traffic = gpu(processor)?.pcie_throughput()?;
        sent.put(traffic.sent)?;
        received.put(traffic.received)?;
        max_packet.put(traffic.max_payload.0)
    })
}

/// Number of packets sent again.
///
/// *From*: `pcie_replay_count` of the PCI device, else `gpu_metrics`.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_get_gpu_pci_replay_counter(processor: Processor, count: Out<u64>) -> Status {
    answer(|| count.put(gpu(processor)?.pcie_info().replay_count?.value))
}
