//! DRM's view: `/sys/class/drm/cardN` and `renderDN`, and their devices.

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

/// A graphics card that is not in the list of GPUs.
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

    /// Returns `true` for AMD cards, including those too old for amdgpu.
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

/// The result of DRM's scan.
pub(super) struct Drm {
    pub(super) cards: Vec<Card>,
    pub(super) partitions: Vec<Partition>,
    pub(super) others: Vec<OtherDevice>,
    /// Set if amdgpu drives any device.
    pub(super) amdgpu: bool,
    /// The first link of `class/drm` that could not be read: a card or render node may be missing for it.
    pub(super) unread: Option<Error>,
    /// The devices in the driver's folder.
    bound: Result<Vec<Bdf>>,
}

/// A PCI device that amdgpu drives.
pub(super) struct Card {
    pub(super) bdf: Bdf,
    pub(super) card: Option<CardMinor>,
    pub(super) render: Option<RenderMinor>,
    pub(super) unique_id: Result<Option<UniqueId>>,
    pub(super) pci_id: Result<PciId>,
    pub(super) joined: bool,
    /// Set if amdgpu certainly drives the device; otherwise only a KFD node shows it.
    pub(super) certain: bool,
    dir: Result<Arc<dyn Dir>>,
    alive: Option<&'static str>,
    retired: Arc<AtomicBool>,
}

impl Card {
    /// A card whose directory or driver link cannot be read.
    fn unread(bdf: Bdf, found: &DeviceNodes, certain: bool, error: Error) -> Card {
        Card {
            bdf,
            card: found.card,
            render: found.render,
            unique_id: Err(error.clone()),
            pci_id: Err(error.clone()),
            joined: false,
            certain,
            dir: Err(error),
            alive: None,
            retired: Arc::default(),
        }
    }

    pub(super) fn device(&self) -> Result<Device> {
        let dir = self.dir.clone()?;
        Ok(Device { dir, alive: self.alive, retired: self.retired.clone(), partition: None })
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
struct DeviceNodes {
    /// Directory of the device: what the nodes' links lead to, or else the node's own `device`.
    path: PathBuf,
    card: Option<CardMinor>,
    render: Option<RenderMinor>,
}

pub(super) fn scan(sys: &dyn Dir) -> Result<Drm> {
    let (devices, unread) = devices(sys)?;
    let (cards, partitions, others) = (Vec::new(), Vec::new(), Vec::new());
    let mut drm = Drm { cards, partitions, others, amdgpu: false, unread, bound: bound(sys) };
    for found in devices {
        let rel = found.path.strip_prefix("/sys").unwrap_or(&found.path);
        match sys.open_dir(rel) {
            Ok(dir) => drm.add(found, dir),
            Err(error) => {
                let error = Error::plain(Op::OpenDir, &found.path, &error);
                drm.add_unread(found, error);
            }
        }
    }
    drm.add_bound(sys);
    Ok(drm)
}

impl Drm {
    fn add(&mut self, found: DeviceNodes, dir: Arc<dyn Dir>) {
        if is_partition(&found.path) {
            self.amdgpu = true;
            self.partitions.push(Partition { card: found.card, render: found.render, dir: Some(dir) });
            return;
        }
        let mut buf = Vec::new();
        let uevent = match dir.read(Path::new("uevent"), &mut buf) {
            Ok(()) => Ok(keyval::uevent(&buf)),
            Err(error) => Err(Error::plain(Op::Read, &dir.path().join("uevent"), &error)),
        };
        let (uevent, unread) = match uevent {
            Ok(uevent) => (uevent, None),
            Err(error) => (Uevent::default(), Some(error)),
        };
        let linked = || linked_driver(&*dir);
        let driver = uevent.driver.clone().map_or_else(linked, |driver| Ok(Some(driver)));
        let bdf = uevent.pci_slot_name.or_else(|| name_of(&found.path)?.parse().ok());
        let is_amdgpu = match &driver {
            Ok(Some(driver)) => driver == "amdgpu",
            _ => bdf.is_some_and(|bdf| self.is_bound(bdf) == Some(true)),
        };
        let driver = match (driver, bdf) {
            (Err(error), Some(bdf)) if !is_amdgpu => {
                if !error.is_absence() && self.is_bound(bdf).is_none() {
                    self.cards.push(Card::unread(bdf, &found, false, unread.unwrap_or(error)));
                    return;
                }
                None
            }
            (driver, _) => driver.ok().flatten(),
        };
        let pci_id = match uevent.pci_id {
            Some(id) => Ok(id),
            None => pci_id(&*dir),
        };
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
                        pci_id,
                        joined: false,
                        certain: true,
                        alive: alive(&*dir),
                        retired: Arc::default(),
                        dir: Ok(dir),
                    }),
                }
            }
            None => self.others.push(OtherDevice { bdf, pci_id: pci_id.ok(), driver, path: found.path }),
        }
    }
}

impl Drm {
    /// Returns whether the driver's folder lists the device; `None` if that folder is missing or unreadable.
    fn is_bound(&self, bdf: Bdf) -> Option<bool> {
        match &self.bound {
            Ok(bound) if !bound.is_empty() => Some(bound.contains(&bdf)),
            _ => None,
        }
    }

    /// Adds a device whose directory cannot be opened.
    fn add_unread(&mut self, found: DeviceNodes, error: Error) {
        if is_partition(&found.path) {
            self.amdgpu = true;
            self.partitions.push(Partition { card: found.card, render: found.render, dir: None });
            self.unread.get_or_insert(error);
            return;
        }
        let bdf = name_of(&found.path).and_then(|name| name.parse().ok());
        // Removed since it was listed, or a broken link: it hides itself only.
        let went = matches!(error, Error::NotSupported { .. } | Error::DeviceGone { .. });
        match (bdf, bdf.and_then(|bdf| self.is_bound(bdf))) {
            (Some(bdf), Some(true)) => {
                self.amdgpu = true;
                self.cards.push(Card::unread(bdf, &found, true, error));
            }
            (Some(bdf), None) if !went => self.cards.push(Card::unread(bdf, &found, false, error)),
            (bdf, _) => {
                self.others.push(OtherDevice { bdf, pci_id: None, driver: None, path: found.path });
                if !went {
                    self.unread.get_or_insert(error);
                }
            }
        }
    }

    /// Adds what is bound to amdgpu and was not under `class/drm`, as in a container that hides that folder.
    fn add_bound(&mut self, sys: &dyn Dir) {
        let bound = self.bound.as_ref().cloned().unwrap_or_default();
        for bdf in bound {
            if self.cards.iter().any(|card| card.bdf == bdf) {
                continue;
            }
            let path = Path::new("bus/pci/devices").join(bdf.to_string());
            let mut found = DeviceNodes { path: sys.path().join(&path), card: None, render: None };
            let dir = match sys.open_dir(&path) {
                Ok(dir) => dir,
                Err(error) => {
                    let error = Error::plain(Op::OpenDir, &found.path, &error);
                    self.add_unread(found, error);
                    continue;
                }
            };
            for node in dir.list(Path::new("drm")).unwrap_or_default() {
                let name = node.name.to_str().unwrap_or_default();
                found.card = found.card.or(number_after(name, "card").map(CardMinor));
                found.render = found.render.or(number_after(name, "renderD").map(RenderMinor));
            }
            self.add(found, dir);
        }
    }
}

/// The devices that are bound to amdgpu.
fn bound(sys: &dyn Dir) -> Result<Vec<Bdf>> {
    let folder = Path::new("bus/pci/drivers/amdgpu");
    match sys.list(folder) {
        Ok(entries) => Ok(entries.iter().filter_map(|entry| entry.name.to_str()?.parse().ok()).collect()),
        Err(error) => match Error::plain(Op::List, &sys.path().join(folder), &error) {
            Error::NotSupported { .. } => Ok(Vec::new()),
            other => Err(other),
        },
    }
}

/// Vendor and device by the files of their own.
fn pci_id(dir: &dyn Dir) -> Result<PciId> {
    let number = |file: &str| {
        let plain = |op, path: PathBuf, error: std::io::Error| Error::plain(op, &path, &error);
        let id = crate::gpu::read(dir, file, plain, scalar::hex)?;
        u16::try_from(id).map_err(|_| Error::NotSupported { path: dir.path().join(file) })
    };
    Ok(PciId { vendor: number("vendor")?, device: number("device")? })
}

/// The devices that have DRM nodes, each once, and why the link of a node could not be read.
fn devices(sys: &dyn Dir) -> Result<(Vec<DeviceNodes>, Option<Error>)> {
    let class = Path::new("class/drm");
    let entries = match sys.list(class) {
        Ok(entries) => entries,
        Err(error) => match Error::plain(Op::List, &sys.path().join(class), &error) {
            // A kernel without graphics, or a container without this part of sysfs.
            Error::NotSupported { .. } => return Ok((Vec::new(), None)),
            other => return Err(other),
        },
    };
    let mut unread = None;
    let mut devices: Vec<DeviceNodes> = Vec::new();
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
            Ok(target) => {
                let device = device_of(&sys.path().join(class), &target);
                if device.is_none() {
                    let (path, reason) = (sys.path().join(&node), "does not lead to a device".into());
                    unread.get_or_insert(Error::NotAnAttribute { path, reason });
                }
                device
            }
            Err(error) => {
                match Error::plain(Op::ReadLink, &sys.path().join(&node), &error) {
                    // A tree without links: a directory (EINVAL).
                    Error::NotSupported { .. } => {}
                    error => unread = unread.or(Some(error)),
                }
                None
            }
        };
        let path = path.unwrap_or_else(|| sys.path().join(node).join("device"));
        match places.get(&path).and_then(|place| devices.get_mut(*place)) {
            Some(found) => {
                found.card = found.card.or(card);
                found.render = found.render.or(render);
            }
            None => {
                places.insert(path.clone(), devices.len());
                devices.push(DeviceNodes { path, card, render });
            }
        }
    }
    Ok((devices, unread))
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

/// The name of the driver that the device's link names; none where it has none.
fn linked_driver(dir: &dyn Dir) -> Result<Option<String>> {
    match dir.read_link(Path::new("driver")) {
        Ok(target) => Ok(name_of(&target).map(str::to_owned)),
        Err(error) => match Error::plain(Op::ReadLink, &dir.path().join("driver"), &error) {
            Error::NotSupported { .. } => Ok(None),
            other => Err(other),
        },
    }
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
