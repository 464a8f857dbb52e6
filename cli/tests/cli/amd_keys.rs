//! `--json=amd` has the keys that amd-smi 10.1 has, and no others.
//!
//! `amd-keys-<command>.txt` is a list of AMD's keys: ` *` after one means that AMD prints `"N/A"` or something that
//! depends on the GPU, ` [4]` a list of that length.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::{json, run};

/// Keys and what is below: nothing, anything, or a list of a length.
type Keys = BTreeMap<String, Option<String>>;

fn amds(command: &str) -> Keys {
    let text = match command {
        "list" => include_str!("amd-keys-list.txt"),
        "static" => include_str!("amd-keys-static.txt"),
        "metric" => include_str!("amd-keys-metric.txt"),
        "monitor" => include_str!("amd-keys-monitor.txt"),
        "firmware" => include_str!("amd-keys-firmware.txt"),
        "process" => include_str!("amd-keys-process.txt"),
        "process --sort-by-pid" => include_str!("amd-keys-process-by-pid.txt"),
        "topology" => include_str!("amd-keys-topology.txt"),
        "xgmi" => include_str!("amd-keys-xgmi.txt"),
        "partition" => include_str!("amd-keys-partition.txt"),
        "bad-pages" => include_str!("amd-keys-bad-pages.txt"),
        "ras --cper" => include_str!("amd-keys-ras-cper.txt"),
        _ => include_str!("amd-keys-version.txt"),
    };
    let split = |line: &str| match line.split_once(' ') {
        Some((key, below)) => (key.to_owned(), Some(below.to_owned())),
        None => (line.to_owned(), None),
    };
    text.lines().map(split).collect()
}

/// The keys of an object, as far down as AMD's list goes.
fn ours(value: &Value, path: &str, amds: &Keys, keys: &mut Keys) {
    let is_quantity =
        |map: &serde_json::Map<String, Value>| map.contains_key("value") && map.contains_key("unit");
    match value {
        _ if amds.get(path).is_some_and(|below| below.as_deref() == Some("*")) => {
            keys.insert(path.to_owned(), Some("*".into()));
        }
        Value::Object(map) if !is_quantity(map) => {
            for (key, value) in map {
                let dot = if path.is_empty() { "" } else { "." };
                ours(value, &format!("{path}{dot}{key}"), amds, keys);
            }
        }
        Value::Array(items)
            if items.first().is_some_and(|item| item.as_object().is_some_and(|map| !is_quantity(map))) =>
        {
            for item in items {
                ours(item, &format!("{path}[]"), amds, keys);
            }
        }
        Value::Array(items) if items.first().is_some_and(Value::is_array) => {
            for item in items {
                ours(item, &format!("{path}[]"), amds, keys);
            }
        }
        Value::Array(items) => {
            keys.insert(path.to_owned(), Some(format!("[{}]", items.len())));
        }
        Value::Null => panic!("{path} is null: AMD prints N/A"),
        _ => {
            keys.insert(path.to_owned(), None);
        }
    }
}

fn gpus(command: &str, document: &Value) -> Vec<Value> {
    let list = match command {
        "static" | "metric" => {
            assert_eq!(document.as_object().map(|root| root.len()), Some(1), "{command}");
            &document["gpu_data"]
        }
        _ => document,
    };
    list.as_array().expect("a list of GPUs").clone()
}

#[test]
fn keys_are_amds() {
    // A whole GPU, one of many parts, an APU, one that sleeps: the keys are the same.
    let fixtures = [
        "navi31-1x-k6.12-desktop",
        "mi300x-1x-k6.12-spx",
        "phoenix-navi33-2x-k6.10-hybrid-foreign-card0",
        "navi23-1x-k6.6-laptop-suspended",
    ];
    for name in fixtures {
        for command in ["list", "static", "metric", "monitor", "firmware", "version"] {
            let output = run(name, &[command, "--json=amd"]);
            let document: Value = serde_json::from_slice(&output.stdout).expect("JSON");
            let amds = amds(command);
            for gpu in gpus(command, &document) {
                let mut keys = Keys::new();
                ours(&gpu, "", &amds, &mut keys);
                assert_eq!(keys, amds, "{name} {command}");
            }
        }
    }
}

/// Keys that depend on what there is: on the fixtures that have it.
#[test]
fn keys_of_lists_are_amds() {
    for (command, name) in [
        ("process", "mi210-navi31-2x-k6.12-processes"),
        ("process --sort-by-pid", "mi210-navi31-2x-k6.12-processes"),
        ("topology", "mi210-navi31-2x-k6.12-processes"),
        ("xgmi", "mi300x-1x-k6.12-spx"),
        ("partition", "mi300x-1x-k6.16-cpx-nps4-configs"),
        ("bad-pages", "mi300x-1x-k6.12-spx"),
        ("ras --cper", "mi300x-1x-k6.16-cpx-nps4-configs"),
    ] {
        let args: Vec<&str> = command.split(' ').chain(["--json=amd"]).collect();
        let document = json(name, &args);
        let whole = std::slice::from_ref(&document);
        let mut amds = amds(command);
        if command == "xgmi" {
            // AMD lists a state for each package where the table has none for the links.
            let states = amds.get_mut("link_port_status[].link_status").expect("AMD's key");
            *states = Some("[8]".into());
        }
        for entry in document.as_array().map_or(whole, Vec::as_slice) {
            let mut keys = Keys::new();
            ours(entry, "", &amds, &mut keys);
            assert_eq!(keys, amds, "{name} {command}");
        }
    }
    // Of a GPU that nobody uses a sentence in the place of a process.
    let nobody = json("mi300x-1x-k6.12-spx", &["process", "--json=amd"]);
    assert_eq!(nobody[0]["process_list"][0]["process_info"], "No running processes detected");
    assert_eq!(json("mi300x-1x-k6.12-spx", &["bad-pages", "--json=amd"])[0]["un_res"], "No bad pages found.");
}

#[test]
fn oddities_are_amds() {
    let static_facts = json("navi31-1x-k6.12-desktop", &["static", "--json=amd"]);
    let gpu = &static_facts["gpu_data"][0];
    // A frequency is text, the link's levels are pairs of text, an absent bandwidth keeps its unit.
    assert_eq!(gpu["clock"]["sys"]["frequency_levels"]["Level 0"]["value"], "500");
    assert_eq!(gpu["bus"]["pcie_levels"]["2"], serde_json::json!(["16.0 GT/s", "8"]));
    assert_eq!(gpu["vram"]["max_bandwidth"], serde_json::json!({"value": "N/A", "unit": "GB/s"}));
    let metric = json("navi31-1x-k6.12-desktop", &["metric", "--json=amd"]);
    assert_eq!(metric["gpu_data"][0]["perf_level"], "AMDSMI_DEV_PERF_LEVEL_AUTO");
    // The same in our own words.
    let metric = json("navi31-1x-k6.12-desktop", &["metric", "--json"]);
    assert_eq!(metric["gpu_data"][0]["perf_level"], "auto");
    // Deep sleep counts as a level.
    let sleeping = json("mi300x-1x-k6.12-spx", &["static", "-C", "vclk0", "--json=amd"]);
    let levels = &sleeping["gpu_data"][0]["clock"]["vclk0"];
    assert_eq!(levels["current_level"], 0);
    assert_eq!(levels["frequency_levels"]["Level 0"]["value"], "29");
}
