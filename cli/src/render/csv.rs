//! `--csv`: a row a GPU, columns named as AMD's command flattens its sections.
//!
//! AMD drops the section's name (`power.socket_power` is `socket_power`) and keeps what is below it
//! (`clock.gfx_0.clk` is `gfx_0_clk`). Where two values would get one name, AMD prints one of them; here the second has
//! its section's name before it (`fan.speed` beside `pcie.speed` is `fan_speed`).

use super::document::{AmdRoot, Document};
use super::printable::printable;
use crate::report::{Forms, Node, Section};

/// The columns, kept while a watch goes on: each row has as many as the header.
#[derive(Debug, Default)]
pub(crate) struct Columns {
    /// Where the value stands in the tree, and the name of its column.
    columns: Vec<(Vec<String>, String)>,
}

impl Columns {
    /// The header, out of a row's places, where rows may come later or never; empty if there was one already.
    pub(crate) fn begin(&mut self, row: &Section, has_timestamp: bool) -> String {
        if !self.columns.is_empty() {
            return String::new();
        }
        let timestamp = has_timestamp.then_some(0.0);
        let mut names =
            self.document(&Document { sections: vec![row.clone()], timestamp, root: AmdRoot::Array });
        names.truncate(names.find('\n').map_or(0, |end| end + 1));
        names
    }

    /// The rows; before the first ones the header.
    pub(super) fn document(&mut self, document: &Document) -> String {
        let rows: Vec<Vec<(Vec<String>, String)>> = document
            .sections
            .iter()
            .map(|section| {
                let mut cells = Vec::new();
                if let Some(timestamp) = document.timestamp {
                    cells.push((vec!["timestamp".to_owned()], format!("{timestamp:.3}")));
                }
                flatten(section, &mut Vec::new(), &mut cells);
                cells
            })
            .collect();
        let mut writer = csv::WriterBuilder::new().from_writer(Vec::new());
        // A write to memory cannot fail, and all rows have the header's length.
        if self.columns.is_empty() {
            for (path, _) in rows.iter().flatten() {
                self.add(path);
            }
            if !self.columns.is_empty() {
                let _ = writer.write_record(self.columns.iter().map(|(_, name)| printable(name)));
            }
        }
        for cells in &rows {
            let cell = |path: &Vec<String>| {
                cells.iter().find(|(at, _)| at == path).map_or("N/A", |(_, value)| value.as_str())
            };
            let _ = writer.write_record(self.columns.iter().map(|(path, _)| cell(path)));
        }
        writer.into_inner().ok().and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default()
    }

    fn add(&mut self, path: &[String]) {
        if self.columns.iter().any(|(known, _)| known == path) {
            return;
        }
        let short = match path {
            [_, rest @ ..] if !rest.is_empty() => rest.join("_"),
            all => all.join("_"),
        };
        let taken = self.columns.iter().any(|(_, name)| *name == short);
        let name = if taken { path.join("_") } else { short };
        self.columns.push((path.to_vec(), name));
    }
}

/// The values of a section with their places.
fn flatten(section: &Section, path: &mut Vec<String>, cells: &mut Vec<(Vec<String>, String)>) {
    for (key, node) in section.entries(Forms::CSV) {
        path.push(key.to_owned());
        match node {
            Node::Section(inner) => flatten(inner, path, cells),
            other => cells.push((path.clone(), cell(other))),
        }
        path.pop();
    }
}

/// A value without its unit.
fn cell(node: &Node) -> String {
    match node {
        Node::Quantity(value, _) | Node::Number(value) => value.to_string(),
        Node::Text(text) => printable(text),
        Node::Flag(flag) => flag.to_string(),
        Node::List(nodes) => {
            let items: Vec<String> = nodes.iter().map(cell).collect();
            format!("[{}]", items.join(", "))
        }
        Node::Section(section) => {
            let pairs = section.entries(Forms::CSV).map(|(key, node)| format!("{key}: {}", cell(node)));
            format!("{{{}}}", pairs.collect::<Vec<_>>().join(", "))
        }
        Node::Absent(_) => "N/A".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_as_long_as_the_header() {
        let gpu = |index: u32, fan: bool| {
            let mut pcie = Section::new();
            pcie.put("speed", 16u32);
            let mut gpu = Section::new();
            gpu.put("gpu", index).put("pcie", pcie);
            if fan {
                let mut fan = Section::new();
                fan.put("speed", 90u32).put("words", Node::words(["a", "b"]));
                gpu.put("fan", fan);
            }
            gpu
        };
        let mut columns = Columns::default();
        let mut print =
            |sections| columns.document(&Document { sections, timestamp: Some(1.5), root: AmdRoot::Array });
        assert_eq!(
            print(vec![gpu(0, false), gpu(1, true)]),
            "timestamp,gpu,speed,fan_speed,words\n1.500,0,16,N/A,N/A\n1.500,1,16,90,\"[a, b]\"\n"
        );
        assert_eq!(print(vec![gpu(1, true)]), "1.500,1,16,90,\"[a, b]\"\n");
    }
}
