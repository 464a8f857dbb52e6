//! Machines that are made up: every command has something to show on them.

use crate::command;

const NAMES: [&str; 3] = ["--demo=mi300x-8x", "--demo=rdna3-desktop", "--demo=apu-laptop"];

fn answer(args: &[&str]) -> String {
    let output = command(args).output().expect("the program runs");
    assert_eq!(output.status.code(), Some(0), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{args:?}");
    String::from_utf8(output.stdout).expect("UTF-8")
}

#[test]
fn every_command_answers() {
    for demo in NAMES {
        for command in ["static", "metric", "monitor", "firmware", "process", "topology", "doctor", "version"]
        {
            assert_ne!(answer(&[demo, command]), "");
        }
        assert_eq!(gpus(&[demo, "list", "--json"]), if demo.contains("8x") { 8 } else { 1 });
    }
    for command in ["xgmi", "partition", "ras", "bad-pages"] {
        assert_ne!(answer(&["--demo", command]), "");
    }
    // Without a name, and after the command as well as before it.
    assert_eq!(gpus(&["--demo", "list", "--json"]), 8);
    assert_eq!(gpus(&["list", "--json", "--demo"]), 8);
}

fn gpus(args: &[&str]) -> usize {
    let list: serde_json::Value = serde_json::from_str(&answer(args)).expect("JSON");
    list["gpu_data"].as_array().expect("a list").len()
}

#[test]
fn the_load_moves() {
    let text = answer(&["--demo", "monitor", "--csv", "-w", "1", "-i", "3"]);
    let mut lines = text.lines();
    let header = lines.next().expect("a header");
    let column = |name: &str| header.split(',').position(|title| title == name).expect("a column");
    let (gpu, power) = (column("gpu"), column("power_usage [W]"));
    let of_first = lines.filter_map(|line| {
        let fields: Vec<_> = line.split(',').collect();
        (fields[gpu] == "0").then(|| fields[power].to_owned())
    });
    let watts: Vec<_> = of_first.collect();
    assert_eq!(watts.len(), 3);
    assert!(watts.iter().any(|other| *other != watts[0]), "{watts:?}");
}

#[test]
fn events_are_reported() {
    let output = command(&["--demo", "event", "--count", "2"]).output().expect("the program runs");
    assert_eq!(output.status.code(), Some(0));
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    assert_eq!(text.lines().count(), 2, "{text}");
    assert!(text.contains("THERMAL_THROTTLE"), "{text}");
}

#[test]
fn nothing_can_be_changed_and_names_are_known() {
    let output =
        command(&["--demo", "set", "-g", "0", "-o", "500", "-y"]).output().expect("the program runs");
    assert_ne!(output.status.code(), Some(0));
    let output = command(&["--demo=voodoo", "list"]).output().expect("the program runs");
    assert_eq!(output.status.code(), Some(2));
    // The name is no word of its own: what follows is the command.
    let output = command(&["--demo", "rdna3-desktop", "list"]).output().expect("the program runs");
    assert_eq!(output.status.code(), Some(2));
}
