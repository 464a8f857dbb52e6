//! The same values by the crate `amdgpu-sysfs`.

use std::hint::black_box;

use amdgpu_sysfs::gpu_handle::{GpuHandle, PowerLevelKind};
use amdgpu_sysfs::hw_mon::HwMon;

use crate::DEVICE;

/// The other crate's handle of the first card.
pub fn peer() -> GpuHandle {
    GpuHandle::new_from_path(DEVICE.into()).expect("the other crate opens the device")
}

/// The values of the fourteen files by the other crate, which reads limits and labels along with temperatures.
pub fn peer_monitor(gpu: &GpuHandle, hwmon: &HwMon) {
    black_box(hwmon.get_temps());
    black_box((hwmon.get_power_average().unwrap(), hwmon.get_power_cap().unwrap()));
    black_box((hwmon.get_gpu_clockspeed().unwrap(), hwmon.get_vram_clockspeed().unwrap()));
    black_box((hwmon.get_fan_current().unwrap(), hwmon.get_fan_pwm().unwrap()));
    black_box(hwmon.get_gpu_voltage().unwrap());
    black_box((gpu.get_busy_percent().unwrap(), gpu.get_used_vram().unwrap()));
    black_box(gpu.get_clock_levels::<u64>(PowerLevelKind::CoreClock).unwrap());
    black_box(gpu.get_clock_levels::<u64>(PowerLevelKind::MemoryClock).unwrap());
}

/// The values of all 52 files.
pub fn peer_everything(gpu: &GpuHandle, hwmon: &HwMon) {
    peer_monitor(gpu, hwmon);
    black_box((hwmon.get_power_cap_max().unwrap(), hwmon.get_power_cap_min().unwrap()));
    black_box(hwmon.get_power_cap_default().unwrap());
    black_box((hwmon.get_fan_min_pwm().unwrap(), hwmon.get_fan_max_pwm().unwrap()));
    black_box(hwmon.get_fan_control_method().unwrap());
    black_box((hwmon.get_fan_max().unwrap(), hwmon.get_fan_min().unwrap()));
    black_box(hwmon.get_fan_target().unwrap());
    black_box((gpu.get_current_link_speed().unwrap(), gpu.get_current_link_width().unwrap()));
    black_box((gpu.get_max_link_speed().unwrap(), gpu.get_max_link_width().unwrap()));
    black_box((gpu.get_total_vram().unwrap(), gpu.get_vbios_version().unwrap()));
    black_box(gpu.get_vram_vendor().unwrap());
    black_box(gpu.get_power_force_performance_level().unwrap());
    black_box(gpu.get_clock_levels::<u64>(PowerLevelKind::SOCClock).unwrap());
    black_box(gpu.get_clock_levels::<u64>(PowerLevelKind::FabricClock).unwrap());
    black_box(gpu.get_clock_levels::<u64>(PowerLevelKind::DCEFClock).unwrap());
    black_box(gpu.get_clock_levels::<String>(PowerLevelKind::PcieSpeed).unwrap());
    black_box(gpu.get_clocks_table().unwrap());
    black_box(gpu.get_power_profile_modes().unwrap());
    black_box((gpu.get_fan_acoustic_limit().unwrap(), gpu.get_fan_acoustic_target().unwrap()));
    black_box((gpu.get_fan_target_temperature().unwrap(), gpu.get_fan_minimum_pwm().unwrap()));
    black_box((gpu.get_fan_zero_rpm_enable().unwrap(), gpu.get_fan_curve().unwrap()));
}
