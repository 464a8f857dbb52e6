//! XGMI: the GPU's hive and the state of its links.

use std::path::Path;

use super::Gpu;
use crate::attribute::{XGMI_HIVE_ID, XGMI_HOPS, XGMI_LINKS, XGMI_NODE_ID, XGMI_PHYSICAL_ID, XGMI_PORTS};
use crate::error::{Error, Result};
use crate::id::Bdf;
use crate::parse::metrics::LinkState;
use crate::parse::xgmi::{self, PortPair, XgmiErrors};
use crate::reading::{Reading, Source, Value, bundle};
use crate::unit::{KiloBytes, MegaTransfers};

bundle! {
    /// The GPU's place in its XGMI hive.
    pub struct XgmiInfo {
        /// The GPUs of the hive in the hive's order, including this one; empty if the driver does not list them.
        pub peers: Vec<XgmiPeer>,
        readings {
            /// The id of the hive.
            pub hive_id: u64,
            /// The GPU's number in the hive, assigned by firmware.
            pub node_id: u64,
            /// The GPU's position on the board.
            pub physical_id: u32,
            /// Number of hops to each peer, in the hive's order.
            pub hops: Vec<u8>,
            /// Number of links to each peer, in the hive's order.
            pub links: Vec<u8>,
            /// Pairs of connected ports.
            pub ports: Vec<PortPair>,
        }
    }
}

/// A GPU of the hive, seen from this one.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct XgmiPeer {
    /// PCI address of the peer.
    pub bdf: Option<Bdf>,
    /// Number of hops to the peer; 0 for the GPU itself.
    pub hops: Option<u8>,
    /// Number of links to the peer.
    pub links: Option<u8>,
}

/// One link of the GPU.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct XgmiLink {
    /// Number of the link; the table does not tell the GPU at its other end.
    pub index: usize,
    /// Number of lanes.
    pub width: Option<u16>,
    /// Rate per lane in millions of transfers per second.
    pub speed: Option<MegaTransfers>,
    /// Data read over the link since the driver was loaded.
    pub read: Option<KiloBytes>,
    /// Data written over the link since the driver was loaded.
    pub written: Option<KiloBytes>,
    /// State of the link: up or down.
    pub state: Option<LinkState>,
}

/// # XGMI
impl Gpu {
    /// XGMI position of the GPU in its hive. Available while the GPU sleeps.
    ///
    /// # Source
    /// `xgmi_hive_info`, `xgmi_device_id`, `xgmi_physical_id`, `xgmi_num_hops`, `xgmi_num_links`, `xgmi_port_num` of
    /// the PCI device; the hive also from KFD.
    ///
    /// # Errors
    /// None. Each missing field has its reason.
    ///
    /// # Supported on
    /// Instinct and Vega20 in a hive.
    #[doc(alias = "amdsmi_get_xgmi_info")]
    pub fn xgmi_info(&self) -> XgmiInfo {
        let of_node =
            self.inner.node.as_ref().ok().and_then(|node| node.properties.hive_id).filter(|id| *id != 0);
        let hive = match of_node {
            Some(id) => Ok(Value::of_package(id, Source::Kfd)),
            None => self.get(&XGMI_HIVE_ID),
        };
        let (hops, links) = (self.get(&XGMI_HOPS), self.get(&XGMI_LINKS));
        let addresses = self.hive_addresses();
        let length = |list: &Reading<Vec<u8>>| list.as_ref().map_or(0, |list| list.len());
        let count = length(&hops).max(length(&links)).max(addresses.len());
        let peers = (0..count).map(|index| XgmiPeer {
            bdf: addresses.get(index).copied().flatten(),
            hops: hops.as_ref().ok().and_then(|hops| hops.get(index).copied()),
            links: links.as_ref().ok().and_then(|links| links.get(index).copied()),
        });
        XgmiInfo {
            peers: peers.collect(),
            hive_id: hive,
            node_id: self.get(&XGMI_NODE_ID),
            physical_id: self.get(&XGMI_PHYSICAL_ID),
            hops,
            links,
            ports: self.get(&XGMI_PORTS),
        }
    }

    /// The GPUs of the hive in the order in which they joined, which is also the order of hops and links
    /// (`amdgpu_xgmi_sysfs_add_dev_info` names the links node1, node2, …).
    fn hive_addresses(&self) -> Vec<Option<Bdf>> {
        let folder = Path::new("xgmi_hive_info");
        let Ok(device) = self.device("xgmi_hive_info") else { return Vec::new() };
        let Ok(entries) = device.dir.list(folder) else { return Vec::new() };
        let mut nodes: Vec<(u32, Option<Bdf>)> = Vec::new();
        for entry in entries {
            let number = entry.name.to_str().and_then(|name| name.strip_prefix("node")?.parse().ok());
            let Some(number) = number else { continue };
            let target = device.dir.read_link(&folder.join(&entry.name)).ok();
            let name = target.as_deref().and_then(Path::file_name).and_then(|name| name.to_str());
            nodes.push((number, name.and_then(|name| name.parse().ok())));
        }
        nodes.sort_unstable_by_key(|(number, _)| *number);
        nodes.into_iter().map(|(_, bdf)| bdf).collect()
    }

    /// The GPU's links with their traffic. A partition reports the links of its package.
    ///
    /// # Source
    /// `gpu_metrics` of the PCI device.
    ///
    /// # Errors
    /// Those of [`Gpu::metrics`]; [`Error::NotSupported`] if the table has no links.
    ///
    /// # Supported on
    /// MI300 and newer Instinct; their state since table 1.7.
    #[doc(alias = "amdsmi_get_link_metrics")]
    #[doc(alias = "amdsmi_get_gpu_xgmi_link_status")]
    pub fn xgmi_links(&self) -> Result<Vec<XgmiLink>> {
        let table = self.metrics()?.xgmi;
        let (read, written, states) = (&table.read_data_acc, &table.write_data_acc, &table.link_status);
        let links = (0..read.len().max(written.len()).max(states.len())).map(|index| XgmiLink {
            index,
            width: table.link_width,
            speed: table.link_speed,
            read: read.get(index).copied().flatten(),
            written: written.get(index).copied().flatten(),
            state: states.get(index).copied().flatten(),
        });
        let is_there =
            |link: &XgmiLink| link.read.is_some() || link.written.is_some() || link.state.is_some();
        let links: Vec<XgmiLink> = links.filter(is_there).collect();
        match links.is_empty() {
            true => Err(Error::NotSupported { path: self.path_of("gpu_metrics") }),
            false => Ok(links),
        }
    }

    /// Link errors since the last read by any program. **Reading clears them.**
    ///
    /// For that reason no bundle includes it. It is the only method here that changes the result of the next read.
    ///
    /// # Source
    /// `xgmi_error` of the PCI device.
    ///
    /// # Errors
    /// [`Error::NotSupported`] on chips without this file, which are most.
    ///
    /// # Supported on
    /// Vega20, MI100.
    #[doc(alias = "amdsmi_gpu_xgmi_error_status")]
    #[doc(alias = "amdsmi_reset_gpu_xgmi_error")]
    pub fn read_and_clear_xgmi_errors(&self) -> Result<XgmiErrors> {
        self.access().read("xgmi_error", xgmi::errors)
    }
}
