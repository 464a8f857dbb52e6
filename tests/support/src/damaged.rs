//! A fixture that may be changed for the worse.

use std::path::PathBuf;

use amdgpu_smi::{Gpu, Smi};

use crate::fixtures::{copy, fixture};

/// A copy of a fixture that may be damaged.
pub struct Damaged {
    pub folder: tempfile::TempDir,
}

pub const DEVICE: &str = "sys/class/drm/card1/device";

impl Damaged {
    pub fn on_disk() -> Damaged {
        Damaged::over(tempfile::tempdir().unwrap())
    }

    /// Where files cost least: in memory, if this machine has a place for them.
    pub fn in_memory() -> Damaged {
        Damaged::over(tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap())
    }

    fn over(folder: tempfile::TempDir) -> Damaged {
        copy(&fixture("navi31-1x-k6.12-desktop"), folder.path());
        Damaged { folder }
    }

    pub fn path(&self, rel: &str) -> PathBuf {
        self.folder.path().join(rel)
    }

    pub fn hwmon(&self) -> PathBuf {
        self.path(DEVICE).join("hwmon/hwmon4")
    }

    pub fn smi(&self) -> Smi {
        Smi::builder().root(self.folder.path()).build().unwrap()
    }

    pub fn gpu(&self) -> Gpu {
        self.smi().gpus()[0].clone()
    }
}
