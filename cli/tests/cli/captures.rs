//! Every recorded machine through the command: no panic, and what is printed is what the files say.

use std::path::Path;

use serde_json::Value;

use super::command;
use super::machines::{Machine, machines};

fn number(file: &Path) -> Option<f64> {
    let bytes = std::fs::read(file).ok()?;
    String::from_utf8_lossy(&bytes).trim_matches(['\0', '\n', ' ']).parse().ok()
}

#[test]
fn every_command_answers_on_every_machine() {
    let Some(machines) = machines() else { return };
    for machine in &machines {
        let expected = match machine.name.as_str() {
            "hd7870" => 3,
            name if name.starts_with("kernel-") => 1,
            _ => 0,
        };
        for name in ["list", "static", "metric", "monitor", "firmware", "doctor", "version"] {
            for format in [&[][..], &["--json"], &["--json=amd"], &["--csv"]] {
                let root = machine.root.to_str().unwrap();
                let output = command(&[&["--root", root, name], format].concat()).output().unwrap();
                let errors = String::from_utf8_lossy(&output.stderr);
                assert!(!errors.contains("panicked"), "{} {name} {format:?}: {errors}", machine.name);
                let status = output.status.code().unwrap();
                if matches!(name, "list" | "static") {
                    assert_eq!(status, expected, "{} {name} {format:?}: {errors}", machine.name);
                }
                if format.first().is_some_and(|format| format.starts_with("--json")) && status == 0 {
                    serde_json::from_slice::<Value>(&output.stdout).unwrap();
                }
            }
        }
    }
}

#[test]
fn metric_prints_what_the_files_say() {
    let Some(machines) = machines() else { return };
    let mut values = 0;
    for machine in &machines {
        values += compare(machine);
    }
    assert!(values > 40, "only {values} values compared");
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
