//! Reading cannot write: without feature `control` the library opens nothing for writing.

use std::fs;
use std::path::{Path, PathBuf};

/// The ways to open a file for writing, create, truncate or remove it.
const WAYS: [&str; 12] = [
    "WRONLY",
    "RDWR",
    "OFlags::CREATE",
    "OFlags::TRUNC",
    "OFlags::APPEND",
    "ftruncate",
    "OpenOptions",
    "File::create",
    "fs::write",
    "fs::remove",
    "fs::rename",
    "fs::create",
];

/// The one exception: KFD's node, whose event descriptors are asked for by calls. Written out whole, so that no other
/// file can be meant.
const KFD: &str = "fs::openat(CWD, \"/dev/kfd\", OFlags::RDWR | OFlags::CLOEXEC, Mode::empty())";

fn sources(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => sources(&path, found),
            false => found.push(path),
        }
    }
}

/// The code that is compiled without feature `control` and outside of tests: each item after such an attribute is
/// left out, to the line on which its braces are closed again.
fn without_control(text: &str) -> String {
    let mut kept = String::new();
    let mut lines = text.split("#[cfg(test)]").next().unwrap().lines();
    while let Some(line) = lines.next() {
        if line.trim() != "#[cfg(feature = \"control\")]" {
            if !line.trim_start().starts_with("//") {
                kept += line;
                kept.push('\n');
            }
            continue;
        }
        let mut depth = 0;
        for item in lines.by_ref() {
            depth += item.matches('{').count() as i32 - item.matches('}').count() as i32;
            if depth == 0 && item.trim_end().ends_with([';', '}', ',']) {
                break;
            }
        }
    }
    kept
}

#[test]
fn only_control_opens_for_writing() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&src, &mut files);
    // Machines that are made up are written into the directory that the caller names, and into no other.
    let synth = src.join("synth/image.rs");
    // A recording is written into a new file that the caller names.
    let recording = src.join("capture/new_file.rs");
    let whole = fs::read_to_string(src.join("lib.rs")).unwrap();
    assert!(whole.contains("#[cfg(feature = \"synth\")]\npub mod synth;"));
    assert!(whole.contains("#[cfg(feature = \"capture\")]\npub mod capture;"));
    let gated = |file: &Path| {
        file == synth
            || file == recording
            || file.starts_with(src.join("control"))
            || file == src.join("backend/write.rs")
            || file.ends_with("tests.rs")
    };
    let root = without_control(&fs::read_to_string(src.join("lib.rs")).unwrap());
    let backend = without_control(&fs::read_to_string(src.join("backend/mod.rs")).unwrap());
    assert!(!root.contains("mod control;") && !backend.contains("mod write;"));
    assert!(files.iter().any(|file| gated(file)) && files.iter().any(|file| file.ends_with("tree.rs")));
    for file in files.iter().filter(|file| !gated(file)) {
        let mut code = without_control(&fs::read_to_string(file).unwrap());
        if *file == src.join("backend/live.rs") {
            assert_eq!(code.matches(KFD).count(), 1);
            code = code.replace(KFD, "");
        }
        for way in WAYS {
            assert!(!code.contains(way), "{}: {way}", file.display());
        }
    }
}

#[test]
fn the_rule_sees_what_is_behind_the_feature() {
    let text = "a\n#[cfg(feature = \"control\")]\nfn f() {\n WRONLY\n}\nb\n#[cfg(feature = \"control\")]\nmod x;\nRDWR\n";
    assert_eq!(without_control(text), "a\nb\nRDWR\n");
}
