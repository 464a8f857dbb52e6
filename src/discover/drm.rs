//! What DRM knows: `/sys/class/drm/cardN` and `renderDN`, and the devices behind them.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use super::unique_id;
use crate::backend::Dir;
use crate::error::{Error, Op, Result};
use crate::gpu::Device;
use crate::id::{AMD, Bdf, CardMinor, RenderMinor, UniqueId};
use crate::parse::keyval::{self, PciId, Uevent};
use crate::parse::scalar;

/// A graphics card that is no GPU of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct OtherDevice {
    /// Its PCI address, where it has one.
    pub bdf: Option<Bdf>,
    /// PCI vendor and device, where it has them.
    pub pci_id: Option<PciId>,
    /// The driver that holds it, if one does.
    pub driver: Option<String>,
    /// Its directory, as on a live machine.
    pub path: PathBuf,
}

impl OtherDevice {
    pub(crate) fn new(
        bdf: Option<Bdf>,
        pci_id: Option<PciId>,
        driver: Option<String>,
        path: PathBuf,
    ) -> OtherDevice {
        OtherDevice { bdf, pci_id, driver, path }
    }

    /// Whether AMD made it: a card that amdgpu could drive, or an older one.
    pub fn is_amd(&self) -> bool {
        self.pci_id.is_some_and(|id| id.vendor == AMD)
    }
}

/// The AMD cards among these, as the end of a sentence.
pub(super) fn sentence(others: &[OtherDevice]) -> String {
    let amd = others.iter().filter(|device| device.is_amd());
    amd.map(|device| {
        let name = device.bdf.map_or_else(|| device.path.display().to_string(), |bdf| bdf.to_string());
        match &device.driver {
            Some(driver) => format!("; {name} is an AMD card on {driver}"),
            None => format!("; {name} is an AMD card without a driver"),
        }
    })
    .collect()
}

/// What the scan found.
pub(super) struct Drm {
    pub(super) cards: Vec<Card>,
    pub(super) partitions: Vec<Partition>,
    pub(super) others: Vec<OtherDevice>,
    /// Whether a device is driven by amdgpu at all.
    pub(super) amdgpu: bool,
}

/// A PCI device that amdgpu drives.
pub(super) struct Card {
    pub(super) bdf: Bdf,
    pub(super) card: Option<CardMinor>,
    pub(super) render: Option<RenderMinor>,
    pub(super) unique_id: Option<UniqueId>,
    pub(super) pci_id: PciId,
    pub(super) joined: bool,
    dir: Arc<dyn Dir>,
    alive: Option<&'static str>,
    retired: Arc<AtomicBool>,
}

impl Card {
    pub(super) fn device(&self) -> Device {
        Device { dir: self.dir.clone(), alive: self.alive, retired: self.retired.clone(), partition: None }
    }
}

/// The nodes of a partition that is not the first of its package: a platform device `amdgpu_xcp…`, without
/// PCI files (`amdgpu_xcp_drm_dev_alloc`). Which package it is part of, only KFD tells.
#[derive(Default)]
pub(super) struct Partition {
    pub(super) card: Option<CardMinor>,
    pub(super) render: Option<RenderMinor>,
    pub(super) dir: Option<Arc<dyn Dir>>,
}

/// One device with its DRM nodes.
struct Found {
    /// Directory of the device: what the nodes' links lead to, or else the node's own `device`.
    path: PathBuf,
    card: Option<CardMinor>,
    render: Option<RenderMinor>,
}

pub(super) fn scan(sys: &dyn Dir) -> Result<Drm> {
    let mut drm = Drm { cards: Vec::new(), partitions: Vec::new(), others: Vec::new(), amdgpu: false };
    for found in devices(sys)? {
        let rel = found.path.strip_prefix("/sys").unwrap_or(&found.path);
        match sys.open_dir(rel) {
            Ok(dir) => drm.add(found, dir),
            // Removed since it was listed, or a broken link: it hides itself only.
            Err(_) => {
                drm.others.push(OtherDevice { bdf: None, pci_id: None, driver: None, path: found.path })
            }
        }
    }
    drm.add_bound(sys);
    Ok(drm)
}

impl Drm {
    fn add(&mut self, found: Found, dir: Arc<dyn Dir>) {
        if is_partition(&found.path) {
            self.amdgpu = true;
            self.partitions.push(Partition { card: found.card, render: found.render, dir: Some(dir) });
            return;
        }
        let mut buf = Vec::new();
        let uevent = match dir.read(Path::new("uevent"), &mut buf) {
            Ok(()) => keyval::uevent(&buf),
            Err(_) => Uevent::default(),
        };
        let driver = uevent.driver.clone().or_else(|| linked_driver(&*dir));
        let bdf = uevent.pci_slot_name.or_else(|| name_of(&found.path)?.parse().ok());
        let id_in = |file| super::optional(&*dir, file, scalar::hex).and_then(|id| u16::try_from(id).ok());
        let pci_id = uevent
            .pci_id
            .or_else(|| Some(PciId { vendor: id_in("vendor")?, device: id_in("device").unwrap_or(0) }));
        let is_amdgpu = driver.as_deref() == Some("amdgpu");
        self.amdgpu |= is_amdgpu;
        match bdf.filter(|_| is_amdgpu) {
            Some(bdf) => {
                match self.cards.iter_mut().find(|card| card.bdf == bdf) {
                    // Trees without links: card and render node have a directory each for the same device.
                    Some(card) => {
                        card.card = card.card.or(found.card);
                        card.render = card.render.or(found.render);
                    }
                    None => self.cards.push(Card {
                        bdf,
                        card: found.card,
                        render: found.render,
                        unique_id: unique_id(&*dir),
                        pci_id: pci_id.unwrap_or(PciId { vendor: AMD, device: 0 }),
                        joined: false,
                        alive: alive(&*dir),
                        retired: Arc::default(),
                        dir,
                    }),
                }
            }
            None => self.others.push(OtherDevice { bdf, pci_id, driver, path: found.path }),
        }
    }
}

impl Drm {
    /// Adds what is bound to amdgpu and was not under `class/drm`, as in a container that hides that folder.
    fn add_bound(&mut self, sys: &dyn Dir) {
        for entry in sys.list(Path::new("bus/pci/drivers/amdgpu")).unwrap_or_default() {
            let Some(bdf) = entry.name.to_str().and_then(|name| name.parse::<Bdf>().ok()) else { continue };
            if self.cards.iter().any(|card| card.bdf == bdf) {
                continue;
            }
            let path = Path::new("bus/pci/devices").join(&entry.name);
            let Ok(dir) = sys.open_dir(&path) else { continue };
            let mut found = Found { path: sys.path().join(path), card: None, render: None };
            for node in dir.list(Path::new("drm")).unwrap_or_default() {
                let name = node.name.to_str().unwrap_or_default();
                found.card = found.card.or(number_after(name, "card").map(CardMinor));
                found.render = found.render.or(number_after(name, "renderD").map(RenderMinor));
            }
            self.add(found, dir);
        }
    }
}

/// The devices that have DRM nodes, each once.
fn devices(sys: &dyn Dir) -> Result<Vec<Found>> {
    let class = Path::new("class/drm");
    let entries = match sys.list(class) {
        Ok(entries) => entries,
        Err(error) => match Error::plain(Op::List, &sys.path().join(class), &error) {
            // A kernel without graphics, or a container without this part of sysfs.
            Error::NotSupported { .. } => return Ok(Vec::new()),
            other => return Err(other),
        },
    };
    let mut devices: Vec<Found> = Vec::new();
    // Where each is in the list: a folder may hold more than any machine has.
    let mut places: HashMap<PathBuf, usize> = HashMap::new();
    for entry in entries {
        let Some(name) = entry.name.to_str() else { continue };
        let card = number_after(name, "card").map(CardMinor);
        let render = number_after(name, "renderD").map(RenderMinor);
        if card.is_none() && render.is_none() {
            continue;
        }
        let node = class.join(name);
        let path = match sys.read_link(&node) {
            Ok(target) => device_of(&sys.path().join(class), &target),
            Err(_) => None,
        };
        let path = path.unwrap_or_else(|| sys.path().join(node).join("device"));
        match places.get(&path).and_then(|place| devices.get_mut(*place)) {
            Some(found) => {
                found.card = found.card.or(card);
                found.render = found.render.or(render);
            }
            None => {
                places.insert(path.clone(), devices.len());
                devices.push(Found { path, card, render });
            }
        }
    }
    Ok(devices)
}

/// The N of `cardN`, `renderDN`; connectors (`card1-DP-1`) have none.
fn number_after(name: &str, prefix: &str) -> Option<u32> {
    let digits = name.strip_prefix(prefix)?;
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    digits.parse().ok()
}

/// The device that a node's link leads to: `…/0000:03:00.0/drm/card1` without its last two components.
fn device_of(class: &Path, target: &Path) -> Option<PathBuf> {
    let mut path = PathBuf::new();
    for component in class.join(target).components() {
        match component {
            Component::ParentDir => {
                path.pop();
            }
            other => path.push(other),
        }
    }
    let drm = path.parent()?;
    let device = drm.parent()?;
    (drm.file_name() == Some(OsStr::new("drm")) && path.starts_with("/sys/devices"))
        .then(|| device.to_path_buf())
}

fn name_of(path: &Path) -> Option<&str> {
    path.file_name()?.to_str()
}

/// Platform devices of partitions: `amdgpu_xcp_0` until about 6.15, `amdgpu_xcp.0` since.
fn is_partition(path: &Path) -> bool {
    name_of(path).is_some_and(|name| name.starts_with("amdgpu_xcp"))
}

/// The name of the driver that the device's link names.
fn linked_driver(dir: &dyn Dir) -> Option<String> {
    let target = dir.read_link(Path::new("driver")).ok()?;
    Some(name_of(&target)?.to_owned())
}

/// An entry of the device that goes when the driver lets go of it; recorded trees may have none.
fn alive(dir: &dyn Dir) -> Option<&'static str> {
    ["drm", "driver", "uevent"].into_iter().find(|entry| dir.meta(Path::new(entry)).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn node_names() {
        assert_eq!(number_after("card1", "card"), Some(1));
        assert_eq!(number_after("renderD128", "renderD"), Some(128));
        for name in ["card", "card1-DP-1", "card-1", "version", "card99999999999"] {
            assert_eq!(number_after(name, "card"), None, "{name}");
        }
    }

    #[test]
    fn device_behind_a_link() {
        let class = Path::new("/sys/class/drm");
        let of = |target: &str| device_of(class, Path::new(target)).map(|path| path.display().to_string());
        let gpu = "../../devices/pci0000:00/0000:00:01.1/0000:03:00.0/drm/card1";
        assert_eq!(of(gpu).as_deref(), Some("/sys/devices/pci0000:00/0000:00:01.1/0000:03:00.0"));
        assert_eq!(
            of("../../devices/platform/amdgpu_xcp_0/drm/renderD129").as_deref(),
            Some("/sys/devices/platform/amdgpu_xcp_0")
        );
        assert_eq!(of("../../elsewhere/drm/card1"), None);
        assert_eq!(of("x"), None);
        assert_eq!(of("../../../../../.."), None);
    }
}
