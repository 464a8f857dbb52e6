//! Events as they come.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::{command, fixture, fixtures, run};
use support::kfd_machine::{GPUS, Machine};

/// Sixteen events, and then none.
const PLAYS: &str = "mi300x-1x-k6.12-spx";
/// A machine with five processes.
const PROCESSES: &str = "navi21-1x-k7.0-desktop-in-reset";
const SILENT: &str = "navi31-1x-k6.12-desktop";

/// Status, standard output and standard error.
fn outcome(name: &str, args: &[&str]) -> (Option<i32>, String, String) {
    texts(run(name, &[&["event"], args].concat()))
}

fn of_machine(machine: &Machine, args: &[&str]) -> (Option<i32>, String, String) {
    texts(
        command(&["event"])
            .args(args)
            .arg("--root")
            .arg(machine.path(""))
            .output()
            .expect("the program runs"),
    )
}

fn texts(output: std::process::Output) -> (Option<i32>, String, String) {
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    (output.status.code(), text(output.stdout), text(output.stderr))
}

fn spawn(root: std::path::PathBuf, args: &[&str]) -> Child {
    command(&["event"])
        .args(args)
        .arg("--root")
        .arg(root)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program runs")
}

fn objects(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).expect("an object a line")).collect()
}

/// The events of a line of text, by AMD's names.
fn names(text: &str) -> Vec<&str> {
    text.lines().filter_map(|line| line.split_whitespace().nth(4)).collect()
}

/// `expect/event.{txt,jsonl}` beside the fixture, without the times of this run.
#[test]
fn as_expected() {
    let bless = std::env::var_os("AMDGPU_SMI_BLESS").is_some_and(|value| value == "1");
    for (name, count) in [(PLAYS, "16"), (PROCESSES, "5")] {
        let (status, text, stderr) = outcome(name, &["--count", count]);
        assert_eq!(status, Some(0), "{stderr}");
        let text: String = text
            .lines()
            .map(|line| {
                let (time, rest) = line.split_once("  ").expect("the time");
                assert!(time.len() == 27 && time.ends_with('Z'), "{time}");
                format!("{rest}\n")
            })
            .collect();
        let (status, json, stderr) = outcome(name, &["--count", count, "--json"]);
        assert_eq!(status, Some(0), "{stderr}");
        let json: String = objects(&json)
            .into_iter()
            .map(|mut event| {
                assert!(is_time(event["timestamp"].as_str().expect("a time")));
                assert!(event["arrival"].as_u64().expect("nanoseconds") > 0);
                event["timestamp"] = 0.into();
                event["arrival"] = 0.into();
                format!("{event}\n")
            })
            .collect();
        for (ending, printed) in [("txt", text), ("jsonl", json)] {
            let path = fixture(name).join("expect").join(format!("event.{ending}"));
            if bless {
                std::fs::write(&path, printed).expect("a golden file");
            } else {
                let expected = std::fs::read_to_string(&path).expect("a golden file");
                assert_eq!(printed, expected, "{name} (AMDGPU_SMI_BLESS=1 accepts it)");
            }
        }
    }
}

/// `2026-02-28T17:05:09.123456Z`.
fn is_time(text: &str) -> bool {
    text.len() == 27
        && text.starts_with("20")
        && text.ends_with('Z')
        && text.as_bytes().get(10) == Some(&b'T')
}

#[test]
fn csv_has_five_columns() {
    let (status, text, _) = outcome(PLAYS, &["--count", "16", "--csv"]);
    assert_eq!(status, Some(0));
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    assert_eq!(reader.headers().expect("a header"), vec!["timestamp", "gpu", "bdf", "event", "message"]);
    let rows: Vec<csv::StringRecord> = reader.records().collect::<Result<_, _>>().expect("rows");
    assert_eq!(rows.len(), 16);
    assert_eq!(
        rows[13].iter().skip(1).collect::<Vec<_>>(),
        ["0", "0000:65:00.0", "GPU_PRE_RESET", "1 job hang on ring:gfx_0.0.0"]
    );
    assert!(is_time(&rows[13][0]), "{}", &rows[13][0]);
}

#[test]
fn types_choose_in_either_case() {
    for types in [&["gpu_pre_reset,GPU_post_reset"][..], &["GPU_PRE_RESET", "GPU_POST_RESET"], &["reset"]] {
        let args = [&["--count", "2", "--types"][..], types].concat();
        let (status, text, stderr) = outcome(PLAYS, &args);
        assert_eq!((status, names(&text)), (Some(0), vec!["GPU_PRE_RESET", "GPU_POST_RESET"]), "{stderr}");
        assert_eq!(stderr, "amdgpu-smi: 2 events: 1 GPU_PRE_RESET, 1 GPU_POST_RESET\n");
    }
}

#[test]
fn a_wrong_type_is_told_the_right_ones() {
    let (status, stdout, stderr) = outcome(PLAYS, &["--types", "RING_HANG"]);
    assert_eq!((status, stdout.as_str()), (Some(2), ""));
    assert!(stderr.contains("'RING_HANG'"), "{stderr}");
    for name in ["VMFAULT", "THERMAL_THROTTLE", "QUEUE_RESTORE", "PROCESS_END", "DROPPED_EVENT"] {
        assert!(stderr.contains(name), "{stderr}");
    }
    for args in [
        &["--types"][..],
        &["--count", "0"],
        &["--duration", "-1"],
        &["-g", "7"],
        &["--json", "--csv"],
        &["--idle", "0"],
    ] {
        assert_eq!(outcome(PLAYS, args).0, Some(2), "{args:?}");
    }
}

#[test]
fn amds_shape_is_refused_in_a_sentence() {
    let (status, stdout, stderr) = outcome(PLAYS, &["--json=amd"]);
    assert_eq!((status, stdout.as_str(), stderr.lines().count()), (Some(2), "", 1));
    assert!(stderr.contains("event has no --json=amd, "), "{stderr}");
}

#[test]
fn count_ends_it() {
    let (status, text, stderr) = outcome(PLAYS, &["--count", "3"]);
    assert_eq!(
        (status, names(&text)),
        (Some(0), vec!["THERMAL_THROTTLE", "MIGRATE_START", "MIGRATE_END"]),
        "{stderr}"
    );
    assert_eq!(stderr, "amdgpu-smi: 3 events: 1 THERMAL_THROTTLE, 1 MIGRATE_START, 1 MIGRATE_END\n");
}

#[test]
fn the_time_ends_it() {
    let start = Instant::now();
    let (status, text, stderr) = outcome(PLAYS, &["--duration", "3"]);
    assert!(start.elapsed() >= Duration::from_secs(3) && start.elapsed() < Duration::from_secs(60));
    assert_eq!((status, text.lines().count()), (Some(0), 16), "{stderr}");
    assert!(stderr.starts_with("amdgpu-smi: 16 events: 1 VMFAULT, 3 THERMAL_THROTTLE, "), "{stderr}");
}

#[test]
fn a_time_without_events_ends_it() {
    let start = Instant::now();
    let (status, _, stderr) = outcome(PLAYS, &["--idle", "1", "--duration", "120"]);
    assert!(start.elapsed() >= Duration::from_secs(1) && start.elapsed() < Duration::from_secs(60));
    // The script's longest pause is shorter.
    assert!(status == Some(0) && stderr.starts_with("amdgpu-smi: 16 events: "), "{stderr}");
}

#[test]
fn a_machine_that_reports_nothing() {
    for name in fixtures().iter().filter(|name| *name != PLAYS && *name != PROCESSES) {
        if name.starts_with("none") {
            let (status, stdout, stderr) = outcome(name, &["--json"]);
            assert_eq!((status, stdout.as_str()), (Some(3), ""));
            assert!(stderr.starts_with("amdgpu-smi: no amdgpu driver: "), "{stderr}");
            continue;
        }
        let (status, stdout, stderr) = outcome(name, &["--duration", "0.1"]);
        assert_eq!(
            (status, stdout.as_str(), stderr.as_str()),
            (Some(0), "", "amdgpu-smi: 0 events\n"),
            "{name}"
        );
    }
}

#[test]
fn signals_end_it_with_the_counts() {
    for (signal, args) in [(Signal::INT, &["--json"][..]), (Signal::TERM, &[])] {
        let mut child = spawn(fixture(PLAYS), args);
        let mut reader = BufReader::new(child.stdout.take().expect("a pipe"));
        // All of them, so that it waits for more than there are.
        let mut lines = String::new();
        for _ in 0..16 {
            reader.read_line(&mut lines).expect("a line");
        }
        let start = Instant::now();
        let pid = Pid::from_raw(child.id().cast_signed()).expect("a process id");
        kill_process(pid, signal).expect("a signal");
        let mut rest = String::new();
        reader.read_to_string(&mut rest).expect("the rest");
        let (status, _, stderr) = texts(child.wait_with_output().expect("it ends"));
        assert!(start.elapsed() < Duration::from_secs(60));
        assert_eq!((status, rest.as_str()), (Some(0), ""));
        assert!(stderr.starts_with("amdgpu-smi: 16 events: 1 VMFAULT, "), "{stderr}");
    }
}

#[test]
fn it_ends_when_nobody_reads_though_nothing_comes() {
    let mut child = spawn(fixture(SILENT), &["--duration", "60"]);
    let start = Instant::now();
    drop(child.stdout.take());
    let (status, _, stderr) = texts(child.wait_with_output().expect("it ends"));
    assert_eq!((status, stderr.as_str()), (Some(0), ""));
    assert!(start.elapsed() < Duration::from_secs(30));
}

#[test]
fn into_a_file() {
    let dir = tempfile::tempdir().expect("a directory");
    let file = dir.path().join("events.jsonl");
    let path = file.to_str().expect("UTF-8");
    let lines = || std::fs::read_to_string(&file).expect("the file").lines().count();
    for (option, expected) in [("--overwrite", 2), ("--append", 4), ("--overwrite", 2)] {
        let args =
            ["--json", "--types", "gpu_pre_reset", "gpu_post_reset", "--count", "2", "--file", path, option];
        let (status, stdout, stderr) = outcome(PLAYS, &args);
        assert_eq!((status, stdout.as_str(), lines()), (Some(0), "", expected), "{stderr}");
    }
    assert_eq!(outcome(PLAYS, &["--file", path]).0, Some(2));
}

#[test]
fn gpus_that_are_named() {
    let machine = Machine::new(3);
    for gpu in GPUS {
        machine.script(gpu, "3 1 \n");
    }
    let (status, stdout, stderr) = of_machine(&machine, &["-g", "2", "0", "--duration", "0.5", "--json"]);
    let mut seen: Vec<u64> = objects(&stdout).iter().filter_map(|event| event["gpu"].as_u64()).collect();
    seen.sort_unstable();
    assert_eq!((status, seen), (Some(0), vec![0, 2]), "{stderr}");
    let (_, stdout, _) = of_machine(&machine, &["-g", "all", "--count", "3", "--duration", "20"]);
    assert_eq!(stdout.lines().count(), 3);
}

#[test]
fn nothing_that_can_be_watched_is_1() {
    let machine = Machine::new(1);
    for (manifest, sentence) in [
        (
            "errno EACCES dev/kfd\n",
            "amdgpu-smi: /dev/kfd: no permission to open: add the user to the node's group, ",
        ),
        ("errno EINVAL dev/kfd\n", "amdgpu-smi: /dev/kfd: the GPU is in reset, "),
        ("kfd version 1.2\n", "amdgpu-smi: /dev/kfd: not supported by this GPU or driver\n"),
    ] {
        machine.manifest(manifest);
        let (status, stdout, stderr) = of_machine(&machine, &["--json"]);
        assert_eq!((status, stdout.as_str()), (Some(1), ""), "{stderr}");
        assert!(stderr.starts_with(sentence), "{stderr}");
    }
    machine.manifest("");
    machine.remove("dev/kfd");
    let (status, _, stderr) = of_machine(&machine, &[]);
    assert_eq!(status, Some(1));
    assert!(stderr.starts_with("amdgpu-smi: /dev/kfd: not found: "), "{stderr}");
}

#[test]
fn what_the_set_warns_of_is_said() {
    let (status, stdout, stderr) = outcome(PLAYS, &["--all-processes", "--count", "1"]);
    assert_eq!((status, stdout.lines().count()), (Some(0), 1));
    assert!(
        stderr.starts_with("amdgpu-smi: warning: cannot find out whether the kernel will report "),
        "{stderr}"
    );
    assert_eq!(stderr.lines().count(), 2);
    // Where it can be told that the kernel would give none, there is nothing to watch.
    let machine = Machine::new(1);
    machine.write("proc/self/status", "Name:\tx\nCapEff:\t0000000000000000\n");
    let (status, _, stderr) = of_machine(&machine, &["--all-processes"]);
    assert_eq!(status, Some(1));
    assert!(stderr.contains("need CAP_SYS_ADMIN in the initial user namespace"), "{stderr}");
}

#[test]
fn lost_events_are_shown_and_counted() {
    let machine = Machine::new(1);
    machine.script(GPUS[0], "3 1 user trigger\ne 184467440737095 -48213 37\n4 1 \n");
    // It is shown though it is not asked for, and then does not count as one of two.
    let args = ["--types", "gpu_pre_reset", "gpu_post_reset", "--count", "2", "--duration", "20"];
    let (status, stdout, stderr) = of_machine(&machine, &args);
    assert_eq!(
        (status, names(&stdout)),
        (Some(0), vec!["GPU_PRE_RESET", "DROPPED_EVENT", "GPU_POST_RESET"]),
        "{stderr}"
    );
    assert!(stdout.contains("  37 lost by the kernel\n"), "{stdout}");
    assert!(stderr.ends_with(", 1 DROPPED_EVENT; 37 lost\n"), "{stderr}");
    // Asked for, it counts.
    let args = ["--types", "DROPPED_EVENT", "--count", "1", "--duration", "20", "--json"];
    let events = objects(&of_machine(&machine, &args).1);
    assert_eq!((events.len(), &events[0]["count"], &events[0]["reader"]), (1, &37.into(), &48213.into()));
}

#[test]
fn what_is_not_understood_is_shown_and_cannot_move_the_cursor() {
    let machine = Machine::new(1);
    machine.script(GPUS[0], "3 soon\n1 bc55:\\x1b[2J: x\na 17 -5 7d01 \\x00\n");
    let (_, stdout, stderr) = of_machine(&machine, &["--count", "3", "--duration", "20"]);
    assert_eq!(names(&stdout), ["UNKNOWN", "VMFAULT", "QUEUE_RESTORE"], "{stderr}");
    assert!(stdout.contains("  number 3: soon\n"), "{stdout}");
    assert!(stdout.contains("  thread 48213 (\\u{1b}[2J: x)\n"), "{stdout}");
    assert!(stdout.ends_with("  process 5\n"), "{stdout}");
    assert!(stderr.ends_with(", 1 UNKNOWN\n"), "{stderr}");
    let events = objects(&of_machine(&machine, &["--count", "3", "--duration", "20", "--json"]).1);
    assert_eq!((&events[0]["event"], &events[0]["message"]), (&"UNKNOWN".into(), &"soon".into()));
    assert_eq!(events[1]["message"], "bc55:\u{1b}[2J: x");
    assert_eq!(events[2]["message"], "17 -5 7d01 \0");
}

/// The queue has room for a thousand of these lines, the pipe for some hundred. There are four thousand.
#[test]
fn a_slow_reader_of_the_output_loses_nothing() {
    const LINES: usize = 4000;
    let machine = Machine::new(1);
    machine.manifest("kfd queue 32768\n");
    let script: String =
        (0..LINES).map(|number| format!("3 {number:x} job hang on ring:gfx\n@pause 1\n")).collect();
    machine.script(GPUS[0], &script);
    let mut child = spawn(machine.path(""), &["--json", "--count", &LINES.to_string(), "--duration", "60"]);
    std::thread::sleep(Duration::from_secs(3));
    let mut text = String::new();
    child.stdout.take().expect("a pipe").read_to_string(&mut text).expect("lines");
    let (status, _, stderr) = texts(child.wait_with_output().expect("it ends"));
    assert_eq!((status, stderr), (Some(0), format!("amdgpu-smi: {LINES} events: {LINES} GPU_PRE_RESET\n")));
    let sequences: Vec<u64> = objects(&text).iter().filter_map(|event| event["sequence"].as_u64()).collect();
    assert!(sequences.iter().copied().eq(0..LINES as u64));
}

#[test]
fn processes_are_derived_where_they_are_named() {
    let machine = Machine::new(1);
    machine.process(100, &GPUS[..1]);
    let mut child = spawn(
        machine.path(""),
        &["--types", "process_start,process_end", "--count", "1", "--duration", "60", "--json"],
    );
    // One that comes before the watch begins is no event, so others follow.
    for pid in 200.. {
        machine.process(pid, &GPUS[..1]);
        std::thread::sleep(Duration::from_millis(100));
        if child.try_wait().expect("a status").is_some() {
            break;
        }
    }
    let (status, stdout, stderr) = texts(child.wait_with_output().expect("it ends"));
    assert_eq!(status, Some(0), "{stderr}");
    let events = objects(&stdout);
    assert_eq!((&events[0]["event"], &events[0]["origin"]), (&"PROCESS_START".into(), &"derived".into()));
    assert!(events[0]["pid"].as_u64() >= Some(200), "{stdout}");
}
