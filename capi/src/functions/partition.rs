//! Compute and memory partitioning.

use amdgpu_smi::gpu::{ComputePartition, MemoryPartition};
use amdgpu_smi::gpu::{PartitionProfile as Profile, PartitionResource as Resource, ResourceKind};
use amdgpu_smi::{Error, Gpu};

use crate::abi::handle::Processor;
use crate::abi::layout::Plain;
use crate::abi::numbers::{AcceleratorPartitionType, MemoryPartitionType, PartitionResourceType};
use crate::abi::partition::{
    MemoryPartitionConfig, NpsCaps, PartitionProfile, PartitionProfileConfig, PartitionResource,
};
use crate::abi::status::Status;
use crate::boundary::answer;
use crate::number::{known, or_none};
use crate::pointer::{Array, Chars, Out};
use crate::session::{gpu, machine};

/// Compute partitioning: `SPX` to `CPX`.
///
/// *From*: `current_compute_partition` of the PCI device.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_get_gpu_compute_partition(processor: Processor, name: Chars, length: u32) -> Status {
    answer(|| {
        let gpu = gpu(processor)?;
        name.not_null()?;
        name.put(gpu.compute_partition()?.as_str(), length as usize)
    })
}

/// Memory partitioning: `NPS1` to `NPS8`.
///
/// *From*: `current_memory_partition` of the PCI device.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_get_gpu_memory_partition(processor: Processor, name: Chars, length: u32) -> Status {
    answer(|| {
        let gpu = gpu(processor)?;
        name.not_null()?;
        name.put(gpu.memory_partition()?.as_str(), length as usize)
    })
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

/// Current and possible memory partitioning. Ranges are not published.
///
/// *From*: `current_memory_partition`, `available_memory_partition` of the PCI device.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_get_gpu_memory_partition_config(
    processor: Processor,
    config: Out<MemoryPartitionConfig>,
) -> Status {
    answer(|| {
        let gpu = gpu(processor)?;
        config.not_null()?;
        config.put(MemoryPartitionConfig {
            partition_caps: memory_capabilities(&gpu),
            mp_mode: mode(&gpu.memory_partition()?.value).0,
            ..MemoryPartitionConfig::ZERO
        })
    })
}

/// Nothing where the driver does not say.
fn memory_capabilities(gpu: &Gpu) -> NpsCaps {
    gpu.available_memory_partitions().map_or(NpsCaps(0), |partitions| capabilities(&partitions))
}

fn capabilities(partitions: &[MemoryPartition]) -> NpsCaps {
    NpsCaps(partitions.iter().map(|partition| capability(mode(partition))).fold(0, |bits, bit| bits | bit))
}

fn kind(mode: &ComputePartition) -> AcceleratorPartitionType {
    match mode {
        ComputePartition::Spx => AcceleratorPartitionType::SPX,
        ComputePartition::Dpx => AcceleratorPartitionType::DPX,
        ComputePartition::Tpx => AcceleratorPartitionType::TPX,
        ComputePartition::Qpx => AcceleratorPartitionType::QPX,
        ComputePartition::Cpx => AcceleratorPartitionType::CPX,
        _ => AcceleratorPartitionType::INVALID,
    }
}

/// The partition's number, and the partitioning of its package.
///
/// *From*: the KFD topology; `current_compute_partition`, `compute_partition_config` of the PCI device.
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
        let current = match gpu.compute_partition() {
            // AMD's command shows the number at this status and ends at any other.
            Err(Error::Unavailable { .. }) => return Err(Status::NOT_SUPPORTED),
            current => current?.value,
        };
        let kind = kind(&current);
        if kind == AcceleratorPartitionType::INVALID {
            return Err(Status::UNEXPECTED_DATA);
        }
        let package = gpu.ids().package;
        let siblings = machine()?.gpus().iter().filter(|other| other.ids().package == package).count();
        let profiles = gpu.partition_profiles().unwrap_or_default();
        let found = profiles.iter().find(|profile| profile.mode == current);
        let memory = found.and_then(|profile| profile.memory_partitions.as_ref().ok());
        profile.put(PartitionProfile {
            profile_type: kind.0,
            num_partitions: siblings as u32,
            memory_caps: memory.map_or_else(|| memory_capabilities(&gpu), |memory| capabilities(memory)),
            profile_index: or_none(found.map(|profile| profile.index)),
            num_resources: found.map_or(0, |profile| resources(profile).len() as u32),
            ..PartitionProfile::ZERO
        })
    })
}

/// All compute partitioning modes, with the resources of each partition.
///
/// The driver describes one mode, the one last written to `xcp_config`; the amounts of the others are all ones. Only
/// root can read the amounts.
///
/// *From*: `compute_partition_config`, else `available_compute_partition` of the PCI device.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_get_gpu_accelerator_partition_profile_config(
    processor: Processor,
    config: Out<PartitionProfileConfig>,
) -> Status {
    answer(|| {
        let gpu = gpu(processor)?;
        config.not_null()?;
        let profiles = gpu.partition_profiles()?;
        if profiles.is_empty() {
            return Err(Status::NOT_SUPPORTED);
        }
        // One of them at most has any.
        let mut kinds: Vec<ResourceKind> =
            profiles.iter().flat_map(resources).map(|resource| resource.kind).collect();
        kinds.sort_by_key(|kind| resource_type(*kind).0);
        let mut list = PartitionProfileConfig::ZERO;
        // AMD's Python package reads so many of them for each profile, one profile's after the other's.
        list.num_resource_profiles = kinds.len() as u32;
        let mut slots = list.resource_profiles.iter_mut();
        for (slot, profile) in list.profiles.iter_mut().zip(&profiles) {
            *slot = PartitionProfile {
                profile_type: kind(&profile.mode).0,
                num_partitions: or_none(known(profile.partitions.clone())),
                memory_caps: profile
                    .memory_partitions
                    .as_ref()
                    .map_or(NpsCaps(0), |memory| capabilities(memory)),
                profile_index: or_none(Some(profile.index)),
                num_resources: list.num_resource_profiles,
                ..PartitionProfile::ZERO
            };
            // In this order: the longer side of a zip loses one at the end.
            for (kind, slot) in kinds.iter().zip(slots.by_ref()) {
                let found = resources(profile).iter().find(|resource| resource.kind == *kind);
                *slot = PartitionResource {
                    profile_index: or_none(Some(profile.index)),
                    resource_type: resource_type(*kind).0,
                    partition_resource: or_none(found.and_then(|resource| known(resource.instances.clone()))),
                    num_partitions_share_resource: or_none(
                        found.and_then(|resource| known(resource.shared.clone())),
                    ),
                    ..PartitionResource::ZERO
                };
            }
            list.num_profiles += 1;
        }
        let whole = profiles.iter().position(|profile| profile.mode == ComputePartition::Spx);
        list.default_profile_index = whole.unwrap_or(0) as u32;
        config.put(list)
    })
}

/// The resources of each partition; empty if the driver does not describe the profile.
fn resources(profile: &Profile) -> &[Resource] {
    profile.resources.as_ref().map_or(&[], |resources| resources)
}

fn resource_type(kind: ResourceKind) -> PartitionResourceType {
    match kind {
        ResourceKind::Xcc => PartitionResourceType::XCC,
        ResourceKind::Dma => PartitionResourceType::DMA,
        ResourceKind::Decoder => PartitionResourceType::DECODER,
        ResourceKind::Jpeg => PartitionResourceType::JPEG,
        _ => PartitionResourceType::MAX,
    }
}
