//! Links: PCIe, XGMI, and which GPU is near which.

use super::device::Bdf;
use super::handle::Processor;
use super::layout::{Layout, StructLayout, c_structs};

/// Capacity of a list of the nearest GPUs.
pub(crate) const NEAREST: usize = if cfg!(abi27) { 256 } else { 32 };

c_structs! {
    /// Capabilities of the link.
    PcieStatic = "struct_pcie_static_" {
        max_pcie_width: u16,
        /// Rate in MT/s.
        max_pcie_speed: u32,
        pcie_interface_version: u32,
        /// An `amdsmi_card_form_factor_t`.
        slot_type: u32,
        max_pcie_interface_version: u32,
        reserved: [u64; 9],
    }

    /// Current state of the link; all ones if unknown.
    PcieMetric = "struct_pcie_metric_" {
        pcie_width: u16,
        /// Rate in MT/s.
        pcie_speed: u32,
        pcie_bandwidth: u32,
        pcie_replay_count: u64,
        pcie_l0_to_recovery_count: u64,
        pcie_replay_roll_over_count: u64,
        pcie_nak_sent_count: u64,
        pcie_nak_received_count: u64,
        pcie_lc_perf_other_end_recovery_count: u32,
        reserved: [u64; 12],
    }

    /// The link to the host.
    PcieInfo = "struct_amdsmi_pcie_info_t" {
        pcie_static: PcieStatic,
        pcie_metric: PcieMetric,
        reserved: [u64; 32],
    }

    /// A GPU's place in its hive.
    XgmiInfo = "struct_amdsmi_xgmi_info_t" {
        xgmi_lanes: u8,
        xgmi_hive_id: u64,
        xgmi_node_id: u64,
        index: u32,
        reserved: [u32; 9],
    }

    /// The state of each link.
    XgmiLinkStatus = "struct_amdsmi_xgmi_link_status_t" {
        total_links: u32,
        /// An `amdsmi_xgmi_link_status_type_t` each.
        status: [u32; 8],
        reserved: [u64; 7],
    }

    /// Traffic of one link.
    LinkMetric = "struct__links" {
        bdf: Bdf,
        bit_rate: u32,
        max_bandwidth: u32,
        link_type: u32,
        /// Data in KB.
        read: u64,
        /// Data in KB.
        write: u64,
        #[cfg(not(abi27))]
        reserved: [u64; 2],
        /// An `amdsmi_link_status_t`.
        #[cfg(abi27)]
        link_status: u32,
        #[cfg(abi27)]
        reserved: [u64; 1],
    }

    /// The links of a GPU.
    LinkMetrics = "struct_amdsmi_link_metrics_t" {
        num_links: u32,
        links: [LinkMetric; 64],
        reserved: [u64; 7],
    }

    /// Capabilities of a link: 1 yes, 0 no, 0xFF unknown.
    P2pCapability = "struct_amdsmi_p2p_capability_t" {
        is_iolink_coherent: u8,
        is_iolink_atomics_32bit: u8,
        is_iolink_atomics_64bit: u8,
        is_iolink_dma: u8,
        is_iolink_bi_directional: u8,
    }

    /// The GPUs that are near one.
    TopologyNearest = "struct_amdsmi_topology_nearest_t" {
        count: u32,
        processor_list: [Processor; NEAREST],
        reserved: [u64; 15],
    }
}

pub(super) fn layouts() -> Vec<StructLayout> {
    vec![
        PcieStatic::layout(),
        PcieMetric::layout(),
        PcieInfo::layout(),
        XgmiInfo::layout(),
        XgmiLinkStatus::layout(),
        LinkMetric::layout(),
        LinkMetrics::layout(),
        P2pCapability::layout(),
        TopologyNearest::layout(),
    ]
}
