//! The product name of a GPU: from the board, from the machine's lists, or from a small built-in table.

use std::fmt;
use std::path::Path;

use super::products;
use crate::backend::Backend;
use crate::id::AMD;
use crate::parse::keyval::PciId;
use crate::parse::pci_ids;

/// Places where libdrm installs its list of AMD products.
const AMDGPU_IDS: [&str; 2] = ["/usr/share/libdrm/amdgpu.ids", "/opt/amdgpu/share/libdrm/amdgpu.ids"];
/// Places where distributions install the list of all PCI devices.
const PCI_IDS: [&str; 4] = [
    "/usr/share/misc/pci.ids",
    "/usr/share/hwdata/pci.ids",
    "/usr/share/pci.ids",
    "/var/lib/pciutils/pci.ids",
];
/// Both lists are smaller than 2 MB.
const LIMIT: usize = 16 << 20;

/// The product name of a GPU.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct MarketName {
    /// The name as text.
    pub text: String,
    /// `true` for the name of this model; `false` for the name of its family or for its PCI numbers.
    pub known: bool,
}

impl fmt::Display for MarketName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.text.fmt(f)
    }
}

impl MarketName {
    /// The name on the board, or else the first match in the machine's list of AMD products, the table [`products`]
    /// and the machine's list of all devices.
    pub(super) fn find(
        backend: &dyn Backend,
        board: Option<String>,
        id: PciId,
        revision: Option<u8>,
    ) -> MarketName {
        let listed = || {
            let revision = revision?;
            in_files(backend, &AMDGPU_IDS, |text| {
                pci_ids::amdgpu(text, id.device, revision).map(|name| name.into_owned())
            })
        };
        if let Some(text) = board.or_else(listed) {
            return MarketName { text, known: true };
        }
        if let Some((text, known)) = product(id, revision) {
            return MarketName { text: text.to_owned(), known };
        }
        let device =
            in_files(backend, &PCI_IDS, |text| pci_ids::device(text, id).map(|name| name.into_owned()));
        let numbers = || format!("AMD GPU [{:04x}:{:04x}]", id.vendor, id.device);
        MarketName { text: device.unwrap_or_else(numbers), known: false }
    }
}

/// The name in the built-in table, and `true` if it is of one model.
fn product(id: PciId, revision: Option<u8>) -> Option<(&'static str, bool)> {
    if id.vendor == AMD { products::find(id.device, revision) } else { None }
}

/// The vendor's name in the machine's list; AMD's is built in.
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::Tree;

    const NAVI31: PciId = PciId { vendor: AMD, device: 0x744c };

    #[test]
    fn the_machines_list_goes_before_the_table_and_the_table_before_pci_ids() {
        let root = tempfile::tempdir().unwrap();
        let share = root.path().join("usr/share");
        std::fs::create_dir_all(share.join("libdrm")).unwrap();
        std::fs::create_dir_all(share.join("misc")).unwrap();
        std::fs::write(share.join("libdrm/amdgpu.ids"), "1.0.0\n744C,\tC8,\tThe list's own\n").unwrap();
        std::fs::write(share.join("misc/pci.ids"), "1002  AMD\n\t744c  Of all\n\tfff0  A new chip\n")
            .unwrap();
        let backend = Tree::open(root.path()).unwrap();
        let of = |device, revision| MarketName::find(&backend, None, PciId { device, ..NAVI31 }, revision);
        let (name, known) = ("The list's own".to_owned(), true);
        assert_eq!(of(0x744c, Some(0xc8)), MarketName { text: name, known });
        assert_eq!(of(0x744c, Some(0xcc)), MarketName { text: "AMD Radeon RX 7900 XT".into(), known });
        assert_eq!(
            of(0x744c, None),
            MarketName { text: "AMD Radeon RX 7900 Series (Navi 31)".into(), known: false }
        );
        assert_eq!(of(0xfff0, None), MarketName { text: "A new chip".into(), known: false });
        assert_eq!(of(0xfff1, None).to_string(), "AMD GPU [1002:fff1]");
        let board = MarketName::find(&backend, Some("Written on the board".into()), NAVI31, Some(0xc8));
        assert_eq!(board, MarketName { text: "Written on the board".into(), known });
    }
}
