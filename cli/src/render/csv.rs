//! `--csv`: a row a GPU, columns named as AMD's command flattens its sections, with the unit in brackets. An absent value is
//! an empty cell.
//!
//! AMD drops the section's name (`power.socket_power` is `socket_power`) and keeps what is below it
//! (`clock.gfx_0.clk` is `gfx_0_clk`). Where two values would get one name, AMD prints one of them; here the second has
//! its section's name before it (`fan.speed` beside `pcie.speed` is `fan_speed`).

use super::document::{AmdRoot, Document};
use super::iso;
use super::printable::printable;
use crate::report::{Forms, Node, Section};

/// The columns, kept while a watch goes on: each row has as many as the header.
#[derive(Debug, Default)]
pub(crate) struct Columns {
    columns: Vec<CsvColumn>,
    /// Set when AMD's header has been printed.
    pub(super) has_amds: bool,
}

#[derive(Debug)]
struct CsvColumn {
    /// Where the value is in the tree.
    path: Vec<String>,
    name: String,
    /// The unit of all values in the first rows, which the heading has; none if they had none, or several.
    unit: Option<&'static str>,
    has_values: bool,
}

/// A value of a row with its place.
struct CsvCell<'a> {
    path: Vec<String>,
    node: &'a Node,
}

impl Columns {
    /// The header, out of a row's places, where rows may come later or never; empty if there was one already.
    pub(crate) fn begin(&mut self, row: &Section, has_timestamp: bool) -> String {
        if !self.columns.is_empty() {
            return String::new();
        }
        let timestamp = has_timestamp.then_some(0.0);
        let mut names =
            self.document(&Document { sections: std::slice::from_ref(row), timestamp, root: AmdRoot::Array });
        names.truncate(names.find('\n').map_or(0, |end| end + 1));
        names
    }

    /// The rows; before the first ones the header.
    pub(super) fn document(&mut self, document: &Document<'_>) -> String {
        let time = document.timestamp.map(|time| Node::Text(iso(time)));
        let rows: Vec<Vec<CsvCell<'_>>> = document
            .sections
            .iter()
            .map(|section| {
                let time = time.iter().map(|node| CsvCell { path: vec!["timestamp".to_owned()], node });
                let mut cells: Vec<CsvCell<'_>> = time.collect();
                flatten(section, &mut Vec::new(), &mut cells);
                cells
            })
            .collect();
        let mut writer = csv::WriterBuilder::new().from_writer(Vec::new());
        // A write to memory cannot fail, and all rows have the header's length.
        if self.columns.is_empty() {
            for cell in rows.iter().flatten() {
                self.add(cell);
            }
            if !self.columns.is_empty() {
                let _ = writer.write_record(self.columns.iter().map(heading));
            }
        }
        for cells in &rows {
            let text = |column: &CsvColumn| {
                let found = cells.iter().find(|cell| cell.path == column.path);
                match found.map(|cell| cell.node) {
                    None | Some(Node::Absent(_)) => String::new(),
                    // The heading has no unit, or another one.
                    Some(Node::Quantity(value, unit)) if Some(*unit) != column.unit => {
                        format!("{value} {unit}")
                    }
                    Some(node) => value(node),
                }
            };
            let _ = writer.write_record(self.columns.iter().map(text));
        }
        writer.into_inner().ok().and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default()
    }

    fn add(&mut self, cell: &CsvCell<'_>) {
        let has_values = cell.node.why_absent().is_none();
        let unit = match cell.node {
            Node::Quantity(_, unit) => Some(*unit),
            _ => None,
        };
        let path = &cell.path;
        if let Some(known) = self.columns.iter_mut().find(|known| known.path == *path) {
            if has_values {
                known.unit = if known.has_values && known.unit != unit { None } else { unit };
                known.has_values = true;
            }
            return;
        }
        let short = match path.as_slice() {
            [_, rest @ ..] if !rest.is_empty() => rest.join("_"),
            all => all.join("_"),
        };
        let taken = self.columns.iter().any(|known| known.name == short);
        let name = if taken { path.join("_") } else { short };
        self.columns.push(CsvColumn { path: path.clone(), name, unit, has_values });
    }
}

fn heading(column: &CsvColumn) -> String {
    let name = printable(&column.name);
    match column.unit {
        Some(unit) => format!("{name} [{unit}]"),
        None => name,
    }
}

/// The values of a section with their places.
fn flatten<'a>(section: &'a Section, path: &mut Vec<String>, cells: &mut Vec<CsvCell<'a>>) {
    for (key, node) in section.entries(Forms::CSV) {
        path.push(key.to_owned());
        match node {
            Node::Section(inner) => flatten(inner, path, cells),
            node => cells.push(CsvCell { path: path.clone(), node }),
        }
        path.pop();
    }
}

/// A value without its unit.
fn value(node: &Node) -> String {
    match node {
        Node::Quantity(value, _) | Node::Number(value) => value.to_string(),
        Node::Text(text) => printable(text),
        Node::Flag(flag) => flag.to_string(),
        Node::List(nodes) => {
            let items: Vec<String> = nodes.iter().map(value).collect();
            format!("[{}]", items.join(", "))
        }
        Node::Section(section) => {
            let pairs = section.entries(Forms::CSV).map(|(key, node)| format!("{key}: {}", value(node)));
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
                fan.put("speed", Node::quantity(90u32, "%")).put("words", Node::words(["a", "b"]));
                gpu.put("fan", fan);
            }
            gpu
        };
        let print = |columns: &mut Columns, sections: Vec<Section>| {
            columns.document(&Document { sections: &sections, timestamp: Some(1.5), root: AmdRoot::Array })
        };
        let mut own = Columns::default();
        assert_eq!(
            print(&mut own, vec![gpu(0, false), gpu(1, true)]),
            "timestamp,gpu,speed,fan_speed [%],words\n1970-01-01T00:00:01.500Z,0,16,,\n\
             1970-01-01T00:00:01.500Z,1,16,90,\"[a, b]\"\n"
        );
    }

    /// A value without a unit in its heading brings its own.
    #[test]
    fn no_number_is_taken_for_one_of_another_unit() {
        let row = |node: Node| {
            let mut row = Section::new();
            row.put("gpu", 0u32).put("power", node);
            row
        };
        let mut columns = Columns::default();
        let mut print = |node: Node| {
            let document = Document { sections: &[row(node)], timestamp: None, root: AmdRoot::Array };
            columns.document(&document)
        };
        assert_eq!(print(Node::absent("suspended", "it sleeps")), "gpu,power\n0,\n");
        assert_eq!(print(Node::quantity(45u32, "W")), "0,45 W\n");
        let several = [Node::quantity(45u32, "W"), Node::absent("late", "late"), Node::quantity(9u32, "%")];
        let sections: Vec<_> = several.into_iter().map(row).collect();
        let document = Document { sections: &sections, timestamp: None, root: AmdRoot::Array };
        let text = Columns::default().document(&document);
        assert_eq!(text, "gpu,power\n0,45 W\n0,\n0,9 %\n");
    }
}
