//! The options about processors, by AMD's names.

use clap::Args;

/// Which processors to answer for.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Processors")]
pub(crate) struct CpuArgs {
    #[command(flatten)]
    pub(crate) socket: SocketArgs,
    /// CPU cores instead of GPUs: numbers, counted over all sockets, or all
    #[arg(short = 'O', long = "core", value_name = "CORE", num_args = 0..)]
    core: Option<Vec<String>>,
}

/// Which sockets to answer for.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Processors")]
pub(crate) struct SocketArgs {
    /// CPU sockets instead of GPUs (--help has their options): numbers, or all
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

    /// Whether the answer is about processors.
    pub(crate) fn asks(&self) -> bool {
        self.sockets().is_some() || self.cores().is_some()
    }
}

/// A number, also with 0x before it.
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
    /// Whether it says that it is too hot
    #[arg(long, hide_short_help = true)]
    pub(super) cpu_prochot: bool,
    /// Clocks of data fabric and memory, and what limits the cores'
    #[arg(long, hide_short_help = true)]
    pub(super) cpu_freq_metrics: bool,
    /// Share of time in C0
    #[arg(long, hide_short_help = true)]
    pub(super) cpu_c0_res: bool,
    /// The range of an NBIO's LCLK levels: NBIO 0 to 3
    #[arg(long, hide_short_help = true, value_name = "NBIO", value_parser = clap::value_parser!(u8).range(0..=3))]
    pub(super) cpu_lclk_dpm_level: Option<u8>,
    /// Power of all rails
    #[arg(long, hide_short_help = true)]
    pub(super) cpu_pwr_svi_telemetry_rails: bool,
    /// Traffic of an I/O link: 1 (both ways), and its name such as P0 or G1
    #[arg(long, hide_short_help = true, value_names = ["BW", "LINK"], num_args = 2)]
    pub(super) cpu_io_bandwidth: Option<Vec<String>>,
    /// Traffic of an xGMI link: 1 (both ways), 2 (read) or 4 (write), and its name
    #[arg(long, hide_short_help = true, value_names = ["BW", "LINK"], num_args = 2)]
    pub(super) cpu_xgmi_bandwidth: Option<Vec<String>>,
    /// Power efficiency mode
    #[arg(long, hide_short_help = true)]
    pub(super) cpu_pwr_eff_mode: bool,
    /// Version of the metrics table
    #[arg(long, hide_short_help = true)]
    pub(super) cpu_metrics_ver: bool,
    /// The metrics table (MI300A and the newest EPYC)
    #[arg(long, hide_short_help = true)]
    pub(super) cpu_metrics_table: bool,
    /// Energy used
    #[arg(long, hide_short_help = true)]
    pub(super) cpu_socket_energy: bool,
    /// Bandwidth of the memory
    #[arg(long, hide_short_help = true)]
    pub(super) cpu_ddr_bandwidth: bool,
    /// Temperature
    #[arg(long, hide_short_help = true)]
    pub(super) cpu_temp: bool,
    /// Temperature range and refresh rate of the DIMM at an address, such as 0x80
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
    /// Whether rails have frequencies of their own
    #[arg(long, hide_short_help = true)]
    pub(super) cpu_railisofreq_policy: bool,
    /// Whether the data fabric may use C-states
    #[arg(long, hide_short_help = true)]
    pub(super) cpu_dfcstate_ctrl: bool,
    /// Whether the package may go to PC6
    #[arg(long, hide_short_help = true)]
    pub(super) cpu_pc6_enable: bool,
    /// Whether cores may go to CC6
    #[arg(long, hide_short_help = true)]
    pub(super) cpu_cc6_enable: bool,
    /// A register of a device on a DIMM: address, device (2 TS0, 6 TS1, 9 PMIC, 10 hub), offset, space
    #[arg(long, hide_short_help = true, value_names = ["DIMM", "DEVICE", "OFFSET", "SPACE"], num_args = 4)]
    pub(super) cpu_dimm_sb_reg: Option<Vec<String>>,
    /// How the cooling behaves
    #[arg(long, hide_short_help = true)]
    pub(super) cpu_tdelta: bool,
    /// Temperature of a regulator: 0 for the hottest, 1 and the rail's number 0 to 4
    #[arg(long, hide_short_help = true, value_names = ["TYPE", "RAIL"], num_args = 1..=2, value_parser = clap::value_parser!(u8).range(0..8))]
    pub(super) cpu_svi3_vr_controller_temp: Option<Vec<u8>>,
    /// Which messages the firmware has switched on
    #[arg(long, hide_short_help = true)]
    pub(super) cpu_enabled_commands: bool,
    /// The limit of SDPS
    #[arg(long, hide_short_help = true)]
    pub(super) cpu_sdps_limit: bool,
}

impl CpuMetricArgs {
    /// Whether a section is named, which asks for the sockets.
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
    /// Its boost limit
    #[arg(long, hide_short_help = true)]
    pub(super) core_boost_limit: bool,
    /// The frequency limit in effect
    #[arg(long, hide_short_help = true)]
    pub(super) core_curr_active_freq_core_limit: bool,
    /// Energy used
    #[arg(long, hide_short_help = true)]
    pub(super) core_energy: bool,
    /// Power of the die that it is on
    #[arg(long, hide_short_help = true)]
    pub(super) core_ccd_power: bool,
    /// Its lowest frequency, as set
    #[arg(long, hide_short_help = true)]
    pub(super) core_floor_limit: bool,
    /// Its lowest frequency, in effect
    #[arg(long, hide_short_help = true)]
    pub(super) core_eff_floor_limit: bool,
}

impl CoreMetricArgs {
    /// Whether a section is named, which asks for the cores.
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
