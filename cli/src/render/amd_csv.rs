//! The CSV of `amd-smi`: the values of `--json=amd`, flattened as AMD's command flattens them.
//!
//! A section's name is dropped (`power.socket_power` is `socket_power`), what is below it is kept (`gfx_0_clk`). Where
//! two values get one name, the later replaces the former, as in a dictionary of Python's.

use super::document::Document;
use super::printable::printable;
use crate::report::{Forms, Node, Section};

/// Lists that AMD makes rows of.
const ROWS: [&str; 2] = ["fw_list", "process_list"];

/// A table with the line ends of Python's writer, and an empty line behind it.
pub(super) fn document(document: &Document<'_>, header: bool) -> String {
    let rows = document.sections.iter().flat_map(rows).map(|mut row| {
        if let Some(timestamp) = document.timestamp {
            row.insert(0, ("timestamp".into(), (timestamp as u64).to_string()));
        }
        row
    });
    table(&rows.collect::<Vec<_>>(), header)
}

/// Tables of an answer that is several lists of rows. Names of their columns are whole.
pub(crate) fn tables(document: &Section) -> String {
    let lists = document.entries(Forms::AMD_JSON).filter_map(|(_, node)| match node {
        Node::List(nodes) => Some(nodes),
        _ => None,
    });
    lists.map(|nodes| table(&nodes.iter().filter_map(row_of).collect::<Vec<_>>(), true)).collect()
}

type CsvRow = Vec<(String, String)>;

fn row_of(node: &Node) -> Option<CsvRow> {
    let Node::Section(section) = node else { return None };
    let mut row = CsvRow::new();
    for (key, node) in section.entries(Forms::AMD_JSON) {
        match node {
            Node::Section(inner) => flatten(inner, Some(key), &mut row),
            other => put(&mut row, key.to_owned(), cell(other)),
        }
    }
    Some(row)
}

/// One row, or one for each item of a list that has rows.
fn rows(section: &Section) -> Vec<CsvRow> {
    let mut head = CsvRow::new();
    flatten(section, None, &mut head);
    let list = section.entries(Forms::AMD_JSON).find_map(|(key, node)| match node {
        Node::List(nodes) if ROWS.contains(&key) => Some(nodes),
        _ => None,
    });
    match list {
        Some(nodes) => nodes
            .iter()
            .map(|node| {
                let mut row = head.clone();
                if let Node::Section(item) = node {
                    leaves(item, &mut row);
                }
                row
            })
            .collect(),
        None => vec![head],
    }
}

fn flatten(section: &Section, prefix: Option<&str>, row: &mut CsvRow) {
    for (key, node) in entries(section) {
        let name = prefix.map_or_else(|| key.to_owned(), |prefix| format!("{prefix}_{key}"));
        match node {
            Node::Section(inner) if prefix.is_none() => {
                // The section's own name is dropped.
                for (key, node) in entries(inner) {
                    match node {
                        Node::Section(inner) => flatten(inner, Some(key), row),
                        other => put(row, key.to_owned(), cell(other)),
                    }
                }
            }
            Node::Section(inner) => flatten(inner, Some(&name), row),
            Node::List(_) if ROWS.contains(&key) => {}
            other => put(row, name, cell(other)),
        }
    }
}

/// The values of an item by their own names alone.
fn leaves(section: &Section, row: &mut CsvRow) {
    for (key, node) in section.entries(Forms::AMD_JSON) {
        match node {
            Node::Section(inner) => leaves(inner, row),
            other => put(row, key.to_owned(), cell(other)),
        }
    }
}

/// The entries, of quantities that are sections the value.
fn entries(section: &Section) -> impl Iterator<Item = (&str, &Node)> {
    section.entries(Forms::AMD_JSON).map(|(key, node)| match node {
        Node::Section(inner) => (key, quantity(inner).unwrap_or(node)),
        _ => (key, node),
    })
}

/// `{"value": "132", "unit": "MHz"}`, of which the unit is left out like those of all quantities.
fn quantity(section: &Section) -> Option<&Node> {
    let of = |key| section.get(Forms::AMD_JSON, key);
    if section.entries(Forms::AMD_JSON).count() == 2 && of("unit").is_some() { of("value") } else { None }
}

fn put(row: &mut CsvRow, name: String, value: String) {
    match row.iter_mut().find(|(known, _)| *known == name) {
        Some(known) => known.1 = value,
        None => row.push((name, value)),
    }
}

fn table(rows: &[CsvRow], header: bool) -> String {
    let mut names: Vec<&String> = Vec::new();
    for (name, _) in rows.iter().flatten() {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    // A write to memory cannot fail, and all rows have the header's length.
    if header && !names.is_empty() {
        let _ = writer.write_record(names.iter().map(|name| printable(name)));
    }
    for row in rows {
        let cell = |name: &&String| {
            row.iter().find(|(known, _)| known == *name).map_or("N/A", |(_, value)| value.as_str())
        };
        let _ = writer.write_record(names.iter().map(cell));
    }
    let text = writer.into_inner().ok().and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default();
    text + "\n"
}

/// A value without its unit.
fn cell(node: &Node) -> String {
    match node {
        Node::Text(text) => printable(text),
        other => python(other),
    }
}

/// As Python prints it within a list.
fn python(node: &Node) -> String {
    match node {
        Node::Quantity(value, _) | Node::Number(value) => value.to_string(),
        Node::Text(text) => format!("'{}'", printable(text)),
        Node::Flag(true) => "True".into(),
        Node::Flag(false) => "False".into(),
        Node::List(nodes) => {
            format!("[{}]", nodes.iter().map(within).collect::<Vec<_>>().join(", "))
        }
        Node::Section(section) => {
            let pairs =
                section.entries(Forms::AMD_JSON).map(|(key, node)| format!("'{key}': {}", within(node)));
            format!("{{{}}}", pairs.collect::<Vec<_>>().join(", "))
        }
        Node::Absent(_) => "N/A".into(),
    }
}

fn within(node: &Node) -> String {
    if node.why_absent().is_some() { "'N/A'".into() } else { python(node) }
}

#[cfg(test)]
mod tests {
    use super::super::document::AmdRoot;
    use super::*;

    #[test]
    fn flattens_as_amd_does() {
        let mut clock = Section::new();
        clock.put("clk", 7u32);
        let mut clocks = Section::new();
        clocks.put("gfx_0", clock).put("list", Node::List(vec![1u32.into(), Node::absent("x", "y")]));
        let mut gpu = Section::new();
        gpu.put("gpu", 0u32).put("clock", clocks).put("plain", "a").own("ours", 1u32);
        let document = Document { sections: &[gpu], timestamp: None, root: AmdRoot::Array };
        assert_eq!(
            super::document(&document, true),
            "gpu,gfx_0_clk,list,plain\r\n0,7,\"[1, 'N/A']\",a\r\n\n"
        );
    }

    #[test]
    fn a_list_of_firmware_is_rows() {
        let entry = |id: &str| {
            let mut entry = Section::new();
            entry.put("fw_id", id).put("fw_version", "1");
            Node::from(entry)
        };
        let mut gpu = Section::new();
        gpu.put("gpu", 3u32).put("fw_list", Node::List(vec![entry("A"), entry("B")]));
        let document = Document { sections: &[gpu], timestamp: None, root: AmdRoot::Array };
        assert_eq!(super::document(&document, true), "gpu,fw_id,fw_version\r\n3,A,1\r\n3,B,1\r\n\n");
    }
}
