//! Which device it is.

use crate::abi::status::Status;
use crate::boundary::answer;
use crate::pointer::{Chars, Out};
use crate::session::gpu;

/// PCI's number of the device. Only these 16 bits are written: Ray passes 64.
#[unsafe(no_mangle)]
pub extern "C" fn rsmi_dev_id_get(device: u32, id: Out<u16>) -> Status {
    answer(|| id.put(gpu(device)?.ids().pci_id.as_ref().map_err(Status::from)?.device))
}

/// PCI revision of the device.
#[unsafe(no_mangle)]
pub extern "C" fn rsmi_dev_revision_get(device: u32, revision: Out<u16>) -> Status {
    answer(|| revision.put(gpu(device)?.asic_info().revision?.value.into()))
}

/// The number fused into the chip.
#[unsafe(no_mangle)]
pub extern "C" fn rsmi_dev_unique_id_get(device: u32, id: Out<u64>) -> Status {
    answer(|| id.put(gpu(device)?.ids().unique_id.as_ref().map_err(|_| Status::NOT_SUPPORTED)?.0))
}

/// Product name of the device.
#[unsafe(no_mangle)]
pub extern "C" fn rsmi_dev_name_get(device: u32, name: Chars, length: usize) -> Status {
    answer(|| name.put(&gpu(device)?.market_name(), length))
}

/// Vendor of the device.
#[unsafe(no_mangle)]
pub extern "C" fn rsmi_dev_vendor_name_get(device: u32, name: Chars, length: usize) -> Status {
    answer(|| {
        let vendor = gpu(device)?.asic_info().vendor_name;
        name.put(vendor.as_deref().unwrap_or("Advanced Micro Devices, Inc. [AMD/ATI]"), length)
    })
}

/// The serial number of the board.
#[unsafe(no_mangle)]
pub extern "C" fn rsmi_dev_serial_number_get(device: u32, number: Chars, length: u32) -> Status {
    answer(|| number.put(&gpu(device)?.board_info().product_serial?.value, length as usize))
}

/// The part number of the VBIOS.
#[unsafe(no_mangle)]
pub extern "C" fn rsmi_dev_vbios_version_get(device: u32, version: Chars, length: u32) -> Status {
    answer(|| version.put(&gpu(device)?.vbios_info().part_number?.value, length as usize))
}

/// The PCI address: domain << 32 | partition << 28 | bus << 8 | device << 3 | function.
#[unsafe(no_mangle)]
pub extern "C" fn rsmi_dev_pci_id_get(device: u32, id: Out<u64>) -> Status {
    answer(|| {
        let gpu = gpu(device)?;
        let (ids, partition) = (gpu.ids(), gpu.ids().partition.unwrap_or(0));
        let bdf = ids.package;
        let low = u64::from(partition & 0xf) << 28
            | u64::from(bdf.bus) << 8
            | u64::from(bdf.device & 0x1f) << 3
            | u64::from(bdf.function & 7);
        id.put(u64::from(bdf.domain) << 32 | low)
    })
}

/// Which partition of its package it is.
#[unsafe(no_mangle)]
pub extern "C" fn rsmi_dev_partition_id_get(device: u32, id: Out<u32>) -> Status {
    answer(|| id.put(gpu(device)?.ids().partition.unwrap_or(0).into()))
}
