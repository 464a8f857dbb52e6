//! Compute and memory partitioning of a package.

use std::path::Path;

use super::{Gpu, read};
use crate::attribute::{
    AVAILABLE_COMPUTE_PARTITIONS, AVAILABLE_MEMORY_PARTITIONS, COMPUTE_PARTITION, IP_BLOCKS,
    MEMORY_ALLOCATION, MEMORY_PARTITION, PROFILE_MEMORY_PARTITIONS, SELECTED_PROFILE, SUPPORTED_PROFILES,
};
use crate::error::{Error, Op, Result};
use crate::parse::partition::{ComputePartition, MemoryAllocation, MemoryPartition};
use crate::parse::scalar;
use crate::reading::{Reading, Source, Value, bundle};

bundle! {
    /// A compute partitioning profile of a package.
    pub struct PartitionProfile {
        /// Position in the driver's list.
        pub index: usize,
        /// The driver's name of the mode.
        pub mode: ComputePartition,
        readings {
            /// `true` for the current mode; absent while the GPU sleeps.
            pub current: bool,
            /// Number of partitions in this mode.
            pub partitions: u32,
            /// The memory modes that this mode allows; known for the selected profile only.
            pub memory_partitions: Vec<MemoryPartition>,
            /// The resources of each partition; known for the selected profile only.
            pub resources: Vec<PartitionResource>,
        }
    }
}

bundle! {
    /// Engines of one kind in a partition.
    pub struct PartitionResource {
        /// The kind of engine.
        pub kind: ResourceKind,
        readings {
            /// Number of engines per partition.
            pub instances: u32,
            /// Number of partitions that share an engine.
            pub shared: u32,
        }
    }
}

/// A kind of engine in a partition (`xcp_res_names` of amdgpu_xcp.c).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub enum ResourceKind {
    /// Compute dies (`xcc`).
    Xcc,
    /// Copy engines (`dma`).
    Dma,
    /// Video engines (`dec`).
    Decoder,
    /// JPEG engines (`jpeg`).
    Jpeg,
}

impl ResourceKind {
    const ALL: [ResourceKind; 4] =
        [ResourceKind::Xcc, ResourceKind::Dma, ResourceKind::Decoder, ResourceKind::Jpeg];

    /// The driver's name of the kind.
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
    /// Compute partitioning of the package: SPX (one partition) to CPX (one partition per die).
    ///
    /// Reading may wake the GPU, so the file is not read while the GPU sleeps.
    ///
    /// # Source
    /// `current_compute_partition` of the PCI device.
    ///
    /// # Errors
    /// [`Error::NotSupported`] if the chip cannot be partitioned.
    ///
    /// # Supported on
    /// MI300 and newer Instinct.
    #[doc(alias = "amdsmi_get_gpu_compute_partition")]
    pub fn compute_partition(&self) -> Reading<ComputePartition> {
        self.get(&COMPUTE_PARTITION)
    }

    /// Memory partitioning of the package: NPS1 (one partition) to NPS8.
    ///
    /// # Source
    /// `current_memory_partition` of the PCI device.
    ///
    /// # Errors
    /// [`Error::NotSupported`] if the memory cannot be partitioned.
    ///
    /// # Supported on
    /// MI300 and newer Instinct.
    #[doc(alias = "amdsmi_get_gpu_memory_partition")]
    pub fn memory_partition(&self) -> Reading<MemoryPartition> {
        self.get(&MEMORY_PARTITION)
    }

    /// Share of a memory partition that each compute partition in it may allocate: an even share, or all free memory.
    ///
    /// # Source
    /// `compute_partition_mem_alloc_mode` of the PCI device, since kernel 7.1.
    ///
    /// # Errors
    /// [`Error::NotSupported`] if the chip cannot be partitioned.
    ///
    /// # Supported on
    /// MI300 and newer Instinct.
    #[doc(alias = "amdsmi_get_gpu_accelerator_partition_mem_alloc_mode")]
    #[doc(alias = "amdsmi_get_gpu_compute_partition_mem_alloc_mode")]
    pub fn memory_allocation(&self) -> Reading<MemoryAllocation> {
        self.get(&MEMORY_ALLOCATION)
    }

    /// The compute partitioning modes that are available with the current memory partitioning.
    ///
    /// # Source
    /// `available_compute_partition` of the PCI device; available while the GPU sleeps.
    ///
    /// # Errors
    /// [`Error::NotSupported`] if there is no choice.
    ///
    /// # Supported on
    /// MI300 and newer Instinct.
    pub fn available_compute_partitions(&self) -> Reading<Vec<ComputePartition>> {
        self.get(&AVAILABLE_COMPUTE_PARTITIONS)
    }

    /// The available memory partitioning modes. A change takes effect when the driver is reloaded.
    ///
    /// # Source
    /// `available_memory_partition` of the PCI device, since kernel 6.13; available while the GPU sleeps.
    ///
    /// # Errors
    /// [`Error::NotSupported`] if there is no choice.
    ///
    /// # Supported on
    /// MI300 and newer Instinct.
    #[doc(alias = "amdsmi_get_gpu_memory_partition_config")]
    pub fn available_memory_partitions(&self) -> Reading<Vec<MemoryPartition>> {
        self.get(&AVAILABLE_MEMORY_PARTITIONS)
    }

    /// The compute partitioning profiles of the package, with the resources of the selected one.
    ///
    /// The driver describes one profile at a time, the one that was last written to its `xcp_config`. Reading does
    /// not write, so the other profiles have no resources here.
    ///
    /// # Source
    /// `compute_partition_config` of the PCI device, since kernel 6.13; its numbers are readable by root only.
    /// Without it, `available_compute_partition`. The number of CPX partitions comes from `ip_discovery`.
    ///
    /// # Errors
    /// [`Error::NotSupported`] if the chip cannot be partitioned. The profile's reasons have the errors of single
    /// values.
    ///
    /// # Supported on
    /// MI300 and newer Instinct.
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
            // If the driver does not tell which profile it describes, it may be this one.
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

    /// The selected profile's resources of one kind of engine; `None` if the driver does not list the kind.
    fn resource(&self, kind: ResourceKind) -> Option<PartitionResource> {
        let folder = format!("compute_partition_config/{}", kind.as_str());
        let device = self.device(&folder).ok()?;
        device.dir.meta(Path::new(&folder)).ok()?;
        let number = |name: &str| self.fact(&format!("{folder}/{name}"), scalar::unsigned_32);
        Some(PartitionResource { kind, instances: number("num_inst"), shared: number("num_shared") })
    }

    /// The number of partitions of a mode.
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

    /// The number of working compute dies (XCC) of the package: KFD's count over all partitions, or else the
    /// instances of GC that are not harvested.
    fn compute_dies(&self) -> Result<u32> {
        let partitions = match self.compute_partition() {
            Err(Error::NotSupported { .. }) => None,
            Ok(mode) if mode.value == ComputePartition::Cpx => None,
            // The meaning of KFD's count is not known.
            Err(error) => return Err(error),
            Ok(mode) => self.partitions_of(&mode.value).ok(),
        };
        let dies_of_each = self.inner.node.as_ref().ok().and_then(|node| node.properties.num_xcc);
        if let Some(dies) = partitions.zip(dies_of_each).and_then(|(count, dies)| dies.checked_mul(count)) {
            return Ok(dies);
        }
        let file = &*format!("{IP_BLOCKS}/GC");
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
