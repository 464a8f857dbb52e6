//! How the GPUs are wired: to each other, to the CPUs, into hives.
//!
//! The source is KFD's topology: each node lists its links in `io_links` (what is there in copper: PCIe to a CPU, XGMI
//! to another GPU) and `p2p_links` (paths over PCIe that the driver found usable; since Linux 6.0). A pair in neither
//! list can only exchange data through the host's memory; its weight and hops are those of that way.
//!
//! ```
//! # let smi = amdgpu_smi::Smi::builder().root("fixtures/mi300x-1x-k6.12-cpx-nps4").build()?;
//! let topology = smi.topology();
//! for from in smi.gpus() {
//!     for to in smi.gpus() {
//!         if let Some(link) = topology.link(from.index(), to.index()) {
//!             println!("{} {}: {:?}, weight {:?}", from.bdf(), to.bdf(), link.kind, link.weight);
//!         }
//!     }
//! }
//! # Ok::<(), amdgpu_smi::Error>(())
//! ```

mod matrix;
mod read;

use crate::discover::Smi;
use crate::error::{Error, Result};
use crate::id::{Bdf, NodeId};
use crate::unit::MegabytesPerSecond;

/// All pairs of a machine's GPUs.
#[derive(Debug, Clone)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Topology {
    /// The GPUs, in the order of the list.
    pub gpus: Vec<TopologyGpu>,
    /// One entry a pair, row by row.
    #[cfg_attr(feature = "serde", serde(skip))]
    links: Vec<Option<Link>>,
}

/// A GPU's place in the machine.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct TopologyGpu {
    /// Its PCI address.
    pub bdf: Bdf,
    /// The PCI address of its package.
    pub package: Bdf,
    /// Its KFD node.
    pub node: Result<NodeId>,
    /// The hive that it is in; `None` where it is in none, or `links` has an error of its node.
    pub hive: Option<u64>,
    /// The KFD node of the nearest CPU: the one with the lightest link. KFD numbers its own nodes;
    /// [`Gpu::numa_info`](crate::Gpu::numa_info) has the kernel's number of the NUMA node.
    pub cpu_node: Result<NodeId>,
    /// The link to it.
    pub cpu_link: Result<Link>,
    /// Whether all its links could be read; else links may be missing in its row of the matrix.
    pub links: Result<()>,
    /// Whether the links of its CPU could be read; else weights of ways through the host may be missing in its row.
    pub host_links: Result<()>,
}

impl TopologyGpu {
    /// Why values are missing: `links`, `cpu_node` and `host_links`, by the names of the fields.
    pub fn reasons(&self) -> impl Iterator<Item = (&'static str, &Error)> {
        let reasons = [
            ("links", self.links.as_ref().err()),
            ("cpu_node", self.cpu_node.as_ref().err()),
            ("host_links", self.host_links.as_ref().err()),
        ];
        reasons.into_iter().filter_map(|(name, error)| Some((name, error?)))
    }
}

#[cfg(feature = "serde")]
crate::reading::serialize_with_reasons! { TopologyGpu {
    bdf: plain, package: plain, node: known, hive: plain, cpu_node: known, cpu_link: known,
} }

/// The way from one GPU to another.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Link {
    /// What the way is made of.
    pub kind: LinkKind,
    /// How it is known, and with that who may use it.
    pub path: LinkPath,
    /// Cost by KFD's rule: 20 a leg of PCIe, 15 a hop of XGMI, 13 between partitions of a package, 41 (13 + 15 + 13)
    /// between partitions of two packages, the NUMA distance between CPUs. 0 to itself.
    pub weight: Option<u32>,
    /// Legs of the way, told from the weight: 1 within a package, 1 or more of XGMI, 3 between partitions of two
    /// packages (out, across, in); over PCIe 2 through one CPU and 3 through two. Absent for a weight that is none of
    /// these.
    pub hops: Option<u32>,
    /// Bandwidth of one direction at least; absent where the kernel does not know it.
    pub min_bandwidth: Option<MegabytesPerSecond>,
    /// Bandwidth of one direction at most; absent where the kernel does not know it.
    pub max_bandwidth: Option<MegabytesPerSecond>,
    /// Whether the link is switched on.
    pub enabled: Option<bool>,
    /// Whether caches on both sides agree.
    pub coherent: Option<bool>,
    /// Whether atomic operations of 32 bits pass.
    pub atomics_32: Option<bool>,
    /// Whether atomic operations of 64 bits pass.
    pub atomics_64: Option<bool>,
    /// Whether one GPU's copy engines may reach the other's memory.
    pub dma: Option<bool>,
    /// Whether there is a link back, of the same kind.
    pub bidirectional: Option<bool>,
    /// Copy engines to use, a bit each; newer kernels only.
    pub sdma_engines: Option<u32>,
}

/// What a way is made of (`CRAT_IOLINK_TYPE_*`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub enum LinkKind {
    /// From a GPU to itself.
    Same,
    /// PCIe.
    Pcie,
    /// XGMI; also what KFD calls the way between partitions of a package.
    Xgmi,
    /// Another of KFD's numbers.
    Other(u32),
}

/// How a way is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub enum LinkPath {
    /// It needs no way.
    Same,
    /// KFD lists a direct link (`io_links`).
    Direct,
    /// KFD lists a usable way over PCIe (`p2p_links`).
    PeerToPeer,
    /// KFD lists neither: data goes through the host's memory, and no GPU reaches the other's.
    Host,
}

impl Link {
    /// Whether one GPU can reach the other's memory.
    pub fn is_accessible(&self) -> bool {
        self.path != LinkPath::Host && self.enabled != Some(false)
    }
}

/// GPUs that are wired together by XGMI.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Hive {
    /// Its number.
    pub id: u64,
    /// Its GPUs, by their places in [`Smi::gpus`]; partitions are GPUs.
    pub gpus: Vec<usize>,
    /// Its packages.
    pub packages: Vec<Bdf>,
}

impl Topology {
    /// The way from one GPU to another, by their places in [`Smi::gpus`]; none where KFD does not know one of them
    /// or its links could not be read.
    #[doc(alias = "amdsmi_topo_get_link_type")]
    #[doc(alias = "amdsmi_topo_get_link_weight")]
    #[doc(alias = "amdsmi_get_minmax_bandwidth_between_processors")]
    #[doc(alias = "amdsmi_topo_get_p2p_status")]
    pub fn link(&self, from: usize, to: usize) -> Option<&Link> {
        if to >= self.gpus.len() {
            return None;
        }
        let index = from.checked_mul(self.gpus.len())?.checked_add(to)?;
        self.links.get(index)?.as_ref()
    }

    /// The ways from one GPU to all, in the order of the list.
    pub fn row(&self, from: usize) -> impl Iterator<Item = Option<&Link>> {
        (0..self.gpus.len()).map(move |to| self.link(from, to))
    }

    /// Whether a GPU can reach another's memory.
    #[doc(alias = "amdsmi_is_P2P_accessible")]
    pub fn is_accessible(&self, from: usize, to: usize) -> bool {
        self.link(from, to).is_some_and(Link::is_accessible)
    }

    /// The GPUs whose memory a GPU can reach, nearest first: by weight, then hops, then place in the list.
    #[doc(alias = "amdsmi_get_link_topology_nearest")]
    pub fn nearest(&self, from: usize) -> Vec<usize> {
        let reach = self.row(from).enumerate().filter_map(|(to, link)| Some((to, link?)));
        let mut reach: Vec<(usize, &Link)> =
            reach.filter(|(_, link)| link.kind != LinkKind::Same && link.is_accessible()).collect();
        let known = |number: Option<u32>| number.unwrap_or(u32::MAX);
        reach.sort_by_key(|(to, link)| (known(link.weight), known(link.hops), *to));
        reach.into_iter().map(|(to, _)| to).collect()
    }

    /// The GPUs that a kind of link leads to from a GPU, nearest first.
    pub fn nearest_by(&self, from: usize, kind: LinkKind) -> Vec<usize> {
        let mut nearest = self.nearest(from);
        nearest.retain(|to| self.link(from, *to).is_some_and(|link| link.kind == kind));
        nearest
    }

    /// The hives, in the order of their first GPU.
    pub fn hives(&self) -> Vec<Hive> {
        let mut hives: Vec<Hive> = Vec::new();
        for (index, gpu) in self.gpus.iter().enumerate() {
            let Some(id) = gpu.hive else { continue };
            let place = hives.iter().position(|hive| hive.id == id).unwrap_or_else(|| {
                hives.push(Hive { id, gpus: Vec::new(), packages: Vec::new() });
                hives.len() - 1
            });
            if let Some(hive) = hives.get_mut(place) {
                hive.gpus.push(index);
                // GPUs are in the order of their addresses, so a package's partitions follow each other.
                if hive.packages.last() != Some(&gpu.package) {
                    hive.packages.push(gpu.package);
                }
            }
        }
        hives
    }
}

impl Smi {
    /// How the GPUs are wired. Answered while they sleep; reads each link's file once.
    ///
    /// *Source*: `io_links/*/properties` and `p2p_links/*/properties` of the GPUs' KFD nodes, and, for pairs without a
    /// link, `io_links` of the CPUs' nodes.
    /// *Errors*: none of its own; a GPU whose links cannot be read says why.
    /// *Supported on*: what KFD supports; bandwidths where the firmware tells them.
    pub fn topology(&self) -> Topology {
        matrix::build(self)
    }
}
