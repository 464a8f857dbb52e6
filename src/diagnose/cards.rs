//! Cards that amdgpu does not drive.

use super::{Diagnosis, Level};
use crate::discover::OtherDevice;
use crate::id::Bdf;

/// Reports each card, and how amdgpu could drive it.
pub(super) fn others(others: &[OtherDevice], diagnosis: &mut Diagnosis) {
    for device in others {
        let Some(bdf) = device.bdf else {
            diagnosis.add(Level::Note, "other card", not_pci(device));
            continue;
        };
        let id =
            device.pci_id.map(|id| format!(" [{:04x}:{:04x}]", id.vendor, id.device)).unwrap_or_default();
        let driver = device.driver.as_deref();
        let held = driver.map_or_else(|| "has no driver".into(), |driver| format!("is on {driver}"));
        let generation = device.pci_id.map_or(Generation::Later, |id| Generation::of(id.device));
        match (device.is_amd(), driver, generation) {
            (true, Some("vfio-pci"), _) => diagnosis
                .add(
                    Level::Note,
                    "other card",
                    format!("{bdf}{id}, an AMD card, {held}: passed through to a guest"),
                )
                .advise("the guest uses it; bind it to amdgpu to use it here"),
            (true, _, Generation::BeforeGcn) => diagnosis.add(
                Level::Note,
                "other card",
                format!(
                    "{bdf}{id}, an AMD card, {held}; amdgpu does not support it, because it is older than GCN"
                ),
            ),
            (true, Some("radeon"), Generation::SouthernIslands) => diagnosis
                .add(Level::Problem, "other card", format!("{bdf}{id}, an AMD card, {held}"))
                .advise("boot with radeon.si_support=0 amdgpu.si_support=1 for this GCN 1 card"),
            (true, Some("radeon"), Generation::SeaIslands) => diagnosis
                .add(Level::Problem, "other card", format!("{bdf}{id}, an AMD card, {held}"))
                .advise("boot with radeon.cik_support=0 amdgpu.cik_support=1 for this GCN 2 card"),
            (true, ..) => diagnosis
                .add(Level::Problem, "other card", format!("{bdf}{id}, an AMD card, {held}"))
                .advise("bind it to amdgpu; other drivers are not supported"),
            (false, ..) => {
                diagnosis.add(Level::Note, "other card", format!("{bdf}{id} {held}; not an AMD card"))
            }
        };
    }
}

/// A device without a PCI address: its own numbers are not PCI ids, and a driver may be none by design.
fn not_pci(device: &OtherDevice) -> String {
    let mut names = device.path.iter().rev().filter_map(|name| name.to_str());
    let name = names.next().unwrap_or_default();
    let below: Option<Bdf> = names.find_map(|name| name.parse().ok());
    let place = below.map_or_else(String::new, |bdf| format!(" at {bdf}"));
    match device.driver.as_deref() {
        Some(driver) if name.starts_with("virtio") => {
            format!("{name}{place} is this virtual machine's own GPU, on {driver}; not an AMD card")
        }
        Some(driver) => format!("{name}{place} is on {driver} and not a PCI device; not an AMD card"),
        None => format!("{name}{place} is a software device; not an AMD card"),
    }
}

/// The generation of an AMD card, as far as it decides about the driver.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Generation {
    /// R100 to Northern Islands: only radeon drives them.
    BeforeGcn,
    /// GCN 1.
    SouthernIslands,
    /// GCN 2.
    SeaIslands,
    /// GCN 3 and later, or unknown: only amdgpu drives them.
    Later,
}

impl Generation {
    /// By ranges of PCI device ids, as the tables of radeon (`radeon_PCI_IDS`) and amdgpu (`pciidlist`) have them.
    fn of(device: u16) -> Generation {
        match device {
            0x6600..=0x6631 | 0x6660..=0x666f | 0x6780..=0x679f | 0x6800..=0x683f | 0x684c => {
                Generation::SouthernIslands
            }
            0x1304..=0x131d | 0x6640..=0x665f | 0x67a0..=0x67be | 0x9830..=0x985f => Generation::SeaIslands,
            0x3150..=0x5e4f
            | 0x6700..=0x677f
            | 0x6840..=0x6859
            | 0x6880..=0x68fe
            | 0x7100..=0x7297
            | 0x7834..=0x980a
            | 0x9900..=0x99a4 => Generation::BeforeGcn,
            _ => Generation::Later,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::parse::keyval::PciId;

    fn found(device: OtherDevice) -> (Level, String, Option<String>) {
        let mut diagnosis = Diagnosis { findings: Vec::new() };
        others(&[device], &mut diagnosis);
        let finding = diagnosis.findings.remove(0);
        (finding.level, finding.text, finding.advice)
    }

    fn card(device: u16, driver: Option<&str>) -> OtherDevice {
        let id = PciId { vendor: 0x1002, device };
        OtherDevice::new("0000:01:00.0".parse().ok(), Some(id), driver.map(Into::into), PathBuf::from("/sys"))
    }

    #[test]
    fn virtual_devices_have_no_pci_id_and_need_no_driver() {
        let path = PathBuf::from("/sys/devices/pci0000:00/0000:00:02.0/virtio0");
        let id = PciId { vendor: 0x1af4, device: 0x10 };
        let virtio = OtherDevice::new(None, Some(id), Some("virtio_gpu".into()), path);
        let text =
            "virtio0 at 0000:00:02.0 is this virtual machine's own GPU, on virtio_gpu; not an AMD card";
        assert_eq!(found(virtio), (Level::Note, text.into(), None));
        for folder in ["platform", "faux"] {
            let path = PathBuf::from("/sys/devices").join(folder).join("vgem");
            let text = "vgem is a software device; not an AMD card";
            assert_eq!(found(OtherDevice::new(None, None, None, path)), (Level::Note, text.into(), None));
        }
    }

    #[test]
    fn old_cards_are_not_told_to_use_amdgpu() {
        // QEMU's `ati-vga` is an RV100, 1002:5159.
        for driver in [Some("radeon"), None] {
            let (level, text, advice) = found(card(0x5159, driver));
            assert_eq!((level, advice), (Level::Note, None));
            assert!(text.ends_with("older than GCN"), "{text}");
        }
        // Cypress, Caicos, RS880 and Trinity, before GCN.
        for device in [0x6898, 0x6779, 0x9715, 0x9903] {
            assert_eq!(Generation::of(device), Generation::BeforeGcn, "{device:04x}");
        }
        let (_, _, advice) = found(card(0x6798, Some("radeon")));
        assert!(advice.unwrap().contains("amdgpu.si_support=1"), "Tahiti");
        let (_, _, advice) = found(card(0x67b1, Some("radeon")));
        assert!(advice.unwrap().contains("amdgpu.cik_support=1"), "Hawaii");
        // Polaris, Vega, Navi 31, MI300X, RX 9070.
        for device in [0x67df, 0x687f, 0x744c, 0x74a1, 0x7550] {
            assert_eq!(Generation::of(device), Generation::Later, "{device:04x}");
            assert!(found(card(device, None)).2.unwrap().contains("bind it to amdgpu"));
        }
    }
}
