//! What this user may change on this GPU, said before anything is tried.

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

/// Whether one setting can be changed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Capability {
    /// Which.
    pub setting: Setting,
    /// The file behind it.
    pub path: PathBuf,
    /// Why this user cannot change it here; `None` if nothing is known to be in the way.
    #[cfg_attr(feature = "serde", serde(serialize_with = "as_text"))]
    pub obstacle: Option<Error>,
}

/// What this user may change on this GPU.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Capabilities {
    /// The user who asks; the files are root's unless someone changed that.
    pub euid: u32,
    /// Whether the machine is a virtual one: the processor says that there is a hypervisor. A GPU that was passed
    /// through as a whole can be controlled there, although AMD's tools refuse to.
    pub virtual_machine: bool,
    /// Whether the GPU looks like a virtual function: by its PCI number, or in a virtual machine where the driver offers
    /// no power management to be changed, as it does for SR-IOV guests. The host can change settings then.
    pub sriov_guest: bool,
    /// The boot parameter that overdrive is missing; `None` where it is on, or the mask cannot be read.
    pub missing_overdrive: Option<String>,
    /// Each setting.
    pub settings: Vec<Capability>,
}

/// An error as its sentence: boot parameters and permissions are told in it.
#[cfg(feature = "serde")]
fn as_text<S: serde::Serializer>(
    obstacle: &Option<Error>,
    serializer: S,
) -> std::result::Result<S::Ok, S::Error> {
    serde::Serialize::serialize(&obstacle.as_ref().map(ToString::to_string), serializer)
}

impl Capabilities {
    /// What stands in the way of one setting; `None` if nothing is known to.
    pub fn obstacle(&self, setting: Setting) -> Option<&Error> {
        self.settings.iter().find(|one| one.setting == setting)?.obstacle.as_ref()
    }
}

impl Control<'_> {
    /// Says what this user may change on this GPU, from the files' modes and owners. Wakes nothing, changes nothing.
    ///
    /// *Source*: the files behind each setting, `/proc/cpuinfo`, `/sys/module/amdgpu/parameters/ppfeaturemask`.
    /// *Errors*: none of its own.
    /// *Supported on*: all.
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
                let (path, asked) = (capability.path.clone(), "a power cap".to_owned());
                capability.obstacle = Some(Error::NotOffered { path, asked, offered: reason.to_owned() });
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

    /// Whether the GPU is a virtual function, by its PCI number or by what the driver takes away from those.
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
        // A page holds the flags of the first processor, and all have the same.
        if proc.read(Path::new("cpuinfo"), &mut text).is_err() {
            return false;
        }
        let text = String::from_utf8_lossy(&text);
        let flags = text.lines().find_map(|line| line.strip_prefix("flags")?.split_once(':'));
        flags.is_some_and(|(_, flags)| flags.split_whitespace().any(|flag| flag == "hypervisor"))
    }

    /// Whether the performance level is there and may be changed by anyone: for a virtual function the driver hides it
    /// or takes its write bits away (`default_attr_update`, AMDGPU_SRIOV_IS_VF).
    fn offers_power_management(&self) -> bool {
        let level = self.device.dir.meta(Path::new("power_dpm_force_performance_level"));
        level.is_ok_and(|meta| meta.mode & 0o222 != 0)
    }
}
