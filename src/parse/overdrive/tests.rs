use proptest::prelude::*;

use super::super::dpm::DpmIndex;
use super::*;

fn point(index: u32, clock: u32, voltage: Option<i64>) -> OverdrivePoint {
    OverdrivePoint { index, clock: Some(MegaHertz(clock)), voltage: voltage.map(MilliVolts) }
}

fn clocks(minimum: u32, maximum: u32) -> OverdriveLimits {
    OverdriveLimits::Clock(Limits { minimum: MegaHertz(minimum), maximum: MegaHertz(maximum) })
}

fn voltages(minimum: i64, maximum: i64) -> OverdriveLimits {
    OverdriveLimits::Voltage(Limits { minimum: MilliVolts(minimum), maximum: MilliVolts(maximum) })
}

const RDNA3: &[u8] =
    b"OD_SCLK:\n0: 500Mhz\n1: 2565Mhz\nOD_MCLK:\n0: 97Mhz\n1: 1249MHz\n\0\0\0\0OD_VDDGFX_OFFSET:\n\
-60mV\n\0\0\0OD_RANGE:\nSCLK:     500Mhz       5000Mhz\nMCLK:      97Mhz       1500Mhz\n\
VDDGFX_OFFSET:    -450mv          0mv\n\0\0";

#[test]
fn no_voltage() {
    let table = overdrive(b"OD_VDDC_CURVE:\n0: 800MHz 65535mV\n1: 900MHz 750mV\nOD_VDDC:\n0: 4294967295mV\n");
    let table = table.unwrap();
    assert_eq!(table.voltage_curve, [point(1, 900, Some(750))]);
    let reasons: Vec<_> = table.unrecognised.iter().map(|line| (line.line, line.column)).collect();
    assert_eq!(reasons, [(2, 11), (5, 4)]);
}

#[test]
fn rdna3() {
    let table = overdrive(RDNA3).unwrap();
    assert_eq!(table.shader_clock, [point(0, 500, None), point(1, 2565, None)]);
    assert_eq!(table.memory_clock, [point(0, 97, None), point(1, 1249, None)]);
    assert_eq!(table.vddgfx_offset, Some(MilliVolts(-60)));
    assert_eq!(table.range("SCLK"), Some(&clocks(500, 5000)));
    assert_eq!(table.range("VDDGFX_OFFSET"), Some(&voltages(-450, 0)));
    assert_eq!(table.ranges.len(), 3);
    assert_eq!(table.range("VDDC"), None);
    assert_eq!((table.other.len(), table.unavailable), (0, false));
}

#[test]
fn navi1x_with_curve() {
    let table = overdrive(
        b"OD_SCLK:\n0: 800Mhz\n1: 1980Mhz\nOD_MCLK:\n1: 870MHz\nOD_VDDC_CURVE:\n0: 800MHz 711mV\n\
    1: 1390MHz @ 790mV\nOD_RANGE:\nSCLK:     800Mhz       2150Mhz\n\
    VDDC_CURVE_SCLK[0]:     800Mhz       2150Mhz\nVDDC_CURVE_VOLT[0]:     750mV        1200mV\n",
    )
    .unwrap();
    assert_eq!(table.memory_clock, [point(1, 870, None)]);
    assert_eq!(table.voltage_curve, [point(0, 800, Some(711)), point(1, 1390, Some(790))]);
    assert_eq!(table.range("VDDC_CURVE_VOLT[0]"), Some(&voltages(750, 1200)));
}

#[test]
fn polaris_with_three_columns() {
    let table = overdrive(
        b"OD_SCLK:\n0:        300MHz        760mV\n1:        610Mhz        820mV\nOD_MCLK:\n\
    0:        300MHz        760mV\nOD_RANGE:\nVDDC:     750mV        1150mV\n",
    )
    .unwrap();
    assert_eq!(table.shader_clock, [point(0, 300, Some(760)), point(1, 610, Some(820))]);
    assert_eq!(table.range("VDDC"), Some(&voltages(750, 1150)));
}

#[test]
fn van_gogh() {
    let table = overdrive(
        b"OD_SCLK:\n0:        200Mhz\n1:       1600Mhz\n\0\0OD_RANGE:\nSCLK:     200Mhz       1600Mhz\n\
    CCLK:    1400Mhz       3500Mhz\n\0CCLK_RANGE in Core2:\n0:       1400Mhz\n1:       3500Mhz\n",
    )
    .unwrap();
    let core = table.core_clock.clone().unwrap();
    assert_eq!(core, CoreClock { core: 2, points: vec![point(0, 1400, None), point(1, 3500, None)] });
    assert_eq!(table.range("CCLK"), Some(&clocks(1400, 3500)));
}

#[test]
fn cyan_skillfish() {
    let table = overdrive(
        b"OD_SCLK:\n0: 1500Mhz *\nOD_VDDC:\n0: 906mV *\nOD_RANGE:\nSCLK:    1000Mhz       2000Mhz\n\
    VDDC:     700mV        1129mV\n",
    )
    .unwrap();
    assert_eq!(table.shader_clock, [point(0, 1500, None)]);
    assert_eq!(table.voltage, [OverdrivePoint { index: 0, clock: None, voltage: Some(MilliVolts(906)) }]);
}

#[test]
fn the_first_rdna3_curve() {
    let table =
        overdrive(b"OD_VDDC_CURVE:\n0: -10mv\n1: 0mv\nOD_RANGE:\nVDDC_CURVE:    -450mv 0mv\n").unwrap();
    let first = OverdrivePoint { index: 0, clock: None, voltage: Some(MilliVolts(-10)) };
    assert_eq!(table.voltage_curve[0], first);
    assert_eq!(table.range("VDDC_CURVE"), Some(&voltages(-450, 0)));
}

#[test]
fn rdna4() {
    let table = overdrive(
        b"OD_SCLK_OFFSET:\n-75Mhz\nOD_MCLK:\n0: 97Mhz\n1: 1258MHz\nOD_RANGE:\n\
    SCLK_OFFSET:    -500Mhz       1000Mhz\n",
    )
    .unwrap();
    assert_eq!(table.sclk_offset, Some(-75));
    let limits = OverdriveLimits::ClockOffset(Limits { minimum: -500, maximum: 1000 });
    assert_eq!(table.range("SCLK_OFFSET"), Some(&limits));

    let old = overdrive(
        b"OD_SCLK_OFFSET:\n0: -500Mhz\n1: 1000Mhz\nOD_RANGE:\nSCLK_OFFSET: 4294966796Mhz       1000Mhz\n",
    )
    .unwrap();
    assert_eq!(old.sclk_offset, None);
    assert_eq!(old.other[0].title, "OD_SCLK_OFFSET");
    assert_eq!(old.other[0].lines, ["0: -500Mhz", "1: 1000Mhz"]);
    assert_eq!(old.range("SCLK_OFFSET"), Some(&limits));
}

#[test]
fn mi300_and_mi200() {
    let table = overdrive(b"OD_SCLK:\n0: 500Mhz\n1: 2100Mhz\nOD_MCLK:\n0: 900Mhz\n1: 1300Mhz\n").unwrap();
    assert_eq!(table.memory_clock, [point(0, 900, None), point(1, 1300, None)]);
    let table = overdrive(b"GFXCLK:\nS: 23Mhz *\n0: 500Mhz\n1: 1700Mhz\nMCLK:\n0: 1600Mhz *\n").unwrap();
    assert_eq!(table.shader_levels[0].index, DpmIndex::Sleep);
    assert_eq!(table.shader_levels.len(), 3);
    assert!(table.memory_levels[0].current);
    let table = overdrive(b"unavailable\nunavailable\n").unwrap();
    assert_eq!(table, Overdrive { unavailable: true, ..Overdrive::default() });
}

#[test]
fn unknown_sections_are_kept() {
    let table = overdrive(b"OD_FUTURE:\n 0: 7 things \nmore\nOD_SCLK:\n0: 1MHz\n").unwrap();
    let section =
        OverdriveSection { title: "OD_FUTURE".into(), lines: vec!["0: 7 things".into(), "more".into()] };
    assert_eq!(table.other, [section]);
    assert_eq!(table.shader_clock.len(), 1);
}

#[test]
fn empty_and_errors() {
    assert_eq!(overdrive(b"\n"), Ok(Overdrive::default()));
    assert_eq!(overdrive(b""), Ok(Overdrive::default()));
    let place = |text: &[u8]| overdrive(text).map_err(|error| (error.line, error.column));
    assert_eq!(place(b"0: 500Mhz\n"), Err((1, 1)));
    assert_eq!(place(b"OD_SCLK:\n0: 500Mhz junk\n"), Err((2, 11)));
    assert_eq!(place(b"OD_SCLK:\n0: 500V\n"), Err((2, 7)));
    assert_eq!(place(b"OD_RANGE:\nSCLK: 5Mhz 7mV\n"), Err((2, 13)));
    assert_eq!(place(b"OD_RANGE:\nX_OFFSET: 5W 7W\n"), Err((2, 12)));
    assert_eq!(overdrive(b"CCLK_RANGE in Core:\n").unwrap().other[0].title, "CCLK_RANGE in Core");
}

#[test]
fn one_strange_line_costs_itself() {
    let table = overdrive(
        b"hello\nOD_SCLK:\n0: 500Mhz\n1: 2565 parsecs\nOD_MCLK:\n0: 97Mhz\nOD_RANGE:\n\
    SCLK: 500Mhz much\nMCLK: 97Mhz 1500Mhz\n",
    )
    .unwrap();
    assert_eq!(table.shader_clock, [point(0, 500, None)]);
    assert_eq!(table.memory_clock, [point(0, 97, None)]);
    assert_eq!(table.range("MCLK"), Some(&clocks(97, 1500)));
    let places: Vec<_> = table.unrecognised.iter().map(|line| (line.line, line.section.as_deref())).collect();
    assert_eq!(places, [(1, None), (4, Some("OD_SCLK")), (8, Some("OD_RANGE"))]);
    assert_eq!(table.unrecognised_in("OD_SCLK").unwrap().text, "1: 2565 parsecs");
    assert_eq!(table.unrecognised_range("SCLK").unwrap().line, 8);
    assert_eq!((table.unrecognised_in("OD_MCLK"), table.unrecognised_range("MCLK")), (None, None));
    assert_eq!(table.unrecognised_range("SCL"), None);
}

/// A title that is not recognised as one must not give its lines to the section before it.
#[test]
fn lines_of_an_unknown_title_are_not_the_section_s_before_it() {
    let table = overdrive(
        b"OD_SCLK:\n0: 500Mhz\n1: 2565Mhz\nSome clock\n0: 7Mhz\n1: 8Mhz\n2: 9Mhz\nOD_MCLK:\n0: 97Mhz\nnoise\n\
    1: 1249Mhz\nOD_VDDGFX_OFFSET:\n-60mV\nOther offset (mV): new\n-10mV\nOD_RANGE:\n\
    SCLK: 500Mhz 5000Mhz\nOther ranges\nSCLK: 7Mhz 9Mhz\n",
    )
    .unwrap();
    assert_eq!(table.shader_clock, [point(0, 500, None), point(1, 2565, None)]);
    // A strange line within a section costs itself.
    assert_eq!(table.memory_clock, [point(0, 97, None), point(1, 1249, None)]);
    assert_eq!(table.vddgfx_offset, Some(MilliVolts(-60)));
    assert_eq!((table.ranges.len(), table.range("SCLK")), (1, Some(&clocks(500, 5000))));
    let places: Vec<_> = table.unrecognised.iter().map(|line| (line.line, line.section.as_deref())).collect();
    let clock = "OD_SCLK";
    assert_eq!(
        places,
        [
            (4, Some(clock)),
            (5, None),
            (6, None),
            (7, None),
            (10, Some("OD_MCLK")),
            (14, Some("OD_VDDGFX_OFFSET")),
            (15, None),
            (18, Some("OD_RANGE")),
            (19, None)
        ]
    );
}

#[test]
fn titles_without_colons() {
    let table = overdrive(
        b"OD_SCLK\n0:       200Mhz\n1:      1750Mhz\nOD_RANGE\nSCLK:        200Mhz       1750Mhz\n",
    )
    .unwrap();
    assert_eq!(table.shader_clock, [point(0, 200, None), point(1, 1750, None)]);
    assert_eq!(table.range("SCLK"), Some(&clocks(200, 1750)));
    assert_eq!((table.other.len(), table.unrecognised.len()), (0, 0));
}

/// A cut text either fails or says nothing that the whole does not, its last line apart.
#[test]
fn truncated() {
    let whole = overdrive(RDNA3).unwrap();
    for length in 0..=RDNA3.len() {
        let Ok(cut) = overdrive(&RDNA3[..length]) else { continue };
        assert!(whole.shader_clock.starts_with(&cut.shader_clock));
        assert!(whole.memory_clock.starts_with(&cut.memory_clock));
        assert!(cut.vddgfx_offset.is_none() || cut.vddgfx_offset == whole.vddgfx_offset);
        assert!(whole.ranges.starts_with(&cut.ranges));
    }
}

proptest! {
    #[test]
    fn any_bytes(bytes: Vec<u8>) {
        let _ = overdrive(&bytes);
    }

    #[test]
    fn any_lines(lines in proptest::collection::vec(
        "OD_SCLK:|OD_RANGE:|OD_SCLK_OFFSET:|GFXCLK:|X:|CCLK_RANGE in Core[0-9]?:|[0-9]: -?[0-9]{1,12}(Mhz|mV)|\
        [A-Z_]{1,9}: -?[0-9]{1,12}(Mhz|mV) [0-9]+(Mhz|mv)", 0..12))
    {
        let _ = overdrive(lines.join("\n").as_bytes());
    }

    #[test]
    fn round_trip(points in proptest::collection::vec((any::<u32>(), 0u32..65_535, -65_534..65_535i32), 0..9)) {
        let mut text = String::from("OD_SCLK:\n");
        for (index, clock, voltage) in &points {
            text += &format!("{index}: {clock:>10}Mhz {voltage:>10}mV\n");
        }
        let expected: Vec<_> = points.iter().map(|(i, c, v)| point(*i, *c, Some(i64::from(*v)))).collect();
        prop_assert_eq!(overdrive(text.as_bytes()).unwrap().shader_clock, expected);
    }
}
