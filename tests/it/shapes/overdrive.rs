//! `pp_od_clk_voltage` and `gpu_od/fan_ctrl/*`.

use amdgpu_smi::parse::fan::{curve, setting};
use amdgpu_smi::parse::overdrive::{OverdriveLimits, OverdrivePoint, overdrive};

use super::{Shape, hold, shape};

/// Sections in the order of the fields: `s` the shader's points, `m` the memory's, `core N`, `curve`, `vddc`, `vo` and
/// `so` offsets, `levels` and `memory levels` that stand for points, `NAME low..high`.
pub(super) const OVERDRIVE: &[Shape] = &[
    shape(
        "smu7_print_clock_levels",
        "OD_SCLK:\n0:        300MHz        750mV\n1:        608MHz        769mV\nOD_MCLK:\n0:        300MHz        750mV\n\
         OD_RANGE:\nSCLK:     300MHz       2000MHz\nMCLK:     300MHz       2250MHz\nVDDC:     750mV        1150mV\n",
        "s 0:300@750 1:608@769; m 0:300@750; SCLK 300..2000 MHz; MCLK 300..2250 MHz; VDDC 750..1150 mV",
    ),
    shape(
        "vega10_emit_clock_levels vega10_print_clock_levels",
        "OD_SCLK:\n0:        852Mhz        800mV\nOD_MCLK:\n0:        167Mhz        800mV\nOD_RANGE:\n\
         SCLK:     852MHz       2400MHz\nMCLK:     167MHz       1500MHz\nVDDC:     800mV        1200mV\n",
        "s 0:852@800; m 0:167@800; SCLK 852..2400 MHz; MCLK 167..1500 MHz; VDDC 800..1200 mV",
    ),
    shape(
        "vega20_print_clock_levels vega20_print_clk_levels",
        "OD_SCLK:\n0:        808Mhz\n1:       1801Mhz\nOD_MCLK:\n1:       1000Mhz\nOD_VDDC_CURVE:\n\
         0:        808Mhz        722mV\n1:       1304Mhz        798mV\n2:       1801Mhz       1080mV\nOD_RANGE:\n\
         SCLK:     808Mhz       2200Mhz\nMCLK:     801Mhz       1200Mhz\nVDDC_CURVE_SCLK[0]:     808Mhz       2200Mhz\n\
         VDDC_CURVE_VOLT[0]:     738mV        1218mV\n",
        "s 0:808 1:1801; m 1:1000; curve 0:808@722 1:1304@798 2:1801@1080; SCLK 808..2200 MHz; MCLK 801..1200 MHz; \
         VDDC_CURVE_SCLK[0] 808..2200 MHz; VDDC_CURVE_VOLT[0] 738..1218 mV",
    ),
    shape(
        "navi10_emit_clk_levels navi10_print_clk_levels",
        "OD_SCLK:\n0: 800Mhz\n1: 1980Mhz\nOD_MCLK:\n1: 875MHz\nOD_VDDC_CURVE:\n0: 800MHz 708mV\n1: 1390MHz 776mV\n\
         2: 1980MHz 1106mV\nOD_RANGE:\nSCLK:     800Mhz       2150Mhz\nMCLK:     625Mhz        950Mhz\n\
         VDDC_CURVE_SCLK[2]:     800Mhz       2150Mhz\nVDDC_CURVE_VOLT[2]:     750mV        1200mV\n",
        "s 0:800 1:1980; m 1:875; curve 0:800@708 1:1390@776 2:1980@1106; SCLK 800..2150 MHz; MCLK 625..950 MHz; \
         VDDC_CURVE_SCLK[2] 800..2150 MHz; VDDC_CURVE_VOLT[2] 750..1200 mV",
    ),
    // Kernels 5.3 to 5.8.
    shape(
        "navi10_print_clk_levels",
        "OD_MCLK:\n0: 875MHz\nOD_VDDC_CURVE:\n0: 800MHz @ 708mV\n",
        "m 0:875; curve 0:800@708",
    ),
    shape(
        "sienna_cichlid_print_clk_levels",
        "OD_SCLK:\n0: 500Mhz\n1: 2660Mhz\nOD_MCLK:\n0: 97Mhz\n1: 1000MHz\nOD_VDDGFX_OFFSET:\n-25mV\nOD_RANGE:\n\
         SCLK:     500Mhz       3000Mhz\nMCLK:     674Mhz       1075Mhz\n",
        "s 0:500 1:2660; m 0:97 1:1000; vo -25; SCLK 500..3000 MHz; MCLK 674..1075 MHz",
    ),
    shape(
        "smu_v13_0_0_print_clk_levels smu_v13_0_7_print_clk_levels",
        "OD_SCLK:\n0: 500Mhz\n1: 2905Mhz\nOD_MCLK:\n0: 97Mhz\n1: 1249MHz\nOD_VDDGFX_OFFSET:\n0mV\nOD_RANGE:\n\
         SCLK:     500Mhz       5000Mhz\nMCLK:      97Mhz       1500Mhz\nVDDGFX_OFFSET:    -450mv          0mv\n",
        "s 0:500 1:2905; m 0:97 1:1249; vo 0; SCLK 500..5000 MHz; MCLK 97..1500 MHz; VDDGFX_OFFSET -450..0 mV",
    ),
    // Kernel 6.6: an offset for each point of the curve.
    shape(
        "smu_v13_0_0_print_clk_levels smu_v13_0_7_print_clk_levels",
        "OD_VDDC_CURVE:\n0: 0mv\n1: -50mv\nOD_RANGE:\nVDDC_CURVE:    -450mv          0mv\n",
        "curve 0:@0 1:@-50; VDDC_CURVE -450..0 mV",
    ),
    // The first RDNA4 drivers: limits in place of the offset, one of them unsigned.
    shape(
        "smu_v14_0_2_print_clk_levels",
        "OD_SCLK_OFFSET:\n0: -500Mhz\n1: 1000Mhz\nOD_RANGE:\nSCLK_OFFSET: 4294966796Mhz       1000Mhz\n",
        "SCLK_OFFSET -500..1000 MHz more; OD_SCLK_OFFSET [0: -500Mhz, 1: 1000Mhz]",
    ),
    shape(
        "smu_v14_0_2_print_clk_levels smu_v14_0_2_emit_clk_levels",
        "OD_SCLK_OFFSET:\n-75Mhz\nOD_MCLK:\n0: 97Mhz\n1: 1258MHz\nOD_VDDGFX_OFFSET:\n-30mV\nOD_RANGE:\n\
         SCLK_OFFSET:    -500Mhz       1000Mhz\nMCLK:      97Mhz       1500Mhz\nVDDGFX_OFFSET:    -200mv          0mv\n",
        "m 0:97 1:1258; vo -30; so -75; SCLK_OFFSET -500..1000 MHz more; MCLK 97..1500 MHz; VDDGFX_OFFSET -200..0 mV",
    ),
    shape(
        "vangogh_print_clk_levels vangogh_print_fine_grain_clk vangogh_print_legacy_clk_levels",
        "OD_SCLK:\n0:        200Mhz\n1:       1600Mhz\nOD_RANGE:\nSCLK:     200Mhz       1600Mhz\n\
         CCLK:    1400Mhz       3500Mhz\nCCLK_RANGE in Core0:\n0:       1400Mhz\n1:       3500Mhz\n",
        "s 0:200 1:1600; core 0 0:1400 1:3500; SCLK 200..1600 MHz; CCLK 1400..3500 MHz",
    ),
    shape(
        "renoir_print_clk_levels",
        "OD_SCLK\n0:       200Mhz\n1:      1750Mhz\nOD_RANGE\nSCLK:        200Mhz       1750Mhz\n",
        "s 0:200 1:1750; SCLK 200..1750 MHz",
    ),
    shape(
        "smu10_print_clock_levels",
        "OD_SCLK:\n0:        200Mhz\n1:       1240Mhz\nOD_RANGE:\nSCLK:     200MHz       1240MHz\n",
        "s 0:200 1:1240; SCLK 200..1240 MHz",
    ),
    shape(
        "smu_v13_0_4_print_clk_levels smu_v13_0_5_print_clk_levels smu_v14_0_0_print_clk_levels \
         smu_v15_0_0_emit_clk_levels yellow_carp_print_clk_levels",
        "OD_SCLK:\n0:        800Mhz\n1:       2700Mhz\nOD_RANGE:\nSCLK:     800Mhz       2700Mhz\n",
        "s 0:800 1:2700; SCLK 800..2700 MHz",
    ),
    shape(
        "cyan_skillfish_print_clk_levels",
        "OD_SCLK:\n0: 1500Mhz *\nOD_VDDC:\n0: 906mV *\nOD_RANGE:\nSCLK:    1000Mhz       2000Mhz\n\
         VDDC:     700mV        1129mV\n",
        "s 0:1500; vddc 0:@906; SCLK 1000..2000 MHz; VDDC 700..1129 mV",
    ),
    // Until 6.9 the levels stand where later kernels have the bounds.
    shape(
        "aldebaran_emit_clk_levels aldebaran_print_clk_levels smu_v13_0_6_print_clk_levels",
        "GFXCLK:\n0: 500Mhz *\n1: 1700Mhz \nMCLK:\n0: 400Mhz \n1: 1600Mhz *\n",
        "levels 500..1700; memory levels 400..1600",
    ),
    shape(
        "smu_v13_0_6_print_clk_levels",
        "GFXCLK:\nS: 23Mhz *\n0: 500Mhz\n1: 2100Mhz\nMCLK:\n0: 900Mhz *\n",
        "levels 23..2100; memory levels 900..900",
    ),
    shape(
        "aldebaran_emit_clk_levels smu_v13_0_6_print_clk_levels",
        "OD_SCLK:\n0: 500Mhz\n1: 2100Mhz\nOD_MCLK:\n0: 900Mhz\n1: 1300Mhz\n",
        "s 0:500 1:2100; m 0:900 1:1300",
    ),
    shape(
        "aldebaran_emit_clk_levels smu_v13_0_6_print_clk_levels",
        "unavailable\nunavailable\n",
        "unavailable",
    ),
    shape("amdgpu_get_pp_od_clk_voltage", "\n", ""),
];

/// `0:45C30% … TEMP SPEED`.
pub(super) const FAN_CURVES: &[Shape] = &[
    shape(
        "smu_v13_0_0_print_clk_levels smu_v13_0_7_print_clk_levels smu_v14_0_2_print_clk_levels",
        "OD_FAN_CURVE:\n0: 45C 30%\n1: 55C 45%\nOD_RANGE:\nFAN_CURVE(hotspot temp): 25C 100C\nFAN_CURVE(fan speed): 15% 100%\n",
        "0:45C30% 1:55C45% 25..100C 15..100%",
    ),
    shape("amdgpu_retrieve_od_settings", "\n", ""),
];

/// `TITLE value low..high`.
pub(super) const FAN_SETTINGS: &[Shape] = &[
    shape(
        "smu_v13_0_0_print_clk_levels smu_v13_0_7_print_clk_levels smu_v14_0_2_print_clk_levels",
        "OD_ACOUSTIC_LIMIT:\n3200\nOD_RANGE:\nACOUSTIC_LIMIT: 500 3200\n",
        "OD_ACOUSTIC_LIMIT 3200 500..3200",
    ),
    shape(
        "smu_v13_0_0_print_clk_levels smu_v13_0_7_print_clk_levels smu_v14_0_2_print_clk_levels",
        "OD_ACOUSTIC_TARGET:\n1700\nOD_RANGE:\nACOUSTIC_TARGET: 500 3200\n",
        "OD_ACOUSTIC_TARGET 1700 500..3200",
    ),
    shape(
        "smu_v13_0_0_print_clk_levels smu_v13_0_7_print_clk_levels smu_v14_0_2_print_clk_levels",
        "FAN_TARGET_TEMPERATURE:\n95\nOD_RANGE:\nTARGET_TEMPERATURE: 25 110\n",
        "FAN_TARGET_TEMPERATURE 95 25..110",
    ),
    shape(
        "smu_v13_0_0_print_clk_levels smu_v13_0_7_print_clk_levels smu_v14_0_2_print_clk_levels",
        "FAN_MINIMUM_PWM:\n15\nOD_RANGE:\nMINIMUM_PWM: 15 100\n",
        "FAN_MINIMUM_PWM 15 15..100",
    ),
    // Printed since 6.13.
    shape(
        "smu_v13_0_0_print_clk_levels smu_v13_0_7_print_clk_levels smu_v14_0_2_print_clk_levels",
        "FAN_ZERO_RPM_ENABLE:\n1\nOD_RANGE:\nZERO_RPM_ENABLE: 0 1\n",
        "FAN_ZERO_RPM_ENABLE 1 0..1",
    ),
    shape(
        "smu_v13_0_0_print_clk_levels smu_v13_0_7_print_clk_levels",
        "FAN_ZERO_RPM_STOP_TEMPERATURE:\n60\nOD_RANGE:\nZERO_RPM_STOP_TEMPERATURE: 50 100\n",
        "FAN_ZERO_RPM_STOP_TEMPERATURE 60 50..100",
    ),
    shape("amdgpu_retrieve_od_settings", "\n", ""),
];

/// `0:800@708`, `0:800`, `0:@-50`.
fn points(points: &[OverdrivePoint]) -> String {
    let words = points.iter().map(|point| {
        let clock = point.clock.map_or(String::new(), |clock| clock.0.to_string());
        let voltage = point.voltage.map_or(String::new(), |voltage| format!("@{}", voltage.0));
        format!("{}:{clock}{voltage}", point.index)
    });
    words.collect::<Vec<_>>().join(" ")
}

#[test]
fn tables() {
    hold(OVERDRIVE, |text| {
        let table = overdrive(text).unwrap();
        assert_eq!(table.unrecognised, []);
        let mut words = Vec::new();
        let mut put = |name: &str, found: &[OverdrivePoint]| {
            if !found.is_empty() {
                words.push(format!("{name} {}", points(found)));
            }
        };
        put("s", &table.shader_clock);
        put("m", &table.memory_clock);
        if let Some(core) = &table.core_clock {
            put(&format!("core {}", core.core), &core.points);
        }
        put("curve", &table.voltage_curve);
        put("vddc", &table.voltage);
        words.extend(table.vddgfx_offset.map(|offset| format!("vo {}", offset.0)));
        words.extend(table.sclk_offset.map(|offset| format!("so {offset}")));
        for (name, levels) in [("levels", &table.shader_levels), ("memory levels", &table.memory_levels)] {
            if let (Some(first), Some(last)) = (levels.first(), levels.last()) {
                words.push(format!("{name} {}..{}", first.frequency.0, last.frequency.0));
            }
        }
        words.extend(table.ranges.iter().map(|range| {
            let limits = match &range.limits {
                OverdriveLimits::Clock(limits) => format!("{}..{} MHz", limits.minimum.0, limits.maximum.0),
                OverdriveLimits::ClockOffset(limits) => {
                    format!("{}..{} MHz more", limits.minimum, limits.maximum)
                }
                OverdriveLimits::Voltage(limits) => format!("{}..{} mV", limits.minimum.0, limits.maximum.0),
                other => format!("{other:?}"),
            };
            format!("{} {limits}", range.name)
        }));
        words.extend(table.other.iter().map(|other| format!("{} [{}]", other.title, other.lines.join(", "))));
        words.extend(table.unavailable.then(|| "unavailable".into()));
        words.join("; ")
    });
}

#[test]
fn curves_of_fans() {
    hold(FAN_CURVES, |text| {
        let found = curve(text).unwrap();
        assert_eq!(found.unrecognised, []);
        let mut words: Vec<String> = found
            .points
            .iter()
            .map(|point| format!("{}:{}C{}%", point.index, point.temperature.0 / 1000, point.speed.0))
            .collect();
        words.extend(
            found
                .temperature_limits
                .map(|limits| format!("{}..{}C", limits.minimum.0 / 1000, limits.maximum.0 / 1000)),
        );
        words.extend(found.speed_limits.map(|limits| format!("{}..{}%", limits.minimum.0, limits.maximum.0)));
        words.join(" ")
    });
}

#[test]
fn settings_of_fans() {
    hold(FAN_SETTINGS, |text| {
        setting(text).unwrap().map_or(String::new(), |found| {
            assert_eq!(found.unrecognised, []);
            let limits =
                found.limits.map_or("any".into(), |limits| format!("{}..{}", limits.minimum, limits.maximum));
            format!("{} {} {limits}", found.title, found.value)
        })
    });
}
