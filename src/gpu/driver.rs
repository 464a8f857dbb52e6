//! The driver.

use std::path::{Path, PathBuf};

use super::{Gpu, read};
use crate::backend::Backend;
use crate::error::{Error, Op, Reasons, Result};
use crate::parse::scalar;
use crate::parse::system::{self, ModuleState};

/// The kernel driver that holds the GPU.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct DriverInfo {
    /// `amdgpu`.
    pub name: &'static str,
    /// Its version, where it is not the kernel's own: AMD's DKMS builds have one. Else absent; the kernel's
    /// release is the driver's version then.
    pub version: Option<String>,
    /// The kernel's release, as `uname -r` prints it.
    pub kernel_release: Option<String>,
    /// Why fields have no value, by their names.
    pub reasons: Reasons,
}

/// Whether the driver is loaded, and what holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct DriverState {
    /// How far it is loaded; absent where it is built into the kernel.
    pub state: Option<ModuleState>,
    /// What uses it: the driver can be loaded anew, as a change of memory partitions needs, when this is 0.
    pub users: Option<u32>,
    /// Why fields have no value, by their names.
    pub reasons: Reasons,
}

impl Gpu {
    /// Whether the driver is loaded, being loaded or being removed, and how many use it.
    ///
    /// *Source*: `/sys/module/amdgpu/initstate`, `refcnt`; neither is there for a driver that is built in.
    /// *Errors*: none of its own; each field that is absent has its reason.
    /// *Supported on*: all.
    pub fn driver_state(&self) -> DriverState {
        let mut reasons = Reasons::default();
        let folder = Path::new("/sys/module/amdgpu");
        let plain = |op: Op, path: PathBuf, error| Error::plain(op, &path, &error);
        let open = || {
            self.0.backend.open_dir(folder).map_err(|error| plain(Op::OpenDir, folder.to_path_buf(), error))
        };
        let state =
            open().and_then(|dir| read(&*dir, "initstate", plain, |text| Ok(system::module_state(text))));
        let users = open().and_then(|dir| read(&*dir, "refcnt", plain, scalar::unsigned_32));
        DriverState {
            state: reasons.keep_some("state", &folder.join("initstate"), state),
            users: reasons.keep("users", users),
            reasons,
        }
    }

    /// Name and version of the driver, and the kernel's release.
    ///
    /// *Source*: `/sys/module/amdgpu/version`, `/proc/sys/kernel/osrelease`. For the driver's date see
    /// [`Gpu::drm_version`], which opens the device.
    /// *Errors*: none of its own; each field that is absent has its reason.
    /// *Supported on*: all.
    #[doc(alias = "amdsmi_get_gpu_driver_info")]
    pub fn driver_info(&self) -> DriverInfo {
        driver_info(&*self.0.backend)
    }
}

/// What a machine says of the driver, with or without a GPU.
pub(crate) fn driver_info(backend: &dyn Backend) -> DriverInfo {
    let mut reasons = Reasons::default();
    let word = |dir: &str, file: &str| -> Result<String> {
        let path = Path::new(dir);
        let plain = |op: Op, path: PathBuf, error| Error::plain(op, &path, &error);
        let opened = backend.open_dir(path);
        let dir = opened.map_err(|error| plain(Op::OpenDir, path.join(file), error))?;
        let text = read(&*dir, file, plain, |text| Ok(scalar::text(text).map(String::from)))?;
        text.ok_or_else(|| Error::NotSupported { path: path.join(file) })
    };
    DriverInfo {
        name: "amdgpu",
        version: reasons.keep("version", word("/sys/module/amdgpu", "version")),
        kernel_release: reasons.keep("kernel_release", word("/proc/sys/kernel", "osrelease")),
        reasons,
    }
}
