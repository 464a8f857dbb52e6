//! Whatever the files hold: an answer or a reason, and no panic.

use std::path::Path;
use std::process::Command;

use crate::{command, fixture};

const COMMANDS: [&[&str]; 14] = [
    &[],
    &["list", "-e"],
    &["static"],
    &["metric"],
    &["monitor"],
    &["process", "--percent=0.01"],
    &["process", "--sort-by-pid"],
    &["process", "--table", "--sort", "engine"],
    &["topology"],
    &["xgmi"],
    &["partition"],
    &["ras"],
    &["ras", "--cper"],
    &["bad-pages"],
];

/// Every file below a folder but those that say which GPUs there are.
fn overwrite(folder: &Path, rubbish: &[u8]) -> usize {
    const NAMES: [&str; 5] = ["uevent", "vendor", "dev", "gpu_id", "MANIFEST"];
    let mut count = 0;
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let entry = entry.expect("an entry");
        let kind = entry.file_type().expect("a kind");
        let is_kept = NAMES.iter().any(|name| entry.file_name() == *name);
        if kind.is_dir() {
            count += overwrite(&entry.path(), rubbish);
        } else if kind.is_file() && !is_kept {
            std::fs::remove_file(entry.path()).expect("a file");
            std::fs::write(entry.path(), rubbish).expect("a file");
            count += 1;
        }
    }
    count
}

#[test]
fn no_panic() {
    let digits = "4294967296 ".repeat(40);
    let lines = "-1: 18446744073709551616\n".repeat(40);
    for (name, rubbish) in [
        ("mi210-navi31-2x-k6.12-processes", digits.as_bytes()),
        ("mi210-navi31-2x-k6.12-processes", &[0xff; 600]),
        ("mi300x-1x-k6.16-cpx-nps4-configs", lines.as_bytes()),
        ("mi300x-1x-k6.16-cpx-nps4-configs", b""),
        ("mi300x-1x-k6.12-spx", &b"CPER\0\x01\xff\xff\xff\xff".repeat(60)),
    ] {
        let root = tempfile::tempdir().expect("a directory");
        let copied = Command::new("cp").arg("-a").arg(fixture(name).join(".")).arg(root.path()).status();
        assert!(copied.expect("cp").success());
        let count = ["sys", "proc"]
            .iter()
            .map(|folder| root.path().join(folder))
            .filter(|folder| folder.exists())
            .map(|folder| overwrite(&folder, rubbish))
            .sum::<usize>();
        assert!(count > 50, "{name}: {count} files");
        for args in COMMANDS {
            for format in [&[][..], &["--json"], &["--json=amd"], &["--csv"]] {
                let args = [args, format].concat();
                let output =
                    command(&args).arg("--root").arg(root.path()).output().expect("the program runs");
                let errors = String::from_utf8_lossy(&output.stderr);
                assert!(!errors.contains("panicked"), "{name} {args:?}: {errors}");
                assert!(matches!(output.status.code(), Some(0..=3)), "{name} {args:?}: {:?}", output.status);
                if format.first().is_some_and(|format| format.starts_with("--json")) {
                    let parsed = serde_json::from_slice::<serde_json::Value>(&output.stdout);
                    assert!(output.stdout.is_empty() || parsed.is_ok(), "{name} {args:?}");
                }
            }
        }
    }
}
