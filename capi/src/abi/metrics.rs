//! The table of metrics, and what is drawn from it.

use super::layout::{Layout, StructLayout, c_structs};

/// Counters that the newer interface has widened.
#[cfg(not(abi27))]
pub(crate) type Wide = u32;
#[cfg(abi27)]
pub(crate) type Wide = u64;

#[cfg(abi27)]
pub use super::apu_metrics::ApuMetrics;

c_structs! {
    /// Header of the table.
    MetricsHeader = "struct_amd_metrics_table_header_t" {
        structure_size: u16,
        format_revision: u8,
        content_revision: u8,
    }

    /// Values of one partition.
    XcpMetrics = "struct_amdsmi_gpu_xcp_metrics_t" {
        gfx_busy_inst: [u32; 8],
        jpeg_busy: [u16; 40],
        vcn_busy: [u16; 4],
        gfx_busy_acc: [u64; 8],
        gfx_below_host_limit_acc: [u64; 8],
        gfx_below_host_limit_ppt_acc: [u64; 8],
        gfx_below_host_limit_thm_acc: [u64; 8],
        gfx_low_utilization_acc: [u64; 8],
        gfx_below_host_limit_total_acc: [u64; 8],
        #[cfg(abi27)]
        temperature_xcd: [u16; 8],
    }

    /// The table. Degrees Celsius, watts, millivolts, MHz, percent; all ones where there is no value.
    GpuMetrics = "struct_amdsmi_gpu_metrics_t" {
        common_header: MetricsHeader,
        temperature_edge: u16,
        temperature_hotspot: u16,
        temperature_mem: u16,
        temperature_vrgfx: u16,
        temperature_vrsoc: u16,
        temperature_vrmem: u16,
        average_gfx_activity: u16,
        average_umc_activity: u16,
        average_mm_activity: u16,
        average_socket_power: u16,
        /// In the steps of the GPU.
        energy_accumulator: u64,
        /// Time in nanoseconds.
        system_clock_counter: u64,
        average_gfxclk_frequency: u16,
        average_socclk_frequency: u16,
        average_uclk_frequency: u16,
        average_vclk0_frequency: u16,
        average_dclk0_frequency: u16,
        average_vclk1_frequency: u16,
        average_dclk1_frequency: u16,
        current_gfxclk: u16,
        current_socclk: u16,
        current_uclk: u16,
        current_vclk0: u16,
        current_dclk0: u16,
        current_vclk1: u16,
        current_dclk1: u16,
        throttle_status: u32,
        current_fan_speed: u16,
        pcie_link_width: u16,
        /// Rate in 0.1 GT/s.
        pcie_link_speed: u16,
        gfx_activity_acc: Wide,
        mem_activity_acc: Wide,
        temperature_hbm: [u16; 4],
        /// Tens of nanoseconds.
        firmware_timestamp: u64,
        voltage_soc: u16,
        voltage_gfx: u16,
        voltage_mem: u16,
        indep_throttle_status: u64,
        current_socket_power: u16,
        vcn_activity: [u16; 4],
        gfxclk_lock_status: u32,
        xgmi_link_width: u16,
        /// Rate in Gbit/s.
        xgmi_link_speed: u16,
        pcie_bandwidth_acc: u64,
        pcie_bandwidth_inst: u64,
        pcie_l0_to_recov_count_acc: u64,
        pcie_replay_count_acc: u64,
        pcie_replay_rover_count_acc: u64,
        xgmi_read_data_acc: [u64; 8],
        xgmi_write_data_acc: [u64; 8],
        current_gfxclks: [u16; 8],
        current_socclks: [u16; 4],
        current_vclk0s: [u16; 4],
        current_dclk0s: [u16; 4],
        jpeg_activity: [u16; 32],
        pcie_nak_sent_count_acc: Wide,
        pcie_nak_rcvd_count_acc: Wide,
        accumulation_counter: u64,
        prochot_residency_acc: u64,
        ppt_residency_acc: u64,
        socket_thm_residency_acc: u64,
        vr_thm_residency_acc: u64,
        hbm_thm_residency_acc: u64,
        num_partition: u16,
        xcp_stats: [XcpMetrics; 8],
        pcie_lc_perf_other_end_recovery: Wide,
        vram_max_bandwidth: u64,
        xgmi_link_status: [u16; 8],
        #[cfg(abi27)]
        temperature_hbm_stacks: [u16; 12],
        #[cfg(abi27)]
        temperature_mid: [u16; 2],
        #[cfg(abi27)]
        temperature_aid: [u16; 2],
        #[cfg(abi27)]
        current_uclk_aid: [u16; 2],
        #[cfg(abi27)]
        current_socclks_mid: [u16; 2],
        /// Of an APU; null where there is none.
        #[cfg(abi27)]
        apu_metrics: *const ApuMetrics,
    }

    /// Percentage of time throttled by each limit; all ones if unknown.
    ViolationStatus = "struct_amdsmi_violation_status_t" {
        /// Microseconds since 1970.
        reference_timestamp: u64,
        /// Milliseconds between the two looks.
        violation_timestamp: u64,
        acc_counter: u64,
        acc_prochot_thrm: u64,
        acc_ppt_pwr: u64,
        acc_socket_thrm: u64,
        acc_vr_thrm: u64,
        acc_hbm_thrm: u64,
        acc_gfx_clk_below_host_limit: u64,
        /// Percent of that time.
        per_prochot_thrm: u64,
        per_ppt_pwr: u64,
        per_socket_thrm: u64,
        per_vr_thrm: u64,
        per_hbm_thrm: u64,
        per_gfx_clk_below_host_limit: u64,
        /// 1 if any throttling is active.
        active_prochot_thrm: u8,
        active_ppt_pwr: u8,
        active_socket_thrm: u8,
        active_vr_thrm: u8,
        active_hbm_thrm: u8,
        active_gfx_clk_below_host_limit: u8,
        acc_gfx_clk_below_host_limit_pwr: [[u64; 8]; 8],
        acc_gfx_clk_below_host_limit_thm: [[u64; 8]; 8],
        acc_low_utilization: [[u64; 8]; 8],
        acc_gfx_clk_below_host_limit_total: [[u64; 8]; 8],
        per_gfx_clk_below_host_limit_pwr: [[u64; 8]; 8],
        per_gfx_clk_below_host_limit_thm: [[u64; 8]; 8],
        per_low_utilization: [[u64; 8]; 8],
        per_gfx_clk_below_host_limit_total: [[u64; 8]; 8],
        active_gfx_clk_below_host_limit_pwr: [[u8; 8]; 8],
        active_gfx_clk_below_host_limit_thm: [[u8; 8]; 8],
        active_low_utilization: [[u8; 8]; 8],
        active_gfx_clk_below_host_limit_total: [[u8; 8]; 8],
        reserved: [[u64; 8]; 8],
        reserved2: [[u64; 8]; 8],
        reserved3: [[u64; 8]; 8],
    }
}

pub(super) fn layouts() -> Vec<StructLayout> {
    vec![MetricsHeader::layout(), XcpMetrics::layout(), GpuMetrics::layout(), ViolationStatus::layout()]
}
