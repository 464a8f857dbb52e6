//! Lines of the driver that this library does not understand.

use std::path::PathBuf;

use super::{ClockDomain, Gpu};
use crate::attribute::{
    ACOUSTIC_LIMIT, ACOUSTIC_TARGET, FAN_CURVE, MINIMUM_PWM, OLDER_XGMI_PLPD, OVERDRIVE, POWER_PROFILES,
    SOC_PSTATE, TARGET_TEMPERATURE, XGMI_PLPD, ZERO_RPM_ENABLE, ZERO_RPM_STOP_TEMPERATURE,
};
use crate::parse::UnrecognisedLine;
use crate::parse::{policy, profile};
use crate::reading::Reading;

/// # Lines that are not understood
impl Gpu {
    /// Lines of the driver's tables that this library does not understand, with their files. Such a line costs only
    /// itself. Empty on the kernels that the library knows.
    ///
    /// # Source
    /// `pp_dpm_*`, `pp_od_clk_voltage`, `gpu_od/fan_ctrl/*`, `pp_power_profile_mode` and `pm_policy/*` of the PCI device,
    /// `properties` of the KFD node.
    ///
    /// # Errors
    /// None. A file that cannot be read has no lines.
    ///
    /// # Supported on
    /// All.
    pub fn unrecognised_lines(&self) -> Vec<(PathBuf, UnrecognisedLine)> {
        let access = self.access();
        let mut found = Vec::new();
        let mut add = |file: &str, lines: Vec<UnrecognisedLine>| {
            found.extend(lines.into_iter().map(|line| (self.path_of(file), line)));
        };
        for domain in ClockDomain::ALL {
            add(domain.attribute().name, lines(self.clock_levels(domain), |table| table.unrecognised));
        }
        add("pp_dpm_pcie", lines(self.pcie_levels(), |table| table.unrecognised));
        add(OVERDRIVE.name, lines(self.overdrive(), |table| table.unrecognised));
        if let Ok(table) = access.read(POWER_PROFILES.name, profile::profile_table) {
            add(POWER_PROFILES.name, table.unrecognised);
        }
        for file in [SOC_PSTATE.name, XGMI_PLPD.name, OLDER_XGMI_PLPD.name] {
            if let Ok(table) = access.read(file, policy::policy_table) {
                add(file, table.unrecognised);
            }
        }
        let fan = self.fan_control();
        add(FAN_CURVE.name, lines(fan.curve, |curve| curve.unrecognised));
        for (attribute, setting) in [
            (&ACOUSTIC_LIMIT, fan.acoustic_limit),
            (&ACOUSTIC_TARGET, fan.acoustic_target),
            (&TARGET_TEMPERATURE, fan.target_temperature),
            (&MINIMUM_PWM, fan.minimum_pwm),
            (&ZERO_RPM_ENABLE, fan.zero_rpm_enable),
            (&ZERO_RPM_STOP_TEMPERATURE, fan.zero_rpm_stop_temperature),
        ] {
            add(attribute.name, lines(setting, |setting| setting.unrecognised));
        }
        if let Ok(node) = self.node("properties") {
            let path = node.dir.path().join("properties");
            found.extend(node.properties.unrecognised.iter().map(|line| (path.clone(), line.clone())));
        }
        found
    }
}

fn lines<T>(table: Reading<T>, of: fn(T) -> Vec<UnrecognisedLine>) -> Vec<UnrecognisedLine> {
    table.map_or_else(|_| Vec::new(), |table| of(table.value))
}
