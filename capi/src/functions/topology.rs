//! Which GPU is near which, and near which CPUs.

use amdgpu_smi::parse::metrics::LinkState;

use crate::abi::handle::Processor;
use crate::abi::layout::Plain;
use crate::abi::link::{
    LinkMetric, LinkMetrics, P2pCapability, TopologyNearest, XgmiInfo, XgmiLinkStatus as LinkStatus,
};
use crate::abi::numbers::{AffinityScope, LinkType, XgmiLinkStatus, XgmiStatus};
use crate::abi::status::Status;
use crate::edge::answer;
use crate::functions::absent;
use crate::number::or_none;
use crate::pointer::{Array, Out};
use crate::session::gpu;

/// The NUMA node that the GPU is attached to; -1 where the firmware does not say.
///
/// *From*: `numa_node` of the PCI device.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_get_gpu_topo_numa_affinity(processor: Processor, node: Out<i32>) -> Status {
    answer(|| {
        let numa = gpu(processor)?.numa_info();
        match (numa.node, numa.reasons.of("node")) {
            (Some(number), _) => node.put(i32::try_from(number).map_err(|_| Status::UNEXPECTED_DATA)?),
            (None, None | Some(amdgpu_smi::Error::NotSupported { .. })) => node.put(-1),
            (None, Some(error)) => Err(error.into()),
        }
    })
}

/// The CPUs near the GPU, a bit each.
///
/// *From*: `local_cpulist` of the PCI device, for the scope of a NUMA node.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_get_cpu_affinity_with_scope(
    processor: Processor,
    words: u32,
    set: Array<u64>,
    scope: AffinityScope,
) -> Status {
    answer(|| {
        let numa = gpu(processor)?.numa_info();
        match scope {
            AffinityScope::NODE => {}
            // The CPUs of a whole socket are in no file of the GPU's.
            AffinityScope::SOCKET => return Err(Status::NOT_SUPPORTED),
            _ => return Err(Status::INVAL),
        }
        let cpus = super::sensors::field("cpus", numa.cpus, &numa.reasons)?;
        let mut bits = vec![0u64; words as usize];
        for cpu in cpus.into_iter().flatten() {
            // AMD's Python package makes room for as many CPUs as there are cores, so the second threads of
            // cores may not fit: they are left out.
            if let Some(word) = bits.get_mut(cpu as usize / 64) {
                *word |= 1 << (cpu % 64);
            }
        }
        set.put(&bits, bits.len())
    })
}

/// The state of each XGMI link.
///
/// *From*: `gpu_metrics` 1.8 and later.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_get_gpu_xgmi_link_status(processor: Processor, status: Out<LinkStatus>) -> Status {
    answer(|| {
        let metrics = gpu(processor)?.metrics()?;
        let links = &metrics.xgmi.link_status;
        if links.is_empty() {
            return Err(Status::NOT_SUPPORTED);
        }
        let mut list = LinkStatus::ZERO;
        for (slot, link) in list.status.iter_mut().zip(links) {
            *slot = match link {
                Some(LinkState::Active) => XgmiLinkStatus::UP.0,
                Some(LinkState::Inactive) => XgmiLinkStatus::DOWN.0,
                _ => XgmiLinkStatus::DISABLE.0,
            };
            list.total_links += 1;
        }
        status.put(list)
    })
}

/// The traffic of each XGMI link.
///
/// *From*: `gpu_metrics`. Which GPU is at the other end is not published: those addresses are zero.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_get_link_metrics(processor: Processor, metrics: Out<LinkMetrics>) -> Status {
    answer(|| {
        let table = gpu(processor)?.metrics()?;
        let xgmi = &table.xgmi;
        if xgmi.read_data_acc.is_empty() && xgmi.write_data_acc.is_empty() {
            return Err(Status::NOT_SUPPORTED);
        }
        let rate: u32 = or_none(xgmi.link_speed.map(|speed| speed.0 / 1000));
        // AMD's library gives the link's width as its bandwidth; this is what both together can do, in Gbit/s.
        let bandwidth = xgmi.link_speed.zip(xgmi.link_width);
        let bandwidth = bandwidth.and_then(|(speed, width)| (speed.0 / 1000).checked_mul(width.into()));
        let mut list = LinkMetrics::ZERO;
        for (link, slot) in list.links.iter_mut().take(xgmi.read_data_acc.len().max(8)).enumerate() {
            let amount = |slots: &[Option<amdgpu_smi::unit::KiloBytes>]| {
                or_none(slots.get(link).copied().flatten().map(|amount| amount.0))
            };
            *slot = LinkMetric {
                bit_rate: rate,
                max_bandwidth: or_none(bandwidth),
                link_type: LinkType::XGMI.0,
                read: amount(&xgmi.read_data_acc),
                write: amount(&xgmi.write_data_acc),
                ..LinkMetric::ZERO
            };
            list.num_links += 1;
        }
        metrics.put(list)
    })
}

absent! {
    /// The GPU's place in its hive.
    ///
    /// *Not here*: waits for the library's topology.
    NOT_SUPPORTED
    => amdsmi_get_xgmi_info(processor: Processor, info: Out<XgmiInfo>);

    /// Errors of the XGMI links since the last look.
    ///
    /// *Not here*: reading `xgmi_error` clears it, and reading is not to change anything.
    NOT_SUPPORTED
    => amdsmi_gpu_xgmi_error_status(processor: Processor, status: Out<XgmiStatus>);

    /// KFD's number of the nearest CPU node.
    ///
    /// *Not here*: waits for the library's topology.
    NOT_SUPPORTED
    => amdsmi_topo_get_numa_node_number(processor: Processor, node: Out<u32>);

    /// Weight of the way between two GPUs.
    ///
    /// *Not here*: waits for the library's topology.
    NOT_SUPPORTED
    => amdsmi_topo_get_link_weight(from: Processor, to: Processor, weight: Out<u64>);

    /// Bandwidth between two GPUs.
    ///
    /// *Not here*: waits for the library's topology.
    NOT_SUPPORTED
    => amdsmi_get_minmax_bandwidth_between_processors(
        from: Processor,
        to: Processor,
        least: Out<u64>,
        most: Out<u64>,
    );

    /// Kind of the way between two GPUs, and its hops.
    ///
    /// *Not here*: waits for the library's topology.
    NOT_SUPPORTED
    => amdsmi_topo_get_link_type(from: Processor, to: Processor, hops: Out<u64>, kind: Out<LinkType>);

    /// The GPUs that are near one by a kind of link.
    ///
    /// *Not here*: waits for the library's topology.
    NOT_SUPPORTED
    => amdsmi_get_link_topology_nearest(processor: Processor, kind: LinkType, nearest: Out<TopologyNearest>);

    /// Whether one GPU can reach another's memory.
    ///
    /// *Not here*: waits for the library's topology.
    NOT_SUPPORTED
    => amdsmi_is_P2P_accessible(from: Processor, to: Processor, accessible: Out<bool>);

    /// What the way between two GPUs can do.
    ///
    /// *Not here*: waits for the library's topology.
    NOT_SUPPORTED
    => amdsmi_topo_get_p2p_status(
        from: Processor,
        to: Processor,
        kind: Out<LinkType>,
        capability: Out<P2pCapability>,
    );
}
