//! AMD's tables for people.

use super::{GpuPartitions, PartitionTables, amds, amds_profiles};
use crate::render::inline;
use crate::render::table::{Column, Table};
use crate::report::{Forms, Node};

/// The keys of the columns, which are their headings in capitals.
const CURRENT: [&str; 5] =
    ["gpu_id", "memory", "accelerator_type", "accelerator_profile_index", "partition_id"];
const MEMORY: [&str; 3] = ["gpu_id", "memory_partition_caps", "current_memory_partition"];
const PROFILES: [&str; 11] = [
    "gpu_id",
    "profile_index",
    "memory_partition_caps",
    "accelerator_type",
    "partition_id",
    "num_partitions",
    "num_resources",
    "resource_index",
    "resource_type",
    "resource_instances",
    "resources_shared",
];

/// AMD's tables. What a package's profiles are is told once, with its first partition.
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

fn table(title: &str, keys: &[&str], rows: &[Node], verbose: u8) -> String {
    let cells = |row: &Node| match row {
        Node::Section(row) => {
            let cell = |key: &&str| {
                row.get(Forms::AMD_JSON, key).map_or_else(String::new, |node| inline(node, verbose))
            };
            Some(keys.iter().map(cell).collect())
        }
        _ => None,
    };
    let rows: Vec<Vec<String>> = rows.iter().filter_map(cells).collect();
    let table = Table::new(keys.iter().map(|key| Column::left(key.to_uppercase(), 0)));
    format!("{title}:\n{}", table.text(&rows))
}
