//! Machines with many GPUs, made out of a fixture with one package.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

/// Distance between the numbers of cards, render nodes, hwmons and partitions of two packages.
const STRIDE: usize = 16;

/// A machine whose package stands there `packages` times, each in a PCI domain of its own.
pub fn multiply(fixture: &Path, packages: usize) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    multiply_into(fixture, packages, folder.path());
    folder
}

/// The same, in a folder that is there.
pub fn multiply_into(fixture: &Path, packages: usize, folder: &Path) {
    let room = Room { from: fixture.join("sys"), to: folder.join("sys") };
    let gpu = room.gpu();
    // `devices`, the root complex, the port under which the card is.
    let port: PathBuf = gpu.components().take(3).collect();
    let partitions = room.entries("devices/platform");
    for package in 0..packages {
        room.copy(&port, package);
        for partition in partitions.iter().filter(|name| name.starts_with("amdgpu_xcp")) {
            room.copy(&Path::new("devices/platform").join(partition), package);
        }
        let ours = |target: &Path| target.starts_with(&port) || target.starts_with("devices/platform");
        for class in ["class/drm", "class/hwmon", "bus/pci/devices", "bus/pci/drivers/amdgpu"] {
            for name in room.entries(class) {
                let link = Path::new(class).join(&name);
                if room.target(&link).is_some_and(|target| ours(&target)) {
                    room.copy(&link, package);
                }
            }
        }
        room.nodes(package);
    }
    fs::create_dir_all(room.to.join("class/kfd")).unwrap();
    symlink("../../devices/virtual/kfd/kfd", room.to.join("class/kfd/kfd")).unwrap();
    fs::write(folder.join("MANIFEST"), "origin synthetic\nhost page_size 4096\nhost euid 1000\n").unwrap();
}

struct Room {
    from: PathBuf,
    to: PathBuf,
}

impl Room {
    /// The directory of the fixture's amdgpu card, below `sys`.
    fn gpu(&self) -> PathBuf {
        let drivers = self.entries("bus/pci/drivers/amdgpu");
        let bdf = drivers.iter().find(|name| name.contains(':')).unwrap();
        self.target(&Path::new("bus/pci/drivers/amdgpu").join(bdf)).unwrap()
    }

    fn entries(&self, dir: &str) -> Vec<String> {
        let Ok(entries) = fs::read_dir(self.from.join(dir)) else { return Vec::new() };
        let mut names: Vec<_> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    /// Where a link leads, below `sys`.
    fn target(&self, link: &Path) -> Option<PathBuf> {
        let path = fs::canonicalize(self.from.join(link)).ok()?;
        Some(path.strip_prefix(fs::canonicalize(&self.from).unwrap()).unwrap().to_path_buf())
    }

    fn copy(&self, rel: &Path, package: usize) {
        let from = self.from.join(rel);
        let to = self.to.join(renumber_path(rel, package));
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        let kind = fs::symlink_metadata(&from).unwrap().file_type();
        if kind.is_symlink() {
            let _ = symlink(renumber_path(&fs::read_link(&from).unwrap(), package), to);
        } else if kind.is_dir() {
            fs::create_dir_all(&to).unwrap();
            for name in self.entries(rel.to_str().unwrap()) {
                self.copy(&rel.join(name), package);
            }
        } else if from.ends_with("uevent") {
            let text = fs::read_to_string(&from).unwrap();
            fs::write(to, text.replace("PCI_SLOT_NAME=0000:", &format!("PCI_SLOT_NAME={package:04x}:")))
                .unwrap();
        } else if from.ends_with("unique_id") {
            let id = u64::from_str_radix(fs::read_to_string(&from).unwrap().trim(), 16).unwrap();
            fs::write(to, format!("{:016x}\n", id + package as u64)).unwrap();
        } else {
            fs::copy(&from, to).unwrap();
        }
    }

    /// The topology: CPU nodes once, the package's GPU nodes for each.
    fn nodes(&self, package: usize) {
        let topology = Path::new("devices/virtual/kfd/kfd/topology");
        let nodes = self.entries(topology.join("nodes").to_str().unwrap());
        let is_gpu = |node: &&String| {
            let id = self.from.join(topology).join("nodes").join(node).join("gpu_id");
            fs::read_to_string(id).unwrap().trim() != "0"
        };
        let gpus = nodes.iter().filter(is_gpu).count();
        for node in &nodes {
            let rel = topology.join("nodes").join(node);
            let shift = if is_gpu(&node) { package * gpus } else { 0 };
            if shift == 0 && package > 0 {
                continue;
            }
            let number = node.parse::<usize>().unwrap() + shift;
            let to = self.to.join(topology).join("nodes").join(number.to_string());
            self.copy_plain(&rel, &to);
            let id: usize = fs::read_to_string(to.join("gpu_id")).unwrap().trim().parse().unwrap();
            if id != 0 {
                fs::write(to.join("gpu_id"), format!("{}\n", id + package)).unwrap();
                let properties = fs::read_to_string(to.join("properties")).unwrap();
                let lines = properties.lines().map(|line| match line.split_once(' ').unwrap() {
                    ("domain", _) => format!("domain {package}\n"),
                    ("drm_render_minor", minor) => {
                        format!("drm_render_minor {}\n", minor.parse::<usize>().unwrap() + package * STRIDE)
                    }
                    ("unique_id", id) => {
                        format!("unique_id {}\n", id.parse::<u64>().unwrap() + package as u64)
                    }
                    _ => format!("{line}\n"),
                });
                fs::write(to.join("properties"), lines.collect::<String>()).unwrap();
            }
        }
        for file in ["generation_id", "system_properties"] {
            let from = self.from.join(topology).join(file);
            fs::copy(from, self.to.join(topology).join(file)).unwrap();
        }
    }

    fn copy_plain(&self, rel: &Path, to: &Path) {
        if self.from.join(rel).is_dir() {
            fs::create_dir_all(to).unwrap();
            for name in self.entries(rel.to_str().unwrap()) {
                self.copy_plain(&rel.join(&name), &to.join(name));
            }
        } else {
            fs::copy(self.from.join(rel), to).unwrap();
        }
    }
}

fn renumber_path(path: &Path, package: usize) -> PathBuf {
    path.components().map(|name| renumber(name.as_os_str().to_str().unwrap(), package)).collect()
}

/// The name of the same thing in another package.
fn renumber(name: &str, package: usize) -> String {
    if let Some(rest) = name.strip_prefix("pci0000:") {
        return format!("pci{package:04x}:{rest}");
    }
    if let Some(rest) = name.strip_prefix("0000:") {
        return format!("{package:04x}:{rest}");
    }
    for prefix in ["card", "renderD", "hwmon", "amdgpu_xcp_"] {
        if let Some(number) = name.strip_prefix(prefix).and_then(|number| number.parse::<usize>().ok()) {
            return format!("{prefix}{}", number + package * STRIDE);
        }
    }
    name.to_owned()
}
