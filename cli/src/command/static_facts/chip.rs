//! The chip, its firmware image, its board, its driver.

use amdgpu_smi::Gpu;
use amdgpu_smi::parse::drm::DrmVersion;

use crate::answer::not_built;
use crate::report::{Node, Section};

pub(super) fn asic(gpu: &Gpu) -> Node {
    let info = gpu.asic_info();
    let field = |value: Option<Node>, name: &str| Node::field(value, &info.reasons, name);
    let hex = |number: u64, digits: usize| Node::Text(format!("0x{number:0digits$x}"));
    let vendor_name = match &info.vendor_name {
        Some(name) => name.as_str().into(),
        None => Node::absent("not known", "no list of this machine names the vendor"),
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
        .put("subvendor_id", field(info.subsystem_id.map(|id| hex(id.vendor.into(), 4)), "subsystem_id"))
        .put("device_id", hex(info.pci_id.device.into(), 4))
        .put("subsystem_id", field(info.subsystem_id.map(|id| hex(id.device.into(), 4)), "subsystem_id"))
        .put("rev_id", field(info.revision.map(|number| hex(number.into(), 2)), "revision"))
        .put("chip_rev_id", field(info.chip_revision.map(|number| hex(number.into(), 2)), "chip_revision"))
        .put("external_rev_id", revision)
        .put("asic_serial", field(info.serial.map(|serial| format!("0x{:016X}", serial.0).into()), "serial"))
        .put("oam_id", field(info.oam_id.map(Node::from), "oam_id"))
        .put("physical_acc_id", not_built())
        .put("num_compute_units", field(info.compute_units.map(Node::from), "compute_units"))
        .put(
            "target_graphics_version",
            field(info.target_graphics_version.clone().map(Node::from), "target_graphics_version"),
        )
        .own("is_apu", gpu.is_apu());
    section.into()
}

pub(super) fn ifwi(gpu: &Gpu) -> Node {
    let info = gpu.vbios_info();
    let mut section = Section::new();
    section
        .put("name", Node::field(info.name, &info.reasons, "name"))
        .put("build_date", Node::field(info.date, &info.reasons, "date"))
        .put("part_number", Node::field(info.part_number, &info.reasons, "part_number"))
        .put("version", Node::field(info.version, &info.reasons, "version"))
        .put("boot_firmware", not_built())
        .own("build", Node::field(info.build, &info.reasons, "build"));
    section.into()
}

pub(super) fn board(gpu: &Gpu) -> Node {
    let info = gpu.board_info();
    let mut section = Section::new();
    section
        .put("model_number", Node::field(info.model_number, &info.reasons, "model_number"))
        .put("product_serial", Node::field(info.product_serial, &info.reasons, "product_serial"))
        .put("fru_id", Node::field(info.fru_id, &info.reasons, "fru_id"))
        .put("product_name", Node::field(info.product_name, &info.reasons, "product_name"))
        .put("manufacturer_name", Node::field(info.manufacturer_name, &info.reasons, "manufacturer_name"));
    section.into()
}

pub(super) fn driver(gpu: &Gpu) -> Node {
    let info = gpu.driver_info();
    let drm = gpu.drm_version();
    let told = |value: fn(&DrmVersion) -> &Option<String>| match &drm {
        Ok(drm) => {
            value(drm).clone().map_or_else(|| Node::unsupported("the driver does not say it"), Node::from)
        }
        Err(error) => Node::from(error),
    };
    let mut section = Section::new();
    section
        .put("name", info.name)
        .put("version", Node::field(info.version, &info.reasons, "version"))
        .put("os_kernel_version", Node::field(info.kernel_release, &info.reasons, "kernel_release"))
        .own("date", told(|drm| &drm.date))
        .own("drm_version", told(|drm| &drm.interface));
    section.into()
}
