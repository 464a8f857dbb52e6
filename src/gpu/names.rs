//! What a GPU is called in the shop: from the board, from the machine's lists of names, from a small table.

use std::path::Path;

use crate::backend::Backend;
use crate::id::AMD;
use crate::parse::keyval::PciId;
use crate::parse::pci_ids;

/// Where libdrm installs its list of AMD's products.
const AMDGPU_IDS: [&str; 2] = ["/usr/share/libdrm/amdgpu.ids", "/opt/amdgpu/share/libdrm/amdgpu.ids"];
/// Where distributions install the list of all PCI devices.
const PCI_IDS: [&str; 4] = [
    "/usr/share/misc/pci.ids",
    "/usr/share/hwdata/pci.ids",
    "/usr/share/pci.ids",
    "/var/lib/pciutils/pci.ids",
];
/// Both lists are below 2 MB.
const LIMIT: usize = 16 << 20;

/// The product's name in the machine's own lists, else in the table below.
pub(super) fn product(backend: &dyn Backend, id: PciId, revision: Option<u8>) -> Option<String> {
    if let Some(revision) = revision
        && let Some(name) = in_files(backend, &AMDGPU_IDS, |text| {
            pci_ids::amdgpu(text, id.device, revision).map(|name| name.into_owned())
        })
    {
        return Some(name);
    }
    if id.vendor == AMD
        && let Some(name) = well_known(id.device, revision)
    {
        return Some(name.to_owned());
    }
    in_files(backend, &PCI_IDS, |text| pci_ids::device(text, id).map(|name| name.into_owned()))
}

/// The vendor's name in the machine's list; AMD's is known without.
pub(super) fn vendor(backend: &dyn Backend, vendor: u16) -> Option<String> {
    match vendor {
        AMD => Some("Advanced Micro Devices Inc. [AMD/ATI]".into()),
        other => {
            in_files(backend, &PCI_IDS, |text| pci_ids::vendor(text, other).map(|name| name.into_owned()))
        }
    }
}

fn in_files(backend: &dyn Backend, files: &[&str], find: impl Fn(&[u8]) -> Option<String>) -> Option<String> {
    let mut buf = Vec::new();
    files.iter().map(Path::new).find_map(|path| {
        let dir = backend.open_dir(path.parent()?).ok()?;
        dir.read_to_end(Path::new(path.file_name()?), LIMIT, &mut buf).ok()?;
        find(&buf)
    })
}

/// Products that are met in servers and shops, for machines without lists. A revision of `None` fits all.
fn well_known(device: u16, revision: Option<u8>) -> Option<&'static str> {
    let fits = |(known, only, _): &&(u16, Option<u8>, &str)| {
        *known == device && (only.is_none() || *only == revision)
    };
    WELL_KNOWN.iter().find(fits).map(|(.., name)| *name)
}

const WELL_KNOWN: [(u16, Option<u8>, &str); 56] = [
    (0x66a1, None, "AMD Instinct MI50/MI60"),
    (0x738c, None, "AMD Instinct MI100"),
    (0x7408, None, "AMD Instinct MI250X"),
    (0x740c, None, "AMD Instinct MI250X/MI250"),
    (0x740f, None, "AMD Instinct MI210"),
    (0x74a0, None, "AMD Instinct MI300A"),
    (0x74a1, None, "AMD Instinct MI300X"),
    (0x74a2, None, "AMD Instinct MI308X"),
    (0x74a5, None, "AMD Instinct MI325X"),
    (0x74a9, None, "AMD Instinct MI300X HF"),
    (0x74b5, None, "AMD Instinct MI300X VF"),
    (0x75a0, None, "AMD Instinct MI350X"),
    (0x75a3, None, "AMD Instinct MI355X"),
    (0x67df, Some(0xe7), "Radeon RX 580 Series"),
    (0x67df, Some(0xcf), "Radeon RX 470 Graphics"),
    (0x687f, Some(0xc0), "Radeon RX Vega"),
    (0x687f, Some(0xc1), "Radeon RX Vega"),
    (0x687f, Some(0xc3), "Radeon RX Vega"),
    (0x66af, Some(0xc1), "AMD Radeon VII"),
    (0x731f, Some(0xc0), "AMD Radeon RX 5700 XT 50th Anniversary"),
    (0x731f, Some(0xc1), "AMD Radeon RX 5700 XT"),
    (0x731f, Some(0xc4), "AMD Radeon RX 5700"),
    (0x7340, Some(0xc5), "AMD Radeon RX 5500 XT"),
    (0x73a5, Some(0xc0), "AMD Radeon RX 6950 XT"),
    (0x73bf, Some(0xc0), "AMD Radeon RX 6900 XT"),
    (0x73bf, Some(0xc1), "AMD Radeon RX 6800 XT"),
    (0x73bf, Some(0xc3), "AMD Radeon RX 6800"),
    (0x73df, Some(0xc1), "AMD Radeon RX 6700 XT"),
    (0x73ff, Some(0xc1), "AMD Radeon RX 6600 XT"),
    (0x73ff, Some(0xc3), "AMD Radeon RX 6600M"),
    (0x73ff, Some(0xc7), "AMD Radeon RX 6600"),
    (0x744c, Some(0xc8), "AMD Radeon RX 7900 XTX"),
    (0x744c, Some(0xcc), "AMD Radeon RX 7900 XT"),
    (0x7448, None, "AMD Radeon PRO W7900"),
    (0x747e, Some(0xc8), "AMD Radeon RX 7800 XT"),
    (0x747e, Some(0xff), "AMD Radeon RX 7700 XT"),
    (0x7480, Some(0xc1), "AMD Radeon RX 7700S"),
    (0x7480, Some(0xc7), "AMD Radeon RX 7600M XT"),
    (0x7480, Some(0xcf), "AMD Radeon RX 7600"),
    (0x7550, Some(0xc0), "AMD Radeon RX 9070 XT"),
    (0x7550, Some(0xc3), "AMD Radeon RX 9070"),
    // Boards whose revision is not known share the chip's name.
    (0x67df, None, "AMD Ellesmere [Radeon RX 470/480/570/580/590]"),
    (0x687f, None, "AMD Vega 10 XL/XT [Radeon RX Vega 56/64]"),
    (0x731f, None, "AMD Navi 10 [Radeon RX 5600 OEM/5600 XT/5700/5700 XT]"),
    (0x73bf, None, "AMD Navi 21 [Radeon RX 6800/6800 XT/6900 XT]"),
    (0x73df, None, "AMD Navi 22 [Radeon RX 6700/6700 XT/6750 XT/6800M]"),
    (0x73ff, None, "AMD Navi 23 [Radeon RX 6600/6600 XT/6600M]"),
    (0x744c, None, "AMD Navi 31 [Radeon RX 7900 XT/7900 XTX/7900 GRE]"),
    (0x747e, None, "AMD Navi 32 [Radeon RX 7700 XT/7800 XT]"),
    (0x7480, None, "AMD Navi 33 [Radeon RX 7600/7600 XT/7600M XT/7700S]"),
    (0x7550, None, "AMD Navi 48 [Radeon RX 9070/9070 XT]"),
    (0x163f, None, "AMD Custom GPU 0405 (Van Gogh)"),
    (0x1681, None, "AMD Radeon 680M"),
    (0x15bf, None, "AMD Radeon 780M Graphics"),
    (0x150e, None, "AMD Radeon 890M Graphics"),
    (0x1586, None, "AMD Radeon 8060S Graphics"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_board_goes_before_its_chip() {
        assert_eq!(well_known(0x744c, Some(0xc8)), Some("AMD Radeon RX 7900 XTX"));
        assert_eq!(well_known(0x744c, Some(0x01)), Some("AMD Navi 31 [Radeon RX 7900 XT/7900 XTX/7900 GRE]"));
        assert_eq!(well_known(0x744c, None), well_known(0x744c, Some(0x01)));
        assert_eq!(well_known(0x74a1, Some(0)), Some("AMD Instinct MI300X"));
        assert_eq!(well_known(0xffff, None), None);
    }
}
