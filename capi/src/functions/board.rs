//! Board, firmware, driver and caches.

use amdgpu_smi::Error;

use crate::abi::device::{
    BoardInfo, CacheEntry, DriverInfo, FirmwareEntry, FirmwareInfo, GpuCacheInfo, VbiosInfo,
};
use crate::abi::firmware_numbers::FirmwareBlock;
use crate::abi::handle::Processor;
use crate::abi::layout::{Plain, Text};
use crate::abi::numbers::CacheProperty;
use crate::abi::status::Status;
use crate::boundary::answer;
use crate::pointer::Out;
use crate::session::gpu;

/// Contents of the board's EEPROM.
///
/// *From*: `product_number`, `serial_number`, `fru_id`, `product_name`, `manufacturer` of the PCI device.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_get_gpu_board_info(processor: Processor, info: Out<BoardInfo>) -> Status {
    answer(|| {
        let board = gpu(processor)?.board_info();
        info.put(BoardInfo {
            model_number: Text::of_reading(&board.model_number),
            product_serial: Text::of_reading(&board.product_serial),
            fru_id: Text::of_reading(&board.fru_id),
            product_name: Text::of_reading(&board.product_name),
            manufacturer_name: Text::of_reading(&board.manufacturer_name),
            ..BoardInfo::ZERO
        })
    })
}

/// The card's firmware image. Unknown fields are empty; a sleeping GPU has only the part number.
///
/// *From*: `AMDGPU_INFO_VBIOS_INFO` on the render node, queried once; `vbios_version` of the PCI device for the part
/// number.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_get_gpu_vbios_info(processor: Processor, info: Out<VbiosInfo>) -> Status {
    answer(|| {
        let vbios = gpu(processor)?.vbios_info();
        let part_number = vbios.part_number?;
        info.put(VbiosInfo {
            name: Text::of_reading(&vbios.name),
            build_date: Text::of_reading(&vbios.date),
            part_number: Text::of(&part_number),
            version: Text::of_reading(&vbios.version),
            ..VbiosInfo::ZERO
        })
    })
}

/// The kernel driver. The date is empty for a sleeping GPU, and since Linux 6.14, whose drivers have none; AMD's
/// library returns `0` there.
///
/// *From*: `/sys/module/amdgpu/version`, else the kernel's release; `DRM_IOCTL_VERSION` on the render node, asked once.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_get_gpu_driver_info(processor: Processor, info: Out<DriverInfo>) -> Status {
    answer(|| {
        let gpu = gpu(processor)?;
        let driver = gpu.driver_info();
        let version = driver.version.or(driver.kernel_release);
        let date = gpu.drm_version().ok().and_then(|drm| drm.date.as_deref());
        info.put(DriverInfo {
            driver_name: Text::of(driver.name),
            driver_version: Text::of_reading(&version),
            // With the hour that AMD's library makes of a date without one.
            driver_date: Text::of_some(date.map(|date| format!("{date} 00:00")).as_deref()),
        })
    })
}

/// Firmware versions; none if the driver does not list them.
///
/// *From*: `fw_version/*` of the PCI device.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_get_fw_info(processor: Processor, info: Out<FirmwareInfo>) -> Status {
    answer(|| {
        let mut list = FirmwareInfo::ZERO;
        let gpu = gpu(processor)?;
        let firmwares = match gpu.firmware() {
            Err(Error::NotSupported { .. }) => return info.put(list),
            firmwares => firmwares?,
        };
        // In the order of AMD's numbers, which is the one that its users know.
        let mut known: Vec<(FirmwareBlock, u32)> = firmwares
            .iter()
            .filter_map(|firmware| Some((block(firmware.id()?)?, *firmware.version.as_ref().ok()?)))
            .collect();
        known.sort_unstable();
        for (slot, (block, version)) in list.fw_info_list.iter_mut().zip(known) {
            *slot = FirmwareEntry { fw_id: block.0, fw_version: version.into(), ..FirmwareEntry::ZERO };
            list.num_fw_info += 1;
        }
        info.put(list)
    })
}

/// AMD's number of a firmware by the name that the library gives it.
fn block(id: &str) -> Option<FirmwareBlock> {
    Some(match id {
        "PM" => FirmwareBlock::PM,
        "CP_CE" => FirmwareBlock::CP_CE,
        "CP_PFP" => FirmwareBlock::CP_PFP,
        "CP_ME" => FirmwareBlock::CP_ME,
        "CP_MEC1" => FirmwareBlock::CP_MEC1,
        "CP_MEC2" => FirmwareBlock::CP_MEC2,
        "RLC" => FirmwareBlock::RLC,
        "SDMA0" => FirmwareBlock::SDMA0,
        "SDMA1" => FirmwareBlock::SDMA1,
        "VCN" => FirmwareBlock::VCN,
        "UVD" => FirmwareBlock::UVD,
        "VCE" => FirmwareBlock::VCE,
        "DMCU" => FirmwareBlock::DMCU,
        "PSP_SOSDRV" => FirmwareBlock::PSP_SOSDRV,
        "ASD" => FirmwareBlock::ASD,
        "TA_RAS" => FirmwareBlock::TA_RAS,
        "TA_XGMI" => FirmwareBlock::TA_XGMI,
        "RLC_RESTORE_LIST_GPM_MEM" => FirmwareBlock::RLC_RESTORE_LIST_GPM_MEM,
        "RLC_RESTORE_LIST_SRM_MEM" => FirmwareBlock::RLC_RESTORE_LIST_SRM_MEM,
        "RLC_RESTORE_LIST_CNTL" => FirmwareBlock::RLC_RESTORE_LIST_CNTL,
        "MC" => FirmwareBlock::MC,
        "CP_MES" => FirmwareBlock::CP_MES,
        // DMCUB and IMU have no number of their own in this release. MES_KIQ has one, but AMD's Python package
        // does not know it: `amdsmi_get_fw_info` would raise ValueError and lose the whole list.
        _ => return None,
    })
}

/// The kinds of caches.
///
/// *From*: `caches/*` of the KFD node.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_get_gpu_cache_info(processor: Processor, info: Out<GpuCacheInfo>) -> Status {
    answer(|| {
        let mut list = GpuCacheInfo::ZERO;
        let caches = gpu(processor)?.cache_info()?;
        for (slot, cache) in list.cache.iter_mut().zip(&caches) {
            let properties = [
                (cache.data, CacheProperty::DATA_CACHE),
                (cache.instruction, CacheProperty::INST_CACHE),
                (cache.cpu, CacheProperty::CPU_CACHE),
                (cache.simd, CacheProperty::SIMD_CACHE),
            ];
            let properties = properties.iter().filter(|(has, _)| *has).map(|(_, bit)| bit.0);
            *slot = CacheEntry {
                cache_properties: properties.fold(CacheProperty::ENABLED.0, |bits, bit| bits | bit),
                cache_size: u32::try_from(cache.size.0 >> 10).unwrap_or(u32::MAX),
                cache_level: cache.level,
                max_num_cu_shared: cache.compute_units_shared,
                num_cache_instance: cache.instances,
                ..CacheEntry::ZERO
            };
            list.num_cache_types += 1;
        }
        info.put(list)
    })
}
