//! Links between devices.

use amdgpu_smi::Error;
use amdgpu_smi::gpu::XgmiErrors;
use amdgpu_smi::topology::{Link, LinkKind};

use crate::abi::status::{Outcome, Status};
use crate::boundary::answer;
use crate::pointer::Out;
use crate::session::{gpu, machine};

/// The way between two devices.
fn link(from: u32, to: u32, answer: impl FnOnce(&Link) -> Outcome) -> Outcome {
    let (from, to) = (gpu(from)?.index(), gpu(to)?.index());
    let topology = machine()?.ok_or(Status::INVAL)?.smi.topology();
    answer(topology.link(from, to).ok_or(Status::NOT_SUPPORTED)?)
}

const PCIE: u32 = 1;
const XGMI: u32 = 2;

/// Number of hops to a device, and the kind of link: 1 PCIe, 2 XGMI. XGMI is one hop, as in AMD's library.
#[unsafe(no_mangle)]
pub extern "C" fn rsmi_topo_get_link_type(from: u32, to: u32, hops: Out<u64>, kind: Out<u32>) -> Status {
    answer(|| {
        hops.not_null()?;
        kind.not_null()?;
        link(from, to, |link| {
            let (count, number) = match link.kind {
                LinkKind::Xgmi => (1, XGMI),
                // AMD's library takes a device and itself for two over PCIe.
                LinkKind::Same => (2, PCIE),
                LinkKind::Pcie => (link.hops.map_or(2, u64::from), PCIE),
                _ => return Err(Status::NOT_SUPPORTED),
            };
            hops.put(count)?;
            kind.put(number)
        })
    })
}

/// KFD's weight of the way.
#[unsafe(no_mangle)]
pub extern "C" fn rsmi_topo_get_link_weight(from: u32, to: u32, weight: Out<u64>) -> Status {
    answer(|| {
        weight.not_null()?;
        link(from, to, |link| weight.put(link.weight.ok_or(Status::NOT_SUPPORTED)?.into()))
    })
}

/// The least and the greatest bandwidth of an XGMI link, in MB/s.
#[unsafe(no_mangle)]
pub extern "C" fn rsmi_minmax_bandwidth_get(from: u32, to: u32, least: Out<u64>, most: Out<u64>) -> Status {
    answer(|| {
        least.not_null()?;
        most.not_null()?;
        link(from, to, |link| {
            let range = link.min_bandwidth.zip(link.max_bandwidth);
            let (min, max) = range.filter(|_| link.kind == LinkKind::Xgmi).ok_or(Status::NOT_SUPPORTED)?;
            least.put(min.0.into())?;
            most.put(max.0.into())
        })
    })
}

/// Tells if a device can access another's memory.
#[unsafe(no_mangle)]
pub extern "C" fn rsmi_is_P2P_accessible(from: u32, to: u32, accessible: Out<bool>) -> Status {
    answer(|| {
        accessible.not_null()?;
        if from == to {
            gpu(from)?;
            return accessible.put(true);
        }
        link(from, to, |link| accessible.put(link.is_accessible()))
    })
}

/// The NUMA node; 0 on a machine without NUMA.
#[unsafe(no_mangle)]
pub extern "C" fn rsmi_topo_get_numa_node_number(device: u32, node: Out<u32>) -> Status {
    answer(|| match gpu(device)?.numa_info().node {
        Ok(number) => node.put(number.value),
        Err(Error::NotSupported { .. }) => node.put(0),
        Err(error) => Err(error.into()),
    })
}

/// The NUMA node that the driver names; -1 on a machine without NUMA.
#[unsafe(no_mangle)]
pub extern "C" fn rsmi_topo_numa_affinity_get(device: u32, node: Out<i32>) -> Status {
    answer(|| match gpu(device)?.numa_info().node {
        Ok(number) => node.put(i32::try_from(number.value).map_err(|_| Status::UNEXPECTED_DATA)?),
        Err(Error::NotSupported { .. }) => node.put(-1),
        Err(error) => Err(error.into()),
    })
}

/// The number of the hive.
#[unsafe(no_mangle)]
pub extern "C" fn rsmi_dev_xgmi_hive_id_get(device: u32, id: Out<u64>) -> Status {
    answer(|| id.put(gpu(device)?.xgmi_info().hive_id?.value))
}

/// Errors of the links since the last look, which this clears: 0 none, 1 one, 2 several.
#[unsafe(no_mangle)]
pub extern "C" fn rsmi_dev_xgmi_error_status(device: u32, status: Out<u32>) -> Status {
    answer(|| {
        let gpu = gpu(device)?;
        // A look without a place for its answer would lose it.
        status.not_null()?;
        status.put(match gpu.read_and_clear_xgmi_errors()? {
            XgmiErrors::None => 0,
            XgmiErrors::One => 1,
            _ => 2,
        })
    })
}

/// Clears the errors of the links.
#[unsafe(no_mangle)]
pub extern "C" fn rsmi_dev_xgmi_error_reset(device: u32) -> Status {
    answer(|| {
        gpu(device)?.read_and_clear_xgmi_errors()?;
        Ok(())
    })
}
