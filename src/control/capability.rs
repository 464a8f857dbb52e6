//! The settings that this user may change on this GPU, determined without trying.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::plan::Step;
use super::power::hwmon_path;
use super::{Control, overdrive};
use crate::attribute::{CARVEOUT, MEMORY_ALLOCATION, PTL_ENABLE};
use crate::backend::Dir;
use crate::error::{Error, Result};

/// A setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Setting {
    /// [`Control::power_cap`] of channel 1.
    PowerCap,
    /// [`Control::power_cap`] of channel 2.
    FastPowerCap,
    /// [`Control::fan_percent`], [`Control::fan_mode`].
    FanSpeed,
    /// [`Control::fan_rpm`].
    FanRpm,
    /// [`Control::fan_curve`], [`Control::fan_control`].
    FanControl,
    /// [`Control::performance_level`].
    PerformanceLevel,
    /// [`Control::power_profile`].
    PowerProfile,
    /// [`Control::clock_levels`] of graphics.
    ClockLevels,
    /// [`Control::pcie_levels`].
    PcieLevels,
    /// [`Control::overdrive`], [`Control::clock_range`], [`Control::determinism`].
    Overdrive,
    /// [`Control::soc_pstate`].
    SocPstate,
    /// [`Control::xgmi_plpd`].
    XgmiPlpd,
    /// [`Control::process_isolation`].
    ProcessIsolation,
    /// [`Control::clean_local_data`].
    CleanerShader,
    /// [`Control::compute_partition`].
    ComputePartition,
    /// [`Control::memory_partition`].
    MemoryPartition,
    /// [`Control::memory_allocation`].
    MemoryAllocation,
    /// [`Control::peak_tops_limiter`], [`Control::peak_tops_formats`].
    PeakTopsLimiter,
    /// [`Control::carveout`].
    Carveout,
    /// [`Control::reset_gpu`].
    ResetGpu,
    /// [`Control::reset_xgmi_errors`].
    ResetXgmiErrors,
}

/// The availability of one setting.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Capability {
    /// The setting in question.
    pub setting: Setting,
    /// The file behind it.
    pub path: PathBuf,
    /// The reason why this user cannot change it here; `None` if no obstacle is known.
    #[cfg_attr(feature = "serde", serde(serialize_with = "as_text"))]
    pub obstacle: Option<Error>,
}

/// The settings that this user may change on this GPU.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Capabilities {
    /// The effective user id of this process; the files belong to root unless someone changed that.
    pub euid: u32,
    /// `true` on a virtual machine: the CPU reports a hypervisor. A GPU passed through as a whole can be controlled
    /// there, although AMD's tools refuse to.
    pub virtual_machine: bool,
    /// `true` if the GPU looks like a virtual function: by its PCI device id, or because the driver on a virtual
    /// machine offers no changeable power management, as for SR-IOV guests. The host can then change settings.
    pub sriov_guest: bool,
    /// The boot parameter that enables overdrive; `None` if overdrive is on, or if the mask cannot be read.
    pub missing_overdrive: Option<String>,
    /// The availability of each setting.
    pub settings: Vec<Capability>,
}

/// Serialises an error as its sentence, which includes boot parameters and permissions.
#[cfg(feature = "serde")]
fn as_text<S: serde::Serializer>(
    obstacle: &Option<Error>,
    serializer: S,
) -> std::result::Result<S::Ok, S::Error> {
    serde::Serialize::serialize(&obstacle.as_ref().map(ToString::to_string), serializer)
}

impl Capabilities {
    /// The obstacle to one setting; `None` if none is known.
    pub fn obstacle(&self, setting: Setting) -> Option<&Error> {
        self.settings.iter().find(|one| one.setting == setting)?.obstacle.as_ref()
    }
}

impl Control<'_> {
    /// Finds out which settings this user may change on this GPU, from the modes and owners of the files. Wakes
    /// nothing and changes nothing.
    ///
    /// # Source
    /// The files of each setting, `/proc/cpuinfo`, `/sys/module/amdgpu/parameters/ppfeaturemask`.
    ///
    /// # Errors
    /// None.
    ///
    /// # Supported on
    /// All.
    pub fn capabilities(&self) -> Capabilities {
        let hwmon = |setting, name: &str| {
            let step = self.gpu.hwmon().map(|hwmon| Step::write(&hwmon.dir, name, ""));
            self.capability(setting, hwmon_path(self.gpu, name), step)
        };
        let device = |setting, name: &str| {
            self.capability(setting, self.gpu.path_of(name), Ok(Step::write(&self.device.dir, name, "")))
        };
        let overdrive = |setting, name: &str| match self.overdrive_file(name) {
            Ok(()) => device(setting, name),
            Err(error) => Capability { setting, path: self.gpu.path_of(name), obstacle: Some(error) },
        };
        let triggered = |setting, dir: Result<Arc<dyn Dir>>, name: &str| {
            let path = dir.as_ref().map_or(self.gpu.path_of(name), |dir| dir.path().join(name));
            self.capability(setting, path, dir.map(|dir| Step::read(&dir, name)))
        };
        let cap = |setting, name: &str| {
            let mut capability = hwmon(setting, name);
            if let (None, Some(reason)) = (&capability.obstacle, self.refuses_power_caps(name)) {
                let (path, requested) = (capability.path.clone(), "a power cap".to_owned());
                capability.obstacle = Some(Error::NotOffered { path, requested, offered: reason.to_owned() });
            }
            capability
        };
        let settings = vec![
            cap(Setting::PowerCap, "power1_cap"),
            cap(Setting::FastPowerCap, "power2_cap"),
            hwmon(Setting::FanSpeed, "pwm1"),
            hwmon(Setting::FanRpm, "fan1_target"),
            overdrive(Setting::FanControl, "gpu_od/fan_ctrl/fan_curve"),
            device(Setting::PerformanceLevel, "power_dpm_force_performance_level"),
            device(Setting::PowerProfile, "pp_power_profile_mode"),
            device(Setting::ClockLevels, "pp_dpm_sclk"),
            device(Setting::PcieLevels, "pp_dpm_pcie"),
            overdrive(Setting::Overdrive, overdrive::TABLE),
            device(Setting::SocPstate, "pm_policy/soc_pstate"),
            device(Setting::XgmiPlpd, self.xgmi_plpd_file()),
            device(Setting::ProcessIsolation, "enforce_isolation"),
            device(Setting::CleanerShader, "run_cleaner_shader"),
            device(Setting::ComputePartition, "current_compute_partition"),
            device(Setting::MemoryPartition, "current_memory_partition"),
            device(Setting::MemoryAllocation, MEMORY_ALLOCATION.name),
            device(Setting::PeakTopsLimiter, PTL_ENABLE.name),
            device(Setting::Carveout, CARVEOUT.name),
            triggered(Setting::ResetGpu, self.debug_dir(), "amdgpu_gpu_recover"),
            triggered(Setting::ResetXgmiErrors, Ok(self.device.dir.clone()), "xgmi_error"),
        ];
        let virtual_machine = self.virtual_machine();
        Capabilities {
            euid: self.gpu.inner.backend.host().euid,
            virtual_machine,
            sriov_guest: self.is_virtual_function(),
            missing_overdrive: self.overdrive_parameter(),
            settings,
        }
    }

    /// Returns `true` for a virtual function, by PCI device id or by the files that the driver hides from it.
    pub(super) fn is_virtual_function(&self) -> bool {
        self.gpu.is_virtual_function() || (self.virtual_machine() && !self.offers_power_management())
    }

    fn capability(&self, setting: Setting, path: PathBuf, step: Result<Step>) -> Capability {
        let obstacle = step.and_then(|step| step.obstacle(self.gpu)).err();
        Capability { setting, path, obstacle }
    }

    /// The processor's `hypervisor` flag, which the kernel prints of CPUID leaf 1.
    fn virtual_machine(&self) -> bool {
        let Ok(proc) = self.gpu.inner.backend.open_dir(Path::new("/proc")) else { return false };
        let mut text = Vec::new();
        // A page holds the flags of the first CPU; all CPUs have the same.
        if proc.read(Path::new("cpuinfo"), &mut text).is_err() {
            return false;
        }
        let text = String::from_utf8_lossy(&text);
        let flags = text.lines().find_map(|line| line.strip_prefix("flags")?.split_once(':'));
        flags.is_some_and(|(_, flags)| flags.split_whitespace().any(|flag| flag == "hypervisor"))
    }

    /// Returns `true` if the performance level exists and is writable. For a virtual function, the driver hides it or
    /// removes its write bits (`default_attr_update`, AMDGPU_SRIOV_IS_VF).
    fn offers_power_management(&self) -> bool {
        let level = self.device.dir.meta(Path::new("power_dpm_force_performance_level"));
        level.is_ok_and(|meta| meta.mode & 0o222 != 0)
    }
}
