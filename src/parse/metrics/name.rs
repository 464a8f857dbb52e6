//! The names of all fields, as the kernel's header spells them.

/// Declares the names; each is its own text.
macro_rules! names {
    ($($name:ident)*) => {
        /// A field of any table.
        #[allow(non_camel_case_types, reason = "spelled as in kgd_pp_interface.h, to be found there")]
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(super) enum Name {
            $($name,)*
        }

        impl Name {
            pub(super) const fn text(self) -> &'static str {
                match self {
                    $(Name::$name => stringify!($name),)*
                }
            }
        }
    };
}

names! {
    system_clock_counter temperature_edge temperature_hotspot temperature_mem temperature_vrgfx
    temperature_vrsoc temperature_vrmem average_gfx_activity average_umc_activity
    average_mm_activity average_socket_power energy_accumulator average_gfxclk_frequency
    average_socclk_frequency average_uclk_frequency average_vclk0_frequency average_dclk0_frequency
    average_vclk1_frequency average_dclk1_frequency current_gfxclk current_socclk current_uclk
    current_vclk0 current_dclk0 current_vclk1 current_dclk1 throttle_status current_fan_speed
    pcie_link_width pcie_link_speed gfx_activity_acc mem_activity_acc temperature_hbm
    firmware_timestamp voltage_soc voltage_gfx voltage_mem indep_throttle_status curr_socket_power
    vcn_activity gfxclk_lock_status xgmi_link_width xgmi_link_speed pcie_bandwidth_acc
    pcie_bandwidth_inst pcie_l0_to_recov_count_acc pcie_replay_count_acc pcie_replay_rover_count_acc
    xgmi_read_data_acc xgmi_write_data_acc jpeg_activity pcie_nak_sent_count_acc
    pcie_nak_rcvd_count_acc gfx_busy_inst jpeg_busy vcn_busy gfx_busy_acc gfx_below_host_limit_acc
    gfx_below_host_limit_ppt_acc gfx_below_host_limit_thm_acc gfx_low_utilization_acc
    gfx_below_host_limit_total_acc accumulation_counter prochot_residency_acc ppt_residency_acc
    socket_thm_residency_acc vr_thm_residency_acc hbm_thm_residency_acc num_partition xcp_stats
    pcie_lc_perf_other_end_recovery mem_max_bandwidth xgmi_link_status temperature_gfx
    temperature_soc temperature_core temperature_l3 average_cpu_power average_soc_power
    average_gfx_power average_core_power average_fclk_frequency average_vclk_frequency
    average_dclk_frequency current_fclk current_vclk current_dclk current_coreclk current_l3clk
    fan_pwm average_temperature_gfx average_temperature_soc average_temperature_core
    average_temperature_l3 average_cpu_voltage average_soc_voltage average_gfx_voltage
    average_cpu_current average_soc_current average_gfx_current temperature_skin
    average_vcn_activity average_ipu_activity average_core_c0_activity average_dram_reads
    average_dram_writes average_ipu_reads average_ipu_writes average_ipu_power average_apu_power
    average_dgpu_power average_all_core_power average_sys_power stapm_power_limit
    current_stapm_power_limit average_vpeclk_frequency average_ipuclk_frequency
    average_mpipu_frequency current_core_maxfreq current_gfx_maxfreq throttle_residency_prochot
    throttle_residency_spl throttle_residency_fppt throttle_residency_sppt
    throttle_residency_thm_core throttle_residency_thm_gfx throttle_residency_thm_soc
    time_filter_alphavalue label_version node_id node_temp vr_temp system_temp temperature_aid
    temperature_xcd temperature_mid node_temp_retimer node_temp_ibc node_temp_ibc_2
    node_temp_vdd18_vr node_temp_04_hbm_b_vr node_temp_04_hbm_d_vr vr_temp_vddcr_socio_a
    vr_temp_vddcr_socio_c vr_temp_vddcr_x0 vr_temp_vddcr_x1 vr_temp_vddio_hbm_b vr_temp_vddio_hbm_d
    vr_temp_vddio_04_hbm_b vr_temp_vddio_04_hbm_d vr_temp_vddcr_hbm_b vr_temp_vddcr_hbm_d
    vr_temp_vddcr_075_hbm_b vr_temp_vddcr_075_hbm_d vr_temp_vddio_11_gta_a vr_temp_vddio_11_gta_c
    vr_temp_vddan_075_gta_a vr_temp_vddan_075_gta_c vr_temp_vddcr_075_ucie vr_temp_vddio_065_ucieaa
    vr_temp_vddio_065_ucieam_a vr_temp_vddio_065_ucieam_c vr_temp_vddan_075 system_temp_ubb_fpga
    system_temp_ubb_front system_temp_ubb_back system_temp_ubb_oam7 system_temp_ubb_ibc
    system_temp_ubb_ufpga system_temp_ubb_oam1 system_temp_oam_0_1_hsc system_temp_oam_2_3_hsc
    system_temp_oam_4_5_hsc system_temp_oam_6_7_hsc system_temp_ubb_fpga_0v72_vr
    system_temp_ubb_fpga_3v3_vr system_temp_retimer_0_1_2_3_1v2_vr
    system_temp_retimer_4_5_6_7_1v2_vr system_temp_retimer_0_1_0v9_vr system_temp_retimer_4_5_0v9_vr
    system_temp_retimer_2_3_0v9_vr system_temp_retimer_6_7_0v9_vr system_temp_oam_0_1_2_3_3v3_vr
    system_temp_oam_4_5_6_7_3v3_vr system_temp_ibc_hsc system_temp_ibc padding padding1 unknown
}
