//! `hwmon/hwmonK`: `amdgpu_pm.c`, with what `hwmon_attributes_visible` leaves out for each chip.

use super::chip::Family;
use super::image::Image;
use super::plan::{MachinePlan, PlannedPackage};

/// The driver's text for a missing hysteresis: absolute zero.
const NO_HYSTERESIS: &str = "-273150";

pub(super) fn write(image: &mut Image, plan: &MachinePlan<'_>, package: &PlannedPackage) {
    let (facts, state) = (package.facts, &package.state);
    let path = format!("{}/hwmon/hwmon{}", package.path, package.index + 1);
    image.link(format!("{path}/device"), &package.path);
    image.link(format!("{path}/subsystem"), "sys/class/hwmon");
    image.link(format!("sys/class/hwmon/hwmon{}", package.index + 1), &path);
    let mut folder = image.folder(path);
    folder.line("name", "amdgpu");
    folder.put("uevent", []);
    let sensors = [("edge", state.edge), ("junction", state.hotspot), ("mem", state.memory)];
    for (number, ((label, current), (critical, emergency))) in
        (1..).zip(sensors.into_iter().zip(facts.heat.limits))
    {
        // An APU has the edge only, and no limit of it; the accelerators with several dies have no edge.
        if facts.apu() && number > 1 || facts.family == Family::Mi300 && number == 1 {
            continue;
        }
        folder.line(&format!("temp{number}_label"), label);
        folder.line(&format!("temp{number}_input"), u64::from(current) * 1000);
        if critical > 0 {
            folder.line(&format!("temp{number}_crit"), critical * 1000);
            folder.line(&format!("temp{number}_crit_hyst"), NO_HYSTERESIS);
            folder.line(&format!("temp{number}_emergency"), emergency * 1000);
        }
    }
    let microwatts = |watts: u32| u64::from(watts) * 1_000_000;
    folder.line("power1_label", "PPT");
    match facts.family {
        Family::Mi300 => folder.line("power1_input", microwatts(state.power)),
        Family::Apu => {
            folder.line("power1_average", microwatts(state.power));
            folder.line("power1_input", microwatts(state.power));
        }
        _ => folder.line("power1_average", microwatts(state.power)),
    }
    let (least, default, most) = facts.power.cap;
    if !facts.apu() {
        for (name, watts) in
            [("cap", default), ("cap_default", default), ("cap_min", least), ("cap_max", most)]
        {
            folder.line(&format!("power1_{name}"), microwatts(watts));
        }
    }
    folder.line("freq1_label", "sclk");
    folder.line("freq1_input", u64::from(state.sclk) * 1_000_000);
    if !facts.apu() {
        folder.line("freq2_label", "mclk");
        folder.line("freq2_input", u64::from(state.mclk) * 1_000_000);
    }
    if facts.family != Family::Mi300 {
        folder.line("in0_label", "vddgfx");
        folder.line("in0_input", state.voltage);
    }
    if facts.apu() {
        folder.line("in1_label", "vddnb");
        folder.line("in1_input", state.voltage * 7 / 10);
    }
    if let Some(most) = facts.fan.filter(|_| !plan.machine.guest) {
        folder.line("fan1_input", state.fan);
        folder.line("fan1_target", state.fan);
        folder.line("fan1_enable", 0);
        folder.line("fan1_min", 0);
        folder.line("fan1_max", most);
        folder.line("pwm1", state.fan * 255 / most);
        folder.line("pwm1_enable", 2);
        folder.line("pwm1_min", 0);
        folder.line("pwm1_max", 255);
    }
}
