//! The exporter without a GPU: values, absent values, sums, a GPU that goes and comes back, sleeps, hangs, is split anew.

mod sums;
mod surroundings;

use std::sync::Arc;
use std::time::{Duration, Instant};

use amdgpu_smi::Smi;
use amdgpu_smi::backend::Archive;
use amdgpu_smi::parse::partition::ComputePartition::Spx;
use amdgpu_smi::synth;
use amdgpu_smi::testing::TestMachine as Played;
use amdgpu_smi_exporter::catalogue::{Collector, Metric};
use amdgpu_smi_exporter::exposition::MetricNames;
use amdgpu_smi_exporter::machine::Machine;
use amdgpu_smi_exporter::observer::{GpuLabel, Observer};
use amdgpu_smi_exporter::own::Own;
use amdgpu_smi_exporter::page::{Page, Sample};
use amdgpu_smi_exporter::pages::Pages;
use amdgpu_smi_exporter::selection::Selection;
use amdgpu_smi_exporter::workload::Schedulers;

const DESKTOP: &str = "navi31-1x-k6.12-desktop";
const LAPTOP: &str = "phoenix-navi33-2x-k6.10-hybrid-foreign-card0";
const CARD: &str = "0000:03:00.0";
/// Longer than anything here takes.
const LONG: Duration = Duration::from_secs(60);

/// No scheduler, whatever this machine has.
fn nobody() -> Schedulers {
    Schedulers { kubelet: Vec::new(), slurm: "/nowhere".into() }
}

fn observer_with(played: &Played, selection: Selection) -> Observer {
    Observer::new(Machine::Backend(played.backend()), selection, GpuLabel::Address, &nobody()).unwrap()
}

fn observer(played: &Played) -> Observer {
    observer_with(played, Selection::default().collector(Collector::Absent, true))
}

fn fixture(name: &str) -> (Played, Observer) {
    let played = Played::open(support::fixtures::fixture(name)).unwrap();
    let observer = observer(&played);
    (played, observer)
}

fn made_up(machine: &synth::Machine) -> (Played, Observer) {
    let archive = Archive::from_bytes(machine.archive().unwrap()).unwrap();
    let played = Played::over(Arc::new(archive)).unwrap();
    let observer = observer(&played);
    (played, observer)
}

fn has(sample: &Sample, wanted: &[(&str, &str)]) -> bool {
    wanted.iter().all(|wanted| sample.labels().any(|label| label == *wanted))
}

/// The value of the one series with these labels.
fn value(page: &Page, metric: Metric, labels: &[(&str, &str)]) -> Option<f64> {
    let mut found = page.of(metric).iter().filter(|sample| has(sample, labels));
    let value = found.next().map(|sample| sample.value);
    assert!(found.next().is_none(), "{metric:?} has several series with {labels:?}");
    value
}

fn sum(page: &Page, metric: Metric) -> f64 {
    page.of(metric).iter().map(|sample| sample.value).sum()
}

#[test]
fn values() {
    let (machine, mut observer) = fixture(DESKTOP);
    let hwmon = format!("/sys/bus/pci/devices/{CARD}/hwmon/hwmon4");
    machine.set(format!("{hwmon}/temp1_input"), "45500\n").unwrap();
    machine.set(format!("{hwmon}/power1_average"), "120000000\n").unwrap();
    let page = observer.look(LONG);
    let edge = [("gpu", CARD), ("sensor", "edge")];
    assert_eq!(value(&page, Metric::Temperature, &edge), Some(45.5));
    assert_eq!(value(&page, Metric::Power, &[("gpu", CARD), ("index", "0"), ("package", CARD)]), Some(120.0));
    assert_eq!(value(&page, Metric::GpuUp, &[("gpu", CARD)]), Some(1.0));
    assert_eq!(value(&page, Metric::Up, &[]), Some(1.0));
    // The files are open now: the next page has what the driver says then.
    machine.set(format!("{hwmon}/temp1_input"), "46000\n").unwrap();
    assert_eq!(value(&observer.look(LONG), Metric::Temperature, &edge), Some(46.0));
}

#[test]
fn an_absent_value_is_absent_and_says_why() {
    let (machine, mut observer) = fixture(DESKTOP);
    machine.fail_path("mem_info_vram_used", 13);
    let page = observer.look(LONG);
    let absent = [("quantity", "amdgpu_vram_used_bytes"), ("reason", "no permission")];
    assert_eq!(value(&page, Metric::Absent, &absent), Some(1.0));
    assert_eq!(page.of(Metric::VramUsed), []);
    assert_eq!(page.of(Metric::Power).len(), 1, "one file spoils one value");
    let quiet = observer_with(&machine, Selection::default()).look(LONG);
    assert_eq!(quiet.of(Metric::Absent), [], "only on request");
}

#[test]
fn a_gpu_in_reset_is_up_and_silent() {
    let (machine, mut observer) = fixture(DESKTOP);
    machine.reset(CARD.parse().unwrap()).unwrap();
    let page = observer.look(LONG);
    assert_eq!(value(&page, Metric::GpuUp, &[("gpu", CARD)]), Some(1.0));
    assert_eq!(page.of(Metric::Power), []);
    assert!(page.of(Metric::Absent).iter().any(|sample| has(sample, &[("reason", "in reset")])));
}

#[test]
fn a_sleeping_gpu_is_let_sleep() {
    let (machine, mut observer) = fixture(DESKTOP);
    machine.suspend(CARD.parse().unwrap()).unwrap();
    let page = observer.look(LONG);
    assert_eq!(value(&page, Metric::GpuAsleep, &[("gpu", CARD)]), Some(1.0));
    assert_eq!(page.of(Metric::VramUsed).len(), 1, "this is told in sleep");
    assert_eq!(machine.wakes(), 0);
}

#[test]
fn a_gpu_that_went_is_down_until_it_is_back() {
    let (machine, mut observer) = fixture(LAPTOP);
    let smi = machine.smi().unwrap();
    let [first, second] = [0, 1].map(|index| smi.gpus()[index].bdf());
    let up = |page: &Page, gpu: amdgpu_smi::id::Bdf| value(page, Metric::GpuUp, &[("gpu", &gpu.to_string())]);
    observer.look(LONG);
    machine.remove(first).unwrap();
    for _ in 0..2 {
        let page = observer.look(LONG);
        assert_eq!((up(&page, first), up(&page, second)), (Some(0.0), Some(1.0)));
        assert_eq!(sum(&page, Metric::Gpus), 1.0);
    }
    machine.restore();
    let page = observer.look(LONG);
    assert_eq!((up(&page, first), up(&page, second)), (Some(1.0), Some(1.0)));
}

#[test]
fn a_package_is_split_anew_between_two_pages() {
    let (machine, mut observer) = fixture("mi300x-1x-k6.12-cpx-nps4");
    let package = machine.smi().unwrap().packages()[0].bdf();
    assert_eq!(sum(&observer.look(LONG), Metric::Gpus), 8.0);
    machine.repartition(package, &Spx).unwrap();
    let page = observer.look(LONG);
    assert_eq!(sum(&page, Metric::Gpus), 1.0);
    assert_eq!(page.of(Metric::GpuUp).len(), 1, "no partition that is no more");
    assert_eq!(page.of(Metric::Power).len(), 1);
}

/// One of eight hangs: it is late, the others have their values, and only the first page waits for it.
#[test]
fn a_gpu_that_hangs_is_late_alone() {
    let (machine, mut observer) = made_up(&synth::Machine::mi300x(8));
    let all = machine.smi().unwrap().gpus().len() as f64;
    assert_eq!(sum(&observer.look(LONG), Metric::GpuUp), all);
    let hung = machine.smi().unwrap().gpus()[3].bdf().to_string();
    let path = machine.smi().unwrap().gpus()[3].sysfs_path().unwrap();
    machine.record().hang(path.join("gpu_busy_percent"));
    let page = observer.look(Duration::from_millis(500));
    assert_eq!(sum(&page, Metric::GpuLate), 1.0);
    assert_eq!(value(&page, Metric::GpuLate, &[("gpu", &hung)]), Some(1.0));
    assert_eq!(page.of(Metric::Power).len(), 7);
    let begun = Instant::now();
    let page = observer.look(LONG);
    assert!(begun.elapsed() < LONG / 2, "what is known to hang is not waited for");
    assert_eq!(page.of(Metric::Power).len(), 7);
}

/// Another scraper comes with less time while a look waits for a GPU that hangs: neither gets its page late.
#[tokio::test]
async fn nobody_waits_longer_than_they_can() {
    let (machine, observer) = made_up(&synth::Machine::mi300x(8));
    let pages = Pages::new(observer, Own::default(), MetricNames::Own).unwrap();
    assert!(!pages.are_ready());
    let power = |page: &Page| page.of(Metric::Power).len();
    assert_eq!(power(pages.page(LONG).await.unwrap().page()), 8);
    assert!(pages.are_ready());
    let path = machine.smi().unwrap().gpus()[3].sysfs_path().unwrap();
    machine.record().hang(path.join("gpu_busy_percent"));
    let begun = Instant::now();
    let (patient, hasty) = tokio::join!(pages.page(LONG), async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        pages.page(Duration::from_secs(2)).await
    });
    assert!(begun.elapsed() < Duration::from_millis(2100), "{:?}", begun.elapsed());
    for answer in [patient, hasty] {
        let answer = answer.expect("a page in time");
        assert_eq!((power(answer.page()), sum(answer.page(), Metric::GpuLate)), (7, 1.0));
    }
}

#[tokio::test]
async fn it_is_ready_once_the_machine_has_answered() {
    let machine = Played::open(support::fixtures::fixture(DESKTOP)).unwrap();
    machine.record().hang("/sys/class/drm");
    let pages = Pages::new(observer(&machine), Own::default(), MetricNames::Own).unwrap();
    assert!(pages.page(Duration::from_millis(500)).await.is_some());
    assert!(!pages.are_ready());
    machine.record().heal();
    assert!(pages.page(LONG).await.is_some() && pages.are_ready());
}

/// The scan itself hangs at first: whether there is a GPU is not known, which is not 0. Its late answer counts.
#[test]
fn a_scan_that_is_late_says_nothing_of_gpus() {
    let machine = Played::open(support::fixtures::fixture(DESKTOP)).unwrap();
    machine.record().hang("/sys/class/drm");
    let mut observer = observer(&machine);
    for _ in 0..2 {
        let page = observer.look(Duration::from_millis(100));
        assert_eq!((page.of(Metric::Up), page.of(Metric::GpuUp)), (&[][..], &[][..]));
    }
    machine.record().heal();
    assert_eq!(value(&observer.look(LONG), Metric::Up, &[]), Some(1.0));
}

/// A GPU hangs where every scan reads, before the first one: the others are there all the same, and it is back with its own.
#[test]
fn a_scan_that_hangs_at_one_gpu_finds_the_others() {
    let machine = Played::open(support::fixtures::fixture(LAPTOP)).unwrap();
    let smi = machine.smi().unwrap();
    let (hung, other) = (smi.gpus()[0].bdf(), smi.gpus()[1].bdf());
    machine.record().hang(smi.gpus()[0].sysfs_path().unwrap());
    let mut observer = observer(&machine);
    let up = |page: &Page, gpu: amdgpu_smi::id::Bdf| value(page, Metric::GpuUp, &[("gpu", &gpu.to_string())]);
    for _ in 0..2 {
        let page = observer.look(Duration::from_secs(4));
        assert_eq!(up(&page, other), Some(1.0));
        assert_ne!(up(&page, hung), Some(1.0));
    }
    machine.record().heal();
    let both = (0..100).find_map(|_| {
        let page = observer.look(LONG);
        (up(&page, hung) == Some(1.0) && up(&page, other) == Some(1.0)).then_some(page)
    });
    assert_eq!(
        both.expect("both are back").of(Metric::GpuLate).iter().map(|late| late.value).sum::<f64>(),
        0.0
    );
}

/// One process's files hang: the others' are there from the second page on.
#[test]
fn a_process_that_hangs_hides_no_other() {
    let machine = Played::open(support::fixtures::fixture("mi210-navi31-2x-k6.12-processes")).unwrap();
    let mut observer = observer(&machine);
    let all = sum(&observer.look(LONG), Metric::WorkloadProcesses);
    let pid = machine.smi().unwrap().processes().processes[0].pid.0;
    machine.record().hang(format!("/proc/{pid}/fdinfo"));
    assert_eq!(sum(&observer.look(Duration::from_secs(1)), Metric::WorkloadProcesses), 0.0);
    let others = sum(&observer.look(Duration::from_secs(4)), Metric::WorkloadProcesses);
    assert!(others > 0.0 && others <= all, "{others} of {all}");
}

#[test]
fn a_machine_without_a_driver_is_a_page() {
    let (_, mut observer) = fixture("none-0x-k6.12-no-driver");
    let page = observer.look(LONG);
    assert_eq!(value(&page, Metric::Up, &[]), Some(0.0));
    assert_eq!(page.of(Metric::GpuUp), []);
    assert!(observer.trouble().unwrap().to_string().contains("no amdgpu driver"));
}

#[test]
fn events_are_counted_on_request() {
    let machine = Played::open(support::fixtures::fixture(DESKTOP)).unwrap();
    let gpu = machine.smi().unwrap().gpus()[0].ids().kfd_id.clone().unwrap();
    let mut observer = observer_with(&machine, Selection::default().collector(Collector::Events, true));
    let resets = [("gpu", CARD), ("event", "gpu_pre_reset")];
    assert_eq!(value(&observer.look(LONG), Metric::Events, &resets), None);
    for expected in [1.0, 2.0] {
        assert_eq!(machine.emit(gpu, "3 1 job hang on ring:gfx_0.0.0").delivered, 1);
        // A thread fetches it.
        let counted = (0..600).find_map(|_| {
            std::thread::sleep(Duration::from_millis(10));
            value(&observer.look(LONG), Metric::Events, &resets).filter(|count| *count == expected)
        });
        assert_eq!(counted, Some(expected));
    }
}

#[test]
fn names_of_gpus_and_labels_are_a_choice() {
    let machine = Played::open(support::fixtures::fixture(DESKTOP)).unwrap();
    let smi: Smi = machine.smi().unwrap();
    let selection =
        Selection::default().without_labels(vec!["index".into(), "package".into(), "serial".into()]);
    let mut observer =
        Observer::new(Machine::Backend(machine.backend()), selection, GpuLabel::Uuid, &nobody()).unwrap();
    let page = observer.look(LONG);
    let labels: Vec<_> = page.of(Metric::Power)[0].labels().collect();
    assert_eq!(labels, [("gpu", smi.gpus()[0].uuid().unwrap().to_string().as_str())]);
    let info = &page.of(Metric::Info)[0];
    assert!(info.labels().any(|(name, _)| name == "name") && info.labels().all(|(name, _)| name != "serial"));
}
