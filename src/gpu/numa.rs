//! CPUs and memory near the GPU.

use std::ops::RangeInclusive;
use std::path::PathBuf;

use super::{Gpu, read};
use crate::attribute::{LOCAL_CPUS, NUMA_NODE};
use crate::error::{Error, Op, Result};
use crate::parse::cpulist;
use crate::reading::{Reading, Source, Value, bundle};

bundle! {
    /// The location of the GPU in the machine.
    pub struct NumaInfo {
        readings {
            /// The NUMA node that the GPU is attached to; absent if the firmware does not report it (−1 in the
            /// kernel).
            pub node: u32,
            /// The CPUs near the GPU.
            pub cpus: Vec<RangeInclusive<u32>>,
            /// All CPUs of the sockets of the near CPUs.
            pub socket_cpus: Vec<RangeInclusive<u32>>,
        }
    }
}

/// # NUMA and processors
impl Gpu {
    /// The NUMA node and the CPUs near the GPU. Available while the GPU sleeps.
    ///
    /// # Source
    /// `numa_node`, `local_cpulist` of the PCI device; `topology/package_cpus_list` of CPUs near it, before kernel
    /// 5.3 `core_siblings_list`.
    ///
    /// # Errors
    /// None. Each missing field has its reason.
    ///
    /// # Supported on
    /// All; the node on machines with several.
    #[doc(alias = "amdsmi_get_gpu_topo_numa_affinity")]
    #[doc(alias = "amdsmi_get_cpu_affinity_with_scope")]
    pub fn numa_info(&self) -> NumaInfo {
        let cpus = self.get(&LOCAL_CPUS);
        let socket_cpus = cpus.clone().and_then(|cpus| self.socket_cpus(&cpus));
        NumaInfo { node: self.get(&NUMA_NODE), cpus, socket_cpus }
    }

    /// The CPUs of the sockets of these CPUs.
    fn socket_cpus(&self, near: &[RangeInclusive<u32>]) -> Reading<Vec<RangeInclusive<u32>>> {
        let mut found: Vec<RangeInclusive<u32>> = Vec::new();
        for range in near {
            let (mut cpu, last) = (*range.start(), *range.end());
            while cpu <= last {
                let Some(known) = found.iter().find(|known| known.contains(&cpu)) else {
                    if found.len() >= SOCKET_RANGES {
                        return Err(Error::NotSupported { path: package_cpus(cpu).0 });
                    }
                    found.extend(self.siblings(cpu)?);
                    // The list omits the CPU itself.
                    if !found.iter().any(|known| known.contains(&cpu)) {
                        found.push(cpu..=cpu);
                    }
                    continue;
                };
                match known.end().checked_add(1) {
                    Some(next) => cpu = next,
                    None => break,
                }
            }
        }
        found.sort_by_key(|range| *range.start());
        Ok(Value::of_package(found, Source::Attribute))
    }

    /// The CPUs in the same socket.
    fn siblings(&self, cpu: u32) -> Result<Vec<RangeInclusive<u32>>> {
        let (folder, names) = package_cpus(cpu);
        let failed = |op, path: PathBuf, error| match Error::plain(op, &path, &error) {
            // An offline CPU has no such file.
            Error::DeviceGone { path } => Error::NotSupported { path },
            other => other,
        };
        let dir = self.inner.backend.open_dir(&folder);
        let dir = dir.map_err(|error| failed(Op::OpenDir, folder.clone(), error))?;
        match read(&*dir, names[0], failed, cpulist::cpu_list) {
            Err(Error::NotSupported { .. }) => read(&*dir, names[1], failed, cpulist::cpu_list),
            cpus => cpus,
        }
    }
}

/// More ranges than the sockets of a machine have.
const SOCKET_RANGES: usize = 4096;

/// The topology directory of a CPU, and the two names of its list of socket CPUs.
fn package_cpus(cpu: u32) -> (PathBuf, [&'static str; 2]) {
    let folder = format!("/sys/devices/system/cpu/cpu{cpu}/topology");
    (PathBuf::from(folder), ["package_cpus_list", "core_siblings_list"])
}
