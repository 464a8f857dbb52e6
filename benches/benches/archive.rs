//! The cost of a machine in an archive, compared with the same machine in a directory: opening it, finding the GPUs,
//! sampling.
//!
//! The directory is in memory, too, and the kernel resolves its links, so both are as fast as possible.

#![allow(clippy::print_stdout, reason = "a benchmark's result")]

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use amdgpu_smi::backend::{Archive, Backend, Tree};
use amdgpu_smi::capture::{Capture, Redact};
use amdgpu_smi::sample::SampleFields;
use amdgpu_smi::{Gpu, Smi};
use support::machine_room;

const ROUNDS: usize = 301;

fn main() {
    let memory = Path::new("/dev/shm");
    let folder = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
    let folder = folder.expect("a folder");
    for (fixture, packages) in [("mi300x-1x-k6.12-spx", 8), ("navi31-1x-k6.12-desktop", 8)] {
        let root = folder.path().join(fixture);
        std::fs::create_dir(&root).expect("a folder");
        machine_room::multiply_into(&support::fixtures::fixture(fixture), packages, &root);
        let capture =
            Capture::new().redact(Redact::Nothing).record(&Smi::builder().root(&root)).expect("a recording");
        let path = folder.path().join(format!("{fixture}.tar"));
        capture.write(std::fs::File::create(&path).expect("a file")).expect("an archive");
        let bytes = std::fs::metadata(&path).expect("the archive").len();
        println!("{packages} x {fixture}: {} entries, {} KiB", capture.entry_count(), bytes / 1024);
        compare(&root, &path);
    }
}

fn compare(root: &Path, path: &Path) {
    let find = |backend: Arc<dyn Backend>| Smi::builder().backend(backend).build().expect("the machine");
    let tree: Arc<dyn Backend> = Arc::new(Tree::open(root).expect("the tree"));
    let archive: Arc<dyn Backend> = Arc::new(Archive::open(path).expect("the archive"));
    race(
        "open the archive",
        || Archive::open(path).expect("the archive"),
        "find the GPUs of the tree",
        || find(tree.clone()),
    );
    race(
        "open it and find the GPUs",
        || find(Arc::new(Archive::open(path).expect("the archive"))),
        "open the tree and find them",
        || find(Arc::new(Tree::open(root).expect("the tree"))),
    );
    race("find the GPUs", || find(archive.clone()), "of the tree", || find(tree.clone()));
    let [in_archive, in_tree] = [&archive, &tree].map(|backend| find(backend.clone()).gpus()[0].clone());
    for (what, fields) in [("monitor sample", SampleFields::MONITOR), ("everything", SampleFields::all())] {
        let sampler = |gpu: &Gpu| {
            let mut sampler = gpu.sampler(fields).keep_awake(true);
            move || drop(sampler.sample().map(drop))
        };
        race(what, sampler(&in_archive), "of the tree", sampler(&in_tree));
    }
}

/// By turns, so that both meet the same disturbances; medians.
fn race<A, B>(ours: &str, mut one: impl FnMut() -> A, theirs: &str, mut other: impl FnMut() -> B) {
    let (mut first, mut second) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let start = Instant::now();
        let kept = one();
        first.push(start.elapsed());
        drop(kept);
        let start = Instant::now();
        let kept = other();
        second.push(start.elapsed());
        drop(kept);
    }
    let median = |times: &mut Vec<Duration>| {
        times.sort_unstable();
        times[times.len() / 2]
    };
    let [one, other] = [median(&mut first), median(&mut second)].map(|time| time.as_secs_f64() * 1e6);
    println!("  {ours}: {one:.1} µs, {theirs} {other:.1} µs, {:.2}", one / other);
}
