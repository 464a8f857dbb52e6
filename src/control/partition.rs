//! Compute and memory partitioning of a package.

use super::Control;
use super::plan::{Behind, Plan, Step};
use crate::attribute::{AVAILABLE_COMPUTE_PARTITIONS, AVAILABLE_MEMORY_PARTITIONS, MEMORY_ALLOCATION};
use crate::error::{Error, Result};
use crate::gpu::Gpu;
use crate::parse::partition::{self, ComputePartition, MemoryAllocation, MemoryPartition};
use crate::reading::bare;

const COMPUTE: &str = "current_compute_partition";
const MEMORY: &str = "current_memory_partition";

impl Control<'_> {
    /// Changes the compute partitioning; also by name, such as `"cpx"`, in either case.
    ///
    /// This invalidates the list of GPUs: the driver removes their KFD nodes and creates others. Every handle of this
    /// scan on this package then returns [`Error::DeviceGone`]; get a new list with
    /// [`Smi::rescan`](crate::Smi::rescan).
    ///
    /// # Source
    /// `current_compute_partition` of the PCI device; `available_compute_partition` lists the accepted modes.
    ///
    /// # Errors
    /// [`Error::NotOffered`] for an unlisted mode; [`Error::NotSupported`] if the chip cannot be partitioned. At the
    /// commit, [`Unavailable::InUse`](crate::error::Unavailable::InUse) while processes use the package.
    ///
    /// # Supported on
    /// MI300 and newer Instinct.
    #[doc(alias = "amdsmi_set_gpu_compute_partition")]
    pub fn compute_partition(
        &self,
        partition: impl Into<ComputePartition>,
    ) -> Result<Plan<ComputePartition>> {
        let partition = partition.into();
        self.gpu.compute_partition()?;
        self.not_in_reset()?;
        // `aqua_vanjaram_xcp_mgr_init` takes the switch away from a virtual function, and the file's mode says so; a
        // recording may have no modes.
        if self.gpu.is_virtual_function() {
            return Err(Error::NotOffered {
                path: self.gpu.path_of(COMPUTE),
                requested: partition.to_string(),
                offered: "a virtual function cannot change the partitions that its host made".into(),
            });
        }
        let list = self.gpu.access().read(AVAILABLE_COMPUTE_PARTITIONS.name, partition::compute_partitions);
        let check = self.listed(COMPUTE, &partition, list)?;
        let step = Step::write(&self.device.dir, COMPUTE, &partition).restored_verbatim();
        let mut plan = Plan::new(self.gpu, partition, |gpu: &Gpu| bare(gpu.compute_partition()))
            .step(step.behind(Behind::Partitions))
            .check(check);
        plan.repartitions = true;
        Ok(plan)
    }

    /// Changes the memory partitioning to `NPS1` and so on; also by name, in either case.
    ///
    /// The change takes effect when the driver is next loaded: until then, the old mode is reported, and the list of
    /// GPUs stays. The driver is not reloaded here, because every program that uses a GPU would have to stop.
    ///
    /// # Source
    /// `current_memory_partition` of the PCI device; `available_memory_partition` lists the accepted modes (since
    /// kernel 6.13).
    ///
    /// # Errors
    /// [`Error::NotOffered`] for an unlisted mode; [`Error::NotSupported`] if the memory cannot be partitioned. On a
    /// kernel that cannot change it, the file is read-only, which [`Plan::stage`] reports.
    ///
    /// # Supported on
    /// MI300 and newer Instinct, since kernel 6.13.
    #[doc(alias = "amdsmi_set_gpu_memory_partition")]
    #[doc(alias = "amdsmi_set_gpu_memory_partition_mode")]
    pub fn memory_partition(&self, partition: impl Into<MemoryPartition>) -> Result<Plan<MemoryPartition>> {
        let partition = partition.into();
        self.gpu.memory_partition()?;
        let list = self.gpu.access().read(AVAILABLE_MEMORY_PARTITIONS.name, partition::memory_partitions);
        let check = self.listed(MEMORY, &partition, list)?;
        let step = Step::write(&self.device.dir, MEMORY, &partition).restored_verbatim();
        let plan = Plan::new(self.gpu, partition, |gpu: &Gpu| bare(gpu.memory_partition()));
        Ok(plan.step(step.behind(Behind::Partitions)).check(check))
    }

    /// Sets the share of a memory partition that each compute partition in it may allocate; also by name, such as
    /// `"all"`.
    ///
    /// # Source
    /// `compute_partition_mem_alloc_mode` of the PCI device, since kernel 7.1.
    ///
    /// # Errors
    /// [`Error::NotOffered`] for a name that the driver does not know; [`Error::NotSupported`] if the chip cannot be
    /// partitioned.
    ///
    /// # Supported on
    /// MI300 and newer Instinct.
    #[doc(alias = "amdsmi_set_gpu_accelerator_partition_mem_alloc_mode")]
    #[doc(alias = "amdsmi_set_gpu_compute_partition_mem_alloc_mode")]
    pub fn memory_allocation(&self, mode: impl Into<MemoryAllocation>) -> Result<Plan<MemoryAllocation>> {
        let mode = mode.into();
        self.present(MEMORY_ALLOCATION.name)?;
        if matches!(mode, MemoryAllocation::Other(_)) {
            return Err(Error::NotOffered {
                path: self.gpu.path_of(MEMORY_ALLOCATION.name),
                requested: mode.to_string(),
                offered: "use CAPPING or ALL".into(),
            });
        }
        let step = Step::write(&self.device.dir, MEMORY_ALLOCATION.name, &mode).restored_verbatim();
        Ok(Plan::new(self.gpu, mode, |gpu: &Gpu| bare(gpu.memory_allocation()))
            .step(step.behind(Behind::Other)))
    }

    /// Checks that the driver lists this mode. Without a list, the driver decides, but only names of modes are sent.
    fn listed<T: PartialEq + std::fmt::Display + IsWord>(
        &self,
        file: &str,
        requested: &T,
        list: Result<Option<Vec<T>>>,
    ) -> Result<String> {
        let offered = match list {
            Ok(Some(list)) if list.contains(requested) => return Ok(format!("{requested} is listed")),
            Ok(Some(list)) => {
                let words: Vec<_> = list.iter().map(T::to_string).collect();
                format!("choose from {}", words.join(", "))
            }
            Ok(None) => "the driver lists none".into(),
            Err(Error::NotSupported { .. }) if requested.is_word() => {
                return Ok(format!("{requested}: the driver publishes no list and will decide"));
            }
            Err(Error::NotSupported { .. }) => "this is not the name of a mode".into(),
            Err(error) => return Err(error),
        };
        Err(Error::NotOffered { path: self.gpu.path_of(file), requested: requested.to_string(), offered })
    }
}

/// Returns `true` for a mode with a name.
trait IsWord {
    fn is_word(&self) -> bool;
}

impl IsWord for ComputePartition {
    fn is_word(&self) -> bool {
        !matches!(self, ComputePartition::Other(_))
    }
}

impl IsWord for MemoryPartition {
    fn is_word(&self) -> bool {
        !matches!(self, MemoryPartition::Other(_))
    }
}
