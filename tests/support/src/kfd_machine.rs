//! Machines that have nothing but KFD: a GPU node each, and what a test adds.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use amdgpu_smi::Smi;
use amdgpu_smi::backend::Tree;
use amdgpu_smi::id::GpuId;

/// KFD's ids of the GPUs, in order: 7d01, 7d02, 7d03.
pub const GPUS: [GpuId; 3] = [GpuId(32001), GpuId(32002), GpuId(32003)];

/// A machine in a temporary directory.
pub struct Machine {
    dir: tempfile::TempDir,
}

impl Machine {
    pub fn new(gpus: usize) -> Machine {
        let machine = Machine { dir: tempfile::tempdir().unwrap() };
        machine.write("dev/kfd", "");
        machine.write("sys/module/amdgpu/initstate", "live\n");
        let nodes = "sys/class/kfd/kfd/topology/nodes";
        machine.write(&format!("{nodes}/0/gpu_id"), "0\n");
        machine.write(&format!("{nodes}/0/properties"), "simd_count 0\n");
        for (number, gpu) in GPUS.iter().enumerate().take(gpus) {
            let node = format!("{nodes}/{}", number + 1);
            let location = (number + 1) << 8;
            machine.write(&format!("{node}/gpu_id"), &format!("{gpu}\n"));
            machine.write(
                &format!("{node}/properties"),
                &format!("simd_count 304\nlocation_id {location}\ndomain 0\ngfx_target_version 90402\nvendor_id 4098\ndevice_id 29857\n"),
            );
        }
        machine
    }

    pub fn path(&self, path: &str) -> PathBuf {
        self.dir.path().join(path)
    }

    pub fn write(&self, path: &str, text: &str) {
        fs::create_dir_all(self.path(path).parent().unwrap()).unwrap();
        fs::write(self.path(path), text).unwrap();
    }

    pub fn link(&self, path: &str, target: &str) {
        fs::create_dir_all(self.path(path).parent().unwrap()).unwrap();
        std::os::unix::fs::symlink(target, self.path(path)).unwrap();
    }

    pub fn manifest(&self, text: &str) {
        self.write("MANIFEST", text);
    }

    pub fn script(&self, gpu: GpuId, text: &str) {
        self.write(&format!("dev/kfd.events/{gpu}"), text);
    }

    /// A process that KFD knows, as it is made: the directory whole at once.
    pub fn process(&self, pid: u32, gpus: &[GpuId]) {
        let made = format!("sys/class/kfd/kfd/{pid}.new");
        for gpu in gpus {
            self.write(&format!("{made}/vram_{gpu}"), "0\n");
        }
        let all = self.path("sys/class/kfd/kfd/proc");
        fs::create_dir_all(&all).unwrap();
        fs::rename(self.path(&made), all.join(pid.to_string())).unwrap();
    }

    pub fn remove(&self, path: &str) {
        let path = self.path(path);
        if path.is_dir() { fs::remove_dir_all(path).unwrap() } else { fs::remove_file(path).unwrap() }
    }

    pub fn open(&self) -> (Tree, Smi) {
        let tree = Tree::open(self.dir.path()).unwrap();
        let smi = Smi::builder().backend(Arc::new(tree.clone())).build().unwrap();
        (tree, smi)
    }
}
