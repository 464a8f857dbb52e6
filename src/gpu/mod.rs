//! One GPU, or one partition of one: a handle, and one topic a file of what it can be asked.

mod activity;
mod asic;
mod board;
mod cache;
mod clock;
mod driver;
mod drm;
pub(crate) mod fan;
mod firmware;
mod memory;
pub(crate) mod metrics;
mod names;
mod numa;
mod partition;
mod pcie;
mod performance;
pub(crate) mod power;
mod ras;
pub(crate) mod source;
pub(crate) mod thermal;
mod virtualization;
mod voltage;
mod xgmi;

use std::cell::RefCell;
use std::fmt;
use std::io::ErrorKind::NotFound;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use crate::backend::{Backend, Dir, Entry};
use crate::error::{Error, Op, Result, Unavailable};
use crate::id::{Bdf, CardMinor, GpuId, NodeId, RenderMinor, UniqueId, Uuid};
use crate::parse::Parsed;
use crate::parse::keyval::PciId;
use crate::parse::scalar;
use crate::parse::topology::{self, NodeProperties};

pub use activity::Activity;
pub use asic::AsicInfo;
pub use board::{BoardInfo, VbiosInfo};
pub use cache::CacheInfo;
pub use clock::{ClockDomain, Frequency};
pub(crate) use driver::driver_info;
pub use driver::{DriverInfo, DriverState};
pub use fan::{Fan, FanControl, FanMode};
pub use firmware::Firmware;
pub use memory::{MemoryUsage, VramInfo};
pub use numa::NumaInfo;
pub use partition::{PartitionProfile, PartitionResource, ResourceKind};
pub use pcie::PcieInfo;
#[cfg(feature = "control")]
pub(crate) use performance::{OLDER_XGMI_PLPD, XGMI_PLPD};
pub use power::{Power, PowerKind};
pub use ras::{BlockErrors, BlockState, ErrorTotals, RasInfo};
pub use source::Source;
pub use thermal::{Temperature, TemperatureSensor};
pub use virtualization::{VirtualizationInfo, VirtualizationMode};
pub use voltage::{Voltage, VoltageRail};
pub use xgmi::{XgmiInfo, XgmiLink, XgmiPeer};

/// Whether reading may wake a GPU that has gone to sleep.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum WakePolicy {
    /// What would wake a suspended GPU is not read and answers [`Unavailable::Suspended`].
    #[default]
    Never,
    /// Everything is read. Until kernel 6.12 that wakes a sleeping GPU, which takes hundreds of milliseconds
    /// and keeps it awake for seconds; newer kernels refuse.
    Allow,
}

/// A GPU, or a partition of one. Cheap to clone; stays the device that it was found as.
///
/// After an unbind, a hot-unplug or a change of partitions the handle answers [`Error::DeviceGone`] and never
/// for the newcomer: scan again with [`crate::Smi::rescan`].
#[derive(Clone)]
pub struct Gpu(pub(crate) Arc<Inner>, Option<Unavailable>);

/// The names of one GPU, as far as they could be told without opening a device node.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct GpuIds {
    /// The PCI address; a partition has its number in place of the function.
    pub bdf: Bdf,
    /// The PCI address of the package: where its files are. Equal to `bdf` but for a partition.
    pub package: Bdf,
    /// AMD SMI's UUID.
    pub uuid: Uuid,
    /// KFD's id; `None` where KFD does not know the GPU or hides it.
    pub kfd_id: Option<GpuId>,
    /// Index of the GPU's node in the KFD topology.
    pub node: Option<NodeId>,
    /// N of its `cardN`.
    pub card: Option<CardMinor>,
    /// N of its `renderDN`.
    pub render: Option<RenderMinor>,
    /// The number fused into the package.
    pub unique_id: Option<UniqueId>,
    /// Which device it is to HIP and ROCr: its rank among the GPU nodes that this process may read.
    pub hip_index: Option<u32>,
    /// Which partition of its package it is; `None` for a package that is not partitioned.
    pub partition: Option<u8>,
    /// PCI vendor (0x1002 for AMD) and device.
    pub pci_id: PciId,
}

/// What [`Gpu`] shares among its clones.
pub(crate) struct Inner {
    pub(crate) index: usize,
    pub(crate) ids: GpuIds,
    pub(crate) backend: Arc<dyn Backend>,
    pub(crate) wake: WakePolicy,
    /// The PCI device's directory; `None` where only KFD knows the GPU.
    pub(crate) device: Option<Device>,
    pub(crate) node: Option<Node>,
    hwmon: OnceLock<Hwmon>,
    drm: drm::Answers,
}

/// The PCI device's directory.
#[derive(Debug)]
pub(crate) struct Device {
    pub(crate) dir: Arc<dyn Dir>,
    /// An entry that stands there for as long as a driver is bound: where it is gone, so is the device.
    pub(crate) alive: Option<&'static str>,
    /// Whether the package was partitioned anew through a handle of this scan: its directory stays, the GPUs do not.
    pub(crate) retired: Arc<AtomicBool>,
    /// The platform device of a partition other than the first, which has files of its own.
    pub(crate) partition: Option<Arc<dyn Dir>>,
}

/// The GPU's node in the KFD topology.
#[derive(Debug)]
pub(crate) struct Node {
    /// Its directory when it was found.
    pub(crate) dir: Arc<dyn Dir>,
    pub(crate) properties: NodeProperties,
    /// Its directory after KFD made all nodes anew.
    renewed: Mutex<Option<Arc<dyn Dir>>>,
}

impl fmt::Debug for Gpu {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gpu")
            .field("index", &self.0.index)
            .field("bdf", &self.0.ids.bdf)
            .finish_non_exhaustive()
    }
}

impl Gpu {
    pub(crate) fn new(
        index: usize,
        ids: GpuIds,
        backend: Arc<dyn Backend>,
        wake: WakePolicy,
        device: Option<Device>,
        node: Option<Node>,
    ) -> Gpu {
        let (hwmon, drm) = (OnceLock::new(), drm::Answers::default());
        let inner = Inner { index, ids, backend, wake, device, node, hwmon, drm };
        Gpu(Arc::new(inner), None)
    }

    /// The same GPU through a handle that refuses, for this reason, what may wake it or keep it awake; with
    /// [`Unavailable::Late`] all that would be read of it.
    ///
    /// For what is wanted beside a [sample](crate::sample): a GPU that the sampler leaves alone, or that does not
    /// answer, is not to be asked for the rest either.
    ///
    /// ```
    /// # fn main() -> amdgpu_smi::Result<()> {
    /// use amdgpu_smi::error::Unavailable;
    /// # let smi = amdgpu_smi::Smi::builder().root("fixtures/navi31-1x-k6.12-desktop").build()?;
    /// let gpu = smi.gpus()[0].refusing(Unavailable::LeftAlone);
    /// assert!(gpu.performance_level().is_err());
    /// assert!(gpu.memory_usage().vram_used.is_some());
    /// # Ok(())
    /// # }
    /// ```
    pub fn refusing(&self, reason: Unavailable) -> Gpu {
        Gpu(self.0.clone(), Some(reason))
    }

    /// Its position in the list, by which AMD's tools number GPUs.
    pub fn index(&self) -> usize {
        self.0.index
    }

    /// All its names.
    #[doc(alias = "amdsmi_get_gpu_enumeration_info")]
    #[doc(alias = "amdsmi_get_gpu_kfd_info")]
    #[doc(alias = "amdsmi_get_gpu_id")]
    pub fn ids(&self) -> &GpuIds {
        &self.0.ids
    }

    /// Its PCI address; a partition has its number in place of the function.
    #[doc(alias = "amdsmi_get_gpu_device_bdf")]
    #[doc(alias = "amdsmi_get_gpu_bdf_id")]
    pub fn bdf(&self) -> Bdf {
        self.0.ids.bdf
    }

    /// AMD SMI's UUID.
    #[doc(alias = "amdsmi_get_gpu_device_uuid")]
    pub fn uuid(&self) -> Uuid {
        self.0.ids.uuid
    }

    /// Whether it is a partition of a package that has several.
    pub fn is_partition(&self) -> bool {
        self.0.ids.partition.is_some()
    }

    /// Whether the DRM side (`/sys/class/drm`, the PCI device) knows this GPU. If not, only what KFD publishes
    /// can be asked, as in a container without the rest of sysfs.
    pub fn in_drm(&self) -> bool {
        self.0.device.is_some()
    }

    /// Whether KFD's topology shows this GPU to this process. If not, the GPU is too old for KFD, or a device
    /// cgroup hides it; compute programs cannot use it either.
    pub fn in_kfd(&self) -> bool {
        self.0.node.is_some()
    }

    /// Reads a file of the PCI device that never wakes the GPU.
    pub(crate) fn fact<T>(&self, file: &str, parse: impl FnOnce(&[u8]) -> Parsed<T>) -> Result<T> {
        let device = self.device(file)?;
        read(&*device.dir, file, |op, path, error| device.error(op, path, error), parse)
    }

    /// Where a file of the PCI device is, or would be.
    pub(crate) fn path_of(&self, file: &str) -> PathBuf {
        match &self.0.device {
            Some(device) => device.dir.path().join(file),
            None => Path::new("/sys/bus/pci/devices").join(self.0.ids.package.to_string()).join(file),
        }
    }

    /// The PCI device, or the reason why `file` of it cannot be read.
    pub(crate) fn device(&self, file: &str) -> Result<&Device> {
        let device =
            self.0.device.as_ref().ok_or_else(|| Error::NotSupported { path: self.path_of(file) })?;
        match (device.is_retired(), self.1) {
            (true, _) => Err(Error::DeviceGone { path: self.path_of(file) }),
            (_, Some(reason @ Unavailable::Late)) => {
                Err(Error::Unavailable { path: self.path_of(file), reason })
            }
            _ => Ok(device),
        }
    }

    /// The KFD node, or the reason why `file` of it cannot be read.
    pub(crate) fn node(&self, file: &str) -> Result<&Node> {
        let nodes = Path::new("/sys/class/kfd/kfd/topology/nodes");
        let node = self.0.node.as_ref().ok_or_else(|| Error::NotSupported { path: nodes.join(file) })?;
        let path = || node.dir.path().join(file);
        match (self.0.device.as_ref().is_some_and(Device::is_retired), self.1) {
            (true, _) => Err(Error::DeviceGone { path: path() }),
            (_, Some(reason @ Unavailable::Late)) => Err(Error::Unavailable { path: path(), reason }),
            _ => Ok(node),
        }
    }

    /// Reads a file of the KFD node, which never wakes the GPU.
    pub(crate) fn node_fact<T>(&self, file: &str, parse: impl Fn(&[u8]) -> Parsed<T>) -> Result<T> {
        self.ask_node(file, |dir| read(dir, file, |op, path, error| gone_or(dir, op, path, error), &parse))
    }

    /// What a directory of the KFD node holds.
    pub(crate) fn node_list(&self, rel: &str) -> Result<Vec<Entry>> {
        self.ask_node(rel, |dir| {
            dir.list(Path::new(rel)).map_err(|error| gone_or(dir, Op::List, dir.path().join(rel), error))
        })
    }

    /// Asks the KFD node, and once more where it is elsewhere now.
    ///
    /// When any GPU comes, goes or is partitioned, KFD takes back the directories of all nodes and makes them anew, with
    /// other numbers (`kfd_topology_update_sysfs`): a GPU that stayed must still be answered for.
    fn ask_node<T>(&self, file: &str, ask: impl Fn(&dyn Dir) -> Result<T>) -> Result<T> {
        let node = self.node(file)?;
        match ask(&*node.dir()) {
            Err(Error::DeviceGone { .. }) if self.find_node_again(node) => ask(&*node.dir()),
            answer => answer,
        }
    }

    /// Looks for the node of the same GPU: the id that KFD makes of place, memory and XCCs, and where it is.
    fn find_node_again(&self, node: &Node) -> bool {
        let Some(id) = self.0.ids.kfd_id else { return false };
        let Ok(nodes) = self.0.backend.open_dir(Path::new("/sys/class/kfd/kfd/topology/nodes")) else {
            return false;
        };
        let same = |dir: &Arc<dyn Dir>| {
            let number = read(&**dir, "gpu_id", node_error, scalar::unsigned);
            let properties = || read(&**dir, "properties", node_error, topology::node).ok();
            let place = |node: &NodeProperties| (node.domain, node.location_id, node.unique_id);
            number.is_ok_and(|number| number == u64::from(id.0))
                && properties().is_some_and(|found| place(&found) == place(&node.properties))
        };
        let entries = nodes.list(Path::new(".")).unwrap_or_default();
        let found = entries.iter().filter_map(|entry| nodes.open_dir(Path::new(&entry.name)).ok()).find(same);
        let is_found = found.is_some();
        *lock(&node.renewed) = found;
        is_found
    }

    /// The way to what would wake the GPU: closed when it sleeps and waking is not allowed.
    ///
    /// Asked once for a bundle of values. `power/runtime_status` itself never wakes (`runtime_status_show` in
    /// drivers/base/power only prints a field).
    pub(crate) fn access(&self) -> Access<'_> {
        let asleep = || self.0.wake == WakePolicy::Never && self.is_suspended();
        Access { gpu: self, refused: self.1.or_else(|| asleep().then_some(Unavailable::Suspended)) }
    }

    /// Whether the GPU is runtime-suspended or about to be. Asking does not wake it.
    ///
    /// *Source*: `power/runtime_status` of the PCI device. A status that is missing, unreadable or
    /// `unsupported` counts as awake.
    pub fn is_suspended(&self) -> bool {
        self.0.device.as_ref().is_some_and(|device| device.runtime_status() == RuntimeStatus::Asleep)
    }
}

/// What `power/runtime_status` says, as far as it matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RuntimeStatus {
    Awake,
    Asleep,
    Unsupported,
}

impl RuntimeStatus {
    /// `power/runtime_status`, of the PCI device.
    pub(crate) const FILE: &str = "power/runtime_status";

    pub(crate) fn of(text: &[u8]) -> RuntimeStatus {
        match scalar::text(text).as_deref() {
            Some("suspended" | "suspending") => RuntimeStatus::Asleep,
            Some("unsupported") => RuntimeStatus::Unsupported,
            _ => RuntimeStatus::Awake,
        }
    }
}

impl Device {
    fn runtime_status(&self) -> RuntimeStatus {
        with_buffer(|buf| match self.dir.read(Path::new(RuntimeStatus::FILE), buf) {
            Ok(()) => RuntimeStatus::of(buf),
            Err(_) => RuntimeStatus::Awake,
        })
    }

    /// The error of a file that the driver answers without touching the hardware.
    pub(crate) fn error(&self, op: Op, path: PathBuf, error: std::io::Error) -> Error {
        match Error::plain(op, &path, &error) {
            Error::NotSupported { .. } if self.is_gone() => Error::DeviceGone { path },
            other => other,
        }
    }

    /// The error of a file that asks the power management: EPERM and EBUSY tell the GPU's state, not a
    /// permission (`amdgpu_pm_get_access_if_active` and, before, the checks of `in_reset` and `in_suspend`).
    pub(crate) fn power_management_error(&self, op: Op, path: PathBuf, error: std::io::Error) -> Error {
        use rustix::io::Errno;
        let reason = match error.raw_os_error().map(Errno::from_raw_os_error) {
            Some(Errno::PERM | Errno::BUSY) => match self.runtime_status() {
                RuntimeStatus::Asleep => Unavailable::Suspended,
                _ => Unavailable::InReset,
            },
            Some(Errno::INVAL) if self.runtime_status() == RuntimeStatus::Unsupported => Unavailable::Refused,
            _ => return self.error(op, path, error),
        };
        Error::Unavailable { path, reason }
    }

    /// Lets every handle of this scan on this package answer that it is gone.
    #[cfg(feature = "control")]
    pub(crate) fn retire(&self) {
        self.retired.store(true, Ordering::Relaxed);
    }

    /// Whether the handles of this scan are of an old partitioning.
    pub(crate) fn is_retired(&self) -> bool {
        self.retired.load(Ordering::Relaxed)
    }

    /// Whether the driver let go of it.
    pub(crate) fn is_gone(&self) -> bool {
        self.alive
            .is_some_and(|entry| self.dir.meta(Path::new(entry)).is_err_and(|error| error.kind() == NotFound))
    }
}

impl Node {
    pub(crate) fn new(dir: Arc<dyn Dir>, properties: NodeProperties) -> Node {
        Node { dir, properties, renewed: Mutex::default() }
    }

    /// Its directory, as far as it is known.
    fn dir(&self) -> Arc<dyn Dir> {
        lock(&self.renewed).as_ref().unwrap_or(&self.dir).clone()
    }

    /// The error of a file in the directory that the node had when it was found.
    pub(crate) fn error(&self, op: Op, path: PathBuf, error: std::io::Error) -> Error {
        gone_or(&*self.dir, op, path, error)
    }
}

/// The error of a file of a node's directory. Every node has `properties`: where they went the node did, as after a
/// change of partitions.
fn gone_or(dir: &dyn Dir, op: Op, path: PathBuf, error: std::io::Error) -> Error {
    match node_error(op, path, error) {
        Error::NotSupported { path } if dir.meta(Path::new("properties")).is_err() => {
            Error::DeviceGone { path }
        }
        other => other,
    }
}

/// The way to files that would wake the GPU.
pub(crate) struct Access<'a> {
    gpu: &'a Gpu,
    refused: Option<Unavailable>,
}

impl Access<'_> {
    /// Reads a power-management file of the PCI device.
    pub(crate) fn read<T>(&self, file: &str, parse: impl FnOnce(&[u8]) -> Parsed<T>) -> Result<T> {
        let device = self.gpu.device(file)?;
        self.read_in(device, &*device.dir, file, parse)
    }

    /// Reads a file of the hwmon directory.
    pub(crate) fn read_hwmon<T>(&self, file: &str, parse: impl FnOnce(&[u8]) -> Parsed<T>) -> Result<T> {
        let hwmon = self.gpu.hwmon()?;
        self.read_in(self.gpu.device(file)?, &*hwmon.dir, file, parse)
    }

    /// Refuses a file that would wake the GPU.
    pub(crate) fn check(&self, path: impl FnOnce() -> PathBuf) -> Result<()> {
        match self.refused {
            Some(reason) => Err(Error::Unavailable { path: path(), reason }),
            None => Ok(()),
        }
    }

    fn read_in<T>(
        &self,
        device: &Device,
        dir: &dyn Dir,
        file: &str,
        parse: impl FnOnce(&[u8]) -> Parsed<T>,
    ) -> Result<T> {
        self.check(|| dir.path().join(file))?;
        read(dir, file, |op, path, error| device.power_management_error(op, path, error), parse)
    }
}

/// The driver's hwmon directory and the names in it, which are made once when the device is registered.
pub(crate) struct Hwmon {
    pub(crate) dir: Arc<dyn Dir>,
    attributes: Vec<String>,
}

impl Hwmon {
    /// Whether the driver took it back: it is made anew when the driver is bound again.
    pub(crate) fn is_gone(&self) -> bool {
        let gone =
            |name: &String| self.dir.meta(Path::new(name)).is_err_and(|error| error.kind() == NotFound);
        // Any that the driver makes; `device` and `subsystem` are links, which recordings may have cut.
        self.attributes.iter().find(|name| *name == "name" || name.ends_with("_input")).is_some_and(gone)
    }

    /// Whether an attribute of this name is there.
    pub(crate) fn has(&self, attribute: &str) -> bool {
        self.attributes.binary_search_by(|name| name.as_str().cmp(attribute)).is_ok()
    }

    /// The numbers N of all attributes `<prefix>N_…` or `<prefix>N`, each once, ascending.
    ///
    /// Found by looking, never by counting from 1: an MI300X has temp2 and temp3 only.
    pub(crate) fn channels(&self, prefix: &str) -> Vec<u32> {
        let number = |name: &String| {
            let rest = name.strip_prefix(prefix)?;
            let digits = rest.split_once('_').map_or(rest, |(digits, _)| digits);
            digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok()).flatten()
        };
        let mut channels: Vec<u32> = self.attributes.iter().filter_map(number).collect();
        channels.sort_unstable();
        channels.dedup();
        channels
    }
}

impl Gpu {
    /// The driver's hwmon. Opening and listing it wakes nothing.
    pub(crate) fn hwmon(&self) -> Result<&Hwmon> {
        let device = self.device("hwmon")?;
        if let Some(hwmon) = self.0.hwmon.get() {
            return Ok(hwmon);
        }
        let found = find_hwmon(device)?;
        // What could not be opened is tried again at the next call; only a success is kept.
        Ok(self.0.hwmon.get_or_init(|| found))
    }

    /// Reads a file of the hwmon directory that never wakes the GPU.
    pub(crate) fn hwmon_fact<T>(&self, file: &str, parse: impl FnOnce(&[u8]) -> Parsed<T>) -> Result<T> {
        let device = self.device(file)?;
        read(&*self.hwmon()?.dir, file, |op, path, error| device.error(op, path, error), parse)
    }
}

/// The `hwmonN` of this device: N differs at each boot, and another driver's may stand beside it.
fn find_hwmon(device: &Device) -> Result<Hwmon> {
    let parent = Path::new("hwmon");
    let failed = |op, path, error| device.error(op, path, error);
    let listed = |dir: &dyn Dir, rel: &Path| {
        dir.list(rel).map_err(|error| failed(Op::List, dir.path().join(rel), error))
    };
    let (mut nameless, mut closed) = (None, None);
    for entry in listed(&*device.dir, parent)? {
        let path = parent.join(&entry.name);
        let dir = match device.dir.open_dir(&path) {
            Ok(dir) => dir,
            Err(error) => {
                closed = closed.or(Some(failed(Op::OpenDir, device.dir.path().join(path), error)));
                continue;
            }
        };
        match read(&*dir, "name", failed, |text| Ok(scalar::text(text).map(|name| name == "amdgpu"))) {
            Ok(Some(true)) => return hwmon_of(dir, listed),
            Ok(Some(false)) => {}
            Ok(None) | Err(_) => nameless = nameless.or(Some(dir)),
        }
    }
    // Some recordings have no `name`; on a live machine every hwmon has one.
    if let Some(dir) = nameless {
        return hwmon_of(dir, listed);
    }
    Err(closed.unwrap_or_else(|| Error::NotSupported { path: device.dir.path().join(parent) }))
}

fn hwmon_of(dir: Arc<dyn Dir>, list: impl Fn(&dyn Dir, &Path) -> Result<Vec<Entry>>) -> Result<Hwmon> {
    let entries = list(&*dir, Path::new("."))?;
    let attributes = entries.into_iter().filter_map(|entry| entry.name.into_string().ok()).collect();
    Ok(Hwmon { dir, attributes })
}

/// The error of a file of a KFD node: EPERM is the device cgroup, whatever the modes say
/// (`kfd_devcgroup_check_permission`).
pub(crate) fn node_error(op: Op, path: PathBuf, error: std::io::Error) -> Error {
    use rustix::io::Errno;
    if error.raw_os_error() == Some(Errno::PERM.raw_os_error()) {
        let hint = "the device cgroup of this container hides the GPU; give it the GPU's render node";
        return Error::NoPermission { op, path, hint };
    }
    Error::plain(op, &path, &error)
}

/// Reads one attribute of a directory and parses it.
pub(crate) fn read<T>(
    dir: &dyn Dir,
    file: &str,
    failed: impl FnOnce(Op, PathBuf, std::io::Error) -> Error,
    parse: impl FnOnce(&[u8]) -> Parsed<T>,
) -> Result<T> {
    with_buffer(|buf| match dir.read(Path::new(file), buf) {
        Ok(()) => parse(buf).map_err(|error| Error::unparsable(dir.path().join(file), error)),
        Err(error) => Err(failed(Op::Read, dir.path().join(file), error)),
    })
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // What a panic elsewhere leaves is still whole.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Lends a buffer that is kept for the thread, so that a read allocates nothing.
pub(crate) fn with_buffer<T>(use_it: impl FnOnce(&mut Vec<u8>) -> T) -> T {
    thread_local! {
        static BUFFER: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
    }
    // Taken out, not borrowed: a parser that reads another file finds an empty one and allocates.
    let mut buf = BUFFER.take();
    let value = use_it(&mut buf);
    BUFFER.set(buf);
    value
}
