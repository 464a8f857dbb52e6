//! The command as its users meet it: run as a program on the fixtures.

#![allow(clippy::print_stdout, reason = "counts are a part of the result")]

mod amd_keys;
mod capture;
mod captures;
mod cases;
mod completions;
mod cpu;
mod demo;
mod documents;
mod event;
mod golden;
mod help;
mod labels;
mod lost;
mod monitor;
mod names;
mod node;
mod output;
mod planted;
mod proc_mounts;
mod process;
mod records;
mod rubbish;
mod set;
mod status;
mod tables;
mod terminal;
mod unknown;
mod watching;
mod xgmi;

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// The names of all fixtures.
fn fixtures() -> Vec<String> {
    let entries = std::fs::read_dir(fixture("")).expect("the fixtures are there");
    let mut names: Vec<String> = entries
        .filter_map(|entry| {
            let entry = entry.ok()?;
            entry.file_type().ok()?.is_dir().then(|| entry.file_name().into_string().ok()).flatten()
        })
        .collect();
    names.sort();
    assert!(names.len() >= 9, "{names:?}");
    names
}

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures").join(name)
}

/// The program with these arguments, apart from what the environment says.
fn command(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_amdgpu-smi"));
    command.args(args);
    for variable in ["AMDGPU_SMI_ROOT", "COLUMNS", "NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "CI"] {
        command.env_remove(variable);
    }
    command.stdin(Stdio::null());
    command
}

/// Runs the program on a fixture.
fn run(name: &str, args: &[&str]) -> Output {
    command(args).arg("--root").arg(fixture(name)).output().expect("the program runs")
}

/// Runs the program on a fixture; it must succeed.
fn answer(name: &str, args: &[&str]) -> String {
    let output = run(name, args);
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!((output.status.code(), errors.as_str()), (Some(0), ""), "{name} {args:?}");
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// A text with one blank between words: the width of columns is no matter.
fn squeezed(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The same as JSON.
fn json(name: &str, args: &[&str]) -> serde_json::Value {
    serde_json::from_str(&answer(name, args)).expect("one JSON document")
}
