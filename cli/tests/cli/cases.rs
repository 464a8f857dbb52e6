//! The cases: for each small odd machine, what is right in which view, as `cases/README.md` has it from the drivers' source.
//!
//! A row is a case, a command line, a path into its JSON and the value there. `null` with a reason behind it is a value
//! that must be absent for that reason.

use serde_json::{Value, json};

use super::command;
use support::machines::{Machine, cases};

/// Case, command line, path, value.
type Row = (&'static str, &'static str, &'static str, &'static str);

const ROWS: &[Row] = &[
    // One rule for every view where hwmon lacks a file, or is not there.
    ("known-no-temp-input", "metric -t", "0/temperature/edge/value", "24"),
    ("known-no-temp-input", "metric -t", "0/temperature/hotspot/value", "31"),
    ("known-no-temp-input", "metric -t", "0/temperature/mem/value", "48"),
    ("known-no-temp-input", "metric -t", "0/temperature/limits/hotspot/critical/value", "110"),
    ("known-no-temp-input", "monitor -t", "0/hotspot_temperature/value", "31"),
    ("known-no-temp-input", "monitor -t", "0/memory_temperature/value", "48"),
    ("known-no-hwmon", "metric -t", "0/temperature/edge/value", "24"),
    ("known-no-hwmon", "metric -t", "0/temperature/hotspot/value", "31"),
    ("known-no-hwmon", "metric -t", "0/temperature/mem/value", "48"),
    ("known-no-hwmon", "metric -f", "0/fan/rpm", "868"),
    ("known-no-hwmon", "metric -p", "0/power/socket_power/value", "32"),
    ("known-no-hwmon", "metric -p", "0/power/gfx_voltage/value", "985"),
    ("known-no-hwmon", "metric -P", "0/pcie/width", "16"),
    ("known-no-hwmon", "metric -P", "0/pcie/speed/value", "16"),
    ("known-no-hwmon", "monitor -p -t", "0/power_usage/value", "32"),
    ("known-no-hwmon", "monitor -p -t", "0/hotspot_temperature/value", "31"),
    ("known-no-hwmon", "", "0/temp/value", "31"),
    ("known-no-hwmon", "", "0/power_usage/current_power/value", "32"),
    // The only temperature of a driver without labels is the edge.
    ("temp1-without-label", "metric -t", "0/temperature/edge/value", "44"),
    ("temp1-without-label", "metric -t", "0/temperature/limits/edge/critical/value", "94"),
    ("temp1-without-label", "monitor -t", "0/edge_temperature/value", "44"),
    ("temp1-without-label", "", "0/temp/value", "44"),
    // Table 1.9 has the dies in the package's table.
    ("metrics-1.9-per-die", "metric -u", "0/usage/gfx_busy_inst/xcp_0/0/value", "10"),
    ("metrics-1.9-per-die", "metric -u", "0/usage/gfx_busy_inst/xcp_0/7/value", "80"),
    ("metrics-1.9-per-die", "metric -u", "0/usage/vcn_busy/xcp_0/0/value", "0"),
    ("metrics-1.9-per-die", "metric -u", "0/usage/vcn_activity/3/value", "0"),
    ("metrics-1.9-per-die", "metric -u --json=amd", "0/usage/gfx_busy_inst/xcp_0/7/value", "80"),
    (
        "metrics-1.9-per-die",
        "metric -v",
        "0/throttle/gfx_clk_below_host_limit_power_accumulated/xcp_0/7",
        "507",
    ),
    (
        "metrics-1.9-per-die",
        "metric -v",
        "0/throttle/gfx_clk_below_host_limit_thermal_accumulated/xcp_0/0",
        "7",
    ),
    (
        "metrics-1.9-per-die",
        "metric -v",
        "0/throttle/total_gfx_clk_below_host_limit_accumulated/xcp_0/1",
        "508",
    ),
    ("metrics-1.9-per-die", "metric -v", "0/throttle/low_utilization_accumulated/xcp_0/2", "900"),
    // The bank tells the memory where the driver's file does not.
    ("mi300a-no-vram-files", "metric -m", "0/mem_usage/total_vram/value", "196592"),
    ("mi300a-no-vram-files", "static -v", "0/vram/size/value", "196592"),
    ("mi300a-no-vram-files", "monitor -v", "0/vram_total/value", "196592"),
    // The second die of an MI250 has no power of its own.
    ("mi250-secondary-die-zero", "metric -p", "0/power/socket_power/value", "218"),
    ("mi250-secondary-die-zero", "metric -p", "1/power/socket_power", "null: on_first_die"),
    ("mi250-secondary-die-zero", "metric -p", "1/power/cap", "null: on_first_die"),
    ("mi250-secondary-die-zero", "metric -E", "0/energy/total_energy_consumption/value", "147600"),
    ("mi250-secondary-die-zero", "metric -E", "1/energy/total_energy_consumption", "null: on_first_die"),
    ("mi250-secondary-die-zero", "static -l", "1/limit/ppt0/socket_power_limit", "null: on_first_die"),
    ("mi250-secondary-die-zero", "monitor -p", "1/power_usage", "null: on_first_die"),
    (
        "mi250-secondary-die-zero",
        "set -g 1 -o 200 --dry-run",
        "!",
        "set the cap of an MI250 on its first die",
    ),
    // The board that carries the packages.
    ("board-npm", "metric -p", "0/power/ubb_power/value", "2127"),
    ("board-npm", "metric", "0/base_board/temperature/UBB_FPGA/value", "41"),
    ("board-npm", "metric -b", "0/base_board/temperature/IBC/value", "47"),
    ("board-npm", "metric -b", "0/base_board/power/ubb_power_limit/value", "8400"),
    ("board-npm", "metric -b", "0/base_board/power/node_power/value", "2127"),
    ("board-npm", "metric -b", "0/base_board/power/node_power_limit_max/value", "8400"),
    ("board-npm", "metric -b", "0/base_board/power/ppt_residency", "0"),
    ("board-npm", "metric -b", "0/base_board/power/power_management", "ENABLED"),
    ("board-npm", "metric -G", "0/gpu_board/temperature/VDDCR_VDD0/value", "60"),
    ("board-npm", "metric -G", "0/gpu_board/temperature/NODE_OAM_X_IBC/value", "52"),
    ("board-npm", "metric -b --json=amd", "0/base_board/temperature/UBB_OAM7", "N/A"),
    ("board-npm", "metric -G --json=amd", "0/gpu_board/temperature/VDDCR_SOC_A/value", "58"),
    ("board-npm", "node", "/node/power_management/limit/value", "8400"),
    ("board-npm", "node", "/node/power_management/node_power/value", "2127"),
    ("board-npm", "node", "/node/power_management/status", "ENABLED"),
    ("board-npm", "node", "/node/base_board/temperature/IBC/value", "47"),
    ("board-npm", "node -p --json=amd", "0/node/power_management/threshold/value", "8400"),
    ("board-npm", "node -p --json=amd", "0/node/power_management/status", "ENABLED"),
    ("board-npm", "monitor -b", "0/ubb_power/value", "2127"),
    ("board-npm", "monitor -b", "0/node_power/value", "2127"),
    ("board-npm", "monitor -b", "0/UBB_FPGA/value", "41"),
    ("board-npm", "monitor -o", "0/VDDCR_VDD0/value", "60"),
    ("board-npm", "monitor -b --json=amd", "0/UBB_OAM7", "N/A"),
    // The Peak Tops Limiter.
    ("ptl", "static -l", "0/limit/ptl_state", "Enabled"),
    ("ptl", "static -l", "0/limit/ptl_format", "I8,F32"),
    ("ptl", "static -l", "0/limit/ptl_supported_formats/4", "F64"),
    ("ptl", "static -l --json=amd", "0/limit/ptl_state", "Enabled"),
    ("ptl", "set -g 0 -S 0 --dry-run", "0/changes/0/requested", "false"),
    ("ptl", "set -g 0 -F F16,F32 --dry-run", "0/changes/0/requested", "F16,F32"),
    ("ptl", "set -g 0 -S 0 -F I8,F32 --dry-run", "!", "--ptl-format switches it on"),
    ("ptl", "set -g 0 -F F16,F8 --dry-run", "!", "choose from I8, F16, BF16, F32, F64"),
    ("ptl", "set -g 0 -F F16,f16 --dry-run", "!", "two different formats"),
    // A counter that ran below zero.
    ("vram-used-underflow", "metric -m", "0/mem_usage/used_vram", "null: implausible"),
    ("vram-used-underflow", "metric -m", "0/mem_usage/total_vram/value", "4096"),
    ("vram-used-underflow", "monitor -v", "0/vram_used", "null: implausible"),
    // Regulators that table 1.x has and the firmware does not measure.
    ("navi10-gpu_metrics-vr0", "metric -t", "0/temperature/regulator_gfx", "null: not_supported"),
    ("navi10-gpu_metrics-vr0", "metric -t", "0/temperature/regulator_soc", "null: not_supported"),
    ("navi10-gpu_metrics-vr0", "metric -t", "0/temperature/regulator_mem", "null: not_supported"),
    // An APU, whatever its instruction set is called.
    ("apu-gfx1170", "static -a", "0/asic/is_apu", "true"),
    ("apu-gfx1170", "static -a", "0/asic/target_graphics_version", "gfx1170"),
    ("vangogh-auto-empty-od", "static -a", "0/asic/is_apu", "true"),
    ("mi250-secondary-die-zero", "static -a", "1/asic/is_apu", "false"),
    ("known-no-hwmon", "static -a", "0/asic/is_apu", "false"),
    // Titles without a colon.
    ("renoir-od-without-colons", "metric -o", "0/overdrive_table/shader_clock/1/clock/value", "1800"),
    ("renoir-od-without-colons", "metric -o", "0/overdrive_table/ranges/SCLK/minimum/value", "200"),
    (
        "renoir-od-without-colons",
        "set -g 0 -L sclk max 1500 --dry-run",
        "0/changes/0/requested/maximum/value",
        "1500",
    ),
    ("renoir-od-without-colons", "set -g 0 -L sclk max 1900 --dry-run", "!", "1800 MHz"),
    // A note behind the only level.
    ("vega20-dpm-disabled", "metric -c", "0/clock/gfx_0/clk/value", "808"),
    ("vega20-dpm-disabled", "static -C SYS", "0/clock/sys/current_level", "0"),
    ("vega20-dpm-disabled", "monitor -u", "0/gfx_clk/value", "808"),
    // The firmware keeps the fan of RDNA4.
    ("rdna4-no-pwm1_enable", "set -g 0 -f 50% --dry-run", "!", "--fan-curve"),
    ("rdna4-no-pwm1_enable", "reset -g 0 -f --dry-run", "0/changes/0/requested", "automatic"),
    // The table is empty until the level is manual.
    (
        "vangogh-auto-empty-od",
        "set -g 0 -L sclk max 1500 --dry-run",
        "0/changes/0/requested/maximum/value",
        "1500",
    ),
    // A virtual function takes no cap.
    (
        "vf-power-cap",
        "set -g 0 -o 300 --dry-run",
        "!",
        "only the host can set the power cap of a virtual function",
    ),
    // Numbers with many digits.
    ("xgmi-hive-table", "xgmi", "0/hive/node_id", "17780215227696198033"),
];

/// Runs a command on a case; its JSON, or what it says on its way out.
fn run(case: &Machine, line: &str) -> (Option<Value>, String) {
    let mut words = vec!["--root", case.root.to_str().unwrap()];
    words.extend(line.split(' ').filter(|word| !word.is_empty()));
    if !line.contains("--json") {
        words.push("--json");
    }
    let output = command(&words).output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    (serde_json::from_slice(&output.stdout).ok(), errors)
}

/// The rows of the GPUs, whatever the command's root is.
fn gpus(document: &Value) -> &Value {
    document.get("gpu_data").unwrap_or(document)
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[test]
fn each_case_is_right_in_every_view() {
    let Some(machines) = cases() else { return };
    let mut wrong = Vec::new();
    for (name, line, path, expected) in ROWS {
        let case =
            machines.iter().find(|machine| machine.name == *name).unwrap_or_else(|| panic!("no case {name}"));
        let (document, errors) = run(case, line);
        let mut differs =
            |found: String| wrong.push(format!("{name}: {line}: {path}: {found}, not {expected}"));
        if *path == "!" {
            if !errors.contains(expected) {
                differs(errors);
            }
            continue;
        }
        let Some(document) = document else {
            differs(errors);
            continue;
        };
        // A path that begins with `/` begins at the top.
        let gpus = gpus(&document);
        let (place, path) = match path.strip_prefix('/') {
            Some(path) => (&document, path),
            None => (gpus, *path),
        };
        let found = place.pointer(&format!("/{path}")).cloned().unwrap_or_else(|| json!("no such path"));
        match expected.strip_prefix("null: ") {
            Some(reason) => {
                let (gpu, key) = path.split_once('/').unwrap();
                let why = &gpus[gpu.parse::<usize>().unwrap()]["unavailable"][key.replace('/', ".")];
                if !found.is_null() || text(why) != reason {
                    differs(format!("{found}, {why}"));
                }
            }
            None if text(&found) != *expected => differs(text(&found)),
            None => {}
        }
    }
    println!("cases: {} rows of {} cases", ROWS.len(), machines.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let untried = machines.iter().filter(|machine| !ROWS.iter().any(|(name, ..)| *name == machine.name));
    // The output of `doctor` is text.
    let untried: Vec<_> = untried
        .map(|machine| machine.name.as_str())
        .filter(|name| *name != "ppfeaturemask-decimal")
        .collect();
    assert!(untried.is_empty(), "{untried:?}");
}

/// Overdrive is on by bit 14 of a decimal mask, so nobody is advised to switch it on.
#[test]
fn a_decimal_mask_is_not_hexadecimal() {
    let Some(machines) = cases() else { return };
    let case = machines.iter().find(|machine| machine.name == "ppfeaturemask-decimal").unwrap();
    let output = command(&["--root", case.root.to_str().unwrap(), "doctor"]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(!said.contains("ppfeaturemask"), "{said}");
}
