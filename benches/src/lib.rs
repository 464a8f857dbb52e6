//! The common part of the benchmarks: the files, and the system calls that every reader needs.
//!
//! They run where `/sys` is a machine made by `bench-machine`: scripts/bench sees to that.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "programs that print")]
#![allow(clippy::unwrap_used, clippy::missing_panics_doc, reason = "a benchmark may stop")]

pub mod peer;
pub mod tables;

use std::fs::File;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use amdgpu_smi::Smi;
use amdgpu_smi::sample::SampleFields;
use rustix::fs::{Mode, OFlags, openat};

/// The PCI device of the first card of a bench machine.
pub const DEVICE: &str = "/sys/class/drm/card1/device";
/// A file that no machine but a bench machine has.
pub const MARK: &str = "/sys/bench-machine";

/// A monitor's fourteen files and the status.
pub const MONITOR: [&str; 15] = [
    "power/runtime_status",
    "hwmon/temp1_input",
    "hwmon/temp2_input",
    "hwmon/temp3_input",
    "hwmon/power1_average",
    "hwmon/power1_cap",
    "hwmon/freq1_input",
    "hwmon/freq2_input",
    "hwmon/in0_input",
    "hwmon/fan1_input",
    "hwmon/pwm1",
    "gpu_busy_percent",
    "mem_info_vram_used",
    "pp_dpm_sclk",
    "pp_dpm_mclk",
];

/// Further files of a monitor that keeps nothing, and of a desktop card: with the fourteen, 52 files.
pub const OTHERS: [&str; 38] = [
    "hwmon/temp1_crit",
    "hwmon/temp1_crit_hyst",
    "hwmon/temp1_label",
    "hwmon/temp2_crit",
    "hwmon/temp2_crit_hyst",
    "hwmon/temp2_label",
    "hwmon/temp3_crit",
    "hwmon/temp3_crit_hyst",
    "hwmon/temp3_label",
    "hwmon/power1_cap_max",
    "hwmon/power1_cap_min",
    "hwmon/power1_cap_default",
    "hwmon/pwm1_min",
    "hwmon/pwm1_max",
    "hwmon/pwm1_enable",
    "hwmon/fan1_max",
    "hwmon/fan1_min",
    "hwmon/fan1_target",
    "current_link_speed",
    "current_link_width",
    "max_link_speed",
    "max_link_width",
    "mem_info_vram_total",
    "vbios_version",
    "mem_info_vram_vendor",
    "power_dpm_force_performance_level",
    "pp_dpm_socclk",
    "pp_dpm_fclk",
    "pp_dpm_dcefclk",
    "pp_dpm_pcie",
    "pp_od_clk_voltage",
    "pp_power_profile_mode",
    "gpu_od/fan_ctrl/acoustic_limit_rpm_threshold",
    "gpu_od/fan_ctrl/acoustic_target_rpm_threshold",
    "gpu_od/fan_ctrl/fan_target_temperature",
    "gpu_od/fan_ctrl/fan_minimum_pwm",
    "gpu_od/fan_ctrl/fan_zero_rpm_enable",
    "gpu_od/fan_ctrl/fan_curve",
];

/// The fields whose files are those of [`MONITOR`] and [`OTHERS`], and some more: `pp_dpm_{v,d}clk`,
/// `pcie_replay_count`, `fan1_enable`.
pub fn everything() -> SampleFields {
    SampleFields::all() - SampleFields::METRICS - SampleFields::OTHER_ACTIVITY - SampleFields::OTHER_MEMORY
}

/// The machine under `/sys`, if it is a bench machine.
pub fn machine() -> Smi {
    if !Path::new(MARK).exists() {
        eprintln!("/sys is no bench machine: run scripts/bench");
        std::process::exit(2);
    }
    match Smi::new() {
        Ok(smi) => smi,
        Err(error) => {
            eprintln!("{error}");
            std::process::exit(2);
        }
    }
}

/// A file of the device; `hwmon/…` is in its hwmon directory.
pub fn file(name: &str) -> PathBuf {
    let device = Path::new(DEVICE);
    let Some(rest) = name.strip_prefix("hwmon/") else { return device.join(name) };
    let mut hwmons = std::fs::read_dir(device.join("hwmon")).into_iter().flatten().flatten();
    hwmons.next().map_or_else(|| device.join(name), |hwmon| hwmon.path().join(rest))
}

/// Kept descriptors of files, to be read in a plain loop.
pub fn keep<'a>(names: impl IntoIterator<Item = &'a &'a str>) -> Vec<OwnedFd> {
    let open = |name: &&str| match File::open(file(name)) {
        Ok(file) => OwnedFd::from(file),
        Err(error) => {
            eprintln!("{}: {error}", file(name).display());
            std::process::exit(2);
        }
    };
    names.into_iter().map(open).collect()
}

/// The plain loop: one pread each, nothing made of it.
pub fn pread_all(files: &[OwnedFd], buf: &mut [u8]) -> usize {
    files.iter().map(|file| rustix::io::pread(file, &mut *buf, 0).unwrap_or(0)).sum()
}

/// openat, read and close of one file of a kept directory, nothing made of it.
pub fn open_read_close(dir: &OwnedFd, name: &str, buf: &mut [u8]) -> usize {
    let Ok(file) = openat(dir, name, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty()) else { return 0 };
    rustix::io::read(&file, &mut *buf).unwrap_or(0)
}
