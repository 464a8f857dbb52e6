//! Whatever is summed counts everything once, however the packages are partitioned.

use std::sync::Mutex;

use amdgpu_smi::gpu::BadPageStatus;
use amdgpu_smi::metrics::Metrics;
use amdgpu_smi::parse::partition::ComputePartition::Cpx;
use amdgpu_smi::parse::partition::MemoryPartition::Nps4;
use amdgpu_smi::synth::{self, Demo, Kernel};
use amdgpu_smi::{Gpu, Reading};

use super::*;

fn mi300x_in_64() -> synth::Machine {
    synth::Machine::mi300x(8).kernel(Kernel::new(6, 16)).partition(Cpx, Nps4).processes(12).load(0.7)
}

fn watts(reading: Reading<amdgpu_smi::unit::MicroWatts>) -> f64 {
    reading.unwrap().watts()
}

fn bytes(reading: Reading<amdgpu_smi::unit::Bytes>) -> f64 {
    reading.unwrap().0 as f64
}

/// Values that the driver counts for a package stand there once for each of the eight.
#[test]
fn of_packages() {
    let (machine, mut observer) = made_up(&mi300x_in_64());
    let smi = machine.smi().unwrap();
    let page = observer.look(LONG);
    assert_eq!((sum(&page, Metric::Gpus), sum(&page, Metric::Packages)), (64.0, 8.0));
    assert_eq!((page.of(Metric::GpuUp).len(), sum(&page, Metric::Partitions)), (64, 64.0));
    let total = |of: &dyn Fn(&Gpu) -> f64| smi.packages().iter().map(|package| of(package)).sum::<f64>();
    let links = |gpu: &Gpu, of: &dyn Fn(&amdgpu_smi::gpu::XgmiLink) -> u64| {
        gpu.xgmi_links().unwrap().iter().map(|link| of(link) as f64 * 1e3).sum::<f64>()
    };
    for (metric, series, expected) in [
        (Metric::Power, 8, total(&|gpu| watts(gpu.power().socket))),
        (Metric::PowerCap, 8, total(&|gpu| watts(gpu.power().cap))),
        (Metric::PowerCapDefault, 8, total(&|gpu| watts(gpu.power().cap_default))),
        (Metric::PowerCapMin, 8, total(&|gpu| watts(gpu.power().cap_min))),
        (Metric::PowerCapMax, 8, total(&|gpu| watts(gpu.power().cap_max))),
        (Metric::Energy, 8, total(&|gpu| gpu.energy().unwrap().joules())),
        (Metric::VramUsed, 8, total(&|gpu| bytes(gpu.memory_usage().vram_used))),
        (Metric::VisibleVramSize, 8, total(&|gpu| bytes(gpu.memory_usage().visible_vram_total))),
        (Metric::VisibleVramUsed, 8, total(&|gpu| bytes(gpu.memory_usage().visible_vram_used))),
        (Metric::GttSize, 8, total(&|gpu| bytes(gpu.memory_usage().gtt_total))),
        (Metric::GttUsed, 8, total(&|gpu| bytes(gpu.memory_usage().gtt_used))),
        (Metric::Preempted, 8, total(&|gpu| bytes(gpu.memory_usage().preempt_used))),
        (Metric::PcieReplays, 8, total(&|gpu| *gpu.pcie_info().replay_count.unwrap() as f64)),
        (Metric::XgmiRead, 8 * 7, total(&|gpu| links(gpu, &|link| link.read.unwrap().0))),
        (Metric::XgmiWritten, 8 * 7, total(&|gpu| links(gpu, &|link| link.written.unwrap().0))),
        (
            Metric::EccErrors,
            8 * 6 * 3,
            total(&|gpu| {
                let counts = gpu.error_totals().unwrap().counts;
                [counts.correctable, counts.uncorrectable, counts.deferred].iter().flatten().sum::<u64>()
                    as f64
            }),
        ),
        (Metric::BadPages, 8 * 3, total(&|gpu| gpu.bad_pages().unwrap().len() as f64)),
    ] {
        assert_eq!(page.of(metric).len(), series, "{metric:?}");
        assert_eq!(sum(&page, metric), expected, "{metric:?}");
    }
    let reserved = |gpu: &Gpu| {
        let pages = gpu.bad_pages().unwrap();
        pages.iter().filter(|page| page.status == BadPageStatus::Reserved).count() as f64
    };
    let found = page.of(Metric::BadPages).iter().filter(|sample| has(sample, &[("state", "reserved")]));
    assert_eq!(found.map(|sample| sample.value).sum::<f64>(), total(&reserved));
}

/// The same for what only the metrics table and `ras/` tell: throttling, the link's counters, fatal errors and poison.
#[test]
fn of_tables() {
    let (machine, _) = made_up(&mi300x_in_64());
    let smi = machine.smi().unwrap();
    for (number, package) in smi.packages().iter().enumerate() {
        let text = format!(
            "current seqno: 4\nFatal Error: count:{number}, last_seqno:1\nPoison Creation: count:2, last_seqno:3\nPoison Consumption: count:1, last_seqno:4\n"
        );
        machine.set(package.sysfs_path().unwrap().join("ras/event_state"), text).unwrap();
    }
    let mut observer = observer_with(&machine, Selection::default().collector(Collector::Throttle, true));
    let page = observer.look(LONG);
    let total = |of: &dyn Fn(&Metrics) -> Option<u64>| {
        let packages = smi.packages();
        packages.iter().map(|gpu| of(&gpu.metrics().unwrap()).unwrap() as f64).sum::<f64>()
    };
    for (metric, series, expected) in [
        (Metric::ThrottleSampled, 8, total(&|table| table.throttle.residency.accumulation_counter)),
        (
            Metric::ThrottleSamples,
            8 * 5,
            total(&|Metrics { throttle, .. }| {
                let counts = &throttle.residency;
                [counts.prochot, counts.ppt, counts.socket_thm, counts.vr_thm, counts.hbm_thm]
                    .iter()
                    .copied()
                    .sum()
            }),
        ),
        (
            Metric::PcieBandwidth,
            8,
            1e9 * total(&|table| table.pcie.bandwidth_inst[0].map(|traffic| traffic.0)),
        ),
        (Metric::PcieReplayRollovers, 8, total(&|table| table.pcie.replay_rover_count_acc)),
        (Metric::PcieRecoveries, 8, total(&|table| table.pcie.l0_to_recov_count_acc)),
        (Metric::PcieNaksSent, 8, total(&|table| table.pcie.nak_sent_count_acc)),
        (Metric::PcieNaksReceived, 8, total(&|table| table.pcie.nak_rcvd_count_acc)),
        (Metric::RasEvents, 8 * 3, f64::from(1 + 2 + 3 + 4 + 5 + 6 + 7) + 8.0 * 3.0),
    ] {
        assert_eq!(page.of(metric).len(), series, "{metric:?}");
        assert_eq!(sum(&page, metric), expected, "{metric:?}");
    }
    assert!(sum(&page, Metric::ThrottleSampled) > 0.0 && sum(&page, Metric::PcieBandwidth) > 0.0);
    // Lanes and speed of a link are its package's.
    let links = |of: &dyn Fn(&Gpu) -> f64| smi.packages().iter().map(|package| of(package)).sum::<f64>();
    assert_eq!(sum(&page, Metric::PcieLanes), links(&|gpu| gpu.pcie_info().width.unwrap().value.into()));
    assert_eq!(
        sum(&page, Metric::PcieSpeed),
        links(&|gpu| f64::from(gpu.pcie_info().speed.unwrap().value.0) * 1e6)
    );
}

/// Seconds throttled, of a machine that goes on: at most those that passed, once for each package.
#[test]
fn of_throttled_time() {
    let running = Demo::by_name("mi300x-8x-cpx").unwrap().run().unwrap();
    let machine = Machine::Demo(Arc::new(Mutex::new(running)));
    let mut observer = Observer::new(machine, Selection::default(), GpuLabel::Address, &nobody()).unwrap();
    let begun = Instant::now();
    let first = observer.look(LONG);
    assert_eq!(first.of(Metric::ThrottledTime).len(), 8 * 5);
    assert_eq!(sum(&first, Metric::ThrottledTime), 0.0);
    std::thread::sleep(Duration::from_millis(1100));
    let second = observer.look(LONG);
    assert_eq!(second.of(Metric::ThrottledTime).len(), 8 * 5);
    for reason in ["ppt", "prochot"] {
        let found =
            second.of(Metric::ThrottledTime).iter().filter(|sample| has(sample, &[("reason", reason)]));
        let seconds: f64 = found.map(|sample| sample.value).sum();
        assert!(seconds <= 8.0 * (begun.elapsed().as_secs_f64() + 1.0), "{reason}: {seconds}");
    }
}

/// The same against the model that the files were written from, and against the same machine in one piece.
#[test]
fn of_the_model() {
    let states = mi300x_in_64().states().unwrap();
    let (_, mut observer) = made_up(&mi300x_in_64());
    let (_, mut whole) =
        made_up(&synth::Machine::mi300x(8).kernel(Kernel::new(6, 16)).processes(12).load(0.7));
    let (page, whole) = (observer.look(LONG), whole.look(LONG));
    let total = |of: &dyn Fn(&synth::State) -> f64| states.iter().map(of).sum::<f64>();
    assert_eq!(states.len(), 8);
    assert_eq!(sum(&page, Metric::Power), total(&|state| state.power.into()));
    assert_eq!(sum(&page, Metric::VramUsed), total(&|state| state.vram_used as f64));
    assert_eq!(sum(&page, Metric::GttUsed), total(&|state| state.gtt_used as f64));
    for metric in [
        Metric::Power,
        Metric::PowerCap,
        Metric::Energy,
        Metric::VramSize,
        Metric::VisibleVramSize,
        Metric::GttSize,
        Metric::ComputeUnits,
        Metric::PcieReplays,
    ] {
        assert!(sum(&page, metric) > 0.0 || metric == Metric::PcieReplays, "{metric:?}");
        assert_eq!(sum(&page, metric), sum(&whole, metric), "{metric:?}");
    }
}

/// Partitions have these of their own, and then their package has none.
#[test]
fn of_partitions() {
    let (machine, mut observer) = made_up(&mi300x_in_64());
    let smi = machine.smi().unwrap();
    let page = observer.look(LONG);
    let units: u32 = smi.gpus().iter().map(|gpu| gpu.asic_info().compute_units.unwrap().value).sum();
    assert_eq!(
        (page.of(Metric::ComputeUnits).len(), sum(&page, Metric::ComputeUnits)),
        (64, f64::from(units))
    );
    let vram: f64 = smi.gpus().iter().map(|gpu| bytes(gpu.memory_usage().vram_total)).sum();
    assert_eq!((page.of(Metric::VramSize).len(), sum(&page, Metric::VramSize)), (64, vram));
    assert_eq!(page.of(Metric::DieActivity).len(), 64);
    // The labels that join them.
    for sample in page.of(Metric::DieActivity) {
        let package = sample.labels().find(|(name, _)| *name == "package").unwrap().1;
        assert!(value(&page, Metric::Power, &[("package", package)]).is_some());
    }
}

/// A process counts once for each GPU that it uses, and its memory where it is.
#[test]
fn of_workloads() {
    for machine in
        [mi300x_in_64(), synth::Machine::mi210(8).processes(4), synth::Machine::navi31().processes(3)]
    {
        let (machine, mut observer) = made_up(&machine);
        let smi = machine.smi().unwrap();
        let processes = smi.processes();
        let page = observer.look(LONG);
        let shares = || processes.processes.iter().flat_map(|process| &process.gpus);
        let listed = || shares().filter(|share| share.gpu.is_some());
        assert!(listed().count() > 0);
        // A sum that lacks a part is no sum: here every process has all its values, or none has them.
        let units = |share: &amdgpu_smi::process::ProcessGpu| {
            share.compute_units.as_ref().map_or(0.0, |units| units.value.into())
        };
        let gtt = |share: &amdgpu_smi::process::ProcessGpu| {
            share.gtt.as_ref().map_or(0.0, |bytes| bytes.value.0 as f64)
        };
        for (metric, expected) in [
            (Metric::Processes, listed().count() as f64),
            (Metric::WorkloadProcesses, listed().count() as f64),
            (Metric::WorkloadVram, listed().map(|share| share.own_vram().0 as f64).sum()),
            (Metric::WorkloadGtt, listed().map(gtt).sum()),
            (Metric::WorkloadComputeUnits, listed().map(units).sum()),
            (
                Metric::WorkloadEngineTime,
                listed().flat_map(|share| &share.engines).map(|engine| engine.time.0 as f64 / 1e9).sum(),
            ),
        ] {
            let found = sum(&page, metric);
            assert!((found - expected).abs() <= expected * 1e-12, "{metric:?}: {found}, expected {expected}");
        }
        assert!(sum(&page, Metric::WorkloadVram) <= sum(&page, Metric::VramUsed));
    }
}

/// The second die of a card has no power of its own: the card's stands there once.
#[test]
fn of_cards_with_two_dies() {
    let (machine, mut observer) = made_up(&synth::Machine::mi210(2).load(0.4));
    let page = observer.look(LONG);
    let power: f64 = machine
        .smi()
        .unwrap()
        .packages()
        .iter()
        .filter_map(|gpu| gpu.power().socket.ok())
        .map(|power| power.watts())
        .sum();
    assert_eq!(sum(&page, Metric::Power), power);
}
