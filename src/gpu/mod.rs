//! One GPU or partition: the handle, with one file per topic.

mod access;
mod activity;
mod asic;
mod baseboard;
mod board;
mod buffer;
mod cache;
mod carveout;
mod clock;
mod device;
mod driver;
mod drm;
mod fan;
mod firmware;
mod hwmon;
mod memory;
pub(crate) mod metrics;
mod names;
mod node;
mod numa;
mod package;
mod partition;
mod pcie;
mod performance;
mod power;
mod products;
mod ras;
mod thermal;
mod tops_limiter;
mod ttm;
mod unrecognised;
mod virtualization;
mod voltage;
mod xgmi;

use std::fmt;
use std::hash::{Hash, Hasher};
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use crate::backend::Backend;
use crate::error::{Error, Result, Unavailable};
use crate::id::{Bdf, CardMinor, GpuId, NodeId, RenderMinor, UniqueId, Uuid};

pub use crate::parse::UnrecognisedLine;
pub use crate::parse::aca::{AcaRegisters, AcaSeverity};
pub use crate::parse::carveout::CarveoutOption;
pub use crate::parse::cper::{
    CperRecord, CperRecords, CperSection, CperSeverity, CperTimestamp, Guid, NotifyType, SectionKind,
};
pub use crate::parse::dpm::{DpmIndex, DpmLevel, DpmTable, PcieLevel, PcieTable};
pub use crate::parse::drm::{DrmVersion, VramType};
pub use crate::parse::fan::{FanCurve, FanMode, FanPoint, FanSetting};
pub use crate::parse::features::{Feature, Features};
pub use crate::parse::keyval::PciId;
pub use crate::parse::label::{TemperatureSensor, VoltageRail};
pub use crate::parse::overdrive::{
    CoreClock, Limits, Overdrive, OverdriveLimits, OverdrivePoint, OverdriveRange, OverdriveSection,
};
pub use crate::parse::partition::{ComputePartition, MemoryAllocation, MemoryPartition};
pub use crate::parse::pcie::PcieTraffic;
pub use crate::parse::performance::{PerformanceLevel, ThrottlingLogging};
pub use crate::parse::policy::{Isolation, PolicyLevel};
pub use crate::parse::profile::PowerProfile;
pub use crate::parse::ras::{
    BadPage, BadPageStatus, ErrorCounts, EventState, RasEvent, RasSchema, block_name as ras_block_name,
    block_names as ras_block_names,
};
pub use crate::parse::system::ModuleState;
pub use crate::parse::tops_limiter::{PtlFormat, PtlFormats};
pub use crate::parse::xgmi::{PortPair, XgmiErrors};
pub use crate::reading::{Reading, Scope, Source, Value};
pub(crate) use access::Access;
pub use activity::Activity;
pub use asic::AsicInfo;
pub use baseboard::NodePower;
pub use board::{BoardInfo, VbiosInfo};
pub(crate) use buffer::{Buffer, read};
pub use cache::CacheInfo;
pub use carveout::Carveout;
pub use clock::{ClockDomain, Frequency};
pub(crate) use device::{Device, RuntimeStatus};
pub(crate) use driver::driver_info;
pub use driver::{DriverInfo, DriverState};
pub use fan::{Fan, FanControl};
pub use firmware::Firmware;
pub(crate) use hwmon::Hwmon;
pub use memory::{MemoryUsage, VramInfo};
pub use names::MarketName;
pub(crate) use node::{COMPUTE_UNITS, KfdNode, is_hidden_by_cgroup, node_error};
pub use numa::NumaInfo;
pub use package::Package;
pub use partition::{PartitionProfile, PartitionResource, ResourceKind};
pub use pcie::{PcieInfo, PcieLink};
pub use power::{PowerChannel, PowerKind};
pub use ras::{BlockErrors, BlockState, ErrorTotals, RasInfo};
pub use thermal::Temperature;
pub use tops_limiter::PeakTopsLimiter;
pub use ttm::TtmLimit;
pub(crate) use ttm::ttm_limit;
pub use virtualization::{VirtualizationInfo, VirtualizationMode};
pub use voltage::Voltage;
pub use xgmi::{XgmiInfo, XgmiLink, XgmiPeer};

/// Permission to wake a suspended GPU by reading.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum WakePolicy {
    /// Files that would wake a suspended GPU are not read; they return [`Unavailable::Suspended`].
    #[default]
    Never,
    /// All files are read. Up to kernel 6.12, this wakes a sleeping GPU, which takes hundreds of milliseconds and
    /// keeps it awake for seconds; newer kernels refuse the read.
    Allow,
}

/// A GPU, or a partition of one. Cheap to clone.
///
/// A handle always means the device that the scan found. After an unbind, a hot-unplug or a change of partitions, it
/// returns [`DeviceGone`](crate::Error::DeviceGone) and never the values of a new device: scan again with
/// [`crate::Smi::rescan`].
#[derive(Clone)]
pub struct Gpu {
    pub(crate) inner: Arc<GpuInner>,
    /// The reason why this handle refuses reads that may wake the GPU.
    pub(crate) refusing: Option<Unavailable>,
}

/// The names of one GPU, as far as they are known without opening a device node.
///
/// A name that does not exist is [`NotSupported`](Error::NotSupported). Any other error means that a KFD node or a file
/// of the device could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct GpuIds {
    /// The PCI address; for a partition, the function is its number.
    pub bdf: Bdf,
    /// The PCI address of the package, which has the files. Equal to `bdf` except for a partition.
    pub package: Bdf,
    /// UUID as in AMD SMI.
    pub uuid: Result<Uuid>,
    /// KFD's id; absent if KFD does not know the GPU or hides it.
    pub kfd_id: Result<GpuId>,
    /// Index of the GPU's node in the KFD topology.
    pub node: Result<NodeId>,
    /// Number N of `cardN`.
    pub card: Result<CardMinor>,
    /// Number N of `renderDN`.
    pub render: Result<RenderMinor>,
    /// The unique number fused into the package.
    pub unique_id: Result<UniqueId>,
    /// The device index in HIP and ROCr: its rank among the GPU nodes that this process may read.
    pub hip_index: Option<u32>,
    /// The number of the partition in its package; `None` for a package that is not partitioned.
    pub partition: Option<u8>,
    /// PCI vendor (0x1002 for AMD) and device.
    pub pci_id: Result<PciId>,
    /// `Ok` if the properties of the KFD node could be read; some values come only from them.
    pub properties: Result<()>,
}

impl GpuIds {
    /// Returns the errors of names that could not be read, by field name, with `node` for the node's properties. Names
    /// that do not exist are left out.
    pub fn reasons(&self) -> impl Iterator<Item = (&'static str, &Error)> {
        fn failure<T>(name: &Result<T>) -> Option<&Error> {
            name.as_ref().err().filter(|error| !matches!(error, Error::NotSupported { .. }))
        }
        // A node without an id is hidden from this process.
        let kfd_id = self.kfd_id.as_ref().err().filter(|_| self.node.is_ok());
        let reasons = [
            ("kfd_id", kfd_id),
            ("node", failure(&self.properties)),
            ("unique_id", failure(&self.unique_id)),
            ("pci_id", self.pci_id.as_ref().err()),
            ("card", failure(&self.card)),
            ("render", failure(&self.render)),
            ("uuid", self.uuid.as_ref().err()),
        ];
        reasons.into_iter().filter_map(|(name, error)| Some((name, error?)))
    }

    /// Returns the UUID made of these two numbers, or the error of reading one: without it, the UUID would be wrong.
    pub(crate) fn uuid_of(
        unique_id: &Result<UniqueId>,
        pci_id: &Result<PciId>,
        partition: u8,
    ) -> Result<Uuid> {
        let unique_id = match unique_id {
            Ok(id) => Some(*id),
            Err(Error::NotSupported { .. }) => None,
            Err(error) => return Err(error.clone()),
        };
        let pci_id = pci_id.as_ref().map_err(Error::clone)?;
        Ok(Uuid::new(unique_id, pci_id.device, partition))
    }
}

#[cfg(feature = "serde")]
crate::reading::serialize_with_reasons! { GpuIds {
    bdf: plain, package: plain, uuid: known, kfd_id: known, node: known, card: known, render: known, unique_id: known,
    hip_index: plain, partition: plain, pci_id: known,
} }

/// The part of [`Gpu`] that its clones share.
pub(crate) struct GpuInner {
    pub(crate) index: usize,
    pub(crate) ids: GpuIds,
    pub(crate) backend: Arc<dyn Backend>,
    pub(crate) wake: WakePolicy,
    /// The PCI device's directory, or the reason for its absence: not supported if only KFD knows the GPU.
    pub(crate) device: Result<Device>,
    /// The KFD node, or the reason for its absence: not supported if KFD does not show the GPU.
    pub(crate) node: Result<KfdNode>,
    hwmon: OnceLock<Hwmon>,
    drm: drm::Answers,
    name: OnceLock<MarketName>,
}

impl GpuInner {
    fn new(
        index: usize,
        ids: GpuIds,
        backend: Arc<dyn Backend>,
        wake: WakePolicy,
        device: Result<Device>,
        node: Result<KfdNode>,
    ) -> GpuInner {
        let (hwmon, drm, name) = (OnceLock::new(), drm::Answers::default(), OnceLock::new());
        GpuInner { index, ids, backend, wake, device, node, hwmon, drm, name }
    }
}

/// Two handles are equal if they mean the same GPU of the same machine, even from different scans.
impl PartialEq for Gpu {
    fn eq(&self, other: &Gpu) -> bool {
        let key = |gpu: &Gpu| {
            let ids = gpu.ids();
            let (unique_id, pci_id) = (ids.unique_id.as_ref().ok(), ids.pci_id.as_ref().ok());
            (ids.bdf, ids.partition, unique_id.copied(), pci_id.copied())
        };
        key(self) == key(other) && Arc::ptr_eq(&self.inner.backend, &other.inner.backend)
    }
}

impl Eq for Gpu {}

impl Hash for Gpu {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.ids().bdf, self.ids().partition).hash(state);
    }
}

impl fmt::Debug for Gpu {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gpu")
            .field("index", &self.inner.index)
            .field("bdf", &self.inner.ids.bdf)
            .finish_non_exhaustive()
    }
}

/// # Names and handles
impl Gpu {
    pub(crate) fn new(
        index: usize,
        ids: GpuIds,
        backend: Arc<dyn Backend>,
        wake: WakePolicy,
        device: Result<Device>,
        node: Result<KfdNode>,
    ) -> Gpu {
        Gpu { inner: Arc::new(GpuInner::new(index, ids, backend, wake, device, node)), refusing: None }
    }

    /// A handle of the same GPU that refuses, with this reason, every read that may wake the GPU or keep it awake.
    /// With [`Unavailable::Late`], it refuses every read.
    ///
    /// Use it for values beside a [sample](crate::sample): a GPU that the sampler leaves alone, or that does not
    /// answer, should not be read for other values either.
    ///
    /// ```
    /// # fn main() -> amdgpu_smi::Result<()> {
    /// use amdgpu_smi::error::Unavailable;
    /// # let smi = amdgpu_smi::Smi::builder().root("fixtures/navi31-1x-k6.12-desktop").build()?;
    /// let gpu = smi.gpus()[0].refusing(Unavailable::LeftAlone);
    /// assert!(gpu.performance_level().is_err());
    /// assert!(gpu.memory_usage().vram_used.is_ok());
    /// # Ok(())
    /// # }
    /// ```
    pub fn refusing(&self, reason: Unavailable) -> Gpu {
        Gpu { inner: self.inner.clone(), refusing: Some(reason) }
    }

    /// Position in the list, by which AMD's tools number GPUs.
    pub fn index(&self) -> usize {
        self.inner.index
    }

    /// All names of this GPU.
    #[doc(alias = "amdsmi_get_gpu_enumeration_info")]
    #[doc(alias = "amdsmi_get_gpu_kfd_info")]
    #[doc(alias = "amdsmi_get_gpu_id")]
    pub fn ids(&self) -> &GpuIds {
        &self.inner.ids
    }

    /// PCI address; for a partition, the function is its number.
    #[doc(alias = "amdsmi_get_gpu_device_bdf")]
    #[doc(alias = "amdsmi_get_gpu_bdf_id")]
    pub fn bdf(&self) -> Bdf {
        self.inner.ids.bdf
    }

    /// UUID as in AMD SMI.
    ///
    /// # Errors
    /// The errors of reading the two numbers that it is made of.
    #[doc(alias = "amdsmi_get_gpu_device_uuid")]
    pub fn uuid(&self) -> Result<Uuid> {
        self.inner.ids.uuid.clone()
    }

    /// The directory of the PCI device, as on a live machine; `None` if only KFD knows the GPU.
    pub fn sysfs_path(&self) -> Option<PathBuf> {
        self.inner.device.as_ref().ok().map(|device| device.dir.path().to_path_buf())
    }

    /// Returns `true` for a partition of a package that has several.
    pub fn is_partition(&self) -> bool {
        self.inner.ids.partition.is_some()
    }

    /// Returns `true` if the DRM side (`/sys/class/drm`, the PCI device) knows this GPU, even if its directory cannot
    /// be opened. If not, only KFD's values are available, as in a container without the rest of sysfs.
    pub fn in_drm(&self) -> bool {
        !matches!(self.inner.device, Err(Error::NotSupported { .. }))
    }

    /// Returns `true` if KFD's topology shows this GPU to this process. If not, the GPU is too old for KFD, or a
    /// device cgroup hides it, so compute programs cannot use it either. A node that cannot be read for another
    /// reason counts as shown: [`GpuIds::properties`] and every method that needs the node have the error.
    pub fn in_kfd(&self) -> bool {
        !matches!(self.inner.node, Err(Error::NotSupported { .. }))
    }

    /// Returns `true` if the GPU is runtime-suspended or about to suspend. This does not wake it.
    ///
    /// # Source
    /// `power/runtime_status` of the PCI device. A missing, unreadable or `unsupported` status counts as awake.
    pub fn is_suspended(&self) -> bool {
        self.inner.device.as_ref().is_ok_and(|device| device.runtime_status() == RuntimeStatus::Asleep)
    }
}
