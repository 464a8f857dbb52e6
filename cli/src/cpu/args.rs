//! The options about CPUs, by AMD's names.

use clap::Args;

/// Selects CPU sockets or cores.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Processors")]
pub(crate) struct CpuArgs {
    #[command(flatten)]
    pub(crate) socket: SocketArgs,
    /// CPU cores instead of GPUs: numbers, counted across all sockets, or all
    #[arg(short = 'O', long = "core", value_name = "CORE", num_args = 0..)]
    core: Option<Vec<String>>,
}

/// Selects CPU sockets.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Processors")]
pub(crate) struct SocketArgs {
    /// CPU sockets instead of GPUs (see --help for their options): numbers, or all
    #[arg(short = 'U', long = "cpu", value_name = "CPU", num_args = 0..)]
    cpu: Option<Vec<String>>,
}

impl SocketArgs {
    pub(crate) fn sockets(&self) -> Option<&[String]> {
        self.cpu.as_deref()
    }
}

impl CpuArgs {
    pub(crate) fn sockets(&self) -> Option<&[String]> {
        self.socket.sockets()
    }

    pub(crate) fn cores(&self) -> Option<&[String]> {
        self.core.as_deref()
    }

    /// Returns `true` if CPUs are asked for.
    pub(crate) fn asks(&self) -> bool {
        self.sockets().is_some() || self.cores().is_some()
    }
}

/// Parses a decimal number, or a hexadecimal one after 0x.
pub(super) fn any_radix(text: &str) -> Result<u8, String> {
    let hex = text.strip_prefix("0x").or(text.strip_prefix("0X"));
    let number = hex.map_or_else(|| text.parse(), |hex| u8::from_str_radix(hex, 16));
    number.map_err(|_| "expected 0 to 255, or 0x00 to 0xff".into())
}

/// Sections of `metric` about a socket.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Sections of a CPU socket (-U; default: all that need no value)")]
pub(crate) struct CpuMetricArgs {
    /// Power and its limits
    #[arg(long, hide_short_help = true)]
    pub(super) cpu_power_metrics: bool,
    /// Thermal throttling signal (PROCHOT)
    #[arg(long, hide_short_help = true)]
    pub(super) cpu_prochot: bool,
    /// Clocks of data fabric and memory, and the limit of the core clocks
    #[arg(long, hide_short_help = true)]
    pub(super) cpu_freq_metrics: bool,
    /// C0 residency
    #[arg(long, hide_short_help = true)]
    pub(super) cpu_c0_res: bool,
    /// Range of the LCLK levels of an NBIO (0 to 3)
    #[arg(long, hide_short_help = true, value_name = "NBIO", value_parser = clap::value_parser!(u8).range(0..=3))]
    pub(super) cpu_lclk_dpm_level: Option<u8>,
    /// Power of all rails
    #[arg(long, hide_short_help = true)]
    pub(super) cpu_pwr_svi_telemetry_rails: bool,
    /// Traffic of an I/O link: 1 (both directions), and the link's name such as P0 or G1
    #[arg(long, hide_short_help = true, value_names = ["BW", "LINK"], num_args = 2)]
    pub(super) cpu_io_bandwidth: Option<Vec<String>>,
    /// Traffic of an xGMI link: 1 (both directions), 2 (read) or 4 (write), and the link's name
    #[arg(long, hide_short_help = true, value_names = ["BW", "LINK"], num_args = 2)]
    pub(super) cpu_xgmi_bandwidth: Option<Vec<String>>,
    /// Power efficiency mode
    #[arg(long, hide_short_help = true)]
    pub(super) cpu_pwr_eff_mode: bool,
    /// Version of the metrics table
    #[arg(long, hide_short_help = true)]
    pub(super) cpu_metrics_ver: bool,
    /// Metrics table (MI300A and the newest EPYC)
    #[arg(long, hide_short_help = true)]
    pub(super) cpu_metrics_table: bool,
    /// Energy used
    #[arg(long, hide_short_help = true)]
    pub(super) cpu_socket_energy: bool,
    /// Memory bandwidth
    #[arg(long, hide_short_help = true)]
    pub(super) cpu_ddr_bandwidth: bool,
    /// Temperature
    #[arg(long, hide_short_help = true)]
    pub(super) cpu_temp: bool,
    /// Temperature range and refresh rate of a DIMM, by address such as 0x80
    #[arg(long, hide_short_help = true, value_name = "DIMM", value_parser = any_radix)]
    pub(super) cpu_dimm_temp_range_rate: Option<u8>,
    /// Power of a DIMM
    #[arg(long, hide_short_help = true, value_name = "DIMM", value_parser = any_radix)]
    pub(super) cpu_dimm_pow_consumption: Option<u8>,
    /// Temperature of a DIMM
    #[arg(long, hide_short_help = true, value_name = "DIMM", value_parser = any_radix)]
    pub(super) cpu_dimm_thermal_sensor: Option<u8>,
    /// P-states of the xGMI links
    #[arg(long, hide_short_help = true)]
    pub(super) cpu_xgmi_pstate_range: bool,
    /// Independent frequencies of rails
    #[arg(long, hide_short_help = true)]
    pub(super) cpu_railisofreq_policy: bool,
    /// C-states of the data fabric
    #[arg(long, hide_short_help = true)]
    pub(super) cpu_dfcstate_ctrl: bool,
    /// PC6 of the package
    #[arg(long, hide_short_help = true)]
    pub(super) cpu_pc6_enable: bool,
    /// CC6 of the cores
    #[arg(long, hide_short_help = true)]
    pub(super) cpu_cc6_enable: bool,
    /// Register of a device on a DIMM: address, device (2 TS0, 6 TS1, 9 PMIC, 10 hub), offset, space
    #[arg(long, hide_short_help = true, value_names = ["DIMM", "DEVICE", "OFFSET", "SPACE"], num_args = 4)]
    pub(super) cpu_dimm_sb_reg: Option<Vec<String>>,
    /// State of the cooling (tdelta)
    #[arg(long, hide_short_help = true)]
    pub(super) cpu_tdelta: bool,
    /// Temperature of a voltage regulator: 0 for the hottest, or 1 and the number of the rail (0 to 4)
    #[arg(long, hide_short_help = true, value_names = ["TYPE", "RAIL"], num_args = 1..=2, value_parser = clap::value_parser!(u8).range(0..8))]
    pub(super) cpu_svi3_vr_controller_temp: Option<Vec<u8>>,
    /// Messages that the firmware supports
    #[arg(long, hide_short_help = true)]
    pub(super) cpu_enabled_commands: bool,
    /// SDPS limit
    #[arg(long, hide_short_help = true)]
    pub(super) cpu_sdps_limit: bool,
}

impl CpuMetricArgs {
    /// Returns `true` if a section is named, which implies the sockets.
    pub(crate) fn names_any(&self) -> bool {
        let valued = [
            self.cpu_lclk_dpm_level.is_some(),
            self.cpu_io_bandwidth.is_some(),
            self.cpu_xgmi_bandwidth.is_some(),
            self.cpu_dimm_temp_range_rate.is_some(),
            self.cpu_dimm_pow_consumption.is_some(),
            self.cpu_dimm_thermal_sensor.is_some(),
            self.cpu_dimm_sb_reg.is_some(),
            self.cpu_svi3_vr_controller_temp.is_some(),
        ];
        let named = [
            self.cpu_power_metrics,
            self.cpu_prochot,
            self.cpu_freq_metrics,
            self.cpu_c0_res,
            self.cpu_pwr_svi_telemetry_rails,
            self.cpu_pwr_eff_mode,
            self.cpu_metrics_ver,
            self.cpu_metrics_table,
            self.cpu_socket_energy,
            self.cpu_ddr_bandwidth,
            self.cpu_temp,
            self.cpu_xgmi_pstate_range,
            self.cpu_railisofreq_policy,
            self.cpu_dfcstate_ctrl,
            self.cpu_pc6_enable,
            self.cpu_cc6_enable,
            self.cpu_tdelta,
            self.cpu_enabled_commands,
            self.cpu_sdps_limit,
        ];
        valued.contains(&true) || named.contains(&true)
    }
}

/// Sections of `metric` about a core.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Sections of a CPU core (-O; default: all)")]
pub(crate) struct CoreMetricArgs {
    /// Boost limit
    #[arg(long, hide_short_help = true)]
    pub(super) core_boost_limit: bool,
    /// Frequency limit in effect
    #[arg(long, hide_short_help = true)]
    pub(super) core_curr_active_freq_core_limit: bool,
    /// Energy used
    #[arg(long, hide_short_help = true)]
    pub(super) core_energy: bool,
    /// Power of the core's die (CCD)
    #[arg(long, hide_short_help = true)]
    pub(super) core_ccd_power: bool,
    /// Minimum frequency, as set
    #[arg(long, hide_short_help = true)]
    pub(super) core_floor_limit: bool,
    /// Minimum frequency in effect
    #[arg(long, hide_short_help = true)]
    pub(super) core_eff_floor_limit: bool,
}

impl CoreMetricArgs {
    /// Returns `true` if a section is named, which implies the cores.
    pub(crate) fn names_any(&self) -> bool {
        [
            self.core_boost_limit,
            self.core_curr_active_freq_core_limit,
            self.core_energy,
            self.core_ccd_power,
            self.core_floor_limit,
            self.core_eff_floor_limit,
        ]
        .contains(&true)
    }
}
