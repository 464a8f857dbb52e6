//! The program's help.

use crate::command;

fn stdout(args: &[&str]) -> String {
    let output = command(args).output().expect("the program runs");
    assert_eq!(output.status.code(), Some(0), "{args:?}");
    String::from_utf8(output.stdout).expect("UTF-8")
}

const COMMANDS: [&str; 19] = [
    "node",
    "list",
    "static",
    "metric",
    "monitor",
    "firmware",
    "process",
    "topology",
    "xgmi",
    "partition",
    "ras",
    "bad-pages",
    "event",
    "capture",
    "set",
    "reset",
    "doctor",
    "version",
    "completions",
];

#[test]
fn help_names_every_command_and_explains_the_rest() {
    let help = stdout(&["--help"]);
    for word in COMMANDS {
        assert!(help.lines().any(|line| line.trim_start().starts_with(word)), "{word}");
        assert!(!stdout(&[word, "--help"]).is_empty());
    }
    for word in [
        "dmon",
        "ucode",
        "Examples:",
        "Units:",
        "Exit status:",
        "Environment:",
        "AMDGPU_SMI_ROOT",
        "NO_COLOR",
    ] {
        assert!(help.contains(word), "{word}");
    }
    assert!(stdout(&["-h"]).lines().count() < help.lines().count());
}

/// Every option of AMD's that there is here goes by the same letter.
#[test]
fn letters_are_amds() {
    let has = |command: &str, letters: &str| {
        let help = stdout(&[command, "-h"]);
        for letter in letters.chars() {
            assert!(help.contains(&format!(" -{letter}, --")), "{command} -{letter}");
        }
    };
    has("static", "abIdvcBRrCplPxoug");
    has("metric", "mupctPekVfColxEvwWig");
    has("monitor", "ptumndvrwWig");
    has("list", "eg");
    has("firmware", "fg");
    has("process", "GepnwWig");
    has("topology", "awotbcndzg");
    has("xgmi", "mslg");
    has("partition", "cmag");
    has("bad-pages", "prug");
    has("set", "flPdCMopxcLRg");
    has("reset", "Gcfpxdolg");
}

#[test]
fn help_is_a_command() {
    assert_eq!(stdout(&["help"]), stdout(&["--help"]));
    assert_eq!(stdout(&["help", "monitor"]), stdout(&["monitor", "--help"]));
}

/// Each mistake is answered with the right word.
#[test]
fn mistakes_are_answered() {
    for (args, word) in [
        (&["mointor"][..], "monitor"),
        (&["metric", "--temprature"], "--temperature"),
        (&["process", "--sort", "vrma"], "vram"),
        (&["event", "--types", "GPU_PRE_RESTE"], "GPU_PRE_RESET"),
        (&["static", "-C", "syss"], "'sys'"),
        (&["list", "--format", "jsno"], "json"),
        (&["list", "--json=amdd"], "amd"),
        (&["--demo=mi300", "list"], "mi300x-8x"),
        (&["completions", "bsah"], "bash"),
        (&["set", "-g", "0", "-l", "hihg"], "high"),
        (&["-w", "1"], "monitor -w 1"),
        (&["help", "metirc"], "'metric'"),
        (&["monitor", "--sort", "vrma"], "vram"),
        (&["monitor", "-t", "--sort", "power"], "-p adds it"),
        (&["monitor", "-w", "0"], "expected 0.01 seconds to a year"),
        (&["monitor", "-w", "-1"], "expected 0.01 seconds to a year"),
        (&["monitor", "-i", "0"], "expected a whole number from 1"),
        (&["process", "-p", "abc"], "expected a process id"),
        (&["list", "-g"], "'amdgpu-smi list' lists the GPUs"),
        (&["process", "--percent=0"], "expected 0.01 seconds to a year"),
    ] {
        let output = command(args).output().expect("the program runs");
        let text = String::from_utf8(output.stderr).expect("UTF-8");
        assert_eq!(output.status.code(), Some(2), "{args:?}: {text}");
        assert!(text.contains(word), "{args:?}: {text}");
    }
    // Nothing is like it, so nothing is advised.
    let output = command(&["metric", "--foo"]).output().expect("the program runs");
    let text = String::from_utf8(output.stderr).expect("UTF-8");
    assert!(text.contains("--foo") && !text.contains("similar"), "{text}");
    assert!(text.contains("Usage: amdgpu-smi metric [OPTIONS]"), "{text}");
}

#[test]
fn version_by_both_ways() {
    let version = env!("CARGO_PKG_VERSION");
    assert_eq!(stdout(&["--version"]), format!("amdgpu-smi {version}\n"));
    let root = crate::fixture("navi31-1x-k6.12-desktop");
    let line = stdout(&["version", "--root", root.to_str().expect("UTF-8")]);
    assert!(line.starts_with(&format!("amdgpu-smi: {version} | library: {version} | ")), "{line}");
    assert!(line.contains("kernel: 6.12.9-amd64"), "{line}");
}
