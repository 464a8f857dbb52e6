//! How a package is split.

use amdgpu_smi::Gpu;
use amdgpu_smi::parse::partition::{ComputePartition, MemoryPartition};

use crate::abi::handle::Processor;
use crate::abi::layout::Plain;
use crate::abi::numbers::{AcceleratorPartitionType, MemoryPartitionType};
use crate::abi::partition::{MemoryPartitionConfig, NpsCaps, PartitionProfile, PartitionProfileConfig};
use crate::abi::status::Status;
use crate::edge::answer;
use crate::functions::absent;
use crate::pointer::{Array, Chars, Out};
use crate::session::{gpu, machine};

/// How the compute units are split: `SPX` to `CPX`.
///
/// *From*: `current_compute_partition` of the PCI device.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_get_gpu_compute_partition(processor: Processor, name: Chars, length: u32) -> Status {
    answer(|| name.put(gpu(processor)?.compute_partition()?.as_str(), length as usize))
}

/// How the memory is split: `NPS1` to `NPS8`.
///
/// *From*: `current_memory_partition` of the PCI device.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_get_gpu_memory_partition(processor: Processor, name: Chars, length: u32) -> Status {
    answer(|| name.put(gpu(processor)?.memory_partition()?.as_str(), length as usize))
}

fn mode(partition: &MemoryPartition) -> MemoryPartitionType {
    match partition {
        MemoryPartition::Nps1 => MemoryPartitionType::NPS1,
        MemoryPartition::Nps2 => MemoryPartitionType::NPS2,
        MemoryPartition::Nps4 => MemoryPartitionType::NPS4,
        MemoryPartition::Nps8 => MemoryPartitionType::NPS8,
        // C has no number for three or six.
        _ => MemoryPartitionType::UNKNOWN,
    }
}

/// The bit of a way to split the memory, which is not its number.
fn capability(mode: MemoryPartitionType) -> u32 {
    match mode {
        MemoryPartitionType::NPS1 => 1,
        MemoryPartitionType::NPS2 => 2,
        MemoryPartitionType::NPS4 => 4,
        MemoryPartitionType::NPS8 => 8,
        _ => 0,
    }
}

/// How the memory is split and may be split. Ranges are not published.
///
/// *From*: `current_memory_partition`, `available_memory_partition` of the PCI device.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_get_gpu_memory_partition_config(
    processor: Processor,
    config: Out<MemoryPartitionConfig>,
) -> Status {
    answer(|| {
        let gpu = gpu(processor)?;
        config.put(MemoryPartitionConfig {
            partition_caps: memory_capabilities(&gpu),
            mp_mode: mode(&gpu.memory_partition()?).0,
            ..MemoryPartitionConfig::ZERO
        })
    })
}

/// Nothing where the driver does not say.
fn memory_capabilities(gpu: &Gpu) -> NpsCaps {
    let available = gpu.available_memory_partitions().unwrap_or_default();
    NpsCaps(available.iter().map(|partition| capability(mode(partition))).fold(0, |bits, bit| bits | bit))
}

/// The partition's number, and how its package is split. Resources are root's to read and are not.
///
/// *From*: the KFD topology; `current_compute_partition` of the PCI device.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_get_gpu_accelerator_partition_profile(
    processor: Processor,
    profile: Out<PartitionProfile>,
    partition_id: Array<u32>,
) -> Status {
    answer(|| {
        let gpu = gpu(processor)?;
        // Also where the package cannot be split: AMD's Python package then shows the number alone.
        partition_id.put(&[gpu.ids().partition.unwrap_or(0).into()], 1)?;
        let (kind, index) = match gpu.compute_partition()? {
            ComputePartition::Spx => (AcceleratorPartitionType::SPX, 0),
            ComputePartition::Dpx => (AcceleratorPartitionType::DPX, 1),
            ComputePartition::Tpx => (AcceleratorPartitionType::TPX, 2),
            ComputePartition::Qpx => (AcceleratorPartitionType::QPX, 3),
            ComputePartition::Cpx => (AcceleratorPartitionType::CPX, 4),
            _ => return Err(Status::UNEXPECTED_DATA),
        };
        // AMD numbers the profiles by their places among those that the package offers.
        let offered = gpu.available_compute_partitions().unwrap_or_default();
        let current = gpu.compute_partition()?;
        let index = offered.iter().position(|mode| *mode == current).unwrap_or(index);
        let package = gpu.ids().package;
        let siblings = machine()?.gpus().iter().filter(|other| other.ids().package == package).count();
        profile.put(PartitionProfile {
            profile_type: kind.0,
            num_partitions: siblings as u32,
            memory_caps: memory_capabilities(&gpu),
            profile_index: index as u32,
            ..PartitionProfile::ZERO
        })
    })
}

absent! {
    /// All ways to split the compute units, with what each partition gets.
    ///
    /// *Not here*: the library does not read `compute_partition_config`, which only tells by being written to.
    NOT_SUPPORTED
    => amdsmi_get_gpu_accelerator_partition_profile_config(
        processor: Processor,
        config: Out<PartitionProfileConfig>,
    );
}
