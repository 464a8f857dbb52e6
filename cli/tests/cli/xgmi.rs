//! A hive of two, and its errors, which are read only when asked for.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use serde_json::Value;

use crate::{command, run};

/// Two GPUs; the first one's files are those of `amdgpu_xgmi_sysfs_add_dev_info`.
fn hive() -> tempfile::TempDir {
    let root = tempfile::tempdir().expect("a directory");
    let write = |path: &str, text: &str| {
        let path = root.path().join(path);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
        fs::write(path, text).expect("a file");
    };
    let link = |path: &str, target: &str| {
        let path = root.path().join(path);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
        symlink(target, path).expect("a link");
    };
    for device in [1, 2] {
        let bdf = format!("0000:0{device}:00.0");
        let path = format!("sys/devices/pci0000:00/{bdf}");
        let card = format!("renderD{}", 127 + device);
        write(&format!("{path}/uevent"), &format!("DRIVER=amdgpu\nPCI_ID=1002:740F\nPCI_SLOT_NAME={bdf}\n"));
        write(&format!("{path}/drm/{card}/dev"), "226:0\n");
        link(&format!("sys/class/drm/{card}"), &format!("../../devices/pci0000:00/{bdf}/drm/{card}"));
    }
    let device = "sys/devices/pci0000:00/0000:01:00.0";
    write(&format!("{device}/xgmi_hive_info/xgmi_hive_id"), "255\n");
    link(&format!("{device}/xgmi_hive_info/node1"), "../../0000:01:00.0");
    link(&format!("{device}/xgmi_hive_info/node2"), "../../0000:02:00.0");
    for (name, text) in [
        ("xgmi_device_id", "7\n"),
        ("xgmi_physical_id", "3\n"),
        ("xgmi_num_hops", "00 41 \n"),
        ("xgmi_num_links", "00 02 \n"),
        ("xgmi_port_num", "00:02 ->  01:05\n"),
        ("xgmi_error", "1\n"),
    ] {
        write(&format!("{device}/{name}"), text);
    }
    root
}

fn of(root: &Path, args: &[&str]) -> String {
    let output = command(args).arg("--root").arg(root).output().expect("the program runs");
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8")
}

#[test]
fn the_place_in_the_hive() {
    let root = hive();
    let text = of(root.path(), &["xgmi", "-l"]);
    let row =
        "GPU0   0000:01:00.0  0xff                7        3            0000:01:00.0 SELF, 0000:02:00.0 2\n";
    assert!(text.contains(row), "{text}");
    let document: Value = serde_json::from_str(&of(root.path(), &["xgmi", "-l", "--json"])).expect("JSON");
    let hive = &document["gpu_data"][0]["hive"];
    let peer = serde_json::json!({"bdf": "0000:02:00.0", "hops": 1, "links": 2});
    assert_eq!((&hive["hive_id"], &hive["peers"][1]), (&"0xff".into(), &peer));
    assert_eq!(hive["ports"][0]["to_port"], 5);
    assert_eq!(document["gpu_data"][1]["unavailable"]["hive.hive_id"], "not_supported");
}

#[test]
fn errors_only_when_asked_for() {
    let root = hive();
    assert!(!of(root.path(), &["xgmi"]).contains("ERRORS"));
    assert!(!of(root.path(), &["xgmi", "--json"]).contains("errors_since_last_read"));
    let text = of(root.path(), &["xgmi", "--errors"]);
    assert!(
        text.starts_with("ERRORS SINCE LAST READ, CLEARED BY READING:\nGPU0   0000:01:00.0  one\n"),
        "{text}"
    );
    assert!(text.contains("GPU1   0000:02:00.0  N/A\n"), "{text}");
}

#[test]
fn no_xgmi_is_1() {
    let output = run("navi31-1x-k6.12-desktop", &["xgmi"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        String::from_utf8_lossy(&output.stderr)
            .starts_with("amdgpu-smi: no GPU on this machine reports XGMI: ")
    );
}
