//! How the package is split.

use std::path::Path;

use super::{Gpu, read};
use crate::attribute::{
    AVAILABLE_COMPUTE_PARTITIONS, AVAILABLE_MEMORY_PARTITIONS, COMPUTE_PARTITION, MEMORY_ALLOCATION,
    MEMORY_PARTITION, PROFILE_MEMORY_PARTITIONS, SELECTED_PROFILE, SUPPORTED_PROFILES,
};
use crate::error::{Error, Op, Result};
use crate::parse::partition::{ComputePartition, MemoryAllocation, MemoryPartition};
use crate::parse::scalar;
use crate::reading::{Reading, Source, Value, bundle};

bundle! {
    /// A way to split a package's compute units.
    pub struct PartitionProfile {
        /// Its place in the driver's list.
        pub index: usize,
        /// The driver's word for it.
        pub mode: ComputePartition,
        readings {
            /// Whether the package is split so at present; absent while the GPU sleeps.
            pub current: bool,
            /// How many partitions it makes.
            pub partitions: u32,
            /// The ways to split memory that go with it; known of the selected profile only.
            pub memory_partitions: Vec<MemoryPartition>,
            /// What each partition gets; known of the selected profile only.
            pub resources: Vec<PartitionResource>,
        }
    }
}

bundle! {
    /// What a partition gets of one kind of engine.
    pub struct PartitionResource {
        /// Which kind.
        pub kind: ResourceKind,
        readings {
            /// How many.
            pub instances: u32,
            /// How many partitions share one.
            pub shared: u32,
        }
    }
}

/// A kind of engine that is dealt out (`xcp_res_names` of amdgpu_xcp.c).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub enum ResourceKind {
    /// `xcc`: compute dies.
    Xcc,
    /// `dma`: copy engines.
    Dma,
    /// `dec`: video engines.
    Decoder,
    /// `jpeg`: JPEG engines.
    Jpeg,
}

impl ResourceKind {
    const ALL: [ResourceKind; 4] =
        [ResourceKind::Xcc, ResourceKind::Dma, ResourceKind::Decoder, ResourceKind::Jpeg];

    /// The driver's word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            ResourceKind::Xcc => "xcc",
            ResourceKind::Dma => "dma",
            ResourceKind::Decoder => "dec",
            ResourceKind::Jpeg => "jpeg",
        }
    }
}

/// # Partitions
impl Gpu {
    /// How the package's compute units are split: SPX (not at all) to CPX (one partition for each die).
    ///
    /// Reading it may wake the GPU, so it is not read while the GPU sleeps.
    ///
    /// *Source*: `current_compute_partition` of the PCI device.
    /// *Errors*: [`Error::NotSupported`] where the chip cannot be split.
    /// *Supported on*: MI300 and newer Instinct.
    #[doc(alias = "amdsmi_get_gpu_compute_partition")]
    pub fn compute_partition(&self) -> Reading<ComputePartition> {
        self.get(&COMPUTE_PARTITION)
    }

    /// How the package's memory is split: NPS1 (not at all) to NPS8.
    ///
    /// *Source*: `current_memory_partition` of the PCI device.
    /// *Errors*: [`Error::NotSupported`] where the memory cannot be split.
    /// *Supported on*: MI300 and newer Instinct.
    #[doc(alias = "amdsmi_get_gpu_memory_partition")]
    pub fn memory_partition(&self) -> Reading<MemoryPartition> {
        self.get(&MEMORY_PARTITION)
    }

    /// How much of a memory partition each compute partition in it may have: an even share, or all that is free.
    ///
    /// *Source*: `compute_partition_mem_alloc_mode` of the PCI device, since kernel 7.1.
    /// *Errors*: [`Error::NotSupported`] where the chip cannot be split.
    /// *Supported on*: MI300 and newer Instinct.
    #[doc(alias = "amdsmi_get_gpu_accelerator_partition_mem_alloc_mode")]
    #[doc(alias = "amdsmi_get_gpu_compute_partition_mem_alloc_mode")]
    pub fn memory_allocation(&self) -> Reading<MemoryAllocation> {
        self.get(&MEMORY_ALLOCATION)
    }

    /// The ways to split the package's compute units that can be chosen with its memory split as it is.
    ///
    /// *Source*: `available_compute_partition` of the PCI device; answered while the GPU sleeps.
    /// *Errors*: [`Error::NotSupported`] where nothing can be chosen.
    /// *Supported on*: MI300 and newer Instinct.
    pub fn available_compute_partitions(&self) -> Reading<Vec<ComputePartition>> {
        self.get(&AVAILABLE_COMPUTE_PARTITIONS)
    }

    /// The ways to split the package's memory that can be chosen; the choice takes effect when the driver is loaded
    /// again.
    ///
    /// *Source*: `available_memory_partition` of the PCI device, since kernel 6.13; answered while the GPU sleeps.
    /// *Errors*: [`Error::NotSupported`] where nothing can be chosen.
    /// *Supported on*: MI300 and newer Instinct.
    #[doc(alias = "amdsmi_get_gpu_memory_partition_config")]
    pub fn available_memory_partitions(&self) -> Reading<Vec<MemoryPartition>> {
        self.get(&AVAILABLE_MEMORY_PARTITIONS)
    }

    /// The ways to split the package's compute units that its driver knows, with what each makes of the engines.
    ///
    /// The driver describes one profile at a time, the one that was last written to its `xcp_config`; reading does
    /// not write, so the others have no resources here.
    ///
    /// *Source*: `compute_partition_config` of the PCI device, since kernel 6.13, its numbers for root only; without
    /// it `available_compute_partition`. How many dies CPX makes partitions of, from `ip_discovery`.
    /// *Errors*: [`Error::NotSupported`] where the chip cannot be split; of single values in the profile's reasons.
    /// *Supported on*: MI300 and newer Instinct.
    #[doc(alias = "amdsmi_get_gpu_accelerator_partition_profile")]
    #[doc(alias = "amdsmi_get_gpu_accelerator_partition_profile_config")]
    pub fn partition_profiles(&self) -> Result<Vec<PartitionProfile>> {
        let modes = match self.get(&SUPPORTED_PROFILES) {
            Err(Error::NotSupported { .. }) => self.available_compute_partitions()?,
            modes => modes?,
        };
        let current = self.compute_partition();
        let selected = self.get(&SELECTED_PROFILE);
        let profiles = modes.value.into_iter().enumerate().map(|(index, mode)| {
            // Which profile the driver describes may not be known: then it may be this one.
            let is_selected = match &selected {
                Ok(selected) => Ok(selected.value == mode),
                Err(Error::NotSupported { .. }) => Ok(false),
                Err(error) => Err(error.clone()),
            };
            let described = match is_selected {
                Ok(true) => Ok(()),
                Ok(false) => Err(Error::NotSupported { path: self.path_of(PROFILE_MEMORY_PARTITIONS.name) }),
                Err(error) => Err(error),
            };
            let resources = || ResourceKind::ALL.into_iter().filter_map(|kind| self.resource(kind)).collect();
            PartitionProfile {
                index,
                current: current.clone().map(|current| current.map(|current| current == mode)),
                partitions: self
                    .partitions_of(&mode)
                    .map(|count| Value::of_package(count, Source::Attribute)),
                memory_partitions: described.clone().and_then(|()| self.get(&PROFILE_MEMORY_PARTITIONS)),
                resources: described.map(|()| Value::of_package(resources(), Source::Attribute)),
                mode,
            }
        });
        Ok(profiles.collect())
    }

    /// What the selected profile deals out of a kind of engine; none where the driver does not speak of it.
    fn resource(&self, kind: ResourceKind) -> Option<PartitionResource> {
        let folder = format!("compute_partition_config/{}", kind.as_str());
        let device = self.device(&folder).ok()?;
        device.dir.meta(Path::new(&folder)).ok()?;
        let number = |name: &str| self.fact(&format!("{folder}/{name}"), scalar::unsigned_32);
        Some(PartitionResource { kind, instances: number("num_inst"), shared: number("num_shared") })
    }

    /// How many partitions a mode makes.
    fn partitions_of(&self, mode: &ComputePartition) -> Result<u32> {
        match mode {
            ComputePartition::Spx => Ok(1),
            ComputePartition::Dpx => Ok(2),
            ComputePartition::Tpx => Ok(3),
            ComputePartition::Qpx => Ok(4),
            ComputePartition::Cpx => self.compute_dies(),
            ComputePartition::Other(_) => {
                Err(Error::NotSupported { path: self.path_of("compute_partition_config") })
            }
        }
    }

    /// The package's compute dies (XCC) that work: as many as KFD counts in all partitions, or else the instances of
    /// GC that are not harvested.
    fn compute_dies(&self) -> Result<u32> {
        let partitions = match self.compute_partition() {
            Err(Error::NotSupported { .. }) => None,
            Ok(mode) if mode.value == ComputePartition::Cpx => None,
            // How KFD's count is to be read is not known.
            Err(error) => return Err(error),
            Ok(mode) => self.partitions_of(&mode.value).ok(),
        };
        let dies_of_each = self.inner.node.as_ref().ok().and_then(|node| node.properties.num_xcc);
        if let Some(dies) = partitions.zip(dies_of_each).and_then(|(count, dies)| dies.checked_mul(count)) {
            return Ok(dies);
        }
        let file = "ip_discovery/die/0/GC";
        let device = self.device(file)?;
        let failed = |op: Op, path, error| device.error(op, path, error);
        let entries = device.dir.list(Path::new(file));
        let entries = entries.map_err(|error| failed(Op::List, device.dir.path().join(file), error))?;
        let mut count = 0;
        for name in entries.iter().filter_map(|entry| entry.name.to_str()) {
            if name.parse::<u32>().is_ok() {
                let harvest = read(&*device.dir, &format!("{file}/{name}/harvest"), failed, scalar::hex)?;
                count += u32::from(harvest == 0);
            }
        }
        match count {
            0 => Err(Error::NotSupported { path: self.path_of(file) }),
            count => Ok(count),
        }
    }
}
