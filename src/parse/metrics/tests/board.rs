//! Board temperatures, `pm_metrics` and the reasons to throttle.

use super::attribute::list;
use super::*;
use crate::unit::MilliCelsius;

fn names(board: &BoardTemperatures) -> Vec<(BoardPlace, &str, u16, Option<i64>)> {
    let sensors = board.sensors.iter();
    sensors.map(|sensor| (sensor.place, sensor.name, sensor.id, sensor.temperature.map(|t| t.0))).collect()
}

#[test]
fn gpuboard_v1_0() {
    let Build(bytes) = Build::new(1, 0, 120)
        .u16s(4, [1, 3])
        .u64(8, 1000)
        .u32(16, 41)
        .u32(20, 5 << 24 | 42)
        .u32(24, 2 << 24 | 0xff_fffe)
        .u32(28, 3 << 24 | 0xff_ffff)
        .u32(60, 200 << 24 | 1)
        .u32(64, 12 << 24 | 60)
        .u32(112, 8 << 24 | 61);
    assert_eq!(raw(MetricsFile::GpuBoardTemp, &bytes, "node_temp")[..2], [Some(41), Some(5 << 24 | 42)]);
    let board = BoardTemperatures::decode_gpuboard(&bytes).unwrap();
    assert_eq!(
        [board.label_version, board.node_id, board.accumulation_counter],
        [Some(1), Some(3), Some(1000)]
    );
    let expected = [
        (BoardPlace::Node, "retimer_x", 0, Some(41_000)),
        (BoardPlace::Node, "oam_x_04_hbm_d_vr", 5, Some(42_000)),
        (BoardPlace::Node, "oam_x_ibc_2", 2, Some(-2_000)),
        (BoardPlace::Node, "oam_x_vdd18_vr", 3, None),
        (BoardPlace::Node, "unknown", 200, Some(1_000)),
        (BoardPlace::Vr, "vddio_11_e32", 12, Some(60_000)),
        (BoardPlace::Vr, "vdd_085_hbm", 8, Some(61_000)),
    ];
    assert_eq!(names(&board), expected);
}

#[test]
fn baseboard_v1_0() {
    let Build(bytes) = Build::new(1, 0, 144).u32(16, 33).u32(140, 22 << 24 | 34);
    let board = BoardTemperatures::decode_baseboard(&bytes).unwrap();
    assert_eq!(board.label_version, None);
    let expected =
        [(BoardPlace::System, "ubb_fpga", 0, Some(33_000)), (BoardPlace::System, "ibc", 22, Some(34_000))];
    assert_eq!(names(&board), expected);
}

#[test]
fn v1_1() {
    let minus_five = (-5_i64) as u64;
    let bytes = list(
        1,
        1,
        &[
            (0, 2, 52, vec![7]),
            (0, 2, 53, vec![1]),
            (0, 6, 9, vec![99]),
            (2, 3, 55, vec![45]),
            (2, 3, 80, vec![minus_five]),
            (2, 3, 103, vec![u64::MAX]),
            (2, 3, 500, vec![1]),
            (2, 3, 81, vec![]),
        ],
    );
    let board = BoardTemperatures::decode_gpuboard(&bytes).unwrap();
    assert_eq!(board, BoardTemperatures::decode_baseboard(&bytes).unwrap());
    assert_eq!(
        [board.label_version, board.node_id, board.accumulation_counter],
        [Some(7), Some(1), Some(99)]
    );
    let expected = [
        (BoardPlace::Node, "oam_x_ibc", 55, Some(45_000)),
        (BoardPlace::Vr, "vddan_075", 80, Some(-5_000)),
        (BoardPlace::System, "ibc", 103, None),
        (BoardPlace::System, "ubb_fpga", 81, None),
    ];
    assert_eq!(names(&board), expected);
    assert_eq!(board.sensors[0].temperature, Some(MilliCelsius(45_000)));
}

#[test]
fn pm_metrics() {
    let mut bytes =
        vec![20, 0, 0xff, 0xff, 6, 0, 13, 0, 1, 2, 3, 4, 0xff, 0xff, 0xff, 0xff, 9, 8, 7, 6, 0, 0];
    let metrics = PmMetrics::decode(&bytes).unwrap();
    assert_eq!(metrics.structure_size, 20);
    let versions = [metrics.mp1_ip_discovery_version, metrics.pmfw_version, metrics.pmmetrics_version];
    assert_eq!(versions, [Some(0x000d_0006), Some(0x0403_0201), None]);
    assert_eq!(metrics.data, [9, 8, 7, 6]);
    for length in 0..20 {
        let need = if length < 16 { 16 } else { 20 };
        assert_eq!(PmMetrics::decode(&bytes[..length]), Err(MetricsError::TooShort { have: length, need }));
    }
    bytes[0] = 15;
    assert_eq!(PmMetrics::decode(&bytes), Err(MetricsError::TooShort { have: 15, need: 16 }));
}

#[test]
fn throttle_bits() {
    let named = ThrottleReasons::all().iter_names().count();
    assert_eq!(named, 34);
    assert_eq!(ThrottleReasons::APCC.bits(), 1 << 23);
    assert_eq!(ThrottleReasons::PROCHOT_GFX.bits(), 1 << 47);
    assert_eq!(ThrottleReasons::FIT.bits(), 1 << 57);
    let unknown = Build::new(1, 3, 120).u64(112, 1 << 63 | 1).metrics().throttle.reasons.unwrap();
    assert_eq!(unknown.bits(), 1 << 63 | 1);
    assert!(unknown.contains(ThrottleReasons::PPT0));
}
