//! The permitted imports in the library, the command and the shared object: modules, files and folders.
//!
//! Read from the sources as the compiler parses them. Each path is resolved to the definition, through re-exports.
//! Test-only code is left out.

mod source;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use source::{Names, Sources};

/// The layers of the library, and what each may import of the others.
const LAYERS: &[(&str, &[&str])] = &[
    ("unit", &[]),
    ("sys", &[]),
    ("id", &[]),
    // Wraps and carries what `parse` reports; knows nothing else but names and units.
    ("error", &["unit", "id"]),
    ("parse", &["unit", "id", "error"]),
    // A value with its source and scope, or the reason for its absence.
    ("reading", &["error"]),
    // The files of the kernel; opens none.
    ("attribute", &["parse", "unit", "id", "error"]),
    // Each quantity by one rule, from a handle or a sample.
    ("summary", &["sample", "gpu", "reading", "parse", "unit", "id", "error"]),
    ("derived", &["parse", "unit"]),
    ("backend", &["error", "id", "sys"]),
    ("capture", &["cpu", "discover", "process", "event", "sample", "gpu", "backend", "parse", "error", "id"]),
    ("visible", &["id"]),
    ("gpu", &["attribute", "reading", "backend", "parse", "unit", "id", "error"]),
    ("discover", &["gpu", "backend", "parse", "unit", "id", "error"]),
    ("event", &["discover", "gpu", "backend", "parse", "unit", "id", "error"]),
    // A device that came back is found by a scan.
    (
        "sample",
        &["attribute", "reading", "discover", "derived", "gpu", "backend", "parse", "unit", "id", "error"],
    ),
    // Beside `gpu`, and never in its way.
    ("cpu", &["attribute", "reading", "discover", "backend", "parse", "unit", "id", "error"]),
    ("diagnose", &["cpu", "discover", "process", "gpu", "backend", "parse", "unit", "id", "error"]),
    // The only one that writes.
    ("control", &["cpu", "attribute", "reading", "gpu", "backend", "parse", "unit", "id", "error"]),
    ("process", &["reading", "discover", "gpu", "backend", "parse", "unit", "id", "error"]),
    ("topology", &["reading", "discover", "gpu", "backend", "parse", "unit", "id", "error"]),
    // Plays machines; made-up ones that run import it.
    ("testing", &["discover", "gpu", "backend", "parse", "unit", "id", "error"]),
    // Made up of the formats; nobody imports it.
    ("synth", &["capture", "testing", "backend", "parse", "unit", "id", "error"]),
    // Documentation alone.
    ("guide", &[]),
    // The root only declares and re-exports.
    ("lib", &["reading", "discover", "error", "gpu", "parse"]),
];

/// Files that import each other. None is meant to, so this list only gets shorter.
const CIRCLES: &[&[&str]] = &[];

/// The same for folders below `src` of the command, and of the shared object.
const FOLDER_CIRCLES: &[&[&str]] = &[];

const LIBRARY: &str = "src/lib.rs";
const COMMAND: &str = "cli/src/main.rs";
const SHARED_OBJECT: &str = "capi/src/lib.rs";
const EXPORTER: &str = "exporter/src/lib.rs";

fn sources(root: &str) -> Sources {
    let sources = Sources::of(&Path::new(env!("CARGO_MANIFEST_DIR")).join(root));
    assert!(sources.modules.len() > 10, "{root}");
    sources
}

/// The first name of a module: its layer. The root itself is `lib`.
fn layer(names: &[String]) -> &str {
    names.first().map_or("lib", String::as_str)
}

/// Imports that break the rules.
fn forbidden(sources: &Sources) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (names, target, named) in sources.edges() {
        let (from, to) = (layer(names), layer(&target));
        let Some((_, allowed)) = LAYERS.iter().find(|(layer, _)| *layer == from) else {
            found.insert(format!("{from} has no rule"));
            continue;
        };
        if to != from && to != "lib" && !allowed.contains(&to) {
            let file = sources.modules[names].file.display();
            found.insert(format!("{file}: may not import {}", named.path.join("::")));
        }
    }
    found
}

type Graph = BTreeMap<String, BTreeSet<String>>;

/// Which file imports which. That a module declares its children, and they use what it defines for them, is how modules
/// are: only files that are not below each other count.
fn files(sources: &Sources) -> Graph {
    let mut graph = Graph::new();
    for (names, target, named) in sources.edges() {
        let related = names.starts_with(&target) || target.starts_with(names);
        if !related && !named.passed_on {
            let [from, to] = [names, &target].map(|names| file(sources, names));
            graph.entry(from).or_default().insert(to);
        }
    }
    graph
}

fn file(sources: &Sources, names: &Names) -> String {
    sources.modules[names].file.with_extension("").to_string_lossy().trim_end_matches("/mod").to_owned()
}

/// Which folder below `src`, or file beside them, imports which.
fn folders(sources: &Sources) -> Graph {
    let mut graph = Graph::new();
    for (names, target, _) in sources.edges() {
        let (from, to) = (layer(names), layer(&target));
        if from != to && from != "lib" && to != "lib" {
            graph.entry(from.to_owned()).or_default().insert(to.to_owned());
        }
    }
    graph
}

/// Those that reach each other, in groups.
fn circles(graph: &Graph) -> BTreeSet<Vec<String>> {
    let reached = |from: &String| {
        let (mut reached, mut todo) = (BTreeSet::new(), vec![from]);
        while let Some(name) = todo.pop() {
            todo.extend(graph.get(name).into_iter().flatten().filter(|name| reached.insert((*name).clone())));
        }
        reached
    };
    let all: BTreeMap<&String, BTreeSet<String>> = graph.keys().map(|name| (name, reached(name))).collect();
    let within = |name: &String| {
        let circle = all[name].iter().filter(|other| all.get(*other).is_some_and(|back| back.contains(name)));
        circle.cloned().collect::<Vec<_>>()
    };
    graph.keys().map(within).filter(|circle| circle.len() > 1).collect()
}

fn owned(known: &[&[&str]]) -> BTreeSet<Vec<String>> {
    known.iter().map(|circle| circle.iter().map(|&name| name.to_owned()).collect()).collect()
}

#[test]
fn layers_import_downwards_only() {
    let sources = sources(LIBRARY);
    assert_eq!(forbidden(&sources), BTreeSet::new());
    let unused: Vec<_> = LAYERS.iter().filter(|(name, _)| *name != "lib" && !ahead(name, &sources)).collect();
    assert_eq!(unused, [] as [&(&str, &[&str]); 0], "rules for modules that are not there");
    let rules: Graph = LAYERS
        .iter()
        .map(|(name, allowed)| (name.to_string(), allowed.iter().map(|name| name.to_string()).collect()))
        .collect();
    assert_eq!(circles(&rules), BTreeSet::new(), "the rules themselves");
}

/// Returns `true` if the library has this module, with the features of this build or without.
fn ahead(name: &str, sources: &Sources) -> bool {
    sources.modules.contains_key(&[name.to_owned()][..])
}

#[test]
fn no_files_import_each_other() {
    let mut found = BTreeSet::new();
    for root in [LIBRARY, COMMAND, SHARED_OBJECT, EXPORTER] {
        found.extend(circles(&files(&sources(root))));
    }
    assert_eq!(found, owned(CIRCLES));
}

#[test]
fn no_folders_import_each_other() {
    let mut found = BTreeSet::new();
    for root in [COMMAND, SHARED_OBJECT, EXPORTER] {
        found.extend(circles(&folders(&sources(root))));
    }
    assert_eq!(found, owned(FOLDER_CIRCLES));
}

/// The name of an import of one thing.
fn last_name(tree: &syn::UseTree) -> Option<String> {
    match tree {
        syn::UseTree::Path(path) => last_name(&path.tree),
        syn::UseTree::Name(name) => Some(name.ident.to_string()),
        _ => None,
    }
}

/// Returns `true` for what the documentation leaves out.
fn is_hidden(attributes: &[syn::Attribute]) -> bool {
    let hidden = |list: &syn::MetaList| list.path.is_ident("doc") && list.tokens.to_string() == "hidden";
    attributes.iter().any(|attribute| matches!(&attribute.meta, syn::Meta::List(list) if hidden(list)))
}

/// The front ends have what any other program has: what the library declares public and documents.
#[test]
fn the_front_ends_use_the_public_interface() {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(LIBRARY)).unwrap();
    let mut public = BTreeSet::new();
    for item in syn::parse_file(&text).unwrap().items {
        match item {
            syn::Item::Mod(module)
                if matches!(module.vis, syn::Visibility::Public(_)) && !is_hidden(&module.attrs) =>
            {
                public.insert(module.ident.to_string());
            }
            syn::Item::Use(passed_on) if matches!(passed_on.vis, syn::Visibility::Public(_)) => {
                public.extend(last_name(&passed_on.tree));
            }
            _ => {}
        }
    }
    let mut paths = 0;
    for root in [COMMAND, SHARED_OBJECT, EXPORTER] {
        for module in sources(root).modules.values() {
            for path in module.foreign.iter().filter(|path| path[0] == "amdgpu_smi") {
                let first = &path[1];
                let passed_on = first.starts_with(char::is_uppercase);
                assert!(
                    passed_on || public.contains(first),
                    "{}: {}",
                    module.file.display(),
                    path.join("::")
                );
                paths += 1;
            }
        }
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(root);
        for file in rust_files(folder.parent().unwrap()) {
            let text = fs::read_to_string(&file).unwrap();
            // Code generated by a build script belongs to the crate.
            let text = text.replace("include!(concat!(env!(\"OUT_DIR\")", "");
            let reaches = text.contains("#[path") || text.contains("include!(");
            assert!(!reaches, "{}: takes a source from elsewhere", file.display());
        }
    }
    assert!(paths > 100, "{paths}");
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => found.extend(rust_files(&path)),
            false if path.extension().is_some_and(|extension| extension == "rs") => found.push(path),
            false => {}
        }
    }
    found
}

/// `unsafe` has its places.
#[test]
fn two_files_allow_unsafe() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for file in rust_files(&src) {
        let text = fs::read_to_string(&file).unwrap();
        let allowed = file.ends_with("src/sys/ioctl.rs") || file.ends_with("src/sys/map.rs");
        assert_eq!(text.contains("allow(unsafe_code"), allowed, "{}", file.display());
    }
}

/// Types of a package that have one name, with the files that define them.
fn types_of_one_name(sources: &Sources) -> BTreeMap<String, Vec<String>> {
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for module in sources.modules.values() {
        for name in &module.types {
            found.entry(name.clone()).or_default().push(module.file.display().to_string());
        }
    }
    found.retain(|_, files| files.len() > 1);
    found
}

/// A reader who searches for a type by its name finds one.
#[test]
fn no_two_types_share_a_name() {
    for root in [LIBRARY, COMMAND, SHARED_OBJECT, EXPORTER] {
        assert_eq!(types_of_one_name(&sources(root)), BTreeMap::new(), "{root}");
    }
    let sources = Sources::from_texts(&[
        ("", "pub struct Entry; #[cfg(test)] struct Row;"),
        ("a", "pub(super) enum Entry {} type Row = u8;"),
        ("a::b", "trait Cell {} impl Iterator for Cells { type Cell = u8; }"),
    ]);
    let files = [".rs", "a.rs"].map(str::to_owned).to_vec();
    assert_eq!(types_of_one_name(&sources), BTreeMap::from([("Entry".to_owned(), files)]));
}

/// Every form of import in a module is found.
#[test]
fn every_way_to_import_is_seen() {
    let library = |text: &str| {
        Sources::from_texts(&[
            ("", "mod discover; pub use discover::Smi;"),
            ("unit", text),
            ("unit::small", ""),
            ("discover", "pub struct Smi; pub mod found {}"),
            ("backend", "mod tree; mod live; pub use tree::Tree; pub use live::*; pub struct Dir;"),
            ("backend::tree", "pub struct Tree;"),
            ("backend::live", "pub struct Live;"),
            ("gpu", "use crate::backend::Dir; pub struct Gpu;"),
        ])
    };
    let refused = |text: &str| forbidden(&library(text)).into_iter().collect::<Vec<_>>();
    for (text, path) in [
        ("use crate::backend::Dir;", "backend::Dir"),
        ("use crate::{backend::Tree, unit::small};", "backend::tree::Tree"),
        ("use crate::{unit::small, backend::{Live as L}};", "backend::live::Live"),
        ("use crate::Smi;", "discover::Smi"),
        ("use super::Smi;", "discover::Smi"),
        ("use crate::gpu::Dir;", "backend::Dir"),
        ("use crate::backend as b;", "backend"),
        ("use crate::backend::*;", "backend"),
        ("fn f() -> crate::Smi { todo!() }", "discover::Smi"),
        ("fn f() { print!(\"{}\", crate::gpu::Gpu::NAME) }", "gpu::Gpu::NAME"),
        ("fn f() { super::gpu::open() }", "gpu::open"),
        ("#[cfg(test)] mod early { use crate::event; } fn f(_: crate::gpu::Gpu) {}", "gpu::Gpu"),
        ("mod inner { use super::super::gpu::Gpu; }", "gpu::Gpu"),
        ("macro_rules! m { () => { $crate::gpu::Gpu } }", "gpu::Gpu"),
    ] {
        assert_eq!(refused(text), [format!("unit.rs: may not import {path}")], "{text}");
    }
    for text in [
        "// crate::gpu\n/// [`Gpu`](crate::gpu)\nfn f() {}",
        "#[cfg(test)] mod tests { use crate::gpu::Gpu; }",
        "#[cfg(test)] use crate::gpu::Gpu;",
        "#[test] fn f(_: crate::gpu::Gpu) {}",
        "use crate::unit::small; use self::small as s; use std::fs;",
        "const TEXT: &str = \"crate::gpu\";",
    ] {
        assert_eq!(refused(text), [] as [&str; 0], "{text}");
    }
    let unknown = Sources::from_texts(&[("", ""), ("novel", "use crate::unit;"), ("unit", "")]);
    assert_eq!(forbidden(&unknown).into_iter().collect::<Vec<_>>(), ["novel has no rule"]);
}

#[test]
fn circles_are_seen() {
    let sources = Sources::from_texts(&[
        ("", ""),
        ("a", "mod one; pub use one::One; pub struct Ground; fn f(_: one::One) {}"),
        ("a::one", "use super::Ground; use crate::b::two::Two; pub struct One;"),
        ("b", ""),
        ("b::two", "use super::three; pub struct Two;"),
        ("b::three", "use crate::a::One;"),
        ("c", "use crate::a::Ground;"),
    ]);
    let circle = ["a/one", "b/three", "b/two"].map(str::to_owned).to_vec();
    assert_eq!(circles(&files(&sources)), BTreeSet::from([circle]));
    let folder_circle = ["a", "b"].map(str::to_owned).to_vec();
    assert_eq!(circles(&folders(&sources)), BTreeSet::from([folder_circle]));
}
