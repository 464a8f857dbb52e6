//! Power, clocks, limits, activity.

use super::layout::{Layout, StructLayout, Text, c_structs};

c_structs! {
    /// The caps of a power channel, in microwatts.
    PowerCapInfo = "struct_amdsmi_power_cap_info_t" {
        power_cap: u64,
        default_power_cap: u64,
        /// The highest level of the shader clock.
        dpm_cap: u64,
        min_power_cap: u64,
        max_power_cap: u64,
        reserved: [u64; 3],
    }

    /// Power in watts and voltages in millivolts; 0xFFFF where there is none.
    PowerInfo = "struct_amdsmi_power_info_t" {
        socket_power: u64,
        current_socket_power: u32,
        average_socket_power: u32,
        gfx_voltage: u64,
        soc_voltage: u64,
        mem_voltage: u64,
        /// Microwatts, whatever AMD's header says.
        power_limit: u32,
        /// Of the board with all GPUs, in watts; all ones where not known.
        #[cfg(abi27)]
        ubb_power: u32,
        reserved: [u64; 18],
    }

    /// A clock, in MHz; all ones where not known.
    ClockInfo = "struct_amdsmi_clk_info_t" {
        clk: u32,
        min_clk: u32,
        max_clk: u32,
        clk_locked: u8,
        /// 1 in deep sleep, 0 awake, 0xFF not known.
        clk_deep_sleep: u8,
        reserved: [u32; 4],
    }

    /// Usage of the engines in percent; 0xFFFF if unknown.
    EngineUsage = "struct_amdsmi_engine_usage_t" {
        gfx_activity: u32,
        umc_activity: u32,
        mm_activity: u32,
        reserved: [u32; 13],
    }

    /// A range of values.
    Range = "struct_amdsmi_range_t" {
        lower_bound: u64,
        upper_bound: u64,
        reserved: [u64; 2],
    }

    /// Ranges of a clock.
    FrequencyRange = "struct_amdsmi_frequency_range_t" {
        supported_freq_range: Range,
        current_freq_range: Range,
        reserved: [u32; 8],
    }

    /// A counter of activity.
    UtilizationCounter = "struct_amdsmi_utilization_counter_t" {
        r#type: u32,
        value: u64,
        fine_value: [u64; 4],
        fine_value_count: u16,
    }

    /// The power profiles.
    PowerProfileStatus = "struct_amdsmi_power_profile_status_t" {
        /// Bits of `amdsmi_power_profile_preset_masks_t`.
        available_profiles: u64,
        current: u64,
        num_profiles: u32,
    }

    /// A level of a policy.
    PolicyEntry = "struct_amdsmi_dpm_policy_entry_t" {
        policy_id: u32,
        policy_description: Text<256>,
    }

    /// The levels of a policy.
    Policy = "struct_amdsmi_dpm_policy_t" {
        num_supported: u32,
        /// Index in `policies`.
        current: u32,
        policies: [PolicyEntry; 32],
    }

    /// A point of a curve: Hz and mV.
    OverdrivePoint = "struct_amdsmi_od_vddc_point_t" {
        frequency: u64,
        voltage: u64,
    }

    /// A region in which a point of the curve may lie: Hz and mV.
    OverdriveRegion = "struct_amdsmi_freq_volt_region_t" {
        freq_range: Range,
        volt_range: Range,
    }

    /// A voltage curve.
    OverdriveCurve = "struct_amdsmi_od_volt_curve_t" {
        vc_points: [OverdrivePoint; 3],
    }

    /// Ranges of overdrive, in Hz and mV.
    OverdriveData = "struct_amdsmi_od_volt_freq_data_t" {
        curr_sclk_range: Range,
        curr_mclk_range: Range,
        #[cfg(abi27)]
        curr_fclk_range: Range,
        sclk_freq_limits: Range,
        mclk_freq_limits: Range,
        #[cfg(abi27)]
        fclk_freq_limits: Range,
        curve: OverdriveCurve,
        num_regions: u32,
    }

    /// The value of a performance counter.
    CounterValue = "struct_amdsmi_counter_value_t" {
        value: u64,
        time_enabled: u64,
        time_running: u64,
    }
}

pub(super) fn layouts() -> Vec<StructLayout> {
    vec![
        PowerCapInfo::layout(),
        PowerInfo::layout(),
        ClockInfo::layout(),
        EngineUsage::layout(),
        Range::layout(),
        FrequencyRange::layout(),
        UtilizationCounter::layout(),
        PowerProfileStatus::layout(),
        PolicyEntry::layout(),
        Policy::layout(),
        OverdrivePoint::layout(),
        OverdriveRegion::layout(),
        OverdriveCurve::layout(),
        OverdriveData::layout(),
        CounterValue::layout(),
    ]
}
