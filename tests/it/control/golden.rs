//! Which file gets which bytes, in which order: written by hand from the kernel's documentation.

use amdgpu_smi::control::{Bound, FanControlChange, OverdriveEdit, Plan};
use amdgpu_smi::gpu::{ClockDomain, FanMode};
use amdgpu_smi::parse::fan::FanPoint;
use amdgpu_smi::parse::policy::Isolation;
use amdgpu_smi::unit::{MegaHertz, MicroWatts, MilliCelsius, MilliVolts, Percent, Rpm};
use amdgpu_smi::{Result, control::Control};

use super::driver::Scratch;

pub(crate) const NAVI31: &str = "navi31-1x-k6.12-desktop";
pub(crate) const SPX: &str = "mi300x-1x-k6.12-spx";
pub(crate) const CPX: &str = "mi300x-1x-k6.12-cpx-nps4";
pub(crate) const HYBRID: &str = "phoenix-navi33-2x-k6.10-hybrid-foreign-card0";

/// Applies a plan to a GPU of a copy and compares the writes; planning and a dry run must have made none.
#[track_caller]
fn writes<A, B>(
    scratch: &Scratch,
    gpu: usize,
    plan: impl FnOnce(&Control<'_>) -> Result<Plan<A, B>>,
    expected: &[&str],
) where
    A: std::fmt::Debug,
{
    let gpu = &scratch.smi.gpus()[gpu];
    let plan = plan(&gpu.control().unwrap()).unwrap();
    assert!(plan.dry_run().iter().all(|(_, obstacle)| obstacle.is_ok()), "{plan:?}");
    let printed = plan.to_string();
    let staged = plan.stage().unwrap();
    assert_eq!(scratch.log(), [""; 0], "a plan writes");
    if let Err(failure) = staged.commit() {
        panic!("{failure}");
    }
    assert_eq!(scratch.log(), expected);
    // The printed steps are the steps made.
    let printed: Vec<_> = printed.lines().map(|line| super::driver::relative(line.as_ref())).collect();
    assert_eq!(printed, expected);
}

#[test]
fn power() {
    let navi31 = Scratch::new(NAVI31);
    let spx = Scratch::new(SPX);
    writes(
        &navi31,
        0,
        |control| control.power_cap(1, MicroWatts(300_000_000)),
        &["hwmon/hwmon4/power1_cap <- 300000000"],
    );
    writes(&navi31, 0, |control| control.reset_power_cap(1), &["hwmon/hwmon4/power1_cap <- 339000000"]);
    writes(
        &spx,
        0,
        |control| control.power_cap(1, MicroWatts(500_000_000)),
        &["hwmon/hwmon6/power1_cap <- 500000000"],
    );
}

/// The second channel of newer drivers, and the overdrive of older cards: files added to a fixture.
#[test]
fn fast_cap_and_old_overdrive() {
    let scratch = Scratch::prepared(SPX, |root| {
        let device = root.join("sys/devices/pci0000:00/0000:00:05.1/0000:63:00.0/0000:64:00.0/0000:65:00.0");
        for (file, text) in [
            ("hwmon/hwmon6/power2_cap", "900000000\n"),
            ("hwmon/hwmon6/power2_cap_min", "0\n"),
            ("hwmon/hwmon6/power2_cap_max", "1000000000\n"),
            ("hwmon/hwmon6/power2_cap_default", "900000000\n"),
            ("pp_sclk_od", "0\n"),
            ("pp_mclk_od", "0\n"),
        ] {
            std::fs::write(device.join(file), text).unwrap();
        }
    });
    writes(
        &scratch,
        0,
        |control| control.power_cap(2, MicroWatts::from_watts(1000)),
        &["hwmon/hwmon6/power2_cap <- 1000000000"],
    );
    writes(&scratch, 0, |control| control.reset_power_cap(2), &["hwmon/hwmon6/power2_cap <- 900000000"]);
    writes(&scratch, 0, |control| control.overdrive_level(Percent(20)), &["pp_sclk_od <- 20"]);
    writes(&scratch, 0, |control| control.memory_overdrive_level(Percent(7)), &["pp_mclk_od <- 7"]);
    let control = scratch.smi.gpus()[0].control().unwrap();
    let error = control.overdrive_level(Percent(21)).unwrap_err();
    assert!(matches!(error, amdgpu_smi::Error::OutOfRange { .. }), "{error}");
}

#[test]
fn fans() {
    let navi31 = Scratch::new(NAVI31);
    let hwmon = "hwmon/hwmon4";
    let pwm = |value: u32| [format!("{hwmon}/pwm1_enable <- 1"), format!("{hwmon}/pwm1 <- {value}")];
    let refs = |lines: &'static [String; 2]| lines.each_ref().map(String::as_str);
    let leak = |lines: [String; 2]| -> &'static [String; 2] { Box::leak(Box::new(lines)) };
    writes(&navi31, 0, |control| control.fan_percent(Percent(50)), &refs(leak(pwm(128))));
    writes(&navi31, 0, |control| control.fan_percent(Percent(100)), &refs(leak(pwm(255))));
    writes(&navi31, 0, |control| control.fan_pwm(77), &refs(leak(pwm(77))));
    writes(
        &navi31,
        0,
        |control| control.fan_rpm(Rpm(1800)),
        &["hwmon/hwmon4/fan1_enable <- 1", "hwmon/hwmon4/fan1_target <- 1800"],
    );
    for (mode, line) in [
        (FanMode::Full, "hwmon/hwmon4/pwm1_enable <- 0"),
        (FanMode::Manual, "hwmon/hwmon4/pwm1_enable <- 1"),
        (FanMode::Automatic, "hwmon/hwmon4/pwm1_enable <- 2"),
    ] {
        writes(&navi31, 0, |control| control.fan_mode(mode), &[line]);
    }
}

#[test]
fn the_firmwares_fan_control() {
    let navi31 = Scratch::new(NAVI31);
    let point = |index, degrees: i64, percent| FanPoint {
        index,
        temperature: MilliCelsius(degrees * 1000),
        speed: Percent(percent),
    };
    let curve = [point(0, 35, 20), point(1, 50, 35), point(2, 65, 50), point(3, 80, 80), point(4, 95, 100)];
    writes(
        &navi31,
        0,
        |control| control.fan_curve(&curve),
        &[
            "gpu_od/fan_ctrl/fan_curve <- 0 35 20",
            "gpu_od/fan_ctrl/fan_curve <- 1 50 35",
            "gpu_od/fan_ctrl/fan_curve <- 2 65 50",
            "gpu_od/fan_ctrl/fan_curve <- 3 80 80",
            "gpu_od/fan_ctrl/fan_curve <- 4 95 100",
            "gpu_od/fan_ctrl/fan_curve <- c",
        ],
    );
    for (change, file, value) in [
        (FanControlChange::AcousticLimit(Rpm(2500)), "acoustic_limit_rpm_threshold", "2500"),
        (FanControlChange::AcousticTarget(Rpm(1600)), "acoustic_target_rpm_threshold", "1600"),
        (FanControlChange::TargetTemperature(MilliCelsius(85_000)), "fan_target_temperature", "85"),
        (FanControlChange::MinimumPwm(Percent(30)), "fan_minimum_pwm", "30"),
    ] {
        writes(
            &navi31,
            0,
            |control| control.fan_control(change),
            &[&format!("gpu_od/fan_ctrl/{file} <- {value}"), &format!("gpu_od/fan_ctrl/{file} <- c")],
        );
    }
    writes(
        &navi31,
        0,
        |control| control.reset_fan_control(),
        &[
            "gpu_od/fan_ctrl/fan_curve <- r",
            "gpu_od/fan_ctrl/fan_curve <- c",
            "gpu_od/fan_ctrl/acoustic_limit_rpm_threshold <- r",
            "gpu_od/fan_ctrl/acoustic_limit_rpm_threshold <- c",
            "gpu_od/fan_ctrl/acoustic_target_rpm_threshold <- r",
            "gpu_od/fan_ctrl/acoustic_target_rpm_threshold <- c",
            "gpu_od/fan_ctrl/fan_target_temperature <- r",
            "gpu_od/fan_ctrl/fan_target_temperature <- c",
            "gpu_od/fan_ctrl/fan_minimum_pwm <- r",
            "gpu_od/fan_ctrl/fan_minimum_pwm <- c",
        ],
    );
}

/// The files of kernel 6.13, in a tree of 6.12 with them added.
#[test]
fn zero_rpm() {
    let scratch = Scratch::prepared(NAVI31, |root| {
        let ctrl = root.join(
            "sys/devices/pci0000:00/0000:00:01.1/0000:01:00.0/0000:02:00.0/0000:03:00.0/gpu_od/fan_ctrl",
        );
        let enable = "FAN_ZERO_RPM_ENABLE:\n1\nOD_RANGE:\nZERO_RPM_ENABLE: 0 1\n";
        let stop = "FAN_ZERO_RPM_STOP_TEMPERATURE:\n50\nOD_RANGE:\nZERO_RPM_STOP_TEMPERATURE: 25 110\n";
        std::fs::write(ctrl.join("fan_zero_rpm_enable"), enable).unwrap();
        std::fs::write(ctrl.join("fan_zero_rpm_stop_temperature"), stop).unwrap();
    });
    let control = scratch.smi.gpus()[0].control().unwrap();
    let change = control.fan_control(FanControlChange::ZeroRpm(false)).unwrap().apply().unwrap();
    assert_eq!(change.actual, Ok(0));
    let stop = FanControlChange::ZeroRpmStopTemperature(MilliCelsius(60_000));
    assert_eq!(control.fan_control(stop).unwrap().apply().unwrap().actual, Ok(60));
    assert_eq!(
        scratch.log(),
        [
            "gpu_od/fan_ctrl/fan_zero_rpm_enable <- 0",
            "gpu_od/fan_ctrl/fan_zero_rpm_enable <- c",
            "gpu_od/fan_ctrl/fan_zero_rpm_stop_temperature <- 60",
            "gpu_od/fan_ctrl/fan_zero_rpm_stop_temperature <- c",
        ]
    );
}

const MANUAL: &str = "power_dpm_force_performance_level <- manual";
const AUTO: &str = "power_dpm_force_performance_level <- auto";

#[test]
fn levels_profiles_and_policies() {
    let navi31 = Scratch::new(NAVI31);
    let spx = Scratch::new(SPX);
    for word in ["auto", "LOW", "High", "manual", "profile_standard", "profile_min_sclk"] {
        let line = format!("power_dpm_force_performance_level <- {}", word.to_lowercase());
        writes(&navi31, 0, |control| control.performance_level(word), &[&line]);
    }
    writes(&navi31, 0, |control| control.power_profile("compute"), &[MANUAL, "pp_power_profile_mode <- 5"]);
    writes(&navi31, 0, |control| control.power_profile(4), &[MANUAL, "pp_power_profile_mode <- 4"]);
    writes(
        &navi31,
        0,
        |control| control.custom_power_profile(&[0, 0, 2, 900, 4, 750, 3_932_160, -65536, 0]),
        &[MANUAL, "pp_power_profile_mode <- 6 0 0 2 900 4 750 3932160 -65536 0"],
    );
    let default = [MANUAL, "pp_power_profile_mode <- 0", AUTO];
    writes(&navi31, 0, |control| control.reset_power_profile(), &default);
    writes(&spx, 0, |control| control.soc_pstate("SOC_PSTATE_2"), &["pm_policy/soc_pstate <- 3"]);
    writes(&spx, 0, |control| control.xgmi_plpd(0), &["pm_policy/xgmi_plpd <- 0"]);
    writes(&spx, 0, |control| control.xgmi_plpd("2"), &["pm_policy/xgmi_plpd <- 2"]);
}

/// Before 6.10 the XGMI policy has a file of its own, which prints the level in force only.
#[test]
fn older_xgmi_policy() {
    let spx = Scratch::prepared(SPX, |root| {
        let device = root.join("sys/devices/pci0000:00/0000:00:05.1/0000:63:00.0/0000:64:00.0/0000:65:00.0");
        std::fs::remove_dir_all(device.join("pm_policy")).unwrap();
        std::fs::write(device.join("xgmi_plpd_policy"), "1: default\n").unwrap();
    });
    writes(&spx, 0, |control| control.xgmi_plpd("Optimized"), &["xgmi_plpd_policy <- 2"]);
    let gpu = &spx.smi.gpus()[0];
    let change = gpu.control().unwrap().xgmi_plpd(0).unwrap().apply().unwrap();
    assert_eq!(change.actual.unwrap().name, "disallow");
    assert_eq!(
        super::driver::relative(change.way_back.steps()[0].to_string().as_ref()),
        "xgmi_plpd_policy <- 2"
    );
    assert!(matches!(gpu.control().unwrap().xgmi_plpd(3), Err(amdgpu_smi::Error::NotOffered { .. })));
    assert!(gpu.soc_pstate().is_err());
}

#[test]
fn clocks() {
    let navi31 = Scratch::new(NAVI31);
    let spx = Scratch::new(SPX);
    let hybrid = Scratch::new(HYBRID);
    writes(
        &navi31,
        0,
        |control| control.clock_levels(ClockDomain::Memory, &[3, 1, 3]),
        &[MANUAL, "pp_dpm_mclk <- 1 3"],
    );
    writes(
        &navi31,
        0,
        |control| control.clock_levels(ClockDomain::Graphics, &[2]),
        &[MANUAL, "pp_dpm_sclk <- 2"],
    );
    writes(&navi31, 0, |control| control.pcie_levels(&[0, 2]), &[MANUAL, "pp_dpm_pcie <- 0 2"]);
    let table = |line: &str| format!("pp_od_clk_voltage <- {line}");
    let range = |scratch: &Scratch, domain, low, high, expected: [&str; 2]| {
        let [first, second] = expected.map(table);
        let expected = [MANUAL, &first, &second, "pp_od_clk_voltage <- c"];
        let range = |control: &Control<'_>| control.clock_range(domain, MegaHertz(low), MegaHertz(high));
        writes(scratch, 0, range, &expected);
    };
    range(&navi31, ClockDomain::Graphics, 800, 2400, ["s 0 800", "s 1 2400"]);
    // Above the old one (500 to 2700): the upper bound first, or the driver sees them crossed.
    range(&navi31, ClockDomain::Graphics, 2800, 3000, ["s 1 3000", "s 0 2800"]);
    range(&navi31, ClockDomain::Memory, 97, 1300, ["m 0 97", "m 1 1300"]);
    range(&spx, ClockDomain::Graphics, 500, 1900, ["s 0 500", "s 1 1900"]);
    writes(
        &spx,
        0,
        |control| control.clock_limit(ClockDomain::Memory, Bound::Maximum, MegaHertz(1200)),
        &[MANUAL, "pp_od_clk_voltage <- m 1 1200", "pp_od_clk_voltage <- c"],
    );
    writes(
        &spx,
        0,
        |control| control.determinism(MegaHertz(1700)),
        &[
            "power_dpm_force_performance_level <- perf_determinism",
            "pp_od_clk_voltage <- s 1 1700",
            "pp_od_clk_voltage <- c",
        ],
    );
    let reset = [MANUAL, "pp_od_clk_voltage <- r", "pp_od_clk_voltage <- c", AUTO];
    writes(&navi31, 0, |control| control.reset_clocks(), &reset);
    writes(&hybrid, 0, |control| control.reset_clocks(), &[AUTO]);
}

#[test]
fn isolation_and_cleaner() {
    let spx = Scratch::new(SPX);
    let cpx = Scratch::new(CPX);
    // The second partition; `0 1 0 0 0 0 0 0` before.
    writes(
        &cpx,
        2,
        |control| control.process_isolation(Isolation::On),
        &["enforce_isolation <- 0 1 1 0 0 0 0 0"],
    );
    writes(
        &cpx,
        1,
        |control| control.process_isolation(Isolation::Off),
        &["enforce_isolation <- 0 0 1 0 0 0 0 0"],
    );
    writes(&spx, 0, |control| control.process_isolation(Isolation::On), &["enforce_isolation <- 1"]);
    writes(&cpx, 5, |control| control.clean_local_data(), &["run_cleaner_shader <- 5"]);
    writes(&spx, 0, |control| control.clean_local_data(), &["run_cleaner_shader <- 0"]);
}

#[test]
fn partitions() {
    let (spx, other) = (Scratch::new(SPX), Scratch::new(SPX));
    writes(&spx, 0, |control| control.compute_partition("cpx"), &["current_compute_partition <- CPX"]);
    writes(&other, 0, |control| control.memory_partition("nps4"), &["current_memory_partition <- NPS4"]);
}

/// Adds debugfs's directories to a fixture.
fn with_debugfs(dirs: &'static [(&'static str, &'static str)]) -> Scratch {
    Scratch::prepared(NAVI31, move |root| {
        for (name, device) in dirs {
            let dir = root.join("sys/kernel/debug/dri").join(name);
            std::fs::create_dir_all(&dir).unwrap();
            std::fs::write(dir.join("name"), format!("amdgpu dev={device} unique={device}\n")).unwrap();
            std::fs::write(dir.join("amdgpu_gpu_recover"), "0\n").unwrap();
        }
    })
}

#[test]
fn a_reset_is_a_read_of_the_right_gpu() {
    let own = "0000:03:00.0";
    for (dirs, expected) in [
        // By address, and by number on older kernels; another device may have the number.
        (&[("0000:03:00.0", "0000:03:00.0"), ("1", "0000:03:00.0")][..], Some(own)),
        (&[("0", "0000:0a:00.0"), ("1", "0000:03:00.0")], Some("1")),
        (&[("1", "0000:0a:00.0")], None),
        (&[], None),
    ] {
        let scratch = with_debugfs(dirs);
        let plan = scratch.smi.gpus()[0].control().unwrap().reset_gpu();
        let Some(expected) = expected else {
            assert!(matches!(plan, Err(amdgpu_smi::Error::NotSupported { .. })), "{plan:?}");
            continue;
        };
        let path = std::path::Path::new("/sys/kernel/debug/dri").join(expected).join("amdgpu_gpu_recover");
        let plan = plan.unwrap();
        assert_eq!(plan.to_string(), format!("{} is read", path.display()));
        let count = || scratch.record.calls().iter().filter(|call| call.path == path).map(|c| c.op).collect();
        let reads = |calls: Vec<_>| calls.iter().filter(|op| **op == amdgpu_smi::error::Op::Read).count();
        let staged = plan.stage().unwrap();
        assert_eq!(reads(count()), 0, "staging resets");
        assert!(staged.commit().unwrap().way_back.steps().is_empty());
        assert_eq!((reads(count()), scratch.log().len()), (1, 0));
    }
}

#[test]
fn a_failed_reset_says_so() {
    let scratch = with_debugfs(&[("0000:03:00.0", "0000:03:00.0")]);
    let recover = scratch.dir.path().join("sys/kernel/debug/dri/0000:03:00.0/amdgpu_gpu_recover");
    std::fs::write(recover, "-110\n").unwrap();
    let failure = scratch.smi.gpus()[0].control().unwrap().reset_gpu().unwrap().apply().unwrap_err();
    assert!(matches!(failure.error(), amdgpu_smi::Error::Io { errno: 110, .. }), "{failure}");
}

#[test]
fn xgmi_errors_are_cleared_by_reading() {
    let scratch = Scratch::new(SPX);
    let file = scratch.file("enforce_isolation").with_file_name("xgmi_error");
    let control = scratch.smi.gpus()[0].control().unwrap();
    assert!(matches!(control.reset_xgmi_errors(), Err(amdgpu_smi::Error::NotSupported { .. })));
    std::fs::write(file, "2\n").unwrap();
    let plan = control.reset_xgmi_errors().unwrap();
    assert!(plan.to_string().ends_with("/xgmi_error is read"));
    plan.apply().unwrap();
    assert_eq!(scratch.log(), [""; 0]);
}

/// The shapes of the overdrive table, and what each takes.
#[test]
fn overdrive() {
    let scratch = Scratch::new(NAVI31);
    let mhz = MegaHertz;
    let mv = MilliVolts;
    let s = |index, clock| OverdriveEdit::ShaderClock { index, clock: mhz(clock) };
    let m = |index, clock| OverdriveEdit::MemoryClock { index, clock: mhz(clock) };
    let cases: &[(&str, &str, &[OverdriveEdit], &[&str])] = &[
        (
            "Polaris, Vega10: levels with voltages",
            "OD_SCLK:\n0:        300MHz        750mV\n1:        608MHz        800mV\nOD_MCLK:\n0:        300MHz        \
             750mV\n1:       1000MHz        800mV\nOD_RANGE:\nSCLK:     300MHz       2000MHz\nMCLK:     300MHz       \
             2250MHz\nVDDC:     750mV        1150mV\n",
            &[
                OverdriveEdit::ShaderLevel { index: 1, clock: mhz(650), voltage: mv(820) },
                OverdriveEdit::MemoryLevel { index: 0, clock: mhz(350), voltage: mv(810) },
            ],
            &["s 1 650 820", "m 0 350 810"],
        ),
        (
            "Vega20, Navi1x: bounds and a curve",
            "OD_SCLK:\n0: 800Mhz\n1: 1980Mhz\nOD_MCLK:\n1: 870MHz\nOD_VDDC_CURVE:\n0: 800MHz 711mV\n1: 1390MHz 790mV\n\
             2: 1980MHz 1083mV\nOD_RANGE:\nSCLK:     800Mhz       2150Mhz\nMCLK:     625Mhz        950Mhz\n\
             VDDC_CURVE_SCLK[2]:     800Mhz       2150Mhz\nVDDC_CURVE_VOLT[2]:     750mV        1200mV\n",
            &[
                s(1, 2050),
                m(1, 900),
                OverdriveEdit::CurvePoint { index: 2, clock: mhz(2000), voltage: mv(1000) },
            ],
            &["s 1 2050", "m 1 900", "vc 2 2000 1000"],
        ),
        (
            "RDNA2, RDNA3: bounds and an offset",
            "OD_SCLK:\n0: 500Mhz\n1: 2575Mhz\nOD_MCLK:\n0: 97Mhz\n1: 1000MHz\nOD_VDDGFX_OFFSET:\n0mV\nOD_RANGE:\n\
             SCLK:     500Mhz       3000Mhz\nMCLK:     674Mhz       1075Mhz\n",
            &[s(0, 600), m(1, 1050), OverdriveEdit::VoltageOffset(mv(-50))],
            &["s 0 600", "m 1 1050", "vo -50"],
        ),
        (
            "the first RDNA3 drivers: bounds and offsets along a curve",
            "OD_SCLK:\n0: 500Mhz\n1: 2575Mhz\nOD_MCLK:\n0: 97Mhz\n1: 1000MHz\nOD_VDDC_CURVE:\n0: 0mv\n1: 0mv\nOD_RANGE:\n\
             SCLK:     500Mhz       3000Mhz\nVDDC_CURVE:    -450mv          0mv\n",
            &[OverdriveEdit::CurveOffset { index: 1, offset: mv(-10) }],
            &["vc 1 -10"],
        ),
        (
            "RDNA4: a clock offset",
            "OD_SCLK_OFFSET:\n0Mhz\nOD_MCLK:\n0: 97Mhz\n1: 1258MHz\nOD_VDDGFX_OFFSET:\n0mV\nOD_RANGE:\n\
             SCLK_OFFSET:    -500Mhz       1000Mhz\nVDDGFX_OFFSET:    -200mv          0mv\n",
            &[OverdriveEdit::ShaderOffset(-75), OverdriveEdit::VoltageOffset(mv(-100))],
            &["s -75", "vo -100"],
        ),
        (
            "Van Gogh: shader and cores",
            "OD_SCLK:\n0:        200Mhz\n1:       1600Mhz\nOD_RANGE:\nSCLK:     200Mhz       1600Mhz\nCCLK:    1400Mhz       \
             3500Mhz\nCCLK_RANGE in Core2:\n0:       1400Mhz\n1:       3500Mhz\n",
            &[s(1, 1500), OverdriveEdit::CoreClock { core: 2, index: 0, clock: mhz(1600) }],
            &["s 1 1500", "p 2 0 1600"],
        ),
        (
            "Cyan Skillfish: one point",
            "OD_SCLK:\n0: 1500Mhz *\nOD_VDDC:\n0: 906mV *\nOD_RANGE:\nSCLK:    1000Mhz       2000Mhz\nVDDC:     700mV        \
             1129mV\n",
            &[OverdriveEdit::CurvePoint { index: 0, clock: mhz(1800), voltage: mv(950) }],
            &["vc 0 1800 950"],
        ),
        (
            "MI200: levels where bounds would stand",
            "GFXCLK:\nS: 23Mhz *\n0: 500Mhz\n1: 1700Mhz\nMCLK:\n0: 1600Mhz *\n",
            &[s(1, 1400)],
            &["s 1 1400"],
        ),
    ];
    for (what, table, edits, lines) in cases {
        scratch.set("pp_od_clk_voltage", table);
        scratch.log();
        let gpu = &scratch.smi.gpus()[0];
        let before = gpu.overdrive().unwrap().value;
        let change = gpu.control().unwrap().overdrive(edits).unwrap().apply();
        let change = change.unwrap_or_else(|failure| panic!("{what}: {failure}"));
        let mut expected = vec![MANUAL.to_owned()];
        expected.extend(lines.iter().map(|line| format!("pp_od_clk_voltage <- {line}")));
        expected.push("pp_od_clk_voltage <- c".into());
        assert_eq!(scratch.log(), expected, "{what}");
        assert_ne!(change.actual.as_ref().unwrap(), &before, "{what}");
        change.way_back.apply().unwrap_or_else(|failure| panic!("{what}: {failure}"));
        assert_eq!(gpu.overdrive().unwrap().value, before, "{what}");
        // An edit for another shape is refused, with the available ones.
        let other = OverdriveEdit::CurveOffset { index: 77, offset: mv(0) };
        let refused = gpu.control().unwrap().overdrive(&[other]).unwrap_err();
        assert!(matches!(refused, amdgpu_smi::Error::NotOffered { .. }), "{what}: {refused}");
    }
}

/// The first RDNA4 drivers print the offset's limits in place of the offset, and take it as the upper bound.
#[test]
fn the_first_rdna4_drivers() {
    let scratch = Scratch::new(NAVI31);
    scratch.set(
        "pp_od_clk_voltage",
        "OD_SCLK_OFFSET:\n0: -500Mhz\n1: 1000Mhz\nOD_RANGE:\nSCLK_OFFSET: 4294966796Mhz       1000Mhz\n",
    );
    let control = scratch.smi.gpus()[0].control().unwrap();
    let plan = control.overdrive(&[OverdriveEdit::ShaderOffset(-100)]).unwrap();
    let lines: Vec<_> = plan.steps().iter().map(|step| step.bytes()).collect();
    assert_eq!(lines, [&b"manual\n"[..], b"s 1 -100\n", b"c\n"]);
    assert!(control.overdrive(&[OverdriveEdit::ShaderOffset(-501)]).is_err());
}

#[test]
fn a_plan_says_what_it_checked() {
    let scratch = Scratch::new(NAVI31);
    let control = scratch.smi.gpus()[0].control().unwrap();
    let plan = control.power_cap(1, MicroWatts(300_000_000)).unwrap();
    assert_eq!(plan.checks(), ["power cap 300 W is within 291 W to 374 W"]);
    let scratch = Scratch::new(SPX);
    let plan = scratch.smi.gpus()[0].control().unwrap().determinism(MegaHertz(1700)).unwrap();
    assert_eq!(plan.checks(), ["shader clock 1700 MHz is within 132 MHz to 2100 MHz, by pp_dpm_sclk"]);
}
