//! Which CPUs and which memory are near.

use std::ops::RangeInclusive;

use super::Gpu;
use crate::error::Reasons;
use crate::parse::{cpulist, scalar};

/// The GPU's place in the machine.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct NumaInfo {
    /// The NUMA node that the GPU is attached to; absent where the firmware does not say (the kernel's −1).
    pub node: Option<u32>,
    /// The CPUs near it.
    pub cpus: Option<Vec<RangeInclusive<u32>>>,
    /// Why fields have no value, by their names.
    pub reasons: Reasons,
}

impl Gpu {
    /// The NUMA node and the CPUs near the GPU. Answered while it sleeps.
    ///
    /// *Source*: `numa_node`, `local_cpulist` of the PCI device.
    /// *Errors*: none of its own; each field that is absent has its reason.
    /// *Supported on*: all; a node on machines that have several.
    #[doc(alias = "amdsmi_get_gpu_topo_numa_affinity")]
    #[doc(alias = "amdsmi_get_cpu_affinity_with_scope")]
    pub fn numa_info(&self) -> NumaInfo {
        let mut reasons = Reasons::default();
        let path = self.path_of("numa_node");
        let node = self.fact("numa_node", scalar::signed).map(|node| u32::try_from(node).ok());
        NumaInfo {
            node: reasons.keep_some("node", &path, node),
            cpus: reasons.keep("cpus", self.fact("local_cpulist", cpulist::cpu_list)),
            reasons,
        }
    }
}
