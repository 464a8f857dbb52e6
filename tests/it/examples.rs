//! Every example runs on a fixture whose GPU has a script, and says what it should.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use support::fixtures;

const BUSY: &str = "mi300x-1x-k6.12-spx";
const PROCESSES: &str = "navi21-1x-k7.0-desktop-in-reset";

/// Where cargo puts the examples that it builds with the tests; built here for who asks for this test alone.
fn binary(name: &str) -> PathBuf {
    let mut dir = std::env::current_exe().unwrap();
    dir.pop();
    dir.pop();
    let path = dir.join("examples").join(name);
    if !path.exists() {
        let profile = if dir.ends_with("release") { "release" } else { "dev" };
        let built = Command::new(env!("CARGO"))
            .args(["build", "--quiet", "--all-features", "--profile", profile, "--example", name])
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .status();
        assert!(built.unwrap().success());
    }
    path
}

fn run(name: &str, fixture: &str, more: &[&str]) -> String {
    let mut command = Command::new(binary(name));
    command.arg(fixtures::fixture(fixture)).arg("1.5").args(more).stdin(Stdio::null());
    let output = command.output().unwrap();
    assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn says(text: &str, expected: &[&str]) {
    for line in expected {
        assert!(text.contains(line), "{line} is not in:\n{text}");
    }
}

#[test]
fn thermal_monitor() {
    let text = run("thermal_monitor", BUSY, &[]);
    says(
        &text,
        &["0000:65:00.0 throttles: TEMP_HOTSPOT\n", "throttles: PPT0 TEMP_HOTSPOT\n", "3 thermal events\n"],
    );
}

#[test]
fn reset_monitor() {
    let text = run("reset_monitor", BUSY, &[]);
    says(&text, &["reset 1 begins: job hang on ring:gfx_0.0.0\n", "reset 1 took "]);
    assert!(!text.contains("goes on"));
    says(
        &run("reset_monitor", PROCESSES, &[]),
        &["reset 2 begins: job hang on ring:comp_1.0.0\n", "reset 2 goes on\n"],
    );
}

#[test]
fn memory_faults() {
    let text = run("memory_faults", BUSY, &[]);
    says(
        &text,
        &[
            "memory fault of python3 -m job (thread 48215)\n",
            "page fault of 48213 at 0x7f3a1c2000: Some(Migrated) after Some(400µs)\n",
            "of 48213 at 0x7f3a1c200000: Some(MmuNotifierMigrate)\n",
        ],
    );
}

#[test]
fn queue_monitor() {
    let text = run("queue_monitor", BUSY, &[]);
    says(
        &text,
        &[
            "48213 off 0000:65:00.0: SVM\n",
            "48213 back on 0000:65:00.0 after 7ms\n",
            "48213 off 0000:65:00.0: TTM\n",
            "48213 not yet back on 0000:65:00.0\n",
            "48213 back on 0000:65:00.0 after 2ms\n",
        ],
    );
}

#[test]
fn process_lifecycle() {
    let text = run("process_lifecycle", PROCESSES, &[]);
    says(
        &text,
        &[
            "python3 (48213) started, says Kernel\n",
            "my prog (49153) ended after ",
            "python3 (48213) ended after ",
            "0 still active\n",
        ],
    );
}

#[test]
fn event_log() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("log.json");
    says(&run("event_log", BUSY, &[path.to_str().unwrap()]), &["16 events written to "]);
    let document: serde_json::Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    assert_eq!(document["lost"], 0);
    assert_eq!(document["events"].as_array().unwrap().len(), 16);
    assert_eq!(document["events"][0]["event"], "THERMAL_THROTTLE");
    assert_eq!(document["events"][0]["message"], "1000000000:11");
    assert_eq!(document["events"][12]["message"], "bc57:python3 -m job");
}

#[test]
fn event_alerts() {
    let text = run("event_alerts", BUSY, &[]);
    says(
        &text,
        &[
            "Warning 1: 0000:65:00.0 THERMAL_THROTTLE",
            "Critical 3: 0000:65:00.0 VMFAULT",
            "Critical 4: 0000:65:00.0 GPU_PRE_RESET",
            "6 alerts\n",
        ],
    );
}

#[test]
fn event_health() {
    let text = run("event_health", BUSY, &[]);
    says(&text, &["THERMAL_THROTTLE", "  power: ", "  activity: ", "Junction: ", " °C\n"]);
    says(&run("event_health", PROCESSES, &[]), &["GPU_PRE_RESET", "  power: in reset\n"]);
}

#[test]
fn event_statistics() {
    let text = run("event_statistics", BUSY, &[]);
    says(
        &text,
        &[
            "0000:65:00.0\n",
            "  QUEUE_RESTORE: 3\n",
            "  THERMAL_THROTTLE: 3\n",
            "16 events, 0 known to be lost\n",
        ],
    );
}

#[test]
fn the_loops() {
    for name in ["event_poll", "event_epoll", "event_tokio"] {
        let text = run(name, BUSY, &[]);
        assert_eq!(text.lines().count(), 16, "{name}: {text}");
        says(
            &text,
            &[
                "0000:65:00.0 GPU_PRE_RESET reset 1: job hang on ring:gfx_0.0.0\n",
                "0000:65:00.0 GPU_POST_RESET reset 1\n",
            ],
        );
    }
}

/// The programs that were ported from others, without a key by name and without a unit by hand.
#[test]
fn process_table() {
    let text = run("process_table", "mi210-1x-k6.12-container-pidns", &[]);
    // The same number twice: a process of the container, and one of the host that it cannot see.
    says(&text, &["Here(Pid(42)) python3: 16384 MB", "Host(Pid(42)) : 1024 MB"]);
}

#[test]
fn dashboard() {
    let text = run("dashboard", "mi300x-1x-k6.12-cpx-nps4", &[]);
    // Eight partitions of one package, whose power is 143 W.
    says(&text, &["0000:65:00.0 ", ": 143 W, 39 °C", "total: 143 W\n"]);
    assert_eq!(text.lines().count(), 2, "{text}");
}

#[test]
fn gpu_page() {
    let text = run("gpu_page", "navi31-1x-k6.12-desktop", &[]);
    says(
        &text,
        &[
            "AMD Radeon RX 7900 XTX\n",
            "  shaders      #################\n",
            "  junction 79 °C\n",
            "  link Gen4 x8\n",
        ],
    );
}
