//! Topology: links and nearby CPUs.

use amdgpu_smi::Error;
use amdgpu_smi::gpu::XgmiErrors;
use amdgpu_smi::metrics::LinkState;
use amdgpu_smi::topology::{Link, LinkKind};

use crate::abi::handle::Processor;
use crate::abi::layout::Plain;
use crate::abi::link::{
    LinkMetric, LinkMetrics, P2pCapability, TopologyNearest, XgmiInfo, XgmiLinkStatus as LinkStatus,
};
use crate::abi::numbers::{AffinityScope, LinkType, XgmiLinkStatus, XgmiStatus};
use crate::abi::status::{Outcome, Status};
use crate::boundary::answer;
use crate::machine::Machine;
use crate::number::{known, or_none};
use crate::pointer::{Array, Out};
use crate::session::{gpu, machine};

/// The NUMA node that the GPU is attached to; -1 if the firmware does not report it.
///
/// *From*: `numa_node` of the PCI device.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_get_gpu_topo_numa_affinity(processor: Processor, node: Out<i32>) -> Status {
    answer(|| {
        let numa = gpu(processor)?.numa_info();
        match numa.node {
            Ok(number) => node.put(i32::try_from(number.value).map_err(|_| Status::UNEXPECTED_DATA)?),
            Err(Error::NotSupported { .. }) => node.put(-1),
            Err(error) => Err(error.into()),
        }
    })
}

/// Bits for eight times the CPUs that a kernel can be built for.
const MOST_WORDS: u32 = 1024;

/// The CPUs near the GPU, one bit each. Room for more than 65536 CPUs is INVAL.
///
/// *From*: `local_cpulist` of the PCI device for the scope of a NUMA node, `topology/package_cpus_list` of those CPUs for
/// that of a socket.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_get_cpu_affinity_with_scope(
    processor: Processor,
    words: u32,
    set: Array<u64>,
    scope: AffinityScope,
) -> Status {
    answer(|| {
        let gpu = gpu(processor)?;
        set.not_null()?;
        if words > MOST_WORDS {
            return Err(Status::INVAL);
        }
        let info = gpu.numa_info();
        let cpus = match scope {
            AffinityScope::NODE => info.cpus?.value,
            AffinityScope::SOCKET => info.socket_cpus?.value,
            _ => return Err(Status::INVAL),
        };
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
        let gpu = gpu(processor)?;
        status.not_null()?;
        let metrics = gpu.metrics()?;
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

/// The traffic of each XGMI link; no links if the table has none.
///
/// *From*: `gpu_metrics`. The GPUs at the other end are not published: their addresses are zero.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_get_link_metrics(processor: Processor, metrics: Out<LinkMetrics>) -> Status {
    answer(|| {
        let gpu = gpu(processor)?;
        metrics.not_null()?;
        let table = gpu.metrics()?;
        let xgmi = &table.xgmi;
        if xgmi.read_data_acc.is_empty() && xgmi.write_data_acc.is_empty() {
            // Entries that do not count are marked as not known, as AMD's library does.
            let none = LinkMetric {
                bit_rate: or_none::<u32, u32>(None),
                max_bandwidth: or_none::<u32, u32>(None),
                link_type: LinkType::XGMI.0,
                read: or_none::<u64, u64>(None),
                write: or_none::<u64, u64>(None),
                ..LinkMetric::ZERO
            };
            let links = [none; LinkMetrics::ZERO.links.len()];
            return metrics.put(LinkMetrics { links, ..LinkMetrics::ZERO });
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

/// XGMI position of the GPU in its hive. Unknown numbers are all ones. Without a hive, all are 0.
///
/// *From*: `xgmi_hive_info`, `xgmi_device_id`, `xgmi_physical_id` of the PCI device, the KFD node; `gpu_metrics` for
/// the lanes.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_get_xgmi_info(processor: Processor, info: Out<XgmiInfo>) -> Status {
    answer(|| {
        let gpu = gpu(processor)?;
        info.not_null()?;
        let found = gpu.xgmi_info();
        let hive = match found.hive_id {
            Ok(hive) => hive.value,
            Err(Error::NotSupported { .. }) => return info.put(XgmiInfo::ZERO),
            Err(error) => return Err(error.into()),
        };
        let lanes = gpu.metrics().ok().and_then(|metrics| metrics.xgmi.link_width);
        info.put(XgmiInfo {
            xgmi_lanes: or_none(lanes),
            xgmi_hive_id: hive,
            xgmi_node_id: or_none(known(found.node_id)),
            index: or_none(known(found.physical_id)),
            ..XgmiInfo::ZERO
        })
    })
}

/// Errors of the XGMI links since the last read: **reading clears them.**
///
/// *From*: `xgmi_error` of the PCI device.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_gpu_xgmi_error_status(processor: Processor, status: Out<XgmiStatus>) -> Status {
    answer(|| {
        let gpu = gpu(processor)?;
        // Cleared values must be delivered, so do not read without a place for them.
        if status.is_null() {
            return Err(Status::INVAL);
        }
        status.put(match gpu.read_and_clear_xgmi_errors()? {
            XgmiErrors::None => XgmiStatus::NO_ERRORS,
            XgmiErrors::One => XgmiStatus::ERROR,
            _ => XgmiStatus::MULTIPLE_ERRORS,
        })
    })
}

/// KFD's number of the nearest CPU node.
///
/// *From*: `io_links` of the KFD node.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_topo_get_numa_node_number(processor: Processor, node: Out<u32>) -> Status {
    answer(|| {
        let machine = machine()?;
        let (_, gpu) = machine.find(processor)?;
        let place = machine.topology()?.gpus.get(gpu.index()).ok_or(Status::NOT_SUPPORTED)?;
        node.put(place.cpu_node.as_ref().map_err(Status::from)?.0)
    })
}

/// Gives the way between two GPUs to `take`. A GPU and itself are INVAL, as in AMD's library.
fn link(from: Processor, to: Processor, take: impl FnOnce(&Link) -> Outcome) -> Outcome {
    let machine = machine()?;
    let (_, from) = machine.find(from)?;
    let (_, to) = machine.find(to)?;
    if from.index() == to.index() {
        return Err(Status::INVAL);
    }
    let topology = machine.topology()?;
    let Some(link) = topology.link(from.index(), to.index()) else {
        let place = topology.gpus.get(from.index());
        return Err(place
            .and_then(|gpu| gpu.links.as_ref().err())
            .map_or(Status::NOT_SUPPORTED, Status::from));
    };
    take(link)
}

fn kind(link: &Link) -> LinkType {
    match link.kind {
        LinkKind::Pcie => LinkType::PCIE,
        LinkKind::Xgmi => LinkType::XGMI,
        _ => LinkType::UNKNOWN,
    }
}

/// Weight of the link between two GPUs.
///
/// *From*: `io_links` and `p2p_links` of the KFD nodes.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_topo_get_link_weight(from: Processor, to: Processor, weight: Out<u64>) -> Status {
    answer(|| link(from, to, |link| weight.put(link.weight.ok_or(Status::NOT_SUPPORTED)?.into())))
}

/// MB/s between two GPUs that XGMI connects. What the kernel does not know is NOT_SUPPORTED.
///
/// *From*: `io_links` of the KFD nodes.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_get_minmax_bandwidth_between_processors(
    from: Processor,
    to: Processor,
    least: Out<u64>,
    most: Out<u64>,
) -> Status {
    answer(|| {
        link(from, to, |link| {
            let bandwidths = link.min_bandwidth.zip(link.max_bandwidth);
            let (min, max) =
                bandwidths.filter(|_| link.kind == LinkKind::Xgmi).ok_or(Status::NOT_SUPPORTED)?;
            least.put(min.0.into())?;
            most.put(max.0.into())
        })
    })
}

/// Kind of the way between two GPUs, and its hops.
///
/// XGMI is one hop, however far it is, as in AMD's library: vLLM and SGLang take more for no XGMI. The weight tells
/// more. Over PCIe there are 2 hops through one CPU and 3 through two.
///
/// *From*: `io_links` and `p2p_links` of the KFD nodes.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_topo_get_link_type(
    from: Processor,
    to: Processor,
    hops: Out<u64>,
    kind: Out<LinkType>,
) -> Status {
    answer(|| {
        link(from, to, |link| {
            let number = if link.kind == LinkKind::Xgmi { Some(1) } else { link.hops };
            hops.put(number.ok_or(Status::NOT_SUPPORTED)?.into())?;
            kind.put(self::kind(link))
        })
    })
}

/// The GPUs that one reaches by a kind of link, nearest first, at most 32.
///
/// *From*: `io_links` and `p2p_links` of the KFD nodes.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_get_link_topology_nearest(
    processor: Processor,
    kind: LinkType,
    nearest: Out<TopologyNearest>,
) -> Status {
    answer(|| {
        let machine = machine()?;
        let (_, gpu) = machine.find(processor)?;
        let kind = match kind {
            LinkType::PCIE => LinkKind::Pcie,
            LinkType::XGMI => LinkKind::Xgmi,
            // No way is of these kinds.
            LinkType::INTERNAL | LinkType::NOT_APPLICABLE | LinkType::UNKNOWN => {
                return nearest.put(TopologyNearest::ZERO);
            }
            _ => return Err(Status::INVAL),
        };
        let mut list = TopologyNearest::ZERO;
        let found = machine.topology()?.nearest_by(gpu.index(), kind);
        let found =
            found.into_iter().filter_map(|index| machine.gpus().iter().find(|gpu| gpu.index() == index));
        for (slot, gpu) in list.processor_list.iter_mut().zip(found) {
            *slot = Machine::handle(gpu);
            list.count += 1;
        }
        nearest.put(list)
    })
}

/// Tells if one GPU can access another's memory.
///
/// *From*: `io_links` and `p2p_links` of the KFD nodes.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_is_P2P_accessible(from: Processor, to: Processor, accessible: Out<bool>) -> Status {
    answer(|| {
        let machine = machine()?;
        let (_, from) = machine.find(from)?;
        let (_, to) = machine.find(to)?;
        let topology = machine.topology()?;
        let place = topology.gpus.get(from.index());
        if let Some(error) = place.and_then(|gpu| gpu.links.as_ref().err()) {
            return Err(error.into());
        }
        accessible.put(topology.is_accessible(from.index(), to.index()))
    })
}

/// Capabilities of the link between two GPUs.
///
/// *From*: `io_links` and `p2p_links` of the KFD nodes.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_topo_get_p2p_status(
    from: Processor,
    to: Processor,
    kind: Out<LinkType>,
    capability: Out<P2pCapability>,
) -> Status {
    answer(|| {
        link(from, to, |link| {
            let flag = |flag: Option<bool>| flag.map_or(u8::MAX, u8::from);
            kind.put(self::kind(link))?;
            capability.put(P2pCapability {
                is_iolink_coherent: flag(link.coherent),
                is_iolink_atomics_32bit: flag(link.atomics_32),
                is_iolink_atomics_64bit: flag(link.atomics_64),
                is_iolink_dma: flag(link.dma),
                is_iolink_bi_directional: flag(link.bidirectional),
            })
        })
    })
}
