//! Sockets and cores, from the kernel's topology of online CPUs.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use super::device::Devices;
use super::file::{self, File};
use crate::attribute::Absent;
use crate::backend::Backend;
use crate::error::{Error, Op, Result};
use crate::parse::cpuinfo::{self, Processor};
use crate::parse::hsmp::{DriverTable, attribute};
use crate::parse::{cpulist, scalar};
use crate::reading::Source;

/// The directory with the kernel's list of CPUs.
pub(super) const SYSTEM: &str = "/sys/devices/system/cpu";
/// `/proc/cpuinfo` takes two megabytes for a thousand CPUs.
const CPUINFO_LIMIT: usize = 16 << 20;

const PACKAGE: File<u32> =
    File::new(Source::Scan, "topology/physical_package_id", |text| Ok(scalar::unsigned_32(text)?));
const SIBLINGS: File<Vec<u32>> = File::new(Source::Scan, "topology/thread_siblings_list", |text| {
    // A core has few threads; a longer list does not describe a core.
    let threads: Vec<u32> = cpulist::cpu_list(text)?.into_iter().flatten().take(64).collect();
    if threads.is_empty() { Err(Absent::NotSupported) } else { Ok(threads) }
});
const VERSION: File<(u32, u32)> =
    File::new(Source::Attribute, "version", |text| Ok(attribute::driver_version(text)?));
/// The modules with the driver, newer first.
pub(super) const MODULES: [&str; 2] = ["/sys/module/hsmp_common", "/sys/module/amd_hsmp"];

/// The CPU's vendor, family, model and name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct CpuModel {
    /// Vendor: `AuthenticAMD`.
    pub vendor: Option<String>,
    /// Family; 25 is 19h.
    pub family: Option<u32>,
    /// Model within the family.
    pub model: Option<u32>,
    /// Product name.
    pub name: Option<String>,
    /// `true` in a virtual machine, which has no HSMP.
    pub is_virtual: bool,
}

/// The data shared by all handles of one scan.
#[derive(Debug)]
pub(super) struct CpuMachine {
    pub(super) backend: Arc<dyn Backend>,
    pub(super) model: CpuModel,
    pub(super) packages: Vec<CpuPackage>,
    devices: OnceLock<Devices>,
    driver: OnceLock<(u32, u32)>,
}

/// The CPUs of one socket.
#[derive(Debug)]
pub(super) struct CpuPackage {
    /// The kernel's `physical_package_id`.
    pub(super) id: u32,
    /// The cores, sorted by the number of their first thread.
    pub(super) cores: Vec<CoreThreads>,
    /// The version of the socket's protocol, once it is known, and its source.
    pub(super) protocol: OnceLock<(u32, Source)>,
}

/// One core's threads.
#[derive(Debug)]
pub(super) struct CoreThreads {
    /// The number N of each `cpuN`.
    pub(super) threads: Vec<u32>,
    /// APIC id of the first thread.
    pub(super) apic_id: Option<u32>,
}

impl CpuMachine {
    pub(super) fn scan(backend: Arc<dyn Backend>) -> Result<CpuMachine> {
        let path = Path::new(SYSTEM);
        let system = backend.open_dir(path).map_err(|error| file::error(Op::OpenDir, path.into(), &error))?;
        let entries =
            system.list(Path::new(".")).map_err(|error| file::error(Op::List, path.into(), &error))?;
        let info = processors(&*backend);
        let apic_of =
            |number| info.iter().find(|known| known.number == number).and_then(|known| known.apic_id);
        let mut packages: BTreeMap<u32, BTreeMap<u32, CoreThreads>> = BTreeMap::new();
        for entry in entries {
            let number = entry.name.to_str().and_then(|name| name.strip_prefix("cpu")?.parse::<u32>().ok());
            let Some(number) = number else { continue };
            let Ok(dir) = system.open_dir(Path::new(&entry.name)) else { continue };
            // An offline CPU has no topology. Without any topology, as in some guests, all CPUs are in socket 0.
            let package = match PACKAGE.read(&*dir) {
                Ok(package) => package,
                Err(Error::NotPublished { .. }) if is_known(&info, number) => 0,
                Err(_) => continue,
            };
            let threads = SIBLINGS.read(&*dir).unwrap_or_else(|_| vec![number]);
            let first = threads.iter().copied().min().unwrap_or(number);
            let core = packages
                .entry(package)
                .or_default()
                .entry(first)
                .or_insert_with(|| CoreThreads { threads: Vec::new(), apic_id: apic_of(first) });
            core.threads.push(number);
        }
        let package = |(id, cores): (u32, BTreeMap<u32, CoreThreads>)| {
            let mut cores: Vec<CoreThreads> = cores.into_values().collect();
            cores.iter_mut().for_each(|core| core.threads.sort_unstable());
            CpuPackage { id, cores, protocol: OnceLock::new() }
        };
        let packages = packages.into_iter().map(package).collect();
        let first = info.into_iter().next().unwrap_or_default();
        let model = CpuModel {
            vendor: first.vendor,
            family: first.family,
            model: first.model,
            name: first.name,
            is_virtual: first.is_virtual,
        };
        Ok(CpuMachine { backend, model, packages, devices: OnceLock::new(), driver: OnceLock::new() })
    }

    /// The directories of the drivers, found at the first use.
    pub(super) fn devices(&self) -> &Devices {
        let find = || {
            let sockets: Vec<u32> = self.packages.iter().map(|package| package.id).collect();
            Devices::find(&*self.backend, &sockets)
        };
        self.devices.get_or_init(find)
    }

    /// Version of the loaded HSMP driver.
    pub(super) fn driver_version(&self) -> Result<(u32, u32)> {
        if let Some(version) = self.driver.get() {
            return Ok(*version);
        }
        let mut result = Err(Error::NotPublished { path: Path::new(MODULES[0]).join("version") });
        for module in MODULES {
            if let Ok(dir) = self.backend.open_dir(Path::new(module)) {
                result = VERSION.read(&*dir);
                if result.is_ok() {
                    break;
                }
            }
        }
        // The module may be loaded later, so only a success is kept.
        result.map(|version| *self.driver.get_or_init(|| version))
    }

    /// The driver's table of messages.
    pub(super) fn driver_table(&self) -> DriverTable {
        DriverTable::of_version(self.driver_version().ok())
    }
}

fn is_known(info: &[Processor], number: u32) -> bool {
    info.iter().any(|known| known.number == number)
}

/// The CPUs in `/proc/cpuinfo`; empty if it cannot be read.
fn processors(backend: &dyn Backend) -> Vec<Processor> {
    let mut text = Vec::new();
    let read = backend
        .open_dir(Path::new("/proc"))
        .and_then(|proc| proc.read_to_end(Path::new("cpuinfo"), CPUINFO_LIMIT, &mut text));
    match read {
        Ok(()) => cpuinfo::processors(&text).unwrap_or_default(),
        Err(_) => Vec::new(),
    }
}
