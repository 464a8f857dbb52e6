//! Every view of a machine gives the same answer: the handle, the sampler, `metric`, `monitor`, the default table, the
//! exporter and the C interface, on every fixture, recorded machine and case, also while each file that a summary reads
//! is missing, fails, or holds a number that the quantity cannot have. No view shows such a number.
//!
//! A part of the files is tried; `AMDGPU_SMI_VIEWS=all` tries all of them.

#![allow(clippy::print_stdout, reason = "the count of comparisons is a result")]

mod c;
mod cases;
mod exporter;
mod quantities;
mod roots;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use amdgpu_smi::backend::{Record, Tree};
use amdgpu_smi::{Gpu, Smi};

use quantities::{Answers, Quantity, View};

/// The damage to a file.
#[derive(Debug, Clone, Copy)]
enum Damage {
    Removed,
    Fails(&'static str),
    /// Instead of its number, if it is one.
    Holds(&'static str),
}

/// A counter below zero, ones of 64, 32, 16 and 8 bits in the units of all files, and words.
const DAMAGES: [Damage; 15] = [
    Damage::Removed,
    Damage::Fails("EIO"),
    Damage::Fails("EOPNOTSUPP"),
    Damage::Holds("18446744073709535232"),
    Damage::Holds("18446744073709551615"),
    Damage::Holds("9223372036854775807"),
    Damage::Holds("4294967295"),
    Damage::Holds("2147483647"),
    Damage::Holds("-1"),
    Damage::Holds("65535"),
    Damage::Holds("255000"),
    Damage::Holds("65535000"),
    Damage::Holds("65535000000"),
    Damage::Holds("4294967295000"),
    Damage::Holds("unknown"),
];

/// One damage in so many is tried unless all are wanted; a prime, so that each kind has its turn.
const PART: usize = 113;

#[test]
fn all_views_agree() {
    let _environment = roots::environment();
    let all = std::env::var("AMDGPU_SMI_VIEWS").is_ok_and(|part| part == "all");
    let (mut compared, mut machines, mut damages) = (Compared::new(), 0, 0);
    for (number, machine) in roots::machines().into_iter().enumerate() {
        let name = &machine.name;
        let root = machine.root();
        let Ok(before) = ask(root, name) else { continue };
        machines += 1;
        compare(&before, name, &mut compared);
        for (position, file) in files(root).into_iter().enumerate() {
            for (way, damage) in DAMAGES.into_iter().enumerate() {
                if !all && !(position * DAMAGES.len() + way + number).is_multiple_of(PART) {
                    continue;
                }
                let place = format!("{name}: {} {damage:?}", file.display());
                let Some(mended) = break_file(root, &file, damage) else { continue };
                if let Ok(answers) = ask(root, &place) {
                    compare(&answers, &place, &mut compared);
                    if !matches!(damage, Damage::Holds(_)) {
                        others_answer(&answers, &place);
                    }
                }
                mended();
                damages += 1;
            }
        }
    }
    println!(
        "views: {machines} machines, {damages} damaged files, values compared with the handle's: {compared:?}"
    );
    assert!(
        machines >= 9 && compared.values().all(|count| *count > 200),
        "{machines} machines, {compared:?}"
    );
}

/// The number of values compared, by view.
type Compared = BTreeMap<View, usize>;

/// All views of one machine.
fn ask(root: &Path, place: &str) -> Result<Vec<Answers>, ()> {
    let smi = Smi::builder().root(root).build().map_err(drop)?;
    let metric = quantities::document(root, &["metric", "--json"]);
    let monitor = quantities::document(
        root,
        &["monitor", "-p", "-t", "-u", "-m", "-d", "-e", "--vram-usage", "--json"],
    );
    let overview = quantities::document(root, &["--json"]);
    let of_c = c::answers(root, &smi);
    let mut of_exporter = exporter::answers(root, &smi).into_iter();
    let gpus = smi.gpus().iter().enumerate();
    Ok(gpus
        .map(|(index, gpu)| {
            let row = |document: &serde_json::Value| document["gpu_data"][index].clone();
            Answers {
                index,
                first_of_package: gpu.is_first_of_package(),
                table: quantities::of_table(gpu),
                views: vec![
                    (View::Handle, quantities::of_handle(gpu)),
                    (View::Sampler, quantities::of_sampler(gpu)),
                    (View::Metric, quantities::of_metric(&row(&metric), place)),
                    (View::Monitor, quantities::of_monitor(&row(&monitor))),
                    (View::Overview, quantities::of_overview(&row(&overview))),
                    (View::Exporter, of_exporter.next().unwrap_or_default()),
                    (View::C, of_c.get(index).cloned().flatten().unwrap_or_default()),
                ],
            }
        })
        .collect())
}

/// Compares all views of each quantity with the handle's answer.
fn compare(gpus: &[Answers], place: &str, compared: &mut Compared) {
    for gpu in gpus {
        let Some((_, reference)) = gpu.views.first() else { continue };
        for (view, answers) in &gpu.views {
            for (quantity, value) in answers {
                let is_possible = value.is_none_or(|value| quantity.bounds().contains(&value));
                assert!(is_possible, "{place}, GPU {}, {view:?}: {quantity:?} {value:?}", gpu.index);
            }
        }
        for quantity in Quantity::ALL {
            let Some(expected) = reference.get(&quantity) else { continue };
            for (view, answers) in gpu.views.iter().skip(1) {
                // A package's value stands in the row of its first partition.
                if !gpu.first_of_package && matches!(view, View::Monitor | View::Overview) {
                    continue;
                }
                let Some(found) = answers.get(&quantity) else { continue };
                let same = match (expected, found) {
                    (None, None) => true,
                    (Some(expected), Some(found)) => (expected - found).abs() <= view.precision(quantity),
                    _ => false,
                };
                assert!(
                    same,
                    "{place}, GPU {}, {quantity:?}: handle {expected:?}, {view:?} {found:?}",
                    gpu.index
                );
                *compared.entry(*view).or_default() += 1;
            }
        }
    }
}

/// A quantity that the table has is there, unless its attribute fails.
fn others_answer(gpus: &[Answers], place: &str) {
    if place.ends_with("Fails(\"EIO\")") {
        return;
    }
    for gpu in gpus {
        let Some((_, reference)) = gpu.views.first() else { continue };
        for (quantity, value) in &gpu.table {
            let is_there = reference.get(quantity).is_some_and(Option::is_some);
            assert!(
                value.is_none() || is_there,
                "{place}, GPU {}, {quantity:?}: the table has {value:?}",
                gpu.index
            );
        }
    }
}

/// The files that a summary and a sampler read, below the root and without links.
fn files(root: &Path) -> Vec<PathBuf> {
    let Ok(tree) = Tree::open(root) else { return Vec::new() };
    let record = Record::new(Arc::new(tree));
    let Ok(smi) = Smi::builder().backend(Arc::new(record.clone())).build() else { return Vec::new() };
    record.clear();
    let read = |gpu: &Gpu| drop((gpu.summary(), quantities::of_sampler(gpu)));
    smi.gpus().iter().for_each(read);
    let top = fs::canonicalize(root).expect("the root is there");
    let found = record.calls().into_iter().filter_map(|call| {
        let path = root.join(call.path.strip_prefix("/").ok()?);
        let path = fs::canonicalize(path).ok().filter(|path| path.is_file())?;
        path.strip_prefix(&top).ok().map(Path::to_path_buf)
    });
    let found: BTreeSet<PathBuf> = found.collect();
    // The status is no quantity, and what cannot be read counts as awake.
    found.into_iter().filter(|path| !path.ends_with("power/runtime_status")).collect()
}

/// Damages a file; what it gives mends it again. None for a file that cannot be damaged so.
fn break_file(root: &Path, file: &Path, damage: Damage) -> Option<Box<dyn FnOnce()>> {
    let path = root.join(file);
    Some(match damage {
        Damage::Removed => {
            let aside = root.join("aside");
            fs::rename(&path, &aside).expect("the file can be moved");
            Box::new(move || fs::rename(aside, path).expect("the file can be moved back"))
        }
        Damage::Holds(text) => {
            let before = fs::read(&path).ok()?;
            let trimmed = before.trim_ascii();
            let is_name = path.ends_with("unique_id") || path.ends_with("gpu_id");
            if trimmed.is_empty() || !trimmed.iter().all(u8::is_ascii_digit) || is_name {
                return None;
            }
            // Another name in its place: archives leave files that cannot be written.
            let put = move |text: &[u8]| {
                fs::remove_file(&path).expect("the file can be removed");
                fs::write(&path, text).expect("the file can be written");
            };
            put(format!("{text}\n").as_bytes());
            Box::new(move || put(&before))
        }
        Damage::Fails(errno) => {
            let manifest = root.join("MANIFEST");
            let before = fs::read_to_string(&manifest).ok();
            let line = format!("errno {errno} {}\n", file.display());
            // The first line about a file counts.
            fs::write(&manifest, line + before.as_deref().unwrap_or_default())
                .expect("the manifest can be written");
            Box::new(move || match before {
                Some(text) => fs::write(manifest, text).expect("the manifest can be written"),
                None => fs::remove_file(manifest).expect("the manifest can be removed"),
            })
        }
    })
}
