//! Many GPUs: what finding them costs, and that one which hangs is in nobody's way.

#![allow(clippy::print_stdout, reason = "what was measured is a part of the result")]

#[allow(unreachable_pub, reason = "shared by several tests")]
mod fixtures;
#[allow(unreachable_pub, reason = "shared by several tests")]
mod machine_room;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use amdgpu_smi::backend::{Record, Tree};
use amdgpu_smi::sample::{FleetSampler, Outcome, SampleFields};
use amdgpu_smi::{Error, Smi};
use fixtures::fixture;
use machine_room::multiply;

/// A deadline that nothing here needs.
const LONG: Duration = Duration::from_secs(60);

/// Threads and descriptors are counted for the whole process, and times are measured: one test at a time.
fn alone() -> MutexGuard<'static, ()> {
    static ONE: Mutex<()> = Mutex::new(());
    ONE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn count(what: &str) -> usize {
    std::fs::read_dir(format!("/proc/self/{what}")).unwrap().count()
}

fn observed(packages: usize) -> (tempfile::TempDir, Record, Smi) {
    let room = multiply(&fixture("navi31-1x-k6.12-desktop"), packages);
    let record = Record::new(Arc::new(Tree::open(room.path()).unwrap()));
    let smi = Smi::builder().backend(Arc::new(record.clone())).build().unwrap();
    assert_eq!(smi.gpus().len(), packages);
    (room, record, smi)
}

fn fleet(smi: &Smi) -> FleetSampler {
    FleetSampler::new(smi.gpus().iter().map(|gpu| gpu.sampler(SampleFields::MONITOR)).collect()).unwrap()
}

/// What a tick gave, as letters: S(ampled), O(verdue), L(ate), F(ailed).
fn letters(fleet: &mut FleetSampler, deadline: Duration) -> String {
    let letter = |outcome| match outcome {
        Outcome::Sampled(sample) => {
            let socket = &sample.power.as_ref().unwrap()[0];
            assert!(socket.average.is_ok() || socket.instantaneous.is_ok());
            'S'
        }
        Outcome::Overdue(_) => 'O',
        Outcome::Late(_) => 'L',
        Outcome::Failed(_) => 'F',
        other => panic!("{other:?}"),
    };
    fleet.tick(deadline).map(|(_, outcome)| letter(outcome)).collect()
}

/// At most 60 calls a GPU, and no more of them where there are more GPUs.
#[test]
fn discovery_is_linear() {
    let _alone = alone();
    let calls = |packages| {
        let (_room, record, _) = observed(packages);
        record.calls().len()
    };
    let (one, eight, many) = (calls(1), calls(8), calls(64));
    assert!(eight <= 8 * 60, "{eight} calls for 8 GPUs");
    assert!(many <= 64 * 60, "{many} calls for 64 GPUs");
    println!("{one}, {eight} and {many} calls to find 1, 8 and 64 GPUs");
    let each = (many - one) as f64 / 63.0 / ((eight - one) as f64 / 7.0);
    assert!(each <= 1.3, "{one}, {eight}, {many} calls for 1, 8 and 64 GPUs");
}

/// Side by side: eight GPUs take as long as the slowest one.
#[test]
fn eight_slow_gpus_take_as_long_as_one() {
    let _alone = alone();
    let (_room, record, smi) = observed(8);
    let mut sampler = smi.gpus()[0].sampler(SampleFields::MONITOR);
    let mut fleet = fleet(&smi);
    sampler.sample().unwrap();
    assert_eq!(letters(&mut fleet, LONG), "SSSSSSSS");
    record.set_latency(Duration::from_millis(5));
    let slowest = fleet_took(&mut fleet);
    let started = Instant::now();
    sampler.sample().unwrap();
    let one = started.elapsed();
    println!("eight GPUs {slowest:?}, one GPU {one:?}");
    assert!(one >= Duration::from_millis(75));
    assert!(slowest < one.mul_f64(1.5), "eight GPUs {slowest:?}, one GPU {one:?}");
}

fn fleet_took(fleet: &mut FleetSampler) -> Duration {
    let started = Instant::now();
    assert_eq!(letters(fleet, LONG), "SSSSSSSS");
    started.elapsed()
}

/// A GPU that the kernel waits for is late, tick after tick; the others are on time, and nothing is used up.
#[test]
fn one_that_hangs_delays_nobody() {
    let _alone = alone();
    let (_room, record, smi) = observed(8);
    let mut fleet = fleet(&smi);
    assert_eq!(letters(&mut fleet, LONG), "SSSSSSSS");
    let hung = &smi.gpus()[3];
    record.hang("/sys/devices/pci0003:00");
    assert_eq!(hung.bdf().domain, 3);
    let started = Instant::now();
    assert_eq!(letters(&mut fleet, Duration::from_millis(300)), "SSSLSSSS");
    assert!(started.elapsed() >= Duration::from_millis(300), "it had its time to answer");
    let (threads, descriptors) = (count("task"), count("fd"));
    let mut longest = Duration::ZERO;
    for tick in 0..1000 {
        let started = Instant::now();
        // Not waited for again: the tick ends when the other seven are there, long before its deadline.
        assert_eq!(letters(&mut fleet, LONG), "SSSLSSSS", "tick {tick}");
        longest = longest.max(started.elapsed());
        record.clear();
    }
    println!("longest of 1000 ticks beside a GPU that hangs: {longest:?}");
    assert!(longest < Duration::from_secs(5));
    assert_eq!((count("task"), count("fd")), (threads, descriptors));
    // The kernel lets go: what it answered is heard of, as old, and then it is a GPU like the others.
    record.heal();
    std::thread::sleep(Duration::from_millis(200));
    assert_eq!(letters(&mut fleet, LONG), "SSSOSSSS");
    assert_eq!(letters(&mut fleet, LONG), "SSSSSSSS");
    drop(fleet);
    let until = Instant::now() + Duration::from_secs(10);
    while count("task") > threads - 8 {
        assert!(Instant::now() < until, "the threads did not end");
        std::thread::yield_now();
    }
}

/// One that always needs longer than the deadline is heard of at every other tick.
#[test]
fn one_that_is_always_late_is_heard_of() {
    let _alone = alone();
    let (_room, record, smi) = observed(1);
    let mut fleet = fleet(&smi);
    assert_eq!(letters(&mut fleet, LONG), "S");
    record.set_latency(Duration::from_millis(2));
    let mut heard = String::new();
    for _ in 0..6 {
        heard += &letters(&mut fleet, Duration::from_millis(5));
        std::thread::sleep(Duration::from_millis(500));
    }
    assert_eq!(heard, "LOLOLO");
}

/// Dropping a fleet does not wait for a GPU that hangs.
#[test]
fn dropping_waits_for_nothing() {
    let _alone = alone();
    let (_room, record, smi) = observed(2);
    let mut fleet = fleet(&smi);
    record.hang("/sys/devices/pci0001:00");
    assert_eq!(letters(&mut fleet, Duration::from_millis(100)), "SL");
    let started = Instant::now();
    drop(fleet);
    assert!(started.elapsed() < Duration::from_secs(5));
    record.heal();
}

/// Fewer threads than GPUs: all are sampled, after each other.
#[test]
fn few_threads_do() {
    let _alone = alone();
    let (_room, _, smi) = observed(5);
    let before = count("task");
    let samplers = smi.gpus().iter().map(|gpu| gpu.sampler(SampleFields::MONITOR)).collect();
    let mut fleet = FleetSampler::with_threads(samplers, 2).unwrap();
    assert_eq!(count("task"), before + 2);
    assert_eq!(letters(&mut fleet, LONG), "SSSSS");
    let mut none = FleetSampler::new(Vec::new()).unwrap();
    assert_eq!(none.tick(LONG).count(), 0);
}

/// Eight packages of eight partitions: within 1024 descriptors, with half of them to spare; the partitions of a
/// package are sampled by one thread, and are late together.
#[test]
fn sixty_four_partitions() {
    let _alone = alone();
    let room = multiply(&fixture("mi300x-1x-k6.12-cpx-nps4"), 8);
    let record = Record::new(Arc::new(Tree::open(room.path()).unwrap()));
    let smi = Smi::builder().backend(Arc::new(record.clone())).build().unwrap();
    assert_eq!(smi.gpus().len(), 64);
    assert!(smi.gpus().iter().all(|gpu| gpu.is_partition()));
    let (threads, descriptors) = (count("task"), count("fd"));
    let mut fleet = fleet(&smi);
    assert_eq!(count("task"), threads + 8);
    for _ in 0..3 {
        assert_eq!(letters(&mut fleet, LONG), "S".repeat(64));
    }
    let kept = count("fd") - descriptors;
    println!("64 partitions keep {kept} descriptors, {} with all else of this process", count("fd"));
    // The attributes, and each handle's hwmon.
    assert!(kept <= 512 + 64, "{kept} descriptors");
    assert!(count("fd") < 1024);
    record.hang("/sys/devices/pci0002:00");
    let late = format!("{}{}{}", "S".repeat(16), "L".repeat(8), "S".repeat(40));
    assert_eq!(letters(&mut fleet, Duration::from_millis(500)), late);
    assert_eq!(letters(&mut fleet, LONG), late);
    record.heal();
}

/// A GPU that goes fails alone, and can be looked for.
#[test]
fn one_that_goes_fails_alone() {
    let _alone = alone();
    let (_room, record, smi) = observed(3);
    let mut fleet = fleet(&smi);
    assert_eq!(letters(&mut fleet, LONG), "SSS");
    let gone = smi.gpus()[1].ids().package.to_string();
    for file in ["gpu_busy_percent", "power1_average", "temp1_input", "drm"] {
        let errno = if file == "drm" { 2 } else { 19 };
        let dir = if file.contains('_') && !file.starts_with("gpu") {
            format!("{gone}/hwmon/hwmon20")
        } else {
            gone.clone()
        };
        record.fail_path(format!("{dir}/{file}"), errno);
    }
    assert_eq!(letters(&mut fleet, LONG), "SFS");
    let errors: Vec<_> = fleet
        .tick(LONG)
        .filter_map(|(gpu, outcome)| match outcome {
            Outcome::Failed(error) => Some((gpu.bdf(), error.clone())),
            _ => None,
        })
        .collect();
    let [(bdf, Error::DeviceGone { .. })] = &errors[..] else { panic!("{errors:?}") };
    assert_eq!(*bdf, smi.gpus()[1].bdf());
    record.heal();
    for sampler in fleet.idle_samplers() {
        sampler.reattach().unwrap();
    }
    assert_eq!(letters(&mut fleet, LONG), "SSS");
    // From then on it is named by the handle that it was found by: a clone shares the address of its ids.
    let old: Vec<bool> =
        fleet.tick(LONG).zip(smi.gpus()).map(|((gpu, _), old)| std::ptr::eq(gpu.ids(), old.ids())).collect();
    assert_eq!(old, [true, false, true]);
}
