//! XGMI attributes of a GPU in a hive: `xgmi_num_hops`, `xgmi_num_links`, `xgmi_port_num`, `xgmi_error`.
//!
//! `amdgpu_xgmi_show_num_hops` and `amdgpu_xgmi_show_num_links` print `%02x ` for each node of the hive, this one
//! included; `amdgpu_xgmi_show_connected_port_num` prints `%02x:%02x ->  %02x:%02x` a link;
//! `amdgpu_xgmi_show_error` prints a number from 0 to 2.

use super::cursor::Cursor;
use super::{Line, Parsed, lines, only_line, scalar};

/// Reads `xgmi_num_hops`: links to be crossed to each node of the hive, in the hive's order; 0 for this one.
///
/// The bits above the lowest three are flags of the firmware, which nobody documents; they are left out.
pub fn hops(text: &[u8]) -> Parsed<Vec<u8>> {
    Ok(bytes(text)?.into_iter().map(|hops| hops & 7).collect())
}

/// Reads `xgmi_num_links`: links to each node of the hive, in the hive's order.
pub fn links(text: &[u8]) -> Parsed<Vec<u8>> {
    bytes(text)
}

/// Parses bytes such as `00 41 41 41 `.
fn bytes(text: &[u8]) -> Parsed<Vec<u8>> {
    let mut cursor = Cursor::new(only_line(text)?);
    let mut found = Vec::new();
    while !cursor.rest().is_empty() {
        let at = cursor.clone();
        found.push(u8::try_from(cursor.hex_32()?).map_err(|_| at.error("expected two digits"))?);
        cursor.blanks();
    }
    Ok(found)
}

/// A link from a port of this GPU to a port of another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct PortPair {
    /// Which GPU of the hive it leaves, by its place in the hive's order.
    pub from_node: u8,
    /// Port on this side.
    pub from_port: u8,
    /// Which GPU it leads to.
    pub to_node: u8,
    /// Port on the other side.
    pub to_port: u8,
}

/// Reads `xgmi_port_num`: the links of this GPU; there with newer firmware only.
pub fn ports(text: &[u8]) -> Parsed<Vec<PortPair>> {
    lines(text).map(port_pair).collect()
}

/// `00:02 ->  03:05`.
fn port_pair(line: Line<'_>) -> Parsed<PortPair> {
    let mut cursor = Cursor::new(line);
    let (from_node, from_port) = node_and_port(&mut cursor)?;
    cursor.blanks();
    cursor.expect(b"->", "expected an arrow")?;
    cursor.blanks();
    let (to_node, to_port) = node_and_port(&mut cursor)?;
    cursor.end()?;
    Ok(PortPair { from_node, from_port, to_node, to_port })
}

fn node_and_port(cursor: &mut Cursor<'_>) -> Parsed<(u8, u8)> {
    let at = cursor.clone();
    let node = cursor.hex_32()?;
    cursor.expect(b":", "expected a colon")?;
    let port = cursor.hex_32()?;
    match (u8::try_from(node), u8::try_from(port)) {
        (Ok(node), Ok(port)) => Ok((node, port)),
        _ => Err(at.error("expected two digits")),
    }
}

/// Link errors since the last read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub enum XgmiErrors {
    /// No errors occurred.
    None,
    /// One error occurred.
    One,
    /// Several errors occurred.
    Several,
}

/// Reads `xgmi_error`.
pub fn errors(text: &[u8]) -> Parsed<XgmiErrors> {
    Ok(match scalar::unsigned(text)? {
        0 => XgmiErrors::None,
        1 => XgmiErrors::One,
        _ => XgmiErrors::Several,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn hops_and_links() {
        assert_eq!(hops(b"00 41 41 02 \n"), Ok(vec![0, 1, 1, 2]));
        assert_eq!(links(b"00 03 ff\n\0"), Ok(vec![0, 3, 255]));
        assert_eq!(links(b"00 100\n").unwrap_err().column, 4);
        assert_eq!(links(b"00 x\n").unwrap_err().column, 4);
        assert!(links(b"\n").is_err());
    }

    const PORTS: &[u8] = b"00:01 ->  02:05\n00:02 ->  01:0f\n";

    #[test]
    fn port_numbers() {
        let found = ports(PORTS).unwrap();
        assert_eq!(found.len(), 2);
        assert_eq!(found[1], PortPair { from_node: 0, from_port: 2, to_node: 1, to_port: 15 });
        assert_eq!(ports(b"\n"), Ok(Vec::new()));
        let error = ports(b"00:01 ->  02:05\n00:01 - 02:05\n").unwrap_err();
        assert_eq!((error.line, error.column), (2, 7));
        assert!(ports(b"100:01 -> 02:05\n").is_err());
    }

    #[test]
    fn error_states() {
        assert_eq!(errors(b"0\n"), Ok(XgmiErrors::None));
        assert_eq!(errors(b"1\n"), Ok(XgmiErrors::One));
        assert_eq!(errors(b"2\n"), Ok(XgmiErrors::Several));
        assert!(errors(b"\n").is_err());
    }

    #[test]
    fn truncated() {
        let whole = ports(PORTS).unwrap();
        for length in 0..=PORTS.len() {
            if let Ok(cut) = ports(&PORTS[..length]) {
                assert!(whole.starts_with(cut.split_last().map_or(&[], |(_, pairs)| pairs)));
            }
        }
    }

    proptest! {
        #[test]
        fn any_bytes(bytes: Vec<u8>) {
            let _ = (hops(&bytes), links(&bytes), ports(&bytes), errors(&bytes));
        }

        #[test]
        fn round_trip(found: Vec<u8>, from_node: u8, from_port: u8, to_node: u8, to_port: u8) {
            prop_assume!(!found.is_empty());
            let text: String = found.iter().map(|links| format!("{links:02x} ")).collect();
            prop_assert_eq!(links(format!("{text}\n").as_bytes()), Ok(found));
            let text = format!("{from_node:02x}:{from_port:02x} ->  {to_node:02x}:{to_port:02x}\n");
            prop_assert_eq!(ports(text.as_bytes()), Ok(vec![PortPair { from_node, from_port, to_node, to_port }]));
        }
    }
}
