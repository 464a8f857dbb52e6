//! Errors: counts, schemas, CPER records.

use super::layout::{Layout, StructLayout, Text, c_bits, c_struct, c_structs, c_unions};

c_structs! {
    /// Errors of a block.
    ErrorCount = "struct_amdsmi_error_count_t" {
        correctable_count: u64,
        uncorrectable_count: u64,
        deferred_count: u64,
        reserved: [u64; 5],
    }

    /// Capabilities of error correction.
    RasFeature = "struct_amdsmi_ras_feature_t" {
        ras_eeprom_version: u32,
        ecc_correction_schema_flag: u32,
        #[cfg(abi27)]
        ras_info: RasBits,
        /// 1 if a reset or reboot is needed.
        #[cfg(abi27)]
        needs_reboot: bool,
    }

    /// A GUID's bytes.
    CperGuid = "struct_amdsmi_cper_guid_t" {
        b: [u8; 16],
    }

    /// A time, in decimal.
    CperTimestamp = "struct_amdsmi_cper_timestamp_t" {
        seconds: u8,
        minutes: u8,
        hours: u8,
        flag: u8,
        day: u8,
        month: u8,
        year: u8,
        century: u8,
    }
}

/// Structs of the newer interface only.
#[cfg(abi27)]
mod newer {
    use super::super::layout::{Layout, StructLayout, c_bits, c_structs};

    c_bits! {
        /// Flags, one bit each.
        RasBits(u32) = "struct_ras_info_" {
            dram_ecc: 0, 1;
            sram_ecc: 1, 1;
            poisoning: 2, 1;
            rsvd: 3, 29;
        }
    }

    c_structs! {
        /// Limits of a policy.
        RasPolicy4 = "struct_amdsmi_gpu_ras_policy_v4_0_t" {
            dram_non_critical_region_threshold: u16,
            dram_critical_region_threshold: u16,
        }

        /// A policy, of which the version says how its numbers are meant.
        RasPolicyInfo = "struct_amdsmi_gpu_ras_policy_info_t" {
            major_version: u8,
            minor_version: u8,
            policy_data: RasPolicyData,
        }
    }

    /// The numbers of a policy.
    #[repr(transparent)]
    #[derive(Clone, Copy)]
    pub struct RasPolicyData(pub [u64; 5]);

    impl super::super::layout::Plain for RasPolicyData {
        const ZERO: RasPolicyData = RasPolicyData([0; 5]);
        fn shape() -> String {
            "union_policy_data_".into()
        }
    }

    impl Layout for RasPolicyData {
        fn layout() -> StructLayout {
            let field = |name, size, shape: &str| super::super::layout::FieldLayout {
                name,
                offset: 0,
                size,
                bits: None,
                shape: shape.into(),
            };
            StructLayout {
                name: "union_policy_data_",
                size: size_of::<RasPolicyData>(),
                align: align_of::<RasPolicyData>(),
                fields: vec![
                    field("v4_0", size_of::<RasPolicy4>(), "struct_amdsmi_gpu_ras_policy_v4_0_t"),
                    field("info", size_of::<RasPolicyData>(), "u64[5]"),
                ],
            }
        }
    }

    pub(in crate::abi) fn newer_layouts() -> Vec<StructLayout> {
        vec![RasBits::layout(), RasPolicy4::layout(), RasPolicyInfo::layout(), RasPolicyData::layout()]
    }
}
#[cfg(abi27)]
pub(in crate::abi) use newer::newer_layouts;
#[cfg(abi27)]
pub use newer::{RasBits, RasPolicy4, RasPolicyData, RasPolicyInfo};

c_unions! {
    /// Which fields of a CPER record mean something.
    CperValidBits(u32) = "union_amdsmi_cper_valid_bits_t" {
        valid_bits: "struct_valid_bits_";
        valid_mask: "u32";
    }
}

c_bits! {
    /// Fields, one bit each.
    CperValidFields(u32) = "struct_valid_bits_" {
        platform_id: 0, 1;
        timestamp: 1, 1;
        partition_id: 2, 1;
        reserved: 3, 29;
    }
}

c_struct! {
    (C, packed)
    /// The header of a CPER record, as UEFI defines it: without holes.
    CperHeader = "struct_amdsmi_cper_hdr_t" {
        signature: Text<4>,
        revision: u16,
        signature_end: u32,
        sec_cnt: u16,
        error_severity: u32,
        cper_valid_bits: CperValidBits,
        record_length: u32,
        timestamp: CperTimestamp,
        platform_id: Text<16>,
        partition_id: CperGuid,
        creator_id: Text<16>,
        notify_type: CperGuid,
        record_id: Text<8>,
        flags: u32,
        persistence_info: u64,
        reserved: [u8; 12],
    }
}

c_structs! {
    /// A name and a number, of the tables of registers.
    NameValue = "struct_amdsmi_name_value_t" {
        name: Text<256>,
        value: u64,
    }
}

pub(super) fn layouts() -> Vec<StructLayout> {
    vec![
        ErrorCount::layout(),
        RasFeature::layout(),
        CperGuid::layout(),
        CperTimestamp::layout(),
        CperValidBits::layout(),
        CperValidFields::layout(),
        CperHeader::layout(),
        NameValue::layout(),
    ]
}
