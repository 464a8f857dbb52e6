//! The sampler: what it reads, what it costs, and what it does when something fails.

mod asleep;
mod gone;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::sleep;
use std::time::{Duration, Instant};

use amdgpu_smi::backend::{Backend, Dir, Entry, HostFacts, Meta, Record, Tree};
use amdgpu_smi::error::{Op, Unavailable};
use amdgpu_smi::gpu::{ClockDomain, PowerChannel, PowerKind, TemperatureSensor, WakePolicy};
use amdgpu_smi::reading::{Scope, Source};
use amdgpu_smi::sample::{Sample, SampleFields};
use amdgpu_smi::summary::Look;
use amdgpu_smi::unit::{Bytes, Percent};
use amdgpu_smi::{Error, Gpu, Smi};
use support::fixtures::{self, fixture};

const DESKTOP: &str = "navi31-1x-k6.12-desktop";
const LAPTOP: &str = "navi23-1x-k6.6-laptop-suspended";
const ENOENT: i32 = 2;
const EIO: i32 = 5;
const EBUSY: i32 = 16;
const ENODEV: i32 = 19;

fn observed(root: impl AsRef<Path>) -> (Record, Gpu) {
    let record = Record::new(Arc::new(Tree::open(root).unwrap()));
    let smi = Smi::builder().backend(Arc::new(record.clone())).build().unwrap();
    (record, smi.gpus()[0].clone())
}

/// The names of the files that were read since the log was cleared, in order; anything else is named too.
fn read(record: &Record) -> Vec<String> {
    let calls = record.calls().into_iter();
    calls
        .map(|call| {
            let name = call.path.file_name().unwrap().to_string_lossy().into_owned();
            if call.op == Op::Read { name } else { format!("{:?} {name}", call.op) }
        })
        .collect()
}

/// A copy of a fixture that can be changed.
fn copy(name: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let done = std::process::Command::new("cp")
        .arg("-a")
        .arg(fixture(name).join("."))
        .arg(folder.path())
        .status()
        .unwrap();
    assert!(done.success());
    folder
}

/// The PCI device's directory of the only amdgpu card.
fn device(root: &Path) -> PathBuf {
    let cards = fs::read_dir(root.join("sys/class/drm")).unwrap().map(|entry| entry.unwrap().path());
    let mut devices =
        cards.map(|card| card.join("device")).filter(|device| device.join("gpu_metrics").exists());
    fs::canonicalize(devices.next().unwrap()).unwrap()
}

fn unavailable<T: std::fmt::Debug>(answer: &Result<T, Error>) -> Option<Unavailable> {
    match answer {
        Err(Error::Unavailable { reason, .. }) => Some(*reason),
        Ok(_) => None,
        other => panic!("{other:?}"),
    }
}

/// Fourteen files and the status, one call each: the fourteen that a monitor shows on a desktop card.
#[test]
fn a_monitor_sample_is_one_call_a_file() {
    let (record, gpu) = observed(fixture(DESKTOP));
    let mut sampler = gpu.sampler(SampleFields::MONITOR);
    sampler.sample().unwrap();
    for _ in 0..3 {
        record.clear();
        sampler.sample().unwrap();
        let mut files = read(&record);
        assert_eq!(files[0], "runtime_status", "what may wake is asked before the status");
        files.sort();
        let expected = [
            "fan1_input",
            "freq1_input",
            "freq2_input",
            "gpu_busy_percent",
            "in0_input",
            "mem_info_vram_used",
            "power1_average",
            "power1_cap",
            "pp_dpm_mclk",
            "pp_dpm_sclk",
            "pwm1",
            "runtime_status",
            "temp1_input",
            "temp2_input",
            "temp3_input",
        ];
        assert_eq!(files, expected);
        assert!(files.len() <= 16);
    }
}

/// A thermometer needs no other sensor's files, also on the device that comes back.
#[test]
fn one_sensor_alone() {
    let (record, gpu) = observed(fixture(DESKTOP));
    let fields = SampleFields::TEMPERATURES | SampleFields::GFX_ACTIVITY;
    let mut sampler = gpu.sampler(fields).only_sensor(TemperatureSensor::Memory);
    for _ in 0..2 {
        let sample = sampler.sample().unwrap();
        let [sensor] = &sample.temperatures.as_ref().unwrap()[..] else {
            panic!("{:?}", sample.temperatures)
        };
        assert_eq!(*sensor, gpu.temperatures().unwrap()[2]);
        assert!(Look::sampled(&gpu, sample).temperature(&TemperatureSensor::Edge).is_err());
        record.clear();
        sampler.sample().unwrap();
        assert_eq!(read(&record), ["runtime_status", "temp3_input", "gpu_busy_percent"]);
        record.fail_path("drm", ENOENT);
        record.fail_path("temp3_input", ENODEV);
        assert!((0..4).any(|_| sampler.sample().is_err()));
        record.heal();
        sampler.reattach().unwrap();
    }
}

/// Whoever asks for one clock's levels pays for no other's, also on the device that comes back.
#[test]
fn one_clock_alone() {
    let (record, gpu) = observed(fixture(DESKTOP));
    let mut sampler = gpu.sampler(SampleFields::CLOCKS).only_clock(ClockDomain::Memory).keep_awake(true);
    for _ in 0..2 {
        let sample = sampler.sample().unwrap();
        let [clock] = &sample.clocks[..] else { panic!("{:?}", sample.clocks) };
        assert_eq!(
            (clock.domain, &clock.levels),
            (ClockDomain::Memory, &gpu.clock_levels(ClockDomain::Memory))
        );
        record.clear();
        sampler.sample().unwrap();
        assert_eq!(read(&record), ["runtime_status", "pp_dpm_mclk"]);
        record.fail_path("drm", ENOENT);
        record.fail_path("pp_dpm_mclk", ENODEV);
        assert!((0..4).any(|_| sampler.sample().is_err()));
        record.heal();
        sampler.reattach().unwrap();
    }
}

/// A value whose text is the same as before is not read anew, and one that changes is, however alike the texts are.
#[test]
fn what_changed_is_seen() {
    let root = copy(DESKTOP);
    let gpu = Smi::builder().root(root.path()).build().unwrap().gpus()[0].clone();
    let mut sampler = gpu.sampler(SampleFields::GFX_ACTIVITY | SampleFields::VRAM);
    let busy = device(root.path()).join("gpu_busy_percent");
    for text in ["10", "11", "11", "1", "10", "x", "10", "010"] {
        fs::write(&busy, format!("{text}\n")).unwrap();
        // One that failed is let pass at times.
        let found = (0..3).map(|_| sampler.sample().unwrap().activity.gfx.clone()).last().unwrap();
        assert_eq!(found.ok().map(|busy| busy.value.0), text.parse().ok(), "{text}");
    }
}

/// The table is opened anew; with the status that is two calls of the seam, four of the system.
#[test]
fn the_table_is_opened_anew() {
    let (record, gpu) = observed(fixture(DESKTOP));
    let mut sampler = gpu.sampler(SampleFields::METRICS);
    sampler.sample().unwrap();
    record.clear();
    let sample = sampler.sample().unwrap();
    assert_eq!(sample.metrics.as_deref(), Ok(&gpu.metrics().unwrap()));
    assert_eq!(read(&record)[..2], ["runtime_status", "gpu_metrics"]);
    record.clear();
    sampler.sample().unwrap();
    assert_eq!(read(&record), ["runtime_status", "gpu_metrics"]);
    assert!(sampler.rates().is_some() && sampler.last().rates() == sampler.rates());
}

/// Memory files need no status.
#[test]
fn what_never_wakes_is_read_alone() {
    let (record, gpu) = observed(fixture(DESKTOP));
    let mut sampler = gpu.sampler(SampleFields::VRAM);
    let total = sampler.sample().unwrap().memory.vram_total.clone();
    assert!(total.is_ok());
    record.clear();
    let sample = sampler.sample().unwrap();
    assert_eq!((&sample.memory.vram_total, &sample.memory.gtt_used), (&total, &Err(Error::NotSampled)));
    assert_eq!(read(&record), ["mem_info_vram_used"]);
}

/// Every value of a sample is what the handle's own method answers, on every fixture.
#[test]
fn a_sample_says_what_the_handle_says() {
    for name in fixtures::names() {
        let Ok(smi) = Smi::builder().root(fixture(&name)).build() else { continue };
        for gpu in smi.gpus() {
            let mut sampler = gpu.sampler(SampleFields::all());
            sampler.sample().unwrap();
            let sample = sampler.sample().unwrap();
            compare(&name, gpu, sample);
        }
    }
}

fn compare(name: &str, gpu: &Gpu, sample: &Sample) {
    // The attributes alone.
    assert_eq!(sample.power, gpu.power_channels(), "{name}");
    assert_eq!(sample.frequencies, gpu.frequencies(), "{name}");
    assert_eq!(sample.fans, gpu.fans(), "{name}");
    assert_eq!(sample.fan_control, gpu.fan_control(), "{name}");
    assert_eq!(sample.vbios, Some(gpu.vbios_info()), "{name}");
    assert_eq!(sample.vram, Some(gpu.vram_info()), "{name}");
    assert_eq!(sample.performance_level, gpu.performance_level(), "{name}");
    assert_eq!(sample.power_profiles, gpu.power_profiles(), "{name}");
    assert_eq!(sample.overdrive, gpu.overdrive(), "{name}");
    assert_eq!(sample.pcie_levels, gpu.pcie_levels(), "{name}");
    assert_eq!(sample.metrics.as_deref(), gpu.metrics().as_ref(), "{name}");
    for clock in &sample.clocks {
        assert_eq!(clock.levels, gpu.clock_levels(clock.domain), "{name} {:?}", clock.domain);
    }
    // The rules that choose between them and the table.
    let (sampled, asked) = (Look::sampled(gpu, sample).summary(), gpu.summary());
    assert_eq!(sampled.power, asked.power, "{name}");
    assert_eq!(sampled.core_temperature, asked.core_temperature, "{name}");
    assert_eq!(sampled.temperatures, asked.temperatures, "{name}");
    assert_eq!(sampled.activity, asked.activity, "{name}");
    assert_eq!(sampled.clocks, asked.clocks, "{name}");
    assert_eq!(sampled.voltages, asked.voltages, "{name}");
    assert_eq!(sampled.fan, asked.fan, "{name}");
    assert_eq!(sampled.memory, asked.memory, "{name}");
    assert_eq!(sampled.link, asked.link, "{name}");
    assert_eq!(sampled, asked, "{name}");
    for sensor in [TemperatureSensor::Edge, TemperatureSensor::Junction, TemperatureSensor::Memory] {
        let sampled = Look::sampled(gpu, sample).temperature(&sensor);
        assert_eq!(sampled, gpu.temperature(&sensor), "{name}");
    }
}

/// The first power channel of a sample.
fn power(sample: &Sample) -> &PowerChannel {
    &sample.power.as_ref().unwrap()[0]
}

/// A kept descriptor gives what is there now.
#[test]
fn values_are_fresh() {
    let root = copy(DESKTOP);
    let gpu = Smi::builder().root(root.path()).build().unwrap().gpus()[0].clone();
    let mut sampler = gpu.sampler(SampleFields::MONITOR);
    let first = sampler.sample().unwrap().clone();
    assert_eq!(first.activity.gfx.as_deref(), Ok(&Percent(87)));
    let device = device(root.path());
    fs::write(device.join("gpu_busy_percent"), "3\n").unwrap();
    fs::write(device.join("pp_dpm_sclk"), "0: 500Mhz *\n1: 2371Mhz \n2: 2525Mhz \n").unwrap();
    let second = sampler.sample().unwrap();
    assert_eq!(second.activity.gfx.as_deref(), Ok(&Percent(3)));
    let clock = &second.clocks[0];
    assert_eq!(clock.domain, ClockDomain::Graphics);
    assert_eq!(clock.levels.as_ref().unwrap().current().unwrap().frequency.0, 500);
    assert!(second.started > first.started && second.wall >= first.wall);
    assert_eq!((first.number, second.number), (1, 2));
    assert!(second.took < Duration::from_secs(1));
}

#[test]
fn one_failure_spoils_one_field_and_is_tried_again() {
    for errno in [EIO, EBUSY, 13, 22, 24] {
        let (record, gpu) = observed(fixture(DESKTOP));
        let mut sampler = gpu.sampler(SampleFields::MONITOR);
        let before = sampler.sample().unwrap().clone();
        record.fail_path("power1_average", errno);
        record.fail_path("gpu_metrics", errno);
        let mut tries = Vec::new();
        for sample in 0..40 {
            record.clear();
            let answer = sampler.sample().unwrap();
            assert!(power(answer).average.is_err());
            assert_eq!(answer.temperatures, before.temperatures);
            assert_eq!(power(answer).cap, power(&before).cap);
            if read(&record).iter().any(|file| file.ends_with("power1_average")) {
                tries.push(sample);
            }
        }
        assert_eq!(tries, [0, 1, 3, 7, 15, 31], "after one sample, then after 1, 3, 7, 15 and 16 more");
        record.heal();
        // However long it failed: within seventeen samples it is back, and its reason gone.
        let back = (0..17).find(|_| power(sampler.sample().unwrap()).average.is_ok());
        assert!(back.is_some());
        let sample = sampler.last();
        assert_eq!(sample.power, before.power);
        record.clear();
        sampler.sample().unwrap();
        assert_eq!(record.calls().len(), 15, "kept open again");
    }
}

#[test]
fn text_that_is_no_number() {
    let root = copy(DESKTOP);
    let gpu = Smi::builder().root(root.path()).build().unwrap().gpus()[0].clone();
    let mut sampler = gpu.sampler(SampleFields::MONITOR);
    sampler.sample().unwrap();
    let device = device(root.path());
    let table = fs::read(device.join("pp_dpm_sclk")).unwrap();
    fs::write(device.join("gpu_busy_percent"), "lots\n").unwrap();
    fs::write(device.join("pp_dpm_sclk"), "\n").unwrap();
    fs::write(device.join("pp_dpm_mclk"), "unavailable\n").unwrap();
    let sample = sampler.sample().unwrap();
    assert!(matches!(sample.activity.gfx, Err(Error::Unparsable { .. })));
    assert!(matches!(sample.clocks[0].levels, Err(Error::NotSupported { .. })));
    assert_eq!(unavailable(&sample.clocks[1].levels), Some(Unavailable::Inaccessible));
    // The same text as before the failure is a value again.
    fs::write(device.join("pp_dpm_sclk"), table).unwrap();
    let sample = sampler.sample().unwrap();
    assert!(sample.clocks[0].levels.is_ok());
}

/// Whichever call fails, in whichever sample: no panic, and no error but in its field.
#[test]
fn every_call_may_fail() {
    for errno in [EIO, ENOENT, ENODEV] {
        for number in 0..120 {
            let (record, gpu) = observed(fixture(DESKTOP));
            let mut sampler = gpu.sampler(SampleFields::all());
            record.clear();
            record.fail_call(number, errno);
            sampler.sample().unwrap();
            record.heal();
            for _ in 0..3 {
                sampler.sample().unwrap();
            }
            // A limit that is missing stays missing: the driver hides what a GPU has not.
            if errno == ENOENT {
                continue;
            }
            compare(&format!("call {number}, errno {errno}"), &gpu, sampler.last());
        }
    }
}

#[test]
fn descriptors_are_lazy_and_capped() {
    let open = |record: &Record| record.calls().iter().filter(|call| call.op == Op::Open).count();
    for (limit, kept) in [(64, 15), (15, 15), (8, 8), (1, 1), (0, 0)] {
        let (record, gpu) = observed(fixture(DESKTOP));
        record.clear();
        let mut sampler = gpu.sampler(SampleFields::MONITOR).descriptor_limit(limit);
        assert!(record.calls().is_empty(), "nothing is opened before the first sample");
        sampler.sample().unwrap();
        assert_eq!(open(&record), kept);
        record.clear();
        let sample = sampler.sample().unwrap();
        assert_eq!(record.calls().len(), 15);
        assert_eq!(open(&record), 0);
        assert_eq!(Look::sampled(&gpu, sample).power().kind, Some(PowerKind::Average));
    }
}

/// A partition's memory is not known, its sensors are the package's.
#[test]
fn a_partition() {
    let smi = Smi::builder().root(fixture("mi300x-1x-k6.12-cpx-nps4")).build().unwrap();
    let mut sampler = smi.gpus()[3].sampler(SampleFields::MONITOR | SampleFields::METRICS);
    let sample = sampler.sample().unwrap();
    assert!(matches!(sample.memory.vram_used, Err(Error::PackageOnly { .. })));
    assert!(sample.memory.vram_total.as_deref().unwrap() > &Bytes(1 << 30));
    let socket = Look::sampled(&smi.gpus()[3], sample).power().socket.unwrap();
    assert_eq!((socket.source, socket.scope), (Source::Attribute, Scope::Package));
    assert!(sample.metrics.is_ok());
}

/// A GPU that only KFD knows.
#[test]
fn a_gpu_without_drm() {
    let smi = Smi::builder().root(fixture("mi210-2x-k6.1-container")).build().unwrap();
    let gpu = &smi.gpus()[0];
    let mut sampler = gpu.sampler(SampleFields::all());
    let sample = sampler.sample().unwrap();
    assert_eq!(sample.memory, gpu.memory_usage());
    assert!(matches!(sample.temperatures, Err(Error::NotSupported { .. })));
    assert!(matches!(sample.metrics, Err(Error::NotSupported { .. })));
    assert!(matches!(sample.activity.gfx, Err(Error::NotSupported { .. })));
}

/// A backend that keeps no file open: the default of the seam reads anew each time.
#[derive(Debug)]
struct NothingKept(Arc<dyn Backend>);

#[derive(Debug)]
struct PlainDir(Arc<dyn Dir>);

impl Backend for NothingKept {
    fn open_dir(&self, path: &Path) -> io::Result<Arc<dyn Dir>> {
        Ok(Arc::new(PlainDir(self.0.open_dir(path)?)))
    }

    fn host(&self) -> HostFacts {
        self.0.host()
    }
}

impl Dir for PlainDir {
    fn path(&self) -> &Path {
        self.0.path()
    }

    fn read(&self, rel: &Path, buf: &mut Vec<u8>) -> io::Result<()> {
        self.0.read(rel, buf)
    }

    fn read_to_end(&self, rel: &Path, limit: usize, buf: &mut Vec<u8>) -> io::Result<()> {
        self.0.read_to_end(rel, limit, buf)
    }

    fn read_link(&self, rel: &Path) -> io::Result<PathBuf> {
        self.0.read_link(rel)
    }

    fn list(&self, rel: &Path) -> io::Result<Vec<Entry>> {
        self.0.list(rel)
    }

    fn meta(&self, rel: &Path) -> io::Result<Meta> {
        self.0.meta(rel)
    }

    fn open_dir(&self, rel: &Path) -> io::Result<Arc<dyn Dir>> {
        Ok(Arc::new(PlainDir(self.0.open_dir(rel)?)))
    }
}

#[test]
fn a_backend_need_not_keep_files_open() {
    let record = Record::new(Arc::new(Tree::open(fixture(DESKTOP)).unwrap()));
    let backend = Arc::new(NothingKept(Arc::new(record.clone())));
    let gpu = Smi::builder().backend(backend).build().unwrap().gpus()[0].clone();
    let mut sampler = gpu.sampler(SampleFields::MONITOR);
    sampler.sample().unwrap();
    record.clear();
    assert!(power(sampler.sample().unwrap()).average.is_ok());
    assert_eq!(read(&record).len(), 15);
    assert!(record.calls().iter().all(|call| call.op == Op::Read));
}
