//! Links of the GPUs to each other and to the CPUs, and their XGMI hives.
//!
//! The source is KFD's topology: each node lists its links in `io_links` (physical links: PCIe to a CPU, XGMI to
//! another GPU) and in `p2p_links` (usable paths over PCIe; since Linux 6.0). A pair in neither list can exchange
//! data only through host memory; its weight and hops are those of that path.
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

/// The links between all pairs of GPUs.
#[derive(Debug, Clone)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Topology {
    /// The GPUs, in the order of the list.
    pub gpus: Vec<TopologyGpu>,
    /// The different links. A machine of thousands of GPUs has millions of pairs, but few different links.
    #[cfg_attr(feature = "serde", serde(skip))]
    links: Vec<Link>,
    /// The position in `links` for each pair, row by row; [`NO_LINK`] without a link.
    #[cfg_attr(feature = "serde", serde(skip))]
    places: Vec<u32>,
}

/// The place of a pair without a link.
const NO_LINK: u32 = u32::MAX;

/// The location of a GPU in the topology.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct TopologyGpu {
    /// PCI address of the GPU.
    pub bdf: Bdf,
    /// PCI address of its package.
    pub package: Bdf,
    /// KFD node of the GPU.
    pub node: Result<NodeId>,
    /// Id of its hive; `None` without a hive, or if `links` has an error of its node.
    pub hive: Option<u64>,
    /// KFD node of the nearest CPU, the one with the lightest link. KFD has its own numbers;
    /// [`Gpu::numa_info`](crate::Gpu::numa_info) has the kernel's number of the NUMA node.
    pub cpu_node: Result<NodeId>,
    /// Link to the nearest CPU.
    pub cpu_link: Result<Link>,
    /// `Ok` if all its links could be read; otherwise links may be missing in its row of the matrix.
    pub links: Result<()>,
    /// `Ok` if the links of its CPU could be read; otherwise weights of paths through the host may be missing in its row.
    pub host_links: Result<()>,
}

impl TopologyGpu {
    /// The reasons for missing values, by field name: `links`, `cpu_node` and `host_links`.
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

/// The link from one GPU to another.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Link {
    /// The kind of link.
    pub kind: LinkKind,
    /// The source of the link, which implies who may use it.
    pub path: LinkPath,
    /// Weight by KFD's rule: 20 per PCIe segment, 15 per XGMI hop, 13 between partitions of a package, 41 (13 + 15 +
    /// 13) between partitions of two packages, the NUMA distance between CPUs. 0 for the GPU itself.
    pub weight: Option<u32>,
    /// Number of hops, derived from the weight: 1 within a package, 1 or more for XGMI, 3 between partitions of two
    /// packages (out, across, in); for PCIe, 2 through one CPU and 3 through two. Absent for any other weight.
    pub hops: Option<u32>,
    /// Minimum bandwidth in one direction; absent if the kernel does not know it.
    pub min_bandwidth: Option<MegabytesPerSecond>,
    /// Maximum bandwidth in one direction; absent if the kernel does not know it.
    pub max_bandwidth: Option<MegabytesPerSecond>,
    /// `true` if the link is enabled.
    pub enabled: Option<bool>,
    /// `true` if caches on both sides are coherent.
    pub coherent: Option<bool>,
    /// `true` if 32-bit atomic operations are supported.
    pub atomics_32: Option<bool>,
    /// `true` if 64-bit atomic operations are supported.
    pub atomics_64: Option<bool>,
    /// `true` if one GPU's copy engines can access the other's memory.
    pub dma: Option<bool>,
    /// `true` if there is a reverse link of the same kind.
    pub bidirectional: Option<bool>,
    /// Recommended copy engines, one bit each; newer kernels only.
    pub sdma_engines: Option<u32>,
}

/// Kinds of links (`CRAT_IOLINK_TYPE_*`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub enum LinkKind {
    /// The GPU itself.
    Same,
    /// PCI Express.
    Pcie,
    /// XGMI; also KFD's name of the link between partitions of a package.
    Xgmi,
    /// Another number of KFD.
    Other(u32),
}

/// Sources of a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub enum LinkPath {
    /// The GPU itself, without a link.
    Same,
    /// KFD lists a direct link (`io_links`).
    Direct,
    /// KFD lists a usable path over PCIe (`p2p_links`).
    PeerToPeer,
    /// KFD lists neither: data goes through host memory, and neither GPU can access the other's memory.
    Host,
}

impl Link {
    /// Returns `true` if one GPU can access the other's memory.
    pub fn is_accessible(&self) -> bool {
        self.path != LinkPath::Host && self.enabled != Some(false)
    }
}

/// GPUs connected by XGMI.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Hive {
    /// Id of the hive.
    pub id: u64,
    /// The GPUs, by position in [`Smi::gpus`]; each partition counts.
    pub gpus: Vec<usize>,
    /// The packages of the hive.
    pub packages: Vec<Bdf>,
}

impl Topology {
    /// The link from one GPU to another, by position in [`Smi::gpus`]; `None` if KFD does not know one of them, or if
    /// the links could not be read.
    #[doc(alias = "amdsmi_topo_get_link_type")]
    #[doc(alias = "amdsmi_topo_get_link_weight")]
    #[doc(alias = "amdsmi_get_minmax_bandwidth_between_processors")]
    #[doc(alias = "amdsmi_topo_get_p2p_status")]
    pub fn link(&self, from: usize, to: usize) -> Option<&Link> {
        if to >= self.gpus.len() {
            return None;
        }
        let index = from.checked_mul(self.gpus.len())?.checked_add(to)?;
        self.links.get(usize::try_from(*self.places.get(index)?).ok()?)
    }

    /// The links from one GPU to all others, in the order of the list.
    pub fn row(&self, from: usize) -> impl Iterator<Item = Option<&Link>> {
        (0..self.gpus.len()).map(move |to| self.link(from, to))
    }

    /// Returns `true` if a GPU can access another's memory.
    #[doc(alias = "amdsmi_is_P2P_accessible")]
    pub fn is_accessible(&self, from: usize, to: usize) -> bool {
        self.link(from, to).is_some_and(Link::is_accessible)
    }

    /// The GPUs whose memory a GPU can access, nearest first: by weight, then hops, then position.
    #[doc(alias = "amdsmi_get_link_topology_nearest")]
    pub fn nearest(&self, from: usize) -> Vec<usize> {
        let reach = self.row(from).enumerate().filter_map(|(to, link)| Some((to, link?)));
        let mut reach: Vec<(usize, &Link)> =
            reach.filter(|(_, link)| link.kind != LinkKind::Same && link.is_accessible()).collect();
        let known = |number: Option<u32>| number.unwrap_or(u32::MAX);
        reach.sort_by_key(|(to, link)| (known(link.weight), known(link.hops), *to));
        reach.into_iter().map(|(to, _)| to).collect()
    }

    /// The GPUs reached from a GPU by this kind of link, nearest first.
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
                // GPUs are sorted by address, so a package's partitions are adjacent.
                if hive.packages.last() != Some(&gpu.package) {
                    hive.packages.push(gpu.package);
                }
            }
        }
        hives
    }
}

impl Smi {
    /// The links of the GPUs. Available while they sleep; reads each link's file once.
    ///
    /// # Source
    /// `io_links/*/properties` and `p2p_links/*/properties` of the GPUs' KFD nodes, and, for pairs without a link,
    /// `io_links` of the CPUs' nodes.
    ///
    /// # Errors
    /// None. A GPU with unreadable links has a reason.
    ///
    /// # Supported on
    /// All GPUs that KFD supports; bandwidths if the firmware reports them.
    pub fn topology(&self) -> Topology {
        matrix::build(self)
    }
}
