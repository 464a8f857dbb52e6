//! Whatever is summed counts everything once, however the packages are partitioned.

use amdgpu_smi::gpu::BadPageStatus;
use amdgpu_smi::parse::partition::ComputePartition::Cpx;
use amdgpu_smi::parse::partition::MemoryPartition::Nps4;
use amdgpu_smi::synth::{self, Kernel};
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
