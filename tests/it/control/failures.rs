//! Failures of a change, and their reports.

use amdgpu_smi::backend::Backend;
use amdgpu_smi::control::{Failure, FanControlChange, OverdriveEdit};
use amdgpu_smi::error::{Op, Unavailable};
use amdgpu_smi::gpu::ClockDomain;
use amdgpu_smi::unit::{MegaHertz, MicroWatts, MilliCelsius, MilliVolts, Percent, Rpm};
use amdgpu_smi::{Error, Smi};
use support::fixtures::{self, fixture};

use super::driver::Scratch;
use super::golden::{CPX, HYBRID, NAVI31, SPX};

#[test]
fn a_fixture_is_only_looked_at() {
    let mut refused = 0;
    for name in fixtures::names() {
        let tree = amdgpu_smi::backend::Tree::open(fixture(&name)).unwrap();
        let record = amdgpu_smi::backend::Record::new(std::sync::Arc::new(tree));
        let Ok(smi) = Smi::builder().backend(std::sync::Arc::new(record.clone())).build() else { continue };
        for gpu in smi.gpus() {
            let control = match gpu.control() {
                Ok(control) => control,
                Err(error) => {
                    assert!(matches!(error, Error::NotSupported { .. }), "{name}: {error}");
                    continue;
                }
            };
            let mut refuse = |error: Option<Error>| {
                assert!(matches!(error, Some(Error::ReadOnly { .. })), "{name}: {error:?}");
                refused += 1;
            };
            if let Ok(plan) = control.performance_level("low") {
                // Planned and tried as on the machine itself.
                assert!(plan.to_string().ends_with("power_dpm_force_performance_level <- low"), "{plan}");
                assert_eq!(plan.dry_run().len(), 1);
                refuse(plan.clone().stage().err());
                assert!(matches!(plan.apply(), Err(Failure::Before(Error::ReadOnly { .. }))), "{name}");
            }
            if let Ok(plan) = control.reset_power_cap(1) {
                refuse(plan.stage().err());
            }
        }
        assert_eq!(record.writes(), [], "{name}");
    }
    assert!(refused > 8, "only {refused} refusals");
}

#[test]
fn out_of_range_is_refused_before_the_first_byte() {
    let scratch = Scratch::new(NAVI31);
    let control = scratch.smi.gpus()[0].control().unwrap();
    let refused = [
        control.power_cap(1, MicroWatts(290_999_999)).err(),
        control.power_cap(1, MicroWatts(375_000_000)).err(),
        // 350 µW, the mistake that the unit's type leaves possible.
        control.power_cap(1, MicroWatts(350)).err(),
        control.fan_percent(Percent(101)).err(),
        control.fan_pwm(256).err(),
        control.fan_rpm(Rpm(3201)).err(),
        // Whatever fan1_min says.
        control.fan_rpm(Rpm(0)).err(),
        control.clock_range(ClockDomain::Graphics, MegaHertz(499), MegaHertz(2000)).err(),
        control.clock_range(ClockDomain::Graphics, MegaHertz(2000), MegaHertz(1000)).err(),
        control.fan_control(FanControlChange::TargetTemperature(MilliCelsius(111_000))).err(),
        control.fan_control(FanControlChange::TargetTemperature(MilliCelsius(-1_000))).err(),
        control.overdrive(&[OverdriveEdit::VoltageOffset(MilliVolts(1))]).err(),
    ];
    for error in refused {
        let error = error.unwrap();
        assert!(matches!(error, Error::OutOfRange { .. }), "{error}");
    }
    let error = control.power_cap(1, MicroWatts(400_000_000)).unwrap_err();
    assert!(error.to_string().ends_with("power cap 400 W is not within 291 W to 374 W"), "{error}");
    assert_eq!(scratch.log(), [""; 0]);
}

#[test]
fn what_is_not_offered_says_what_is() {
    let scratch = Scratch::new(NAVI31);
    let control = scratch.smi.gpus()[0].control().unwrap();
    let mi300 = Scratch::new(SPX);
    let partitions = mi300.smi.gpus()[0].control().unwrap();
    let level = |clock| OverdriveEdit::ShaderLevel { index: 0, clock, voltage: MilliVolts(800) };
    let point = |index| amdgpu_smi::parse::fan::FanPoint {
        index,
        temperature: MilliCelsius(50_000),
        speed: Percent(50),
    };
    for (error, part) in [
        (control.performance_level("fast").err(), "choose from auto, low, high"),
        (control.power_profile("QUIET").err(), "choose from 0 BOOTUP_DEFAULT, 1 3D_FULL_SCREEN"),
        (control.power_profile(8).err(), "7 WINDOW_3D"),
        (control.custom_power_profile(&[]).err(), "at least one"),
        (control.custom_power_profile(&[i64::MIN; 8]).err(), "127 bytes"),
        (control.clock_levels(ClockDomain::Memory, &[4]).err(), "at least one of [0, 1, 2, 3]"),
        (control.clock_levels(ClockDomain::Memory, &[]).err(), "at least one"),
        (control.pcie_levels(&[3]).err(), "at least one of [0, 1, 2]"),
        (control.clock_range(ClockDomain::Soc, MegaHertz(1), MegaHertz(2)).err(), "graphics and memory"),
        (control.overdrive(&[]).err(), "`s 0 500`, `s 1 2700`, `m 0 97`, `m 1 1249`, `vo -45`"),
        (control.overdrive(&[level(MegaHertz(800))]).err(), "`s 0 500`"),
        (control.fan_curve(&[point(0)]).err(), "all of [0, 1, 2, 3, 4]"),
        (
            control.fan_control(FanControlChange::TargetTemperature(MilliCelsius(85_500))).err(),
            "whole degrees",
        ),
        (partitions.compute_partition("tpx").err(), "choose from SPX, DPX, QPX, CPX"),
        (partitions.memory_partition("npx").err(), "not the name of a mode"),
        (partitions.soc_pstate("soc_pstate_9").err(), "3 soc_pstate_2"),
    ] {
        let error = error.unwrap();
        assert!(matches!(error, Error::NotOffered { .. }), "{error}");
        assert!(error.to_string().contains(part), "{error}");
    }
    assert_eq!((scratch.log(), mi300.log()), (vec![], vec![]));
}

/// A file that is not there is an error and stays away.
#[test]
fn nothing_is_created() {
    let scratch = Scratch::new(HYBRID);
    let before: Vec<_> = scratch.snapshot().into_iter().map(|(path, _)| path).collect();
    // The APU has neither cap nor fan, profiles, isolation, partitions nor policies.
    let gpu = &scratch.smi.gpus()[1];
    assert_eq!(gpu.bdf().to_string(), "0000:c5:00.0");
    let control = gpu.control().unwrap();
    let missing = [
        control.power_cap(1, MicroWatts(15_000_000)).err(),
        control.reset_power_cap(1).err(),
        control.fan_percent(Percent(50)).err(),
        control.fan_rpm(Rpm(1000)).err(),
        control.fan_mode(amdgpu_smi::gpu::FanMode::Automatic).err(),
        control.power_profile(0).err(),
        control.pcie_levels(&[0]).err(),
        control.soc_pstate(0).err(),
        control.xgmi_plpd(0).err(),
        control.process_isolation(amdgpu_smi::parse::policy::Isolation::On).err(),
        control.clean_local_data().err(),
        control.compute_partition("SPX").err(),
        control.memory_partition("NPS1").err(),
        control.overdrive_level(Percent(5)).err(),
        control.reset_gpu().err(),
        control.reset_xgmi_errors().err(),
    ];
    for error in missing {
        let error = error.unwrap();
        assert!(matches!(error, Error::NotSupported { .. }), "{error}");
    }
    // Gone between the plan and its staging, and between that and the commit.
    let control = scratch.smi.gpus()[0].control().unwrap();
    let file = scratch.file("power_dpm_force_performance_level");
    let staged = control.performance_level("high").unwrap().stage().unwrap();
    let plan = control.performance_level("high").unwrap();
    std::fs::remove_file(&file).unwrap();
    assert!(matches!(plan.dry_run()[0].1, Err(Error::NotSupported { .. })));
    assert!(matches!(plan.stage(), Err(Error::NotSupported { .. })));
    let Err(Failure::During(incomplete)) = staged.commit() else { panic!() };
    assert!(matches!(incomplete.error, Error::NotSupported { .. }), "{incomplete}");
    assert!(incomplete.done.is_empty());
    assert!(!file.exists());
    let mut after: Vec<_> = scratch.snapshot().into_iter().map(|(path, _)| path).collect();
    after.push(file);
    after.sort();
    assert_eq!(after, before);
}

/// A plain writable tree creates nothing either, nor does it follow a command.
#[test]
fn a_writable_tree_takes_what_is_there() {
    let scratch = Scratch::new(NAVI31);
    let tree = amdgpu_smi::backend::Tree::open_writable(scratch.dir.path()).unwrap();
    let device = scratch.file("pp_dpm_sclk").parent().unwrap().to_path_buf();
    let path = std::path::Path::new("/").join(device.strip_prefix(scratch.dir.path()).unwrap());
    let dir = tree.open_dir(&path).unwrap();
    let writer = dir.writer().unwrap();
    writer.write("power_dpm_force_performance_level".as_ref(), b"low\n").unwrap();
    assert_eq!(scratch.text("power_dpm_force_performance_level"), "low\n");
    let error = writer.write("pp_new".as_ref(), b"1\n").unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::NotFound);
    assert!(!device.join("pp_new").exists());
    assert!(writer.write("hwmon".as_ref(), b"1\n").is_err());
}

/// The driver takes nothing while the GPU is in reset, and the plan says so.
#[test]
fn a_gpu_in_reset_takes_nothing() {
    for fixture in ["navi21-1x-k6.12-desktop-in-reset", "navi21-1x-k7.0-desktop-in-reset"] {
        let scratch = Scratch::new(fixture);
        let control = scratch.smi.gpus()[0].control().unwrap();
        let refused = [
            control.performance_level("low").err(),
            control.power_cap(1, MicroWatts::from_watts(200)).err(),
            control.fan_percent(Percent(50)).err(),
            control.fan_mode(amdgpu_smi::gpu::FanMode::Automatic).err(),
            control.power_profile("COMPUTE").err(),
            control.clock_levels(ClockDomain::Memory, &[0]).err(),
        ];
        for error in refused {
            let error = error.unwrap();
            let in_reset = matches!(error, Error::Unavailable { reason: Unavailable::InReset, .. });
            assert!(in_reset, "{fixture}: {error}");
        }
    }
}

/// Whichever step fails, however: what had been done is said, and the way back leads back.
#[test]
fn a_failure_at_any_step_is_told_and_can_be_undone() {
    let scratch = Scratch::new(NAVI31);
    let gpu = &scratch.smi.gpus()[0];
    let start = scratch.snapshot();
    for errno in [22, 16, 1, 13, 5, 30] {
        for step in 0..4 {
            scratch.log();
            let plan = gpu
                .control()
                .unwrap()
                .clock_range(ClockDomain::Graphics, MegaHertz(2800), MegaHertz(3000))
                .unwrap();
            let planned: Vec<_> = plan.steps().iter().map(ToString::to_string).collect();
            assert_eq!(planned.len(), 4);
            scratch.record.fail_write(step, errno);
            let failure = plan.apply().unwrap_err();
            let Failure::During(incomplete) = &failure else { panic!("{failure}") };
            let text = |steps: &[amdgpu_smi::control::Step]| {
                steps.iter().map(ToString::to_string).collect::<Vec<_>>()
            };
            assert_eq!(text(&incomplete.done), planned[..step]);
            assert_eq!(incomplete.failed.to_string(), planned[step]);
            assert_eq!(text(&incomplete.left), planned[step + 1..]);
            match (errno, &incomplete.error) {
                (22, Error::Refused { errno: 22, .. })
                | (16 | 1, Error::Unavailable { reason: Unavailable::InReset, .. })
                | (13, Error::NoPermission { op: Op::Write, .. })
                | (5, Error::Io { errno: 5, .. })
                | (30, Error::NoPermission { .. }) => {}
                (_, other) => panic!("{errno}: {other}"),
            }
            let said = failure.to_string();
            assert!(said.starts_with(&format!("step {} of 4 failed: ", step + 1)), "{said}");
            assert_eq!(said.contains("nothing was changed"), step == 0, "{said}");
            assert_eq!(said.contains("the way back: "), step > 0, "{said}");
            scratch.record.heal();
            let Failure::During(incomplete) = failure else { unreachable!() };
            incomplete.way_back.apply().unwrap();
            assert_eq!(scratch.snapshot(), start, "errno {errno} at step {step}");
        }
    }
}

#[test]
fn a_busy_package_is_not_partitioned() {
    let scratch = Scratch::new(SPX);
    let gpu = &scratch.smi.gpus()[0];
    scratch.record.fail_write(0, 16);
    let failure = gpu.control().unwrap().compute_partition("CPX").unwrap().apply().unwrap_err();
    let in_use = matches!(failure.error(), Error::Unavailable { reason: Unavailable::InUse, .. });
    assert!(in_use, "{failure}");
    // The list is as it was.
    assert!(gpu.power().socket.is_ok());
}

#[test]
fn a_user_may_plan_and_not_change() {
    let scratch = Scratch::prepared(NAVI31, |root| {
        let manifest = root.join("MANIFEST");
        let text = std::fs::read_to_string(&manifest).unwrap();
        // The fixture's files are of whoever made the copy; the user asking is someone else.
        std::fs::write(manifest, text.replace("host euid 0", "host euid 64000")).unwrap();
    });
    let gpu = &scratch.smi.gpus()[0];
    let control = gpu.control().unwrap();
    let plan = control.power_cap(1, MicroWatts(300_000_000)).unwrap();
    assert!(matches!(plan.dry_run()[0].1, Err(Error::NoPermission { op: Op::Write, .. })));
    let failure = plan.apply().unwrap_err();
    assert!(matches!(failure, Failure::Before(Error::NoPermission { .. })), "{failure}");
    assert_eq!(scratch.log(), [""; 0]);
}

#[test]
fn a_read_only_file_is_so_for_root_too() {
    let scratch = Scratch::prepared(NAVI31, |root| {
        let manifest = root.join("MANIFEST");
        let mut text = std::fs::read_to_string(&manifest).unwrap();
        text += "mode 0444 sys/devices/pci0000:00/0000:00:01.1/0000:01:00.0/0000:02:00.0/0000:03:00.0/pp_dpm_mclk\n";
        std::fs::write(manifest, text).unwrap();
    });
    let control = scratch.smi.gpus()[0].control().unwrap();
    let error = control.clock_levels(ClockDomain::Memory, &[3]).unwrap().stage().unwrap_err();
    assert!(error.to_string().contains("does not allow changing it on this GPU"), "{error}");
    assert_eq!(scratch.log(), [""; 0]);
}

#[test]
fn missing_overdrive_names_the_boot_parameter() {
    let scratch = Scratch::new(HYBRID);
    let control = scratch.smi.gpus()[0].control().unwrap();
    for error in [
        control.clock_range(ClockDomain::Graphics, MegaHertz(500), MegaHertz(2000)).err(),
        control.overdrive(&[OverdriveEdit::VoltageOffset(MilliVolts(-10))]).err(),
        control.fan_control(FanControlChange::MinimumPwm(Percent(20))).err(),
        control.reset_fan_control().err(),
    ] {
        let error = error.unwrap();
        assert!(matches!(error, Error::OverdriveOff { .. }), "{error}");
        assert!(error.to_string().ends_with("boot with amdgpu.ppfeaturemask=0xfff7ffff"), "{error}");
    }
}

/// Planning leaves a sleeping GPU asleep: no file that would wake it is read. Committing wakes it.
#[test]
fn a_plan_does_not_wake() {
    let scratch = Scratch::new("navi23-1x-k6.6-laptop-suspended");
    let gpu = &scratch.smi.gpus()[0];
    scratch.record.clear();
    let control = gpu.control().unwrap();
    control.capabilities();
    let asleep = |error: Option<Error>| {
        let error = error.unwrap();
        let suspended = matches!(error, Error::Unavailable { reason: Unavailable::Suspended, .. });
        assert!(suspended, "{error}");
    };
    asleep(control.power_cap(1, MicroWatts(80_000_000)).err());
    asleep(control.power_profile("COMPUTE").err());
    asleep(control.clock_levels(ClockDomain::Memory, &[0]).err());
    let plan = control.performance_level("low").unwrap();
    assert!(plan.dry_run()[0].1.is_ok());
    let staged = plan.stage().unwrap();
    let harmless = ["runtime_status", "cpuinfo", "ppfeaturemask", "name", "major", "minor", "revision"];
    for call in scratch.record.calls() {
        let name = call.path.file_name().unwrap().to_str().unwrap().to_owned();
        assert!(
            call.op != Op::Read || harmless.contains(&name.as_str()),
            "{} would wake",
            call.path.display()
        );
    }
    let change = staged.commit().unwrap();
    // Read by the commit, which wakes it: the way back is known all the same.
    assert_eq!(change.way_back.steps()[0].bytes(), b"auto\n");
}

#[test]
fn handles_of_an_old_partitioning_are_gone() {
    let scratch = Scratch::new(CPX);
    let gpus = scratch.smi.gpus();
    assert_eq!(gpus.len(), 8);
    let change = gpus[3].control().unwrap().compute_partition("spx").unwrap().apply().unwrap();
    assert_eq!((change.requested.as_str(), change.actual.as_ref().unwrap().as_str()), ("SPX", "SPX"));
    for gpu in gpus {
        assert!(matches!(gpu.power().socket, Err(Error::DeviceGone { .. })));
        assert!(matches!(gpu.compute_partition(), Err(Error::DeviceGone { .. })));
        assert!(matches!(gpu.control(), Err(Error::DeviceGone { .. })));
        assert!(gpu.temperatures().is_err());
    }
    let smi = scratch.smi.rescan().unwrap();
    assert_eq!(smi.gpus().len(), 1);
    assert!(smi.gpus()[0].power().socket.is_ok());
}

/// Another process did it: KFD's nodes went, and what is asked of them says so.
#[test]
fn a_node_that_went_is_a_device_that_went() {
    let scratch = Scratch::new(CPX);
    let gpu = scratch.smi.gpus()[7].clone();
    assert!(gpu.cache_info().is_ok() && gpu.memory_usage().vram_total.is_ok());
    std::fs::remove_dir_all(scratch.dir.path().join("sys/devices/virtual/kfd/kfd/topology/nodes/8")).unwrap();
    assert!(matches!(gpu.cache_info(), Err(Error::DeviceGone { .. })));
    assert!(matches!(gpu.memory_usage().vram_total, Err(Error::DeviceGone { .. })));
    // On a node that stands, use of a partition's share is still what only the package counts.
    let other = &scratch.smi.gpus()[6];
    assert!(matches!(other.memory_usage().vram_used, Err(Error::PackageOnly { .. })));
}
