//! `monitor` says what `metric` says, and both tell what happened between two readings.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde_json::{Value, json};

use crate::{command, fixture, fixtures};
use support::machines::machines;

/// All columns, in megabytes.
const COLUMNS: [&str; 11] = ["monitor", "-p", "-t", "-u", "-m", "-n", "-d", "--vram-usage", "-r", "-e", "-V"];

/// A column of `monitor`, and where `metric` has the same.
const SAME: [(&str, &str); 21] = [
    ("power_usage", "/power/socket_power"),
    ("max_power", "/power/cap"),
    ("hotspot_temperature", "/temperature/hotspot"),
    ("memory_temperature", "/temperature/mem"),
    ("edge_temperature", "/temperature/edge"),
    ("gfx_clk", "/clock/gfx_0/clk"),
    ("gfx", "/usage/gfx_activity"),
    ("mem", "/usage/umc_activity"),
    ("mem_clock", "/clock/mem_0/clk"),
    ("vclock", "/clock/vclk_0/clk"),
    ("dclock", "/clock/dclk_0/clk"),
    ("vram_used", "/mem_usage/used_vram"),
    ("vram_free", "/mem_usage/free_vram"),
    ("vram_total", "/mem_usage/total_vram"),
    ("pcie_bw", "/pcie/bandwidth"),
    ("single_bit_ecc", "/ecc/total_correctable_count"),
    ("double_bit_ecc", "/ecc/total_uncorrectable_count"),
    ("pcie_replay", "/pcie/replay_count"),
    ("pviol", "/throttle/ppt_violation_activity"),
    ("tviol", "/throttle/socket_thermal_violation_activity"),
    ("phot_tviol", "/throttle/prochot_violation_activity"),
];

fn document(root: &Path, args: &[&str]) -> Value {
    let output = command(args).arg("--json").arg("--root").arg(root).output().expect("the program runs");
    serde_json::from_slice(&output.stdout).expect("JSON")
}

/// The number of equal values, including the default columns.
fn compare(name: &str, root: &Path) -> usize {
    let (rows, columns) = (document(root, &COLUMNS), document(root, &["monitor"]));
    let metric = document(root, &["metric"]);
    let gpus = |document: &Value| document["gpu_data"].as_array().cloned().unwrap_or_default();
    assert_eq!(
        (gpus(&rows).len(), gpus(&columns).len()),
        (gpus(&metric).len(), gpus(&metric).len()),
        "{name}"
    );
    let mut values = 0;
    for ((row, columns), metric) in gpus(&rows).iter().zip(gpus(&columns)).zip(gpus(&metric)) {
        for (key, path) in SAME {
            let (ours, theirs) = (row.get(key), metric.pointer(path));
            if row["unavailable"][key] == "package" {
                // A package's value stands in the row of its first partition alone, so that rows can be added up.
                let value = theirs.is_some_and(|value| !value.is_null());
                assert!(row["xcp"] != 0 && ours == Some(&Value::Null), "{name} {key}");
                values += usize::from(value);
                continue;
            }
            assert!(ours.is_some() && ours == theirs, "{name} {key}: {ours:?}, {path}: {theirs:?}");
            values += usize::from(ours.is_some_and(|value| !value.is_null()));
            if let Some(default) = columns.get(key) {
                assert_eq!(Some(default), ours, "{name} {key}");
            }
        }
    }
    values
}

#[test]
fn it_says_what_metric_says() {
    let roots = fixtures().into_iter().map(|name| (fixture(&name), name));
    let values: usize = roots.map(|(root, name)| compare(&name, &root)).sum();
    assert!(values > 150, "only {values} values compared");
    let Some(machines) = machines() else { return };
    let values: usize = machines.iter().map(|machine| compare(&machine.name, &machine.root)).sum();
    assert!(values > 40, "only {values} values compared");
}

/// The first document of a watch has all that one answer has.
#[test]
fn the_first_answer_of_a_watch_is_whole() {
    for name in fixtures() {
        for args in [&["metric"][..], &COLUMNS] {
            let once = document(&fixture(&name), args);
            let mut watched = document(&fixture(&name), &[args, &["-w", "0.01", "-i", "1"]].concat());
            let timestamp = watched.as_object_mut().and_then(|document| document.remove("timestamp"));
            assert!(timestamp.is_some(), "{name}");
            assert_eq!(once, watched, "{name} {args:?}");
        }
    }
}

/// `gpu_metrics_v1_7` or `_v1_8` by the offsets of the kernel's structures, with these milliseconds on the clock and
/// so many of them throttled.
fn table(version: u8, milliseconds: u32, ppt: u32, thermal: u32, dies: [u64; 2]) -> Vec<u8> {
    // Of the first partition's counters those of 1.7 are below the host's limit for any reason, those of 1.8 for
    // reasons of power.
    let (size, counters) = if version == 7 { (2208u16, 344 + 168) } else { (3872, 344 + 184) };
    let mut table = vec![0xff; size.into()];
    let mut put = |offset: usize, bytes: &[u8]| table[offset..offset + bytes.len()].copy_from_slice(bytes);
    put(0, &size.to_le_bytes());
    put(2, &[1, version]);
    put(40, &(1_000_000 + milliseconds).to_le_bytes());
    // PROCHOT, package power, socket; regulators and HBM are not written.
    put(44, &7u32.to_le_bytes());
    put(48, &(500 + ppt).to_le_bytes());
    put(52, &(100 + thermal).to_le_bytes());
    // In units of 10 ns.
    put(288, &(u64::from(milliseconds) * 100_000 + 1).to_le_bytes());
    put(338, &1u16.to_le_bytes());
    dies.iter().enumerate().for_each(|(die, count)| put(counters + die * 8, &count.to_le_bytes()));
    table
}

/// A copy of the fixture whose table counts, and where that is.
fn counting(version: u8) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let from = fixture("mi300x-1x-k6.12-spx").join(".");
    let copied = std::process::Command::new("cp").arg("-a").arg(from).arg(folder.path()).status();
    assert!(copied.expect("cp").success());
    let device = fs::canonicalize(folder.path().join("sys/bus/pci/devices/0000:65:00.0")).expect("the GPU");
    let file = device.join("gpu_metrics");
    fs::remove_file(&file).expect("the old table");
    replace(&file, &table(version, 0, 0, 0, [1, 2]));
    (folder, file)
}

fn replace(file: &Path, table: &[u8]) {
    let new = file.with_file_name("gpu_metrics.new");
    fs::write(&new, table).expect("a table");
    fs::rename(&new, file).expect("in its place");
}

/// The first document of a watch in which the counters went on, which they do once.
fn counted(version: u8, args: &[&str], find: impl Fn(&Value) -> bool) -> Value {
    let (root, file) = counting(version);
    let mut child = command(args)
        .args(["-w", "0.2", "-i", "100"])
        .arg("--root")
        .arg(root.path())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program runs");
    let lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
    let mut documents =
        lines.map(|line| -> Value { serde_json::from_str(&line.expect("UTF-8")).expect("JSON") });
    let first = documents.next().expect("a document");
    assert!(!find(&first), "nothing was counted yet: {first}");
    // Of a second 25.5 % below the power limit, 0.5 % too hot, the dies 10 % and not at all.
    replace(&file, &table(version, 1000, 255, 5, [101, 2]));
    let found = documents.find(|document| find(document)).expect("a document with shares");
    child.kill().expect("it runs");
    child.wait().expect("it ends");
    found
}

#[test]
fn metric_tells_shares_of_the_interval() {
    let there = |gpu: &Value| !gpu["throttle"]["ppt_violation_activity"].is_null();
    let document =
        counted(8, &["metric", "--violation", "--json"], |document| there(&document["gpu_data"][0]));
    let gpu = &document["gpu_data"][0];
    let throttle = &gpu["throttle"];
    assert_eq!(throttle["accumulation_counter"], 1_001_000);
    assert_eq!(throttle["ppt_accumulated"], 755);
    let percent = |value: Value| json!({"value": value, "unit": "%"});
    assert_eq!(throttle["ppt_violation_activity"], percent(json!(25.5)));
    assert_eq!(throttle["ppt_violation_status"], "ACTIVE");
    assert_eq!(throttle["socket_thermal_violation_activity"], percent(json!(0.5)));
    assert_eq!(throttle["socket_thermal_violation_status"], "ACTIVE");
    assert_eq!(throttle["prochot_violation_activity"], percent(json!(0)));
    assert_eq!(throttle["prochot_violation_status"], "NOT ACTIVE");
    let dies = &throttle["gfx_clk_below_host_limit_power_violation_activity"]["xcp_0"];
    assert_eq!((&dies[0], &dies[1], &dies[2]), (&percent(json!(10)), &percent(json!(0)), &Value::Null));
    let dies = &throttle["gfx_clk_below_host_limit_power_violation_status"]["xcp_0"];
    assert_eq!((dies[0].as_str(), dies[1].as_str()), (Some("ACTIVE"), Some("NOT ACTIVE")));
    // Values missing in the table stay absent, with the counter's reason.
    assert!(throttle["hbm_thermal_violation_activity"].is_null());
    assert_eq!(gpu["unavailable"]["throttle.hbm_thermal_violation_activity"], "not_supported");
}

/// AMD's command rounds down, and calls a limit active from a whole percent on (`amdsmi_get_violation_status`).
#[test]
fn amds_shares_are_whole_percents() {
    let there = |gpu: &Value| gpu["throttle"]["ppt_violation_activity"] != "N/A";
    let document = counted(8, &["metric", "-v", "--json=amd"], |document| there(&document[0]));
    let throttle = &document[0]["throttle"];
    assert_eq!(throttle["ppt_violation_activity"], json!({"value": 25, "unit": "%"}));
    assert_eq!(throttle["socket_thermal_violation_activity"], json!({"value": 0, "unit": "%"}));
    assert_eq!(throttle["socket_thermal_violation_status"], "NOT ACTIVE");
    let dies = &throttle["gfx_clk_below_host_limit_power_violation_activity"]["xcp_0"];
    assert_eq!(dies[0], json!({"value": 10, "unit": "%"}));
    assert_eq!(throttle["gfx_clk_below_host_limit_violation_activity"], "N/A");
}

/// AMD's command has one figure of the first die where ours has all.
#[test]
fn amds_share_of_the_first_die() {
    const KEY: &str = "gfx_clk_below_host_limit_violation_activity";
    let there = |gpu: &Value| !gpu["throttle"][KEY]["xcp_0"][0].is_null();
    let ours = counted(7, &["metric", "--violation", "--json"], |document| there(&document["gpu_data"][0]));
    let percent = |value: u32| json!({"value": value, "unit": "%"});
    let dies = &ours["gpu_data"][0]["throttle"][KEY]["xcp_0"];
    assert_eq!((&dies[0], &dies[1]), (&percent(10), &percent(0)));
    let amds = counted(7, &["metric", "-v", "--json=amd"], |document| document[0]["throttle"][KEY] != "N/A");
    let throttle = &amds[0]["throttle"];
    assert_eq!(throttle[KEY], percent(10));
    assert_eq!(throttle["gfx_clk_below_host_limit_violation_status"], "ACTIVE");
    assert_eq!(throttle["gfx_clk_below_host_limit_accumulated"], 101);
}

#[test]
fn monitor_tells_shares_of_the_interval() {
    let there = |gpu: &Value| !gpu["pviol"].is_null();
    let document = counted(8, &["monitor", "-V", "--json"], |document| there(&document["gpu_data"][0]));
    let gpu = &document["gpu_data"][0];
    let percent = |value: Value| json!({"value": value, "unit": "%"});
    assert_eq!((&gpu["pviol"], &gpu["tviol"]), (&percent(json!(25.5)), &percent(json!(0.5))));
    assert_eq!((&gpu["tviol_active"], &gpu["phot_tviol"]), (&json!(true), &percent(json!(0))));
    assert_eq!((&gpu["gfxclk_pviol"][0], &gpu["gfxclk_pviol"][1]), (&percent(json!(10)), &percent(json!(0))));
    assert!(gpu["hbm_tviol"].is_null());
}

/// A recording's counters stand still: no share, and that is said.
#[test]
fn counters_that_stand_still_are_no_share() {
    let (root, _) = counting(8);
    let document = document(root.path(), &["metric", "--violation"]);
    let gpu = &document["gpu_data"][0];
    assert_eq!(gpu["throttle"]["ppt_accumulated"], 500);
    assert_eq!(gpu["unavailable"]["throttle.ppt_violation_activity"], "not_counting");
    assert_eq!(gpu["unavailable"]["throttle.vr_thermal_violation_activity"], "not_supported");
}

/// XGMI errors are read by those who ask for them by name.
#[test]
fn xgmi_errors_by_name() {
    let (root, file) = counting(8);
    fs::write(file.with_file_name("xgmi_error"), "2\n").expect("a file");
    let metric =
        |args: &[&str]| document(root.path(), &[&["metric"][..], args].concat())["gpu_data"][0].clone();
    let unasked = metric(&[]);
    assert!(unasked["xgmi_err"].is_null());
    assert_eq!(unasked["unavailable"]["xgmi_err"], "not_asked");
    assert_eq!(metric(&["-x"])["xgmi_err"], "several");
}

/// Options that are about a watch begin one, a sample a second.
#[test]
fn a_number_of_samples_is_a_watch() {
    for args in [&["monitor", "-i", "1", "--csv"][..], &["monitor", "-W", "0.5", "--csv", "--keep-awake"]] {
        let text = crate::answer("navi31-1x-k6.12-desktop", args);
        assert!(text.starts_with("timestamp,gpu,xcp,power_usage [W],"), "{text}");
        assert_eq!(text.lines().count(), 2, "{text}");
    }
}

/// On every machine: no wider than the screen, and the time of a block once.
#[test]
fn it_fits_the_screen() {
    for name in fixtures() {
        for screen in [80, 100, 120, 200] {
            let output = command(&["monitor", "-w", "0.01", "-i", "2", "--root"])
                .arg(fixture(&name))
                .env("COLUMNS", screen.to_string())
                .output()
                .expect("the program runs");
            let text = String::from_utf8(output.stdout).expect("UTF-8");
            let widest = text.lines().map(|line| line.chars().count()).max().unwrap_or(0);
            assert!(widest <= screen, "{name} {screen}: {text}");
            if !name.starts_with("none") {
                assert!(text.contains("VRAM"), "{name}: {text}");
            }
        }
    }
}

/// One scale for a quantity, which the heading names; what is absent is an empty cell.
#[test]
fn csv_has_units_and_empty_cells() {
    let text = crate::answer("phoenix-navi33-2x-k6.10-hybrid-foreign-card0", &["monitor", "--csv"]);
    let lines: Vec<Vec<&str>> = text.lines().map(|line| line.split(',').collect()).collect();
    let column = |title: &str| lines[0].iter().position(|heading| *heading == title).expect("a column");
    let (memory, used) = (column("memory_temperature [C]"), column("vram_used [MB]"));
    assert_eq!((lines[1][memory], lines[2][memory]), ("44", ""));
    assert_eq!((lines[1][used], lines[2][used]), ("204", "1129"));
    let asleep = crate::answer("navi23-1x-k6.6-laptop-suspended", &["monitor", "--csv"]);
    assert!(asleep.starts_with("gpu,xcp,power_usage [W],hotspot_temperature [C],"), "{asleep}");
}

/// Below the rows, the processes that `process` lists; they are an answer by themselves.
#[test]
fn processes_below() {
    let root = fixture("mi210-navi31-2x-k6.12-processes");
    let pids = |document: &Value| -> Vec<Vec<u64>> {
        let list = |gpu: &Value| gpu["process_list"].as_array().cloned().expect("a list");
        let pid = |entry: &Value| entry["process_info"]["pid"].as_u64().expect("a number");
        let gpus = document["gpu_data"].as_array().cloned().expect("GPUs");
        gpus.iter().map(|gpu| list(gpu).iter().map(pid).collect()).collect()
    };
    let listed = pids(&document(&root, &["monitor", "-q", "-p"]));
    assert_eq!(listed, [vec![2211, 2950], vec![2211, 2402, 2410, 2411]]);
    assert_eq!(listed, pids(&document(&root, &["process"])));

    let output = command(&["monitor", "-qp", "--root"]).arg(&root).output().expect("the program runs");
    assert_eq!(output.status.code(), Some(0));
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    let line =
        "  0            python3     2211   20.0 MB    2.0 MB   40.0 GB   40.0 GB     75.0   1.8 s     12 ms";
    assert!(text.contains("\n\nPROCESS INFO:\nGPU "), "{text}");
    assert!(text.lines().any(|printed| printed == line), "{text}");
    assert!(text.ends_with("2 processes could not be inspected; root can.\n"), "{text}");

    let amds =
        command(&["monitor", "-qp", "--json=amd", "--root"]).arg(fixture("navi31-1x-k6.12-desktop")).output();
    let amds: Value = serde_json::from_slice(&amds.expect("the program runs").stdout).expect("JSON");
    assert_eq!(amds[0]["process_list"][0]["process_info"], "No running processes detected");

    let output =
        command(&["monitor", "-q", "--csv", "--root"]).arg(&root).output().expect("the program runs");
    assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(2), &[][..]));
}
