//! After its first sample a sampler allocates nothing.

use std::fs;
use std::path::Path;
use std::time::Duration;

use amdgpu_smi::Smi;
use amdgpu_smi::sample::{FleetSampler, Outcome, SampleFields, Sampler};
use support::fixtures::fixture;

use crate::counting::allocations;

fn sampler(root: &Path, fields: SampleFields) -> Sampler {
    Smi::builder().root(root).build().unwrap().gpus()[0].sampler(fields)
}

#[test]
fn a_monitor_sample_allocates_nothing() {
    let mut sampler = sampler(&fixture("navi31-1x-k6.12-desktop"), SampleFields::MONITOR);
    assert!(allocations(|| drop(sampler.sample().map(drop))) > 0, "the first sample prepares");
    for _ in 0..100 {
        assert_eq!(allocations(|| assert!(sampler.sample().is_ok())), 0);
    }
}

/// Also where values and clock levels change from sample to sample.
#[test]
fn changing_values_allocate_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let from = fixture("navi31-1x-k6.12-desktop").join(".");
    assert!(
        std::process::Command::new("cp").arg("-a").arg(from).arg(folder.path()).status().unwrap().success()
    );
    let device = folder.path().join("sys/class/drm/card1/device");
    let mut sampler = sampler(folder.path(), SampleFields::MONITOR);
    sampler.sample().unwrap();
    for busy in 1..100 {
        fs::write(device.join("gpu_busy_percent"), format!("{busy}\n")).unwrap();
        let clocks =
            [format!("0: 500Mhz \n1: {busy}Mhz *\n2: 2525Mhz \n"), "0: 500Mhz *\n1: 2525Mhz \n".into()];
        fs::write(device.join("pp_dpm_sclk"), &clocks[busy % 2]).unwrap();
        assert_eq!(allocations(|| assert!(sampler.sample().is_ok())), 0);
        assert_eq!(sampler.last().activity.gfx.as_ref().unwrap().0 as usize, busy);
    }
}

/// The metrics table too, of a card and of a package with partitions, once two tables are there to swap.
#[test]
fn a_table_allocates_nothing() {
    for name in ["navi31-1x-k6.12-desktop", "mi300x-1x-k6.12-cpx-nps4"] {
        let mut sampler = sampler(&fixture(name), SampleFields::METRICS);
        (0..3).for_each(|_| assert!(sampler.sample().is_ok()));
        for _ in 0..100 {
            assert_eq!(allocations(|| assert!(sampler.sample().unwrap().metrics.is_ok())), 0, "{name}");
        }
    }
}

/// A missing value costs nothing while it is not retried.
#[test]
fn a_sleeping_gpu_costs_nothing() {
    let mut sampler = sampler(&fixture("navi23-1x-k6.6-laptop-suspended"), SampleFields::all());
    sampler.sample().unwrap();
    for _ in 0..100 {
        assert_eq!(allocations(|| assert!(sampler.sample().is_ok())), 0);
    }
}

/// The thread that asks; those that read are the samplers' above.
#[test]
fn a_fleet_allocates_nothing() {
    let smi = Smi::builder().root(fixture("mi300x-1x-k6.12-cpx-nps4")).build().unwrap();
    let samplers = smi.gpus().iter().map(|gpu| gpu.sampler(SampleFields::MONITOR)).collect();
    let mut fleet = FleetSampler::new(samplers).unwrap();
    let mut tick = || {
        let sampled = |(_, outcome): (_, Outcome<'_>)| matches!(outcome, Outcome::Sampled(_));
        assert!(fleet.tick(Duration::from_secs(20)).all(sampled));
    };
    tick();
    for _ in 0..20 {
        assert_eq!(allocations(&mut tick), 0);
    }
}
