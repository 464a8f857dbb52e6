//! Makes a machine with so many cards: `machine FIXTURE NUMBER FOLDER`.

#![allow(clippy::print_stderr, reason = "a program that prints")]

use std::fs;
use std::path::Path;

use support::machine_room;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [fixture, number, folder] = &arguments[..] else {
        eprintln!("usage: machine FIXTURE NUMBER FOLDER");
        std::process::exit(2);
    };
    let folder = Path::new(folder);
    fs::create_dir_all(folder).unwrap();
    machine_room::multiply_into(Path::new(fixture), number.parse().unwrap(), folder);
    fs::write(folder.join("sys/bench-machine"), "").unwrap();
    // Files that the fixture's kernel does not have yet: the 52 files are those of a newer one.
    let control = fs::canonicalize(folder.join("sys/class/drm/card1/device/gpu_od/fan_ctrl")).unwrap();
    let zero_rpm = "FAN_ZERO_RPM_ENABLE:\n1\nOD_RANGE:\nZERO_RPM_ENABLE: 0 1\n";
    fs::write(control.join("fan_zero_rpm_enable"), zero_rpm).unwrap();
}
