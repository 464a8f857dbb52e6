//! Processes: chosen, ordered, with percentages.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde_json::Value;

use crate::{answer, command, fixture, json};

const NAME: &str = "mi210-navi31-2x-k6.12-processes";

/// The numbers of the processes of a GPU.
fn pids(document: &Value, gpu: usize) -> Vec<u64> {
    let list = document["gpu_data"][gpu]["process_list"].as_array().expect("a list");
    list.iter().map(|entry| entry["process_info"]["pid"].as_u64().expect("a number")).collect()
}

#[test]
fn chosen_by_number_and_name() {
    let of = |args: &[&str]| json(NAME, &[&["process", "--json"], args].concat());
    assert_eq!((pids(&of(&[]), 0), pids(&of(&[]), 1)), (vec![2211, 2950], vec![2211, 2402, 2410, 2411]));
    let of_name = of(&["-n", "VKCUBE"]);
    assert_eq!((pids(&of_name, 0), pids(&of_name, 1)), (vec![], vec![2410, 2411]));
    let of_number = of(&["-p", "2950", "2402"]);
    assert_eq!((pids(&of_number, 0), pids(&of_number, 1)), (vec![2950], vec![2402]));
    assert!(answer(NAME, &["process", "-p", "1"]).contains("process info: No running processes found"));
    // Another user's is there by KFD, and what only its descriptors would tell has a reason.
    let gpu = &of(&["-p", "2950", "-g", "0"])["gpu_data"][0];
    let info = &gpu["process_list"][0]["process_info"];
    assert_eq!((&info["name"], &info["cu_occupancy"]), (&"train".into(), &26.into()));
    assert_eq!((&info["usage"]["gfx"], &info["user"]), (&Value::Null, &Value::Null));
    assert_eq!(gpu["unavailable"]["process_list.0.process_info.usage.gfx"], "no_permission");
    assert_eq!(gpu["unreadable_processes"], 2);
}

#[test]
fn in_an_order() {
    let order = |key: &str| -> Vec<u64> {
        let text = answer(NAME, &["process", "--csv", "--sort", key]);
        let pid = |row: &str| row.split(',').nth(2).and_then(|pid| pid.parse().ok()).expect("a number");
        text.lines().skip(1).map(pid).collect()
    };
    assert_eq!(order("pid"), [2211, 2211, 2402, 2410, 2411, 2950]);
    assert_eq!(order("vram"), [2211, 2950, 2410, 2411, 2402, 2211]);
    assert_eq!(order("cu")[..2], [2211, 2950]);
    assert_eq!(order("engine")[0], 2402);
    assert_eq!(order("SDMA")[..2], [2211, 2410]);
    assert_eq!(order("units"), order("cu"));
    assert_eq!(order("busy"), order("engine"));
    assert_eq!(order("copy"), order("sdma"));
    assert_eq!(order("command"), order("name"));
    assert_eq!(order("name"), [2211, 2211, 2950, 2410, 2411, 2402]);
}

#[test]
fn groups_as_amds() {
    let info = |args: &[&str]| {
        let document = json(NAME, &[&["process", "--json=amd", "-p", "2211"], args].concat());
        let info = document[0]["process_list"][0]["process_info"].as_object().expect("a process").clone();
        ["memory_usage", "mem_usage", "usage"].map(|key| info.contains_key(key))
    };
    assert_eq!(info(&[]), [true, true, true]);
    assert_eq!(info(&["-G"]), [false, true, false]);
    assert_eq!(info(&["-e"]), [false, false, true]);
    assert_eq!(info(&["-G", "-e"]), [false, true, true]);
}

#[test]
fn a_csv_has_its_header_also_without_a_row() {
    let text = answer("mi300x-1x-k6.12-cpx-nps4", &["process", "--csv"]);
    assert!(text.starts_with("gpu,name,pid,user,"), "{text}");
    assert_eq!(text.lines().count(), 1);
}

#[test]
fn without_any_list_it_is_said() {
    let root = tempfile::tempdir().expect("a directory");
    let sys = root.path().join("sys");
    std::fs::create_dir_all(&sys).expect("a directory");
    copy(&fixture("navi31-1x-k6.12-desktop").join("sys/."), &sys);
    std::fs::remove_dir_all(sys.join("devices/virtual/kfd")).expect("KFD's folder");
    let of = |args: &[&str]| {
        let output = command(args).arg("--root").arg(root.path()).output().expect("the program runs");
        (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let (status, text) = of(&["process"]);
    assert_eq!(status, Some(1));
    assert!(text.contains("process info: N/A (not supported)\n"), "{text}");
    let (_, text) = of(&["process", "--json"]);
    let document: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(document["gpu_data"][0]["process_list"], Value::Null);
    assert!(of(&[]).1.contains("Not known: neither KFD nor /proc can be read"));
}

fn copy(from: &Path, to: &Path) {
    let done = Command::new("cp").arg("-a").arg(from).arg(to).status().expect("cp");
    assert!(done.success());
}

/// The fixture in a place where it can be changed.
fn changeable() -> tempfile::TempDir {
    let root = tempfile::tempdir().expect("a directory");
    copy(&fixture(NAME).join("."), root.path());
    root
}

/// Half a second of work within about four seconds.
#[test]
fn percentages_between_two_looks() {
    let root = changeable();
    // Both descriptors of the client.
    let path = root.path().join("proc/2402/fdinfo");
    let files = std::fs::read_dir(&path).expect("descriptors").map(|entry| entry.expect("an entry").path());
    let draws =
        |file: &PathBuf| std::fs::read_to_string(file).is_ok_and(|text| text.contains("drm-engine-gfx"));
    let files: Vec<PathBuf> = files.filter(draws).collect();
    assert!(!files.is_empty());
    let child = command(&["process", "--percent=4", "--json", "-p", "2402", "--root"])
        .arg(root.path())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .expect("the program runs");
    std::thread::sleep(Duration::from_millis(1500));
    for file in files {
        let text = std::fs::read_to_string(&file).expect("fdinfo");
        let changed = text.replace("918273645546", "918773645546");
        assert_ne!(text, changed);
        // In one step, as the kernel's are.
        let beside = root.path().join("changed");
        std::fs::write(&beside, changed).expect("fdinfo");
        std::fs::rename(&beside, &file).expect("fdinfo");
    }
    let output = child.wait_with_output().expect("the program ends");
    let document: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let info = &document["gpu_data"][1]["process_list"][0]["process_info"];
    let percent = info["percent"]["gfx"]["value"].as_f64().expect("a percentage");
    // A slow machine makes the time between the looks longer, and the percentage smaller, never larger.
    assert!((1.0..=13.0).contains(&percent), "{percent}");
    assert_eq!(info["percent"]["enc"]["value"].as_f64(), Some(0.0));
    assert_eq!(info["usage"]["gfx"]["value"], 918_773_645_546u64);
}

#[test]
fn a_watch_is_a_table_and_json_a_document_a_line() {
    let text = answer(NAME, &["process", "-w", "0.1", "-i", "2"]);
    assert_eq!(text.matches("GFX%").count(), 2, "{text}");
    assert!(text.lines().all(|line| line.starts_with("Descriptors") || line.chars().count() <= 80), "{text}");
    assert_eq!(text.lines().filter(|line| line.contains("Xwayland")).count(), 2);
    assert_eq!(text.matches("could not be inspected").count(), 1);
    let text = answer(NAME, &["process", "-w", "0.1", "-i", "2", "--json"]);
    for line in text.lines() {
        let document: Value = serde_json::from_str(line).expect("a document a line");
        let percent = &document["gpu_data"][1]["process_list"][1]["process_info"]["percent"];
        assert_eq!(percent["gfx"]["value"].as_f64(), Some(0.0));
    }
    assert_eq!(text.lines().count(), 2);
}

/// A process may call itself anything.
#[test]
fn a_name_cannot_command_the_terminal() {
    let root = changeable();
    let status = root.path().join("proc/2402/status");
    let text = std::fs::read_to_string(&status).expect("a status");
    std::fs::write(&status, text.replace("Xwayland", "\x1b[2Jevil")).expect("a status");
    for args in [&["process"][..], &["process", "--table"], &["process", "--sort-by-pid"], &[]] {
        let output = command(args).arg("--root").arg(root.path()).output().expect("the program runs");
        let text = String::from_utf8(output.stdout).expect("UTF-8");
        assert!(text.contains("[2Jevil") && !text.contains('\x1b'), "{args:?}: {text}");
    }
}
