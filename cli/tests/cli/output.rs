//! Where the answer goes.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use crate::{answer, command, fixture, run};

const NAME: &str = "navi31-1x-k6.12-desktop";

#[test]
fn a_file_is_neither_replaced_nor_continued_unasked() {
    let dir = tempfile::tempdir().expect("a directory");
    let file = dir.path().join("answer.txt");
    let path = file.to_str().expect("UTF-8");
    let expected = answer(NAME, &["list"]);
    let content = || std::fs::read_to_string(&file).expect("the file");

    assert_eq!(answer(NAME, &["list", "--file", path]), "");
    assert_eq!(content(), expected);

    let refused = run(NAME, &["list", "--file", path]);
    assert_eq!(refused.status.code(), Some(2));
    let stderr = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(stderr.contains("answer.txt already exists; --append"), "{stderr}");
    assert_eq!(content(), expected);

    assert_eq!(answer(NAME, &["list", "--file", path, "--append"]), "");
    assert_eq!(content(), expected.repeat(2));

    assert_eq!(answer(NAME, &["--overwrite", "--file", path, "list"]), "");
    assert_eq!(content(), expected);

    // Both make a file that is not there.
    for option in ["--append", "--overwrite"] {
        let other = dir.path().join(option);
        answer(NAME, &["list", option, "--file", other.to_str().expect("UTF-8")]);
        assert_eq!(std::fs::read_to_string(other).expect("the file"), expected);
    }
}

#[test]
fn a_file_that_cannot_be_is_an_error() {
    let output = run(NAME, &["list", "--file", "/does/not/exist/answer.txt"]);
    assert_eq!(output.status.code(), Some(1));
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(stderr.starts_with("amdgpu-smi: /does/not/exist/answer.txt: cannot write: "), "{stderr}");
}

#[test]
fn a_file_is_not_made_for_an_answer_that_there_is_not() {
    let dir = tempfile::tempdir().expect("a directory");
    let file = dir.path().join("answer.txt");
    let output = run(NAME, &["list", "-g", "7", "--file", file.to_str().expect("UTF-8")]);
    assert_eq!(output.status.code(), Some(2));
    assert!(!file.exists());
}

#[test]
fn a_full_disk_is_an_error() {
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full");
    let Ok(full) = full else { return };
    let output = command(&["list"]).arg("--root").arg(fixture(NAME)).stdout(full).output().expect("it runs");
    assert_eq!(output.status.code(), Some(1));
    assert!(
        String::from_utf8_lossy(&output.stderr).starts_with("amdgpu-smi: standard output: cannot write: ")
    );
}

/// Help and the version are answers, too.
#[test]
fn help_that_cannot_be_written_is_an_error() {
    for args in [&["--help"][..], &["-h"], &["--version"], &["metric", "--help"]] {
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full");
        let Ok(full) = full else { return };
        let output = command(args).stdout(full).output().expect("it runs");
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{args:?}: {stderr}");
        assert!(stderr.starts_with("amdgpu-smi: standard output: cannot write: "), "{args:?}: {stderr}");
    }
}

/// Beyond `ulimit -f` the kernel sends SIGXFSZ, which ends a process that does not expect it.
#[test]
fn a_file_beyond_the_limit_is_an_error() {
    let dir = tempfile::tempdir().expect("a directory");
    let program = env!("CARGO_BIN_EXE_amdgpu-smi");
    let root = fixture(NAME);
    for answer in ["metric --overwrite --file answer", "capture -o machine.tar"] {
        let script = format!("ulimit -f 1 && exec {program} --root {} {answer}", root.display());
        let output = std::process::Command::new("sh").args(["-c", &script]).current_dir(&dir).output();
        let output = output.expect("a shell");
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{answer}: {stderr}");
        assert!(stderr.contains("cannot write: File too large"), "{answer}: {stderr}");
    }
}

/// As with `capture`: what a link leads to may be another's.
#[test]
fn a_link_is_replaced_and_not_followed() {
    let dir = tempfile::tempdir().expect("a directory");
    let (link, target) = (dir.path().join("link"), dir.path().join("target"));
    std::fs::write(&target, "precious").expect("a file");
    std::os::unix::fs::symlink(&target, &link).expect("a link");
    let path = link.to_str().expect("UTF-8");
    assert_eq!(answer(NAME, &["list", "--overwrite", "--file", path]), "");
    assert_eq!(std::fs::read_to_string(&target).expect("the file"), "precious");
    assert_eq!(std::fs::read_to_string(&link).expect("the file"), answer(NAME, &["list"]));
    assert!(!link.symlink_metadata().expect("there").is_symlink());
    // A pipe is no file that could be replaced.
    assert_eq!(answer(NAME, &["list", "--overwrite", "--file", "/dev/stdout"]), answer(NAME, &["list"]));
}

#[test]
fn a_reader_that_has_gone_ends_it_quietly() {
    let mut child = command(&["monitor", "-w", "0.01"])
        .arg("--root")
        .arg(fixture(NAME))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program runs");
    let mut reader = BufReader::new(child.stdout.take().expect("a pipe"));
    let mut line = String::new();
    reader.read_line(&mut line).expect("a line");
    assert!(line.contains("CLOCK"), "{line}");
    drop(reader);
    let output = child.wait_with_output().expect("it ends");
    assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(0), &[][..]));
}
