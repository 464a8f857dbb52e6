//! What a chip tells must not shrink because a newer kernel prints a newer table.

use std::collections::BTreeSet;

use amdgpu_smi::parse::partition::{ComputePartition, MemoryPartition};
use amdgpu_smi::synth::{Kernel, Machine};
use serde_json::Value;

use super::command;

/// The keys with a value below `node`; places in lists and partitions count as one.
fn keys(node: &Value, path: &str, found: &mut BTreeSet<String>) {
    match node {
        Value::Null => {}
        Value::Object(fields) if fields.contains_key("unit") => _ = found.insert(path.to_owned()),
        Value::Object(fields) => {
            for (key, value) in fields.iter().filter(|(key, _)| *key != "unavailable") {
                let key = if key.starts_with("xcp_") { "xcp" } else { key };
                keys(value, &format!("{path}.{key}"), found);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| keys(item, path, found)),
        _ => _ = found.insert(path.to_owned()),
    }
}

fn of_machine(machine: &Machine) -> BTreeSet<String> {
    let folder = tempfile::tempdir().unwrap();
    machine.build(folder.path()).unwrap();
    let output = command(&["--root", folder.path().to_str().unwrap(), "metric", "--json"]).output().unwrap();
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    let mut found = BTreeSet::new();
    keys(&document["gpu_data"], "", &mut found);
    found
}

/// Tables 1.4 to 1.9, of the kernels that print them.
#[test]
fn no_key_loses_its_value_as_tables_get_newer() {
    let kernels =
        [(6, 7), (6, 8), (6, 13), (6, 14), (6, 16), (7, 0)].map(|(major, minor)| Kernel::new(major, minor));
    // From 1.6 on a table has each partition's engines instead of the package's. Of one partition they are the same;
    // several share a decoder, and nothing says which of them do, so no list of the package's can be made of theirs.
    const OF_PARTITIONS: [&str; 2] = [".usage.jpeg_activity", ".usage.vcn_activity"];
    // 1.9 counts the reasons one by one, and their sum as another key.
    const OF_REASONS: &str = ".throttle.gfx_clk_below_host_limit_accumulated.xcp";
    type Make = fn(usize) -> Machine;
    let modes = [
        (Machine::mi300x as Make, ComputePartition::Spx, MemoryPartition::Nps1),
        (Machine::mi300x as Make, ComputePartition::Cpx, MemoryPartition::Nps4),
        (Machine::mi350x as Make, ComputePartition::Spx, MemoryPartition::Nps1),
        (Machine::mi350x as Make, ComputePartition::Cpx, MemoryPartition::Nps2),
    ];
    for (make, compute, memory) in modes {
        let mut before: Option<(Kernel, BTreeSet<String>)> = None;
        for kernel in kernels {
            let machine = make(1).kernel(kernel).load(0.7).partition(compute.clone(), memory.clone());
            // The chip is newer than the kernel.
            if machine.image().is_err() {
                continue;
            }
            let now = of_machine(&machine);
            assert!(now.len() > 40, "{kernel}: {now:?}");
            if let Some((older, before)) = &before {
                // A figure may be told of each partition where it was one before.
                let is_there =
                    |key: &str| now.iter().any(|one| one == key || one.starts_with(&format!("{key}.")));
                let is_split = compute != ComputePartition::Spx;
                let is_explained = |key: &str| key == OF_REASONS || is_split && OF_PARTITIONS.contains(&key);
                let lost: Vec<_> = before.iter().filter(|key| !is_there(key) && !is_explained(key)).collect();
                assert!(lost.is_empty(), "{compute} on {kernel} has no {lost:?}, which {older} has");
            }
            before = Some((kernel, now));
        }
        assert!(before.is_some());
    }
}
