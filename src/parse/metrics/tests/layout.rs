//! Sizes and offsets against those that gcc gives for the kernel's structs on x86-64.
//!
//! That every offset follows from the types before it is asserted where the layouts are declared. Here stand
//! the sizes, and the fields after which versions part ways.

use super::super::board;
use super::super::layout::FieldKind;
use super::*;

#[test]
fn sizes() {
    let all = [v1::V1_0, v1::V1_1, v1::V1_2, v1::V1_3, v1::V1_4, v1::V1_5, v1::V1_6, v1::V1_7, v1::V1_8];
    assert_eq!(all.map(|layout| layout.size), [80, 96, 104, 120, 288, 360, 1664, 2208, 3872]);
    let all = [v2::V2_0, v2::V2_1, v2::V2_2, v2::V2_3, v2::V2_4];
    assert_eq!(all.map(|layout| layout.size), [120, 120, 128, 152, 168]);
    let all = [v3::V3_0, partition::V1_0, board::GPUBOARD_V1_0, board::BASEBOARD_V1_0];
    assert_eq!(all.map(|layout| layout.size), [264, 488, 120, 144]);
}

#[test]
fn nested_sizes() {
    let sizes = [v1::V1_6, v1::V1_7, v1::V1_8].map(|layout| {
        let nested = layout.rows.iter().find_map(|row| match row.kind {
            FieldKind::Partitions(nested) => Some((row.offset, nested.size, row.count)),
            FieldKind::Integer(_) | FieldKind::Padding(_) => None,
        });
        nested.unwrap()
    });
    assert_eq!(sizes, [(312, 168, 8), (344, 232, 8), (344, 440, 8)]);
}

#[test]
fn offsets() {
    #[rustfmt::skip]
    let all: &[(&Layout, &[(&str, usize)])] = &[
        (v1::V1_0, &[("system_clock_counter", 8), ("temperature_edge", 16), ("average_socket_power", 34),
            ("energy_accumulator", 36), ("current_gfxclk", 54), ("throttle_status", 68),
            ("current_fan_speed", 72), ("pcie_link_width", 74), ("pcie_link_speed", 75)]),
        (v1::V1_1, &[("temperature_edge", 4), ("average_socket_power", 22), ("energy_accumulator", 24),
            ("system_clock_counter", 32), ("current_dclk1", 66), ("pcie_link_speed", 76),
            ("gfx_activity_acc", 80), ("temperature_hbm", 88)]),
        (v1::V1_2, &[("temperature_hbm", 88), ("firmware_timestamp", 96)]),
        (v1::V1_3, &[("temperature_edge", 4), ("current_fan_speed", 72), ("firmware_timestamp", 96),
            ("voltage_soc", 104), ("voltage_mem", 108), ("indep_throttle_status", 112)]),
        (v1::V1_4, &[("curr_socket_power", 10), ("vcn_activity", 16), ("energy_accumulator", 24),
            ("throttle_status", 40), ("gfxclk_lock_status", 44), ("xgmi_link_width", 52),
            ("pcie_bandwidth_acc", 64), ("xgmi_read_data_acc", 104), ("xgmi_write_data_acc", 168),
            ("firmware_timestamp", 232), ("current_gfxclk", 240), ("current_socclk", 256),
            ("current_dclk0", 272), ("current_uclk", 280)]),
        (v1::V1_5, &[("jpeg_activity", 24), ("energy_accumulator", 88), ("throttle_status", 104),
            ("pcie_nak_sent_count_acc", 168), ("xgmi_read_data_acc", 176), ("firmware_timestamp", 304),
            ("current_gfxclk", 312), ("current_uclk", 352)]),
        (v1::V1_6, &[("energy_accumulator", 16), ("accumulation_counter", 32),
            ("hbm_thm_residency_acc", 52), ("mem_activity_acc", 72), ("pcie_bandwidth_acc", 80),
            ("xgmi_write_data_acc", 192), ("firmware_timestamp", 256), ("current_uclk", 304),
            ("num_partition", 306), ("xcp_stats", 312), ("pcie_lc_perf_other_end_recovery", 1656)]),
        (v1::V1_7, &[("mem_max_bandwidth", 16), ("energy_accumulator", 24), ("accumulation_counter", 40),
            ("pcie_bandwidth_acc", 88), ("xgmi_link_status", 264), ("firmware_timestamp", 288),
            ("current_gfxclk", 296), ("num_partition", 338), ("xcp_stats", 344),
            ("pcie_lc_perf_other_end_recovery", 2200)]),
        (v1::V1_8, &[("xgmi_link_status", 264), ("firmware_timestamp", 288), ("num_partition", 338),
            ("xcp_stats", 344), ("pcie_lc_perf_other_end_recovery", 3864)]),
        (v2::V2_0, &[("system_clock_counter", 8), ("temperature_gfx", 16), ("temperature_l3", 36),
            ("average_socket_power", 44), ("current_coreclk", 92), ("throttle_status", 112),
            ("fan_pwm", 116)]),
        (v2::V2_1, &[("temperature_gfx", 4), ("temperature_core", 8), ("system_clock_counter", 32),
            ("average_socket_power", 40), ("average_core_power", 48), ("current_gfxclk", 76),
            ("current_coreclk", 88), ("current_l3clk", 104), ("throttle_status", 108), ("fan_pwm", 112)]),
        (v2::V2_2, &[("average_gfx_activity", 28), ("fan_pwm", 112), ("indep_throttle_status", 120)]),
        (v2::V2_3, &[("indep_throttle_status", 120), ("average_temperature_gfx", 128),
            ("average_temperature_core", 132), ("average_temperature_l3", 148)]),
        (v2::V2_4, &[("average_temperature_l3", 148), ("average_cpu_voltage", 152),
            ("average_gfx_current", 162)]),
        (v3::V3_0, &[("temperature_core", 8), ("temperature_skin", 40), ("average_core_c0_activity", 62),
            ("average_ipu_writes", 100), ("system_clock_counter", 104), ("average_ipu_power", 116),
            ("average_apu_power", 120), ("average_core_power", 136), ("current_coreclk", 190),
            ("current_gfx_maxfreq", 224), ("throttle_residency_prochot", 228),
            ("time_filter_alphavalue", 256)]),
        (partition::V1_0, &[("current_gfxclk", 4), ("current_uclk", 44), ("gfx_busy_inst", 48),
            ("jpeg_busy", 80), ("vcn_busy", 160), ("gfx_busy_acc", 168),
            ("gfx_below_host_limit_total_acc", 424)]),
        (board::GPUBOARD_V1_0, &[("node_id", 6), ("node_temp", 16), ("vr_temp", 64)]),
        (board::BASEBOARD_V1_0, &[("accumulation_counter", 8), ("system_temp", 16)]),
    ];
    for (layout, fields) in all {
        for (name, offset) in *fields {
            let row = layout.rows.iter().find(|row| row.name.text() == *name);
            assert_eq!(
                row.map(|row| row.offset),
                Some(*offset),
                "{name} of the table of {} bytes",
                layout.size
            );
        }
    }
}
