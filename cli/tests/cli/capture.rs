//! A machine, its capture, and the capture unpacked answer every command alike.

use std::any::Any;
use std::path::{Path, PathBuf};
use std::process::Output;

use amdgpu_smi::synth::Machine;
use serde_json::Value;
use support::machines::machines;

use super::{command, fixture, fixtures};

/// Every command that answers from a machine's files, with all that it can be asked.
const QUESTIONS: &[&[&str]] = &[
    &["list", "--enumeration"],
    &["static"],
    &["static", "--partition"],
    &["metric"],
    &["monitor"],
    &["firmware"],
    &["process"],
    &["topology"],
    &["xgmi"],
    &["partition"],
    &["ras"],
    &["bad-pages"],
    &["doctor"],
    &["version"],
];

fn ask(root: &Path, question: &[&str]) -> Output {
    command(question).arg("--json").arg("--root").arg(root).output().expect("the program runs")
}

fn captured(root: &Path, archive: &Path, args: &[&str]) -> String {
    let mut capture = command(&["capture", "-o"]);
    let output = capture.arg(archive).args(args).arg("--root").arg(root).output().expect("the program runs");
    let said = String::from_utf8(output.stderr).expect("UTF-8");
    assert_eq!(
        (output.status.code(), output.stdout.as_slice()),
        (Some(0), &b""[..]),
        "{}: {said}",
        root.display()
    );
    said
}

/// Unpacks it as whoever does so without being root: modes as far as they go.
fn unpack(archive: &Path, folder: &Path) {
    tar::Archive::new(std::fs::File::open(archive).unwrap()).unpack(folder).unwrap();
}

/// A machine by its name and root, and what keeps the folder.
type Subject = (String, PathBuf, Option<Box<dyn Any>>);

/// All machines that there are: fixtures, one hive that is made up, and those recorded.
fn all() -> Vec<Subject> {
    let fixtures = fixtures().into_iter().map(|name| -> Subject { (name.clone(), fixture(&name), None) });
    let hive = tempfile::tempdir().unwrap();
    Machine::mi300x(8).processes(2).build(hive.path()).unwrap();
    let hive: Subject = ("hive of eight".to_owned(), hive.path().to_owned(), Some(Box::new(hive)));
    let recorded = machines().into_iter().flatten();
    let recorded = recorded
        .map(|machine| -> Subject { (machine.name.clone(), machine.root.clone(), Some(Box::new(machine))) });
    fixtures.chain([hive]).chain(recorded).collect()
}

#[test]
fn round_trip() {
    for (name, root, _kept) in all() {
        let folder = tempfile::tempdir().unwrap();
        let archive = folder.path().join("machine.tar");
        let unpacked = folder.path().join("unpacked");
        captured(&root, &archive, &["--redact", "none"]);
        unpack(&archive, &unpacked);
        for question in QUESTIONS {
            let there = ask(&root, question);
            // Unpacked it goes through the same code as any fixture; two answers are enough of that.
            let copies = if matches!(question[0], "static" | "metric") { 2 } else { 1 };
            for copy in [&archive, &unpacked].into_iter().take(copies) {
                let here = ask(copy, question);
                assert_eq!(here.status.code(), there.status.code(), "{name} {question:?} {}", copy.display());
                let texts =
                    [&there, &here].map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
                let differing = texts[0].lines().zip(texts[1].lines()).find(|(there, here)| there != here);
                assert_eq!(differing, None, "{name} {question:?} {}", copy.display());
                assert_eq!(texts[0].len(), texts[1].len(), "{name} {question:?}");
            }
        }
        // A capture of a capture is the same again.
        let again = folder.path().join("again.tar");
        captured(&archive, &again, &["--redact", "none"]);
        let same = std::fs::read(&archive).unwrap() == std::fs::read(&again).unwrap();
        assert!(same, "{name}: {} and {} differ", archive.display(), again.display());
    }
}

/// By its name a capture is compressed, and read without being unpacked first.
#[test]
fn compressed() {
    let root = fixture("phoenix-navi33-2x-k6.10-hybrid-foreign-card0");
    let folder = tempfile::tempdir().unwrap();
    let plain = folder.path().join("machine.tar");
    captured(&root, &plain, &["--redact", "none"]);
    for name in ["machine.tar.gz", "machine.tgz"] {
        let packed = folder.path().join(name);
        captured(&plain, &packed, &["--redact", "none"]);
        let mut unpacked = Vec::new();
        let mut reader = flate2::read::GzDecoder::new(std::fs::File::open(&packed).unwrap());
        std::io::Read::read_to_end(&mut reader, &mut unpacked).unwrap();
        assert!(unpacked == std::fs::read(&plain).unwrap(), "{name} holds another archive");
        assert_eq!(ask(&packed, &["metric"]).stdout, ask(&plain, &["metric"]).stdout, "{name}");
    }
}

/// Where two answers differ: the keys of the last object on the way.
fn differences(a: &Value, b: &Value, key: &str, found: &mut Vec<String>) {
    match (a, b) {
        (Value::Object(a), Value::Object(b)) => {
            assert!(a.keys().eq(b.keys()), "{key}");
            for (key, a) in a {
                differences(a, &b[key], key, found);
            }
        }
        (Value::Array(a), Value::Array(b)) => {
            assert_eq!(a.len(), b.len(), "{key}");
            for (a, b) in a.iter().zip(b) {
                differences(a, b, key, found);
            }
        }
        (a, b) if a != b => {
            // Programs and users are counted; all else keeps its form.
            let counted = matches!(key, "name" | "user");
            assert!(counted || a.as_str().map(str::len) == b.as_str().map(str::len), "{key}: {a} {b}");
            found.push(key.to_owned());
        }
        _ => {}
    }
}

#[test]
fn redaction_changes_names_and_nothing_else() {
    let mut changed = Vec::new();
    for (name, root, _kept) in all() {
        let folder = tempfile::tempdir().unwrap();
        let archive = folder.path().join("machine.tar");
        captured(&root, &archive, &[]);
        for question in QUESTIONS.iter().filter(|question| question[0] != "doctor") {
            let [there, here] = [&root, &archive].map(|root| ask(root, question));
            assert_eq!(here.status.code(), there.status.code(), "{name} {question:?}");
            let parse = |output: &Output| serde_json::from_slice(&output.stdout).unwrap_or(Value::Null);
            differences(&parse(&there), &parse(&here), &format!("{name} {question:?}"), &mut changed);
        }
    }
    changed.sort();
    changed.dedup();
    let names = ["container", "hive_id", "name", "user"];
    let ids = ["asic_serial", "hip_uuid", "node_id", "product_serial", "unique_id", "uuid"];
    let mut expected = [&names[..], &ids[..]].concat();
    expected.sort_unstable();
    assert_eq!(changed, expected);
}

#[test]
fn nothing_that_names_anyone_is_left() {
    for (fixture_name, secrets) in [
        ("mi210-navi31-2x-k6.12-processes", &["python3", "5d41402abc4b2a76b9719d911017c592", "ann:"][..]),
        ("mi300x-1x-k6.12-spx", &["692400017733"]),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let [archive, open] = ["machine.tar", "open.tar"].map(|name| folder.path().join(name));
        captured(&fixture(fixture_name), &archive, &[]);
        captured(&fixture(fixture_name), &open, &["--redact", "none"]);
        let [text, open] = [archive, open].map(|path| std::fs::read(path).unwrap());
        let has =
            |text: &[u8], secret: &str| text.windows(secret.len()).any(|part| part == secret.as_bytes());
        for secret in secrets {
            assert!(has(&open, secret) && !has(&text, secret), "{secret}");
        }
    }
}

#[test]
fn never_over_a_file_and_never_half_of_one() {
    let folder = tempfile::tempdir().unwrap();
    let archive = folder.path().join("machine.tar");
    std::fs::write(&archive, "precious").unwrap();
    let root = fixture("navi31-1x-k6.12-desktop");
    let capture = |args: &[&str], root: &Path| {
        command(&["capture", "-o"]).arg(&archive).args(args).arg("--root").arg(root).output().unwrap()
    };
    let refused = capture(&[], &root);
    assert_eq!(refused.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("--overwrite"));
    // A failed capture leaves existing files unchanged.
    assert_eq!(capture(&["--overwrite"], Path::new("/nonexistent")).status.code(), Some(2));
    assert_eq!(std::fs::read(&archive).unwrap(), b"precious");
    assert_eq!(capture(&["--overwrite"], &root).status.code(), Some(0));
    assert!(std::fs::metadata(&archive).unwrap().len() > 100_000);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing else is left behind");
}

#[test]
fn an_archive_without_a_gpu_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let said = captured(&fixture("none-0x-k6.12-no-driver"), &folder.path().join("m.tar"), &[]);
    assert!(said.contains("no AMD GPU is recorded: "), "{said}");
    let said = captured(&fixture("navi31-1x-k6.12-desktop"), &folder.path().join("n.tar"), &[]);
    assert!(!said.contains("no AMD GPU"), "{said}");
}

#[test]
fn a_folder_that_is_missing_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let archive = folder.path().join("missing/m.tar");
    for args in [&[][..], &["--frames", "2", "--every", "0"]] {
        let output = command(&["capture", "-o"])
            .arg(&archive)
            .args(args)
            .arg("--root")
            .arg(fixture("navi31-1x-k6.12-desktop"))
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        let reason = format!("{}: cannot write: No such file or directory (os error 2)\n", archive.display());
        assert!(said.contains(&reason), "{said}");
    }
}

#[test]
fn what_is_left_out_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let said = captured(&fixture("navi23-1x-k6.6-laptop-suspended"), &folder.path().join("m.tar"), &[]);
    for sentence in
        ["0000:03:00.0 is suspended", "xgmi_error: reading clears it", "pcie_bw", "amdgpu_ring_cper"]
    {
        assert!(said.contains(sentence), "{sentence}: {said}");
    }
}
