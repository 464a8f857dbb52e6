//! How the package is split.

use super::Gpu;
use crate::error::{Error, Result};
use crate::parse::partition::{self, ComputePartition, MemoryPartition};

impl Gpu {
    /// How the package's compute units are split: SPX (not at all) to CPX (one partition for each die).
    ///
    /// Reading it may wake the GPU, so it is not read while the GPU sleeps.
    ///
    /// *Source*: `current_compute_partition` of the PCI device.
    /// *Errors*: [`Error::NotSupported`] where the chip cannot be split.
    /// *Supported on*: MI300 and newer Instinct.
    #[doc(alias = "amdsmi_get_gpu_compute_partition")]
    pub fn compute_partition(&self) -> Result<ComputePartition> {
        let file = "current_compute_partition";
        self.known(file, self.access().read(file, |text| Ok(partition::compute_partition(text))))
    }

    /// How the package's memory is split: NPS1 (not at all) to NPS8.
    ///
    /// *Source*: `current_memory_partition` of the PCI device.
    /// *Errors*: [`Error::NotSupported`] where the memory cannot be split.
    /// *Supported on*: MI300 and newer Instinct.
    #[doc(alias = "amdsmi_get_gpu_memory_partition")]
    pub fn memory_partition(&self) -> Result<MemoryPartition> {
        let file = "current_memory_partition";
        self.known(file, self.access().read(file, |text| Ok(partition::memory_partition(text))))
    }

    fn known<T>(&self, file: &str, value: Result<Option<T>>) -> Result<T> {
        let path = || self.path_of(file);
        value?.ok_or_else(|| Error::NotSupported { path: path() })
    }
}
