//! Names of hardware: `pci.ids` of the PCI ID project and `amdgpu.ids` of libdrm.
//!
//! `pci.ids` holds vendors, below each, one tab in, its devices, and below each of those, two tabs in, its
//! boards (`subvendor subdevice  name`). `amdgpu.ids` holds `DEVICE,\tREVISION,\tNAME` lines, which tell apart
//! what shares a device id. Both are long and asked for little: they are scanned, no table is built. Lines
//! that are not of the format are skipped, as their other readers do.

use std::borrow::Cow;

use super::cursor::Cursor;
use super::keyval::PciId;
use super::{Line, lines, scalar};

/// The vendor's name in `pci.ids`.
pub fn vendor(pci_ids: &[u8], vendor: u16) -> Option<Cow<'_, str>> {
    entries(pci_ids).find_map(|entry| match entry {
        PciIdsLine::Vendor(id, name) if id == vendor => Some(name),
        _ => None,
    })?
}

/// The device's name in `pci.ids`.
pub fn device(pci_ids: &[u8], id: PciId) -> Option<Cow<'_, str>> {
    below(pci_ids, id.vendor).find_map(|entry| match entry {
        PciIdsLine::Device(device, name) if device == id.device => Some(name),
        _ => None,
    })?
}

/// The board's name in `pci.ids`.
pub fn subsystem(pci_ids: &[u8], id: PciId, board: PciId) -> Option<Cow<'_, str>> {
    below(pci_ids, id.vendor)
        .skip_while(|entry| !matches!(entry, PciIdsLine::Device(device, _) if *device == id.device))
        .skip(1)
        .take_while(|entry| !matches!(entry, PciIdsLine::Device(..)))
        .find_map(|entry| match entry {
            PciIdsLine::Board(found, name) if found == board => Some(name),
            _ => None,
        })?
}

/// The product's name in `amdgpu.ids`.
pub fn amdgpu(amdgpu_ids: &[u8], device: u16, revision: u8) -> Option<Cow<'_, str>> {
    let candidates = amdgpu_ids.split(|byte| *byte == b'\n').filter(|line| !is_of_another(line, device));
    candidates.flat_map(lines).find_map(|line| {
        let mut cursor = Cursor::new(line);
        let matches = cursor.hex() == Ok(device.into()) && cursor.eat(b",") && {
            cursor.blanks();
            cursor.hex() == Ok(revision.into()) && cursor.eat(b",")
        };
        matches.then(|| scalar::text(cursor.rest()))
    })?
}

/// Returns `true` for a line that is plainly of another device, as nearly all are: parsing each costs more than the rest of
/// a short command.
fn is_of_another(line: &[u8], device: u16) -> bool {
    let [digits @ .., b','] = line.get(..5).unwrap_or_default() else { return false };
    let value = digits.iter().try_fold(0, |value, digit| Some(value << 4 | (*digit as char).to_digit(16)?));
    value.is_some_and(|value| value != u32::from(device))
}

/// A line of `pci.ids`.
enum PciIdsLine<'a> {
    Vendor(u16, Option<Cow<'a, str>>),
    Device(u16, Option<Cow<'a, str>>),
    Board(PciId, Option<Cow<'a, str>>),
    /// A class of devices; they come after all vendors.
    Class,
}

/// The devices and boards of a vendor.
fn below(pci_ids: &[u8], vendor: u16) -> impl Iterator<Item = PciIdsLine<'_>> {
    entries(pci_ids)
        .skip_while(move |entry| !matches!(entry, PciIdsLine::Vendor(id, _) if *id == vendor))
        .skip(1)
        .take_while(|entry| matches!(entry, PciIdsLine::Device(..) | PciIdsLine::Board(..)))
}

fn entries(pci_ids: &[u8]) -> impl Iterator<Item = PciIdsLine<'_>> {
    lines(pci_ids).filter_map(entry)
}

fn entry(line: Line<'_>) -> Option<PciIdsLine<'_>> {
    let mut cursor = Cursor::at(line, line.bytes);
    let depth = cursor.take_while(|byte| byte == b'\t').len();
    if depth == 0 && cursor.eat(b"C ") {
        return Some(PciIdsLine::Class);
    }
    let id = four_digits(&mut cursor)?;
    match depth {
        0 => Some(PciIdsLine::Vendor(id, scalar::text(cursor.rest()))),
        1 => Some(PciIdsLine::Device(id, scalar::text(cursor.rest()))),
        2 => {
            let device = four_digits(&mut cursor)?;
            Some(PciIdsLine::Board(PciId { vendor: id, device }, scalar::text(cursor.rest())))
        }
        _ => None,
    }
}

/// Four hexadecimal digits and the blanks after them.
fn four_digits(cursor: &mut Cursor<'_>) -> Option<u16> {
    let digits = cursor.take_while(|byte| byte.is_ascii_hexdigit());
    cursor.blanks();
    if digits.len() != 4 {
        return None;
    }
    u16::try_from(scalar::hex(digits).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PCI_IDS: &[u8] = b"# a comment\n\n1001  Someone\n\t744c  Not this one\n\
        1002  Advanced Micro Devices, Inc. [AMD/ATI]\n\t7312  Navi 10\n\t744c  Navi 31\n\
        \t\t1002 0e3b  Reference board\n# between\n\t\t1da2 471e  Nitro\n\t74a1  Aqua Vanjaram\n\
        \t\t1002 0e3b  Not this one\n1003  Else\n\t73ff  Not this one\nC 03  Display controller\n\t1002  Nor this\n";

    fn id(vendor: u16, device: u16) -> PciId {
        PciId { vendor, device }
    }

    #[test]
    fn names_of_pci() {
        assert_eq!(vendor(PCI_IDS, 0x1002).as_deref(), Some("Advanced Micro Devices, Inc. [AMD/ATI]"));
        assert_eq!(vendor(PCI_IDS, 0x744c), None);
        assert_eq!(device(PCI_IDS, id(0x1002, 0x744c)).as_deref(), Some("Navi 31"));
        assert_eq!(device(PCI_IDS, id(0x1002, 0x73ff)), None);
        assert_eq!(device(PCI_IDS, id(0x1003, 0x1002)), None);
        assert_eq!(subsystem(PCI_IDS, id(0x1002, 0x744c), id(0x1da2, 0x471e)).as_deref(), Some("Nitro"));
        assert_eq!(subsystem(PCI_IDS, id(0x1002, 0x7312), id(0x1002, 0x0e3b)), None);
        assert_eq!(subsystem(PCI_IDS, id(0x1002, 0x744c), id(0x1002, 0x0000)), None);
    }

    #[test]
    fn names_are_borrowed() {
        assert!(matches!(vendor(PCI_IDS, 0x1002), Some(Cow::Borrowed(_))));
    }

    #[test]
    fn names_of_products() {
        let text = b"# List of names\n1.0.0\n744C,\tC8,\tRadeon One\n744C,\tcc,\tRadeon Two\n15BF, 00, Radeon Three\n";
        assert_eq!(amdgpu(text, 0x744c, 0xcc).as_deref(), Some("Radeon Two"));
        assert_eq!(amdgpu(text, 0x15bf, 0).as_deref(), Some("Radeon Three"));
        assert_eq!(amdgpu(text, 0x744c, 0), None);
        assert_eq!(amdgpu(text, 1, 0), None);
    }

    #[test]
    fn truncated() {
        let board = |text| subsystem(text, id(0x1002, 0x744c), id(0x1da2, 0x471e));
        for length in 0..=PCI_IDS.len() {
            let cut = board(&PCI_IDS[..length]);
            assert!(cut.is_none_or(|name| "Nitro".starts_with(&*name)));
        }
    }

    proptest! {
        #[test]
        fn any_bytes(bytes: Vec<u8>, a: u16, b: u16) {
            let _ = (vendor(&bytes, a), device(&bytes, id(a, b)), subsystem(&bytes, id(a, b), id(b, a)));
            let _ = amdgpu(&bytes, a, 0);
        }

        #[test]
        fn round_trip(a: u16, b: u16, revision: u8, name in "[A-Za-z]{1,20}") {
            let text = format!("{a:04x}  V\n\t{b:04x}  {name}\n\t\t{b:04x} {a:04x}  S{name}\n");
            let found = device(text.as_bytes(), id(a, b));
            prop_assert_eq!(found.as_deref(), Some(&*name));
            let board = format!("S{name}");
            let found = subsystem(text.as_bytes(), id(a, b), id(b, a));
            prop_assert_eq!(found.as_deref(), Some(&*board));
            let text = format!("{b:04X},\t{revision:02X},\t{name}\n");
            let found = amdgpu(text.as_bytes(), b, revision);
            prop_assert_eq!(found.as_deref(), Some(&*name));
        }
    }
}
