//! Machines that no kernel makes: whatever stands where an attribute should be, the answer is an error that names
//! it, the rest is answered, and nothing waits, panics or grows.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use amdgpu_smi::error::Unavailable;
use amdgpu_smi::gpu::{ClockDomain, Source, Temperature};
use amdgpu_smi::{Error, Smi};
use support::damaged::{DEVICE, Damaged};
use support::fixtures;

/// Junction, the sensor that is damaged, is an error that names the file; edge and memory are as before.
fn only_junction_is_spoiled(machine: &Damaged, expected: &str) {
    let begun = Instant::now();
    let sensors = machine.gpu().temperatures().unwrap();
    assert!(begun.elapsed() < Duration::from_secs(60), "it waited");
    let current: Vec<bool> = sensors.iter().map(|sensor| sensor.current.is_ok()).collect();
    assert_eq!(current, [true, false, true]);
    let error = sensors[1].current.as_ref().unwrap_err().to_string();
    assert!(error.contains("hwmon4/temp2_input") && error.contains(expected), "{error}");
    assert!(!error.contains('\n'), "{error}");
}

/// The file of junction counts as missing, so the table is asked, and nobody followed the link.
fn junction_is_asked_of_the_table(machine: &Damaged) {
    let sensors = machine.gpu().temperatures().unwrap();
    let sources: Vec<Source> = sensors.iter().map(|sensor| sensor.current.as_ref().unwrap().source).collect();
    assert_eq!(sources, [Source::Attribute, Source::Metrics, Source::Attribute]);
    let in_table = machine.gpu().metrics().unwrap().temperatures.hotspot;
    assert_eq!(sensors[1].current.as_deref().ok(), in_table.as_ref());
}

fn replace(machine: &Damaged, with: impl FnOnce(&Path)) {
    let file = machine.hwmon().join("temp2_input");
    fs::remove_file(&file).unwrap();
    with(&file);
}

#[test]
fn ten_megabytes() {
    let machine = Damaged::on_disk();
    replace(&machine, |file| fs::write(file, vec![b'7'; 10 << 20]).unwrap());
    only_junction_is_spoiled(&machine, "larger than any attribute");
}

#[test]
fn bytes_that_are_no_text() {
    let machine = Damaged::on_disk();
    for bytes in [
        &b"\xff\xfe\0\x01"[..],
        b"\0\0\0\0",
        b"",
        b"\n",
        b"45000\n46000\n",
        b"4500\xe2\x82",
        b"0x1f",
        b"--1",
        b"99999999999999999999999",
    ] {
        replace(&machine, |file| fs::write(file, bytes).unwrap());
        only_junction_is_spoiled(&machine, "line ");
    }
}

#[test]
fn a_loop_of_links() {
    let machine = Damaged::on_disk();
    replace(&machine, |file| symlink("temp2_input", file).unwrap());
    only_junction_is_spoiled(&machine, "a loop of symbolic links");
}

#[test]
fn a_directory() {
    let machine = Damaged::on_disk();
    replace(&machine, |file| fs::create_dir(file).unwrap());
    only_junction_is_spoiled(&machine, "a directory, not a file");
}

#[test]
fn a_fifo_is_not_waited_for() {
    let machine = Damaged::on_disk();
    replace(&machine, |file| {
        let mode = rustix::fs::Mode::RUSR;
        rustix::fs::mknodat(rustix::fs::CWD, file, rustix::fs::FileType::Fifo, mode, 0).unwrap();
    });
    only_junction_is_spoiled(&machine, "a fifo, not a file");
}

/// A device node's read could do something: it is refused unread. Needs the right to make one.
#[test]
fn a_device_node_is_not_read() {
    use rustix::fs::{CWD, FileType, Mode, makedev, mknodat};
    let machine = Damaged::on_disk();
    // /dev/zero, which never ends.
    let made = |file: &Path| mknodat(CWD, file, FileType::CharacterDevice, Mode::RUSR, makedev(1, 5));
    if made(&machine.path("node")).is_err() {
        println!("hostile: no device nodes may be made here");
        return;
    }
    replace(&machine, |file| made(file).unwrap());
    only_junction_is_spoiled(&machine, "a device node, not a file");
}

/// A device node of a MANIFEST is an empty file: there is nothing to read.
#[test]
fn a_device_node_by_manifest() {
    let machine = Damaged::on_disk();
    replace(&machine, |file| fs::write(file, "").unwrap());
    let file = fs::canonicalize(machine.hwmon().join("temp2_input")).unwrap();
    let root = fs::canonicalize(machine.path("")).unwrap();
    let line = format!("device c 1:5 {}\n", file.strip_prefix(root).unwrap().display());
    let manifest = fs::read_to_string(machine.path("MANIFEST")).unwrap();
    fs::write(machine.path("MANIFEST"), manifest + &line).unwrap();
    only_junction_is_spoiled(&machine, "line 1");
}

/// The memory of the process that asks, by the link that a tree can hold.
#[test]
fn links_into_the_process_itself() {
    let machine = Damaged::on_disk();
    for target in ["/proc/self/mem", "/proc/self/root/proc/self/mem", "/dev/zero", "/proc/self/fd/0"] {
        replace(&machine, |file| symlink(target, file).unwrap());
        junction_is_asked_of_the_table(&machine);
    }
}

/// Names that would break lines: what is printed of them is one line, and what has them is asked like any other.
#[test]
fn names_with_newlines() {
    let machine = Damaged::on_disk();
    for folder in ["sys/class/drm", "sys/devices/virtual/kfd/kfd/topology/nodes"] {
        for name in ["card1\n2", "\n", "1\n", "renderD128\nx", "a\tb\x1b[31m"] {
            fs::create_dir(machine.path(folder).join(name)).unwrap();
        }
    }
    let device = machine.path(DEVICE);
    fs::write(device.join("fw_version/evil\nname_fw_version"), "0x00000001\n").unwrap();
    fs::write(machine.hwmon().join("temp9\n_input"), "1\n").unwrap();
    fs::create_dir(device.join("hwmon/hwmon4\n")).unwrap();
    let smi = machine.smi();
    assert_eq!(smi.gpus().len(), 1);
    let gpu = &smi.gpus()[0];
    assert_eq!(gpu.temperatures().unwrap().len(), 3);
    let names: Vec<String> = gpu.firmware().unwrap().into_iter().map(|firmware| firmware.name).collect();
    assert!(names.contains(&"evil\nname".to_owned()), "as the kernel names it");
    let others = format!("{:?} {:?}", smi.others(), smi.hidden());
    assert!(!others.contains('\n'), "{others}");
}

#[test]
fn links_that_lead_out() {
    let machine = Damaged::on_disk();
    let outside = tempfile::NamedTempFile::new().unwrap();
    fs::write(outside.path(), "66000\n").unwrap();
    let up = "../".repeat(30);
    for target in [outside.path().to_path_buf(), PathBuf::from(format!("{up}{}", outside.path().display()))] {
        replace(&machine, |file| symlink(target, file).unwrap());
        junction_is_asked_of_the_table(&machine);
    }
}

#[test]
fn roots_that_are_none() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let error = |root: &Path| Smi::builder().root(root).build().unwrap_err();
    for root in [folder.path().to_path_buf(), file.clone(), folder.path().join("absent")] {
        let error = error(&root);
        assert!(matches!(error, Error::Root { .. }), "{error:?}");
    }
    assert!(error(&file).to_string().contains("file"));
    assert!(error(folder.path()).to_string().contains("does not contain a sys directory"));
    fs::write(folder.path().join("sys"), "").unwrap();
    assert!(error(folder.path()).to_string().contains("sys"));
    fs::remove_file(folder.path().join("sys")).unwrap();
    fs::create_dir(folder.path().join("sys")).unwrap();
    assert!(matches!(error(folder.path()), Error::DriverNotLoaded { .. }));
    fs::create_dir_all(folder.path().join("proc/sys/kernel")).unwrap();
    fs::write(folder.path().join("proc/sys/kernel/osrelease"), "5.15.90.1-microsoft-standard-WSL2\n")
        .unwrap();
    assert_eq!(error(folder.path()), Error::Wsl);
}

/// EINVAL means "no such sensor", but not on kernels that refuse every file of a device without runtime power
/// management.
#[test]
fn einval_without_runtime_power_management_is_a_refusal() {
    for (status, refused) in [("unsupported\n", true), ("active\n", false)] {
        let machine = Damaged::on_disk();
        fs::write(machine.path(DEVICE).join("power/runtime_status"), status).unwrap();
        let file = fs::canonicalize(machine.path(DEVICE).join("power_dpm_force_performance_level")).unwrap();
        let root = fs::canonicalize(machine.folder.path()).unwrap();
        let line = format!("errno EINVAL {}\n", file.strip_prefix(root).unwrap().display());
        let manifest = fs::read_to_string(machine.path("MANIFEST")).unwrap();
        fs::write(machine.path("MANIFEST"), manifest + &line).unwrap();
        let reason = machine.gpu().performance_level().unwrap_err();
        assert_eq!(
            matches!(reason, Error::Unavailable { reason: Unavailable::Refused, .. }),
            refused,
            "{reason:?}"
        );
        assert_eq!(matches!(reason, Error::NotSupported { .. }), !refused, "{reason:?}");
    }
}

#[test]
fn a_hwmon_without_a_name() {
    let machine = Damaged::on_disk();
    fs::remove_file(machine.hwmon().join("name")).unwrap();
    assert_eq!(machine.gpu().temperatures().unwrap().len(), 3);
    fs::write(machine.hwmon().join("name"), "nvme\n").unwrap();
    assert!(matches!(machine.gpu().power_channels(), Err(Error::NotSupported { .. })), "another driver's");
    let sensors = machine.gpu().temperatures().unwrap();
    let in_table = |sensor: &Temperature| sensor.channel.is_none() && sensor.critical.is_err();
    assert!(sensors.len() == 3 && sensors.iter().all(in_table), "{sensors:?}");
}

/// Some recordings are padded with NUL to a page: a GPU that sleeps must be seen to sleep there too.
#[test]
fn a_padded_status_is_a_status() {
    let machine = Damaged::on_disk();
    let mut status = b"suspended\n".to_vec();
    for padding in [0, 1, 4086] {
        status.resize(10 + padding, 0);
        fs::write(machine.path(DEVICE).join("power/runtime_status"), &status).unwrap();
        assert!(machine.gpu().is_suspended(), "{padding} NULs");
        assert!(machine.gpu().power().socket.is_err());
    }
}

/// Every file of a machine replaced by rubbish of each kind: whatever is listed can be asked.
#[test]
fn rubbish_everywhere() {
    let rubbish: [&[u8]; 6] = [
        b"",
        b"\0",
        b"\xff\xff\xff\xff\xff\xff\xff\xff\n",
        b": : : * * *\n",
        b"-9223372036854775808\n",
        &[b'1'; 5000],
    ];
    for bytes in rubbish {
        let machine = Damaged::on_disk();
        for path in fixtures::fingerprint(&machine.path("sys")).into_keys() {
            let keep = path.ends_with("uevent") || path.ends_with("name") || path.ends_with("gpu_id");
            if path.symlink_metadata().unwrap().is_file() && !keep {
                fs::write(path, bytes).unwrap();
            }
        }
        let smi = machine.smi();
        assert_eq!(smi.gpus().len(), 1, "the PCI device is named by uevent");
        let gpu = &smi.gpus()[0];
        let _ = (gpu.asic_info(), gpu.board_info(), gpu.firmware(), gpu.cache_info(), gpu.pcie_info());
        let _ = (
            gpu.memory_usage(),
            gpu.vram_info(),
            gpu.numa_info(),
            gpu.activity(),
            gpu.fans(),
            gpu.fan_control(),
        );
        let _ = (gpu.temperatures(), gpu.power(), gpu.voltages(), gpu.frequencies(), gpu.overdrive());
        let _ =
            (gpu.power_profiles(), gpu.power_features(), gpu.ras_info(), gpu.pcie_levels(), gpu.soc_pstate());
        let _ = ClockDomain::ALL.map(|domain| gpu.clock_levels(domain));
    }
}

/// KFD nodes with numbers that are none, a topology that is a file, cards that are files.
#[test]
fn rubbish_in_directories() {
    let machine = Damaged::on_disk();
    let nodes = machine.path("sys/devices/virtual/kfd/kfd/topology/nodes");
    for name in ["x", "-1", "99999999999", "1e3", " 1"] {
        fs::create_dir(nodes.join(name)).unwrap();
    }
    fs::write(nodes.join("7"), "a file").unwrap();
    symlink("8", nodes.join("8")).unwrap();
    let drm = machine.path("sys/class/drm");
    fs::write(drm.join("card7"), "a file").unwrap();
    symlink("nowhere", drm.join("card8")).unwrap();
    fs::create_dir(drm.join("card99999999999")).unwrap();
    let smi = machine.smi();
    assert_eq!(smi.gpus().len(), 1);
    assert!(smi.gpus()[0].in_kfd());
    assert_eq!(smi.hidden().len(), 2, "{:?}", smi.hidden());
    assert_eq!(smi.others().len(), 2, "{:?}", smi.others());
}
