//! Many GPUs: what finding them costs, and that one which hangs is in nobody's way.

use std::sync::Arc;
use std::time::{Duration, Instant};

use amdgpu_smi::backend::{Record, Tree};
use amdgpu_smi::sample::{FleetSampler, Outcome, SampleFields};
use amdgpu_smi::{Error, Smi};
use support::fixtures::fixture;
use support::machine_room::multiply;

use crate::{alone, descriptors, threads, wait_for_threads};

/// A deadline that nothing here needs.
const LONG: Duration = Duration::from_secs(60);

/// A deadline that a GPU which hangs lets pass, and all others keep on a busy machine, too.
const PATIENCE: Duration = Duration::from_secs(2);

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

/// The outcomes of a tick as letters: S(ampled), O(verdue), L(ate), F(ailed).
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

/// Ticks as long as the answer is `late`; the first other one.
fn after(late: &str, fleet: &mut FleetSampler, deadline: Duration) -> String {
    let patience = Instant::now() + LONG;
    loop {
        let now = letters(fleet, deadline);
        if now != late {
            return now;
        }
        assert!(Instant::now() < patience, "still {late}");
        std::thread::sleep(Duration::from_millis(1));
    }
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

/// Side by side: eight GPUs take less than they would one after another. The benchmarks have figures.
#[test]
fn eight_slow_gpus_are_sampled_side_by_side() {
    let _alone = alone();
    let (_room, record, smi) = observed(8);
    let mut fleet = fleet(&smi);
    assert_eq!(letters(&mut fleet, LONG), "SSSSSSSS");
    record.clear();
    assert_eq!(letters(&mut fleet, LONG), "SSSSSSSS");
    let calls = u32::try_from(record.calls().len()).unwrap();
    assert!(calls >= 8 * 10);
    let latency = Duration::from_millis(5);
    record.set_latency(latency);
    // A busy machine may make some ticks long, not all.
    let mut tick = || {
        let started = Instant::now();
        assert_eq!(letters(&mut fleet, LONG), "SSSSSSSS");
        started.elapsed()
    };
    let in_turn = latency * calls;
    assert!((0..50).any(|_| tick() < in_turn / 2), "no tick took less than half of {in_turn:?}");
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
    assert_eq!(letters(&mut fleet, PATIENCE), "SSSLSSSS");
    assert!(started.elapsed() >= PATIENCE, "it had its time to answer");
    let held = (threads(), descriptors());
    let begun = Instant::now();
    for tick in 0..1000 {
        // Not waited for again: the tick ends when the other seven are there, long before its deadline.
        assert_eq!(letters(&mut fleet, LONG), "SSSLSSSS", "tick {tick}");
        record.clear();
    }
    // A thousand deadlines would be hours.
    println!("1000 ticks beside a GPU that hangs: {:?}", begun.elapsed());
    assert_eq!((threads(), descriptors()), held);
    // The kernel lets go: what it answered is heard of, as old, and then it is a GPU like the others.
    record.heal();
    assert_eq!(after("SSSLSSSS", &mut fleet, LONG), "SSSOSSSS");
    assert_eq!(letters(&mut fleet, LONG), "SSSSSSSS");
    drop(fleet);
    wait_for_threads(0);
}

/// One that always needs longer than the deadline is heard of at every other tick.
#[test]
fn one_that_is_always_late_is_heard_of() {
    let _alone = alone();
    let (_room, record, smi) = observed(1);
    let mut fleet = fleet(&smi);
    assert_eq!(letters(&mut fleet, LONG), "S");
    record.set_latency(Duration::from_millis(20));
    for _ in 0..3 {
        assert_eq!(letters(&mut fleet, Duration::from_millis(5)), "L");
        assert_eq!(after("L", &mut fleet, Duration::from_millis(5)), "O");
    }
}

/// Dropping a fleet does not wait for a GPU that hangs.
#[test]
fn dropping_waits_for_nothing() {
    let _alone = alone();
    let (_room, record, smi) = observed(2);
    let mut fleet = fleet(&smi);
    record.hang("/sys/devices/pci0001:00");
    assert_eq!(letters(&mut fleet, PATIENCE), "SL");
    // Would never return if it waited: the GPU answers only afterwards.
    drop(fleet);
    record.heal();
}

/// Fewer threads than GPUs: all are sampled, after each other.
#[test]
fn few_threads_do() {
    let _alone = alone();
    let (_room, _, smi) = observed(5);
    let samplers = smi.gpus().iter().map(|gpu| gpu.sampler(SampleFields::MONITOR)).collect();
    let mut fleet = FleetSampler::with_threads(samplers, 2).unwrap();
    wait_for_threads(2);
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
    let open = descriptors();
    let mut fleet = fleet(&smi);
    wait_for_threads(8);
    for _ in 0..3 {
        assert_eq!(letters(&mut fleet, LONG), "S".repeat(64));
    }
    let kept = descriptors() - open;
    println!("64 partitions keep {kept} descriptors, {} with all else of this process", descriptors());
    // The attributes, and each handle's hwmon.
    assert!(kept <= 512 + 64, "{kept} descriptors");
    assert!(descriptors() < 1024);
    record.hang("/sys/devices/pci0002:00");
    let late = format!("{}{}{}", "S".repeat(16), "L".repeat(8), "S".repeat(40));
    assert_eq!(letters(&mut fleet, PATIENCE), late);
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
