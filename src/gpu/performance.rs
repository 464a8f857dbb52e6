//! How the driver chooses clocks: performance level, profiles, overdrive, features, policies.

use super::Gpu;
use crate::error::{Error, Result, Unavailable};
use crate::parse::features::{self, Features};
use crate::parse::overdrive::{self, Overdrive};
use crate::parse::performance::{self, PerformanceLevel, ThrottlingLogging};
use crate::parse::policy::{self, Isolation, PolicyLevel};
use crate::parse::profile::{self, PowerProfile};
use crate::parse::{Parsed, scalar};
use crate::unit::Percent;

/// The policy by which XGMI links power down.
pub(crate) const XGMI_PLPD: &str = "pm_policy/xgmi_plpd";
/// The same before kernel 6.10.
pub(crate) const OLDER_XGMI_PLPD: &str = "xgmi_plpd_policy";

impl Gpu {
    /// How the driver chooses clocks: by load, fixed, or as the user says.
    ///
    /// *Source*: `power_dpm_force_performance_level` of the PCI device.
    /// *Errors*: [`Error::NotSupported`] without power management.
    /// *Supported on*: all.
    #[doc(alias = "amdsmi_get_gpu_perf_level")]
    pub fn performance_level(&self) -> Result<PerformanceLevel> {
        self.answer("power_dpm_force_performance_level", |text| Ok(performance::performance_level(text)))
    }

    /// The power profiles, with the one in force marked.
    ///
    /// *Source*: `pp_power_profile_mode` of the PCI device.
    /// *Errors*: [`Error::NotSupported`] where the driver has none.
    /// *Supported on*: most; not MI300.
    #[doc(alias = "amdsmi_get_gpu_power_profile_presets")]
    pub fn power_profiles(&self) -> Result<Vec<PowerProfile>> {
        let some = |profiles: Vec<PowerProfile>| (!profiles.is_empty()).then_some(profiles);
        self.answer("pp_power_profile_mode", |text| profile::power_profiles(text).map(some))
    }

    /// The overdrive table: clocks in megahertz, voltages in millivolts, and the ranges that may be set.
    ///
    /// *Source*: `pp_od_clk_voltage` of the PCI device.
    /// *Errors*: [`Error::NotSupported`] where overdrive is not enabled (`amdgpu.ppfeaturemask` bit 14) or the
    /// table is empty; [`Unavailable::Inaccessible`] after a fatal RAS interrupt.
    /// *Supported on*: most with overdrive enabled; MI300 always.
    #[doc(alias = "amdsmi_get_gpu_od_volt_info")]
    #[doc(alias = "amdsmi_get_gpu_od_volt_curve_regions")]
    pub fn overdrive(&self) -> Result<Overdrive> {
        let file = "pp_od_clk_voltage";
        let table = self.access().read(file, overdrive::overdrive)?;
        let path = || self.path_of(file);
        if table.unavailable {
            return Err(Error::Unavailable { path: path(), reason: Unavailable::Inaccessible });
        }
        if table == Overdrive::default() {
            return Err(Error::NotSupported { path: path() });
        }
        Ok(table)
    }

    /// By how many percent the shader clock is raised above its default.
    ///
    /// *Source*: `pp_sclk_od` of the PCI device.
    /// *Errors*: [`Error::NotSupported`] where the driver has no such file.
    /// *Supported on*: GFX8, Vega and some later ones.
    #[doc(alias = "amdsmi_get_gpu_overdrive_level")]
    pub fn overdrive_level(&self) -> Result<Percent> {
        self.access().read("pp_sclk_od", scalar::percent)
    }

    /// By how many percent the memory clock is raised above its default.
    ///
    /// *Source*: `pp_mclk_od` of the PCI device.
    /// *Errors*: [`Error::NotSupported`] where the driver has no such file.
    /// *Supported on*: GFX8, Vega and some later ones.
    #[doc(alias = "amdsmi_get_gpu_mem_overdrive_level")]
    pub fn memory_overdrive_level(&self) -> Result<Percent> {
        self.access().read("pp_mclk_od", scalar::percent)
    }

    /// What the power-management firmware has switched on.
    ///
    /// *Source*: `pp_features` of the PCI device.
    /// *Errors*: [`Error::NotSupported`] where the driver has no such file.
    /// *Supported on*: discrete cards from Vega on, MI300A.
    #[doc(alias = "amdsmi_is_gpu_power_management_enabled")]
    pub fn power_features(&self) -> Result<Features> {
        self.answer("pp_features", features::features)
    }

    /// Whether the driver logs that it throttles, and how often at most, in seconds. Answered while the GPU sleeps.
    ///
    /// *Source*: `thermal_throttling_logging` of the PCI device.
    /// *Errors*: [`Error::NotSupported`] without power management.
    /// *Supported on*: all since kernel 5.9.
    pub fn throttling_logging(&self) -> Result<ThrottlingLogging> {
        self.fact("thermal_throttling_logging", performance::throttling_logging)
    }

    /// The levels of the SoC's power policy, with the one in force marked.
    ///
    /// *Source*: `pm_policy/soc_pstate` of the PCI device; since kernel 6.10.
    /// *Errors*: [`Error::NotSupported`] where the driver has no such policy.
    /// *Supported on*: MI300.
    #[doc(alias = "amdsmi_get_soc_pstate")]
    pub fn soc_pstate(&self) -> Result<Vec<PolicyLevel>> {
        self.access().read("pm_policy/soc_pstate", policy::policy)
    }

    /// The levels of the policy by which XGMI links power down, with the one in force marked.
    ///
    /// *Source*: `pm_policy/xgmi_plpd` of the PCI device; before kernel 6.10 `xgmi_plpd_policy`, which tells the level
    /// in force only: the others are those that its driver takes.
    /// *Errors*: [`Error::NotSupported`] where the driver has no such policy.
    /// *Supported on*: MI200, MI300.
    #[doc(alias = "amdsmi_get_xgmi_plpd")]
    pub fn xgmi_plpd(&self) -> Result<Vec<PolicyLevel>> {
        match self.access().read(XGMI_PLPD, policy::policy) {
            Err(Error::NotSupported { .. }) => {}
            answer => return answer,
        }
        match self.answer(OLDER_XGMI_PLPD, policy::xgmi_plpd_policy) {
            // Where neither is, the file of today's kernels is the one that is missing.
            Err(Error::NotSupported { .. }) => Err(Error::NotSupported { path: self.path_of(XGMI_PLPD) }),
            answer => answer,
        }
    }

    /// Whether the work of one process is kept apart from the next one's.
    ///
    /// *Source*: `enforce_isolation` of the PCI device, its entry for this partition; since kernel 6.12.
    /// *Errors*: [`Error::NotSupported`] where the driver has no such file.
    /// *Supported on*: GFX9 and newer, by firmware.
    #[doc(alias = "amdsmi_get_gpu_process_isolation")]
    pub fn process_isolation(&self) -> Result<Isolation> {
        let partition = usize::from(self.ids().partition.unwrap_or(0));
        self.answer("enforce_isolation", |text| Ok(policy::isolation(text)?.into_iter().nth(partition)))
    }

    /// Reads a power-management file that may hold no answer, which is not supported then.
    fn answer<T>(&self, file: &str, parse: impl FnOnce(&[u8]) -> Parsed<Option<T>>) -> Result<T> {
        let path = || self.path_of(file);
        self.access().read(file, parse)?.ok_or_else(|| Error::NotSupported { path: path() })
    }
}
