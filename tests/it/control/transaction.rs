//! Several changes as one: all of them, or none.

use amdgpu_smi::control::{Aborted, Failure, NotUndone, Transaction};
use amdgpu_smi::error::Unavailable;
use amdgpu_smi::gpu::ClockDomain;
use amdgpu_smi::unit::{MegaHertz, MicroWatts, Percent};
use amdgpu_smi::{Error, Gpu};

use super::driver::Scratch;
use super::golden::NAVI31;

/// The steps of `settings`, in their order.
const STEPS: [&str; 9] = [
    "hwmon/hwmon4/pwm1_enable <- 1",
    "hwmon/hwmon4/pwm1 <- 153",
    "power_dpm_force_performance_level <- manual",
    "pp_power_profile_mode <- 5",
    "power_dpm_force_performance_level <- manual",
    "pp_od_clk_voltage <- s 1 2400",
    "pp_od_clk_voltage <- c",
    "hwmon/hwmon4/power1_cap <- 300000000",
    "power_dpm_force_performance_level <- low",
];

fn settings(gpu: &Gpu) -> Transaction<'static, &'static str> {
    let mut transaction = Transaction::new();
    transaction.add(gpu, |control| control.fan_percent(Percent(60)), |_| "fan");
    transaction.add(gpu, |control| control.power_profile("COMPUTE"), |_| "profile");
    let clock = |control: &amdgpu_smi::control::Control<'_>| {
        control.clock_limit(ClockDomain::Graphics, amdgpu_smi::control::Bound::Maximum, MegaHertz(2400))
    };
    transaction.add(gpu, clock, |_| "clock");
    transaction.add(gpu, |control| control.power_cap(1, MicroWatts::from_watts(300)), |_| "cap");
    transaction.add(gpu, |control| control.performance_level("low"), |_| "level");
    transaction
}

#[test]
fn all_are_made_and_undone_by_one_undo() {
    let scratch = Scratch::new(NAVI31);
    let start = scratch.snapshot();
    let transaction = settings(&scratch.smi.gpus()[0]);
    assert_eq!(transaction.len(), 5);
    let applied = transaction.apply().unwrap();
    assert_eq!(applied.made, ["fan", "profile", "clock", "cap", "level"]);
    let log = scratch.log();
    assert_eq!(log, STEPS);
    assert_ne!(scratch.snapshot(), start);
    let steps = applied.undo.steps();
    assert!(steps[0].ends_with("power_dpm_force_performance_level <- manual"), "the last first: {steps:?}");
    applied.undo.apply().unwrap();
    assert_eq!(scratch.log().len(), steps.len());
    assert_eq!(scratch.snapshot(), start);
}

#[test]
fn a_failure_at_any_step_leaves_everything_as_it_was() {
    let scratch = Scratch::new(NAVI31);
    let gpu = &scratch.smi.gpus()[0];
    let start = scratch.snapshot();
    // The changes before each step's.
    let before = [0, 0, 1, 1, 2, 2, 2, 3, 4];
    for errno in [22, 16, 13, 5] {
        for (step, made) in before.into_iter().enumerate() {
            scratch.record.fail_write(step, errno);
            let aborted = settings(gpu).apply().unwrap_err();
            assert_eq!((aborted.made.len(), aborted.undone.len()), (made, made), "step {step}");
            let has_steps_of_its_own = [1, 3, 5, 6].contains(&step);
            assert_eq!(aborted.own.is_some(), has_steps_of_its_own, "step {step}");
            assert!(aborted.is_undone(), "step {step}: {aborted}");
            let said = aborted.to_string();
            assert!(said.starts_with(&format!("change {} failed: /sys/", made + 1)), "{said}");
            assert!(said.ends_with("; everything is as it was before"), "{said}");
            scratch.record.heal();
            assert_eq!(scratch.snapshot(), start, "errno {errno} at step {step}");
            let log = scratch.log();
            assert_eq!(log[..=step], STEPS[..=step]);
        }
    }
}

/// A change that cannot be planned any more, because those before it changed what it depends on, undoes them.
#[test]
fn a_plan_that_is_refused_undoes_the_others() {
    let scratch = Scratch::new(NAVI31);
    let gpu = &scratch.smi.gpus()[0];
    let start = scratch.snapshot();
    let mut transaction = settings(gpu);
    transaction.add(gpu, |control| control.power_cap(1, MicroWatts::from_watts(9000)), |_| "too much");
    let aborted = transaction.apply().unwrap_err();
    assert!(matches!(aborted.failure, Some(Failure::Before(Error::OutOfRange { .. }))), "{aborted}");
    assert!(aborted.is_undone() && aborted.made.len() == 5);
    assert_eq!(scratch.snapshot(), start);
}

#[test]
fn a_way_back_that_fails_is_told_and_keeps_no_other() {
    let scratch = Scratch::new(NAVI31);
    let gpu = &scratch.smi.gpus()[0];
    scratch.record.fail_write(7, 22);
    // After the cap is refused the first write of the way back is the clock's.
    scratch.record.fail_write(8, 16);
    let Aborted { undone, own, .. } = *settings(gpu).apply().unwrap_err();
    let in_reset = |outcome: &Result<(), NotUndone>| match outcome {
        Err(NotUndone::Failed(failure)) => {
            matches!(failure.error(), Error::Unavailable { reason: Unavailable::InReset, .. })
        }
        _ => false,
    };
    assert!(own.is_none());
    assert!(matches!(undone.as_slice(), [Ok(()), Ok(()), clock] if in_reset(clock)), "{undone:?}");
    assert_eq!(scratch.text("pwm1_enable"), "2\n", "the fan is undone all the same");
}

#[test]
fn a_transaction_that_is_stopped_is_undone() {
    let scratch = Scratch::new(NAVI31);
    let start = scratch.snapshot();
    let mut asked = 0;
    let stop = || {
        asked += 1;
        asked > 3
    };
    let aborted = settings(&scratch.smi.gpus()[0]).apply_unless(stop).unwrap_err();
    assert!(aborted.failure.is_none() && aborted.is_undone());
    assert_eq!(aborted.to_string(), "stopped before change 4; everything is as it was before");
    assert_eq!(scratch.snapshot(), start);
}
