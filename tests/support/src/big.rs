//! Machines larger than any fixture, built in a temporary folder, and plain loops over their files to compare with.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::time::{Duration, Instant};

/// A machine: packages in partitions, all wired to all, and processes that compute and draw.
pub struct Big {
    /// GPU nodes, eight to a package.
    pub partitions: usize,
    /// Processes, which all compute and draw.
    pub processes: usize,
    /// Descriptors of a GPU that each has, clients of their own.
    pub descriptors: usize,
}

/// A temporary folder in memory where there is one: tens of thousands of small files are slow on a disk.
pub fn folder() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    let made = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
    made.or_else(|_| tempfile::tempdir()).expect("a temporary folder")
}

impl Big {
    /// KFD's number of a partition.
    pub fn kfd_id(partition: usize) -> usize {
        10_000 + partition * 7
    }

    /// Writes the machine's files.
    pub fn build(&self, root: &Path) {
        let write = |rel: &str, text: &str| {
            let path = root.join(rel);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        let link = |rel: &str, target: &str| {
            let path = root.join(rel);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            symlink(target, path).unwrap();
        };
        // Packages of eight.
        for package in 0..self.partitions.div_ceil(8) {
            let bdf = format!("0000:{:02x}:00.0", package + 1);
            let device = format!("sys/devices/pci0000:00/{bdf}");
            write(
                &format!("{device}/uevent"),
                &format!("DRIVER=amdgpu\nPCI_ID=1002:74A1\nPCI_SLOT_NAME={bdf}\n"),
            );
            write(&format!("{device}/power/runtime_status"), "active\n");
            let minor = 128 + package * 8;
            write(&format!("{device}/drm/renderD{minor}/dev"), &format!("226:{minor}\n"));
            link(
                &format!("sys/class/drm/renderD{minor}"),
                &format!("../../devices/pci0000:00/{bdf}/drm/renderD{minor}"),
            );
        }
        for partition in 0..self.partitions {
            let node = format!("sys/class/kfd/kfd/topology/nodes/{}", partition + 1);
            let location = ((partition / 8 + 1) << 8) | (partition % 8);
            write(&format!("{node}/gpu_id"), &format!("{}\n", Big::kfd_id(partition)));
            write(
                &format!("{node}/properties"),
                &format!(
                    "simd_count 152\nsimd_per_cu 4\ngfx_target_version 90402\nvendor_id 4098\ndevice_id 29857\n\
                     location_id {location}\ndomain 0\ndrm_render_minor {}\nhive_id 77\n",
                    128 + partition
                ),
            );
            let wire = |number: usize, to: usize, kind: u32, weight: u32| {
                let text = format!(
                    "type {kind}\nversion_major 0\nversion_minor 0\nnode_from {}\nnode_to {to}\nweight {weight}\n\
                     min_latency 0\nmax_latency 0\nmin_bandwidth 312\nmax_bandwidth 64000\n\
                     recommended_transfer_size 0\nrecommended_sdma_engine_id_mask 0\nflags 1\n",
                    partition + 1
                );
                write(&format!("{node}/io_links/{number}/properties"), &text);
            };
            wire(0, 0, 2, 20);
            for (number, to) in (0..self.partitions).filter(|to| *to != partition).enumerate() {
                wire(number + 1, to + 1, 11, if to / 8 == partition / 8 { 13 } else { 41 });
            }
        }
        write("sys/class/kfd/kfd/topology/nodes/0/gpu_id", "0\n");
        write("sys/class/kfd/kfd/topology/nodes/0/properties", "simd_count 0\n");
        link("proc/self", "999");
        link("proc/999/ns/pid", "pid:[4026531836]");
        write("etc/passwd", "root:x:0:0::/root:/bin/sh\n");
        for index in 0..self.processes {
            let pid = 1000 + index;
            write(
                &format!("proc/{pid}/status"),
                &format!(
                    "Name:\tworker\nUmask:\t0022\nTgid:\t{pid}\nPid:\t{pid}\nUid:\t0\t0\t0\t0\nNSpid:\t{pid}\n"
                ),
            );
            write(&format!("proc/{pid}/cgroup"), "0::/system.slice\n");
            for fd in 0..self.descriptors {
                let partition = (index + fd) % self.partitions;
                let minor = 128 + partition;
                link(&format!("proc/{pid}/fd/{}", 10 + fd), &format!("/dev/dri/renderD{minor}"));
                let client = index * 1000 + fd;
                let text = format!(
                    "pos:\t0\nflags:\t02100002\nmnt_id:\t27\nino:\t{minor}\ndrm-driver:\tamdgpu\n\
                     drm-client-id:\t{client}\ndrm-pdev:\t0000:{:02x}:00.0\npasid:\t32771\ndrm-memory-vram:\t4096 KiB\n\
                     drm-memory-gtt: \t512 KiB\ndrm-memory-cpu: \t0 KiB\namd-memory-visible-vram:\t4096 KiB\n\
                     amd-evicted-vram:\t0 KiB\namd-evicted-visible-vram:\t0 KiB\namd-requested-vram:\t4096 KiB\n\
                     amd-requested-visible-vram:\t4096 KiB\namd-requested-gtt:\t512 KiB\ndrm-shared-vram:\t0 KiB\n\
                     drm-shared-gtt:\t0 KiB\ndrm-shared-cpu:\t0 KiB\ndrm-engine-gfx:\t1000000000 ns\n",
                    partition / 8 + 1
                );
                write(&format!("proc/{pid}/fdinfo/{}", 10 + fd), &text);
            }
            let kfd = format!("sys/class/kfd/kfd/proc/{pid}");
            write(&format!("{kfd}/pasid"), "0\n");
            for partition in 0..self.partitions {
                let id = Big::kfd_id(partition);
                let used = partition == index % self.partitions;
                write(&format!("{kfd}/vram_{id}"), if used { "1048576\n" } else { "0\n" });
                // A kernel has the rest for every GPU; of those that are not used nobody reads it.
                if used {
                    write(&format!("{kfd}/sdma_{id}"), "5\n");
                    write(&format!("{kfd}/stats_{id}/evicted_ms"), "0\n");
                    write(&format!("{kfd}/stats_{id}/cu_occupancy"), "3\n");
                }
            }
            let id = Big::kfd_id(index % self.partitions);
            write(&format!("{kfd}/queues/0/gpuid"), &format!("{id}"));
            write(&format!("{kfd}/queues/0/size"), "1048576");
            write(&format!("{kfd}/queues/0/type"), "0");
        }
    }
}

/// The files of the process view, read by a plain loop that understands nothing of them; how many bytes they have.
pub fn read_processes(root: &Path) -> usize {
    let mut bytes = 0;
    let mut read = |path: &Path| bytes += fs::read(path).map_or(0, |text| text.len());
    for entry in fs::read_dir(root.join("proc")).unwrap() {
        let process = entry.unwrap().path();
        if process.file_name().unwrap().to_str().unwrap().parse::<u32>().is_err() {
            continue;
        }
        for fd in fs::read_dir(process.join("fd")).into_iter().flatten() {
            let fd = fd.unwrap();
            let target = fs::read_link(fd.path()).unwrap();
            if target.to_str().unwrap().starts_with("/dev/dri/") {
                read(&process.join("fdinfo").join(fd.file_name()));
            }
        }
        read(&process.join("status"));
        read(&process.join("cgroup"));
    }
    for entry in fs::read_dir(root.join("sys/class/kfd/kfd/proc")).unwrap() {
        let process = entry.unwrap().path();
        for file in fs::read_dir(&process).unwrap() {
            let name = file.unwrap().file_name();
            if name.to_str().unwrap().starts_with("vram_") {
                read(&process.join(name));
            }
        }
        for queue in fs::read_dir(process.join("queues")).unwrap() {
            let queue = queue.unwrap().path();
            let id = fs::read_to_string(queue.join("gpuid")).unwrap();
            read(&queue.join("type"));
            read(&queue.join("size"));
            for file in
                [format!("sdma_{id}"), format!("stats_{id}/evicted_ms"), format!("stats_{id}/cu_occupancy")]
            {
                read(&process.join(file));
            }
        }
    }
    bytes
}

/// The shortest of several rounds of each; in turn, so that whatever else the machine does hits both.
pub fn race<A, B>(
    rounds: usize,
    mut one: impl FnMut() -> A,
    mut other: impl FnMut() -> B,
) -> (Duration, Duration) {
    let mut best = (Duration::MAX, Duration::MAX);
    for _ in 0..rounds {
        let start = Instant::now();
        drop(one());
        let middle = Instant::now();
        drop(other());
        best = (best.0.min(middle - start), best.1.min(middle.elapsed()));
    }
    best
}

/// The links' files, read by a plain loop; how many bytes they have.
pub fn read_links(root: &Path) -> usize {
    let mut bytes = 0;
    for node in fs::read_dir(root.join("sys/class/kfd/kfd/topology/nodes")).unwrap() {
        for link in fs::read_dir(node.unwrap().path().join("io_links")).into_iter().flatten() {
            bytes += fs::read(link.unwrap().path().join("properties")).unwrap().len();
        }
    }
    bytes
}
