//! Lists of attributes: `gpu_metrics` 1.9 and `xcp_metrics` 1.1.

use super::*;
use crate::unit::*;
use proptest::prelude::*;

const U8: u32 = 0;
const U16: u32 = 2;
const S16: u32 = 3;
const U32: u32 = 4;
const U64: u32 = 6;

/// Size of a type by its number.
fn size(ty: u32) -> usize {
    1 << (ty / 2)
}

/// A list of attributes, each of unit, type, id and values.
pub(super) fn list(format: u8, content: u8, attributes: &[(u8, u32, u16, Vec<u64>)]) -> Vec<u8> {
    let mut bytes = vec![0, 0, format, content];
    bytes.extend((attributes.len() as u32).to_le_bytes());
    for (unit, ty, id, values) in attributes {
        let encoding =
            u64::from(*unit) << 24 | u64::from(*ty) << 20 | u64::from(*id) << 10 | values.len() as u64;
        bytes.extend(encoding.to_le_bytes());
        values.iter().for_each(|value| bytes.extend(&value.to_le_bytes()[..size(*ty)]));
    }
    let size = u16::try_from(bytes.len()).unwrap();
    bytes[..2].copy_from_slice(&size.to_le_bytes());
    bytes
}

/// The attributes that smu 13.0.6 begins with, but for their values: unit, type, id, number of values.
#[rustfmt::skip]
const SMU_13_0_6: [(u8, u32, u16, usize); 47] = [
    (2, U16, 0, 1), (2, U16, 1, 1), (2, U16, 2, 1), (3, U16, 3, 1), (10, U16, 4, 1), (10, U16, 5, 1),
    (8, U64, 6, 1), (0, U64, 7, 1), (4, U64, 8, 1), (0, U64, 9, 1), (0, U32, 10, 1), (0, U32, 11, 1),
    (0, U32, 12, 1), (0, U32, 13, 1), (0, U32, 14, 1), (0, U32, 15, 1), (0, U16, 16, 1), (7, U16, 17, 1),
    (0, U16, 18, 1), (6, U16, 19, 1), (10, U32, 20, 1), (10, U32, 21, 1), (10, U64, 22, 1), (8, U64, 23, 1),
    (0, U64, 24, 1), (0, U64, 25, 1), (0, U64, 26, 1), (0, U32, 27, 1), (0, U32, 28, 1), (9, U64, 29, 8),
    (9, U64, 30, 8), (0, U16, 31, 8), (5, U64, 32, 1), (1, U16, 33, 8), (1, U16, 34, 4), (1, U16, 35, 4),
    (1, U16, 36, 4), (1, U16, 37, 1), (0, U32, 39, 1), (10, U32, 40, 8), (10, U16, 41, 40), (10, U16, 42, 4),
    (10, U64, 43, 8), (0, U64, 44, 8), (0, U64, 45, 8), (0, U64, 46, 8), (0, U64, 47, 8),
];

/// Each value is a thousand times its id plus its position; ten times for degrees and lanes, and the id itself for
/// percents that are no sums.
fn smu_13_0_6() -> Vec<(u8, u32, u16, Vec<u64>)> {
    let factor = |unit: u8, id: u16| match (unit, id) {
        (10, 4 | 5 | 40..=42) => 1,
        (2, _) => 10,
        (_, 16 | 18) => 3,
        _ => 1000,
    };
    let values = |unit, id: u16, count: usize| {
        (1..).take(count).map(|at| u64::from(id) * factor(unit, id) + at).collect()
    };
    SMU_13_0_6.map(|(unit, ty, id, count)| (unit, ty, id, values(unit, id, count))).to_vec()
}

#[test]
fn v1_9() {
    let bytes = list(1, 9, &smu_13_0_6());
    assert_eq!(bytes.len(), 1154, "the size the driver's own structs give");
    assert_eq!(bytes[8..16], 0x0220_0001_u64.to_le_bytes(), "the encoding of temperature_hotspot");
    let build = Build(bytes);
    assert_eq!(build.raw("temperature_hotspot"), [Some(1)]);
    assert_eq!(
        build.raw("gfx_below_host_limit_total_acc"),
        some([47_001, 47_002, 47_003, 47_004, 47_005, 47_006, 47_007, 47_008])
    );

    let metrics = build.metrics();
    assert_eq!(metrics.temperatures.mem, Some(MilliCelsius(11_000)));
    assert_eq!(metrics.powers.socket(), Some(MicroWatts(3_001_000_000)));
    assert_eq!(metrics.bandwidth.mem_max, Some(GigabytesPerSecond(6_001)));
    assert_eq!(metrics.energy.map(|energy| energy.ticks), Some(7_001));
    assert_eq!(metrics.system_clock, Some(Nanoseconds(8_001)));
    assert_eq!(metrics.throttle.residency.accumulation_counter, Some(9_001));
    assert_eq!(metrics.throttle.residency.hbm_thm, Some(14_001));
    assert_eq!([metrics.pcie.link_width, metrics.xgmi.link_width], [Some(49), Some(55)]);
    assert_eq!(metrics.pcie.link_speed, Some(MegaTransfers(1_700_100)));
    assert_eq!(metrics.xgmi.link_speed, Some(MegaTransfers(19_001_000)));
    assert_eq!(*metrics.pcie.bandwidth_acc, [Some(22_001)]);
    assert_eq!(metrics.xgmi.write_data_acc[7], Some(KiloBytes(30_008)));
    assert_eq!(metrics.firmware_clock, Some(Nanoseconds(320_010)));
    assert_eq!(metrics.clocks.current_gfxclk[7], Some(MegaHertz(33_008)));
    let [engines] = &metrics.engines[..] else { panic!("{:?}", metrics.engines) };
    assert_eq!(engines.scope, EngineScope::Socket);
    assert_eq!(engines.jpeg_busy[39], Some(Percent(81)));
    assert_eq!(engines.gfx_low_utilization_acc[0], Some(46_001));
    assert_eq!(metrics.partition_count, None);
}

#[test]
fn partition_v1_1() {
    let mut attributes = smu_13_0_6();
    attributes.retain(|(_, _, id, _)| (33..=37).contains(id) || *id >= 40);
    assert_eq!(list(1, 1, &attributes).len(), 594, "the size the driver's own structs give");
    attributes.push((0, U64, 9, vec![5]));
    attributes.push((5, U64, 32, vec![6]));
    let bytes = list(1, 1, &attributes);
    assert_eq!(bytes.len(), 626);
    let metrics = Metrics::decode_file(MetricsFile::XcpMetrics, &bytes).unwrap();
    assert_eq!(metrics.engines[0].scope, EngineScope::Partition);
    assert_eq!(metrics.engines[0].gfx_busy[0], Some(Percent(41)));
    assert_eq!(metrics.throttle.residency.accumulation_counter, Some(5));
    assert_eq!(metrics.firmware_clock, Some(Nanoseconds(60)));
    assert_eq!(metrics.header.content_revision, 1);
}

/// smu 15.0.8 gives some attributes other types and counts than 13.0.6.
#[test]
fn types_and_counts_are_the_attributes_own() {
    let attributes = [
        (0, U64, 10, vec![1 << 40]),
        (0, U64, 22, vec![1, 2]),
        (8, U32, 23, vec![3, 4]),
        (9, U64, 29, vec![5]),
        (1, U16, 37, vec![6, 7]),
        (2, S16, 0, vec![(-5_i64) as u64]),
        (10, U8, 4, vec![99]),
    ];
    let metrics = Metrics::decode(&list(1, 9, &attributes)).unwrap();
    assert_eq!(metrics.throttle.residency.prochot, Some(1 << 40));
    assert_eq!(*metrics.pcie.bandwidth_acc, [Some(1), Some(2)]);
    assert_eq!(*metrics.pcie.bandwidth_inst, [Some(GigabytesPerSecond(3)), Some(GigabytesPerSecond(4))]);
    assert_eq!(*metrics.xgmi.read_data_acc, [Some(KiloBytes(5))]);
    assert_eq!(*metrics.clocks.current_uclk, [Some(MegaHertz(6)), Some(MegaHertz(7))]);
    assert_eq!(metrics.temperatures.hotspot, Some(MilliCelsius(-5_000)));
    assert_eq!(metrics.activity.gfx, Some(Percent(99)));
}

#[test]
fn more_values_than_there_is_room_for() {
    let bytes = list(1, 9, &[(1, U16, 33, (1..=1000).collect())]);
    assert_eq!(Build(bytes.clone()).raw("current_gfxclk").len(), 1000);
    let metrics = Metrics::decode(&bytes).unwrap();
    assert_eq!(metrics.clocks.current_gfxclk.len(), 8);
    assert_eq!(metrics.clocks.current_gfxclk[7], Some(MegaHertz(8)));
}

#[test]
fn attributes_after_48_by_both_numberings() {
    let names = |attributes: &[(u16, usize)]| {
        let attributes: Vec<_> =
            attributes.iter().map(|(id, count)| (2, U16, *id, vec![40; *count])).collect();
        let table = GpuMetrics::decode(&list(1, 9, &attributes)).unwrap();
        let mut names: Vec<_> = table.fields().map(|field| field.name).collect();
        names.dedup();
        names.join(" ")
    };
    assert_eq!(names(&[(48, 8), (49, 4), (50, 8)]), "temperature_hbm temperature_aid temperature_xcd");
    assert_eq!(names(&[(48, 8), (50, 4), (51, 8)]), "temperature_hbm temperature_aid temperature_xcd");
    let all = "temperature_hbm temperature_mid temperature_aid temperature_xcd";
    assert_eq!(names(&[(48, 12), (49, 2), (50, 2), (51, 8)]), all);
    assert_eq!(names(&[(49, 4)]), "temperature_aid");
    assert_eq!(names(&[(49, 2)]), "temperature_mid");
    assert_eq!(names(&[(50, 8)]), "temperature_xcd");
    assert_eq!(names(&[(50, 4)]), "temperature_aid");
    assert_eq!(names(&[(103, 1), (104, 1)]), "system_temp_ibc unknown");
}

#[test]
fn temperatures_of_the_dies() {
    let attributes = [
        (2, U16, 48, vec![1; 12]),
        (2, U16, 49, vec![2, 3]),
        (2, U16, 50, vec![4, 5]),
        (2, U16, 51, vec![6; 8]),
    ];
    let t = Metrics::decode(&list(1, 9, &attributes)).unwrap().temperatures;
    assert_eq!([t.hbm.len(), t.mid.len(), t.aid.len(), t.xcd.len()], [12, 2, 2, 8]);
    assert_eq!([t.hbm[11], t.mid[1], t.aid[0], t.xcd[7]], [1, 3, 4, 6].map(|t| Some(MilliCelsius(t * 1000))));
}

#[test]
fn unknown_attributes_and_units_are_kept() {
    let bytes = list(1, 9, &[(200, U32, 1000, vec![7, 8]), (2, U16, 0, vec![50])]);
    let table = GpuMetrics::decode(&bytes).unwrap();
    let first = table.fields().next().unwrap();
    assert_eq!((first.name, first.attribute, first.index), ("unknown", Some(1000), Some(0)));
    assert_eq!((first.unit, first.value), (MetricsUnit::Unknown(200), Some(MetricsValue::Unsigned(7))));
    assert_eq!(table.normalised().temperatures.hotspot, Some(MilliCelsius(50_000)));
}

#[test]
fn lists_that_cannot_be_followed() {
    let decode = |bytes: &[u8]| GpuMetrics::decode(bytes).unwrap_err();
    let error = |offset, reason| MetricsError::Attribute { offset, reason };
    let bytes = list(1, 9, &[(0, U16, 0, vec![1]), (0, 8, 1, vec![])]);
    assert_eq!(decode(&bytes), error(18, "an attribute has an unknown type"));

    let mut bytes = list(1, 9, &[(0, U16, 0, vec![1])]);
    bytes[12] = 1;
    assert_eq!(decode(&bytes), error(8, "an attribute's upper 32 bits are set"));
    bytes[7] = 0x80;
    assert_eq!(decode(&bytes), error(4, "the number of attributes is negative"));

    let mut bytes = list(1, 9, &[(0, U16, 0, vec![1])]);
    bytes[4] = 2;
    assert_eq!(decode(&bytes), error(18, "the table ends within an attribute"));
    bytes[4..8].copy_from_slice(&i32::MAX.to_le_bytes());
    assert_eq!(decode(&bytes), error(18, "the table ends within an attribute"));

    let mut bytes = list(1, 9, &[(0, U16, 0, vec![1])]);
    bytes[8] = 2;
    assert_eq!(decode(&bytes), error(8, "the table ends within an attribute's values"));
    assert_eq!(decode(&[4, 0, 1, 9, 1, 0, 0, 0]), MetricsError::TooShort { have: 4, need: 8 });
}

#[test]
fn every_truncation() {
    let bytes = list(1, 9, &smu_13_0_6());
    for length in 0..bytes.len() {
        let need = if length < 4 { 4 } else { bytes.len() };
        assert_eq!(GpuMetrics::decode(&bytes[..length]), Err(MetricsError::TooShort { have: length, need }));
        // A header that claims no more than there is does not make it whole.
        if let Ok(claimed @ 4..) = u16::try_from(length) {
            let mut bytes = bytes[..length].to_vec();
            bytes[..2].copy_from_slice(&claimed.to_le_bytes());
            assert!(Metrics::decode(&bytes).is_err(), "{length}");
        }
    }
}

fn value() -> impl Strategy<Value = u64> {
    prop_oneof![any::<u64>(), Just(u64::MAX)]
}

proptest! {
    #[test]
    fn round_trip(
        attributes in prop::collection::vec(
            (any::<u8>(), 0..8_u32, 0..1024_u16, prop::collection::vec(value(), 0..20)),
            0..40,
        ),
        padding in 0..100_usize,
    ) {
        let mut bytes = list(1, 9, &attributes);
        bytes.resize(bytes.len() + padding, 0);
        let table = GpuMetrics::decode(&bytes).unwrap();
        let found: Vec<_> = table.fields().map(|field| (field.attribute, field.value)).collect();
        let written = attributes.iter();
        let written = written.flat_map(|(_, ty, id, values)| values.iter().map(move |value| (ty, id, value)));
        let expected: Vec<_> = written.map(|(ty, id, value)| {
            let unused = 64 - 8 * size(*ty) as u32;
            let unsigned = value << unused >> unused;
            let signed = (*value << unused) as i64 >> unused;
            let value = match ty % 2 {
                0 => MetricsValue::Unsigned(unsigned),
                _ => MetricsValue::Signed(signed),
            };
            (Some(*id), (signed != -1).then_some(value))
        }).collect();
        prop_assert_eq!(found, expected);
        prop_assert_eq!(table.normalised(), Metrics::decode(&bytes).unwrap());
    }
}
