//! The driver's clock policy: performance level, power profiles, policies.

use std::path::Path;

use super::back_end::BackEnd;
use super::plan::{Plan, Step};
use super::{Control, within};
use crate::attribute::{OLDER_XGMI_PLPD, XGMI_PLPD};
use crate::error::{Error, Result, Unavailable};
use crate::gpu::Gpu;
use crate::parse::UnrecognisedLine;
use crate::parse::dpm::DpmTable;
use crate::parse::performance::{self, PerformanceLevel};
use crate::parse::policy::{self, PolicyLevel};
use crate::parse::profile::{self, CustomProfile, PowerProfile};
use crate::reading::bare;
use crate::unit::Percent;

const LEVEL: &str = "power_dpm_force_performance_level";
const PROFILE: &str = "pp_power_profile_mode";

/// One entry of a list, by number or by name in either case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Choice {
    /// The number that the driver prints next to the entry.
    Index(u32),
    /// The driver's name of the entry.
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

/// Parses a number, or else a name.
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
    /// Sets the performance level; also by name, such as `"auto"`, in either case.
    ///
    /// # Source
    /// `power_dpm_force_performance_level` of the PCI device.
    ///
    /// # Errors
    /// [`Error::NotOffered`] for a word that the driver does not know, and for a level that it does not take of this
    /// GPU; [`Unavailable::InReset`].
    ///
    /// # Supported on
    /// All with power management; `perf_determinism` on MI200 and MI300, which has no other level than that, `auto`
    /// and `manual`.
    #[doc(alias = "amdsmi_set_gpu_perf_level")]
    #[doc(alias = "amdsmi_set_gpu_perf_level_v1")]
    pub fn performance_level(&self, level: impl Into<PerformanceLevel>) -> Result<Plan<PerformanceLevel>> {
        let level = level.into();
        if matches!(level, PerformanceLevel::Other(_)) {
            let words: Vec<_> = PerformanceLevel::KNOWN.iter().map(PerformanceLevel::as_str).collect();
            return Err(Error::NotOffered {
                path: self.gpu.path_of(LEVEL),
                requested: level.to_string(),
                offered: format!("choose from {}", words.join(", ")),
            });
        }
        self.present(LEVEL)?;
        self.not_in_reset()?;
        self.takes_level(&level)?;
        let step = self.level_step(&level);
        Ok(Plan::new(self.gpu, level, |gpu: &Gpu| bare(gpu.performance_level())).step(step))
    }

    /// Refuses a level that the driver does not take of this GPU.
    pub(super) fn takes_level(&self, level: &PerformanceLevel) -> Result<()> {
        let Some(back_end) = self.back_end() else {
            // Only tables without ranges are of those that take it (`aldebaran_`, `smu_v13_0_6_emit_clk_levels`).
            let has_ranges = bare(self.gpu.overdrive()).is_ok_and(|table| !table.ranges.is_empty());
            return match *level == PerformanceLevel::PerfDeterminism && has_ranges {
                false => Ok(()),
                true => Err(Error::NotOffered {
                    path: self.gpu.path_of(LEVEL),
                    requested: level.to_string(),
                    offered: "MI200 and MI300 have it".into(),
                }),
            };
        };
        // The one in force is taken, whatever it is (`amdgpu_dpm_force_performance_level`).
        if back_end.takes_level(level) || bare(self.gpu.performance_level()).is_ok_and(|now| now == *level) {
            return Ok(());
        }
        let taken = PerformanceLevel::KNOWN.into_iter().filter(|level| back_end.takes_level(level));
        let words: Vec<_> = taken.map(|level| level.to_string()).collect();
        Err(Error::NotOffered {
            path: self.gpu.path_of(LEVEL),
            requested: level.to_string(),
            offered: match words.is_empty() {
                true => "the driver lets no level be chosen on this GPU".into(),
                false => format!("choose from {}", words.join(", ")),
            },
        })
    }

    /// Refuses what the driver refuses while the GPU is in reset. Sleep is no obstacle: a write wakes the GPU.
    pub(super) fn not_in_reset(&self) -> Result<()> {
        match bare(self.gpu.performance_level()) {
            Err(error @ Error::Unavailable { reason: Unavailable::InReset, .. }) => Err(error),
            _ => Ok(()),
        }
    }

    /// The step before everything that the driver takes in this performance level only.
    pub(super) fn level_step(&self, level: &PerformanceLevel) -> Step {
        let line = |text: &[u8]| {
            let before = performance::performance_level(text);
            // `unknown` can be read but not written.
            let known = before.filter(|level| !matches!(level, PerformanceLevel::Other(_)));
            known.map(|level| level.to_string()).into_iter().collect()
        };
        Step::write(&self.device.dir, LEVEL, level).restored_by(line).holding()
    }

    /// Selects a power profile by number or name. Sets the performance level to manual.
    ///
    /// # Source
    /// `pp_power_profile_mode` of the PCI device, which lists the profiles.
    ///
    /// # Errors
    /// [`Error::NotOffered`] for a profile that is not listed, for `CUSTOM` where it takes
    /// [parameters](Control::custom_power_profile), and for `BOOTUP_DEFAULT` of GFX8 cards, which [goes by
    /// itself](Control::reset_power_profile); [`Error::NotSupported`] where there are none.
    ///
    /// # Supported on
    /// Most; not MI300.
    #[doc(alias = "amdsmi_set_gpu_power_profile")]
    pub fn power_profile(&self, profile: impl Into<Choice>) -> Result<Plan<PowerProfile>> {
        let (chosen, custom) = self.listed_profile(&profile.into())?;
        self.takes_alone(&chosen, custom)?;
        let step = profile_step(self, &chosen, "");
        let plan = Plan::new(self.gpu, PowerProfile { current: true, ..chosen }, current_profile);
        Ok(plan.step(self.level_step(&PerformanceLevel::Manual)).step(step))
    }

    /// Sets the parameters of the profile `CUSTOM`, and selects it. Sets the performance level to manual.
    ///
    /// What they mean and how many there are differs with each ASIC: the headings of the table say it. Where each clock
    /// has a line of its own the first is the clock's number.
    ///
    /// # Source
    /// `pp_power_profile_mode` of the PCI device.
    ///
    /// # Errors
    /// [`Error::NotOffered`] without a profile `CUSTOM`, for another number of parameters than it takes, or if they
    /// are too long for the driver's buffer of 127 bytes.
    ///
    /// # Supported on
    /// Discrete cards up to RDNA3.
    pub fn custom_power_profile(&self, parameters: &[i64]) -> Result<Plan<Vec<i64>, PowerProfile>> {
        let (profile, custom) = self.listed_profile(&Choice::Name("CUSTOM".into()))?;
        let text: String = parameters.iter().map(|parameter| format!(" {parameter}")).collect();
        let step = profile_step(self, &profile, &text);
        let refused = |offered| {
            let requested = format!("a list of {} parameters", parameters.len());
            Err(Error::NotOffered { path: self.gpu.path_of(PROFILE), requested, offered })
        };
        if parameters.is_empty() || step.bytes().len() > 127 {
            return refused("it takes at least one, and 127 bytes".into());
        }
        if let Some(custom) = custom {
            if parameters.len() != custom.parameters {
                return refused(format!("it takes {}", takes(custom)));
            }
            let clocks = i64::try_from(custom.clocks).unwrap_or(i64::MAX);
            if clocks > 0 && !parameters.iter().take(1).all(|clock| (0..clocks).contains(clock)) {
                return refused(format!("the first of them is a clock's number, 0 to {}", clocks - 1));
            }
        }
        let plan = Plan::new(self.gpu, parameters.to_vec(), current_profile);
        Ok(plan.step(self.level_step(&PerformanceLevel::Manual)).step(step))
    }

    /// Restores the profile after boot, and automatic clocks.
    ///
    /// # Source
    /// `pp_power_profile_mode` of the PCI device: the profile `BOOTUP_DEFAULT`. Where the driver refuses it by its
    /// number, the automatic performance level alone brings it back (`psm_adjust_power_state_dynamic`).
    ///
    /// # Errors
    /// [`Error::NotSupported`] where there are no profiles.
    ///
    /// # Supported on
    /// As [`Control::power_profile`].
    pub fn reset_power_profile(&self) -> Result<Plan<PowerProfile>> {
        let (default, custom) = self.listed_profile(&Choice::Name("BOOTUP_DEFAULT".into()))?;
        let plan = match custom.is_some_and(|custom| custom.refuses_default) {
            true => Plan::new(self.gpu, PowerProfile { current: true, ..default }, current_profile).check(
                "of this GPU the automatic performance level brings back the profile after boot".into(),
            ),
            false => self.power_profile(default.index)?,
        };
        Ok(plan.step(self.level_step(&PerformanceLevel::Auto)))
    }

    /// Refuses a profile that the driver does not take by its number alone.
    fn takes_alone(&self, profile: &PowerProfile, custom: Option<CustomProfile>) -> Result<()> {
        let Some(custom) = custom else { return Ok(()) };
        let refused = |offered| {
            Err(Error::NotOffered {
                path: self.gpu.path_of(PROFILE),
                requested: format!("profile {}", profile.name),
                offered,
            })
        };
        match &*profile.name {
            "BOOTUP_DEFAULT" if custom.refuses_default => {
                refused("on this GPU the performance level auto brings it back (`reset --profile`)".into())
            }
            "CUSTOM" => {
                // Numbers of an earlier choice do (`smu7_`, `vega10_`, `vega20_set_power_profile_mode`), since kernel
                // 6.13 those of the firmware, too (`smu_bump_power_profile_mode`).
                let is_set = match self.back_end() {
                    Some(BackEnd::PowerPlay) => profile.current,
                    Some(_) => self.kernel_since(6, 13) == Some(true),
                    None => false,
                };
                match custom.is_set.unwrap_or(is_set) {
                    true => Ok(()),
                    false => refused(format!("it takes {} (`set --custom-profile`)", takes(custom))),
                }
            }
            _ => Ok(()),
        }
    }

    /// A profile of the table, and what the table says of the profile `CUSTOM`.
    fn listed_profile(&self, choice: &Choice) -> Result<(PowerProfile, Option<CustomProfile>)> {
        let profiles = self.gpu.power_profiles()?;
        let table = self.gpu.access().read(PROFILE, profile::profile_table)?;
        // The driver takes the first character alone as the number (`amdgpu_set_pp_power_profile_mode`).
        let settable = |profile: &&PowerProfile| profile.index < 10;
        let names: Vec<_> =
            profiles.iter().filter(settable).map(|one| format!("{} {}", one.index, one.name)).collect();
        let found = profiles.iter().filter(settable).find(|one| choice.is(one.index, &one.name)).cloned();
        if found.is_none() {
            self.refuse_unrecognised(PROFILE, &table.unrecognised)?;
        }
        let found = found.ok_or_else(|| Error::NotOffered {
            path: self.gpu.path_of(PROFILE),
            requested: format!("profile {choice}"),
            offered: format!("choose from {}", names.join(", ")),
        })?;
        Ok((found, table.custom))
    }

    /// Refuses an unlisted entry of a table with a line that was not understood, because that line may list it.
    fn refuse_unrecognised(&self, file: &str, unrecognised: &[UnrecognisedLine]) -> Result<()> {
        unrecognised.first().map_or(Ok(()), |line| {
            Err(Error::Unparsable { path: self.gpu.path_of(file), source: line.error() })
        })
    }

    /// Selects the level of the SoC's power policy by number or name.
    ///
    /// # Source
    /// `pm_policy/soc_pstate` of the PCI device, which lists them; since kernel 6.10.
    ///
    /// # Errors
    /// [`Error::NotOffered`] for an unlisted level; [`Error::NotSupported`] without the policy.
    ///
    /// # Supported on
    /// MI300.
    #[doc(alias = "amdsmi_set_soc_pstate")]
    pub fn soc_pstate(&self, level: impl Into<Choice>) -> Result<Plan<PolicyLevel>> {
        self.policy("pm_policy/soc_pstate", &level.into(), |gpu: &Gpu| bare(gpu.soc_pstate()))
    }

    /// Selects the XGMI power-down policy by number or name.
    ///
    /// # Source
    /// `pm_policy/xgmi_plpd` of the PCI device, which lists the levels; before kernel 6.10 `xgmi_plpd_policy`, which
    /// accepts 0, 1 and 2 (disallow, default, optimized).
    ///
    /// # Errors
    /// [`Error::NotOffered`] for an unlisted level; [`Error::NotSupported`] without the policy.
    ///
    /// # Supported on
    /// MI200, MI300.
    #[doc(alias = "amdsmi_set_xgmi_plpd")]
    pub fn xgmi_plpd(&self, level: impl Into<Choice>) -> Result<Plan<PolicyLevel>> {
        self.policy(self.xgmi_plpd_file(), &level.into(), |gpu: &Gpu| bare(gpu.xgmi_plpd()))
    }

    /// The older file, if only that one exists.
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
        self.not_in_reset()?;
        let names: Vec<_> = listed.iter().map(|level| format!("{} {}", level.index, level.name)).collect();
        let chosen = listed.into_iter().find(|level| choice.is(level.index, &level.name));
        if chosen.is_none() && file != OLDER_XGMI_PLPD.name {
            let table = self.gpu.access().read(file, policy::policy_table)?;
            self.refuse_unrecognised(file, &table.unrecognised)?;
        }
        let chosen = chosen.ok_or_else(|| Error::NotOffered {
            path: self.gpu.path_of(file),
            requested: format!("level {choice}"),
            offered: format!("choose from {}", names.join(", ")),
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
    /// # Source
    /// `pp_sclk_od` of the PCI device.
    ///
    /// # Errors
    /// [`Error::OutOfRange`]; [`Error::NotSupported`] if the driver has no such file.
    ///
    /// # Supported on
    /// GFX8 and Vega.
    #[doc(alias = "amdsmi_set_gpu_overdrive_level")]
    #[doc(alias = "amdsmi_set_gpu_overdrive_level_v1")]
    pub fn overdrive_level(&self, percent: Percent) -> Result<Plan<Percent>> {
        self.raise("pp_sclk_od", percent, |gpu| bare(gpu.overdrive_level()))
    }

    /// Raises the memory clock by this many percent, 0 to 20.
    ///
    /// # Source
    /// `pp_mclk_od` of the PCI device.
    ///
    /// # Errors
    /// [`Error::OutOfRange`]; [`Error::NotSupported`] if the driver has no such file.
    ///
    /// # Supported on
    /// GFX8 and Vega.
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
        self.not_in_reset()?;
        // The driver silently takes 20 for more (`smu7_set_sclk_od`); the range is known, though not published.
        let check = within(&|| self.gpu.path_of(file), "overdrive", percent, Percent(0), Percent(20))?;
        let step = Step::write(&self.device.dir, file, percent.0).restored_verbatim();
        Ok(Plan::new(self.gpu, percent, read).step(step).check(check))
    }

    /// Refuses a missing file of the PCI device.
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

/// The numbers that the profile `CUSTOM` takes.
fn takes(custom: CustomProfile) -> String {
    match custom.clocks {
        0 => format!("{} numbers", custom.parameters),
        _ => format!("{} numbers, a clock's first", custom.parameters),
    }
}

fn current_profile(gpu: &Gpu) -> Result<PowerProfile> {
    let current = gpu.power_profiles()?.value.into_iter().find(|profile| profile.current);
    current.ok_or_else(|| Error::NotSupported { path: gpu.path_of(PROFILE) })
}

/// The level numbers of a clock that can be selected.
pub(super) fn selectable(table: &DpmTable) -> Vec<u32> {
    let number = |index| match index {
        crate::parse::dpm::DpmIndex::Level(number) => Some(number),
        _ => None,
    };
    table.levels.iter().filter_map(|level| number(level.index)).collect()
}
