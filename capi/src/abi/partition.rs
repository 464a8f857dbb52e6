//! Structs about partitions.

use super::layout::{Layout, StructLayout, c_bits, c_structs, c_unions};

c_structs! {
    /// A range of memory.
    NumaRange = "struct_numa_range_" {
        memory_type: u32,
        start: u64,
        end: u64,
    }

    /// Current and possible memory partitioning.
    MemoryPartitionConfig = "struct_amdsmi_memory_partition_config_t" {
        partition_caps: NpsCaps,
        /// An `amdsmi_memory_partition_type_t`.
        mp_mode: u32,
        num_numa_ranges: u32,
        numa_range: [NumaRange; 32],
        reserved: [u64; 11],
    }

    /// A way to split the compute units.
    PartitionProfile = "struct_amdsmi_accelerator_partition_profile_t" {
        /// An `amdsmi_accelerator_partition_type_t`.
        profile_type: u32,
        num_partitions: u32,
        memory_caps: NpsCaps,
        profile_index: u32,
        num_resources: u32,
        resources: [[u32; 32]; 8],
        reserved: [u64; 13],
    }

    /// A partition's share of one resource.
    PartitionResource = "struct_amdsmi_accelerator_partition_resource_profile_t" {
        profile_index: u32,
        resource_type: u32,
        partition_resource: u32,
        num_partitions_share_resource: u32,
        reserved: [u64; 6],
    }

    /// All the ways there are.
    PartitionProfileConfig = "struct_amdsmi_accelerator_partition_profile_config_t" {
        num_profiles: u32,
        num_resource_profiles: u32,
        resource_profiles: [PartitionResource; 32],
        default_profile_index: u32,
        profiles: [PartitionProfile; 32],
        reserved: [u64; 30],
    }
}

c_unions! {
    /// The ways to split the memory that there are.
    NpsCaps(u32) = "union_amdsmi_nps_caps_t" {
        nps_flags: "struct_nps_flags_";
        nps_cap_mask: "u32";
    }
}

c_bits! {
    /// Modes, one bit each.
    NpsFlags(u32) = "struct_nps_flags_" {
        nps1_cap: 0, 1;
        nps2_cap: 1, 1;
        nps4_cap: 2, 1;
        nps8_cap: 3, 1;
        reserved: 4, 28;
    }
}

pub(super) fn layouts() -> Vec<StructLayout> {
    vec![
        NumaRange::layout(),
        MemoryPartitionConfig::layout(),
        PartitionProfile::layout(),
        PartitionResource::layout(),
        PartitionProfileConfig::layout(),
        NpsCaps::layout(),
        NpsFlags::layout(),
    ]
}
