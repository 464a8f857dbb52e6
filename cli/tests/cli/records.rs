//! Records of errors, and the files that they are kept in.

use std::path::Path;

use serde_json::Value;

use crate::{answer, command, json, run};

const NAME: &str = "mi300x-1x-k6.16-cpx-nps4-configs";

fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).expect("a folder");
    let mut names: Vec<String> =
        entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

#[test]
fn by_severity() {
    let of = |severity: &[&str]| {
        let args = [&["ras", "--cper", "--json=amd"][..], severity].concat();
        json(NAME, &args).as_array().expect("a list").len()
    };
    assert_eq!(of(&[]), 3);
    assert_eq!(of(&["--severity", "all"]), 3);
    assert_eq!(of(&["--severity", "fatal"]), 2);
    assert_eq!(of(&["--severity", "nonfatal-corrected,nonfatal-uncorrected"]), 1);
    assert_eq!(of(&["--severity", "nonfatal-uncorrected"]), 0);
    let gpus = json(NAME, &["ras", "--cper", "--json"]);
    assert_eq!(gpus["gpu_data"][0]["cper"][0]["afids"], serde_json::json!([24, 17]));
    // The package's are told once.
    assert_eq!(gpus["gpu_data"][1]["unavailable"]["cper"], "package");
}

#[test]
fn files_go_where_the_user_says_and_replace_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let kept = folder.path().join("a/b");
    let path = kept.to_str().expect("UTF-8");
    let text = answer(NAME, &["ras", "--cper", "--folder", path]);
    assert!(text.contains("fatal-2.cper      26\n"), "{text}");
    let first = ["corrected-1.cper", "corrected-1.json", "fatal-2.cper", "fatal-2.json"];
    assert_eq!(names(&kept), [&first[..], &["fatal-3.cper", "fatal-3.json"]].concat());
    let before = std::fs::read(kept.join("fatal-2.cper")).expect("a record");
    answer(NAME, &["ras", "--cper", "--folder", path, "--severity", "fatal"]);
    assert_eq!(names(&kept).len(), 10);
    assert_eq!(std::fs::read(kept.join("fatal-2.cper")).expect("a record"), before);
    let header: Value =
        serde_json::from_slice(&std::fs::read(kept.join("fatal-3.json")).expect("a header")).expect("JSON");
    assert_eq!((&header["schema"], &header["record_id"]), (&1.into(), &"1:3".into()));
    assert_eq!(header["error_severity"], "fatal");
    // And from there back, on a machine without a GPU.
    let output = command(&["ras", "--afid", "--folder", path, "--json"]).output().expect("the program runs");
    let found: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(found["files"][0]["afids"], serde_json::json!([24, 17]));
    let file = kept.join("fatal-2.cper");
    let output =
        command(&["ras", "--afid", "--json=amd", "--cper-file"]).arg(file).output().expect("it runs");
    let found: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(found["afids"], serde_json::json!([26]));
    assert_eq!(found.as_object().map(|found| found.len()), Some(2));
}

#[test]
fn wrong_options_and_files() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().to_str().expect("UTF-8");
    let status = |args: &[&str]| command(args).output().expect("the program runs").status.code();
    assert_eq!(status(&["ras", "--cper", "--afid"]), Some(2));
    assert_eq!(status(&["ras", "--folder", path]), Some(2));
    assert_eq!(status(&["ras", "--afid", "--severity", "fatal"]), Some(2));
    assert_eq!(status(&["ras", "--afid"]), Some(2));
    assert_eq!(status(&["ras", "--afid", "--folder", path]), Some(1));
    let file = folder.path().join("x.cper");
    std::fs::write(&file, [b"CPER".as_slice(), &[0xff; 400]].concat()).expect("a file");
    let output = command(&["ras", "--afid", "--folder", path]).output().expect("the program runs");
    assert_eq!(output.status.code(), Some(1));
    assert!(
        String::from_utf8_lossy(&output.stdout)
            .contains("x.cper                           contains no complete record")
    );
    // Where there are no records there is no answer, and no file.
    let output = run("mi300x-1x-k6.12-spx", &["ras", "--cper", "--folder", path]);
    assert_eq!((output.status.code(), names(folder.path()).len()), (Some(1), 1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("amdgpu_ring_cper: not supported"));
}

/// A record comes while it is looked for: it is told once, and nothing is told again.
#[test]
fn following() {
    use std::io::{BufRead, BufReader};
    let root = tempfile::tempdir().expect("a directory");
    let copied = std::process::Command::new("cp")
        .arg("-a")
        .arg(crate::fixture(NAME).join("."))
        .arg(root.path())
        .status();
    assert!(copied.expect("cp").success());
    let ring = root.path().join("sys/kernel/debug/dri/1/amdgpu_ring_cper");
    let whole = std::fs::read(&ring).expect("the ring");
    let last = whole.windows(4).rposition(|word| word == b"CPER").expect("a record");
    std::fs::write(&ring, &whole[..last]).expect("the ring");
    let mut child = command(&["ras", "--cper", "--follow", "--root"])
        .arg(root.path())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .expect("the program runs");
    let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
    let mut next = || lines.next().expect("a line").expect("UTF-8");
    assert!(next().starts_with("timestamp"));
    assert!(next().contains("1:1 "));
    assert!(next().contains("1:2 "));
    let beside = root.path().join("changed");
    std::fs::write(&beside, &whole).expect("the ring");
    std::fs::rename(&beside, &ring).expect("the ring");
    assert_eq!(next(), "2025/08/21 00:00:01  0       FATAL                1:3       19");
    let pid = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(pid, rustix::process::Signal::INT).expect("a signal");
    assert_eq!(lines.next().map(|line| line.expect("UTF-8")), None, "nothing is told twice");
    assert_eq!(child.wait().expect("an end").code(), Some(0));
}
