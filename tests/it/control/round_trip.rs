//! There and back: what was set is read back, and what is undone or reset is as before.

use amdgpu_smi::Smi;
use amdgpu_smi::control::{Control, FanControlChange, OverdriveEdit, Plan};
use amdgpu_smi::gpu::{ClockDomain, FanMode};
use amdgpu_smi::parse::fan::FanPoint;
use amdgpu_smi::parse::performance::PerformanceLevel;
use amdgpu_smi::parse::policy::Isolation;
use amdgpu_smi::unit::{MegaHertz, MicroWatts, MilliCelsius, MilliVolts, Percent, Rpm};

use super::driver::Scratch;
use super::golden::{NAVI31, SPX};

/// Commits, and returns what was read back with the way back.
#[track_caller]
fn change<A, B>(plan: amdgpu_smi::Result<Plan<A, B>>) -> (A, B, Plan<()>) {
    let change = plan.unwrap().apply().unwrap_or_else(|failure| panic!("{failure}"));
    (change.requested, change.actual.unwrap(), change.way_back)
}

/// As [`change`], where what comes after does not matter.
#[track_caller]
fn set<A, B>(plan: amdgpu_smi::Result<Plan<A, B>>) {
    drop(change(plan));
}

fn control(smi: &Smi) -> Control<'_> {
    smi.gpus()[0].control().unwrap()
}

fn curve() -> Vec<FanPoint> {
    let points = [(40, 25), (50, 40), (60, 55), (75, 70), (90, 95)];
    let point = |(index, (degrees, percent)): (u32, (i64, u32))| FanPoint {
        index,
        temperature: MilliCelsius(degrees * 1000),
        speed: Percent(percent),
    };
    (0..).zip(points).map(point).collect()
}

#[test]
fn the_driver_rounds_and_both_values_are_told() {
    let scratch = Scratch::new(NAVI31);
    let control = control(&scratch.smi);
    let (asked, actual, _) = change(control.power_cap(1, MicroWatts(300_999_999)));
    assert_eq!((asked, actual), (MicroWatts(300_999_999), MicroWatts(300_000_000)));
    let (asked, fan, _) = change(control.fan_percent(Percent(33)));
    assert_eq!(asked, Percent(33));
    assert_eq!((fan.pwm.as_deref(), fan.mode.as_deref()), (Ok(&84), Ok(&FanMode::Manual)));
    let (_, fan, _) = change(control.fan_rpm(Rpm(1500)));
    assert_eq!((fan.rpm_target.as_deref(), fan.rpm_manual.as_deref()), (Ok(&Rpm(1500)), Ok(&true)));
    let (_, profile, _) = change(control.power_profile("vr"));
    assert_eq!((profile.index, profile.name.as_str()), (4, "VR"));
    let (_, range, _) = change(control.clock_range(ClockDomain::Graphics, MegaHertz(700), MegaHertz(2500)));
    assert_eq!((range.minimum, range.maximum), (MegaHertz(700), MegaHertz(2500)));
    let (_, points, _) = change(control.fan_curve(&curve()));
    assert_eq!(points, curve());
}

#[test]
fn each_way_back_leads_to_the_start() {
    let scratch = Scratch::new(NAVI31);
    let control = control(&scratch.smi);
    let start = scratch.snapshot();
    let edits = [
        OverdriveEdit::ShaderClock { index: 1, clock: MegaHertz(2900) },
        OverdriveEdit::ShaderClock { index: 0, clock: MegaHertz(2800) },
        OverdriveEdit::VoltageOffset(MilliVolts(-100)),
    ];
    let ways_back = [
        change(control.power_cap(1, MicroWatts(310_000_000))).2,
        change(control.fan_percent(Percent(80))).2,
        change(control.performance_level("high")).2,
        change(control.power_profile("COMPUTE")).2,
        change(control.overdrive(&edits)).2,
        change(control.fan_curve(&curve())).2,
        change(control.fan_control(FanControlChange::AcousticLimit(Rpm(1000)))).2,
        change(control.clock_levels(ClockDomain::Memory, &[3])).2,
        change(control.reset_clocks()).2,
        change(control.reset_power_profile()).2,
        change(control.reset_fan_control()).2,
    ];
    assert_ne!(scratch.snapshot(), start);
    for way_back in ways_back.into_iter().rev() {
        way_back.apply().unwrap_or_else(|failure| panic!("{failure}"));
    }
    assert_eq!(differences(&scratch, &start), [""; 0]);
}

/// From the defaults: set everything, reset everything, and nothing has changed.
#[test]
fn everything_set_and_reset() {
    let scratch = Scratch::new(NAVI31);
    let control = control(&scratch.smi);
    let reset = || {
        set(control.reset_clocks());
        set(control.reset_power_profile());
        set(control.reset_fan_control());
        set(control.reset_power_cap(1));
        set(control.fan_mode(FanMode::Automatic));
    };
    reset();
    let start = scratch.snapshot();
    set(control.power_cap(1, MicroWatts(295_000_000)));
    set(control.fan_control(FanControlChange::MinimumPwm(Percent(40))));
    set(control.fan_curve(&curve()));
    set(control.fan_mode(FanMode::Manual));
    set(control.power_profile(5));
    set(control.clock_range(ClockDomain::Memory, MegaHertz(500), MegaHertz(1400)));
    set(control.clock_range(ClockDomain::Graphics, MegaHertz(3000), MegaHertz(3100)));
    let (_, level, _) = change(control.performance_level(PerformanceLevel::ProfilePeak));
    assert_eq!(level, PerformanceLevel::ProfilePeak);
    assert_ne!(scratch.snapshot(), start);
    reset();
    assert_eq!(differences(&scratch, &start), [""; 0]);
}

#[test]
fn an_instinct_there_and_back() {
    let scratch = Scratch::new(SPX);
    let control = control(&scratch.smi);
    let start = scratch.snapshot();
    let ways_back = [
        change(control.soc_pstate("soc_pstate_1")).2,
        change(control.xgmi_plpd("plpd_optimized")).2,
        change(control.process_isolation(Isolation::On)).2,
        change(control.determinism(MegaHertz(1500))).2,
        change(control.power_cap(1, MicroWatts(600_000_000))).2,
    ];
    let gpu = &scratch.smi.gpus()[0];
    assert_eq!(gpu.process_isolation().as_deref(), Ok(&Isolation::On));
    assert_eq!(gpu.performance_level().as_deref(), Ok(&PerformanceLevel::PerfDeterminism));
    // Until the driver is loaded again the old mode is in force: asked and actual differ.
    let (asked, actual, _) = change(control.memory_partition("NPS4"));
    assert_eq!((asked.as_str(), actual.as_str()), ("NPS4", "NPS1"));
    let (_, (), way_back) = change(control.clean_local_data());
    assert!(way_back.steps().is_empty());
    for way_back in ways_back.into_iter().rev() {
        way_back.apply().unwrap();
    }
    assert_eq!(differences(&scratch, &start), [""; 0]);
}

/// A curve of zeros is the firmware's own: back to it leads the reset, written once.
#[test]
fn the_firmwares_own_curve_comes_back() {
    let scratch = Scratch::prepared(NAVI31, |root| {
        let curve = "OD_FAN_CURVE:\n0: 0C 0%\n1: 0C 0%\n2: 0C 0%\n3: 0C 0%\n4: 0C 0%\nOD_RANGE:\n\
            FAN_CURVE(hotspot temp): 25C 100C\nFAN_CURVE(fan speed): 15% 100%\n";
        let device = "sys/devices/pci0000:00/0000:00:01.1/0000:01:00.0/0000:02:00.0/0000:03:00.0";
        std::fs::write(root.join(device).join("gpu_od/fan_ctrl/fan_curve"), curve).unwrap();
    });
    let start = scratch.snapshot();
    let (_, _, way_back) = change(control(&scratch.smi).fan_curve(&curve()));
    let lines: Vec<_> = way_back.steps().iter().map(|step| step.bytes().to_vec()).collect();
    assert_eq!(lines, [b"r\n", b"c\n"]);
    way_back.apply().unwrap();
    assert_eq!(differences(&scratch, &start), [""; 0]);
}

/// The files that differ, for a message that can be read.
fn differences(scratch: &Scratch, start: &[(std::path::PathBuf, Vec<u8>)]) -> Vec<String> {
    let now = scratch.snapshot();
    assert_eq!(now.len(), start.len());
    now.iter()
        .zip(start)
        .filter(|(now, then)| now != then)
        .map(|(now, _)| now.0.display().to_string())
        .collect()
}
