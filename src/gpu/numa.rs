//! Which CPUs and which memory are near.

use std::ops::RangeInclusive;

use super::Gpu;
use crate::attribute::{LOCAL_CPUS, NUMA_NODE};
use crate::reading::bundle;

bundle! {
    /// The GPU's place in the machine.
    pub struct NumaInfo {
        readings {
            /// The NUMA node that the GPU is attached to; absent where the firmware does not say (the kernel's −1).
            pub node: u32,
            /// The CPUs near it.
            pub cpus: Vec<RangeInclusive<u32>>,
        }
    }
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
        NumaInfo { node: self.get(&NUMA_NODE), cpus: self.get(&LOCAL_CPUS) }
    }
}
