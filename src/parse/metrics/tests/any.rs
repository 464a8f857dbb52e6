//! Properties of all versions and of arbitrary bytes.

use super::*;
use proptest::prelude::*;

/// Every version that is a struct.
const FIXED: [(MetricsFile, u8, u8, u16); 18] = [
    (MetricsFile::GpuMetrics, 1, 0, 80),
    (MetricsFile::GpuMetrics, 1, 1, 96),
    (MetricsFile::GpuMetrics, 1, 2, 104),
    (MetricsFile::GpuMetrics, 1, 3, 120),
    (MetricsFile::GpuMetrics, 1, 4, 288),
    (MetricsFile::GpuMetrics, 1, 5, 360),
    (MetricsFile::GpuMetrics, 1, 6, 1664),
    (MetricsFile::GpuMetrics, 1, 7, 2208),
    (MetricsFile::GpuMetrics, 1, 8, 3872),
    (MetricsFile::GpuMetrics, 2, 0, 120),
    (MetricsFile::GpuMetrics, 2, 1, 120),
    (MetricsFile::GpuMetrics, 2, 2, 128),
    (MetricsFile::GpuMetrics, 2, 3, 152),
    (MetricsFile::GpuMetrics, 2, 4, 168),
    (MetricsFile::GpuMetrics, 3, 0, 264),
    (MetricsFile::XcpMetrics, 1, 0, 488),
    (MetricsFile::GpuBoardTemp, 1, 0, 120),
    (MetricsFile::BaseBoardTemp, 1, 0, 144),
];

const FILES: [MetricsFile; 4] =
    [MetricsFile::GpuMetrics, MetricsFile::XcpMetrics, MetricsFile::GpuBoardTemp, MetricsFile::BaseBoardTemp];

#[test]
fn all_ones_is_absent() {
    for (file, format, content, size) in FIXED {
        let Build(bytes) = Build::new(format, content, size);
        let table = GpuMetrics::decode_file(file, &bytes).unwrap();
        assert!(table.fields().count() > 20, "{format}.{content}");
        assert!(table.fields().all(|field| field.value.is_none()), "{format}.{content}");
        let mut metrics = table.normalised();
        for engines in &mut metrics.engines {
            assert!(engines.gfx_busy.iter().all(Option::is_none));
            assert!(engines.jpeg_busy.iter().all(Option::is_none));
        }
        let text = format!("{metrics:?}");
        metrics.engines.clear();
        let text_of_values = format!("{metrics:?}").replace(&format!("{:?}", metrics.header), "");
        assert!(!text_of_values.contains("Some"), "{format}.{content}: {text}");
    }
}

#[test]
fn every_truncation_names_both_sizes() {
    for (file, format, content, size) in FIXED {
        let Build(bytes) = Build::new(format, content, size);
        for length in 0..bytes.len() {
            let need = if length < 4 { 4 } else { bytes.len() };
            let error = GpuMetrics::decode_file(file, &bytes[..length]).unwrap_err();
            assert_eq!(error, MetricsError::TooShort { have: length, need });
        }
        // A header that claims less than the version has.
        for claimed in 0..size {
            let mut bytes = bytes.clone();
            bytes[..2].copy_from_slice(&claimed.to_le_bytes());
            let need = if claimed < 4 { 4 } else { size };
            let error = GpuMetrics::decode_file(file, &bytes).unwrap_err();
            assert_eq!(error, MetricsError::TooShort { have: claimed.into(), need: need.into() });
        }
    }
    let error = GpuMetrics::decode(&Build::new(1, 3, 120).0[..119]).unwrap_err();
    assert_eq!(error.to_string(), "the metrics table has 119 bytes and needs 120");
}

#[test]
fn what_follows_the_table_is_ignored() {
    for (file, format, content, size) in FIXED {
        let Build(bytes) = Build::new(format, content, size);
        let table = GpuMetrics::decode_file(file, &bytes).unwrap();
        let mut padded = bytes.clone();
        padded.resize(4096, 0);
        assert_eq!(GpuMetrics::decode_file(file, &padded).unwrap(), table);
        assert_eq!(table.bytes(), bytes);
    }
}

/// A struct that grew at its end within a version would still be read.
#[test]
fn a_larger_table_of_a_known_version() {
    let mut bytes = Build::new(1, 3, 120).u16(4, 40).0;
    bytes.extend([0; 8]);
    bytes[0] = 128;
    assert_eq!(GpuMetrics::decode(&bytes).unwrap().bytes().len(), 128);
    assert_eq!(Build(bytes).raw("temperature_edge"), [Some(40)]);
}

/// Van Gogh's answer to a second read through one open file.
#[test]
fn zeros_are_no_version() {
    assert_eq!(GpuMetrics::decode(&[0; 128]), Err(MetricsError::TooShort { have: 0, need: 4 }));
}

#[test]
fn every_version_number() {
    for file in FILES {
        for format in 0..=255 {
            for content in 0..=255 {
                let mut bytes = [0; 4096];
                bytes[1] = 0x10;
                bytes[2..4].copy_from_slice(&[format, content]);
                let attributes = [(1, 9), (1, 1), (1, 1), (1, 1)][file as usize] == (format, content);
                let known = attributes
                    || FIXED.iter().any(|fixed| (fixed.0, fixed.1, fixed.2) == (file, format, content));
                match GpuMetrics::decode_file(file, &bytes) {
                    Ok(table) => assert!(known && table.header().format_revision == format),
                    Err(error) => {
                        assert!(!known);
                        assert_eq!(error, MetricsError::UnknownVersion { format, content });
                    }
                }
            }
        }
    }
    let error = MetricsError::UnknownVersion { format: 4, content: 2 };
    assert_eq!(error.to_string(), "unknown metrics table version 4.2");
}

/// Checks properties of every readable table.
fn check(file: MetricsFile, bytes: &[u8]) -> Result<(), TestCaseError> {
    let Ok(table) = GpuMetrics::decode_file(file, bytes) else { return Ok(()) };
    prop_assert!(table.bytes().len() <= bytes.len());
    prop_assert!(table.fields().count() <= bytes.len());
    for group in table.table().groups() {
        let sentinel = MetricsValue::Unsigned(u64::MAX >> (64 - 8 * group.values.ty.size()));
        for index in 0..group.values.count() {
            prop_assert!(
                group
                    .values
                    .value(index)
                    .is_none_or(|value| value != sentinel && value != MetricsValue::Signed(-1))
            );
        }
        prop_assert_eq!(group.values.value(group.values.count()), None);
    }
    let metrics = table.normalised();
    prop_assert!(metrics.engines.len() <= 8);
    #[cfg(feature = "serde")]
    no_sentinel_is_a_value(&table, metrics)?;
    Ok(())
}

/// All ones of 16, 32 or 64 bits, in any unit, is a number of the view only where a raw value that is there says it: a
/// 64-bit counter of 4294967295 is as right as any other.
#[cfg(feature = "serde")]
fn no_sentinel_is_a_value(table: &GpuMetrics, metrics: Metrics) -> Result<(), TestCaseError> {
    let scales = [1, 10, 100, 1000, 1_000_000];
    let raw: Vec<u128> = table
        .table()
        .groups()
        .flat_map(|group| (0..group.values.count()).filter_map(move |index| group.values.value(index)))
        .filter_map(|value| match value {
            MetricsValue::Unsigned(value) => Some(value.into()),
            MetricsValue::Signed(value) => value.try_into().ok(),
        })
        .collect();
    let from_raw = |number| raw.iter().any(|raw| scales.iter().any(|scale| raw * scale == number));
    let sentinels = [u64::MAX >> 48, u64::MAX >> 32, u64::MAX];
    let is_sentinel =
        |number| sentinels.iter().any(|ones| scales.iter().any(|scale| u128::from(*ones) * scale == number));
    let mut view = serde_json::to_value(metrics).unwrap();
    view.as_object_mut().unwrap().remove("header");
    let mut numbers = Vec::new();
    collect_numbers(&view, "", &mut numbers);
    for (path, number) in numbers {
        prop_assert!(!is_sentinel(number) || from_raw(number), "{} is {}", path, number);
    }
    Ok(())
}

#[cfg(feature = "serde")]
fn collect_numbers(value: &serde_json::Value, path: &str, numbers: &mut Vec<(String, u128)>) {
    match value {
        serde_json::Value::Number(number) => {
            numbers.extend(number.as_u64().map(|number| (path.to_owned(), number.into())));
        }
        serde_json::Value::Array(values) => {
            values.iter().for_each(|value| collect_numbers(value, path, numbers));
        }
        serde_json::Value::Object(fields) => {
            fields.iter().for_each(|(key, value)| collect_numbers(value, &format!("{path}.{key}"), numbers));
        }
        _ => {}
    }
}

/// The counter that the search for a sentinel once took for one.
#[cfg(feature = "serde")]
#[test]
fn a_wide_counter_may_read_as_narrow_ones() {
    let table = Build::new(1, 5, 360).u64(176, u32::MAX.into()).0;
    let decoded = GpuMetrics::decode(&table).unwrap();
    assert_eq!(decoded.normalised().xgmi.read_data_acc[0], Some(crate::unit::KiloBytes(u32::MAX.into())));
    check(MetricsFile::GpuMetrics, &table).unwrap();
}

/// Bytes that are often 0xff, as those of a table are.
fn byte() -> impl Strategy<Value = u8> {
    any::<u16>().prop_map(|random| match random >> 8 {
        0..100 => 0xff,
        100..150 => 0,
        _ => random as u8,
    })
}

proptest! {
    /// Whatever stood in the view before, of whichever version.
    #[test]
    fn refilled_is_as_new(versions in [0usize..15, 0usize..15], same: bool, seed: u32) {
        let mut view = Metrics::default();
        let mut state = seed;
        for version in versions {
            let (_, format, content, size) = FIXED[if same { versions[0] } else { version }];
            let Build(mut table) = Build::new(format, content, size);
            for byte in &mut table[4..] {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                // About every other byte is one of a value that is not available.
                *byte |= if state >> 31 == 0 { 0xff } else { 0 };
                *byte &= if state >> 31 == 0 { 0xff } else { (state >> 16) as u8 };
            }
            view.refill(&table).unwrap();
            prop_assert_eq!(&view, &Metrics::decode(&table).unwrap());
            prop_assert!(view.refill(&table[..9]).is_err());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_bytes(bytes in prop::collection::vec(byte(), 0..600)) {
        for file in FILES {
            check(file, &bytes)?;
        }
        let _ = BoardTemperatures::decode_gpuboard(&bytes);
        let _ = BoardTemperatures::decode_baseboard(&bytes);
        let _ = PmMetrics::decode(&bytes);
    }

    #[test]
    fn any_values(
        (file, format, content, size) in prop::sample::select(FIXED.to_vec()),
        values in prop::collection::vec(byte(), 3872),
    ) {
        let Build(mut bytes) = Build::new(format, content, size);
        let values = &values[..bytes.len() - 4];
        bytes[4..].copy_from_slice(values);
        prop_assert!(GpuMetrics::decode_file(file, &bytes).is_ok());
        check(file, &bytes)?;
    }

    #[test]
    fn any_attributes(
        count in prop_oneof![0..64_u32, any::<u32>()],
        // Unit, type, id and a count that does not need to fit what follows.
        attributes in prop::collection::vec(
            (byte(), 0..9_u8, 0..110_u16, 0..12_u16, prop::collection::vec(byte(), 0..40)),
            0..40,
        ),
    ) {
        for (file, content) in FILES.into_iter().zip([9, 1, 1, 1]) {
            let mut bytes = vec![0, 0, 1, content];
            bytes.extend(count.to_le_bytes());
            for (unit, ty, id, count, values) in &attributes {
                let (unit, ty, id) = (u64::from(*unit), u64::from(*ty), u64::from(*id));
                let encoding = unit << 24 | ty << 20 | id << 10 | u64::from(*count);
                bytes.extend(encoding.to_le_bytes());
                bytes.extend(values);
            }
            let size = u16::try_from(bytes.len()).unwrap();
            bytes[..2].copy_from_slice(&size.to_le_bytes());
            check(file, &bytes)?;
            let _ = BoardTemperatures::decode_gpuboard(&bytes);
        }
    }
}

#[cfg(feature = "serde")]
#[test]
fn values_can_be_serialized() {
    fn serializes<T: serde::Serialize>() {}
    serializes::<GpuMetrics>();
    serializes::<MetricsField>();
    serializes::<Metrics>();
    serializes::<BoardTemperatures>();
    serializes::<PmMetrics>();
}
