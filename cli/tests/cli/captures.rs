//! Every recorded machine through the command: no panic, and what is printed is what the files say.

use std::path::Path;

use serde_json::Value;

use super::command;
use support::machines::{Machine, cases, machines};

fn number(file: &Path) -> Option<f64> {
    let bytes = std::fs::read(file).ok()?;
    String::from_utf8_lossy(&bytes).trim_matches(['\0', '\n', ' ']).parse().ok()
}

const COMMANDS: [&str; 13] = [
    "list",
    "static",
    "metric",
    "monitor",
    "firmware",
    "process",
    "topology",
    "xgmi",
    "partition",
    "ras",
    "bad-pages",
    "doctor",
    "version",
];

/// Runs every command in every form; what is printed as JSON must be JSON. How many runs there were.
fn run_everything(machine: &Machine, expected: impl Fn(&str) -> Option<i32>) -> usize {
    let mut runs = 0;
    for name in COMMANDS {
        for format in [&[][..], &["--json"], &["--json=amd"], &["--csv"]] {
            let root = machine.root.to_str().unwrap();
            let output = command(&[&["--root", root, name], format].concat()).output().unwrap();
            let errors = String::from_utf8_lossy(&output.stderr);
            let run = format!("{} {name} {format:?}: {errors}", machine.name);
            let status = output.status.code().unwrap();
            assert!(!errors.contains("panicked") && status < 101, "{run}");
            if let Some(expected) = expected(name) {
                assert_eq!(status, expected, "{run}");
            }
            if format.first().is_some_and(|format| format.starts_with("--json")) && !output.stdout.is_empty()
            {
                serde_json::from_slice::<Value>(&output.stdout)
                    .unwrap_or_else(|error| panic!("{run}{error}"));
            }
            runs += 1;
        }
    }
    runs
}

#[test]
fn every_command_answers_on_every_case() {
    let Some(cases) = cases() else { return };
    let runs: usize = cases.iter().map(|case| run_everything(case, |_| None)).sum();
    println!("cases: {} machines, {runs} runs of the command", cases.len());
}

#[test]
fn every_command_answers_on_every_machine() {
    let Some(machines) = machines() else { return };
    let mut runs = 0;
    for machine in &machines {
        let expected = match machine.name.as_str() {
            "hd7870" => 3,
            name if name.starts_with("kernel-") => 1,
            _ => 0,
        };
        let answered =
            |name: &str| matches!(name, "list" | "static" | "topology") && !is_without_kfd(machine);
        runs += run_everything(machine, |name| answered(name).then_some(expected));
    }
    println!("captures: {} machines, {runs} runs of the command", machines.len());
}

#[test]
fn metric_prints_what_the_files_say() {
    let Some(machines) = machines() else { return };
    let mut values = 0;
    for machine in &machines {
        values += compare(machine);
    }
    assert!(values > 40, "only {values} values compared");
    println!("captures: {} machines, {values} values of the command compared", machines.len());
}

/// Some quantities of each kind, in the unit that is printed; the library's tests compare all of them.
fn compare(machine: &Machine) -> usize {
    let output = command(&["--root", machine.root.to_str().unwrap(), "metric", "--json"]).output().unwrap();
    let document: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
    let card = (0..2).map(|card| machine.root.join(format!("sys/class/drm/card{card}/device")));
    let amd = |device: &Path| std::fs::read(device.join("vendor")).is_ok_and(|id| id.starts_with(b"0x1002"));
    let Some(device) = card.into_iter().find(|device| amd(device)) else { return 0 };
    let gpu = &document["gpu_data"][0];
    if gpu.is_null() {
        return 0;
    }
    let hwmon = std::fs::read_dir(device.join("hwmon"))
        .ok()
        .and_then(|mut entries| Some(entries.next()?.ok()?.path()));
    let mut values = 0;
    let mut same = |file: &Path, divisor: f64, unit: &str, path: &str| {
        let Some(recorded) = number(file) else { return };
        let printed = gpu.pointer(path).unwrap_or(&Value::Null);
        let value = if unit.is_empty() { printed } else { &printed["value"] };
        assert_eq!(value.as_f64(), Some(recorded / divisor), "{} {path}", machine.name);
        assert!(unit.is_empty() || printed["unit"] == unit, "{} {path}: {printed}", machine.name);
        values += 1;
    };
    if let Some(hwmon) = hwmon {
        for (sensor, key) in [("temp1", "edge"), ("temp2", "hotspot"), ("temp3", "mem")] {
            same(&hwmon.join(format!("{sensor}_input")), 1e3, "C", &format!("/temperature/{key}"));
            same(
                &hwmon.join(format!("{sensor}_crit")),
                1e3,
                "C",
                &format!("/temperature/limits/{key}/critical"),
            );
        }
        same(&hwmon.join("power1_average"), 1e6, "W", "/power/average_socket_power");
        same(&hwmon.join("power1_input"), 1e6, "W", "/power/current_socket_power");
        same(&hwmon.join("power1_cap"), 1e6, "W", "/power/cap");
        same(&hwmon.join("fan1_input"), 1.0, "", "/fan/rpm");
        same(&hwmon.join("pwm1"), 1.0, "", "/fan/speed");
    }
    same(&device.join("gpu_busy_percent"), 1.0, "%", "/usage/gfx_activity");
    same(&device.join("mem_info_vram_total"), f64::from(1 << 20), "MB", "/mem_usage/total_vram");
    values
}

/// Those that were recorded without KFD: nothing tells how their GPUs are wired.
fn is_without_kfd(machine: &Machine) -> bool {
    !machine.root.join("sys/class/kfd").exists()
}

/// The links of a machine of 32 partitions and of one of two hives, as their files have them: KFD's weights.
#[test]
fn wiring_of_big_machines() {
    let Some(machines) = machines() else { return };
    let links = |name: &str| -> Vec<Value> {
        let machine = machines.iter().find(|machine| machine.name == name).expect("the machine");
        let root = machine.root.to_str().unwrap();
        let output = command(&["--root", root, "topology", "--json"]).output().unwrap();
        let document: Value = serde_json::from_slice(&output.stdout).unwrap();
        document["gpu_data"].as_array().unwrap().clone()
    };
    let count = |gpus: &[Value], weight: u32| {
        let of_gpu = |gpu: &Value| gpu["links"].as_array().unwrap().clone();
        let all: Vec<Value> = gpus.iter().flat_map(of_gpu).collect();
        all.iter().filter(|link| link["link_type"] == "XGMI" && link["weight"] == weight).count()
    };
    let gpus = links("mi308x-8x-4way");
    assert_eq!((gpus.len(), count(&gpus, 13), count(&gpus, 41)), (32, 96, 896));
    let gpus = links("mi210-8x");
    assert_eq!((gpus.len(), count(&gpus, 15)), (8, 24));
    let mut hives: Vec<(&str, usize)> = Vec::new();
    for hive in gpus.iter().map(|gpu| gpu["hive_id"].as_str().expect("a hive")) {
        match hives.iter_mut().find(|(known, _)| *known == hive) {
            Some((_, members)) => *members += 1,
            None => hives.push((hive, 1)),
        }
    }
    assert_eq!(hives.iter().map(|(_, members)| *members).collect::<Vec<_>>(), [4, 4]);
}
