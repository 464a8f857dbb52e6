//! The node that a GPU is on, how its memory is divided, and further names of numbers.

use super::layout::{Layout, StructLayout, Text, c_enums, c_structs};

c_structs! {
    /// Power management of the node, in watts.
    NodePower = "struct_amdsmi_npm_info_t" {
        status: u32,
        limit: u64,
        ubb_power_threshold: u32,
        reserved: [u64; 5],
    }

    /// The node's tray.
    TrayInfo = "struct_amdsmi_tray_info_t" {
        max_acc_per_tray: u32,
        tray_type: u32,
        reserved: [u32; 14],
    }

    /// A size that the carve-out can have.
    CarveoutOption = "struct_amdsmi_uma_carveout_option_t" {
        index: u32,
        description: Text<256>,
    }

    /// The memory that an APU's firmware sets apart.
    CarveoutInfo = "struct_amdsmi_uma_carveout_info_t" {
        current_index: u32,
        num_options: u32,
        options: [CarveoutOption; 16],
    }

    /// Pages that GPUs may map of the system's memory.
    TtmInfo = "struct_amdsmi_ttm_info_t" {
        current_pages: u64,
    }
}

c_enums! {
    /// `amdsmi_npm_status_t`.
    NodePowerStatus(u32) = "AMDSMI_NPM_STATUS_" {
        DISABLED = 0,
        ENABLED = 1,
    }

    /// `amdsmi_compute_tray_type_t`.
    TrayType(u32) = "AMDSMI_COMPUTE_TRAY_TYPE_" {
        UNKNOWN = 0,
        HELIOS_P = 1,
        HELIOS_R = 2,
        TITAN = 3,
    }

    /// `amdsmi_ptl_data_format_t`.
    PtlFormat(u32) = "AMDSMI_PTL_DATA_FORMAT_" {
        I8 = 0,
        F16 = 1,
        BF16 = 2,
        F32 = 3,
        F64 = 4,
        F8 = 5,
        VECTOR = 6,
        INVALID = 0xffff_ffff,
    }

    /// `amdsmi_compute_partition_mem_alloc_mode_t`.
    ComputeAllocMode(u32) = "AMDSMI_COMPUTE_PARTITION_MEM_ALLOC_" {
        INVALID = 0,
        CAPPING = 1,
        ALL = 2,
    }

    /// `amdsmi_accelerator_partition_mem_alloc_mode_t`.
    AcceleratorAllocMode(u32) = "AMDSMI_ACCELERATOR_PARTITION_MEM_ALLOC_" {
        INVALID = 0,
        CAPPING = 1,
        ALL = 2,
    }

    /// `amdsmi_power_cap_type_t`.
    PowerCapType(u32) = "AMDSMI_POWER_CAP_TYPE_" {
        PPT0 = 0,
        PPT1 = 1,
    }

    /// `amdsmi_link_status_t`.
    LinkStatus(u32) = "AMDSMI_LINK_STATUS_" {
        ENABLED = 0,
        DISABLED = 1,
        INACTIVE = 2,
        ERROR = 3,
    }

    /// The ends of a clock, which the older interface calls without a prefix.
    ClockEnd(u32) = "AMDSMI_CLK_LIMIT_" {
        MIN = 0,
        MAX = 1,
    }

    /// Encodings of bandwidths, which the older interface calls without a prefix.
    BandwidthEncoding(u32) = "AMDSMI_" {
        AGG_BW0 = 1,
        RD_BW0 = 2,
        WR_BW0 = 4,
    }
}

pub(super) fn layouts() -> Vec<StructLayout> {
    vec![
        NodePower::layout(),
        TrayInfo::layout(),
        CarveoutOption::layout(),
        CarveoutInfo::layout(),
        TtmInfo::layout(),
    ]
}
