//! No hand-written reason is untrue: where the file that a reason denies is planted, the reason goes.

use std::fs;
use std::path::{Path, PathBuf};

use super::{command, fixture};

/// A reason of the command's own sources, and how it comes and goes.
struct Planted {
    reason: &'static str,
    fixture: &'static str,
    command: &'static str,
    /// The files without which the reason is true; a text of none removes the file.
    without: &'static [(&'static str, Option<&'static str>)],
    /// The files that the reason denies.
    with: &'static [(&'static str, Option<&'static str>)],
}

const NAVI31: &str = "navi31-1x-k6.12-desktop";
const MI300X: &str = "mi300x-1x-k6.12-spx";
const DEVICE: &str = "sys/class/drm/card1/device";

const PLANTED: &[Planted] = &[
    Planted {
        reason: "no block counts such errors",
        fixture: MI300X,
        command: "metric -e",
        without: &[("ras/*_err_count", Some("ue: 0\nce: 0\n"))],
        with: &[("ras/*_err_count", Some("ue: 0\nce: 0\nde: 3\n"))],
    },
    Planted {
        reason: "the block does not count these",
        fixture: MI300X,
        command: "metric -k",
        without: &[],
        with: &[("ras/*_err_count", Some("ue: 0\nce: 0\nde: 3\n"))],
    },
    Planted {
        reason: "the driver does not label it",
        fixture: NAVI31,
        command: "metric -p",
        without: &[("hwmon/hwmon4/power2_average", Some("7000000\n"))],
        with: &[("hwmon/hwmon4/power2_label", Some("fastPPT\n"))],
    },
    Planted {
        reason: "the driver prints no limits",
        fixture: NAVI31,
        command: "metric -f",
        without: &[
            ("gpu_od/fan_ctrl/fan_minimum_pwm", Some("FAN_MINIMUM_PWM:\n35\n")),
            ("gpu_od/fan_ctrl/fan_curve", Some("OD_FAN_CURVE:\n0: 40C 30%\n")),
        ],
        with: &[
            (
                "gpu_od/fan_ctrl/fan_minimum_pwm",
                Some("FAN_MINIMUM_PWM:\n35\nOD_RANGE:\nMINIMUM_PWM: 20 100\n"),
            ),
            (
                "gpu_od/fan_ctrl/fan_curve",
                Some(
                    "OD_FAN_CURVE:\n0: 40C 30%\nOD_RANGE:\nFAN_CURVE(hotspot temp): 25C 100C\n\
                     FAN_CURVE(fan speed): 20% 100%\n",
                ),
            ),
        ],
    },
    // A line that is not understood may be the limits: then they are not denied.
    Planted {
        reason: "the driver prints no limits",
        fixture: NAVI31,
        command: "metric -f",
        without: &[("gpu_od/fan_ctrl/fan_minimum_pwm", Some("FAN_MINIMUM_PWM:\n35\n"))],
        with: &[(
            "gpu_od/fan_ctrl/fan_minimum_pwm",
            Some("FAN_MINIMUM_PWM:\n35\nOD_RANGE:\nMINIMUM_PWM: from 20 to 100\n"),
        )],
    },
    Planted {
        reason: "the overdrive table has no such point",
        fixture: NAVI31,
        command: "metric -C",
        without: &[],
        with: &[(
            "pp_od_clk_voltage",
            Some("OD_VDDC_CURVE:\n0: 800MHz 700mV\n1: 1400MHz 800mV\n2: 2100MHz 1000mV\n"),
        )],
    },
    Planted {
        reason: "the overdrive table has no such point",
        fixture: NAVI31,
        command: "metric -C",
        without: &[],
        with: &[("pp_od_clk_voltage", Some("OD_VDDC_CURVE:\n0: 800MHz 700mV\n1: fast\n"))],
    },
    Planted {
        reason: "the driver has no such power channel",
        fixture: NAVI31,
        command: "static -l",
        without: &[],
        with: &[("hwmon/hwmon4/power2_cap", Some("7000000\n"))],
    },
    Planted {
        reason: "the GPU has no such sensor",
        fixture: NAVI31,
        command: "static -l",
        without: &[("hwmon/hwmon4/temp3_*", None), ("gpu_metrics", None)],
        with: &[
            ("hwmon/hwmon4/temp3_input", Some("50000\n")),
            ("hwmon/hwmon4/temp3_label", Some("mem\n")),
            ("hwmon/hwmon4/temp3_crit", Some("100000\n")),
        ],
    },
    Planted {
        reason: "pp_dpm_pcie lists no level",
        fixture: NAVI31,
        command: "static -b",
        without: &[("pp_dpm_pcie", Some("\n"))],
        with: &[("pp_dpm_pcie", Some("0: 2.5GT/s, x1 600Mhz *\n"))],
    },
    Planted {
        reason: "the chip has no unique id, or the driver does not publish it",
        fixture: NAVI31,
        command: "list -e",
        without: &[
            ("unique_id", None),
            (
                "/sys/class/kfd/kfd/topology/nodes/1/properties",
                Some("simd_count 192\nsimd_per_cu 2\nlocation_id 768\ndrm_render_minor 128\nunique_id 0\n"),
            ),
        ],
        with: &[("unique_id", Some("5c88007d1b2c3d4e\n"))],
    },
];

/// Reasons that deny no file of the kernel, and what makes them true.
const OF_NO_FILE: &[(&str, &str)] = &[
    ("there is no such instance", "AMD's lists are longer than any GPU's"),
    ("the board has no such sensor", "AMD's list of sensors is longer than any board's table"),
    ("the table does not tell it of this partition", "the decoder's tests hold it to each table"),
    ("there is no such die", "AMD's lists are longer than any GPU's"),
    ("no process was found", "about the list of processes"),
    ("no process", "about the list of processes"),
    ("this program does not use it", "about this program"),
    ("no metrics table has the clock of a middle die", "no version's layout has such a field"),
    ("the driver publishes it for shader clocks only", "no version's layout has such a field"),
    ("the metrics table omits it", "the decoder's tests hold it to each table"),
    ("the metrics table omits the state of the link", "the decoder's tests hold it to each table"),
    ("the firmware counts encoding and decoding together", "no version's layout has two figures"),
    ("the record has no such field", "about an error record"),
    ("no record", "about error records"),
    ("the driver publishes it only on a host that shares the GPU", "amdgpu has no such file"),
    ("the driver does not publish it", "about the render node's answer"),
    ("the driver leaves it blank", "about a line of pp_dpm_pcie whose other values are there"),
];

/// The files that a path with one `*` names, below the device, or below the root of the machine if it begins with `/`.
fn files(root: &Path, path: &str) -> Vec<PathBuf> {
    let path = path.strip_prefix('/').map_or_else(|| root.join(DEVICE).join(path), |path| root.join(path));
    let (folder, name) = (path.parent().unwrap().to_path_buf(), path.file_name().unwrap().to_str().unwrap());
    let Some((before, after)) = name.split_once('*') else { return vec![path.clone()] };
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    let is_named = |name: &str| name.starts_with(before) && name.ends_with(after);
    entries.filter(|entry| is_named(entry.file_name().to_str().unwrap())).map(|entry| entry.path()).collect()
}

fn put(root: &Path, texts: &[(&str, Option<&str>)]) {
    for (path, text) in texts {
        for file in files(root, path) {
            match text {
                Some(text) => fs::write(file, text).unwrap(),
                None => fs::remove_file(file).unwrap(),
            }
        }
    }
}

fn says(root: &Path, line: &str, reason: &str) -> bool {
    let mut words = vec!["--root", root.to_str().unwrap(), "-vv"];
    words.extend(line.split(' '));
    let output = command(&words).output().unwrap();
    String::from_utf8_lossy(&output.stdout).contains(reason)
}

#[test]
fn a_planted_file_is_not_denied() {
    let mut wrong = Vec::new();
    for planted in PLANTED {
        let folder = tempfile::tempdir().unwrap();
        support::fixtures::copy(&fixture(planted.fixture), folder.path());
        put(folder.path(), planted.without);
        if !says(folder.path(), planted.command, planted.reason) {
            wrong.push(format!("{}: {}: not said without the file", planted.command, planted.reason));
        }
        put(folder.path(), planted.with);
        if says(folder.path(), planted.command, planted.reason) {
            wrong.push(format!("{}: {}: said of a file that is there", planted.command, planted.reason));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Each reason of the sources is in one of the two lists.
#[test]
fn each_reason_is_tried() {
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    let mut untried = Vec::new();
    let mut found = 0;
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if entry.is_dir() {
                folders.push(entry);
                continue;
            }
            let text = fs::read_to_string(&entry).unwrap();
            let sources = text.split("#[cfg(test)]").next().unwrap();
            let quoted = sources.split("unsupported(\"").skip(1).map(|rest| rest.split('"').next().unwrap());
            for reason in quoted {
                found += 1;
                let is_planted = PLANTED.iter().any(|planted| planted.reason == reason);
                if !is_planted && !OF_NO_FILE.iter().any(|(known, _)| *known == reason) {
                    untried.push(format!("{}: {reason}", entry.display()));
                }
            }
        }
    }
    assert!(found > 20 && untried.is_empty(), "{found} reasons; untried: {}", untried.join("\n"));
}
