//! The PCI core's and amdgpu's text about a PCIe link.
//!
//! `current_link_speed` and `max_link_speed` are printed by `pci_speed_string`: `16.0 GT/s PCIe`, on older kernels
//! `16 GT/s`, and `Unknown` (older: `Unknown speed`). The widths are `%u` (drivers/pci/pci-sysfs.c). For a GPU behind
//! its own switch, they describe the link inside the package. `pcie_bw` is amdgpu's (`amdgpu_get_pcie_bw`): `%llu
//! %llu %i`.

use super::cursor::Cursor;
use super::{Parsed, only_line, scalar};
use crate::unit::{Bytes, MegaTransfers};

/// Millions of transfers per second and lane; absent when the kernel says `Unknown`.
pub fn link_speed(text: &[u8]) -> Parsed<Option<MegaTransfers>> {
    let mut cursor = Cursor::new(only_line(text)?);
    if cursor.eat(b"Unknown") {
        return Ok(None);
    }
    let speed = cursor.transfer_rate()?;
    cursor.blanks();
    cursor.eat(b"PCIe");
    cursor.end()?;
    Ok(Some(speed))
}

/// Lanes; absent unless it is a width that PCIe has.
///
/// A device that has fallen off the bus reads all ones, which the kernel prints as 63
/// (`PCI_EXP_LNKSTA_NLW` is six bits wide); 255 is its `PCIE_LNK_WIDTH_UNKNOWN`, 0 a link that is down.
pub fn link_width(text: &[u8]) -> Parsed<Option<u8>> {
    Ok(lanes(scalar::unsigned(text)?))
}

/// A number of lanes, if PCIe has it.
pub(super) fn lanes(count: u64) -> Option<u8> {
    match count {
        1 | 2 | 4 | 8 | 12 | 16 | 32 => u8::try_from(count).ok(),
        _ => None,
    }
}

/// Traffic on the link during the second of the read.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct PcieTraffic {
    /// Messages received in one second.
    pub received: u64,
    /// Messages sent in one second.
    pub sent: u64,
    /// Bytes that a message holds at most.
    pub max_payload: Bytes,
}

/// Reads `pcie_bw`.
pub fn traffic(text: &[u8]) -> Parsed<PcieTraffic> {
    let mut cursor = Cursor::new(only_line(text)?);
    let received = cursor.unsigned()?;
    cursor.blanks();
    let sent = cursor.unsigned()?;
    cursor.blanks();
    let max_payload = Bytes(cursor.unsigned()?);
    cursor.end()?;
    Ok(PcieTraffic { received, sent, max_payload })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn speeds() {
        assert_eq!(link_speed(b"16.0 GT/s PCIe\n"), Ok(Some(MegaTransfers(16_000))));
        assert_eq!(link_speed(b"2.5 GT/s PCIe\n\0\0"), Ok(Some(MegaTransfers(2_500))));
        assert_eq!(link_speed(b"8 GT/s\n"), Ok(Some(MegaTransfers(8_000))));
        assert_eq!(link_speed(b"32.0 GT/s PCIe"), Ok(Some(MegaTransfers(32_000))));
        assert_eq!(link_speed(b"Unknown\n"), Ok(None));
        assert_eq!(link_speed(b"Unknown speed\n"), Ok(None));
        assert_eq!(link_speed(b"\n").unwrap_err().reason, "the text is empty");
        assert_eq!(link_speed(b"16.0 GT/s PCIe 7\n").unwrap_err().column, 16);
        assert_eq!(link_speed(b"8 GT/s\n8 GT/s\n").unwrap_err().line, 2);
    }

    #[test]
    fn widths() {
        assert_eq!(link_width(b"16\n"), Ok(Some(16)));
        assert_eq!(link_width(b"1"), Ok(Some(1)));
        for unknown in [&b"0\n"[..], b"63\n", b"255\n"] {
            assert_eq!(link_width(unknown), Ok(None));
        }
        assert!(link_width(b"x16\n").is_err());
        assert!(link_width(b"").is_err());
    }

    #[test]
    fn traffics() {
        let found = traffic(b"20011 3020 256\n").unwrap();
        assert_eq!(found, PcieTraffic { received: 20_011, sent: 3_020, max_payload: Bytes(256) });
        assert_eq!(traffic(b"20011 3020\n").unwrap_err().column, 11);
        assert_eq!(traffic(b"1 2 -5\n").unwrap_err().column, 5);
        assert!(traffic(b"\n\0\0").is_err());
    }

    #[test]
    fn truncated() {
        let text = b"16.0 GT/s PCIe\n";
        for length in 0..=text.len() {
            let found = link_speed(&text[..length]);
            assert!(found.is_err() || found == Ok(Some(MegaTransfers(16_000))), "{length}");
        }
        let text = b"20011 3020 256\n";
        for length in 0..11 {
            assert!(traffic(&text[..length]).is_err());
        }
    }

    proptest! {
        #[test]
        fn any_bytes(bytes: Vec<u8>) {
            let _ = (link_speed(&bytes), link_width(&bytes), traffic(&bytes));
        }

        #[test]
        fn round_trip(received: u64, sent: u64, payload: u32) {
            let found = traffic(format!("{received} {sent} {payload}\n").as_bytes()).unwrap();
            prop_assert_eq!(found, PcieTraffic { received, sent, max_payload: Bytes(payload.into()) });
        }
    }
}
