//! Both tables against lists of offsets, written from the description of the firmware's tables and not from the code.

use std::collections::HashSet;

use proptest::prelude::*;

use super::*;

/// Offset, bytes of a number, how many, name, bits behind the point.
type Row = (usize, usize, usize, &'static str, u32);

const MI300A: &[Row] = &[
    (0, 4, 1, "accumulation_counter", 0),
    (4, 4, 1, "max_socket_temperature", 10),
    (8, 4, 1, "max_vr_temperature", 10),
    (12, 4, 1, "max_hbm_temperature", 10),
    (16, 8, 1, "max_socket_temperature_acc", 10),
    (24, 8, 1, "max_vr_temperature_acc", 10),
    (32, 8, 1, "max_hbm_temperature_acc", 10),
    (40, 4, 1, "socket_power_limit", 10),
    (44, 4, 1, "max_socket_power_limit", 10),
    (48, 4, 1, "socket_power", 10),
    (52, 8, 1, "timestamp", 0),
    (60, 8, 1, "socket_energy_acc", 16),
    (68, 8, 1, "ccd_energy_acc", 16),
    (76, 8, 1, "xcd_energy_acc", 16),
    (84, 8, 1, "aid_energy_acc", 16),
    (92, 8, 1, "hbm_energy_acc", 16),
    (100, 4, 1, "cclk_frequency_limit", 10),
    (104, 4, 1, "gfxclk_frequency_limit", 10),
    (108, 4, 1, "fclk_frequency", 10),
    (112, 4, 1, "uclk_frequency", 10),
    (116, 4, 4, "socclk_frequency", 10),
    (132, 4, 4, "vclk_frequency", 10),
    (148, 4, 4, "dclk_frequency", 10),
    (164, 4, 4, "lclk_frequency", 10),
    (180, 8, 8, "gfxclk_frequency_acc", 10),
    (244, 8, 96, "cclk_frequency_acc", 10),
    (1012, 4, 1, "max_cclk_frequency", 10),
    (1016, 4, 1, "min_cclk_frequency", 10),
    (1020, 4, 1, "max_gfxclk_frequency", 10),
    (1024, 4, 1, "min_gfxclk_frequency", 10),
    (1028, 4, 4, "fclk_frequency_table", 10),
    (1044, 4, 4, "uclk_frequency_table", 10),
    (1060, 4, 4, "socclk_frequency_table", 10),
    (1076, 4, 4, "vclk_frequency_table", 10),
    (1092, 4, 4, "dclk_frequency_table", 10),
    (1108, 4, 4, "lclk_frequency_table", 10),
    (1124, 4, 1, "max_lclk_dpm_range", 0),
    (1128, 4, 1, "min_lclk_dpm_range", 0),
    (1132, 4, 1, "xgmi_width", 10),
    (1136, 4, 1, "xgmi_bitrate", 10),
    (1140, 8, 8, "xgmi_read_bandwidth_acc", 10),
    (1204, 8, 8, "xgmi_write_bandwidth_acc", 10),
    (1268, 4, 1, "socket_c0_residency", 10),
    (1272, 4, 1, "socket_gfx_busy", 10),
    (1276, 4, 1, "dram_bandwidth_utilization", 10),
    (1280, 8, 1, "socket_c0_residency_acc", 10),
    (1288, 8, 1, "socket_gfx_busy_acc", 10),
    (1296, 8, 1, "dram_bandwidth_acc", 10),
    (1304, 4, 1, "max_dram_bandwidth", 10),
    (1308, 8, 1, "dram_bandwidth_utilization_acc", 10),
    (1316, 8, 4, "pcie_bandwidth_acc", 10),
    (1348, 4, 1, "prochot_residency_acc", 0),
    (1352, 4, 1, "ppt_residency_acc", 0),
    (1356, 4, 1, "socket_thm_residency_acc", 0),
    (1360, 4, 1, "vr_thm_residency_acc", 0),
    (1364, 4, 1, "hbm_thm_residency_acc", 0),
    (1368, 4, 1, "spare", 0),
    (1372, 4, 8, "gfxclk_frequency", 10),
];

const VENICE_IOD: &[Row] = &[
    (0, 4, 1, "num_active_ccds", 0),
    (4, 4, 1, "accumulation_counter", 0),
    (8, 8, 1, "max_socket_temperature_acc", 0),
    (16, 4, 1, "socket_power_limit", 0),
    (20, 4, 1, "max_socket_power_limit", 0),
    (24, 8, 1, "socket_power_acc", 0),
    (32, 8, 1, "core_power_acc", 0),
    (40, 8, 1, "uncore_power_acc", 0),
    (48, 8, 1, "timestamp", 0),
    (56, 8, 1, "socket_energy_acc", 0),
    (64, 8, 1, "core_energy_acc", 0),
    (72, 8, 1, "uncore_energy_acc", 0),
    (80, 8, 1, "fclk_frequency_acc", 0),
    (88, 8, 1, "uclk_frequency_acc", 0),
    (96, 8, 1, "ddr_rate_acc", 0),
    (104, 8, 4, "lclk_frequency_acc", 0),
    (136, 4, 4, "fclk_frequency_table", 0),
    (152, 4, 4, "uclk_frequency_table", 0),
    (168, 4, 4, "ddr_rate_table", 0),
    (184, 4, 1, "max_df_pstate", 0),
    (188, 4, 1, "min_df_pstate", 0),
    (192, 4, 4, "lclk_frequency_table", 0),
    (208, 4, 1, "max_lclk_dpm_range", 0),
    (212, 4, 1, "min_lclk_dpm_range", 0),
    (216, 8, 8, "xgmi_bit_rate_acc", 0),
    (280, 8, 8, "xgmi_read_bandwidth_acc", 0),
    (344, 8, 8, "xgmi_write_bandwidth_acc", 0),
    (408, 8, 1, "socket_c0_residency_acc", 0),
    (416, 8, 1, "df_cstate_residency_acc", 0),
    (424, 8, 1, "dram_read_bandwidth_acc", 0),
    (432, 8, 1, "dram_write_bandwidth_acc", 0),
    (440, 4, 1, "max_dram_bandwidth", 0),
    (444, 8, 8, "pcie_bandwidth_acc", 0),
    (508, 4, 1, "prochot_residency_acc", 0),
    (512, 4, 1, "ppt_residency_acc", 0),
    (516, 4, 1, "thm_residency_acc", 0),
    (520, 4, 1, "vrhot_residency_acc", 0),
    (524, 4, 1, "cpu_tdc_residency_acc", 0),
    (528, 4, 1, "soc_tdc_residency_acc", 0),
    (532, 4, 1, "io_mem_tdc_residency_acc", 0),
    (536, 4, 1, "fit_residency_acc", 0),
];

const VENICE_CCD: &[Row] = &[
    (0, 4, 32, "apic_id", 0),
    (128, 8, 32, "c0_residency_acc", 0),
    (384, 8, 32, "cc1_residency_acc", 0),
    (640, 8, 32, "cc6_residency_acc", 0),
    (896, 8, 32, "frequency_acc", 0),
    (1152, 8, 32, "effective_frequency_acc", 0),
    (1408, 8, 32, "power_acc", 0),
];

/// Bytes of which no two numbers of a table are equal.
fn pattern(size: usize) -> Vec<u8> {
    (0..size).map(|place| (place.wrapping_mul(2_654_435_761) >> 7) as u8 ^ (place >> 3) as u8).collect()
}

fn check(fields: &[Field], rows: &[Row], bytes: &[u8]) {
    assert_eq!(fields.len(), rows.len());
    for (field, (offset, width, count, name, fraction)) in fields.iter().zip(rows) {
        assert_eq!(field.name, *name);
        assert_eq!(field.unit.fraction_bits(), *fraction, "{name}");
        let mut expected = Vec::new();
        for number in 0..*count {
            let start = offset + number * width;
            // From the highest byte on.
            let unsigned = bytes[start..start + width]
                .iter()
                .rev()
                .fold(0i128, |sum, byte| sum << 8 | i128::from(*byte));
            let wraps = name.ends_with("_temperature") || name.ends_with("_temperature_acc");
            let is_negative = field.unit == FieldUnit::Celsius && unsigned >> (8 * width - 1) != 0;
            assert!(!is_negative || wraps);
            expected.push(if is_negative { unsigned - (1 << (8 * width)) } else { unsigned });
        }
        assert_eq!(field.raw, expected, "{name}");
    }
}

#[test]
fn every_field_of_mi300a() {
    let bytes = pattern(1404);
    let Ok(HsmpMetrics::Mi300a(table)) = HsmpMetrics::decode(&bytes) else { panic!() };
    check(&table.fields(), MI300A, &bytes);
    let (offset, width, count, ..) = MI300A.last().unwrap();
    assert_eq!(offset + width * count, 1404);
    assert_eq!(table.encode(), bytes);
    // The typed fields are the same.
    assert_eq!(i128::from(table.socket_power), table.fields()[9].raw[0]);
    assert_eq!(table.cclk_frequency_acc[95].to_le_bytes(), bytes[1004..1012]);
}

#[test]
fn every_field_of_venice() {
    let bytes = pattern(13_852);
    let Ok(HsmpMetrics::Venice(table)) = HsmpMetrics::decode(&bytes) else { panic!() };
    check(&table.iod.fields(), VENICE_IOD, &bytes[..540]);
    assert_eq!(table.ccds.len(), 8);
    for (number, ccd) in table.ccds.iter().enumerate() {
        check(&ccd.fields(), VENICE_CCD, &bytes[540 + number * 1664..][..1664]);
    }
    let powers: HashSet<_> = table.ccds.iter().map(|ccd| ccd.power_acc).collect();
    assert_eq!(powers.len(), 8);
}

#[test]
fn units_of_mi300a() {
    let mut bytes = vec![0; 1404];
    let mut put = |offset: usize, value: u64, width: usize| {
        bytes[offset..offset + width].copy_from_slice(&value.to_le_bytes()[..width]);
    };
    put(4, u64::from((-512i32) as u32), 4);
    put(48, 550 * 1024 + 512, 4);
    put(60, 3 * 65536, 8);
    put(100, 3 * 1024 + 716, 4);
    put(108, 2000 * 1024, 4);
    put(1268, 37 * 1024, 4);
    let Ok(HsmpMetrics::Mi300a(table)) = HsmpMetrics::decode(&bytes) else { panic!() };
    let fields = table.fields();
    let shown = |name: &str| {
        let field = fields.iter().find(|field| field.name == name).unwrap();
        format!("{:.3} {}", field.values().next().unwrap(), field.unit.symbol())
    };
    assert_eq!(shown("max_socket_temperature"), "-0.500 °C");
    assert_eq!(shown("socket_power"), "550.500 W");
    assert_eq!(shown("socket_energy_acc"), "3.000 J");
    assert_eq!(shown("cclk_frequency_limit"), "3.699 GHz");
    assert_eq!(shown("fclk_frequency"), "2000.000 MHz");
    assert_eq!(shown("socket_c0_residency"), "37.000 %");
}

#[test]
fn any_other_size_is_an_error() {
    let bytes = pattern(13_853);
    for size in (0..=13_853).filter(|size| ![1404, 13_852].contains(size)) {
        let error = HsmpMetrics::decode(&bytes[..size]).unwrap_err();
        assert_eq!(error.column as usize, size + 1);
    }
    assert_eq!(
        (HsmpMetrics::size(6), HsmpMetrics::size(7), HsmpMetrics::size(5)),
        (Some(1404), Some(13_852), None)
    );
}

proptest! {
    #[test]
    fn any_bytes(bytes in proptest::collection::vec(any::<u8>(), 1404)) {
        let Ok(HsmpMetrics::Mi300a(table)) = HsmpMetrics::decode(&bytes) else { panic!() };
        for field in table.fields() {
            prop_assert!(field.values().all(f64::is_finite));
        }
    }
}
