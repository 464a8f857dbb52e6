//! Which messages a processor knows, and what its links are called, by the version of its protocol.

use std::ops::RangeInclusive;

use super::Message;

/// Numbers of messages.
type Numbers = &'static [RangeInclusive<u8>];

const MILAN: Numbers = &[0x01..=0x14];
const TRENTO: Numbers = &[0x01..=0x15];
const GENOA: Numbers = &[0x01..=0x14, 0x16..=0x22];
const TURIN: Numbers = &[0x01..=0x14, 0x16..=0x22, 0x26..=0x28, 0x30..=0x32];
/// AMD's tables have four more (30h, 31h, 45h, 46h), and nothing says what they mean to this processor.
const MI300A: Numbers = &[0x01..=0x0c, 0x0f..=0x13, 0x19..=0x1e, 0x23..=0x25];
const VENICE: Numbers = &[0x01..=0x14, 0x16..=0x1e, 0x20..=0x2a, 0x30..=0x3a];
/// Of a protocol that is not known: what asks for versions.
const UNKNOWN: Numbers = &[0x01..=0x03];

/// Returns `true` if a CPU of this protocol, family and model knows a message. Do not find out by sending it: the
/// kernel logs each message that the firmware refuses.
pub fn offered(message: Message, protocol: u32, family: u32, model: u32) -> bool {
    let numbers = match (protocol, family, model) {
        (2, ..) => MILAN,
        (4, ..) => TRENTO,
        (5, 0x1a, _) => TURIN,
        (5, ..) => GENOA,
        (6, ..) => MI300A,
        (7, 0x1a, 0x50..=0x5f) => VENICE,
        (7, ..) => TURIN,
        _ => UNKNOWN,
    };
    numbers.iter().any(|range| range.contains(&message.number()))
}

/// A link between sockets or to devices, by the number that the firmware knows it by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct HsmpLink {
    /// `P2`, `G0`, as AMD calls it.
    pub name: &'static str,
    /// The link's code in a message.
    pub code: u16,
}

/// The links of a kind of processor.
pub type LinkNames = &'static [HsmpLink];

const fn link(name: &'static str, code: u16) -> HsmpLink {
    HsmpLink { name, code }
}

const EPYC_LINKS: LinkNames = &[
    link("P0", 0x001),
    link("P1", 0x002),
    link("P2", 0x004),
    link("P3", 0x008),
    link("G0", 0x010),
    link("G1", 0x020),
    link("G2", 0x040),
    link("G3", 0x080),
    link("P4", 0x100),
    link("P5", 0x200),
];

const MI300A_LINKS: LinkNames = &[
    link("P2", 0x3),
    link("P3", 0x4),
    link("G0", 0x8),
    link("G1", 0x9),
    link("G2", 0xa),
    link("G3", 0xb),
    link("G4", 0xc),
    link("G5", 0xd),
    link("G6", 0xe),
    link("G7", 0xf),
];

impl HsmpLink {
    /// The links that a processor of this protocol names; none where it has no message about them.
    pub fn of_protocol(protocol: u32) -> LinkNames {
        match protocol {
            5 | 7 => EPYC_LINKS,
            6 => MI300A_LINKS,
            _ => &[],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(protocol: u32, family: u32, model: u32) -> Vec<u8> {
        let offered = |message: &&Message| offered(**message, protocol, family, model);
        Message::ALL.iter().filter(offered).map(|message| message.number()).collect()
    }

    #[test]
    fn messages_by_protocol() {
        assert_eq!(known(2, 0x19, 0x01), (0x01..=0x14).collect::<Vec<_>>());
        assert_eq!(known(4, 0x19, 0x30), (0x01..=0x15).collect::<Vec<_>>());
        let genoa = known(5, 0x19, 0x11);
        assert_eq!(genoa.len(), 33);
        assert!(!genoa.contains(&0x15), "the temperature is k10temp's");
        let turin = known(5, 0x1a, 0x02);
        assert_eq!(turin.len(), 39);
        assert_eq!(known(7, 0x1a, 0x11), turin);
        let mi300a = known(6, 0x19, 0x90);
        assert_eq!(mi300a.len(), 26);
        for missing in [0x0d, 0x0e, 0x14, 0x15, 0x16, 0x17, 0x18, 0x1f, 0x20, 0x21, 0x22] {
            assert!(!mi300a.contains(&missing), "{missing:x}");
        }
        let venice = known(7, 0x1a, 0x50);
        assert_eq!(venice.len(), 51);
        assert!(!venice.contains(&0x1f) && !venice.contains(&0x15));
        assert_eq!(known(9, 0x1b, 0), [1, 2, 3]);
    }

    #[test]
    fn links_by_protocol() {
        let code = |protocol, name| {
            HsmpLink::of_protocol(protocol).iter().find(|link| link.name == name).map(|link| link.code)
        };
        assert_eq!((code(5, "P2"), code(7, "P5"), code(6, "P2")), (Some(4), Some(0x200), Some(3)));
        assert_eq!((code(6, "G7"), code(6, "P0"), code(2, "P0")), (Some(15), None, None));
    }
}
