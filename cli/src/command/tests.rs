//! The cost of a watch, and its output for a GPU that hangs, sleeps or disappears.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use amdgpu_smi::backend::{Record, Tree};
use amdgpu_smi::error::Op;
use amdgpu_smi::{Gpu, Smi};
use clap::Parser;
use support::machine_room;

use super::metric::{self, MetricArgs};
use super::monitor::{ColumnGroups, report};
use crate::cli::{Cli, Command};
use crate::fleet::Fleet;
use crate::report::{Forms, Node, Section};
use crate::view::View;

const DESKTOP: &str = "navi31-1x-k6.12-desktop";
const LAPTOP: &str = "navi23-1x-k6.6-laptop-suspended";

fn fixture(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures").join(name)
}

fn observed(root: &Path) -> (Record, Vec<Gpu>) {
    let record = Record::new(Arc::new(Tree::open(root).unwrap()));
    let smi = Smi::builder().backend(Arc::new(record.clone())).build().unwrap();
    (record, smi.gpus().to_vec())
}

/// A watch with these options, and its columns.
fn watch(gpus: &[Gpu], options: &[&str]) -> (Fleet, ColumnGroups) {
    let arguments = [&["amdgpu-smi", "monitor", "-w", "1"][..], options].concat();
    let Some(Command::Monitor(args)) = Cli::parse_from(arguments).command else { panic!() };
    let wanted = ColumnGroups::of(&args);
    let fleet =
        Fleet::new(gpus.to_vec(), wanted.fields(), wanted.violation, &args.watch, &args.autosuspend).unwrap();
    (fleet, wanted)
}

/// The same for all of `metric`.
fn watch_metric(gpus: &[Gpu]) -> (Fleet, MetricArgs) {
    let Some(Command::Metric(args)) = Cli::parse_from(["amdgpu-smi", "metric", "-w", "1"]).command else {
        panic!()
    };
    let fleet =
        Fleet::new(gpus.to_vec(), metric::fields(&args), true, &args.watch, &args.autosuspend).unwrap();
    (fleet, args)
}

/// Why cells but these have no value, none for those that have; of the encoder nothing ever has one.
fn reasons<'a>(section: &'a Section, but: &[&str]) -> Vec<Option<&'a str>> {
    let cells = section.entries(Forms::JSON);
    let cells = cells.filter(|(key, _)| !["gpu", "xcp", "encoder"].contains(key) && !but.contains(key));
    cells.map(|(_, node)| node.why_absent().map(|absent| absent.reason.as_str())).collect()
}

fn all_are(section: &Section, but: &[&str], reason: &str) -> bool {
    let reasons = reasons(section, but);
    reasons.len() > 6 && reasons.iter().all(|found| *found == Some(reason))
}

/// Status, table (opened, read, closed), power, three temperatures, two usages, memory, two levels of clocks and
/// two measured ones.
#[test]
fn a_tick_of_a_desktop_card_is_fifteen_calls() {
    let (record, gpus) = observed(&fixture(DESKTOP));
    let (mut fleet, wanted) = watch(&gpus, &[]);
    fleet.sections(&|gpu: &View<'_>| report(gpu, &wanted));
    let mut counts = Vec::new();
    for _ in 0..20 {
        record.clear();
        fleet.sections(&|gpu: &View<'_>| report(gpu, &wanted));
        let calls = record.calls();
        // Kept files are read by one call, the table is opened and closed too.
        let tables = calls.iter().filter(|call| call.path.ends_with("gpu_metrics")).count();
        assert_eq!(tables, 1);
        counts.push((calls.len() + 2 * tables, calls));
    }
    let usual = counts.iter().filter(|(count, _)| *count == 15).count();
    let most = counts.iter().map(|(count, _)| *count).max();
    assert!(usual >= 16 && most == Some(17), "{counts:?}");
    for (_, calls) in counts.iter().filter(|(count, _)| *count != 15) {
        // Now and then `vcn_busy_percent` is looked for, which this card does not have.
        let others: Vec<Op> = calls.iter().map(|call| call.op).filter(|op| *op != Op::Read).collect();
        assert_eq!(others, [Op::Open, Op::Meta]);
        assert!(calls.iter().any(|call| call.path.ends_with("vcn_busy_percent")));
    }
}

#[test]
fn one_that_hangs_is_late_and_delays_nobody() {
    let room = machine_room::multiply(&fixture(DESKTOP), 3);
    let (record, gpus) = observed(room.path());
    let (mut fleet, wanted) = watch(&gpus, &["-p", "-t", "-u", "-m", "-d", "-v", "-r", "-e", "-V"]);
    let mut rows = || fleet.sections(&|gpu: &View<'_>| report(gpu, &wanted));
    let first = rows();
    assert!(reasons(&first[1], &[]).contains(&None));
    record.hang("/sys/devices/pci0001:00");
    // Nothing of the hung GPU is touched by this thread: it would hang as well.
    let mut shortest = Duration::MAX;
    for _ in 0..6 {
        let started = Instant::now();
        let now = rows();
        assert_eq!((&now[0], &now[2]), (&first[0], &first[2]));
        assert!(all_are(&now[1], &[], "late"), "{:?}", now[1]);
        let Some(late) = now[1].get(Forms::JSON, "power_usage").and_then(Node::why_absent) else { panic!() };
        assert!(late.detail.ends_with("the GPU did not answer in time"), "{}", late.detail);
        shortest = shortest.min(started.elapsed());
    }
    // One tick waits for it; the next do not, and a busy machine delays not all of them.
    assert!(shortest < Duration::from_millis(900), "{shortest:?}");
    record.heal();
    // Its first answer is from six ticks ago, and so outdated.
    assert!(all_are(&rows()[1], &[], "late"));
    let until = Instant::now() + Duration::from_secs(30);
    while rows() != first {
        assert!(Instant::now() < until, "it answers again");
    }
}

#[test]
fn one_that_goes_says_so_and_may_come_back() {
    let room = machine_room::multiply(&fixture(DESKTOP), 2);
    let (_, gpus) = observed(room.path());
    let (mut fleet, wanted) = watch(&gpus, &[]);
    let mut rows = || fleet.sections(&|gpu: &View<'_>| report(gpu, &wanted));
    let first = rows();
    let device = room.path().join("sys/bus/pci/devices").join(gpus[0].ids().package.to_string());
    let device = fs::canonicalize(device).unwrap();
    let away = room.path().join("away");
    copy(&device, &away);
    fs::remove_dir_all(&device).unwrap();
    for _ in 0..3 {
        let now = rows();
        assert!(all_are(&now[0], &[], "device gone"), "{:?}", now[0]);
        assert_eq!(now[1], first[1]);
    }
    // The directory now has other files than those that were opened.
    fs::rename(&away, &device).unwrap();
    assert_eq!(rows(), first);
}

fn copy(from: &Path, to: &Path) {
    let copied = std::process::Command::new("cp").arg("-a").arg(from).arg(to).status();
    assert!(copied.unwrap().success());
}

/// A laptop's second GPU, awake and idle.
fn idle_laptop() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    copy(&fixture(LAPTOP).join("."), folder.path());
    let gpu = Smi::builder().root(folder.path()).build().unwrap().gpus()[0].clone();
    let device = folder.path().join("sys/bus/pci/devices").join(gpu.bdf().to_string());
    for (file, text) in [
        ("power/runtime_status", "active\n"),
        ("power/control", "auto\n"),
        ("power/autosuspend_delay_ms", "60000\n"),
        ("gpu_busy_percent", "0\n"),
    ] {
        fs::write(device.join(file), text).unwrap();
    }
    folder
}

#[test]
fn an_idle_laptop_may_fall_asleep() {
    let root = idle_laptop();
    let (record, gpus) = observed(root.path());
    let (mut fleet, wanted) = watch(&gpus, &["-p", "-t", "-u", "-m", "-d", "--vram-usage", "-V"]);
    let mut rows = || fleet.sections(&|gpu: &View<'_>| report(gpu, &wanted));
    // The first answer of a watch with rates keeps awake: it may need a second sample.
    assert!(reasons(&rows()[0], &[]).contains(&None));
    assert!(reasons(&rows()[0], &[]).contains(&None));
    record.clear();
    let rested = rows();
    let still = ["vram_used", "vram_free", "vram_total", "vram_percent"];
    assert!(all_are(&rested[0], &still, "left alone"), "{:?}", rested[0]);
    assert!(
        still
            .iter()
            .all(|key| rested[0].get(Forms::JSON, key).is_some_and(|node| node.why_absent().is_none()))
    );
    let read: Vec<_> = record.calls().iter().map(|call| call.path.file_name().unwrap().to_owned()).collect();
    assert_eq!(read, ["runtime_status", "mem_info_vram_used"]);
    let (mut fleet, wanted) = watch(&gpus, &["--keep-awake"]);
    for _ in 0..4 {
        let rows = fleet.sections(&|gpu: &View<'_>| report(gpu, &wanted));
        assert!(!reasons(&rows[0], &[]).contains(&Some("left alone")));
    }
}

/// Values read beside the sample do not keep a GPU awake or wait for a hanging one, either.
#[test]
fn metric_is_as_considerate() {
    let root = idle_laptop();
    let (record, gpus) = observed(root.path());
    let (mut fleet, args) = watch_metric(&gpus);
    let mut sections = || fleet.sections(&|gpu: &View<'_>| metric::report(gpu, &args));
    let awake = [sections(), sections()];
    assert_eq!(awake[0], awake[1]);
    record.clear();
    let rested = sections();
    let read = record.calls();
    // Files that the driver prints without the hardware.
    const QUIET: [&str; 7] =
        ["runtime_status", "version", "schema", "features", "thermal_throttling_logging", "drm", "board"];
    let quiet = |name: &str| name.starts_with("mem_info_") || QUIET.contains(&name);
    let loud: Vec<_> =
        read.iter().filter(|call| !call.path.file_name().unwrap().to_str().is_some_and(quiet)).collect();
    assert!(loud.is_empty(), "{loud:?}");
    let Some(Node::Section(usage)) = rested[0].get(Forms::JSON, "usage") else { panic!() };
    assert!(all_are(usage, &[], "left alone"), "{usage:?}");

    let room = machine_room::multiply(&fixture(DESKTOP), 2);
    let (record, gpus) = observed(room.path());
    let (mut fleet, args) = watch_metric(&gpus);
    let mut sections = || fleet.sections(&|gpu: &View<'_>| metric::report(gpu, &args));
    let first = sections();
    // Cards whose table does not count are not read twice.
    assert_eq!(record.calls().iter().filter(|call| call.path.ends_with("gpu_metrics")).count(), gpus.len());
    record.hang("/sys/devices/pci0001:00");
    let now = sections();
    assert_eq!(now[0], first[0]);
    let Some(Node::Section(usage)) = now[1].get(Forms::JSON, "usage") else { panic!() };
    assert!(all_are(usage, &[], "late"), "{usage:?}");
    record.heal();
}
