//! Lines of a key and a value: KFD's `properties` and every device's `uevent`.
//!
//! KFD prints `%s %u` or `%s %llu` a line (`sysfs_show_32bit_prop`, `sysfs_show_64bit_prop` of
//! kfd_topology.c). `uevent` is the environment of an event as `uevent_show` of drivers/base/core.c prints
//! it, `KEY=VALUE` a line; the PCI keys come from `pci_uevent`, the DRM minor's from `dev_uevent`.

use super::cursor::Cursor;
use super::{Line, Parsed, lines, scalar};
use crate::id::Bdf;

/// One `key value` line.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pair<'a> {
    pub(crate) key: &'a [u8],
    /// Without blanks at both ends; empty when the line holds nothing but the key.
    pub(crate) value: &'a [u8],
    pub(crate) line: Line<'a>,
}

impl<'a> Pair<'a> {
    /// The value, to be read.
    pub(crate) fn cursor(&self) -> Cursor<'a> {
        Cursor::at(self.line, self.value)
    }

    /// The value as the one number it should be.
    pub(crate) fn unsigned(&self) -> Parsed<u64> {
        let mut cursor = self.cursor();
        let value = cursor.unsigned()?;
        cursor.end()?;
        Ok(value)
    }

    /// The value as the one number of 32 bits it should be.
    pub(crate) fn unsigned_32(&self) -> Parsed<u32> {
        let mut cursor = self.cursor();
        let value = cursor.unsigned_32()?;
        cursor.end()?;
        Ok(value)
    }
}

/// The `key value` lines of a text.
pub(crate) fn pairs(text: &[u8]) -> impl Iterator<Item = Pair<'_>> {
    lines(text).map(|line| {
        let mut cursor = Cursor::new(line);
        let key = cursor.word();
        cursor.blanks();
        Pair { key, value: cursor.rest(), line }
    })
}

/// A PCI vendor's number and the number it gave a device, or a board.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct PciId {
    /// The vendor: 0x1002 is AMD.
    pub vendor: u16,
    /// The device or board.
    pub device: u16,
}

/// A device's `uevent`. A missing or malformed key is absent and does not affect others.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Uevent {
    /// The driver bound to the device: `amdgpu`.
    pub driver: Option<String>,
    /// PCI class, subclass and interface: 0x030000 is a VGA controller.
    pub pci_class: Option<u32>,
    /// The PCI function's vendor and device.
    pub pci_id: Option<PciId>,
    /// The board's vendor and its number for the board.
    pub pci_subsys_id: Option<PciId>,
    /// The PCI address.
    pub pci_slot_name: Option<Bdf>,
    /// The alias by which modules are loaded.
    pub modalias: Option<String>,
    /// Major device number; DRM's is 226.
    pub major: Option<u32>,
    /// Minor device number.
    pub minor: Option<u32>,
    /// Name under `/dev`: `dri/renderD128`.
    pub device_name: Option<String>,
    /// Kind of the device node: `drm_minor`.
    pub device_type: Option<String>,
}

/// Reads a `uevent`; keys it does not know are ignored.
pub fn uevent(text: &[u8]) -> Uevent {
    let mut uevent = Uevent::default();
    for line in lines(text) {
        let mut cursor = Cursor::new(line);
        let Some(key) = cursor.take_until(b'=') else { continue };
        let value = cursor.rest();
        let string = || scalar::text(value).map(|text| text.into_owned());
        match key {
            b"DRIVER" => uevent.driver = string(),
            b"PCI_CLASS" => uevent.pci_class = scalar::hex_32(value).ok(),
            b"PCI_ID" => uevent.pci_id = pci_id(cursor),
            b"PCI_SUBSYS_ID" => uevent.pci_subsys_id = pci_id(cursor),
            b"PCI_SLOT_NAME" => {
                uevent.pci_slot_name = std::str::from_utf8(value).ok().and_then(|text| text.parse().ok());
            }
            b"MODALIAS" => uevent.modalias = string(),
            b"MAJOR" => uevent.major = scalar::unsigned_32(value).ok(),
            b"MINOR" => uevent.minor = scalar::unsigned_32(value).ok(),
            b"DEVNAME" => uevent.device_name = string(),
            b"DEVTYPE" => uevent.device_type = string(),
            _ => {}
        }
    }
    uevent
}

/// Parses an id such as `1002:73BF`.
fn pci_id(mut cursor: Cursor<'_>) -> Option<PciId> {
    let vendor = cursor.hex().ok()?;
    cursor.expect(b":", "expected a colon").ok()?;
    let device = cursor.hex().ok()?;
    cursor.end().ok()?;
    Some(PciId { vendor: u16::try_from(vendor).ok()?, device: u16::try_from(device).ok()? })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const UEVENT: &[u8] = b"DRIVER=amdgpu\nPCI_CLASS=38000\nPCI_ID=1002:74A1\nPCI_SUBSYS_ID=1002:74A2\n\
        PCI_SLOT_NAME=0001:8c:00.0\nMODALIAS=pci:v00001002d000074A1sv00001002sd000074A2bc03sc80i00\n";

    #[test]
    fn pci_device() {
        let found = uevent(UEVENT);
        assert_eq!(found.driver.as_deref(), Some("amdgpu"));
        assert_eq!(found.pci_class, Some(0x03_8000));
        assert_eq!(found.pci_id, Some(PciId { vendor: 0x1002, device: 0x74a1 }));
        assert_eq!(found.pci_subsys_id, Some(PciId { vendor: 0x1002, device: 0x74a2 }));
        assert_eq!(found.pci_slot_name.unwrap().to_string(), "0001:8c:00.0");
        assert!(found.modalias.unwrap().starts_with("pci:v00001002"));
        assert_eq!(found.major, None);
    }

    #[test]
    fn drm_minor() {
        let found = uevent(b"MAJOR=226\nMINOR=129\nDEVNAME=dri/renderD129\nDEVTYPE=drm_minor\n\0\0");
        assert_eq!((found.major, found.minor), (Some(226), Some(129)));
        assert_eq!(found.device_name.as_deref(), Some("dri/renderD129"));
        assert_eq!(found.device_type.as_deref(), Some("drm_minor"));
    }

    #[test]
    fn one_bad_value_spoils_no_other() {
        let found = uevent(b"DRIVER=\nPCI_ID=1002\nnonsense\nPCI_CLASS=zz\nPCI_SLOT_NAME=x\nMINOR=7\n=\n");
        assert_eq!(found, Uevent { minor: Some(7), ..Uevent::default() });
    }

    #[test]
    fn pairs_of_lines() {
        let found: Vec<_> =
            pairs(b"a 1\n\nempty\n  long_key   two words \n").map(|p| (p.key, p.value)).collect();
        assert_eq!(found, [(&b"a"[..], &b"1"[..]), (b"empty", b""), (b"long_key", b"two words")]);
    }

    #[test]
    fn an_error_points_at_the_value() {
        let pair = pairs(b"a 1\n  size 12q\n").nth(1).unwrap();
        let error = pair.unsigned().unwrap_err();
        assert_eq!((error.line, error.column), (2, 10));
        let pair = pairs(b"size").next().unwrap();
        assert_eq!(pair.unsigned_32().unwrap_err().column, 5);
    }

    /// Only the last key of a cut text may differ from the whole.
    #[test]
    fn truncated() {
        let whole = uevent(UEVENT);
        for length in 0..=UEVENT.len() {
            let cut = uevent(&UEVENT[..length]);
            if length > 14 {
                assert_eq!(cut.driver, whole.driver);
            }
            if length > 45 {
                assert_eq!(cut.pci_id, whole.pci_id);
            }
        }
    }

    proptest! {
        #[test]
        fn any_bytes(bytes: Vec<u8>) {
            uevent(&bytes);
            pairs(&bytes).for_each(|pair| { let _ = (pair.unsigned(), pair.unsigned_32()); });
        }

        #[test]
        fn any_bytes_after_a_key(key in "DRIVER|PCI_CLASS|PCI_ID|PCI_SLOT_NAME|MINOR", value: Vec<u8>) {
            uevent(&[key.as_bytes(), b"=", &value].concat());
        }
    }
}
