//! Unknown values of a newer kernel are shown by their number.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::{command, fixture};

/// Copies what `gpu_metrics` needs, and puts a table 1.9 of three attributes in: 61 °C, -7 °C and two clocks.
fn machine() -> tempfile::TempDir {
    let root = tempfile::tempdir().expect("a directory");
    let device = root.path().join("sys/devices/pci0000:00/0000:01:00.0");
    fs::create_dir_all(device.join("drm/renderD128")).expect("a directory");
    let uevent = "DRIVER=amdgpu\nPCI_ID=1002:75A0\nPCI_SLOT_NAME=0000:01:00.0\n";
    fs::write(device.join("uevent"), uevent).expect("a file");
    fs::write(device.join("drm/renderD128/dev"), "226:128\n").expect("a file");
    let class = root.path().join("sys/class/drm");
    fs::create_dir_all(&class).expect("a directory");
    let target = "../../devices/pci0000:00/0000:01:00.0/drm/renderD128";
    std::os::unix::fs::symlink(target, class.join("renderD128")).expect("a link");
    let mut table = vec![0, 0, 1, 9, 3, 0, 0, 0];
    for (unit, kind, id, values) in
        [(2, 2, 0, &[61_u16][..]), (2, 3, 900, &[65_529]), (1, 2, 901, &[1500, 1600])]
    {
        let encoding = unit << 24 | kind << 20 | id << 10 | values.len() as u64;
        table.extend(encoding.to_le_bytes());
        table.extend(values.iter().flat_map(|value| value.to_le_bytes()));
    }
    let size = u16::try_from(table.len()).expect("a small table");
    table[..2].copy_from_slice(&size.to_le_bytes());
    fs::write(device.join("gpu_metrics"), table).expect("a file");
    root
}

fn metric(root: &Path, more: &[&str]) -> String {
    let output = command(&["metric"]).args(more).arg("--root").arg(root).output().expect("the program runs");
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8")
}

#[test]
fn a_metrics_attribute_that_nobody_knows() {
    let root = machine();
    let text = crate::squeezed(&metric(root.path(), &[]));
    for line in ["attribute 900: -7 °C", "attribute 901.0: 1500 MHz", "attribute 901.1: 1600 MHz"] {
        assert!(text.contains(line), "{text}");
    }
    let document: Value = serde_json::from_str(&metric(root.path(), &["--json"])).expect("JSON");
    assert_eq!(
        document["gpu_data"][0]["others"],
        json!({
            "attribute_900": { "value": -7, "unit": "C" },
            "attribute_901.0": { "value": 1500, "unit": "MHz" },
            "attribute_901.1": { "value": 1600, "unit": "MHz" },
        })
    );
    assert!(!metric(root.path(), &["--json=amd"]).contains("attribute_900"), "AMD has no such key");
    assert!(!metric(root.path(), &["-t", "--json"]).contains("attribute_900"), "nobody asked for it");
    let known = metric(&fixture("navi31-1x-k6.12-desktop"), &["--json"]);
    assert!(!known.contains("\"others\""), "there is nothing else");
}
