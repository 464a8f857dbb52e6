//! The fields that a sampler reads.

bitflags::bitflags! {
    /// The fields that a [`Sampler`](super::Sampler) reads at each sample.
    ///
    /// Each bit stands for some files. Related values that cannot change (limits, labels, sizes) are read once and
    /// included.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
    pub struct SampleFields: u32 {
        /// All temperature sensors: `temp*_input`.
        const TEMPERATURES = 1 << 0;
        /// Power of all channels: `power*_average` and `power*_input`, as far as they exist.
        const POWER = 1 << 1;
        /// The power limits in effect: `power*_cap`.
        const POWER_CAP = 1 << 2;
        /// The frequencies of hwmon: `freq*_input`.
        const FREQUENCIES = 1 << 3;
        /// All voltages: `in*_input`.
        const VOLTAGES = 1 << 4;
        /// Speed and drive of all fans: `fan*_input`, `pwm*`.
        const FANS = 1 << 5;
        /// Fan settings: `fan*_target`, `fan*_enable`, `pwm*_enable`, `gpu_od/fan_ctrl/*`.
        const FAN_SETTINGS = 1 << 6;
        /// Shader usage: `gpu_busy_percent`.
        const GFX_ACTIVITY = 1 << 7;
        /// Memory and media usage: `mem_busy_percent`, `vcn_busy_percent`.
        const OTHER_ACTIVITY = 1 << 8;
        /// Video memory: `mem_info_vram_used`.
        const VRAM = 1 << 9;
        /// Other memory: `mem_info_vis_vram_used`, `mem_info_gtt_used`, `mem_info_preempt_used`.
        const OTHER_MEMORY = 1 << 10;
        /// Levels of the shader and the memory clock: `pp_dpm_sclk`, `pp_dpm_mclk`.
        const CLOCKS = 1 << 11;
        /// Levels of all other clocks: `pp_dpm_*`.
        const OTHER_CLOCKS = 1 << 12;
        /// The PCIe link: `current_link_speed`, `current_link_width`, `pcie_replay_count`, `pp_dpm_pcie`.
        const PCIE = 1 << 13;
        /// Performance level, power profiles and overdrive: `power_dpm_force_performance_level`,
        /// `pp_power_profile_mode`, `pp_od_clk_voltage`.
        const PERFORMANCE = 1 << 14;
        /// Constant facts, read once: the VBIOS and the type of the video memory. Opens the GPU's render node once.
        const FACTS = 1 << 15;
        /// The metrics table, `gpu_metrics`, opened for each sample.
        const METRICS = 1 << 16;

        /// The fields of a monitor: fourteen files on a desktop card.
        const MONITOR = Self::TEMPERATURES.bits() | Self::POWER.bits() | Self::POWER_CAP.bits()
            | Self::FREQUENCIES.bits() | Self::VOLTAGES.bits() | Self::FANS.bits()
            | Self::GFX_ACTIVITY.bits() | Self::VRAM.bits() | Self::CLOCKS.bits();
    }
}

impl Default for SampleFields {
    /// Returns [`SampleFields::MONITOR`].
    fn default() -> SampleFields {
        SampleFields::MONITOR
    }
}
