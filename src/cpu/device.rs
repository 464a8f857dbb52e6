//! Directories of the CPU drivers, found once per scan.

use std::path::Path;
use std::sync::Arc;

use super::file::File;
use crate::attribute::word;
use crate::backend::{Backend, Dir};
use crate::id::Bdf;
use crate::parse::hsmp::attribute;
use crate::reading::Source;

const NAME: File<String> = File::new(Source::Scan, "name", word);
const UID: File<u16> =
    File::new(Source::Scan, "firmware_node/uid", |text| Ok(attribute::socket_of_uid(text)?));

/// A directory with its socket's number.
type OfSocket = (u32, Arc<dyn Dir>);

/// The directories of the drivers.
#[derive(Debug, Default)]
pub(super) struct Devices {
    /// The HSMP driver's directory for each socket: an ACPI device, or `socketN` of the platform device.
    pub(super) hsmp: Vec<OfSocket>,
    /// `amd_hsmp_hwmon` of each socket.
    pub(super) hsmp_hwmon: Vec<OfSocket>,
    /// `k10temp` of each node.
    pub(super) k10temp: Vec<OfSocket>,
    /// `amd_energy`, one per machine.
    pub(super) amd_energy: Option<Arc<dyn Dir>>,
    /// `intel-rapl:N` of each package.
    pub(super) powercap: Vec<OfSocket>,
}

/// The first directory of a socket.
pub(super) fn of(dirs: &[OfSocket], socket: u32) -> Option<&dyn Dir> {
    dirs.iter().find(|(id, _)| *id == socket).map(|(_, dir)| &**dir)
}

/// The first node of AMD CPUs on bus 0.
const FIRST_NODE: u8 = 0x18;

impl Devices {
    pub(super) fn find(backend: &dyn Backend, sockets: &[u32]) -> Devices {
        let mut devices = Devices { hsmp: hsmp(backend), ..Devices::default() };
        let mut nodes: Vec<(u8, Arc<dyn Dir>)> = Vec::new();
        let mut unnumbered = Vec::new();
        for (number, dir) in numbered(backend, "/sys/class/hwmon", "hwmon") {
            let device = || {
                let target = dir.read_link(Path::new("device")).ok()?;
                Some(target.file_name()?.to_str()?.to_owned())
            };
            match NAME.read(&*dir).as_deref() {
                Ok("amd_hsmp_hwmon") => match device() {
                    Some(device) if device.starts_with(ACPI) => {
                        let socket = backend.open_dir(&Path::new(PLATFORM).join(&device)).ok();
                        let socket = socket.and_then(|acpi| UID.read(&*acpi).ok());
                        devices.hsmp_hwmon.extend(socket.map(|socket| (socket.into(), dir)));
                    }
                    _ => unnumbered.push((number, dir)),
                },
                Ok("k10temp") => {
                    let bdf = device().and_then(|device| device.parse::<Bdf>().ok());
                    let node = bdf.and_then(|bdf| bdf.device.checked_sub(FIRST_NODE));
                    nodes.extend(node.map(|node| (node, dir)));
                }
                Ok("amd_energy") => devices.amd_energy = Some(dir),
                _ => {}
            }
        }
        // The platform driver registers all sockets on one device, in order.
        unnumbered.sort_by_key(|(number, _)| *number);
        let in_order = unnumbered.into_iter().zip(sockets);
        devices.hsmp_hwmon.extend(in_order.map(|((_, dir), socket)| (*socket, dir)));
        nodes.sort_by_key(|(node, _)| *node);
        let per_socket = (nodes.len() / sockets.len().max(1)).max(1);
        for (place, (_, dir)) in nodes.into_iter().enumerate() {
            devices.k10temp.extend(sockets.get(place / per_socket).map(|socket| (*socket, dir)));
        }
        for (_, dir) in numbered(backend, "/sys/class/powercap", "intel-rapl:") {
            let name = NAME.read(&*dir);
            // `package-0`, or `package-0-die-1` with several dies.
            let package = name.ok().and_then(|name| name.strip_prefix("package-")?.parse().ok());
            devices.powercap.extend(package.map(|package: u32| (package, dir)));
        }
        devices
    }
}

const PLATFORM: &str = "/sys/devices/platform";
/// The id of HSMP's ACPI device.
const ACPI: &str = "AMDI0097:";

/// The HSMP driver's directories.
fn hsmp(backend: &dyn Backend) -> Vec<OfSocket> {
    let Ok(platform) = backend.open_dir(Path::new(PLATFORM)) else { return Vec::new() };
    let entries = platform.list(Path::new(".")).unwrap_or_default();
    let acpi = entries.iter().filter(|entry| entry.name.to_str().is_some_and(|name| name.starts_with(ACPI)));
    let mut found: Vec<OfSocket> = acpi
        .filter_map(|entry| platform.open_dir(Path::new(&entry.name)).ok())
        .filter_map(|dir| Some((UID.read(&*dir).ok()?.into(), dir)))
        .collect();
    if found.is_empty() {
        found.extend(numbered(backend, "/sys/devices/platform/amd_hsmp", "socket"));
    }
    found
}

/// The directories with this name and a number, sorted by number.
fn numbered(backend: &dyn Backend, path: &str, prefix: &str) -> Vec<(u32, Arc<dyn Dir>)> {
    let Ok(parent) = backend.open_dir(Path::new(path)) else { return Vec::new() };
    let entries = parent.list(Path::new(".")).unwrap_or_default();
    let mut found: Vec<_> = entries
        .iter()
        .filter_map(|entry| {
            let number = entry.name.to_str()?.strip_prefix(prefix)?.parse().ok()?;
            Some((number, parent.open_dir(Path::new(&entry.name)).ok()?))
        })
        .collect();
    found.sort_by_key(|(number, _)| *number);
    found
}
