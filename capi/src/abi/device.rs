//! Structs about a GPU: names, numbers, firmware.

use std::ffi::c_char;

use super::layout::{Layout, StructLayout, Text, c_bits, c_structs, c_unions};

c_structs! {
    /// Version of this library.
    Version = "struct_amdsmi_version_t" {
        major: u32,
        minor: u32,
        release: u32,
        /// A text that lives as long as the library.
        build: *const c_char,
    }

    /// The chip's identity.
    AsicInfo = "struct_amdsmi_asic_info_t" {
        market_name: Text<256>,
        vendor_id: u32,
        vendor_name: Text<256>,
        subvendor_id: u32,
        device_id: u64,
        rev_id: u32,
        /// Hexadecimal digits.
        asic_serial: Text<256>,
        /// All ones if there is none.
        oam_id: u32,
        /// All ones if not known.
        num_of_compute_units: u32,
        /// Its hexadecimal digits are the name: 0x942 is gfx942.
        target_graphics_version: u64,
        subsystem_id: u32,
        #[cfg(not(abi27))]
        reserved: [u32; 21],
        /// Bits of which AMD names none.
        #[cfg(abi27)]
        flags: u64,
        /// All ones where not known.
        #[cfg(abi27)]
        physical_acc_id: u32,
        #[cfg(abi27)]
        chip_rev_id: u32,
        #[cfg(abi27)]
        external_rev_id: u32,
        #[cfg(abi27)]
        reserved: [u32; 15],
    }

    /// Ids of the GPU in the kernel and the runtimes; all ones if unknown.
    EnumerationInfo = "struct_amdsmi_enumeration_info_t" {
        drm_render: u32,
        drm_card: u32,
        hsa_id: u32,
        hip_id: u32,
        hip_uuid: Text<256>,
        #[cfg(abi27)]
        oam_id: u32,
        #[cfg(abi27)]
        physical_acc_id: u32,
    }

    /// KFD's ids of the GPU; all ones if KFD does not know it.
    KfdInfo = "struct_amdsmi_kfd_info_t" {
        kfd_id: u64,
        node_id: u32,
        current_partition_id: u32,
        reserved: [u32; 12],
    }

    /// The board, as its EEPROM says; empty where it does not.
    BoardInfo = "struct_amdsmi_board_info_t" {
        model_number: Text<256>,
        product_serial: Text<256>,
        fru_id: Text<256>,
        product_name: Text<256>,
        manufacturer_name: Text<256>,
        reserved: [u64; 64],
    }

    /// The firmware image of the card.
    VbiosInfo = "struct_amdsmi_vbios_info_t" {
        name: Text<256>,
        build_date: Text<256>,
        part_number: Text<256>,
        version: Text<256>,
        #[cfg(not(abi27))]
        reserved: [u64; 68],
        #[cfg(abi27)]
        boot_firmware: Text<256>,
        #[cfg(abi27)]
        reserved: [u64; 36],
    }

    /// The kernel's driver.
    DriverInfo = "struct_amdsmi_driver_info_t" {
        driver_version: Text<256>,
        /// `YYYY/MM/DD HH:MM`.
        driver_date: Text<256>,
        driver_name: Text<256>,
    }

    /// The version of a firmware.
    FirmwareEntry = "struct_fw_info_list_" {
        /// An `amdsmi_fw_block_t`.
        fw_id: u32,
        fw_version: u64,
        reserved: [u64; 2],
    }

    /// The firmwares that are loaded.
    FirmwareInfo = "struct_amdsmi_fw_info_t" {
        num_fw_info: u8,
        fw_info_list: [FirmwareEntry; 80],
        reserved: [u32; 7],
    }

    /// One kind of cache.
    CacheEntry = "struct_cache_" {
        /// Bits of `amdsmi_cache_property_type_t`.
        cache_properties: u32,
        /// Size in KiB.
        cache_size: u32,
        cache_level: u32,
        max_num_cu_shared: u32,
        num_cache_instance: u32,
        reserved: [u32; 3],
    }

    /// The kinds of caches.
    GpuCacheInfo = "struct_amdsmi_gpu_cache_info_t" {
        num_cache_types: u32,
        cache: [CacheEntry; 10],
        reserved: [u32; 15],
    }
}

c_unions! {
    /// A PCI address as bits.
    Bdf(u64) = "union_amdsmi_bdf_t" {
        bdf: "struct_bdf_";
        #[cfg(not(abi27))]
        struct_amdsmi_bdf_t: "struct_amdsmi_bdf_t";
        #[cfg(abi27)]
        _0: "struct_amdsmi_bdf_t_1";
        as_uint: "u64";
    }
}

#[cfg(not(abi27))]
const NAMED_BDF: &str = "struct_amdsmi_bdf_t";
#[cfg(abi27)]
const NAMED_BDF: &str = "struct_amdsmi_bdf_t_1";

c_bits! {
    /// The parts of a PCI address.
    BdfFields(u64) = "struct_bdf_" {
        function_number: 0, 3;
        device_number: 3, 5;
        bus_number: 8, 8;
        domain_number: 16, 48;
    }

    /// The same, under the name that C++ programs use.
    BdfNamedFields(u64) = NAMED_BDF {
        function_number: 0, 3;
        device_number: 3, 5;
        bus_number: 8, 8;
        domain_number: 16, 48;
    }
}

impl From<amdgpu_smi::id::Bdf> for Bdf {
    fn from(bdf: amdgpu_smi::id::Bdf) -> Bdf {
        let [domain, bus, device, function] =
            [u64::from(bdf.domain), bdf.bus.into(), bdf.device.into(), bdf.function.into()];
        Bdf(domain << 16 | bus << 8 | (device & 0x1f) << 3 | function & 7)
    }
}

impl TryFrom<Bdf> for amdgpu_smi::id::Bdf {
    type Error = std::num::TryFromIntError;

    fn try_from(bdf: Bdf) -> Result<amdgpu_smi::id::Bdf, Self::Error> {
        let domain = u32::try_from(bdf.0 >> 16)?;
        Ok(amdgpu_smi::id::Bdf {
            domain,
            bus: (bdf.0 >> 8) as u8,
            device: (bdf.0 >> 3) as u8 & 0x1f,
            function: bdf.0 as u8 & 7,
        })
    }
}

pub(super) fn layouts() -> Vec<StructLayout> {
    vec![
        Version::layout(),
        AsicInfo::layout(),
        EnumerationInfo::layout(),
        KfdInfo::layout(),
        BoardInfo::layout(),
        VbiosInfo::layout(),
        DriverInfo::layout(),
        FirmwareEntry::layout(),
        FirmwareInfo::layout(),
        CacheEntry::layout(),
        GpuCacheInfo::layout(),
        Bdf::layout(),
        BdfFields::layout(),
        BdfNamedFields::layout(),
    ]
}
