//! Who may import whom: reads the `use` lines and `crate::` paths of the library, the command and the shared object.

use std::fs;
use std::path::{Path, PathBuf};

/// The layers of the library, and what each may import of the others.
const LAYERS: &[(&str, &[&str])] = &[
    ("unit", &[]),
    ("sys", &[]),
    ("id", &[]),
    // Wraps and carries what `parse` reports; knows nothing else but names.
    ("error", &["id"]),
    ("parse", &["unit", "id", "error"]),
    // A value with its source, or the reason why there is none.
    ("reading", &["error"]),
    // Each file of the kernel once: its name and its parser.
    ("attribute", &["parse", "unit", "error"]),
    ("derived", &["parse", "unit"]),
    ("backend", &["error", "id", "sys"]),
    ("capture", &["discover", "event", "sample", "gpu", "backend", "parse", "error", "id"]),
    ("visible", &["id"]),
    ("gpu", &["attribute", "reading", "backend", "parse", "unit", "id", "error"]),
    // Beside `gpu`, and never in its way.
    ("cpu", &["attribute", "reading", "discover", "backend", "parse", "unit", "id", "error"]),
    ("discover", &["gpu", "backend", "parse", "unit", "id", "error"]),
    ("event", &["discover", "gpu", "backend", "parse", "unit", "id", "error"]),
    // A device that came back is found by a scan.
    (
        "sample",
        &["attribute", "reading", "discover", "derived", "gpu", "backend", "parse", "unit", "id", "error"],
    ),
    // From the handle's files or from a sample of them.
    ("summary", &["sample", "gpu", "reading", "parse", "unit", "error"]),
    ("diagnose", &["discover", "gpu", "backend", "parse", "unit", "id", "error"]),
    // The only one that writes.
    ("control", &["attribute", "reading", "gpu", "backend", "parse", "unit", "id", "error"]),
    ("process", &["discover", "gpu", "backend", "parse", "unit", "id", "error"]),
    ("topology", &["discover", "gpu", "backend", "parse", "unit", "id", "error"]),
    // Plays machines; nobody imports it.
    ("testing", &["discover", "gpu", "backend", "parse", "unit", "id", "error"]),
    // Made up of the formats; nobody imports it.
    ("synth", &["capture", "parse", "unit", "id", "error"]),
    // The root only declares and re-exports.
    ("lib", &["discover", "error", "gpu"]),
];

fn sources(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => sources(&path, found),
            false if path.extension().is_some_and(|extension| extension == "rs") => found.push(path),
            false => {}
        }
    }
}

/// The first component of a file below `src`: its layer.
fn layer(src: &Path, file: &Path) -> String {
    let first = file.strip_prefix(src).unwrap().components().next().unwrap();
    first.as_os_str().to_str().unwrap().trim_end_matches(".rs").to_owned()
}

/// The crate's modules that a source names, as `crate::name`, outside of comments and tests.
fn imports(text: &str) -> Vec<String> {
    let code = text.split("#[cfg(test)]").next().unwrap();
    let code: String =
        code.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
    let names = code
        .split("crate::")
        .skip(1)
        .map(|rest| rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>());
    // What the root re-exports: capitalised.
    names.filter(|name| name.chars().next().is_some_and(char::is_lowercase)).collect()
}

#[test]
fn layers_import_downwards_only() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&src, &mut files);
    assert!(files.len() > 20);
    for file in files {
        if file.ends_with("tests.rs") {
            continue;
        }
        let name = layer(&src, &file);
        let (_, allowed) =
            LAYERS.iter().find(|(layer, _)| *layer == name).unwrap_or_else(|| panic!("{name} has no rule"));
        for import in imports(&fs::read_to_string(&file).unwrap()) {
            assert!(
                import == name || allowed.contains(&import.as_str()),
                "{}: may not import {import}",
                file.display()
            );
        }
    }
}

/// `unsafe` has its places.
#[test]
fn two_files_allow_unsafe() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&src, &mut files);
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        let allowed = file.ends_with("src/sys/ioctl.rs") || file.ends_with("src/sys/map.rs");
        assert_eq!(text.contains("allow(unsafe_code"), allowed, "{}", file.display());
    }
}

#[test]
fn the_rule_sees_a_forbidden_import() {
    assert_eq!(imports("use crate::backend::Dir;\n// crate::gpu\nfn f() -> crate::Error {}\n"), ["backend"]);
}
