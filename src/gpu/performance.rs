//! Clock policies of the driver: performance level, profiles, overdrive, features, policies.

use super::Gpu;
use crate::attribute::{
    MCLK_OVERDRIVE, OLDER_XGMI_PLPD, OVERDRIVE, PERFORMANCE_LEVEL, POWER_FEATURES, POWER_PROFILES,
    PROCESS_ISOLATION, SCLK_OVERDRIVE, SOC_PSTATE, THROTTLING_LOGGING, XGMI_PLPD,
};
use crate::error::Error;
#[cfg(doc)]
use crate::error::Unavailable;
use crate::parse::features::Features;
use crate::parse::overdrive::Overdrive;
use crate::parse::performance::{PerformanceLevel, ThrottlingLogging};
use crate::parse::policy::{Isolation, PolicyLevel};
use crate::parse::profile::PowerProfile;
use crate::reading::{Reading, Value};
use crate::unit::Percent;

/// # Performance levels, profiles and policies
impl Gpu {
    /// The performance level: clocks chosen by load, fixed, or set by the user.
    ///
    /// # Source
    /// `power_dpm_force_performance_level` of the PCI device.
    ///
    /// # Errors
    /// [`Error::NotSupported`] without power management.
    ///
    /// # Supported on
    /// All.
    #[doc(alias = "amdsmi_get_gpu_perf_level")]
    pub fn performance_level(&self) -> Reading<PerformanceLevel> {
        self.get(&PERFORMANCE_LEVEL)
    }

    /// The power profiles, with the current one marked.
    ///
    /// # Source
    /// `pp_power_profile_mode` of the PCI device.
    ///
    /// # Errors
    /// [`Error::NotSupported`] if the driver has no profiles.
    ///
    /// # Supported on
    /// Most; not MI300.
    #[doc(alias = "amdsmi_get_gpu_power_profile_presets")]
    pub fn power_profiles(&self) -> Reading<Vec<PowerProfile>> {
        self.get(&POWER_PROFILES)
    }

    /// The overdrive table: clocks in megahertz, voltages in millivolts, and the settable ranges.
    ///
    /// # Source
    /// `pp_od_clk_voltage` of the PCI device.
    ///
    /// # Errors
    /// [`Error::NotSupported`] if overdrive is not enabled (`amdgpu.ppfeaturemask` bit 14) or the table is empty;
    /// [`Unavailable::Inaccessible`] after a fatal RAS interrupt.
    ///
    /// # Supported on
    /// Most with overdrive enabled; MI300 always.
    #[doc(alias = "amdsmi_get_gpu_od_volt_info")]
    #[doc(alias = "amdsmi_get_gpu_od_volt_curve_regions")]
    pub fn overdrive(&self) -> Reading<Overdrive> {
        self.get(&OVERDRIVE)
    }

    /// Percentage by which the shader clock is raised above its default.
    ///
    /// # Source
    /// `pp_sclk_od` of the PCI device.
    ///
    /// # Errors
    /// [`Error::NotSupported`] if the driver has no such file.
    ///
    /// # Supported on
    /// GFX8, Vega and some later chips.
    #[doc(alias = "amdsmi_get_gpu_overdrive_level")]
    pub fn overdrive_level(&self) -> Reading<Percent> {
        self.get(&SCLK_OVERDRIVE)
    }

    /// Percentage by which the memory clock is raised above its default.
    ///
    /// # Source
    /// `pp_mclk_od` of the PCI device.
    ///
    /// # Errors
    /// [`Error::NotSupported`] if the driver has no such file.
    ///
    /// # Supported on
    /// GFX8, Vega and some later chips.
    #[doc(alias = "amdsmi_get_gpu_mem_overdrive_level")]
    pub fn memory_overdrive_level(&self) -> Reading<Percent> {
        self.get(&MCLK_OVERDRIVE)
    }

    /// The features that the power-management firmware has enabled.
    ///
    /// # Source
    /// `pp_features` of the PCI device.
    ///
    /// # Errors
    /// [`Error::NotSupported`] if the driver has no such file.
    ///
    /// # Supported on
    /// Discrete cards from Vega on, MI300A.
    #[doc(alias = "amdsmi_is_gpu_power_management_enabled")]
    pub fn power_features(&self) -> Reading<Features> {
        self.get(&POWER_FEATURES)
    }

    /// State of the driver's throttling log, with its minimum interval in seconds. Available while the GPU sleeps.
    ///
    /// # Source
    /// `thermal_throttling_logging` of the PCI device.
    ///
    /// # Errors
    /// [`Error::NotSupported`] without power management.
    ///
    /// # Supported on
    /// All since kernel 5.9.
    pub fn throttling_logging(&self) -> Reading<ThrottlingLogging> {
        self.get(&THROTTLING_LOGGING)
    }

    /// The levels of the SoC's power policy, with the current one marked.
    ///
    /// # Source
    /// `pm_policy/soc_pstate` of the PCI device; since kernel 6.10.
    ///
    /// # Errors
    /// [`Error::NotSupported`] if the driver has no such policy.
    ///
    /// # Supported on
    /// MI300.
    #[doc(alias = "amdsmi_get_soc_pstate")]
    pub fn soc_pstate(&self) -> Reading<Vec<PolicyLevel>> {
        self.get(&SOC_PSTATE)
    }

    /// The levels of the XGMI power-down policy, with the current one marked.
    ///
    /// # Source
    /// `pm_policy/xgmi_plpd` of the PCI device; before kernel 6.10 `xgmi_plpd_policy`, which has only the current
    /// level; the others are those that its driver accepts.
    ///
    /// # Errors
    /// [`Error::NotSupported`] if the driver has no such policy.
    ///
    /// # Supported on
    /// MI200, MI300.
    #[doc(alias = "amdsmi_get_xgmi_plpd")]
    pub fn xgmi_plpd(&self) -> Reading<Vec<PolicyLevel>> {
        let absent = match self.get(&XGMI_PLPD) {
            Err(absent @ Error::NotSupported { .. }) => absent,
            answer => return answer,
        };
        match self.get(&OLDER_XGMI_PLPD) {
            // If neither file exists, report the one of current kernels as missing.
            Err(Error::NotSupported { .. }) => Err(absent),
            answer => answer,
        }
    }

    /// The isolation of one process's work from the next one's.
    ///
    /// # Source
    /// `enforce_isolation` of the PCI device, its entry for this partition; since kernel 6.12.
    ///
    /// # Errors
    /// [`Error::NotSupported`] if the driver has no such file.
    ///
    /// # Supported on
    /// GFX9 and newer, by firmware.
    #[doc(alias = "amdsmi_get_gpu_process_isolation")]
    pub fn process_isolation(&self) -> Reading<Isolation> {
        let partition = usize::from(self.ids().partition.unwrap_or(0));
        let all = self.get(&PROCESS_ISOLATION)?;
        let own = all.value.get(partition).copied();
        let value = own.ok_or_else(|| Error::NotSupported { path: self.path_of(PROCESS_ISOLATION.name) })?;
        Ok(Value { value, source: all.source, scope: self.own_scope() })
    }
}
