//! Resets of the GPU and of the XGMI error counters.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::Control;
use super::plan::{Behind, Plan, Step};
use crate::backend::Dir;
use crate::error::{Error, Op, Result};
use crate::parse::scalar;

const DEBUG: &str = "/sys/kernel/debug/dri";
const RECOVER: &str = "amdgpu_gpu_recover";

impl Control<'_> {
    /// Resets the GPU. All work on the GPU is lost, including all partitions and the whole XGMI hive.
    ///
    /// It cannot be undone. The handle stays valid, but the GPU returns
    /// [`InReset`](crate::error::Unavailable::InReset) for a while.
    ///
    /// # Source
    /// Reading `amdgpu_gpu_recover` in debugfs triggers it (`amdgpu_debugfs_gpu_recover`); in the directory of the
    /// PCI address, or on older kernels of the card's number, whose `name` must have the address.
    ///
    /// # Errors
    /// [`Error::NotSupported`] without debugfs; [`Error::NoPermission`] for users other than root, and on a
    /// locked-down kernel. At the commit, [`Error::Io`] with the result of the reset.
    ///
    /// # Supported on
    /// All.
    #[doc(alias = "amdsmi_reset_gpu")]
    pub fn reset_gpu(&self) -> Result<Plan<()>> {
        let dir = self.debug_dir()?;
        Ok(Plan::new(self.gpu, (), |_| Ok(())).step(Step::read(&dir, RECOVER)))
    }

    /// The debugfs directory of this GPU.
    pub(super) fn debug_dir(&self) -> Result<Arc<dyn Dir>> {
        let backend = &self.gpu.inner.backend;
        let bdf = self.gpu.ids().package.to_string();
        let by_address = Path::new(DEBUG).join(&bdf);
        // The package's own card: a partition's card has no such file.
        let card = self
            .device
            .dir
            .list(Path::new("drm"))
            .unwrap_or_default()
            .into_iter()
            .find_map(|entry| entry.name.to_str()?.strip_prefix("card")?.parse::<u32>().ok());
        let by_number = card.map(|card| Path::new(DEBUG).join(card.to_string()));
        let mut refused = None;
        for path in std::iter::once(by_address).chain(by_number) {
            match backend.open_dir(&path) {
                // Numbers change at each boot and hot-plug. Never reset another GPU.
                Ok(dir) if path.ends_with(&bdf) || names(&*dir, &bdf) => {
                    if dir.meta(Path::new(RECOVER)).is_ok() {
                        return Ok(dir);
                    }
                }
                Ok(_) => {}
                Err(error) => refused = refused.or(denied(&path, &error)),
            }
        }
        let absent = || Error::NotSupported { path: PathBuf::from(DEBUG).join(&bdf).join(RECOVER) };
        Err(refused.unwrap_or_else(absent))
    }

    /// Clears the XGMI error counters of the GPU.
    ///
    /// It cannot be undone.
    ///
    /// # Source
    /// Reading `xgmi_error` of the PCI device clears them (`amdgpu_xgmi_show_error`).
    ///
    /// # Errors
    /// [`Error::NotSupported`] if the GPU is in no hive, or if its data fabric cannot be read.
    ///
    /// # Supported on
    /// Vega20, MI100, MI200.
    #[doc(alias = "amdsmi_reset_gpu_xgmi_error")]
    pub fn reset_xgmi_errors(&self) -> Result<Plan<()>> {
        self.present("xgmi_error")?;
        let step = Step::read(&self.device.dir, "xgmi_error").behind(Behind::Other);
        Ok(Plan::new(self.gpu, (), |_| Ok(())).step(step))
    }
}

/// Checks in debugfs that this directory belongs to the device: `amdgpu dev=0000:03:00.0 unique=0000:03:00.0`
/// (`drm_name_info`).
fn names(dir: &dyn Dir, bdf: &str) -> bool {
    let mut text = Vec::new();
    if dir.read(Path::new("name"), &mut text).is_err() {
        return false;
    }
    let device = format!("dev={bdf}");
    scalar::text(&text).is_some_and(|text| text.split_whitespace().any(|word| word == device))
}

/// The error of an existing directory that this user may not open.
fn denied(path: &Path, error: &std::io::Error) -> Option<Error> {
    let error = Error::plain(Op::OpenDir, path, error);
    matches!(error, Error::NoPermission { .. }).then_some(error)
}
