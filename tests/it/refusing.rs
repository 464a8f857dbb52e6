//! Reads beside a sampler: nothing that the sampler itself would not read.

use std::fs;
use std::sync::Arc;

use amdgpu_smi::backend::{Record, Tree};
use amdgpu_smi::error::Unavailable;
use amdgpu_smi::gpu::ClockDomain;
use amdgpu_smi::sample::SampleFields;
use amdgpu_smi::{Error, Gpu, Smi};
use support::fixtures::fixture;

const DESKTOP: &str = "navi31-1x-k6.12-desktop";
const MI300: &str = "mi300x-1x-k6.12-cpx-nps4";

fn observed(name: &str) -> (Record, Smi) {
    let record = Record::new(Arc::new(Tree::open(fixture(name)).unwrap()));
    let smi = Smi::builder().backend(Arc::new(record.clone())).build().unwrap();
    (record, smi)
}

fn reason<T: std::fmt::Debug>(answer: Result<T, Error>) -> Unavailable {
    match answer {
        Err(Error::Unavailable { reason, .. }) => reason,
        other => panic!("{other:?}"),
    }
}

/// Everything that a handle can be asked at a moment.
fn ask(gpu: &Gpu) {
    let _ = (gpu.temperatures(), gpu.power(), gpu.power_channels(), gpu.voltages(), gpu.frequencies());
    let _ = (gpu.fans(), gpu.fan(), gpu.fan_control(), gpu.activity(), gpu.memory_usage());
    let _ = (gpu.metrics(), gpu.partition_metrics(), gpu.pcie_info(), gpu.pcie_throughput(), gpu.overdrive());
    let _ = (gpu.performance_level(), gpu.power_profiles(), gpu.power_features(), gpu.throttling_logging());
    let _ = (gpu.overdrive_level(), gpu.memory_overdrive_level(), gpu.clock_levels(ClockDomain::Graphics));
    let _ = (gpu.ras_info(), gpu.error_counts("umc"), gpu.error_totals(), gpu.xgmi_info(), gpu.xgmi_links());
    let _ = (gpu.compute_partition(), gpu.memory_partition(), gpu.partition_profiles(), gpu.vbios_info());
    let _ = (gpu.clock(ClockDomain::Graphics), gpu.energy(), gpu.throttling(), gpu.summary());
    let _ = (gpu.vram_info(), gpu.asic_info(), gpu.temperature(&amdgpu_smi::gpu::TemperatureSensor::Edge));
}

#[test]
fn a_late_gpu_is_asked_nothing() {
    for name in [DESKTOP, MI300] {
        let (record, smi) = observed(name);
        let gpu = &smi.gpus()[0];
        // Also once its hwmon is known.
        for known in [false, true] {
            if known {
                ask(gpu);
            }
            let late = gpu.refusing(Unavailable::Late);
            record.clear();
            ask(&late);
            let package = gpu.ids().package.to_string();
            let calls = record.calls();
            let asked: Vec<_> =
                calls.iter().filter(|call| call.path.to_string_lossy().contains(&package)).collect();
            assert!(asked.is_empty(), "{name}: {asked:?}");
            assert_eq!(reason(late.metrics()), Unavailable::Late);
            assert_eq!(reason(late.power().socket), Unavailable::Late);
            assert_eq!(reason(late.performance_level()), Unavailable::Late);
            assert_eq!(late.bdf(), gpu.bdf());
        }
    }
}

#[test]
fn a_gpu_that_is_left_alone_tells_what_keeps_it_not_awake() {
    let (_, smi) = observed(DESKTOP);
    let gpu = smi.gpus()[0].refusing(Unavailable::LeftAlone);
    assert_eq!(reason(gpu.metrics()), Unavailable::LeftAlone);
    assert_eq!(reason(gpu.power_features()), Unavailable::LeftAlone);
    let sensor = &gpu.temperatures().unwrap()[0];
    assert!(sensor.critical.is_ok());
    assert_eq!(reason(sensor.current.clone()), Unavailable::LeftAlone);
    assert!(gpu.memory_usage().vram_used.is_ok() && gpu.vbios_info().part_number.is_ok());
}

/// `keep_awake` may change later, too.
#[test]
fn courtesy_may_come_later() {
    let folder = tempfile::tempdir().unwrap();
    let copied = std::process::Command::new("cp")
        .arg("-a")
        .arg(fixture("navi23-1x-k6.6-laptop-suspended").join("."))
        .arg(folder.path())
        .status();
    assert!(copied.unwrap().success());
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
    let mut sampler = gpu.sampler(SampleFields::MONITOR).keep_awake(true);
    let mut refused = || sampler.sample().unwrap().refused;
    assert_eq!([refused(), refused()], [None, None]);
    sampler.set_keep_awake(false);
    let mut refused = || sampler.sample().unwrap().refused;
    assert_eq!([refused(), refused()], [None, Some(Unavailable::LeftAlone)]);
    // Saying the same again changes nothing; the contrary is heard at once.
    sampler.set_keep_awake(false);
    assert_eq!(sampler.sample().unwrap().refused, Some(Unavailable::LeftAlone));
    sampler.set_keep_awake(true);
    assert_eq!(sampler.sample().unwrap().refused, None);
    fs::write(device.join("power/runtime_status"), "suspended\n").unwrap();
    assert_eq!(sampler.sample().unwrap().refused, Some(Unavailable::Suspended));
}
