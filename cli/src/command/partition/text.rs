//! AMD's tables for people.

use super::{Found, Wanted, amds, amds_profiles};
use crate::render::inline;
use crate::report::{Forms, Node};

/// Heading and width of a column, which is its key in capitals.
type Column = (&'static str, usize);

const CURRENT: [Column; 5] = [
    ("gpu_id", 8),
    ("memory", 8),
    ("accelerator_type", 18),
    ("accelerator_profile_index", 27),
    ("partition_id", 14),
];
const MEMORY: [Column; 3] = [("gpu_id", 8), ("memory_partition_caps", 23), ("current_memory_partition", 26)];
const PROFILES: [Column; 11] = [
    ("gpu_id", 8),
    ("profile_index", 15),
    ("memory_partition_caps", 23),
    ("accelerator_type", 18),
    ("partition_id", 17),
    ("num_partitions", 16),
    ("num_resources", 15),
    ("resource_index", 16),
    ("resource_type", 15),
    ("resource_instances", 20),
    ("resources_shared", 18),
];

/// AMD's tables. What a package's profiles are is told once, with its first partition.
pub(super) fn tables(found: &[Found], wanted: Wanted, verbose: u8) -> String {
    let has_first = |of: &Found| {
        found.iter().any(|found| found.gpu.ids().package == of.gpu.ids().package && found.partition() == 0)
    };
    let document = amds(found, Wanted { accelerator: false, ..wanted });
    let mut profiles = Vec::new();
    for found in found.iter().filter(|found| found.partition() == 0 || !has_first(found)) {
        profiles.append(&mut amds_profiles(std::slice::from_ref(found)).0);
    }
    let list = |key: &str| match document.get(Forms::AMD_JSON, key) {
        Some(Node::List(rows)) => rows.clone(),
        _ => Vec::new(),
    };
    let mut tables = Vec::new();
    if wanted.current {
        tables.push(table("CURRENT_PARTITION", &CURRENT, &list("current_partition"), verbose));
    }
    if wanted.memory {
        tables.push(table("MEMORY_PARTITION", &MEMORY, &list("memory_partition"), verbose));
    }
    if wanted.accelerator {
        tables.push(table("ACCELERATOR_PARTITION_PROFILES", &PROFILES, &profiles, verbose));
    }
    let mut text = tables.join("\n");
    if wanted.accelerator {
        text.push_str("\nLegend:\n  * = Current mode\n");
    }
    text
}

fn table(title: &str, columns: &[Column], rows: &[Node], verbose: u8) -> String {
    let heading: Vec<String> = columns.iter().map(|(key, _)| key.to_uppercase()).collect();
    let cells = rows.iter().filter_map(|row| match row {
        Node::Section(row) => Some(row),
        _ => None,
    });
    let cells = cells.map(|row| {
        let cell = |(key, _): &Column| {
            row.get(Forms::AMD_JSON, key).map_or_else(String::new, |node| inline(node, verbose))
        };
        columns.iter().map(cell).collect()
    });
    let lines: Vec<Vec<String>> = std::iter::once(heading).chain(cells).collect();
    let mut text = format!("{title}:\n");
    // A cell that does not fit makes its column wider.
    let widest = |column: usize| {
        lines.iter().filter_map(|line| line.get(column)?.chars().count().checked_add(2)).max()
    };
    let widths: Vec<usize> = columns
        .iter()
        .enumerate()
        .map(|(column, (_, width))| widest(column).unwrap_or(0).max(*width))
        .collect();
    for line in &lines {
        let cells = line.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}"));
        text.push_str(cells.collect::<String>().trim_end());
        text.push('\n');
    }
    text
}
