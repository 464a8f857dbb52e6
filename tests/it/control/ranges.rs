//! Every published range: what is inside is written as it was asked for, what is outside is not written.

use std::sync::{Mutex, OnceLock, PoisonError};

use amdgpu_smi::control::{Bound, Change, Control, FanControlChange, OverdriveEdit, Plan};
use amdgpu_smi::gpu::ClockDomain;
use amdgpu_smi::parse::fan::FanPoint;
use amdgpu_smi::unit::{MegaHertz, MicroWatts, MilliCelsius, MilliVolts, Percent, Rpm};
use amdgpu_smi::{Error, Result};
use proptest::prelude::*;

use super::driver::Scratch;
use super::golden::NAVI31;

/// One copy for all cases: each puts back what it changed.
fn scratch<T>(use_it: impl FnOnce(&Scratch, &Control<'_>) -> T) -> T {
    static SCRATCH: OnceLock<Mutex<Scratch>> = OnceLock::new();
    let scratch = SCRATCH.get_or_init(|| Mutex::new(Scratch::new(NAVI31)));
    let scratch = scratch.lock().unwrap_or_else(PoisonError::into_inner);
    scratch.log();
    let control = scratch.smi.gpus()[0].control().unwrap();
    use_it(&scratch, &control)
}

/// Checks one value against the range that the fixture publishes.
fn holds<A, B>(
    inside: bool,
    plan: impl FnOnce(&Control<'_>) -> Result<Plan<A, B>>,
    line: &str,
) -> std::result::Result<(), TestCaseError> {
    scratch(|scratch, control| {
        match plan(control) {
            Ok(plan) => {
                prop_assert!(inside, "planned {}", line);
                let Change { way_back, .. } =
                    plan.apply().map_err(|failure| TestCaseError::fail(failure.to_string()))?;
                let log = scratch.log();
                prop_assert!(log.iter().any(|write| write == line), "{:?} has no {}", log, line);
                way_back.apply().map_err(|failure| TestCaseError::fail(failure.to_string()))?;
            }
            Err(error) => {
                prop_assert!(!inside, "{}", error);
                let out_of_range = matches!(error, Error::OutOfRange { .. });
                prop_assert!(out_of_range, "{}", error);
                prop_assert_eq!(scratch.log().len(), 0);
            }
        }
        Ok(())
    })
}

/// Values all over, and many at the ends.
fn around(minimum: i64, maximum: i64) -> impl Strategy<Value = i64> {
    let width = maximum - minimum + 2;
    prop_oneof![
        minimum - width..=maximum + width,
        Just(minimum),
        Just(maximum),
        Just(minimum - 1),
        Just(maximum + 1),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn power_cap(value in around(291_000_000, 374_000_000)) {
        // Whole watts are compared.
        let inside = (291_000_000..375_000_000).contains(&value);
        let line = format!("hwmon/hwmon4/power1_cap <- {value}");
        holds(inside, |control| control.power_cap(1, MicroWatts(value as u64)), &line)?;
    }

    #[test]
    fn fan_pwm(value in around(0, 255).prop_filter("unsigned", |value| *value >= 0)) {
        let line = format!("hwmon/hwmon4/pwm1 <- {value}");
        holds(value <= 255, |control| control.fan_pwm(value as u32), &line)?;
    }

    #[test]
    fn fan_percent(value in 0u32..200) {
        let pwm = (f64::from(value * 255) / 100.0).round();
        let line = format!("hwmon/hwmon4/pwm1 <- {pwm}");
        holds(value <= 100, |control| control.fan_percent(Percent(value)), &line)?;
    }

    #[test]
    fn fan_rpm(value in around(0, 3200).prop_filter("unsigned", |value| *value >= 0)) {
        let line = format!("hwmon/hwmon4/fan1_target <- {value}");
        holds((1..=3200).contains(&value), |control| control.fan_rpm(Rpm(value as u32)), &line)?;
    }

    #[test]
    fn shader_clock(value in around(500, 5000).prop_filter("unsigned", |value| *value >= 0)) {
        let edit = OverdriveEdit::ShaderClock { index: 1, clock: MegaHertz(value as u32) };
        let line = format!("pp_od_clk_voltage <- s 1 {value}");
        holds((500..=5000).contains(&value), |control| control.overdrive(&[edit]), &line)?;
    }

    #[test]
    fn memory_clock(value in around(97, 1500).prop_filter("unsigned", |value| *value >= 0)) {
        let line = format!("pp_od_clk_voltage <- m 1 {value}");
        let clock = MegaHertz(value as u32);
        let limit = |control: &Control<'_>| control.clock_limit(ClockDomain::Memory, Bound::Maximum, clock);
        holds((97..=1500).contains(&value), limit, &line)?;
    }

    #[test]
    fn clock_range(low in 300u32..5500, high in 300u32..5500) {
        let inside = low <= high && low >= 500 && high <= 5000;
        let line = format!("pp_od_clk_voltage <- s 0 {low}");
        let range = |control: &Control<'_>| {
            control.clock_range(ClockDomain::Graphics, MegaHertz(low), MegaHertz(high))
        };
        holds(inside, range, &line)?;
    }

    #[test]
    fn voltage_offset(value in around(-450, 0)) {
        let edit = OverdriveEdit::VoltageOffset(MilliVolts(value));
        let line = format!("pp_od_clk_voltage <- vo {value}");
        holds((-450..=0).contains(&value), |control| control.overdrive(&[edit]), &line)?;
    }

    #[test]
    fn acoustics(value in around(500, 3200).prop_filter("unsigned", |value| *value >= 0), limit: bool) {
        let rpm = Rpm(value as u32);
        let (change, file) = match limit {
            true => (FanControlChange::AcousticLimit(rpm), "acoustic_limit_rpm_threshold"),
            false => (FanControlChange::AcousticTarget(rpm), "acoustic_target_rpm_threshold"),
        };
        let line = format!("gpu_od/fan_ctrl/{file} <- {value}");
        holds((500..=3200).contains(&value), |control| control.fan_control(change), &line)?;
    }

    #[test]
    fn target_temperature(value in around(25, 110)) {
        let change = FanControlChange::TargetTemperature(MilliCelsius(value * 1000));
        let line = format!("gpu_od/fan_ctrl/fan_target_temperature <- {value}");
        holds((25..=110).contains(&value), |control| control.fan_control(change), &line)?;
    }

    #[test]
    fn minimum_pwm(value in around(15, 100).prop_filter("unsigned", |value| *value >= 0)) {
        let change = FanControlChange::MinimumPwm(Percent(value as u32));
        let line = format!("gpu_od/fan_ctrl/fan_minimum_pwm <- {value}");
        holds((15..=100).contains(&value), |control| control.fan_control(change), &line)?;
    }

    #[test]
    fn fan_curve(degrees in around(25, 100), percent in around(15, 100).prop_filter("unsigned", |v| *v >= 0)) {
        let inside = (25..=100).contains(&degrees) && (15..=100).contains(&percent);
        let (temperature, speed) = (MilliCelsius(degrees * 1000), Percent(percent as u32));
        let points: Vec<_> = (0..5).map(|index| FanPoint { index, temperature, speed }).collect();
        let line = format!("gpu_od/fan_ctrl/fan_curve <- 3 {degrees} {percent}");
        holds(inside, |control| control.fan_curve(&points), &line)?;
    }
}

#[test]
fn nothing_is_left_of_the_cases_before() {
    let start = Scratch::new(NAVI31);
    let names =
        ["pp_od_clk_voltage", "gpu_od/fan_ctrl/fan_curve", "power1_cap", "power_dpm_force_performance_level"];
    scratch(|scratch, control| {
        control.power_cap(1, MicroWatts(300_000_000)).unwrap().apply().unwrap().way_back.apply().unwrap();
        for name in names {
            assert_eq!(scratch.text(name), start.text(name));
        }
    });
}
