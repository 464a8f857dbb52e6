//! The argument of each message: one word, packed.
//!
//! The order of a range's two ends differs: 12h has the highest level before the lowest, 0Ch, 1Fh, 22h and 26h the
//! lowest before the highest.

use super::HsmpLink;
pub use super::message::ASK;

/// Which traffic of a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
pub enum Traffic {
    /// Both ways together. Of an I/O link this is all that can be asked.
    Aggregate,
    /// Traffic of reads.
    Read,
    /// Traffic of writes.
    Write,
}

/// The two ends of a range of codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct CodeRange {
    /// The lower code of the range.
    pub min: u8,
    /// The higher code.
    pub max: u8,
}

/// A register of a device on a DIMM.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SidebandRegister {
    /// Address of the DIMM.
    pub dimm: u8,
    /// The device on it, 4 bits.
    pub device: u8,
    /// Offset in the space, 11 bits.
    pub offset: u16,
    /// The second register space.
    pub second_space: bool,
}

/// Messages 0Ah, 1Ah, 31h and 34h: a core, by its APIC id.
pub fn core(apic: u32) -> u32 {
    apic
}

/// Message 08h: boost limit of a core, in MHz. A core with an APIC id of more than 16 bits cannot be named.
pub fn boost_limit(apic: u32, megahertz: u16) -> Option<u32> {
    Some(u32::from(u16::try_from(apic).ok()?) << 16 | u32::from(megahertz))
}

/// Messages 0Ch (widths), 1Fh (widths), 22h and 26h (p-states): the lowest code before the highest.
pub fn range(range: CodeRange) -> u32 {
    u32::from(range.min) << 8 | u32::from(range.max)
}

/// Message 12h: levels of an NBIO, the highest before the lowest.
pub fn dpm_levels(nbio: u8, levels: CodeRange) -> u32 {
    u32::from(nbio) << 16 | u32::from(levels.max) << 8 | u32::from(levels.min)
}

/// Message 13h: an NBIO.
pub fn nbio(nbio: u8) -> u32 {
    u32::from(nbio) << 16
}

/// Messages 16h, 17h and 18h: a DIMM by its address.
pub fn dimm(address: u8) -> u32 {
    address.into()
}

/// Messages 1Dh and 1Eh: a link and its traffic.
pub fn link(link: HsmpLink, traffic: Traffic) -> u32 {
    let kind = match traffic {
        Traffic::Aggregate => 1,
        Traffic::Read => 2,
        Traffic::Write => 4,
    };
    u32::from(link.code) << 8 | kind
}

/// Message 33h: a register of a device on a DIMM; absent if a field is larger than its bits.
pub fn sideband(register: SidebandRegister) -> Option<u32> {
    if register.device >= 1 << 4 || register.offset >= 1 << 11 {
        return None;
    }
    let space = u32::from(register.second_space) << 23;
    Some(
        space | u32::from(register.offset) << 12 | u32::from(register.device) << 8 | u32::from(register.dimm),
    )
}

/// Message 36h: the regulator of a rail (3 bits), or the hottest of all.
pub fn regulator(rail: Option<u8>) -> u32 {
    rail.map_or(0, |rail| 1 | u32::from(rail & 0b111) << 1)
}

/// Message 38h, asking: the floor of a core that was set, or the one in effect; absent for an APIC id of more than
/// 12 bits.
pub fn floor(apic: u32, effective: bool) -> Option<u32> {
    (apic < 1 << 12).then_some(ASK | u32::from(effective) << 30 | apic << 16)
}

/// Message 38h, setting: the floor of a core, in MHz; absent for an APIC id of more than 12 bits.
pub fn set_floor(apic: u32, megahertz: u16) -> Option<u32> {
    (apic < 1 << 12).then_some(apic << 16 | u32::from(megahertz))
}

/// Message 38h, setting: the floor of all cores, in MHz.
pub fn set_all_floors(megahertz: u16) -> u32 {
    1 << 30 | u32::from(megahertz)
}

#[cfg(test)]
mod tests {
    use super::*;

    const RANGE: CodeRange = CodeRange { min: 1, max: 2 };

    #[test]
    fn the_order_of_a_range() {
        // min[15:8] max[7:0], and max[15:8] min[7:0] below nbio[23:16].
        assert_eq!(range(RANGE), 0x0102);
        assert_eq!(dpm_levels(3, RANGE), 0x03_02_01);
        assert_eq!(nbio(3), 0x03_00_00);
    }

    #[test]
    fn cores_links_and_dimms() {
        assert_eq!(core(0x1_0004), 0x1_0004);
        assert_eq!(boost_limit(0x00fe, 3400), Some(0x00fe_0d48));
        assert_eq!(boost_limit(0x1_0000, 3400), None);
        assert_eq!(dimm(0x90), 0x90);
        let p4 = HsmpLink { name: "P4", code: 0x100 };
        assert_eq!(link(p4, Traffic::Aggregate), 0x1_0001);
        let g0 = HsmpLink { name: "G0", code: 0x10 };
        assert_eq!((link(g0, Traffic::Read), link(g0, Traffic::Write)), (0x1002, 0x1004));
    }

    #[test]
    fn messages_of_the_newest_protocol() {
        let register = SidebandRegister { dimm: 0x80, device: 0xa, offset: 0x31, second_space: true };
        assert_eq!(sideband(register), Some(0x0083_1a80));
        assert_eq!(sideband(SidebandRegister { device: 16, ..register }), None);
        assert_eq!(sideband(SidebandRegister { offset: 2048, ..register }), None);
        assert_eq!((regulator(None), regulator(Some(5))), (0, 0b1011));
        assert_eq!((floor(0x0ab, false), floor(0x0ab, true)), (Some(0x80ab_0000), Some(0xc0ab_0000)));
        assert_eq!(floor(0x1000, false), None);
        assert_eq!((set_floor(2, 1500), set_all_floors(1500)), (Some(0x0002_05dc), 0x4000_05dc));
    }
}
