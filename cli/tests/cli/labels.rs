//! Sensors and rails that no front end knows show up by the driver's label.

use std::fs;
use std::process::Command;

use serde_json::Value;

use crate::{command, fixture};

#[test]
fn sensors_that_nobody_knows_are_shown() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let copied = Command::new("cp")
        .arg("-a")
        .arg(fixture("navi31-1x-k6.12-desktop").join("."))
        .arg(folder.path())
        .status()
        .expect("cp runs");
    assert!(copied.success());
    let hwmon = folder.path().join("sys/class/drm/card1/device/hwmon");
    let hwmon = fs::read_dir(hwmon).expect("hwmon is there").next().expect("one").expect("an entry").path();
    for (file, text) in [
        ("temp9_label", "vrm\n"),
        ("temp9_input", "52000\n"),
        ("temp9_crit", "115000\n"),
        ("in7_label", "vddio\n"),
        ("in7_input", "1800\n"),
        ("freq7_label", "vclk\n"),
        ("freq7_input", "640000000\n"),
    ] {
        fs::write(hwmon.join(file), text).expect("the file can be written");
    }
    let run = |args: &[&str]| {
        let output = command(args).arg("--root").arg(folder.path()).output().expect("the program runs");
        String::from_utf8(output.stdout).expect("UTF-8")
    };
    let document: Value = serde_json::from_str(&run(&["metric", "--json"])).expect("JSON");
    let gpu = &document["gpu_data"][0];
    assert_eq!(gpu["temperature"]["other_sensors"]["vrm"]["value"], 52);
    assert_eq!(gpu["temperature"]["limits"]["vrm"]["critical"]["value"], 115);
    assert_eq!(gpu["voltage"]["vddio"]["value"], 1800);
    assert_eq!(gpu["clock"]["measured"]["vclk"]["value"], 640);
    let text = crate::squeezed(&run(&["metric"]));
    for line in ["vrm 52 °C", "vddio: 1800 mV", "vclk 640 MHz"] {
        assert!(text.contains(line), "{line} is not in:\n{text}");
    }
}
