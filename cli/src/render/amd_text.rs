//! The text of `amd-smi`: the values of `--json=amd`, laid out as AMD's command lays them out.
//!
//! Programs match lines of it (`POWER[^:]*: 418 W`) and add up what they find, so nothing is in it that AMD does not
//! print.

use super::document::Document;
use super::printable::printable;
use super::text::inline;
use super::value::size;
use crate::report::{Forms, Node, Number, Section};
use amdgpu_smi::unit::Bytes;

/// All GPUs, each with an empty line behind it.
pub(super) fn document(document: &Document<'_>) -> String {
    let mut text = String::new();
    for gpu in document.sections {
        for (position, (key, node)) in gpu.entries(Forms::AMD_JSON).enumerate() {
            entry(&mut text, key, node, usize::from(position > 0));
            if position == 0
                && let Some(timestamp) = document.timestamp
            {
                text.push_str(&format!("    TIMESTAMP: {}\n", timestamp as u64));
            }
        }
        text.push('\n');
    }
    text
}

fn section(text: &mut String, section: &Section, depth: usize) {
    for (key, node) in section.entries(Forms::AMD_JSON) {
        entry(text, key, node, depth);
    }
}

fn entry(text: &mut String, key: &str, node: &Node, depth: usize) {
    match node {
        // A process has a heading of its own.
        Node::List(nodes) if key == "process_list" => nodes.iter().for_each(|node| item(text, node, depth)),
        Node::List(nodes) if nodes.iter().any(|node| matches!(node, Node::Section(_))) => {
            heading(text, key, depth);
            for (index, node) in nodes.iter().enumerate() {
                match key {
                    "fw_list" => numbered(text, &format!("FW {index}"), node, depth + 1),
                    "cache_info" => numbered(text, &format!("CACHE_{index}"), node, depth + 1),
                    _ => item(text, node, depth + 1),
                }
            }
        }
        Node::Section(inner) => match quantity(inner) {
            Some(value) => line(text, key, &value, depth),
            None if key == "clock" => {
                heading(text, key, depth);
                clocks(text, inner, depth + 1);
            }
            None => {
                heading(text, key, depth);
                section(text, inner, depth + 1);
            }
        },
        Node::List(nodes) if key == "cache_properties" => {
            let words: Vec<String> = nodes.iter().map(value).collect();
            line(text, key, &words.join(", "), depth);
        }
        other => line(text, key, &value(other), depth),
    }
}

/// AMD leaves out the engines that are not there, and of the others what is not known.
fn clocks(text: &mut String, section: &Section, depth: usize) {
    for (key, node) in section.entries(Forms::AMD_JSON) {
        let Node::Section(clock) = node else {
            entry(text, key, node, depth);
            continue;
        };
        let mut known =
            clock.entries(Forms::AMD_JSON).filter(|(_, node)| node.why_absent().is_none()).peekable();
        if known.peek().is_some() {
            heading(text, key, depth);
            known.for_each(|(key, node)| entry(text, key, node, depth + 1));
        }
    }
}

fn heading(text: &mut String, key: &str, depth: usize) {
    text.push_str(&format!("{:1$}{2}:\n", "", depth * 4, printable(&key.to_uppercase())));
}

fn line(text: &mut String, key: &str, value: &str, depth: usize) {
    text.push_str(&format!("{:1$}{2}: {value}\n", "", depth * 4, printable(&key.to_uppercase())));
}

fn item(text: &mut String, node: &Node, depth: usize) {
    match node {
        Node::Section(inner) => section(text, inner, depth),
        other => text.push_str(&format!("{:1$}{2}\n", "", depth * 4, value(other))),
    }
}

/// An item under its number, which is not repeated within.
fn numbered(text: &mut String, name: &str, node: &Node, depth: usize) {
    heading(text, name, depth);
    if let Node::Section(inner) = node {
        for (key, node) in inner.entries(Forms::AMD_JSON).filter(|(key, _)| *key != "cache") {
            entry(text, key, node, depth + 1);
        }
    }
}

/// `{"value": "132", "unit": "MHz"}`, which AMD has for clock levels.
fn quantity(section: &Section) -> Option<String> {
    let of = |key| section.get(Forms::AMD_JSON, key);
    match (of("value"), of("unit"), section.entries(Forms::AMD_JSON).count()) {
        (Some(Node::Text(value)), Some(Node::Text(unit)), 2) => Some(printable(&format!("{value} {unit}"))),
        (Some(Node::Absent(_)), Some(_), 2) => Some("N/A".into()),
        _ => None,
    }
}

fn value(node: &Node) -> String {
    match node {
        Node::Quantity(Number::Unsigned(bytes), "B") => size(Bytes(*bytes)),
        Node::Quantity(Number::Integer(bytes), "B") => size(Bytes((*bytes).unsigned_abs())),
        // Booleans as Python prints them.
        Node::Flag(true) => "True".into(),
        Node::Flag(false) => "False".into(),
        Node::List(nodes) => format!("[{}]", nodes.iter().map(value).collect::<Vec<_>>().join(", ")),
        other => inline(other, 0),
    }
}

#[cfg(test)]
mod tests {
    use super::super::document::AmdRoot;
    use super::*;

    #[test]
    fn only_amds_values_are_printed() {
        let mut power = Section::new();
        power.put("socket_power", Node::quantity(418u64, "W")).own("average_socket_power", 418u32);
        let level = |value: &str| {
            let mut level = Section::new();
            level.put("value", value).put("unit", "MHz");
            level
        };
        let mut levels = Section::new();
        levels.put("Level 0", level("132"));
        let mut process = Section::new();
        process.put("name", "train").put("mem", Node::quantity(1u64 << 30, "B"));
        let mut named = Section::new();
        named.put("process_info", process);
        let mut gpu = Section::new();
        gpu.put("gpu", 0u32)
            .put("power", power)
            .put("frequency_levels", levels)
            .put("process_list", Node::List(vec![named.into()]));
        let document = Document { sections: &[gpu], timestamp: None, root: AmdRoot::Array };
        assert_eq!(
            super::document(&document),
            "GPU: 0\n    POWER:\n        SOCKET_POWER: 418 W\n    FREQUENCY_LEVELS:\n        LEVEL 0: 132 MHz\n\
             \x20   PROCESS_INFO:\n        NAME: train\n        MEM: 1.0 GB\n\n"
        );
    }
}
