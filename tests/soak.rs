//! Opened and dropped again and again: descriptors, threads and memory stay what they were.
//!
//! Ten thousand times with the other tests; `AMDGPU_SMI_SOAK` says how often, `scripts/soak` a million.
#![allow(clippy::print_stdout, reason = "what it took is a part of the result")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use amdgpu_smi::Smi;
use amdgpu_smi::backend::Tree;
use amdgpu_smi::sample::{FleetSampler, Outcome, SampleFields};
use amdgpu_smi::testing::TestMachine;
use support::fixtures;

const DESKTOP: &str = "navi31-1x-k6.12-desktop";
const LAPTOP: &str = "phoenix-navi33-2x-k6.10-hybrid-foreign-card0";

/// The resources held by this process.
#[derive(Debug, Clone, Copy)]
struct Held {
    descriptors: usize,
    threads: usize,
    kibibytes: u64,
}

fn held() -> Held {
    let entries = |dir: &str| std::fs::read_dir(dir).unwrap().count();
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap();
    let resident: u64 = pages.split(' ').nth(1).unwrap().parse().unwrap();
    Held {
        descriptors: entries("/proc/self/fd"),
        threads: entries("/proc/self/task"),
        kibibytes: resident * rustix::param::page_size() as u64 / 1024,
    }
}

/// Threads that were told to end take a moment.
fn settled(threads: usize) -> Held {
    let patience = Instant::now() + Duration::from_secs(30);
    while held().threads > threads && Instant::now() < patience {
        std::thread::sleep(Duration::from_millis(1));
    }
    held()
}

/// Does something so often, and compares what is held after a tenth of it and at the end.
fn soak(what: &str, times: usize, mut once: impl FnMut()) {
    let begun = Instant::now();
    let idle = held().threads;
    for _ in 0..(times / 10).max(10) {
        once();
    }
    let before = settled(idle);
    for _ in 0..times {
        once();
    }
    let after = settled(idle);
    println!(
        "soak: {times} {what}: descriptors {} to {}, threads {} to {}, memory {} to {} KiB, {:.1} s",
        before.descriptors,
        after.descriptors,
        before.threads,
        after.threads,
        before.kibibytes,
        after.kibibytes,
        begun.elapsed().as_secs_f64()
    );
    assert_eq!((after.descriptors, after.threads), (before.descriptors, before.threads), "{what}");
    // An allocator keeps a little more or less; a leak of a few bytes each time would be more than this in a million.
    assert!(after.kibibytes <= before.kibibytes + 2048, "{what}: {before:?}, {after:?}");
}

/// One test, for what a process holds is what all of its tests hold.
#[test]
fn nothing_is_kept() {
    let times = std::env::var("AMDGPU_SMI_SOAK").ok().map_or(10_000, |times| times.parse().unwrap());
    let root = fixtures::fixture(DESKTOP);
    let idle = held().threads;
    soak("Smi opened and dropped", times, || {
        assert_eq!(Smi::builder().root(&root).build().unwrap().gpus().len(), 1);
    });

    let smi = Smi::builder().root(&root).build().unwrap();
    let gpu = &smi.gpus()[0];
    let mut sampler = gpu.sampler(SampleFields::MONITOR).keep_awake(true);
    soak("samples", times, || {
        let sample = sampler.sample().unwrap();
        assert!(sample.temperatures.is_ok() && sample.power.is_ok() && sample.frequencies.is_ok());
        assert!(sample.voltages.is_ok() && sample.fans.is_ok());
    });
    drop(sampler);
    soak("samplers of all fields", times / 100, || {
        let mut sampler = gpu.sampler(SampleFields::all());
        sampler.sample().unwrap();
        sampler.sample().unwrap();
    });

    let laptop = TestMachine::open(fixtures::fixture(LAPTOP)).unwrap();
    let pair = laptop.smi().unwrap();
    let fleet = |smi: &Smi| {
        let samplers =
            smi.gpus().iter().map(|gpu| gpu.sampler(SampleFields::VRAM).keep_awake(true)).collect();
        FleetSampler::new(samplers).unwrap()
    };
    let patience = Duration::from_secs(60);
    let mut ticking = fleet(&pair);
    soak("ticks of a fleet", times / 10, || {
        laptop.record().clear();
        assert!(ticking.tick(patience).all(|(_, outcome)| matches!(outcome, Outcome::Sampled(_))));
    });
    drop(ticking);
    assert_eq!(settled(idle).threads, idle);
    soak("fleets", times / 100, || {
        laptop.record().clear();
        assert_eq!(fleet(&pair).tick(patience).count(), 2);
    });

    let tree = Tree::open(&root).unwrap();
    let smi = Smi::builder().backend(Arc::new(tree.clone())).build().unwrap();
    let id = smi.gpus()[0].ids().kfd_id.clone().unwrap();
    soak("event sets, each with an event", times / 10, || {
        let mut events = smi.events().open().unwrap();
        tree.emit(id, "3 1 job hang on ring:gfx_0.0.0");
        assert!(events.try_next().unwrap().is_some());
    });

    let bdf = pair.gpus()[0].bdf();
    soak("GPUs pulled and put back", times / 100, || {
        laptop.record().clear();
        laptop.remove(bdf).unwrap();
        assert_eq!(pair.rescan().unwrap().gpus().len(), 1);
        laptop.restore();
        assert_eq!(pair.rescan().unwrap().gpus().len(), 2);
    });
}
