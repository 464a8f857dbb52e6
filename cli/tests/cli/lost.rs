//! A GPU that cannot be read in whole keeps its place in every view, and standard error and the exit status say so.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

use crate::{command, fixture};

const FIXTURE: &str = "mi300x-1x-k6.12-cpx-nps4";

/// The fixture with files that fail.
fn broken(errors: &[(&str, &str)]) -> tempfile::TempDir {
    let root = tempfile::tempdir().expect("a directory");
    copy(&fixture(FIXTURE), root.path());
    let manifest = root.path().join("MANIFEST");
    let mut text = fs::read_to_string(&manifest).expect("a manifest");
    for (errno, path) in errors {
        text.push_str(&format!("errno {errno} {path}\n"));
    }
    fs::write(manifest, text).expect("a manifest");
    root
}

fn copy(from: &Path, to: &Path) {
    let status = Command::new("cp").arg("-a").arg(from.join(".")).arg(to).status().expect("cp runs");
    assert!(status.success());
}

fn run(root: &Path, args: &[&str]) -> Output {
    command(args).arg("--root").arg(root).output().expect("the program runs")
}

#[test]
fn a_node_that_fails_keeps_its_gpu_in_every_view() {
    let properties = "sys/devices/virtual/kfd/kfd/topology/nodes/6/properties";
    for errno in ["EIO", "ENOMEM", "EAGAIN"] {
        let root = broken(&[(errno, properties)]);
        for args in [
            &["list", "--json"][..],
            &["static", "--json"],
            &["metric", "--json"],
            &["monitor", "--json"],
            &["topology", "--json"],
            &["firmware", "--json"],
            &["partition", "--json"],
            &["xgmi", "--json"],
        ] {
            let output = run(root.path(), args);
            let errors = String::from_utf8_lossy(&output.stderr);
            assert_eq!(output.status.code(), Some(1), "{args:?}: {errors}");
            assert!(errors.contains("nodes/6/properties"), "{args:?}: {errors}");
            let answer: Value = serde_json::from_slice(&output.stdout).expect("one JSON document");
            let gpus = answer["gpu_data"].as_array().map_or(0, Vec::len);
            let partitions = answer["current_partition"].as_array().map_or(0, Vec::len);
            assert!(gpus == 8 || partitions == 8, "{args:?}: {gpus} {partitions}");
        }
    }
}

#[test]
fn the_names_of_a_lost_node_have_its_reason() {
    let root = broken(&[("EIO", "sys/devices/virtual/kfd/kfd/topology/nodes/6/gpu_id")]);
    let output = run(root.path(), &["list", "--json"]);
    let answer: Value = serde_json::from_slice(&output.stdout).expect("one JSON document");
    for (number, gpu) in answer["gpu_data"].as_array().expect("GPUs").iter().enumerate() {
        assert_eq!(gpu["gpu"], number);
        assert_eq!(gpu["bdf"], format!("0000:65:00.{number}"));
        let reason = gpu["details"]["kfd_id"].as_str();
        assert_eq!(reason.is_some_and(|reason| reason.contains("Input/output error")), number == 5, "{gpu}");
    }
}

/// A query of a healthy GPU is complete.
#[test]
fn a_chosen_gpu_is_whole() {
    let root = broken(&[("EIO", "sys/devices/virtual/kfd/kfd/topology/nodes/6/properties")]);
    let output = run(root.path(), &["list", "-g", "0"]);
    assert_eq!((output.status.code(), output.stderr.len()), (Some(0), 0));
    assert_eq!(run(root.path(), &["list", "-g", "5"]).status.code(), Some(1));
}

/// With few descriptors all GPUs are listed, or none with the reason.
#[test]
fn a_limit_of_descriptors_loses_no_gpu() {
    for limit in 8..40 {
        let program = env!("CARGO_BIN_EXE_amdgpu-smi");
        let script =
            format!("ulimit -n {limit}; exec {program} list --json --root {}", fixture(FIXTURE).display());
        let output = Command::new("sh").arg("-c").arg(script).output().expect("sh runs");
        let errors = String::from_utf8_lossy(&output.stderr);
        let answer: Option<Value> = serde_json::from_slice(&output.stdout).ok();
        let gpus = answer.and_then(|answer| Some(answer["gpu_data"].as_array()?.len()));
        match output.status.code() {
            Some(0) => assert_eq!(gpus, Some(8), "{limit}"),
            Some(_) => {
                assert!(errors.contains("Too many open files"), "{limit}: {errors}");
                assert!(matches!(gpus, None | Some(0 | 8)), "{limit}: {gpus:?}");
            }
            None => panic!("{limit}: ended by a signal"),
        }
    }
}
