//! That no field of a table is lost on its way into the view.

use super::super::encode::TableWriter;
use super::super::layout::{FieldKind, Row};
use super::super::{CheckedTable, Shape};
use super::attribute::list;
use super::*;
use crate::unit::*;

const FILES: [MetricsFile; 4] =
    [MetricsFile::GpuMetrics, MetricsFile::XcpMetrics, MetricsFile::GpuBoardTemp, MetricsFile::BaseBoardTemp];

/// All versions that are structs, found by asking for each number.
fn versions() -> impl Iterator<Item = (MetricsFile, u8, u8)> {
    let numbers = (0..=9).flat_map(|format| (0..=9).map(move |content| (format, content)));
    let all = FILES.into_iter().flat_map(move |file| numbers.clone().map(move |(f, c)| (file, f, c)));
    all.filter(|(file, format, content)| fixed_layout(*file, *format, *content).is_some())
}

/// The layout's rows that hold values, with the partition for those of `xcp_stats`.
fn rows(layout: &'static Layout) -> Vec<(Option<usize>, &'static Row)> {
    let rows = layout.rows.iter().flat_map(|row| match row.kind {
        FieldKind::Integer(_) => vec![(None, row)],
        FieldKind::Padding(_) => vec![],
        FieldKind::Partitions(nested) => nested.rows.iter().map(|row| (Some(0), row)).collect(),
    });
    rows.collect()
}

/// A field is written alone, and the view differs from the one of a table without a value; or the field stands on the
/// list, with its reason.
#[test]
fn every_field_of_every_version_is_in_the_view_or_on_the_list() {
    let (mut taken, mut left) = (0, Vec::new());
    for (file, format, content) in versions() {
        let empty = TableWriter::new(file, format, content).unwrap().into_bytes();
        let nothing = Metrics::decode_file(file, &empty).unwrap();
        for (partition, row) in rows(fixed_layout(file, format, content).unwrap()) {
            let name = row.name.text();
            let mut writer = TableWriter::new(file, format, content).unwrap();
            // 1 is possible in every unit, but for hundredths, which it would vanish in.
            let values =
                std::iter::repeat_n(if row.unit == MetricsUnit::CentiPercent { 100 } else { 1 }, row.count);
            match partition {
                Some(index) => writer.set_partition(index, name, values),
                None => writer.set_all(name, values),
            }
            let view = Metrics::decode_file(file, &writer.into_bytes()).unwrap();
            match row.name.why_without_a_place() {
                Some(reason) => {
                    assert!(!reason.is_empty());
                    assert_eq!(view, nothing, "{format}.{content}: {name} is on the list");
                    left.push(name);
                }
                // Of 1.4 and 1.5 alone: see `MetricsThrottle::asic_status`.
                None if name == "throttle_status" && matches!((format, content), (1, 4 | 5)) => {
                    assert_eq!(view, nothing);
                }
                None => {
                    assert_ne!(view, nothing, "{file:?} {format}.{content}: {name} is lost");
                    let ours = view.entries().count() - nothing.entries().count();
                    assert!(ours >= row.count, "{format}.{content}: {ours} of {} of {name}", row.count);
                    taken += 1;
                }
            }
        }
    }
    left.sort_unstable();
    left.dedup();
    assert_eq!(
        left,
        [
            "fan_pwm",
            "label_version",
            "node_id",
            "node_temp",
            "system_temp",
            "time_filter_alphavalue",
            "vr_temp"
        ]
    );
    assert!(taken >= 539, "{taken}");
}

/// Of an attribute there is no layout, so each number is tried.
#[test]
fn every_attribute_is_in_the_view() {
    for id in 0..1024 {
        let bytes = list(1, 9, &[(0, 4, id, vec![1, 1, 1, 1])]);
        let Shape::Attributes(_) = CheckedTable::decode(MetricsFile::GpuMetrics, &bytes).unwrap().shape
        else {
            panic!()
        };
        let view = Metrics::decode(&bytes).unwrap();
        assert!(view.entries().count() > 0, "attribute {id} is lost");
    }
}

/// Attributes of newer kernels appear by number, with their unit.
#[test]
fn an_attribute_that_nobody_knows_is_shown() {
    let attributes =
        [(2, 2, 0, vec![61]), (2, 3, 900, vec![(-7_i64) as u64]), (1, 4, 901, vec![1500, 0xffff_ffff, 1600])];
    let view = Metrics::decode(&list(1, 9, &attributes)).unwrap();
    let lines: Vec<_> = view.entries().map(|entry| format!("{}: {}", entry.label(), entry.value)).collect();
    assert_eq!(
        lines,
        [
            "temperatures.hotspot: 61 °C",
            "attribute_900: -7 °C",
            "attribute_901.0: 1500 MHz",
            "attribute_901.2: 1600 MHz"
        ]
    );
}

#[test]
fn a_walk_names_parts_scopes_and_places() {
    let build = Build::new(1, 8, 3872)
        .u16(4, 61)
        .u16(10, 300)
        .u64(24, 3 << 16)
        .u16s(264, [1, 0])
        .u16(338, 2)
        .u32(344 + 4, 70)
        .u64(344 + 440 + 184, 5);
    let view = build.metrics();
    let lines: Vec<_> = view.entries().map(|entry| format!("{}: {}", entry.label(), entry.value)).collect();
    assert_eq!(
        lines,
        [
            "temperatures.hotspot: 61 °C",
            "powers.current_socket: 300 W",
            "engines.xcp_0.gfx_busy.1: 70 %",
            "engines.xcp_1.gfx_below_host_limit_ppt_acc.0: 5",
            "partition_count: 2",
            "energy: 3 J",
            "xgmi.link_status.0: active",
            "xgmi.link_status.1: inactive",
        ]
    );
    let reasons = Build::new(1, 3, 120).u64(112, 1 << 36 | 1).metrics();
    let lines: Vec<_> =
        reasons.entries().map(|entry| format!("{}: {}", entry.label(), entry.value)).collect();
    assert_eq!(lines, ["throttle.reasons: PPT0 | TEMP_HOTSPOT"]);
}

/// RDNA's board files and MI300's: a sensor that is not there reads 0 °C. Beside a die in the frost it may be one.
#[test]
fn a_regulator_at_0_beside_a_warm_die_was_not_measured() {
    for (content, size) in [(1, 96), (2, 104), (3, 120)] {
        let regulators = |die, value| {
            let build = Build::new(1, content, size).u16(4, die).u16s(8, [value; 4]);
            let t = build.metrics().temperatures;
            assert_eq!(
                build.raw("temperature_vrgfx"),
                [Some(value.into())],
                "the table itself still says so"
            );
            [t.mem, t.vrgfx, t.vrsoc, t.vrmem]
        };
        assert_eq!(regulators(53, 0), [None; 4]);
        assert_eq!(regulators(53, 1), [Some(MilliCelsius(1000)); 4]);
        assert_eq!(regulators(2, 0), [Some(MilliCelsius(0)); 4]);
    }
    let accelerator = Build::new(1, 4, 288).u16s(4, [61, 50, 0]).metrics().temperatures;
    assert_eq!([accelerator.mem, accelerator.vrsoc], [Some(MilliCelsius(50_000)), None]);
}

/// Numbers that a driver copied from a narrower field which says "not available", and what no GPU can have.
#[test]
fn what_no_gpu_can_have_is_absent() {
    let all = |value: u64| {
        let ids = [(2, 0), (3, 3), (10, 4), (7, 17), (0, 16), (1, 33), (1, 37), (10, 40), (8, 6)];
        let attributes: Vec<_> = ids.into_iter().map(|(unit, id)| (unit, 6, id, vec![value])).collect();
        Metrics::decode(&list(1, 9, &attributes))
            .unwrap()
            .entries()
            .map(|entry| entry.label().to_string())
            .collect()
    };
    let none: [String; 0] = [];
    for bits in [16, 32, 64] {
        let found: Vec<String> = all(u64::MAX >> (64 - bits));
        assert_eq!(found, none, "{bits} bits");
    }
    // 255 is no percentage, no temperature and no width, but may be a power, a clock and a rate.
    let found: Vec<String> = all(255);
    let possible =
        ["powers.current_socket", "clocks.current_gfxclk.0", "clocks.current_uclk.0", "pcie.link_speed"];
    assert_eq!(found.len(), possible.len() + 1, "{found:?}");
    assert!(possible.iter().all(|label| found.iter().any(|found| found == label)), "{found:?}");
    let percent = |value| Build::new(1, 3, 120).u16(16, value).metrics().activity.gfx;
    assert_eq!([percent(100), percent(101), percent(255)], [Some(Percent(100)), None, None]);
    let fan = |value| Build::new(1, 0, 80).u16(72, value).metrics().fan_speed;
    assert_eq!([fan(0), fan(6000), fan(65_535)], [Some(Rpm(0)), Some(Rpm(6000)), None]);
    let degrees = |value| Build::new(2, 1, 120).u16(4, value).metrics().temperatures.gfx;
    assert_eq!([degrees(4_512), degrees(65_500)], [Some(MilliCelsius(45_120)), None]);
}
