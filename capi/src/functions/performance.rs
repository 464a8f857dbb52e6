//! The driver's clock policy.

use amdgpu_smi::gpu::PerformanceLevel as Level;
use amdgpu_smi::gpu::{Isolation, PolicyLevel};

use crate::abi::handle::Processor;
use crate::abi::layout::{Plain, Text};
use crate::abi::sensor_numbers::{PerformanceLevel, PowerProfile};
use crate::abi::sensors::{Policy, PolicyEntry, PowerProfileStatus};
use crate::abi::status::{Outcome, Status};
use crate::boundary::answer;
use crate::number::or_none;
use crate::pointer::Out;
use crate::session::gpu;

/// The performance level.
///
/// *From*: `power_dpm_force_performance_level` of the PCI device.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_get_gpu_perf_level(processor: Processor, level: Out<PerformanceLevel>) -> Status {
    answer(|| {
        level.put(match gpu(processor)?.performance_level()?.value {
            Level::Auto => PerformanceLevel::AUTO,
            Level::Low => PerformanceLevel::LOW,
            Level::High => PerformanceLevel::HIGH,
            Level::Manual => PerformanceLevel::MANUAL,
            Level::ProfileStandard => PerformanceLevel::STABLE_STD,
            Level::ProfilePeak => PerformanceLevel::STABLE_PEAK,
            Level::ProfileMinMclk => PerformanceLevel::STABLE_MIN_MCLK,
            Level::ProfileMinSclk => PerformanceLevel::STABLE_MIN_SCLK,
            Level::PerfDeterminism => PerformanceLevel::DETERMINISM,
            _ => PerformanceLevel::UNKNOWN,
        })
    })
}

/// Percentage by which the shader clock is raised.
///
/// *From*: `pp_sclk_od` of the PCI device.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_get_gpu_overdrive_level(processor: Processor, level: Out<u32>) -> Status {
    answer(|| level.put(gpu(processor)?.overdrive_level()?.0))
}

/// Percentage by which the memory clock is raised.
///
/// *From*: `pp_mclk_od` of the PCI device.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_get_gpu_mem_overdrive_level(processor: Processor, level: Out<u32>) -> Status {
    answer(|| level.put(gpu(processor)?.memory_overdrive_level()?.0))
}

/// State of power management.
///
/// *From*: `pp_features` of the PCI device: enabled if any feature is on.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_is_gpu_power_management_enabled(processor: Processor, enabled: Out<bool>) -> Status {
    answer(|| {
        let gpu = gpu(processor)?;
        enabled.not_null()?;
        let features = gpu.power_features()?;
        enabled.put(features.features.iter().any(|feature| feature.enabled))
    })
}

/// The available power profiles and the current one.
///
/// *From*: `pp_power_profile_mode` of the PCI device. Profiles without a bit in AMD's header are only counted.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_get_gpu_power_profile_presets(
    processor: Processor,
    sensor: u32,
    status: Out<PowerProfileStatus>,
) -> Status {
    answer(|| {
        let profiles = gpu(processor)?.power_profiles()?;
        if sensor != 0 {
            return Err(Status::INVAL);
        }
        let mut list =
            PowerProfileStatus { current: PowerProfile::PRST_INVALID.0, ..PowerProfileStatus::ZERO };
        for profile in profiles.iter() {
            let known = PROFILES.iter().find(|(_, name)| *name == profile.name);
            let bit = known.map_or(0, |(mask, _)| mask.0);
            list.available_profiles |= bit;
            list.num_profiles += 1;
            if profile.current && bit != 0 {
                list.current = bit;
            }
        }
        status.put(list)
    })
}

/// AMD's bits of profiles, and the driver's names.
const PROFILES: [(PowerProfile, &str); 7] = [
    (PowerProfile::PRST_CUSTOM_MASK, "CUSTOM"),
    (PowerProfile::PRST_VIDEO_MASK, "VIDEO"),
    (PowerProfile::PRST_POWER_SAVING_MASK, "POWER_SAVING"),
    (PowerProfile::PRST_COMPUTE_MASK, "COMPUTE"),
    (PowerProfile::PRST_VR_MASK, "VR"),
    (PowerProfile::PRST_3D_FULL_SCR_MASK, "3D_FULL_SCREEN"),
    (PowerProfile::PRST_BOOTUP_DEFAULT, "BOOTUP_DEFAULT"),
];

/// The driver's name of a profile.
pub(super) fn profile_name(profile: PowerProfile) -> Option<&'static str> {
    PROFILES.iter().find(|(mask, _)| *mask == profile).map(|(_, name)| *name)
}

/// Gives a policy's levels. Where none is marked they are given, too, and the status is UNEXPECTED_DATA.
fn policy(levels: &[PolicyLevel], out: Out<Policy>) -> Outcome {
    let mut list = Policy::ZERO;
    for (slot, level) in list.policies.iter_mut().zip(levels) {
        *slot = PolicyEntry { policy_id: level.index, policy_description: Text::of(&level.name) };
        list.num_supported += 1;
    }
    let current = levels.iter().take(list.policies.len()).position(|level| level.current);
    list.current = or_none(current);
    out.put(list)?;
    current.map(|_| ()).ok_or(Status::UNEXPECTED_DATA)
}

/// The SoC's power policy.
///
/// *From*: `pm_policy/soc_pstate` of the PCI device.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_get_soc_pstate(processor: Processor, levels: Out<Policy>) -> Status {
    answer(|| {
        let gpu = gpu(processor)?;
        levels.not_null()?;
        policy(&gpu.soc_pstate()?, levels)
    })
}

/// The XGMI power-down policy.
///
/// *From*: `pm_policy/xgmi_plpd` of the PCI device.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_get_xgmi_plpd(processor: Processor, levels: Out<Policy>) -> Status {
    answer(|| {
        let gpu = gpu(processor)?;
        levels.not_null()?;
        policy(&gpu.xgmi_plpd()?, levels)
    })
}

/// Process isolation: the driver's number.
///
/// *From*: `enforce_isolation` of the PCI device.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_get_gpu_process_isolation(processor: Processor, isolation: Out<u32>) -> Status {
    answer(|| {
        isolation.put(match gpu(processor)?.process_isolation()?.value {
            Isolation::Off => 0,
            Isolation::On => 1,
            Isolation::Legacy => 2,
            Isolation::WithoutCleaner => 3,
            Isolation::Other(number) => number,
            _ => return Err(Status::UNEXPECTED_DATA),
        })
    })
}
