//! Which GPU it is, what is on its board, and what is loaded into it.

use amdgpu_smi::Gpu;
use amdgpu_smi::gpu::AsicInfo;

use super::log::Log;

/// Where AMD's values of names stand, and those of firmware.
const NAMES: usize = 40;
const FIRMWARE: usize = 48;

const NONE: &str = "N/A";

pub(super) fn driver(log: &mut Log, gpus: &[Gpu]) {
    log.title("Version of System Component");
    let info = gpus.first().map(Gpu::driver_info);
    let version = info.as_ref().and_then(|info| {
        info.version.as_deref().or(info.kernel_release.as_deref()).ok().map(|version| version.to_owned())
    });
    if let Some(version) = version {
        log.plain(&format!("Driver version: {version}"));
        log.of_system("Driver version", &version);
    }
    log.end();
}

/// The name, or what PCI says.
fn name(asic: &AsicInfo) -> &str {
    if asic.market_name.is_empty() { NONE } else { &asic.market_name }
}

fn device(asic: &AsicInfo) -> String {
    format!("{:#06x}", asic.pci_id.device)
}

fn revision(asic: &AsicInfo) -> String {
    asic.revision.as_ref().map_or_else(|_| NONE.into(), |revision| format!("{:#04x}", revision.value))
}

fn subsystem(asic: &AsicInfo) -> String {
    asic.subsystem_id.as_ref().map_or_else(|_| NONE.into(), |id| format!("{:#06x}", id.value.device))
}

fn guid(gpu: &Gpu) -> String {
    gpu.ids().kfd_id.as_ref().map_or_else(|_| NONE.into(), |id| id.0.to_string())
}

pub(super) fn ids(log: &mut Log, gpus: &[Gpu]) {
    log.title("ID");
    for gpu in gpus {
        let asic = gpu.asic_info();
        log.aligned(gpu, "Device Name", name(&asic), NAMES);
        log.aligned(gpu, "Device ID", &device(&asic), NAMES);
        log.aligned(gpu, "Device Rev", &revision(&asic), NAMES);
        log.aligned(gpu, "Subsystem ID", &subsystem(&asic), NAMES);
        log.aligned(gpu, "GUID", &guid(gpu), NAMES);
    }
    log.end();
}

pub(super) fn unique_ids(log: &mut Log, gpus: &[Gpu]) {
    log.title("Unique ID");
    for gpu in gpus {
        let id = gpu.ids().unique_id.as_ref().map_or_else(|_| NONE.into(), |id| format!("{:#x}", id.0));
        log.value(gpu, "Unique ID", &id);
    }
    log.end();
}

pub(super) fn part_number(gpu: &Gpu) -> String {
    gpu.vbios_info().part_number.map_or_else(|_| NONE.into(), |number| number.value)
}

pub(super) fn vbios(log: &mut Log, gpus: &[Gpu]) {
    log.title("VBIOS");
    for gpu in gpus {
        log.value(gpu, "VBIOS version", &part_number(gpu));
    }
    log.end();
}

pub(super) fn memory_vendors(log: &mut Log, gpus: &[Gpu]) {
    log.title("Memory Vendor");
    for gpu in gpus {
        log.reading(gpu, "GPU memory vendor", &gpu.vram_vendor(), |vendor| vendor.to_lowercase());
    }
    log.end();
}

pub(super) fn replays(log: &mut Log, gpus: &[Gpu]) {
    log.title("PCIe Replay Counter");
    for gpu in gpus {
        log.reading(gpu, "PCIe Replay Count", &gpu.look().pcie_info().replay_count, u64::to_string);
    }
    log.end();
}

pub(super) fn serials(log: &mut Log, gpus: &[Gpu]) {
    log.title("Serial Number");
    for gpu in gpus {
        let serial = gpu.board_info().product_serial.map_or_else(|_| NONE.into(), |serial| serial.value);
        log.value(gpu, "Serial Number", &serial);
    }
    log.end();
}

pub(super) fn buses(log: &mut Log, gpus: &[Gpu]) {
    log.title("PCI Bus ID");
    for gpu in gpus {
        log.value(gpu, "PCI Bus", &gpu.bdf().to_string().to_uppercase());
    }
    log.end();
}

pub(super) fn products(log: &mut Log, gpus: &[Gpu]) {
    log.title("Product Info");
    for gpu in gpus {
        let asic = gpu.asic_info();
        let vendor = asic.vendor_name.clone().unwrap_or_else(|| format!("{:#06x}", asic.pci_id.vendor));
        let version = asic.target_graphics_version.as_ref().map_or(NONE, |version| version.value.as_str());
        let node = gpu.ids().node.as_ref().map_or_else(|_| NONE.into(), |node| node.0.to_string());
        // `113-D70201XT-07` is the SKU D70201XT.
        let number = part_number(gpu);
        let sku = match number.split('-').collect::<Vec<_>>()[..] {
            [_, sku, _] => sku,
            _ => NONE,
        };
        log.aligned(gpu, "Card Series", name(&asic), NAMES);
        log.aligned(gpu, "Card Model", &device(&asic), NAMES);
        log.aligned(gpu, "Card Vendor", &vendor, NAMES);
        log.aligned(gpu, "Card SKU", sku, NAMES);
        log.aligned(gpu, "Subsystem ID", &subsystem(&asic), NAMES);
        log.aligned(gpu, "Device Rev", &revision(&asic), NAMES);
        log.aligned(gpu, "Node ID", &node, NAMES);
        log.aligned(gpu, "GUID", &guid(gpu), NAMES);
        log.aligned(gpu, "GFX Version", version, NAMES);
    }
    log.end();
}

pub(super) fn compute_partitions(log: &mut Log, gpus: &[Gpu]) {
    log.title("Current Compute Partition");
    for gpu in gpus {
        log.reading(gpu, "Compute Partition", &gpu.compute_partition(), ToString::to_string);
    }
    log.end();
}

pub(super) fn memory_partitions(log: &mut Log, gpus: &[Gpu]) {
    log.title("Current Memory Partition");
    for gpu in gpus {
        log.reading(gpu, "Memory Partition", &gpu.memory_partition(), ToString::to_string);
    }
    log.end();
}

/// AMD's forms of a version number.
#[derive(Debug, Clone, Copy)]
enum Form {
    Decimal,
    Hexadecimal,
    /// Four bytes with dots, each decimal.
    Dotted,
}

/// The driver's name, AMD's, and the form.
const FIRMWARES: [(&str, &str, Form); 23] = [
    ("asd", "ASD", Form::Hexadecimal),
    ("ce", "CE", Form::Decimal),
    ("dmcu", "DMCU", Form::Decimal),
    ("mc", "MC", Form::Decimal),
    ("me", "ME", Form::Decimal),
    ("mec", "MEC", Form::Decimal),
    ("mec2", "MEC2", Form::Decimal),
    ("mes", "MES", Form::Hexadecimal),
    ("mes_kiq", "MES KIQ", Form::Hexadecimal),
    ("pfp", "PFP", Form::Decimal),
    ("rlc", "RLC", Form::Decimal),
    ("rlc_srlc", "RLC SRLC", Form::Decimal),
    ("rlc_srlg", "RLC SRLG", Form::Decimal),
    ("rlc_srls", "RLC SRLS", Form::Decimal),
    ("sdma", "SDMA", Form::Decimal),
    ("sdma2", "SDMA2", Form::Decimal),
    ("smc", "SMC", Form::Dotted),
    ("sos", "SOS", Form::Hexadecimal),
    ("ta_ras", "TA RAS", Form::Dotted),
    ("ta_xgmi", "TA XGMI", Form::Dotted),
    ("uvd", "UVD", Form::Hexadecimal),
    ("vce", "VCE", Form::Hexadecimal),
    ("vcn", "VCN", Form::Hexadecimal),
];

fn formed(version: u32, form: Form) -> String {
    match form {
        Form::Decimal => version.to_string(),
        Form::Hexadecimal => format!("{version:#010x}"),
        Form::Dotted => {
            let [a, b, c, d] = version.to_be_bytes();
            format!("{a:02}.{b:02}.{c:02}.{d:02}")
        }
    }
}

/// All versions, or those of the blocks that are named. What is not loaded has no line; AMD prints 0.
pub(super) fn firmware(log: &mut Log, gpus: &[Gpu], blocks: &[String]) {
    log.title("Firmware Information");
    let asked = |name: &str| {
        blocks.is_empty()
            || blocks.iter().any(|block| ["all", name].iter().any(|one| block.eq_ignore_ascii_case(one)))
    };
    for gpu in gpus {
        let Ok(list) = gpu.firmware() else { continue };
        for (driver, name, form) in FIRMWARES.iter().filter(|(driver, name, _)| asked(name) || asked(driver))
        {
            let found = list.iter().find(|firmware| firmware.name == *driver);
            if let Some(Ok(version)) = found.map(|firmware| &firmware.version) {
                log.aligned(gpu, &format!("{name} firmware version"), &formed(*version, *form), FIRMWARE);
            }
        }
    }
    log.end();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_have_three_forms() {
        assert_eq!(formed(180, Form::Decimal), "180");
        assert_eq!(formed(0x4f, Form::Hexadecimal), "0x0000004f");
        assert_eq!(formed(0x0055_7e00, Form::Dotted), "00.85.126.00");
    }
}
