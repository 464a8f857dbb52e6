//! Machines that are far too large: what is asked of them costs memory and calls in proportion to what is listed, a
//! bounded number of each, and never what a file claims to be.

use std::fs::{self, File};
use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::Arc;

use amdgpu_smi::Smi;
use amdgpu_smi::backend::{Record, Tree};
use support::damaged::{DEVICE, Damaged};
use support::fixtures;

use crate::counting::peak;

const MIB: usize = 1 << 20;
const ENTRIES: usize = 100_000;

fn ask(smi: &Smi) {
    for gpu in smi.gpus() {
        let _ = (gpu.temperatures(), gpu.memory_usage(), gpu.metrics(), gpu.overdrive(), gpu.firmware());
        let _ = (gpu.bad_pages(), gpu.cper_records(), gpu.cache_info(), gpu.asic_info(), gpu.pcie_info());
        let _ = (gpu.vram_info(), gpu.power_profiles(), gpu.error_counts_by_block(), gpu.board_info());
    }
    let _ = (smi.processes(), smi.topology(), smi.driver_info());
}

/// Every file of the machine is a gigabyte of nothing, which takes no room on the disk.
#[test]
fn a_gigabyte_in_each_file() {
    let machine = Damaged::in_memory();
    let mut grown = 0;
    for path in fixtures::fingerprint(&machine.path("")).into_keys() {
        // The files that identify a GPU remain.
        let keep =
            ["MANIFEST", "uevent", "name", "gpu_id", "properties"].iter().any(|name| path.ends_with(name));
        if path.symlink_metadata().unwrap().is_file() && !keep {
            File::options().write(true).open(&path).unwrap().set_len(1 << 30).unwrap();
            grown += 1;
        }
    }
    assert!(grown > 100, "{grown}");
    let used = peak(|| {
        let smi = Smi::builder().root(machine.path("")).build().unwrap();
        assert_eq!(smi.gpus().len(), 1);
        ask(&smi);
    });
    // Nothing reads more than a few files at a time, each up to its own limit.
    assert!(used < 64 * MIB, "{} MiB", used / MIB);
}

#[test]
fn a_manifest_of_a_gigabyte() {
    let machine = Damaged::in_memory();
    File::options().write(true).open(machine.path("MANIFEST")).unwrap().set_len(1 << 30).unwrap();
    let used = peak(|| assert!(Tree::open(machine.path("")).is_err()));
    // A MANIFEST is read up to the limit before it is refused.
    assert!(used < 64 * MIB, "{} MiB", used / MIB);
}

/// Asks a machine with so many entries somewhere: system calls and memory for each of them.
fn costs(machine: &Damaged, gpus: usize) -> (usize, usize) {
    let record = Record::new(Arc::new(Tree::open(machine.path("")).unwrap()));
    let mut calls = 0;
    let used = peak(|| {
        let smi = Smi::builder().backend(Arc::new(record.clone())).build().unwrap();
        assert_eq!(smi.gpus().len(), gpus);
        ask(&smi);
        calls = record.calls().len();
    });
    (calls, used)
}

/// At most so many calls an entry, and as little memory; the log of the calls counts as well.
fn is_linear(machine: &Damaged, gpus: usize, most: usize) {
    let (calls, used) = costs(machine, gpus);
    assert!(calls < most * ENTRIES + 2000, "{calls} calls");
    assert!(used < most * 512 * ENTRIES + 64 * MIB, "{} MiB", used / MIB);
}

fn fill(folder: &Path, mut make: impl FnMut(usize, &Path)) {
    for number in 0..ENTRIES {
        make(number, folder);
    }
}

#[test]
fn many_cards() {
    let machine = Damaged::in_memory();
    fill(&machine.path("sys/class/drm"), |number, folder| {
        let target = format!("../../devices/pci0000:00/nowhere{number}/drm/card{}", number + 10);
        symlink(target, folder.join(format!("card{}", number + 10))).unwrap();
    });
    is_linear(&machine, 1, 4);
}

#[test]
fn many_sensors_chips() {
    let machine = Damaged::in_memory();
    fill(&machine.path(DEVICE).join("hwmon"), |number, folder| {
        fs::create_dir(folder.join(format!("hwmon{}", number + 10))).unwrap();
    });
    is_linear(&machine, 1, 4);
}

#[test]
fn many_nodes() {
    let machine = Damaged::in_memory();
    fill(&machine.path("sys/devices/virtual/kfd/kfd/topology/nodes"), |number, folder| {
        fs::create_dir(folder.join((number + 10).to_string())).unwrap();
    });
    is_linear(&machine, 1, 8);
}

#[test]
fn many_descriptors() {
    let machine = Damaged::in_memory();
    let process = machine.path("proc/4711");
    for folder in ["fd", "fdinfo"] {
        fs::create_dir_all(process.join(folder)).unwrap();
    }
    fs::write(process.join("status"), "Name:\tmany\nUid:\t1000\t1000\t1000\t1000\n").unwrap();
    fill(&process, |number, folder| {
        symlink("/dev/dri/renderD128", folder.join(format!("fd/{number}"))).unwrap();
        let text = format!("drm-driver:\tamdgpu\ndrm-client-id:\t{number}\ndrm-pdev:\t0000:03:00.0\n");
        fs::write(folder.join(format!("fdinfo/{number}")), text).unwrap();
    });
    is_linear(&machine, 1, 8);
}

/// The list of processes holds each of them once, without room to spare, and little more while it is made.
#[test]
fn many_processes() {
    const PROCESSES: usize = 2_000;
    let machine = Damaged::in_memory();
    for pid in 10_000..10_000 + PROCESSES {
        let process = machine.path("proc").join(pid.to_string());
        fs::create_dir_all(process.join("fd")).unwrap();
        fs::create_dir_all(process.join("fdinfo")).unwrap();
        fs::write(process.join("status"), "Name:\tmany\nUid:\t1000\t1000\t1000\t1000\n").unwrap();
        fs::write(process.join("cgroup"), "0::/user.slice/user-1000.slice/session-2.scope\n").unwrap();
        symlink("/dev/dri/renderD128", process.join("fd/3")).unwrap();
        let client = format!(
            "drm-driver:\tamdgpu\ndrm-client-id:\t{pid}\ndrm-pdev:\t0000:03:00.0\ndrm-memory-vram:\t12 KiB\n\
             drm-memory-gtt:\t12 KiB\ndrm-memory-cpu:\t12 KiB\ndrm-engine-gfx:\t5 ns\ndrm-engine-enc:\t5 ns\n"
        );
        fs::write(process.join("fdinfo/3"), client).unwrap();
    }
    let smi = Smi::builder().root(machine.path("")).build().unwrap();
    let used = peak(|| assert!(smi.processes().processes.len() >= PROCESSES));
    assert!(used / PROCESSES < 4_500, "{} bytes for each process", used / PROCESSES);
}
