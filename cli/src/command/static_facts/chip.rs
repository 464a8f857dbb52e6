//! The chip, its firmware image, its board, its driver.

use amdgpu_smi::Gpu;
use amdgpu_smi::gpu::DrmVersion;

use crate::answer;
use crate::report::{Node, Section};

pub(super) fn asic(gpu: &Gpu) -> Node {
    let info = gpu.asic_info();
    let hex = |number: u64, digits: usize| Node::Text(format!("0x{number:0digits$x}"));
    let vendor_name = match &info.vendor_name {
        Some(name) => name.as_str().into(),
        None => Node::absent("not known", "this machine's pci.ids does not list the vendor"),
    };
    let revision = match gpu.external_revision() {
        Ok(number) => hex(number.into(), 2),
        Err(error) => Node::from(&error),
    };
    let mut section = Section::new();
    section
        .put("market_name", info.market_name.as_str())
        .put("vendor_id", hex(info.pci_id.vendor.into(), 4))
        .put("vendor_name", vendor_name)
        .put("subvendor_id", Node::reading_as(&info.subsystem_id, |id| hex(id.vendor.into(), 4)))
        .put("device_id", hex(info.pci_id.device.into(), 4))
        .put("subsystem_id", Node::reading_as(&info.subsystem_id, |id| hex(id.device.into(), 4)))
        .put("rev_id", Node::reading_as(&info.revision, |number| hex((*number).into(), 2)))
        .put("chip_rev_id", Node::reading_as(&info.chip_revision, |number| hex((*number).into(), 2)))
        .put("external_rev_id", revision)
        .put("asic_serial", Node::reading_as(&info.serial, |serial| format!("0x{:016X}", serial.0)))
        .put("oam_id", Node::reading(&info.oam_id))
        .put("physical_acc_id", Node::unsupported(answer::UALINK))
        .put("num_compute_units", Node::reading(&info.compute_units))
        .put("target_graphics_version", Node::reading(&info.target_graphics_version))
        .own("is_apu", gpu.is_apu());
    section.into()
}

pub(super) fn ifwi(gpu: &Gpu) -> Node {
    let info = gpu.vbios_info();
    let mut section = Section::new();
    section
        .put("name", Node::reading(&info.name))
        .put("build_date", Node::reading(&info.date))
        .put("part_number", Node::reading(&info.part_number))
        .put("version", Node::reading(&info.version))
        .put("boot_firmware", Node::unsupported("the driver publishes it only on a host that shares the GPU"))
        .own("build", Node::reading(&info.build));
    section.into()
}

pub(super) fn board(gpu: &Gpu) -> Node {
    let info = gpu.board_info();
    let mut section = Section::new();
    section
        .put("model_number", Node::reading(&info.model_number))
        .put("product_serial", Node::reading(&info.product_serial))
        .put("fru_id", Node::reading(&info.fru_id))
        .put("product_name", Node::reading(&info.product_name))
        .put("manufacturer_name", Node::reading(&info.manufacturer_name));
    section.into()
}

pub(super) fn driver(gpu: &Gpu) -> Node {
    let info = gpu.driver_info();
    let drm = gpu.drm_version();
    let field = |value: fn(&DrmVersion) -> &Option<String>| match &drm {
        Ok(drm) => {
            value(drm).clone().map_or_else(|| Node::unsupported("the driver does not publish it"), Node::from)
        }
        Err(error) => Node::from(error),
    };
    let mut section = Section::new();
    section
        .put("name", info.name)
        .put("version", Node::reading(&info.version))
        .put("os_kernel_version", Node::reading(&info.kernel_release))
        .own("date", field(|drm| &drm.date))
        .own("drm_version", field(|drm| &drm.interface));
    section.into()
}
