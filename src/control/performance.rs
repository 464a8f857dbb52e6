//! How the driver chooses clocks: performance level, power profiles, policies.

use std::path::Path;

use super::plan::{Plan, Step};
use super::{Control, within};
use crate::attribute::{OLDER_XGMI_PLPD, XGMI_PLPD};
use crate::error::{Error, Result};
use crate::gpu::Gpu;
use crate::parse::UnrecognisedLine;
use crate::parse::dpm::DpmTable;
use crate::parse::performance::{self, PerformanceLevel};
use crate::parse::policy::{self, PolicyLevel};
use crate::parse::profile::{self, PowerProfile};
use crate::reading::bare;
use crate::unit::Percent;

const LEVEL: &str = "power_dpm_force_performance_level";
const PROFILE: &str = "pp_power_profile_mode";

/// One entry of a list, by its number or by its name in either case of letters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Choice {
    /// By the number that the driver prints beside it.
    Index(u32),
    /// By the driver's name for it.
    Name(String),
}

impl Choice {
    fn is(&self, index: u32, name: &str) -> bool {
        match self {
            Choice::Index(wanted) => *wanted == index,
            Choice::Name(wanted) => wanted.eq_ignore_ascii_case(name),
        }
    }
}

impl From<u32> for Choice {
    fn from(index: u32) -> Choice {
        Choice::Index(index)
    }
}

/// A number if it is one, else a name.
impl From<&str> for Choice {
    fn from(text: &str) -> Choice {
        text.parse().map_or_else(|_| Choice::Name(text.to_owned()), Choice::Index)
    }
}

impl std::fmt::Display for Choice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Choice::Index(index) => write!(f, "{index}"),
            Choice::Name(name) => f.write_str(name),
        }
    }
}

impl Control<'_> {
    /// Says how the driver chooses clocks; also as a word, `"auto"`, in either case of letters.
    ///
    /// *Source*: `power_dpm_force_performance_level` of the PCI device.
    /// *Errors*: [`Error::NotOffered`] for a word that the driver does not know. A level that this GPU does not have
    /// is [`Error::Refused`] when it is committed.
    /// *Supported on*: all with power management; `perf_determinism` on MI200 and MI300.
    #[doc(alias = "amdsmi_set_gpu_perf_level")]
    #[doc(alias = "amdsmi_set_gpu_perf_level_v1")]
    pub fn performance_level(&self, level: impl Into<PerformanceLevel>) -> Result<Plan<PerformanceLevel>> {
        let level = level.into();
        if matches!(level, PerformanceLevel::Other(_)) {
            let words: Vec<_> = PerformanceLevel::KNOWN.iter().map(PerformanceLevel::as_str).collect();
            return Err(Error::NotOffered {
                path: self.gpu.path_of(LEVEL),
                asked: level.to_string(),
                offered: format!("there are {}", words.join(", ")),
            });
        }
        self.present(LEVEL)?;
        let step = self.level_step(&level);
        Ok(Plan::new(self.gpu, level, |gpu: &Gpu| bare(gpu.performance_level())).step(step))
    }

    /// The step before everything that the driver takes in this performance level only.
    pub(super) fn level_step(&self, level: &PerformanceLevel) -> Step {
        let line = |text: &[u8]| {
            let before = performance::performance_level(text);
            // `unknown` can be read and not written.
            let known = before.filter(|level| !matches!(level, PerformanceLevel::Other(_)));
            known.map(|level| level.to_string()).into_iter().collect()
        };
        Step::write(&self.device.dir, LEVEL, level).restored_by(line).holding()
    }

    /// Chooses a power profile by its number or name. The performance level becomes manual.
    ///
    /// *Source*: `pp_power_profile_mode` of the PCI device, which lists the profiles.
    /// *Errors*: [`Error::NotOffered`] for a profile that is not listed, and for `CUSTOM`, which takes
    /// [parameters](Control::custom_power_profile) on some; [`Error::NotSupported`] where there are none.
    /// *Supported on*: most; not MI300.
    #[doc(alias = "amdsmi_set_gpu_power_profile")]
    pub fn power_profile(&self, profile: impl Into<Choice>) -> Result<Plan<PowerProfile>> {
        let chosen = self.listed_profile(&profile.into())?;
        let step = profile_step(self, &chosen, "");
        let plan = Plan::new(self.gpu, PowerProfile { current: true, ..chosen }, current_profile);
        Ok(plan.step(self.level_step(&PerformanceLevel::Manual)).step(step))
    }

    /// Sets the parameters of the profile `CUSTOM`, and chooses it. The performance level becomes manual.
    ///
    /// What they mean and how many there are differs with each ASIC and is published as the headings of the table
    /// only; the driver refuses what it cannot take.
    ///
    /// *Source*: `pp_power_profile_mode` of the PCI device.
    /// *Errors*: [`Error::NotOffered`] without a profile `CUSTOM`, without parameters, or if they are too long for the
    /// driver's buffer of 127 bytes.
    /// *Supported on*: discrete cards up to RDNA3.
    pub fn custom_power_profile(&self, parameters: &[i64]) -> Result<Plan<Vec<i64>, PowerProfile>> {
        let custom = self.listed_profile(&Choice::Name("CUSTOM".into()))?;
        let text: String = parameters.iter().map(|parameter| format!(" {parameter}")).collect();
        let step = profile_step(self, &custom, &text);
        if parameters.is_empty() || step.bytes().len() > 127 {
            return Err(Error::NotOffered {
                path: self.gpu.path_of(PROFILE),
                asked: format!("{} parameters", parameters.len()),
                offered: "it takes at least one, and 127 bytes".into(),
            });
        }
        let plan = Plan::new(self.gpu, parameters.to_vec(), current_profile);
        Ok(plan.step(self.level_step(&PerformanceLevel::Manual)).step(step))
    }

    /// Goes back to the profile after boot, and to automatic clocks.
    ///
    /// *Source*: `pp_power_profile_mode` of the PCI device: the profile `BOOTUP_DEFAULT`.
    /// *Errors*: [`Error::NotSupported`] where there are no profiles.
    /// *Supported on*: as [`Control::power_profile`].
    pub fn reset_power_profile(&self) -> Result<Plan<PowerProfile>> {
        let plan = self.power_profile("BOOTUP_DEFAULT")?;
        Ok(plan.step(self.level_step(&PerformanceLevel::Auto)))
    }

    fn listed_profile(&self, choice: &Choice) -> Result<PowerProfile> {
        let profiles = self.gpu.power_profiles()?;
        // The driver takes the first character alone as the number (`amdgpu_set_pp_power_profile_mode`).
        let settable = |profile: &&PowerProfile| profile.index < 10;
        let names: Vec<_> =
            profiles.iter().filter(settable).map(|one| format!("{} {}", one.index, one.name)).collect();
        let found = profiles.iter().filter(settable).find(|one| choice.is(one.index, &one.name)).cloned();
        if found.is_none() {
            let table = self.gpu.access().read(PROFILE, profile::profile_table)?;
            self.refuse_unrecognised(PROFILE, &table.unrecognised)?;
        }
        found.ok_or_else(|| Error::NotOffered {
            path: self.gpu.path_of(PROFILE),
            asked: format!("profile {choice}"),
            offered: format!("there are {}", names.join(", ")),
        })
    }

    /// Refuses what is not listed in a table with a line that was not understood: it may be the one that lists it.
    fn refuse_unrecognised(&self, file: &str, unrecognised: &[UnrecognisedLine]) -> Result<()> {
        unrecognised.first().map_or(Ok(()), |line| {
            Err(Error::Unparsable { path: self.gpu.path_of(file), source: line.error() })
        })
    }

    /// Chooses the level of the SoC's power policy by its number or name.
    ///
    /// *Source*: `pm_policy/soc_pstate` of the PCI device, which lists them; since kernel 6.10.
    /// *Errors*: [`Error::NotOffered`] for a level that is not listed; [`Error::NotSupported`] without the policy.
    /// *Supported on*: MI300.
    #[doc(alias = "amdsmi_set_soc_pstate")]
    pub fn soc_pstate(&self, level: impl Into<Choice>) -> Result<Plan<PolicyLevel>> {
        self.policy("pm_policy/soc_pstate", &level.into(), |gpu: &Gpu| bare(gpu.soc_pstate()))
    }

    /// Chooses by number or name how XGMI links power down when they are idle.
    ///
    /// *Source*: `pm_policy/xgmi_plpd` of the PCI device, which lists the levels; before kernel 6.10
    /// `xgmi_plpd_policy`, which takes 0, 1 and 2 (disallow, default, optimized).
    /// *Errors*: [`Error::NotOffered`] for a level that is not listed; [`Error::NotSupported`] without the policy.
    /// *Supported on*: MI200, MI300.
    #[doc(alias = "amdsmi_set_xgmi_plpd")]
    pub fn xgmi_plpd(&self, level: impl Into<Choice>) -> Result<Plan<PolicyLevel>> {
        self.policy(self.xgmi_plpd_file(), &level.into(), |gpu: &Gpu| bare(gpu.xgmi_plpd()))
    }

    /// The older file where it stands alone.
    pub(super) fn xgmi_plpd_file(&self) -> &'static str {
        match (self.present(XGMI_PLPD.name), self.present(OLDER_XGMI_PLPD.name)) {
            (Err(Error::NotSupported { .. }), Ok(())) => OLDER_XGMI_PLPD.name,
            _ => XGMI_PLPD.name,
        }
    }

    fn policy(
        &self,
        file: &'static str,
        choice: &Choice,
        levels: fn(&Gpu) -> Result<Vec<PolicyLevel>>,
    ) -> Result<Plan<PolicyLevel>> {
        let listed = levels(self.gpu)?;
        let names: Vec<_> = listed.iter().map(|level| format!("{} {}", level.index, level.name)).collect();
        let chosen = listed.into_iter().find(|level| choice.is(level.index, &level.name));
        if chosen.is_none() && file != OLDER_XGMI_PLPD.name {
            let table = self.gpu.access().read(file, policy::policy_table)?;
            self.refuse_unrecognised(file, &table.unrecognised)?;
        }
        let chosen = chosen.ok_or_else(|| Error::NotOffered {
            path: self.gpu.path_of(file),
            asked: format!("level {choice}"),
            offered: format!("there are {}", names.join(", ")),
        })?;
        let step = Step::write(&self.device.dir, file, chosen.index).restored_by(move |text| {
            let levels = match file == OLDER_XGMI_PLPD.name {
                true => policy::xgmi_plpd_policy(text).ok().flatten(),
                false => policy::policy(text).ok(),
            };
            levels
                .iter()
                .flatten()
                .filter(|level| level.current)
                .map(|level| level.index.to_string())
                .collect()
        });
        let current = move |gpu: &Gpu| {
            let current = levels(gpu)?.into_iter().find(|level| level.current);
            current.ok_or_else(|| Error::NotSupported { path: gpu.path_of(file) })
        };
        Ok(Plan::new(self.gpu, PolicyLevel { current: true, ..chosen }, current).step(step))
    }

    /// Raises the shader clock by this many percent, 0 to 20.
    ///
    /// *Source*: `pp_sclk_od` of the PCI device.
    /// *Errors*: [`Error::OutOfRange`]; [`Error::NotSupported`] where the driver has no such file.
    /// *Supported on*: GFX8 and Vega.
    #[doc(alias = "amdsmi_set_gpu_overdrive_level")]
    #[doc(alias = "amdsmi_set_gpu_overdrive_level_v1")]
    pub fn overdrive_level(&self, percent: Percent) -> Result<Plan<Percent>> {
        self.raise("pp_sclk_od", percent, |gpu| bare(gpu.overdrive_level()))
    }

    /// Raises the memory clock by this many percent, 0 to 20.
    ///
    /// *Source*: `pp_mclk_od` of the PCI device.
    /// *Errors*: [`Error::OutOfRange`]; [`Error::NotSupported`] where the driver has no such file.
    /// *Supported on*: GFX8 and Vega.
    pub fn memory_overdrive_level(&self, percent: Percent) -> Result<Plan<Percent>> {
        self.raise("pp_mclk_od", percent, |gpu| bare(gpu.memory_overdrive_level()))
    }

    fn raise(
        &self,
        file: &'static str,
        percent: Percent,
        read: fn(&Gpu) -> Result<Percent>,
    ) -> Result<Plan<Percent>> {
        self.present(file)?;
        // The driver silently takes 20 for more (`smu7_set_sclk_od`); the range is known, though not published.
        let check = within(&|| self.gpu.path_of(file), "overdrive", percent, Percent(0), Percent(20))?;
        let step = Step::write(&self.device.dir, file, percent.0).restored_verbatim();
        Ok(Plan::new(self.gpu, percent, read).step(step).check(check))
    }

    /// Refuses a file of the PCI device that is not there.
    pub(super) fn present(&self, file: &str) -> Result<()> {
        let failed = |error| self.device.error(crate::error::Op::Meta, self.gpu.path_of(file), error);
        self.device.dir.meta(Path::new(file)).map(drop).map_err(failed)
    }
}

fn profile_step(control: &Control<'_>, profile: &PowerProfile, parameters: &str) -> Step {
    let line = format!("{}{parameters}", profile.index);
    Step::write(&control.device.dir, PROFILE, line).restored_by(|text| {
        let profiles = profile::power_profiles(text).unwrap_or_default();
        profiles.iter().filter(|profile| profile.current).map(|profile| profile.index.to_string()).collect()
    })
}

fn current_profile(gpu: &Gpu) -> Result<PowerProfile> {
    let current = gpu.power_profiles()?.value.into_iter().find(|profile| profile.current);
    current.ok_or_else(|| Error::NotSupported { path: gpu.path_of(PROFILE) })
}

/// The numbers of a clock's levels, as they can be selected.
pub(super) fn selectable(table: &DpmTable) -> Vec<u32> {
    let number = |index| match index {
        crate::parse::dpm::DpmIndex::Level(number) => Some(number),
        _ => None,
    };
    table.levels.iter().filter_map(|level| number(level.index)).collect()
}
