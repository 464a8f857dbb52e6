//! Newer kernels print newer tables; no value of a chip may get lost.

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

/// Where a value is absent with a reason of the command's own words, the file that would have it: with it the value is there.
#[test]
fn no_reason_is_untrue_when_the_file_is_there() {
    const GPU: &str = "sys/bus/pci/devices";
    // Command, path of the value, file below the PCI device (`hwmon/` for its hwmon), text, value.
    const PLANTED: [(&str, &str, &str, &str, &str); 12] = [
        ("static", "/limit/ppt1/socket_power_limit/value", "hwmon/power2_cap", "350000000", "350"),
        ("static", "/limit/ppt1/max_power_limit/value", "hwmon/power2_cap_max", "400000000", "400"),
        ("static", "/limit/ptl_state", "ptl/ptl_enable", "disabled", "\"Disabled\""),
        ("static", "/limit/ptl_format", "ptl/ptl_format", "F16,F64", "\"F16,F64\""),
        (
            "static",
            "/mem_carveout/options/1/size/value",
            "uma/carveout_options",
            "0: Low (512 MB)\n1:  (2 GB)",
            "2048",
        ),
        (
            "static -p",
            "/partition/compute_partition_mem_alloc_mode",
            "compute_partition_mem_alloc_mode",
            "ALL",
            "\"ALL\"",
        ),
        ("static", "/board/fru_id", "fru_id", "FRU-1", "\"FRU-1\""),
        ("metric", "/power/ubb_power/value", "board/baseboard_power", "2127", "2127"),
        ("metric", "/base_board/power/node_power/value", "board/npm/node_power", "3100", "3100"),
        ("metric", "/overdrive/value", "pp_sclk_od", "7", "7"),
        ("metric", "/voltage/vddboard/value", "hwmon/in2_input", "12000", "12000"),
        ("static", "/soc_pstate/current_id", "pm_policy/soc_pstate", "0 : soc_pstate_default*", "0"),
    ];
    let folder = tempfile::tempdir().unwrap();
    Machine::navi31().build(folder.path()).unwrap();
    let devices = folder.path().join(GPU);
    let is_ours = |path: &std::path::PathBuf| path.join("gpu_metrics").exists();
    let device =
        std::fs::read_dir(devices).unwrap().map(|entry| entry.unwrap().path()).find(is_ours).unwrap();
    let hwmon = std::fs::read_dir(device.join("hwmon")).unwrap().next().unwrap().unwrap().path();
    let look = |line: &str| -> Value {
        let words = line.split(' ').chain(["--json", "--root", folder.path().to_str().unwrap()]);
        let output = command(&words.collect::<Vec<_>>()).output().unwrap();
        serde_json::from_slice::<Value>(&output.stdout).unwrap()["gpu_data"][0].take()
    };
    for (line, path, ..) in PLANTED {
        let found = look(line).pointer(path).cloned().unwrap_or_default();
        assert!(found.is_null(), "{line} {path}: {found}");
    }
    for (_, _, file, text, _) in PLANTED {
        let file = match file.strip_prefix("hwmon/") {
            Some(name) => hwmon.join(name),
            None => device.join(file),
        };
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, format!("{text}\n")).unwrap();
    }
    std::fs::write(hwmon.join("in2_label"), "vddboard\n").unwrap();
    for (line, path, _, _, value) in PLANTED {
        let found = look(line).pointer(path).cloned().unwrap_or_default();
        assert_eq!(found.to_string(), value, "{line} {path}");
    }
}
