//! The driver's side of its settings, as far as it refuses: a model of the store functions behind the files.
//!
//! Written from `drivers/gpu/drm/amd` of Linux 5.4 to 7.0, and from nothing of the library: files are read by hand here.
//! It keeps what later writes depend on (performance level, bounds, who drives the fan) and forgets the rest. What the
//! firmware refuses it cannot know.

mod chip;
mod overdrive;
mod text;

use std::path::{Path, PathBuf};

pub use chip::{Chip, Family};
use text::{numbers, range};

/// The driver's reaction to a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It takes it.
    Taken,
    /// It takes it and makes something else of it, or nothing.
    Otherwise(&'static str),
    /// It refuses; the function that does.
    Refused(&'static str),
}

/// The driver of one GPU, from the files that it shows.
#[derive(Debug, Clone)]
pub struct Driver {
    chip: Chip,
    device: PathBuf,
    hwmon: Option<PathBuf>,
    level: String,
    fan_is_manual: bool,
    limiter_is_on: bool,
    bounds: overdrive::Bounds,
}

impl Driver {
    /// `device` is the PCI device's directory.
    pub fn new(device: &Path, chip: Chip) -> Driver {
        let hwmon = std::fs::read_dir(device.join("hwmon")).ok().and_then(|mut entries| entries.next());
        let mut driver = Driver {
            chip,
            device: device.to_path_buf(),
            hwmon: hwmon.map(|entry| entry.unwrap().path()),
            level: String::new(),
            fan_is_manual: false,
            limiter_is_on: false,
            bounds: overdrive::Bounds::default(),
        };
        driver.level = driver.text("power_dpm_force_performance_level").unwrap_or_default().trim().to_owned();
        driver.fan_is_manual = driver.text("pwm1_enable").is_some_and(|text| text.trim() == "1");
        driver.limiter_is_on = driver.text("ptl/ptl_enable").is_some_and(|text| text.trim() == "enabled");
        driver.bounds = overdrive::Bounds::of(&driver.text("pp_od_clk_voltage").unwrap_or_default());
        driver
    }

    /// One write to a file of the device, or of its hwmon.
    pub fn store(&mut self, file: &str, line: &str) -> Verdict {
        let file =
            file.rsplit_once("hwmon/").map_or(file, |(_, rest)| rest.rsplit('/').next().unwrap_or(rest));
        let held = match self.text(file) {
            Some(held) => held,
            // Every driver has it; a recording may lack it.
            None if file == "power_dpm_force_performance_level" && self.text("pp_dpm_sclk").is_some() => {
                String::new()
            }
            None => return Verdict::Refused("there is no such file"),
        };
        if self.chip.in_reset && !matches!(file, "enforce_isolation" | "current_memory_partition") {
            return Verdict::Refused("amdgpu_pm_get_access");
        }
        match file {
            "power_dpm_force_performance_level" => self.store_level(line),
            "pp_od_clk_voltage" => self.store_overdrive(&held, line),
            "pp_power_profile_mode" => self.store_profile(&held, line),
            "pp_sclk_od" | "pp_mclk_od" => match line.parse::<i64>() {
                Err(_) => Verdict::Refused("amdgpu_set_pp_sclk_od"),
                Ok(0..=20) => Verdict::Taken,
                Ok(_) => Verdict::Otherwise("smu7_set_sclk_od takes 20"),
            },
            "power1_cap" | "power2_cap" => self.store_cap(file, line),
            "pwm1_enable" | "fan1_enable" => {
                let highest = if file == "pwm1_enable" { 2 } else { 1 };
                match line.parse::<u32>() {
                    Ok(mode) if mode <= highest => {
                        self.fan_is_manual = mode == 1;
                        Verdict::Taken
                    }
                    _ => Verdict::Refused("amdgpu_hwmon_set_pwm1_enable"),
                }
            }
            "pwm1" | "fan1_target" => self.store_fan(file, line),
            "pm_policy/soc_pstate" | "pm_policy/xgmi_plpd" => {
                let listed = |level: u32| held.lines().any(|row| row.starts_with(&format!("{level} : ")));
                taken_if(line.parse().is_ok_and(listed), "smu_set_pm_policy")
            }
            "xgmi_plpd_policy" => taken_if(matches!(line, "0" | "1" | "2"), "amdgpu_set_xgmi_plpd_policy"),
            "enforce_isolation" => {
                // Before 6.16 two values.
                let highest = if self.chip.kernel >= (6, 16) { 3 } else { 1 };
                let count = held.split_whitespace().count();
                let sound = numbers(line).is_some_and(|values| {
                    values.len() == count && values.iter().all(|value| (0..=highest).contains(value))
                });
                taken_if(sound, "amdgpu_gfx_set_enforce_isolation")
            }
            "run_cleaner_shader" => taken_if(
                line.parse::<u32>().is_ok_and(|partition| partition < self.chip.partitions.max(1)),
                "amdgpu_gfx_set_run_cleaner_shader",
            ),
            "current_compute_partition" => {
                // `aqua_vanjaram_xcp_mgr_init` leaves out the switch for a virtual function.
                let listed = self.lists("available_compute_partition", line);
                taken_if(listed && !self.chip.virtual_function, "amdgpu_gfx_set_compute_partition")
            }
            "current_memory_partition" => {
                taken_if(self.lists("available_memory_partition", line), "current_memory_partition_store")
            }
            "compute_partition_mem_alloc_mode" => {
                taken_if(matches!(line, "CAPPING" | "ALL"), "amdgpu_gfx_set_compute_partition_mem_alloc_mode")
            }
            "ptl/ptl_enable" => {
                self.limiter_is_on = line == "enabled";
                taken_if(matches!(line, "enabled" | "disabled"), "ptl_enable_store")
            }
            "ptl/ptl_format" => {
                let two = line.split_once(',').filter(|(first, second)| first != second);
                let listed = two.is_some_and(|(first, second)| {
                    self.lists("ptl/ptl_supported_formats", first)
                        && self.lists("ptl/ptl_supported_formats", second)
                });
                taken_if(listed && self.limiter_is_on, "ptl_format_store")
            }
            "uma/carveout" => {
                let options = self.text("uma/carveout_options").unwrap_or_default();
                let listed = options.lines().any(|row| row.starts_with(&format!("{line}: ")));
                taken_if(listed, "carveout_store")
            }
            _ if file.starts_with("pp_dpm_") => self.store_levels(file, &held, line),
            _ if file.starts_with("gpu_od/fan_ctrl/") => self.store_fan_control(file, &held, line),
            _ => panic!("no model of {file}"),
        }
    }

    /// A file's text, without its NULs.
    pub(crate) fn text(&self, file: &str) -> Option<String> {
        let folders = [Some(&self.device), self.hwmon.as_ref()];
        let found = folders.into_iter().flatten().find_map(|folder| std::fs::read(folder.join(file)).ok())?;
        Some(String::from_utf8_lossy(&found).replace('\0', ""))
    }

    fn number(&self, file: &str) -> Option<i64> {
        self.text(file)?.trim().parse().ok()
    }

    /// Returns `true` if a list of words contains this one.
    fn lists(&self, file: &str, word: &str) -> bool {
        // Before 6.13 there is no list, and the driver compares with its own.
        let own = ["NPS1", "NPS2", "NPS3", "NPS4", "NPS6", "NPS8", "SPX", "DPX", "TPX", "QPX", "CPX"];
        match self.text(file) {
            Some(text) => text.split(',').any(|one| one.trim() == word),
            None => own.contains(&word),
        }
    }

    /// `amdgpu_set_power_dpm_force_performance_level`, `amdgpu_dpm_force_performance_level` and the family's
    /// `*_set_performance_level`.
    fn store_level(&mut self, line: &str) -> Verdict {
        let words = [
            "auto",
            "low",
            "high",
            "manual",
            "profile_standard",
            "profile_min_sclk",
            "profile_min_mclk",
            "profile_peak",
            "perf_determinism",
        ];
        if !words.contains(&line) {
            return Verdict::Refused("amdgpu_set_power_dpm_force_performance_level");
        }
        if line == self.level {
            return Verdict::Taken;
        }
        if let Some(function) = self.chip.family.refuses_level(line) {
            return Verdict::Refused(function);
        }
        self.level = line.to_owned();
        match line == "perf_determinism" && !self.chip.family.is_instinct() {
            true => Verdict::Otherwise("the switch has no case for it, and its result is not looked at"),
            false => Verdict::Taken,
        }
    }

    /// `amdgpu_read_mask`, `smu_force_smuclk_levels`, `pp_dpm_force_clock_level` and the family's function.
    fn store_levels(&self, file: &str, held: &str, line: &str) -> Verdict {
        let Some(levels) = numbers(line).filter(|levels| levels.iter().all(|level| (0..=31).contains(level)))
        else {
            return Verdict::Refused("amdgpu_read_mask");
        };
        if self.level != "manual" {
            return Verdict::Refused("smu_force_smuclk_levels");
        }
        let lines: Vec<&str> =
            held.lines().filter(|row| row.as_bytes().first().is_some_and(u8::is_ascii_digit)).collect();
        let highest = levels.iter().copied().max().unwrap_or(0);
        let verdict = self.chip.family.force_levels(file, highest);
        if verdict != Verdict::Taken || file != "pp_dpm_sclk" || lines.len() != 3 {
            return verdict;
        }
        // Three lines of which the middle one has the star: the clock itself between two levels.
        match lines[1].contains('*') && highest == 1 && self.chip.family.is_fine_grained() {
            true => Verdict::Otherwise("the second of two levels is the highest"),
            false => verdict,
        }
    }

    /// `amdgpu_set_pp_power_profile_mode` and the family's `*_set_power_profile_mode`.
    fn store_profile(&self, held: &str, line: &str) -> Verdict {
        let refused = Verdict::Refused("*_set_power_profile_mode");
        let Some(index) = line.chars().next().and_then(|digit| digit.to_digit(10)) else {
            return Verdict::Refused("amdgpu_set_pp_power_profile_mode");
        };
        let family = self.chip.family;
        if family.is_power_play() && self.level != "manual" {
            return Verdict::Refused("pp_set_power_profile_mode");
        }
        let parameters = numbers(line.split_once(' ').map_or("", |(_, rest)| rest)).unwrap_or_default();
        let number_and = |word: &str| word.parse::<u32>() == Ok(index);
        let is_listed = held.lines().any(|row| {
            let words: Vec<&str> = row.split_whitespace().collect();
            let turned =
                words.windows(2).any(|pair| number_and(pair[0]) && pair[1].starts_with(char::is_uppercase));
            words.first().is_some_and(|word| number_and(word)) || turned
        });
        if index != 6 {
            // `default:` of smu7's switch.
            let unknown = family == Family::Smu7 && index == 0;
            return taken_if(is_listed && !unknown, "*_set_power_profile_mode");
        }
        let Some((count, clocks)) = family.custom_profile() else {
            return taken_if(is_listed, "smu_cmn_to_asic_specific_index");
        };
        let own = held.lines().find(|row| row.contains("CUSTOM")).unwrap_or_default();
        match parameters.len() {
            0 => match family {
                Family::Smu7 => taken_if(
                    own.split(':').nth(1).is_some_and(|values| values.contains(char::is_numeric)),
                    "smu7_set_power_profile_mode",
                ),
                Family::Vega10 => taken_if(
                    own.split(':').nth(1).and_then(|values| values.split_whitespace().next()) != Some("0"),
                    "vega10_set_power_profile_mode",
                ),
                Family::Vega20 => refused,
                // From 6.13 on what the firmware holds is made effective.
                _ => taken_if(self.chip.kernel >= (6, 13), "*_set_power_profile_mode"),
            },
            length if length == count && (clocks == 0 || (0..clocks).contains(&parameters[0])) => {
                Verdict::Taken
            }
            _ => refused,
        }
    }

    /// `amdgpu_hwmon_set_power_cap`, `smu_set_power_limit`, `pp_set_power_limit`, `aldebaran_set_power_limit`,
    /// `vangogh_set_power_limit`.
    fn store_cap(&self, file: &str, line: &str) -> Verdict {
        let Ok(value) = line.parse::<u32>() else { return Verdict::Refused("kstrtou32") };
        let watts = i64::from(value / 1_000_000);
        if self.chip.virtual_function && self.chip.kernel < (6, 18) {
            return Verdict::Refused("amdgpu_hwmon_set_power_cap");
        }
        if self.chip.second_die {
            return Verdict::Refused("aldebaran_set_power_limit");
        }
        if watts == 0 {
            return Verdict::Otherwise("0 is the cap in force, or the default");
        }
        let limit = |end: &str| self.number(&format!("{file}_{end}")).map(|limit| limit / 1_000_000);
        let is_above = limit("max").is_some_and(|maximum| watts > maximum);
        if self.chip.family == Family::VanGogh && file == "power2_cap" {
            return if is_above { Verdict::Otherwise("it returns 0") } else { Verdict::Taken };
        }
        let is_below =
            !self.chip.family.is_power_play() && limit("min").is_some_and(|minimum| watts < minimum);
        taken_if(!is_above && !is_below, "smu_set_power_limit")
    }

    /// `amdgpu_hwmon_set_pwm1`, `amdgpu_hwmon_set_fan1_target` and the family's functions.
    fn store_fan(&self, file: &str, line: &str) -> Verdict {
        let Ok(value) = line.parse::<u32>() else { return Verdict::Refused("kstrtou32") };
        if !self.fan_is_manual {
            return Verdict::Refused("manual fan speed control should be enabled first");
        }
        if file == "pwm1" {
            return if value > 255 { Verdict::Otherwise("it takes 255") } else { Verdict::Taken };
        }
        if value == 0 {
            return Verdict::Refused("*_set_fan_speed_rpm");
        }
        let limit = |file: &str| self.number(file).unwrap_or(0);
        let within = (limit("fan1_min")..=limit("fan1_max")).contains(&i64::from(value));
        match within {
            true => Verdict::Taken,
            false => Verdict::Otherwise("no fan turns so, or smu7_fan_ctrl_set_fan_speed_rpm returns 0"),
        }
    }

    /// `amdgpu_distribute_custom_od_settings` and `smu_v13_0_0_od_edit_dpm_table`, which compares with the ranges that
    /// the file shows.
    fn store_fan_control(&self, file: &str, held: &str, line: &str) -> Verdict {
        let refused = Verdict::Refused("smu_v13_0_0_od_edit_dpm_table");
        if matches!(line, "c" | "r") {
            return Verdict::Taken;
        }
        let Some(values) = numbers(line) else { return refused };
        let within = |name: &str, value: i64| range(held, name).is_none_or(|range| range.contains(&value));
        let sound = match (&values[..], file.ends_with("fan_curve")) {
            ([0..=4, degrees, percent], true) => {
                within("FAN_CURVE(hotspot temp)", *degrees) && within("FAN_CURVE(fan speed)", *percent)
            }
            ([value], false) => {
                let after = held.split("OD_RANGE").nth(1).unwrap_or_default();
                let name = after
                    .lines()
                    .find_map(|row| row.trim().split_once(": ").map(|(name, _)| name.to_owned()));
                name.is_none_or(|name| within(&name, *value))
            }
            _ => false,
        };
        if sound { Verdict::Taken } else { refused }
    }
}

fn taken_if(sound: bool, function: &'static str) -> Verdict {
    if sound { Verdict::Taken } else { Verdict::Refused(function) }
}
