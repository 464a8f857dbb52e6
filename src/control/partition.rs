//! Splitting a package: its compute units, its memory.

use super::Control;
use super::plan::{Behind, Plan, Step};
use crate::attribute::{AVAILABLE_COMPUTE_PARTITIONS, AVAILABLE_MEMORY_PARTITIONS, MEMORY_ALLOCATION};
use crate::error::{Error, ParseError, Result};
use crate::gpu::Gpu;
use crate::parse::partition::{self, ComputePartition, MemoryAllocation, MemoryPartition};
use crate::reading::bare;

const COMPUTE: &str = "current_compute_partition";
const MEMORY: &str = "current_memory_partition";

impl Control<'_> {
    /// Splits the compute units anew; also as a word, `"cpx"`, in either case of letters.
    ///
    /// The GPUs of the list are no more after this: the driver takes their KFD nodes away and makes others. Every
    /// handle of this scan on this package answers [`Error::DeviceGone`] then; take a new list with
    /// [`Smi::rescan`](crate::Smi::rescan).
    ///
    /// *Source*: `current_compute_partition` of the PCI device; `available_compute_partition` lists what it takes.
    /// *Errors*: [`Error::NotOffered`] for what is not listed; [`Error::NotSupported`] where the chip cannot be split.
    /// When it is committed, [`Unavailable::InUse`](crate::error::Unavailable::InUse) while processes use the package.
    /// *Supported on*: MI300 and newer Instinct.
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
                asked: partition.to_string(),
                offered: "a virtual function keeps the partitions that its host made".into(),
            });
        }
        let list = self.gpu.access().read(AVAILABLE_COMPUTE_PARTITIONS.name, |text| {
            Ok::<_, ParseError>(partition::compute_partitions(text))
        });
        let check = self.listed(COMPUTE, &partition, list)?;
        let step = Step::write(&self.device.dir, COMPUTE, &partition).restored_verbatim();
        let mut plan = Plan::new(self.gpu, partition, |gpu: &Gpu| bare(gpu.compute_partition()))
            .step(step.behind(Behind::Partitions))
            .check(check);
        plan.repartitions = true;
        Ok(plan)
    }

    /// Splits the memory anew, as `NPS1` and so on; also as a word in either case of letters.
    ///
    /// The driver remembers it for the next time that it is loaded: until then the answer is the old mode, and the
    /// list of GPUs stays. Loading it again is not done here, since every program that uses a GPU would have to go.
    ///
    /// *Source*: `current_memory_partition` of the PCI device; `available_memory_partition` lists what it takes
    /// (since kernel 6.13).
    /// *Errors*: [`Error::NotOffered`] for what is not listed; [`Error::NotSupported`] where the memory cannot be
    /// split. A kernel that cannot change it has the file read-only, which [`Plan::stage`] tells.
    /// *Supported on*: MI300 and newer Instinct, since kernel 6.13.
    #[doc(alias = "amdsmi_set_gpu_memory_partition")]
    #[doc(alias = "amdsmi_set_gpu_memory_partition_mode")]
    pub fn memory_partition(&self, partition: impl Into<MemoryPartition>) -> Result<Plan<MemoryPartition>> {
        let partition = partition.into();
        self.gpu.memory_partition()?;
        let list = self.gpu.access().read(AVAILABLE_MEMORY_PARTITIONS.name, |text| {
            Ok::<_, ParseError>(partition::memory_partitions(text))
        });
        let check = self.listed(MEMORY, &partition, list)?;
        let step = Step::write(&self.device.dir, MEMORY, &partition).restored_verbatim();
        let plan = Plan::new(self.gpu, partition, |gpu: &Gpu| bare(gpu.memory_partition()));
        Ok(plan.step(step.behind(Behind::Partitions)).check(check))
    }

    /// Says how much of a memory partition each compute partition in it may have; also as a word, `"all"`.
    ///
    /// *Source*: `compute_partition_mem_alloc_mode` of the PCI device, since kernel 7.1.
    /// *Errors*: [`Error::NotOffered`] for a word that the driver does not know; [`Error::NotSupported`] where the chip
    /// cannot be split.
    /// *Supported on*: MI300 and newer Instinct.
    #[doc(alias = "amdsmi_set_gpu_accelerator_partition_mem_alloc_mode")]
    #[doc(alias = "amdsmi_set_gpu_compute_partition_mem_alloc_mode")]
    pub fn memory_allocation(&self, mode: impl Into<MemoryAllocation>) -> Result<Plan<MemoryAllocation>> {
        let mode = mode.into();
        self.present(MEMORY_ALLOCATION.name)?;
        if matches!(mode, MemoryAllocation::Other(_)) {
            return Err(Error::NotOffered {
                path: self.gpu.path_of(MEMORY_ALLOCATION.name),
                asked: mode.to_string(),
                offered: "there are CAPPING and ALL".into(),
            });
        }
        let step = Step::write(&self.device.dir, MEMORY_ALLOCATION.name, &mode).restored_verbatim();
        Ok(Plan::new(self.gpu, mode, |gpu: &Gpu| bare(gpu.memory_allocation()))
            .step(step.behind(Behind::Other)))
    }

    /// Whether the driver lists this mode. Where it has no list it decides, but no word that is none of its own is sent.
    fn listed<T: PartialEq + std::fmt::Display + IsWord>(
        &self,
        file: &str,
        asked: &T,
        list: Result<Option<Vec<T>>>,
    ) -> Result<String> {
        let offered = match list {
            Ok(Some(list)) if list.contains(asked) => return Ok(format!("{asked} is listed")),
            Ok(Some(list)) => {
                let words: Vec<_> = list.iter().map(T::to_string).collect();
                format!("there are {}", words.join(", "))
            }
            Ok(None) => "the driver lists none".into(),
            Err(Error::NotSupported { .. }) if asked.is_word() => {
                return Ok(format!("{asked}: the driver publishes no list, and decides"));
            }
            Err(Error::NotSupported { .. }) => "that is not a mode's name".into(),
            Err(error) => return Err(error),
        };
        Err(Error::NotOffered { path: self.gpu.path_of(file), asked: asked.to_string(), offered })
    }
}

/// Whether a mode is one that has a name.
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
