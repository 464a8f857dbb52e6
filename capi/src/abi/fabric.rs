//! Fabrics of accelerators (UALoE, UALink), which this library does not ask. Their layouts are those of the interface.

use super::device::Bdf;
use super::layout::{FieldLayout, Layout, Plain, StructLayout, Text, c_enums, c_structs};

c_structs! {
    /// A number by its id.
    FabricItem = "struct_amdsmi_fabric_telemetry_item_t" {
        id: u64,
        value: u64,
    }

    /// A label's name.
    FabricLabel = "struct_amdsmi_fabric_label_t" {
        text: Text<32>,
    }

    /// The numbers of one link or port.
    FabricInstance = "struct_amdsmi_fabric_telemetry_instance_t" {
        name: FabricLabel,
        logical_idx: u32,
        item_count: u32,
        items: *const FabricItem,
    }

    /// Seconds and nanoseconds.
    TimeSpec = "struct_timespec" {
        tv_sec: i64,
        tv_nsec: i64,
    }

    /// The numbers of one category.
    FabricDataset = "struct_amdsmi_fabric_telemetry_dataset_t" {
        category: u32,
        generation_count: u64,
        timestamp: TimeSpec,
        instance_count: u32,
        instances: *const FabricInstance,
    }

    /// Telemetry of all categories.
    FabricTelemetry = "struct_amdsmi_fabric_telemetry_t" {
        datasets: [*const FabricDataset; 7],
    }

    /// A GPU's place in its fabric.
    FabricInfo1 = "struct_amdsmi_fabric_info_v1_t" {
        accelerator_id: u32,
        fabric_type: u32,
        bandwidth: u32,
        latency: u32,
        ppod_id: [u8; 16],
        ppod_size: u32,
        vpod_id: u32,
        vpod_size: u32,
        vpod_active_accelerators: [u32; 32],
        local_accelerators: [u32; 16],
        addr_mode: u32,
        accel_state: u32,
    }

    /// The same with its version.
    FabricInfo = "struct_amdsmi_fabric_info_t" {
        bdf: Bdf,
        fabric_version: u32,
        fabric_info: FabricInfoVersions,
        reserved: [u32; 15],
    }
}

/// A GPU's place in its fabric, by version of which there is one.
#[repr(transparent)]
#[derive(Clone, Copy)]
pub struct FabricInfoVersions(pub FabricInfo1);

impl Plain for FabricInfoVersions {
    const ZERO: FabricInfoVersions = FabricInfoVersions(FabricInfo1::ZERO);
    fn shape() -> String {
        "union_fabric_info_".into()
    }
}

impl Layout for FabricInfoVersions {
    fn layout() -> StructLayout {
        let (size, align) = (size_of::<FabricInfo1>(), align_of::<FabricInfo1>());
        let only = FieldLayout { name: "v1", offset: 0, size, bits: None, shape: FabricInfo1::shape() };
        StructLayout { name: "union_fabric_info_", size, align, fields: vec![only] }
    }
}

c_enums! {
    /// `amdsmi_fabric_telemetry_category_t`.
    FabricCategory(u32) = "AMDSMI_FABRIC_TELEMETRY_CATEGORY_" {
        UALOE = 0,
        SWITCH = 1,
        CRYPTO = 2,
        PFC = 3,
        NETPORT = 4,
        DERIVED_UALOE = 5,
        DERIVED_NETPORT = 6,
        MAX = 7,
        INVALID = 0xffff_ffff,
        UNKNOWN = 0xffff_ffff,
        MASK_UALOE = 1,
        MASK_SWITCH = 2,
        MASK_CRYPTO = 4,
        MASK_PFC = 8,
        MASK_NETPORT = 16,
        MASK_DERIVED_UALOE = 32,
        MASK_DERIVED_NETPORT = 64,
        MASK_ALL_KNOWN = 127,
    }

    /// Lengths of lists.
    FabricLength(u32) = "AMDSMI_FABRIC_" {
        ACTIVE_ACCELERATORS_BITMAP_SIZE = 32,
        MAX_LOCAL_GPUS = 16,
    }

    /// `amdsmi_fabric_type_t`.
    FabricType(u32) = "AMDSMI_FABRIC_TYPE_" {
        UALOE = 0,
        UALINK = 1,
        UALLINK = 1,
        UNKNOWN = 2,
    }

    /// `amdsmi_fabric_npa_address_mode_t`.
    FabricAddressMode(u32) = "AMDSMI_FABRIC_NPA_ADDRESS_MODE_" {
        SOURCE_ALIASING = 0,
        SOURCE_IDENTIFICATION = 1,
        UNKNOWN = 2,
    }

    /// `amdsmi_fabric_accelerator_vpod_state_t`.
    FabricPodState(u32) = "AMDSMI_FABRIC_ACCELERATOR_VPOD_STATE_" {
        UNCONFIGURED = 0,
        CONFIGURED = 1,
        READY = 2,
        ACTIVE = 3,
        ERROR = 4,
        UNKNOWN = 5,
    }
}

pub(super) fn layouts() -> Vec<StructLayout> {
    vec![
        FabricItem::layout(),
        FabricLabel::layout(),
        FabricInstance::layout(),
        TimeSpec::layout(),
        FabricDataset::layout(),
        FabricTelemetry::layout(),
        FabricInfo1::layout(),
        FabricInfo::layout(),
        FabricInfoVersions::layout(),
    ]
}
