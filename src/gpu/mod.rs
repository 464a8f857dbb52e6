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
mod hwmon;
mod memory;
pub(crate) mod metrics;
mod names;
mod node;
mod numa;
mod partition;
mod pcie;
mod performance;
pub(crate) mod power;
mod products;
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
use std::sync::{Arc, OnceLock};

use crate::backend::{Backend, Dir};
use crate::error::{Error, Op, Result, Unavailable};
use crate::id::{Bdf, CardMinor, GpuId, NodeId, RenderMinor, UniqueId, Uuid};
use crate::parse::Parsed;
use crate::parse::keyval::PciId;
use crate::parse::scalar;

pub use activity::Activity;
pub use asic::AsicInfo;
pub use board::{BoardInfo, VbiosInfo};
pub use cache::CacheInfo;
pub use clock::{ClockDomain, Frequency};
pub(crate) use driver::driver_info;
pub use driver::{DriverInfo, DriverState};
pub use fan::{Fan, FanControl, FanMode};
pub use firmware::Firmware;
pub(crate) use hwmon::Hwmon;
pub use memory::{MemoryUsage, VramInfo};
pub use names::MarketName;
pub(crate) use node::{Node, node_error};
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
