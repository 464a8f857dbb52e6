//! AMD's tables for people.

use super::{GpuPartitions, PartitionTables, amds, amds_profiles};
use crate::render::inline;
use crate::render::table::{Column, Table};
use crate::report::{Forms, Node, Section};

/// The key of a column, which is its heading in capitals, and its least width.
type PartitionHeading = (&'static str, usize);

const CURRENT: [PartitionHeading; 5] = [
    ("gpu_id", 0),
    ("memory", 0),
    ("accelerator_type", 0),
    ("accelerator_profile_index", 0),
    ("partition_id", 0),
];
const MEMORY: [PartitionHeading; 3] =
    [("gpu_id", 0), ("memory_partition_caps", 0), ("current_memory_partition", 0)];
const PROFILES: [PartitionHeading; 11] = [
    ("gpu_id", 0),
    ("profile_index", 0),
    ("memory_partition_caps", 0),
    ("accelerator_type", 0),
    // AMD has room for a list.
    ("partition_id", 15),
    ("num_partitions", 0),
    ("num_resources", 0),
    ("resource_index", 0),
    ("resource_type", 0),
    ("resource_instances", 0),
    ("resources_shared", 0),
];

const RESOURCES: [PartitionHeading; 4] =
    [("resource_index", 0), ("resource_type", 0), ("resource_instances", 0), ("resources_shared", 0)];

/// AMD's tables as AMD's command lays them out, of the document that `--json=amd` prints.
pub(super) fn as_amds(document: &Section, wanted: PartitionTables) -> String {
    let tables: [(bool, &str, &str, &[PartitionHeading]); 4] = [
        (wanted.current, "CURRENT_PARTITION", "current_partition", &CURRENT),
        (wanted.memory, "\nMEMORY_PARTITION", "memory_partition", &MEMORY),
        (wanted.accelerator, "\nACCELERATOR_PARTITION_PROFILES", "partition_profiles", &PROFILES),
        (wanted.accelerator, "\nACCELERATOR_PARTITION_RESOURCES", "partition_resources", &RESOURCES),
    ];
    let mut text = String::new();
    for (_, title, key, columns) in tables.into_iter().filter(|(wanted, ..)| *wanted) {
        let width = |(key, least): &PartitionHeading| key.len().max(*least) + 2;
        let heading = columns.iter().map(|column| format!("{:1$}", column.0.to_uppercase(), width(column)));
        text.push_str(&format!("{title}:\n{}\n", heading.collect::<String>()));
        let Some(Node::List(rows)) = document.get(Forms::AMD_JSON, key) else { continue };
        for row in rows {
            let Node::Section(row) = row else { continue };
            let cell = |column: &PartitionHeading| {
                let text = row.get(Forms::AMD_JSON, column.0).map(|node| inline(node, 0)).unwrap_or_default();
                format!("{text:0$}", width(column))
            };
            text.push_str(&format!("{}\n", columns.iter().map(cell).collect::<String>().trim_end()));
        }
    }
    if wanted.accelerator {
        text.push_str("\n\nLegend:\n  * = Current mode\n");
    }
    text
}

/// AMD's tables. A package's profiles are listed once, with its first partition.
pub(super) fn tables(found: &[GpuPartitions], wanted: PartitionTables, verbose: u8) -> String {
    let has_first = |of: &GpuPartitions| {
        found.iter().any(|found| found.gpu.ids().package == of.gpu.ids().package && found.partition() == 0)
    };
    let document = amds(found, PartitionTables { accelerator: false, ..wanted });
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

fn table(title: &str, columns: &[PartitionHeading], rows: &[Node], verbose: u8) -> String {
    let cells = |row: &Node| match row {
        Node::Section(row) => {
            let cell = |(key, _): &PartitionHeading| {
                row.get(Forms::AMD_JSON, key).map_or_else(String::new, |node| inline(node, verbose))
            };
            Some(columns.iter().map(cell).collect())
        }
        _ => None,
    };
    let rows: Vec<Vec<String>> = rows.iter().filter_map(cells).collect();
    let table = Table::new(columns.iter().map(|(key, least)| Column::left(key.to_uppercase(), *least)));
    format!("{title}:\n{}", table.text(&rows))
}
