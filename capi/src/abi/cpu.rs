//! Structs about CPUs.

use std::ffi::c_char;

use amdgpu_smi::cpu::Mi300aTable;

use super::layout::{Layout, StructLayout, Text, c_bits, c_struct, c_structs};

c_structs! {
    /// Version of the HSMP driver.
    HsmpDriverVersion = "struct_amdsmi_hsmp_driver_version_t" {
        major: u32,
        minor: u32,
    }

    /// Version of the power management firmware.
    SmuFwVersion = "struct_amdsmi_smu_fw_version_t" {
        debug: u8,
        minor: u8,
        major: u8,
        unused: u8,
    }

    /// Load of the CPUs.
    CpuUtil = "struct_amdsmi_cpu_util_t" {
        cpu_util_total: u32,
        cpu_util_user: u32,
        cpu_util_nice: u32,
        cpu_util_sys: u32,
        cpu_util_irq: u32,
    }

    /// Bandwidth of the memory.
    DdrBwMetrics = "struct_amdsmi_ddr_bw_metrics_t" {
        max_bw: u32,
        utilized_bw: u32,
        utilized_pct: u32,
    }

    /// Which bandwidth of which link is asked for.
    LinkIdBwType = "struct_amdsmi_link_id_bw_type_t" {
        bw_type: u32,
        link_name: *const c_char,
    }

    /// A range of levels.
    DpmLevel = "struct_amdsmi_dpm_level_t" {
        max_dpm_level: u8,
        min_dpm_level: u8,
    }

    /// A CPU's identity.
    CpuInfo = "struct_amdsmi_cpu_info_t" {
        model_name: Text<256>,
        cpu_family_id: u32,
        model_id: u32,
        threads_per_core: u32,
        cores_per_socket: u32,
        frequency_boost: bool,
        vendor_id: u32,
        vendor_name: Text<256>,
        subvendor_id: u32,
        device_id: u64,
        rev_id: u32,
        asic_serial: Text<256>,
        socket_id: u32,
        core_id: u32,
        num_of_cpu_cores: u32,
        socket_count: u32,
        core_count: u32,
        reserved: [u32; 17],
    }

    /// The cores of a socket.
    CpuSocketInfo = "struct_amdsmi_sock_info_t" {
        socket_id: u32,
        cores_per_socket: u32,
    }
}

c_structs! {
    /// Power of a DIMM.
    DimmPower = "struct_amdsmi_dimm_power_t" {
        power: u16 [0, 15],
        update_rate: u16 [0, 9],
        dimm_addr: u16 [0, 8],
    }

    /// Temperature of a DIMM.
    DimmThermal = "struct_amdsmi_dimm_thermal_t" {
        sensor: u16 [0, 11],
        update_rate: u16 [0, 9],
        dimm_addr: u16 [0, 8],
        temp: f32,
    }
}

c_bits! {
    /// Temperature range and refresh rate of a DIMM.
    TempRangeRefreshRate(u8) = "struct_amdsmi_temp_range_refresh_rate_t" {
        range: 0, 3;
        ref_rate: 3, 1;
    }
}

c_struct! {
    (C, packed)
    /// The HSMP driver's table, as firmware writes it: without holes.
    HsmpMetricsTable = "struct_amdsmi_hsmp_metrics_table_t" {
        accumulation_counter: u32,
        max_socket_temperature: u32,
        max_vr_temperature: u32,
        max_hbm_temperature: u32,
        max_socket_temperature_acc: u64,
        max_vr_temperature_acc: u64,
        max_hbm_temperature_acc: u64,
        socket_power_limit: u32,
        max_socket_power_limit: u32,
        socket_power: u32,
        timestamp: u64,
        socket_energy_acc: u64,
        ccd_energy_acc: u64,
        xcd_energy_acc: u64,
        aid_energy_acc: u64,
        hbm_energy_acc: u64,
        cclk_frequency_limit: u32,
        gfxclk_frequency_limit: u32,
        fclk_frequency: u32,
        uclk_frequency: u32,
        socclk_frequency: [u32; 4],
        vclk_frequency: [u32; 4],
        dclk_frequency: [u32; 4],
        lclk_frequency: [u32; 4],
        gfxclk_frequency_acc: [u64; 8],
        cclk_frequency_acc: [u64; 96],
        max_cclk_frequency: u32,
        min_cclk_frequency: u32,
        max_gfxclk_frequency: u32,
        min_gfxclk_frequency: u32,
        fclk_frequency_table: [u32; 4],
        uclk_frequency_table: [u32; 4],
        socclk_frequency_table: [u32; 4],
        vclk_frequency_table: [u32; 4],
        dclk_frequency_table: [u32; 4],
        lclk_frequency_table: [u32; 4],
        max_lclk_dpm_range: u32,
        min_lclk_dpm_range: u32,
        xgmi_width: u32,
        xgmi_bitrate: u32,
        xgmi_read_bandwidth_acc: [u64; 8],
        xgmi_write_bandwidth_acc: [u64; 8],
        socket_c0_residency: u32,
        socket_gfx_busy: u32,
        dram_bandwidth_utilization: u32,
        socket_c0_residency_acc: u64,
        socket_gfx_busy_acc: u64,
        dram_bandwidth_acc: u64,
        max_dram_bandwidth: u32,
        dram_bandwidth_utilization_acc: u64,
        pcie_bandwidth_acc: [u64; 4],
        prochot_residency_acc: u32,
        ppt_residency_acc: u32,
        socket_thm_residency_acc: u32,
        vr_thm_residency_acc: u32,
        hbm_thm_residency_acc: u32,
        spare: u32,
        gfxclk_frequency: [u32; 8],
    }
}

impl HsmpMetricsTable {
    /// The firmware's table, number by number.
    pub fn of(table: &Mi300aTable) -> HsmpMetricsTable {
        HsmpMetricsTable {
            accumulation_counter: table.accumulation_counter,
            max_socket_temperature: table.max_socket_temperature,
            max_vr_temperature: table.max_vr_temperature,
            max_hbm_temperature: table.max_hbm_temperature,
            max_socket_temperature_acc: table.max_socket_temperature_acc,
            max_vr_temperature_acc: table.max_vr_temperature_acc,
            max_hbm_temperature_acc: table.max_hbm_temperature_acc,
            socket_power_limit: table.socket_power_limit,
            max_socket_power_limit: table.max_socket_power_limit,
            socket_power: table.socket_power,
            timestamp: table.timestamp,
            socket_energy_acc: table.socket_energy_acc,
            ccd_energy_acc: table.ccd_energy_acc,
            xcd_energy_acc: table.xcd_energy_acc,
            aid_energy_acc: table.aid_energy_acc,
            hbm_energy_acc: table.hbm_energy_acc,
            cclk_frequency_limit: table.cclk_frequency_limit,
            gfxclk_frequency_limit: table.gfxclk_frequency_limit,
            fclk_frequency: table.fclk_frequency,
            uclk_frequency: table.uclk_frequency,
            socclk_frequency: table.socclk_frequency,
            vclk_frequency: table.vclk_frequency,
            dclk_frequency: table.dclk_frequency,
            lclk_frequency: table.lclk_frequency,
            gfxclk_frequency_acc: table.gfxclk_frequency_acc,
            cclk_frequency_acc: table.cclk_frequency_acc,
            max_cclk_frequency: table.max_cclk_frequency,
            min_cclk_frequency: table.min_cclk_frequency,
            max_gfxclk_frequency: table.max_gfxclk_frequency,
            min_gfxclk_frequency: table.min_gfxclk_frequency,
            fclk_frequency_table: table.fclk_frequency_table,
            uclk_frequency_table: table.uclk_frequency_table,
            socclk_frequency_table: table.socclk_frequency_table,
            vclk_frequency_table: table.vclk_frequency_table,
            dclk_frequency_table: table.dclk_frequency_table,
            lclk_frequency_table: table.lclk_frequency_table,
            max_lclk_dpm_range: table.max_lclk_dpm_range,
            min_lclk_dpm_range: table.min_lclk_dpm_range,
            xgmi_width: table.xgmi_width,
            xgmi_bitrate: table.xgmi_bitrate,
            xgmi_read_bandwidth_acc: table.xgmi_read_bandwidth_acc,
            xgmi_write_bandwidth_acc: table.xgmi_write_bandwidth_acc,
            socket_c0_residency: table.socket_c0_residency,
            socket_gfx_busy: table.socket_gfx_busy,
            dram_bandwidth_utilization: table.dram_bandwidth_utilization,
            socket_c0_residency_acc: table.socket_c0_residency_acc,
            socket_gfx_busy_acc: table.socket_gfx_busy_acc,
            dram_bandwidth_acc: table.dram_bandwidth_acc,
            max_dram_bandwidth: table.max_dram_bandwidth,
            dram_bandwidth_utilization_acc: table.dram_bandwidth_utilization_acc,
            pcie_bandwidth_acc: table.pcie_bandwidth_acc,
            prochot_residency_acc: table.prochot_residency_acc,
            ppt_residency_acc: table.ppt_residency_acc,
            socket_thm_residency_acc: table.socket_thm_residency_acc,
            vr_thm_residency_acc: table.vr_thm_residency_acc,
            hbm_thm_residency_acc: table.hbm_thm_residency_acc,
            spare: table.spare,
            gfxclk_frequency: table.gfxclk_frequency,
        }
    }
}

pub(super) fn layouts() -> Vec<StructLayout> {
    vec![
        HsmpDriverVersion::layout(),
        SmuFwVersion::layout(),
        CpuUtil::layout(),
        DdrBwMetrics::layout(),
        LinkIdBwType::layout(),
        DpmLevel::layout(),
        CpuInfo::layout(),
        CpuSocketInfo::layout(),
        DimmPower::layout(),
        DimmThermal::layout(),
        TempRangeRefreshRate::layout(),
        HsmpMetricsTable::layout(),
    ]
}
