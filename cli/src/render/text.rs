//! Text for people, laid out as AMD's command does: upper-case keys, four blanks a level.

use super::document::Document;
use super::printable::printable;
use crate::report::{Forms, Node, Section};

/// All GPUs, with an empty line between two.
pub(super) fn document(document: &Document<'_>, verbose: u8) -> String {
    let mut text = String::new();
    for (position, gpu) in document.sections.iter().enumerate() {
        if position > 0 {
            text.push('\n');
        }
        for (key, node) in gpu.entries(Forms::AMD_TEXT) {
            // The number of the GPU, the CPU or the core is the heading of what follows.
            let depth = usize::from(!matches!(key, "gpu" | "cpu" | "core"));
            entry(&mut text, key, node, depth, verbose);
            if depth == 0
                && let Some(timestamp) = document.timestamp
            {
                text.push_str(&format!("    TIMESTAMP: {timestamp:.3}\n"));
            }
        }
    }
    if document.timestamp.is_some() {
        text.push('\n');
    }
    text
}

fn section(text: &mut String, section: &Section, depth: usize, verbose: u8) {
    for (key, node) in section.entries(Forms::AMD_TEXT) {
        entry(text, key, node, depth, verbose);
    }
}

fn entry(text: &mut String, key: &str, node: &Node, depth: usize, verbose: u8) {
    text.push_str(&"    ".repeat(depth));
    text.push_str(&printable(&key.to_uppercase()));
    text.push(':');
    match node {
        Node::Section(inner) if inner.entries(Forms::AMD_TEXT).next().is_some() => {
            text.push('\n');
            section(text, inner, depth + 1, verbose);
        }
        Node::List(nodes) if nodes.iter().any(|node| matches!(node, Node::Section(_))) => {
            text.push('\n');
            for (index, node) in nodes.iter().enumerate() {
                match node {
                    Node::Section(item) if is_flat(item) => {
                        let blanks = "    ".repeat(depth + 1);
                        text.push_str(&format!("{blanks}{index}: {}\n", line(item, verbose)));
                    }
                    other => entry(text, &index.to_string(), other, depth + 1, verbose),
                }
            }
        }
        other => {
            text.push(' ');
            text.push_str(&inline(other, verbose));
            text.push('\n');
        }
    }
}

/// Returns `true` if the section fits on one line.
fn is_flat(section: &Section) -> bool {
    section.entries(Forms::AMD_TEXT).all(|(_, node)| !matches!(node, Node::Section(_) | Node::List(_)))
}

/// A section in a line: `INDEX: 0, CLOCK: 500 MHz`.
fn line(section: &Section, verbose: u8) -> String {
    let words = section
        .entries(Forms::TEXT)
        .map(|(key, node)| format!("{}: {}", printable(&key.to_uppercase()), inline(node, verbose)));
    words.collect::<Vec<_>>().join(", ")
}

/// A value in a line: `45 °C`, `[1, 2]`, `N/A (suspended)`.
pub(crate) fn inline(node: &Node, verbose: u8) -> String {
    match node {
        Node::Quantity(value, "C") => format!("{value} °C"),
        Node::Quantity(value, unit) => format!("{value} {unit}"),
        Node::Number(value) => value.to_string(),
        Node::Text(text) => printable(text),
        Node::Flag(true) => "YES".into(),
        Node::Flag(false) => "NO".into(),
        Node::List(nodes) => {
            let items: Vec<String> = nodes.iter().map(|node| inline(node, verbose)).collect();
            format!("[{}]", items.join(", "))
        }
        Node::Section(_) => "N/A".into(),
        Node::Absent(absent) => match verbose {
            0 => "N/A".into(),
            1 => format!("N/A ({})", printable(&absent.reason)),
            _ => format!("N/A ({})", printable(&absent.detail)),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use amdgpu_smi::unit::MilliCelsius;

    #[test]
    fn lays_out_as_amd_does() {
        let mut inner = Section::new();
        inner.put("edge", MilliCelsius(45_000)).put("hotspot", Node::absent("suspended", "it sleeps"));
        inner.own("names", Node::words(["a", "b"])).put("none", Section::new());
        let mut item = Section::new();
        item.put("level", 3u32);
        inner.own("caches", Node::List(vec![item.into()]));
        let mut gpu = Section::new();
        gpu.put("gpu", 0u32).put("temperature", inner);
        let text = |verbose| {
            let root = crate::render::document::AmdRoot::Array;
            document(&Document { sections: std::slice::from_ref(&gpu), timestamp: None, root }, verbose)
        };
        assert_eq!(
            text(1),
            "GPU: 0\n    TEMPERATURE:\n        EDGE: 45 °C\n        HOTSPOT: N/A (suspended)\n        NAMES: [a, b]\n\
             \x20       NONE: N/A\n        CACHES:\n            0: LEVEL: 3\n"
        );
        assert!(text(0).contains("HOTSPOT: N/A\n"));
        assert!(text(2).contains("HOTSPOT: N/A (it sleeps)\n"));
        assert_eq!(inline(&Node::from("a\x1b[2Jb\n"), 0), "a\\u{1b}[2Jb\\n");
    }
}
