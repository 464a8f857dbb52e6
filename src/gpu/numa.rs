//! Which CPUs and which memory are near.

use std::ops::RangeInclusive;
use std::path::PathBuf;

use super::{Gpu, read};
use crate::attribute::{LOCAL_CPUS, NUMA_NODE};
use crate::error::{Error, Op, Result};
use crate::parse::cpulist;
use crate::reading::{Reading, Source, Value, bundle};

bundle! {
    /// The GPU's place in the machine.
    pub struct NumaInfo {
        readings {
            /// The NUMA node that the GPU is attached to; absent where the firmware does not say (the kernel's −1).
            pub node: u32,
            /// The CPUs near it.
            pub cpus: Vec<RangeInclusive<u32>>,
            /// All CPUs of the sockets that the near ones are on.
            pub socket_cpus: Vec<RangeInclusive<u32>>,
        }
    }
}

/// # NUMA and processors
impl Gpu {
    /// The NUMA node and the CPUs near the GPU. Answered while it sleeps.
    ///
    /// *Source*: `numa_node`, `local_cpulist` of the PCI device; `topology/package_cpus_list` of CPUs near it, before
    /// kernel 5.3 `core_siblings_list`.
    /// *Errors*: none of its own; each field that is absent has its reason.
    /// *Supported on*: all; a node on machines that have several.
    #[doc(alias = "amdsmi_get_gpu_topo_numa_affinity")]
    #[doc(alias = "amdsmi_get_cpu_affinity_with_scope")]
    pub fn numa_info(&self) -> NumaInfo {
        let cpus = self.get(&LOCAL_CPUS);
        let socket_cpus = cpus.clone().and_then(|cpus| self.socket_cpus(&cpus));
        NumaInfo { node: self.get(&NUMA_NODE), cpus, socket_cpus }
    }

    /// The CPUs of the sockets that these are on.
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
                    // A list that leaves out the CPU that it is about.
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

    /// The CPUs that share a CPU's socket.
    fn siblings(&self, cpu: u32) -> Result<Vec<RangeInclusive<u32>>> {
        let (folder, names) = package_cpus(cpu);
        let failed = |op, path: PathBuf, error| match Error::plain(op, &path, &error) {
            // Of a CPU that is offline nothing is told.
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

/// The directory of a CPU's place in the machine, and the two names of the list of its socket.
fn package_cpus(cpu: u32) -> (PathBuf, [&'static str; 2]) {
    let folder = format!("/sys/devices/system/cpu/cpu{cpu}/topology");
    (PathBuf::from(folder), ["package_cpus_list", "core_siblings_list"])
}
