//! Structs about memory.

use super::layout::{Layout, StructLayout, Text, c_structs};

c_structs! {
    /// Video memory, in MiB.
    VramUsage = "struct_amdsmi_vram_usage_t" {
        vram_total: u32,
        vram_used: u32,
        reserved: [u32; 2],
    }

    /// The video memory itself.
    VramInfo = "struct_amdsmi_vram_info_t" {
        /// An `amdsmi_vram_type_t`.
        vram_type: u32,
        vram_vendor: Text<256>,
        /// Size in MiB.
        vram_size: u64,
        /// All ones if not known.
        vram_bit_width: u32,
        /// GB/s; all ones if not known.
        vram_max_bandwidth: u64,
        reserved: [u64; 37],
    }

    /// A page of video memory that was found bad.
    RetiredPageRecord = "struct_amdsmi_retired_page_record_t" {
        page_address: u64,
        page_size: u64,
        /// An `amdsmi_memory_page_status_t`.
        status: u32,
    }
}

pub(super) fn layouts() -> Vec<StructLayout> {
    vec![VramUsage::layout(), VramInfo::layout(), RetiredPageRecord::layout()]
}
