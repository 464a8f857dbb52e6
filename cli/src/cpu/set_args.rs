//! The options of `set` about CPUs, by AMD's names.

use amdgpu_smi::unit::{MegaHertz, MicroWatts};
use clap::{ArgAction, Args};

/// Settings of a socket's or a core's management firmware; each given one is made.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "CPU settings (with -U, or -O for cores)")]
pub(crate) struct CpuSetArgs {
    /// Power limit: 280000 (mW) or 280W
    #[arg(long, hide_short_help = true, value_name = "LIMIT", value_parser = power)]
    pub(super) cpu_pwr_limit: Option<MicroWatts>,
    /// Minimum and maximum width of the xGMI links: 0 x4, 1 x8, 2 x16
    #[arg(long, hide_short_help = true, value_names = ["MIN", "MAX"], num_args = 2)]
    pub(super) cpu_xgmi_link_width: Option<Vec<u8>>,
    /// Minimum and maximum LCLK level of an NBIO, 0 to 3 each
    #[arg(long, hide_short_help = true, value_names = ["NBIO", "MIN", "MAX"], num_args = 3)]
    pub(super) cpu_lclk_dpm_level: Option<Vec<u8>>,
    /// Power efficiency mode: 0 performance, 1 efficiency, 2 I/O, 3 balanced memory, 4 balanced core, 5 both
    #[arg(long, hide_short_help = true, value_name = "MODE")]
    pub(super) cpu_pwr_eff_mode: Option<u8>,
    /// Minimum and maximum width of the GMI3 links: 0 quarter, 1 half, 2 full
    #[arg(long, hide_short_help = true, value_names = ["MIN", "MAX"], num_args = 2)]
    pub(super) cpu_gmi3_link_width: Option<Vec<u8>>,
    /// Rate of the PCIe links: a code from 0 to 2
    #[arg(long, hide_short_help = true, value_name = "RATE")]
    pub(super) cpu_pcie_link_rate: Option<u8>,
    /// P-state range of the data fabric, 0 (fastest) to 2
    #[arg(long, hide_short_help = true, value_names = ["MIN", "MAX"], num_args = 2)]
    pub(super) cpu_df_pstate_range: Option<Vec<u8>>,
    /// Let the data fabric choose its P-state
    #[arg(long, hide_short_help = true, conflicts_with = "cpu_disable_apb")]
    pub(super) cpu_enable_apb: bool,
    /// Fix the P-state of the data fabric, 0 to 2
    #[arg(long, hide_short_help = true, value_name = "PSTATE")]
    pub(super) cpu_disable_apb: Option<u8>,
    /// Limit the frequency of all cores of a socket
    #[arg(long, hide_short_help = true, value_name = "MHZ", value_parser = megahertz)]
    pub(super) soc_boost_limit: Option<MegaHertz>,
    /// P-state range of the xGMI links
    #[arg(long, hide_short_help = true, value_names = ["MIN", "MAX"], num_args = 2)]
    pub(super) cpu_xgmi_pstate_range: Option<Vec<u8>>,
    /// Independent frequencies of rails: 0 or 1
    #[arg(long, hide_short_help = true, value_name = "0|1", value_parser = switch, action = ArgAction::Set)]
    pub(super) cpu_railisofreq_policy: Option<bool>,
    /// C-states of the data fabric: 0 or 1
    #[arg(long, hide_short_help = true, value_name = "0|1", value_parser = switch, action = ArgAction::Set)]
    pub(super) cpu_dfcstate_ctrl: Option<bool>,
    /// PC6 of the package: 0 or 1
    #[arg(long, hide_short_help = true, value_name = "0|1", value_parser = switch, action = ArgAction::Set)]
    pub(super) cpu_pc6_enable: Option<bool>,
    /// CC6 of the cores: 0 or 1
    #[arg(long, hide_short_help = true, value_name = "0|1", value_parser = switch, action = ArgAction::Set)]
    pub(super) cpu_cc6_enable: Option<bool>,
    /// SDPS limit in mW, or with its unit
    #[arg(long, hide_short_help = true, value_name = "LIMIT", value_parser = power)]
    pub(super) cpu_sdps_limit: Option<MicroWatts>,
    /// Limit the frequency of a core
    #[arg(long, hide_short_help = true, value_name = "MHZ", value_parser = megahertz)]
    pub(super) core_boost_limit: Option<MegaHertz>,
    /// Minimum frequency of a core
    #[arg(long, hide_short_help = true, value_name = "MHZ", value_parser = megahertz)]
    pub(super) core_floor_limit: Option<MegaHertz>,
}

impl CpuSetArgs {
    /// Returns `true` if a setting of a core is given.
    pub(super) fn asks_of_cores(&self) -> bool {
        self.core_boost_limit.is_some() || self.core_floor_limit.is_some()
    }

    /// Returns `true` if a setting of a socket is given.
    pub(super) fn asks_of_sockets(&self) -> bool {
        let pairs = [
            &self.cpu_xgmi_link_width,
            &self.cpu_lclk_dpm_level,
            &self.cpu_gmi3_link_width,
            &self.cpu_df_pstate_range,
            &self.cpu_xgmi_pstate_range,
        ];
        let codes = [self.cpu_pwr_eff_mode, self.cpu_pcie_link_rate, self.cpu_disable_apb];
        let switches =
            [self.cpu_railisofreq_policy, self.cpu_dfcstate_ctrl, self.cpu_pc6_enable, self.cpu_cc6_enable];
        pairs.iter().any(|pair| pair.is_some())
            || codes.iter().any(Option::is_some)
            || switches.iter().any(Option::is_some)
            || self.cpu_pwr_limit.or(self.cpu_sdps_limit).is_some()
            || self.soc_boost_limit.is_some()
            || self.cpu_enable_apb
    }

    /// Returns `true` if any setting is given.
    pub(crate) fn asks_any(&self) -> bool {
        self.asks_of_cores() || self.asks_of_sockets()
    }
}

/// Parses a power, in milliwatts as in AMD's command unless a unit is given.
fn power(text: &str) -> Result<MicroWatts, String> {
    let lower = text.trim().to_ascii_lowercase();
    let (digits, scale) = match (lower.strip_suffix("mw"), lower.strip_suffix('w')) {
        (Some(digits), _) => (digits, 1000),
        (None, Some(digits)) => (digits, 1_000_000),
        (None, None) => (lower.as_str(), 1000),
    };
    let number = digits.trim_end().parse::<u32>().ok().map(u64::from);
    number
        .map(|number| MicroWatts(number * scale))
        .ok_or_else(|| "expected whole mW such as 280000, or W such as 280W".into())
}

fn megahertz(text: &str) -> Result<MegaHertz, String> {
    let lower = text.trim().to_ascii_lowercase();
    let digits = lower.strip_suffix("mhz").unwrap_or(&lower).trim_end();
    digits.parse().map(MegaHertz).map_err(|_| "expected whole MHz, such as 3000 or 3000MHz".into())
}

fn switch(text: &str) -> Result<bool, String> {
    match text.to_ascii_lowercase().as_str() {
        "0" | "off" => Ok(false),
        "1" | "on" => Ok(true),
        _ => Err("expected 0 or 1".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn power_is_in_milliwatts_if_nothing_else_is_said() {
        assert_eq!(power("280000"), Ok(MicroWatts(280_000_000)));
        assert_eq!(power("280W"), power("280000mW"));
        assert!(power("280.5W").is_err() && power("-1").is_err());
        assert_eq!(megahertz("3000 MHz"), Ok(MegaHertz(3000)));
    }
}
