//! Answers again and again.

use std::io::{BufRead, BufReader, Read};
use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::{answer, command, fixture};

const NAME: &str = "navi31-1x-k6.12-desktop";

#[test]
fn json_is_a_document_a_line() {
    for (command, extra) in [("metric", &["-p"][..]), ("monitor", &[])] {
        let args = [&[command, "-w", "0.1", "-i", "3", "--json"][..], extra].concat();
        let start = Instant::now();
        let text = answer(NAME, &args);
        assert!(start.elapsed() >= Duration::from_millis(200));
        let documents: Vec<Value> =
            text.lines().map(|line| serde_json::from_str(line).expect("a document a line")).collect();
        assert_eq!(documents.len(), 3, "{text}");
        let mut before = String::new();
        for document in documents {
            assert_eq!(document["schema"], 1);
            assert_eq!(document["gpu_data"][0]["gpu"], 0);
            // In UTC, so that later is greater.
            let now = document["timestamp"].as_str().expect("a time").to_owned();
            assert!(now.len() == 24 && now.ends_with('Z') && now > before, "{now} {before}");
            before = now;
        }
    }
}

#[test]
fn amds_json_is_a_list_a_line() {
    let text = answer(NAME, &["metric", "-p", "-w", "0.05", "-i", "2", "--json=amd"]);
    assert_eq!(text.lines().count(), 2);
    for line in text.lines() {
        let list: Value = serde_json::from_str(line).expect("a list a line");
        assert!(list[0]["timestamp"].is_u64());
        assert!(list[0]["power"].is_object());
    }
}

#[test]
fn csv_has_one_header() {
    let text = answer(NAME, &["monitor", "-w", "0.05", "-i", "3", "--csv"]);
    assert_eq!(text.lines().count(), 4);
    assert_eq!(text.matches("timestamp,gpu,xcp,power_usage [W],").count(), 1);
}

#[test]
fn text_is_a_block_or_a_row_a_sample() {
    let text = answer(NAME, &["metric", "-p", "-w", "0.05", "-i", "3"]);
    assert_eq!((text.matches("GPU 0: AMD Radeon").count(), text.matches("    cap: ").count()), (3, 3));
    let text = answer(NAME, &["dmon", "-w", "0.05", "-i", "3"]);
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!((lines.len(), &lines[0][..4]), (4, "TIME"), "{text}");
    assert!(
        lines[1..].iter().all(|line| line.as_bytes().get(2) == Some(&b':') && line.contains("306 W")),
        "{text}"
    );
}

/// A reader of lines gets a line, where there is no GPU as well.
#[test]
fn an_empty_answer_is_one_line_too() {
    for args in [&["monitor"][..], &["metric"], &["process"]] {
        for json in ["--json", "--json=amd"] {
            let output = command(args)
                .args(["-w", "0.1", json, "--root"])
                .arg(fixture("none-0x-k6.12-no-driver"))
                .output();
            let output = output.expect("the program runs");
            let text = String::from_utf8(output.stdout).expect("UTF-8");
            assert_eq!((output.status.code(), text.lines().count()), (Some(3), 1), "{args:?} {json}: {text}");
        }
    }
}

#[test]
fn it_stops_in_time() {
    let start = Instant::now();
    let text = answer(NAME, &["monitor", "-w", "0.1", "-W", "0.35", "--csv"]);
    assert!(start.elapsed() < Duration::from_secs(20));
    assert!((2..=5).contains(&text.lines().count()), "{text}");
}

#[test]
fn ctrl_c_ends_it_well() {
    for args in [&["monitor", "-w", "300"][..], &["metric", "-p", "-w", "300", "--json"]] {
        let mut child = command(args)
            .arg("--root")
            .arg(fixture(NAME))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program runs");
        let mut reader = BufReader::new(child.stdout.take().expect("a pipe"));
        let mut first = String::new();
        reader.read_line(&mut first).expect("a line");
        let pid = rustix::process::Pid::from_raw(child.id().cast_signed()).expect("a process id");
        let start = Instant::now();
        rustix::process::kill_process(pid, rustix::process::Signal::INT).expect("a signal");
        let mut rest = String::new();
        reader.read_to_string(&mut rest).expect("the rest");
        let output = child.wait_with_output().expect("it ends");
        assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(0), &[][..]), "{args:?}");
        assert!(start.elapsed() < Duration::from_secs(60), "it does not wait for the next sample");
        // Every line is complete, and no control sequence remains.
        assert!(rest.is_empty() || rest.ends_with('\n'));
        assert!(!rest.contains('\x1b') && !first.contains('\x1b'));
    }
}

/// Without that, the last frame would come again and again.
#[test]
fn a_recording_ends() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("recorded.tar");
    let recorded =
        command(&["--demo", "capture", "--frames", "2", "--every", "0.1", "-o"]).arg(&file).output();
    assert!(recorded.expect("the program runs").status.success());
    let output = command(&["monitor", "-w", "0.02", "--csv", "--root"]).arg(&file).output();
    let output = output.expect("the program runs");
    let (text, notes) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && text.lines().count() >= 3, "{text}");
    assert_eq!(notes, "amdgpu-smi: end of recording\n");
}
