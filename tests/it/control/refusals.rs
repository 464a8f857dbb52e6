//! Values that the driver refuses or accepts by rules beyond the published range, and undoing them.

use std::fs;
use std::path::Path;

use amdgpu_smi::control::{Bound, OverdriveEdit, Setting};
use amdgpu_smi::gpu::{ClockDomain, FanMode};
use amdgpu_smi::parse::fan::FanPoint;
use amdgpu_smi::unit::{Amount, MegaHertz, MicroWatts, MilliCelsius, Percent};
use amdgpu_smi::{Error, Smi};

use super::driver::Scratch;
use super::golden::{HYBRID, NAVI31, SPX};

const NAVI31_DEVICE: &str = "sys/devices/pci0000:00/0000:00:01.1/0000:01:00.0/0000:02:00.0/0000:03:00.0";
const SPX_DEVICE: &str = "sys/devices/pci0000:00/0000:00:05.1/0000:63:00.0/0000:64:00.0/0000:65:00.0";
const PHOENIX_DEVICE: &str = "sys/devices/pci0000:00/0000:00:08.1/0000:c5:00.0";

/// A scratch copy with other texts in some files of a device.
fn with(fixture: &str, device: &str, files: &[(&str, &str)]) -> Scratch {
    Scratch::prepared(fixture, |root| {
        for (file, text) in files {
            fs::write(root.join(device).join(file), text).unwrap();
        }
    })
}

/// The APU of the hybrid laptop.
fn phoenix(smi: &Smi) -> &amdgpu_smi::Gpu {
    smi.gpus().iter().find(|gpu| gpu.bdf().to_string() == "0000:c5:00.0").unwrap()
}

/// As `vangogh_print_fine_grain_clk` prints it in the manual level.
const VAN_GOGH: &str = "OD_SCLK:\n0:        200Mhz\n1:       1600Mhz\nOD_RANGE:\nSCLK:     200Mhz       1600Mhz\n\
    CCLK:    1400Mhz       3500Mhz\nCCLK_RANGE in Core0:\n0:       1400Mhz\n1:       3500Mhz\n";

#[test]
fn an_apu_compares_one_end() {
    let scratch = with(HYBRID, PHOENIX_DEVICE, &[("pp_od_clk_voltage", VAN_GOGH)]);
    let control = phoenix(&scratch.smi).control().unwrap();
    let core = |core, index, clock| OverdriveEdit::CoreClock { core, index, clock: MegaHertz(clock) };
    let shader = |index, clock| OverdriveEdit::ShaderClock { index, clock: MegaHertz(clock) };
    // `vangogh_od_edit_dpm_table`: index 0 against the lower end, index 1 against the upper; the core not at all.
    for edit in [
        core(4, 1, 400),
        core(9, 0, 4000),
        core(0, 1, 3500),
        shader(1, 200),
        shader(1, 1600),
        shader(0, 1600),
    ] {
        let plan = control.overdrive(&[edit]).unwrap();
        assert_eq!(plan.steps().len(), 3, "{edit}");
        assert!(plan.checks()[0].contains("the only limit that the driver checks"), "{:?}", plan.checks());
    }
    for edit in [core(0, 0, 1399), core(0, 1, 3501), shader(0, 199), shader(1, 1601)] {
        assert!(matches!(control.overdrive(&[edit]), Err(Error::OutOfRange { .. })), "{edit}");
    }
    // Taken one by one, and refused when they become effective.
    let error = control.overdrive(&[shader(1, 199)]).unwrap_err();
    let Error::OutOfRange { setting, requested, minimum, maximum, .. } = error else { panic!("{error}") };
    assert_eq!(setting, "upper bound");
    // The lower bound that is in force is the nearer limit.
    assert_eq!([requested, minimum, maximum], [199, 200, 1600].map(|clock| Amount::Clock(MegaHertz(clock))));
    assert!(control.overdrive(&[shader(1, 300), shader(0, 250)]).is_ok());
    assert!(control.overdrive(&[shader(0, 300), shader(1, 250)]).is_err());
}

#[test]
fn the_table_that_opens_with_the_manual_level() {
    let closed = [("pp_od_clk_voltage", "\n"), ("power_dpm_force_performance_level", "auto\n")];
    let scratch = with(HYBRID, PHOENIX_DEVICE, &closed);
    let control = phoenix(&scratch.smi).control().unwrap();
    let plan = control.clock_limit(ClockDomain::Graphics, Bound::Maximum, MegaHertz(1200)).unwrap();
    let lines: Vec<_> = plan.to_string().lines().map(|line| super::driver::relative(line.as_ref())).collect();
    let expected = [
        "power_dpm_force_performance_level <- manual",
        "pp_od_clk_voltage <- s 1 1200",
        "pp_od_clk_voltage <- c",
    ];
    assert_eq!(lines, expected);
    assert!(plan.checks()[0].contains("empty until the performance level is manual"), "{:?}", plan.checks());
    let memory = OverdriveEdit::MemoryClock { index: 1, clock: MegaHertz(800) };
    assert!(matches!(control.overdrive(&[memory]), Err(Error::NotOffered { .. })));
    // Empty in the manual level too: then there is none.
    let manual = [("pp_od_clk_voltage", "\n"), ("power_dpm_force_performance_level", "manual\n")];
    let scratch = with(HYBRID, PHOENIX_DEVICE, &manual);
    let control = phoenix(&scratch.smi).control().unwrap();
    let plan = control.clock_limit(ClockDomain::Graphics, Bound::Maximum, MegaHertz(1200));
    assert!(matches!(plan, Err(Error::NotSupported { .. })));
    // And on a card the level does not matter.
    let scratch = with(NAVI31, NAVI31_DEVICE, &[("pp_od_clk_voltage", "\n")]);
    let control = scratch.smi.gpus()[0].control().unwrap();
    let plan = control.clock_limit(ClockDomain::Graphics, Bound::Maximum, MegaHertz(1200));
    assert!(matches!(plan, Err(Error::NotSupported { .. })));
}

#[test]
fn instinct_takes_no_lower_bound_of_the_memory_and_no_empty_range() {
    let scratch = Scratch::new(SPX);
    let control = scratch.smi.gpus()[0].control().unwrap();
    let memory = |index, clock| OverdriveEdit::MemoryClock { index, clock: MegaHertz(clock) };
    assert!(matches!(control.overdrive(&[memory(0, 900)]), Err(Error::NotOffered { .. })));
    assert!(control.overdrive(&[memory(1, 1100)]).is_ok());
    let range = |low, high| control.clock_range(ClockDomain::Graphics, MegaHertz(low), MegaHertz(high));
    assert!(matches!(range(1000, 1000), Err(Error::OutOfRange { .. })));
    assert!(range(1000, 1001).is_ok());
}

/// RDNA2 prints a lowest memory clock below its range.
#[test]
fn the_way_back_is_compared_too() {
    let table = "OD_SCLK:\n0: 500Mhz\n1: 2660Mhz\nOD_MCLK:\n0: 97Mhz\n1: 1000MHz\nOD_VDDGFX_OFFSET:\n-25mV\nOD_RANGE:\n\
        SCLK:     500Mhz       3000Mhz\nMCLK:     674Mhz       1075Mhz\n";
    let scratch = with(NAVI31, NAVI31_DEVICE, &[("pp_od_clk_voltage", table)]);
    let control = scratch.smi.gpus()[0].control().unwrap();
    let plan = control.clock_limit(ClockDomain::Memory, Bound::Minimum, MegaHertz(700)).unwrap();
    let change = plan.apply().unwrap();
    scratch.log();
    change.way_back.apply().unwrap();
    let expected = [
        "pp_od_clk_voltage <- r",
        "pp_od_clk_voltage <- vo -25",
        "pp_od_clk_voltage <- m 1 1000",
        "pp_od_clk_voltage <- s 1 2660",
        "pp_od_clk_voltage <- s 0 500",
        "pp_od_clk_voltage <- c",
        "power_dpm_force_performance_level <- auto",
    ];
    assert_eq!(scratch.log(), expected);
    assert_eq!(scratch.text("pp_od_clk_voltage"), table);
}

#[test]
fn a_virtual_function_takes_no_power_cap_and_keeps_its_partitions() {
    let uevent = fs::read_to_string(support::fixtures::fixture(SPX).join(SPX_DEVICE).join("uevent")).unwrap();
    let uevent = uevent.replace("1002:74A1\nPCI_SUBSYS", "1002:74B5\nPCI_SUBSYS");
    let scratch = with(SPX, SPX_DEVICE, &[("device", "0x74b5\n"), ("uevent", &uevent)]);
    let control = scratch.smi.gpus()[0].control().unwrap();
    let error = control.power_cap(1, MicroWatts::from_watts(500)).unwrap_err();
    assert!(
        error.to_string().contains("only the host can set the power cap of a virtual function"),
        "{error}"
    );
    assert!(matches!(control.compute_partition("cpx"), Err(Error::NotOffered { .. })));
    let capabilities = control.capabilities();
    assert!(matches!(capabilities.obstacle(Setting::PowerCap), Some(Error::NotOffered { .. })));
    assert!(capabilities.sriov_guest);
}

/// Since kernel 6.18 the host may let a virtual function set its cap, and the file's mode says so.
#[test]
fn a_host_may_grant_the_power_cap() {
    let uevent = fs::read_to_string(support::fixtures::fixture(SPX).join(SPX_DEVICE).join("uevent")).unwrap();
    let uevent = uevent.replace("1002:74A1\nPCI_SUBSYS", "1002:74B5\nPCI_SUBSYS");
    for (release, mode, granted) in
        [("6.16.1", "0644", false), ("6.18.0", "0644", true), ("7.0.3-amd64", "0444", false)]
    {
        let scratch = Scratch::prepared(SPX, |root| {
            let device = root.join(SPX_DEVICE);
            fs::write(device.join("device"), "0x74b5\n").unwrap();
            fs::write(device.join("uevent"), &uevent).unwrap();
            fs::write(root.join("proc/sys/kernel/osrelease"), format!("{release}\n")).unwrap();
            let manifest = fs::read_to_string(root.join("MANIFEST")).unwrap();
            let mode = format!("mode {mode} {SPX_DEVICE}/hwmon/hwmon6/power1_cap\n");
            fs::write(root.join("MANIFEST"), manifest + &mode).unwrap();
        });
        let plan = scratch.smi.gpus()[0].control().unwrap().power_cap(1, MicroWatts::from_watts(500));
        assert_eq!(plan.is_ok(), granted, "{release}: {plan:?}");
    }
}

/// `smu_v13_0_6_set_performance_level` and `smu_v13_0_6_force_clk_levels`.
#[test]
fn an_instinct_has_two_levels_of_one_clock() {
    let scratch = Scratch::new(SPX);
    let control = scratch.smi.gpus()[0].control().unwrap();
    assert!(control.performance_level("perf_determinism").is_ok());
    let error = control.performance_level("high").unwrap_err();
    assert!(error.to_string().contains("choose from auto, manual, perf_determinism"), "{error}");
    for domain in [ClockDomain::Memory, ClockDomain::Soc, ClockDomain::Fabric] {
        let error = control.clock_levels(domain, &[0]).unwrap_err();
        assert!(error.to_string().contains("the driver only shows these levels"), "{error}");
    }
    let plan = control.clock_levels(ClockDomain::Video0, &[0]).unwrap();
    assert!(plan.checks()[0].contains("does nothing with it"), "{:?}", plan.checks());
    // Of three lines the second is the clock itself.
    assert_eq!(scratch.text("pp_dpm_sclk").lines().count(), 3);
    let line = |levels| {
        control.clock_levels(ClockDomain::Graphics, levels).map(|plan| plan.steps()[1].bytes().to_vec())
    };
    assert_eq!(line(&[2]).unwrap(), b"1\n");
    assert_eq!(line(&[0, 1, 2]).unwrap(), b"0 1\n");
    assert!(line(&[1]).unwrap_err().to_string().contains("it is the current clock; choose from 0 and 2"));
}

/// `smu7_set_power_profile_mode` has no case for the profile after boot, and wants eight numbers of CUSTOM.
#[test]
fn profiles_of_gfx8() {
    let table = "NUM        MODE_NAME     SCLK_UP_HYST   SCLK_DOWN_HYST SCLK_ACTIVE_LEVEL     MCLK_UP_HYST   \
        MCLK_DOWN_HYST MCLK_ACTIVE_LEVEL\n  0   BOOTUP_DEFAULT:        -                -      -    -   -   -\n  \
        1 3D_FULL_SCREEN *:        0              100     30   10   60   25\n  \
        6           CUSTOM:        -                -      -    -   -   -\n";
    let scratch = with(NAVI31, NAVI31_DEVICE, &[("pp_power_profile_mode", table)]);
    let control = scratch.smi.gpus()[0].control().unwrap();
    let error = control.power_profile(0).unwrap_err();
    assert!(error.to_string().contains("the performance level auto brings it back"), "{error}");
    let reset = control.reset_power_profile().unwrap();
    assert_eq!(reset.steps().iter().map(|step| step.bytes()).collect::<Vec<_>>(), [b"auto\n"]);
    let error = control.power_profile("custom").unwrap_err();
    assert!(error.to_string().contains("it takes 8 numbers"), "{error}");
    assert!(control.custom_power_profile(&[1; 7]).is_err());
    assert!(control.custom_power_profile(&[1; 8]).is_ok());
}

/// `amdgpu_gfx_set_enforce_isolation` knows two values until kernel 6.16.
#[test]
fn isolation_of_older_kernels() {
    use amdgpu_smi::parse::policy::Isolation;
    for (release, is_taken) in [("6.12.9", false), ("6.16.0", true)] {
        let scratch = Scratch::prepared(SPX, |root| {
            fs::write(root.join("proc/sys/kernel/osrelease"), format!("{release}\n")).unwrap();
        });
        let control = scratch.smi.gpus()[0].control().unwrap();
        assert!(control.process_isolation(Isolation::On).is_ok());
        assert_eq!(control.process_isolation(Isolation::Legacy).is_ok(), is_taken, "{release}");
    }
}

/// `aldebaran_get_power_limit` and `aldebaran_set_power_limit`.
#[test]
fn the_second_die_takes_no_power_cap() {
    let zero = ["power1_cap", "power1_cap_min", "power1_cap_max", "power1_cap_default"];
    let zero = zero.map(|file| (format!("hwmon/hwmon6/{file}"), "0\n"));
    let scratch = with(SPX, SPX_DEVICE, &zero.each_ref().map(|(file, text)| (&**file, *text)));
    let control = scratch.smi.gpus()[0].control().unwrap();
    for watts in [0, 200] {
        let error = control.power_cap(1, MicroWatts::from_watts(watts)).unwrap_err();
        assert!(error.to_string().contains("set the cap of an MI250 on its first die"), "{error}");
    }
}

fn without_pwm_enable(root: &Path) {
    for file in ["pwm1_enable", "fan1_enable"] {
        fs::remove_file(root.join(NAVI31_DEVICE).join("hwmon/hwmon4").join(file)).unwrap();
    }
}

/// The files of RDNA4.
#[test]
fn a_fan_that_the_firmware_keeps() {
    let scratch = Scratch::prepared(NAVI31, without_pwm_enable);
    let control = scratch.smi.gpus()[0].control().unwrap();
    for error in [
        control.fan_percent(Percent(50)).unwrap_err(),
        control.fan_pwm(128).unwrap_err(),
        control.fan_rpm(amdgpu_smi::unit::Rpm(1000)).unwrap_err(),
        control.fan_mode(FanMode::Manual).unwrap_err(),
    ] {
        assert!(error.to_string().contains("--fan-curve"), "{error}");
    }
    let plan = control.fan_mode(FanMode::Automatic).unwrap();
    assert_eq!(plan.steps().len(), control.reset_fan_control().unwrap().steps().len());
    plan.apply().unwrap();
    assert_eq!(scratch.log()[0], "gpu_od/fan_ctrl/fan_curve <- r");
}

#[test]
fn a_curve_that_falls_with_heat_gets_a_remark() {
    let scratch = Scratch::new(NAVI31);
    let control = scratch.smi.gpus()[0].control().unwrap();
    let curve = |speeds: [u32; 5], degrees: [i64; 5]| {
        let points: Vec<FanPoint> = (0..5)
            .map(|index| FanPoint {
                index: index as u32,
                temperature: MilliCelsius(degrees[index] * 1000),
                speed: Percent(speeds[index]),
            })
            .collect();
        control.fan_curve(&points).unwrap().checks().join("\n")
    };
    let rising = [40, 50, 60, 70, 80];
    assert!(!curve([30, 30, 50, 70, 90], rising).contains("slows down"));
    let falling = curve([30, 60, 50, 70, 90], rising);
    assert!(falling.contains("the fan slows down with heat: 60 % at 50 °C, then 50 % at 60 °C"), "{falling}");
    let cooler = curve([30, 40, 50, 60, 70], [40, 60, 50, 70, 80]);
    assert!(cooler.contains("is cooler than point 1 before it"), "{cooler}");
}

#[test]
fn a_line_that_is_not_understood_is_named() {
    let table = "OD_SCLK:\n0: 500Mhz\n1: 2700 parsecs\nOD_MCLK:\n0: 97Mhz\n1: 1249MHz\nOD_RANGE:\n\
        SCLK:     500Mhz       5000Mhz\nMCLK: much\n";
    let scratch = with(NAVI31, NAVI31_DEVICE, &[("pp_od_clk_voltage", table)]);
    let control = scratch.smi.gpus()[0].control().unwrap();
    let shader = |index| OverdriveEdit::ShaderClock { index, clock: MegaHertz(900) };
    let plan = control.overdrive(&[shader(0)]).unwrap();
    assert!(
        plan.checks().iter().any(|check| check.contains("line 3, \"1: 2700 parsecs\"")),
        "{:?}",
        plan.checks()
    );
    let place = |error: Error| match error {
        Error::Unparsable { source, .. } => source.line,
        other => panic!("{other}"),
    };
    assert_eq!(place(control.overdrive(&[shader(1)]).unwrap_err()), 3);
    let memory = OverdriveEdit::MemoryClock { index: 1, clock: MegaHertz(1000) };
    assert_eq!(place(control.overdrive(&[memory]).unwrap_err()), 9);

    let levels = "0: 500Mhz *\n1: fast\n2: 2700Mhz \n";
    let scratch = with(NAVI31, NAVI31_DEVICE, &[("pp_dpm_sclk", levels)]);
    let control = scratch.smi.gpus()[0].control().unwrap();
    assert_eq!(control.clock_levels(ClockDomain::Graphics, &[2]).unwrap().checks().len(), 1);
    assert_eq!(place(control.clock_levels(ClockDomain::Graphics, &[1]).unwrap_err()), 2);
}

/// Until kernel 5.10 the parameter is printed in decimal.
#[test]
fn a_mask_without_0x_is_decimal() {
    let scratch = Scratch::prepared(NAVI31, |root| {
        fs::write(root.join("sys/module/amdgpu/parameters/ppfeaturemask"), "4294950911\n").unwrap();
        fs::remove_file(root.join(NAVI31_DEVICE).join("pp_od_clk_voltage")).unwrap();
    });
    let control = scratch.smi.gpus()[0].control().unwrap();
    match control.clock_limit(ClockDomain::Graphics, Bound::Maximum, MegaHertz(2000)) {
        Err(Error::OverdriveOff { parameter, .. }) => {
            assert_eq!(parameter, "amdgpu.ppfeaturemask=0xffffffff");
        }
        other => panic!("{other:?}"),
    }
}
