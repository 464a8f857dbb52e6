//! Levels, clocks and limits: the power management files of `amdgpu_pm.c`, each as the chip's own function prints it.

use super::chip::Family;
use super::image::Folder;
use super::plan::{MachinePlan, PlannedPackage};

/// Most bytes of an attribute.
const PAGE: usize = 4096;

pub(super) fn write(folder: &mut Folder<'_>, plan: &MachinePlan<'_>, package: &PlannedPackage) {
    let (facts, state, kernel) = (package.facts, &package.state, plan.kernel);
    let clocks = &facts.clocks;
    folder.line("power_dpm_state", "performance");
    folder.line("power_dpm_force_performance_level", "auto");
    folder.line("pp_num_states", "states: 1\n0 default");
    folder.line("pp_cur_state", 0);
    folder.line("pp_force_state", "");
    folder.line("gpu_busy_percent", state.gfx_activity);
    if !facts.apu() {
        folder.line("mem_busy_percent", state.memory_activity);
    }
    if facts.apu() || facts.family == Family::Radeon && kernel.media_activity() {
        folder.line("vcn_busy_percent", state.media_activity);
    }
    let (low, high) = clocks.sclk;
    match facts.family {
        Family::Radeon => {
            folder.put("pp_dpm_sclk", fine(low, high, state.sclk));
            folder.put("pp_dpm_socclk", fine_of(clocks.socclk, state.socclk));
            folder.put("pp_dpm_vclk", fine_of(clocks.vclk, state.vclk));
            folder.put("pp_dpm_dclk", fine_of(clocks.dclk, state.dclk));
            folder.put("pp_dpm_pcie", lanes(facts.pci.link));
            folder.line("pp_dpm_dcefclk", "");
        }
        Family::Mi300 => {
            folder.put("pp_dpm_sclk", between(low, high, state.sclk));
            folder.put("pp_dpm_socclk", levels(clocks.socclk, state.socclk));
            folder.put("pp_dpm_vclk", levels(clocks.vclk, state.vclk));
            folder.put("pp_dpm_dclk", levels(clocks.dclk, state.dclk));
        }
        Family::Mi200 => {
            folder.put("pp_dpm_sclk", between(low, high, state.sclk));
            folder.put("pp_dpm_socclk", levels(clocks.socclk, state.socclk));
        }
        Family::Apu => {
            folder.put("pp_dpm_sclk", apu(low, high, state.sclk));
            folder.put("pp_dpm_socclk", levels(clocks.socclk, state.socclk));
            folder.put("pp_dpm_vclk", levels(clocks.vclk, state.vclk));
            folder.put("pp_dpm_dclk", levels(clocks.dclk, state.dclk));
            folder.line("pp_dpm_pcie", "");
            folder.line("pp_dpm_dcefclk", "");
        }
    }
    folder.put("pp_dpm_mclk", levels(clocks.mclk, state.mclk));
    folder.put("pp_dpm_fclk", levels(clocks.fclk, state.fclk));
    overdrive(folder, package, kernel);
    if !facts.features.is_empty() {
        folder.put("pp_features", features(facts.features));
    }
    if facts.family == Family::Radeon {
        folder.put("pp_power_profile_mode", profiles());
    }
    if facts.family == Family::Mi300 && kernel.board_info() && !plan.machine.guest {
        let mut policy = folder.folder("pm_policy");
        policy.line(
            "soc_pstate",
            "0 : soc_pstate_default*\n1 : soc_pstate_0\n2 : soc_pstate_1\n3 : soc_pstate_2",
        );
        policy.line("xgmi_plpd", "0 : plpd_disallow\n1 : plpd_default\n2 : plpd_optimized*");
    }
}

/// All levels with a blank after the unit, and a star after the one that is current; a sleeping clock as a line of
/// its own, and then no blanks (`smu_v13_0_6_print_clks`).
fn levels(levels: &[u32], current: u32) -> String {
    let asleep = levels.first().is_some_and(|lowest| current < *lowest);
    let mut text = if asleep { format!("S: {current}Mhz *\n") } else { String::new() };
    for (index, level) in levels.iter().enumerate() {
        text += &match (asleep, *level == current) {
            (true, _) => format!("{index}: {level}Mhz\n"),
            (false, true) => format!("{index}: {level}Mhz *\n"),
            (false, false) => format!("{index}: {level}Mhz \n"),
        };
    }
    text
}

/// Two levels, and the live clock between them where it is neither.
fn between(low: u32, high: u32, current: u32) -> String {
    match current {
        _ if current > low && current < high => levels(&[low, current, high], current),
        _ => levels(&[low, high], current),
    }
}

/// The same of `smu_v13_0_0_print_clk_levels`: without blanks where there are three lines.
fn fine(low: u32, high: u32, current: u32) -> String {
    match current == low || current == high {
        true => levels(&[low, high], current),
        false => format!("0: {low}Mhz\n1: {current}Mhz *\n2: {high}Mhz\n"),
    }
}

fn fine_of(levels: &[u32], current: u32) -> String {
    let bound = |level: Option<&u32>| level.copied().unwrap_or(0);
    fine(bound(levels.first()), bound(levels.last()), current)
}

/// Three lines always, the middle one the live clock or a standard one (`smu_v13_0_4_print_clk_levels`).
fn apu(low: u32, high: u32, current: u32) -> String {
    /// `SMU_13_0_4_UMD_PSTATE_GFXCLK`.
    const STANDARD: u32 = 1100;
    let middle = if current > low && current < high { current } else { STANDARD };
    levels(&[low, middle, high], current)
}

fn lanes((speed, width): (u32, u32)) -> String {
    format!(
        "0: 2.5GT/s, x1 310Mhz \n1: 8.0GT/s, x{width} 417Mhz \n2: {}.{}GT/s, x{width} 616Mhz *\n",
        speed / 10,
        speed % 10
    )
}

fn overdrive(folder: &mut Folder<'_>, package: &PlannedPackage, kernel: super::Kernel) {
    let clocks = &package.facts.clocks;
    let (low, high) = clocks.sclk;
    let memory = |low: u32| (low, clocks.mclk.last().copied().unwrap_or(low));
    let lowest = clocks.mclk.first().copied().unwrap_or(0);
    // SCLK, MCLK, VDDC_CURVE, VDDGFX_OFFSET, RANGE, CCLK: in the order of `amdgpu_get_pp_od_clk_voltage`.
    let sections: [String; 6] = match package.facts.family {
        Family::Mi200 => return,
        Family::Mi300 => {
            let (least, most) = memory(lowest);
            [
                format!("OD_SCLK:\n0: {low}Mhz\n1: {high}Mhz\n"),
                format!("OD_MCLK:\n0: {least}Mhz\n1: {most}Mhz\n"),
                String::new(),
                String::new(),
                String::new(),
                String::new(),
            ]
        }
        Family::Apu => [
            format!("OD_SCLK:\n0: {low:10}Mhz\n1: {high:10}Mhz\n"),
            String::new(),
            String::new(),
            String::new(),
            format!("OD_RANGE:\nSCLK: {low:7}Mhz {high:10}Mhz\n"),
            String::new(),
        ],
        Family::Radeon => {
            let (least, most) = memory(lowest + 1);
            // RDNA 4 is given an offset instead of two ends (`smu_v14_0_2_print_clk_levels`).
            let (shader, range) = match package.facts.compute.gc {
                (12, ..) => {
                    ("OD_SCLK_OFFSET:\n0Mhz\n".into(), format!("SCLK_OFFSET: {:7}Mhz {:10}Mhz", -500, 1000))
                }
                _ => (
                    format!("OD_SCLK:\n0: {low}Mhz\n1: {high}Mhz\n"),
                    format!("SCLK: {low:7}Mhz {:10}Mhz", 5000),
                ),
            };
            [
                shader,
                format!("OD_MCLK:\n0: {least}Mhz\n1: {most}MHz\n"),
                String::new(),
                "OD_VDDGFX_OFFSET:\n0mV\n".to_owned(),
                format!(
                    "OD_RANGE:\n{range}\nMCLK: {least:7}Mhz {:10}Mhz\nVDDGFX_OFFSET: {:7}mv {:10}mv\n",
                    1500, -450, 0
                ),
                String::new(),
            ]
        }
    };
    folder.put("pp_od_clk_voltage", added_up(&sections));
    if package.facts.family == Family::Radeon && kernel.fan_control() {
        fan(folder, package.facts.fan.unwrap_or(3000), kernel.reset_masks());
    }
}

/// Sections as the driver puts them together: each function returns its offset in the page where its length is meant,
/// so that NULs stand between the sections and after them.
fn added_up(sections: &[String]) -> Vec<u8> {
    let mut page = Vec::new();
    for section in sections {
        let end = page.len() + section.len();
        page.extend_from_slice(section.as_bytes());
        // The next section starts from this offset, repeated.
        page.resize((end + end - section.len()).min(PAGE - 1).max(end.min(PAGE - 1)), 0);
    }
    page
}

fn fan(folder: &mut Folder<'_>, most: u32, zero: bool) {
    let mut fan = folder.folder("gpu_od/fan_ctrl");
    fan.line(
        "fan_curve",
        "OD_FAN_CURVE:\n0: 30C 20%\n1: 55C 30%\n2: 70C 45%\n3: 85C 75%\n4: 100C 100%\nOD_RANGE:\n\
         FAN_CURVE(hotspot temp): 25C 100C\nFAN_CURVE(fan speed): 15% 100%",
    );
    let mut one = |file: &str, title: &str, value: u32, range: &str, least: u32, most: u32| {
        fan.line(file, format_args!("{title}:\n{value}\nOD_RANGE:\n{range}: {least} {most}"));
    };
    one("acoustic_limit_rpm_threshold", "OD_ACOUSTIC_LIMIT", most * 3 / 4, "ACOUSTIC_LIMIT", 500, most);
    one("acoustic_target_rpm_threshold", "OD_ACOUSTIC_TARGET", most / 2, "ACOUSTIC_TARGET", 500, most);
    one("fan_minimum_pwm", "FAN_MINIMUM_PWM", 20, "MINIMUM_PWM", 15, 100);
    one("fan_target_temperature", "FAN_TARGET_TEMPERATURE", 95, "TARGET_TEMPERATURE", 25, 110);
    if zero {
        one("fan_zero_rpm_enable", "FAN_ZERO_RPM_ENABLE", 1, "ZERO_RPM_ENABLE", 0, 1);
        one(
            "fan_zero_rpm_stop_temperature",
            "FAN_ZERO_RPM_STOP_TEMPERATURE",
            50,
            "ZERO_RPM_STOP_TEMPERATURE",
            25,
            100,
        );
    }
}

/// `smu_cmn_get_pp_feature_mask`; all of them on.
fn features(names: &[&str]) -> String {
    let mask = (1_u64 << names.len()) - 1;
    let mut text = format!(
        "features high: {:#010x} low: {:#010x}\nNo. Feature               Bit : State\n",
        mask >> 32,
        mask & 0xffff_ffff
    );
    for (bit, name) in names.iter().enumerate() {
        text += &format!("{bit:02}. {name:<20} ({bit:2}) : enabled\n");
    }
    text
}

/// `smu_v13_0_0_get_power_profile_mode`.
fn profiles() -> String {
    const NAMES: [&str; 8] =
        ["BOOTUP_DEFAULT", "3D_FULL_SCREEN", "POWER_SAVING", "VIDEO", "VR", "COMPUTE", "CUSTOM", "WINDOW_3D"];
    let mut text = String::from(
        "PROFILE_INDEX(NAME) CLOCK_TYPE(NAME) FPS MinActiveFreqType MinActiveFreq BoosterFreqType BoosterFreq \
         PD_Data_limit_c PD_Data_error_coeff PD_Data_error_rate_coeff\n",
    );
    for (index, name) in NAMES.iter().enumerate() {
        let star = if index == 0 { '*' } else { ' ' };
        text += &format!("{index:2} {name:>14}{star}:\n");
        for (kind, clock) in ["GFXCLK", "FCLK"].iter().enumerate() {
            text += &format!("{:19}{:2}({clock:>13})", "", kind);
            for number in [0, index as i64 % 4, 0, 4, 750, 3_932_160, -65_536, 0] {
                text += &format!(" {number:7}");
            }
            text.push('\n');
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_as_the_drivers_print_them() {
        assert_eq!(levels(&[900, 1300], 1300), "0: 900Mhz \n1: 1300Mhz *\n");
        assert_eq!(levels(&[914, 1333], 29), "S: 29Mhz *\n0: 914Mhz\n1: 1333Mhz\n");
        assert_eq!(between(132, 2100, 1837), "0: 132Mhz \n1: 1837Mhz *\n2: 2100Mhz \n");
        assert_eq!(fine(500, 2525, 2371), "0: 500Mhz\n1: 2371Mhz *\n2: 2525Mhz\n");
        assert_eq!(apu(800, 2700, 800), "0: 800Mhz *\n1: 1100Mhz \n2: 2700Mhz \n");
    }

    /// Offsets of the recorded RX 7800 XT's kind of table, which the fixture of the RX 7900 XTX explains.
    #[test]
    fn sections_are_added_up_as_the_driver_does() {
        let page = added_up(&["a".repeat(30), "b".repeat(29), String::new(), "c".repeat(23)]);
        assert_eq!(page.iter().position(|byte| *byte == b'b'), Some(30));
        assert_eq!(page.iter().position(|byte| *byte == b'c'), Some(178));
        assert_eq!(page.len(), 178 + 178 + 23);
    }
}
