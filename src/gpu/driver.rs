//! The driver.

use std::path::{Path, PathBuf};

use super::{Gpu, read};
use crate::attribute::{Absent, word};
use crate::backend::Backend;
use crate::error::{Error, Op};
use crate::parse::scalar;
use crate::parse::system::{self, ModuleState};
use crate::reading::{Reading, Source, Value, bundle};

bundle! {
    /// The kernel driver that holds the GPU.
    pub struct DriverInfo {
        /// `amdgpu`.
        pub name: &'static str,
        readings {
            /// Its version, where it is not the kernel's own: AMD's DKMS builds have one. Else absent; the kernel's
            /// release is the driver's version then.
            pub version: String,
            /// The kernel's release, as `uname -r` prints it.
            pub kernel_release: String,
        }
    }
}

bundle! {
    /// Whether the driver is loaded, and what holds it.
    pub struct DriverState {
        readings {
            /// How far it is loaded; absent where it is built into the kernel.
            pub state: ModuleState,
            /// What uses it: the driver can be loaded anew, as a change of memory partitions needs, when this is 0.
            pub users: u32,
        }
    }
}

/// # Driver
impl Gpu {
    /// Whether the driver is loaded, being loaded or being removed, and how many use it.
    ///
    /// *Source*: `/sys/module/amdgpu/initstate`, `refcnt`; neither is there for a driver that is built in.
    /// *Errors*: none of its own; each field that is absent has its reason.
    /// *Supported on*: all.
    pub fn driver_state(&self) -> DriverState {
        let folder = Path::new("/sys/module/amdgpu");
        DriverState {
            state: of_system(&*self.inner.backend, folder, "initstate", |text| {
                system::module_state(text).ok_or(Absent::NotSupported)
            }),
            users: of_system(&*self.inner.backend, folder, "refcnt", scalar::unsigned_32),
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
        driver_info(&*self.inner.backend)
    }
}

/// What a machine says of the driver, with or without a GPU.
pub(crate) fn driver_info(backend: &dyn Backend) -> DriverInfo {
    DriverInfo {
        name: "amdgpu",
        version: of_system(backend, Path::new("/sys/module/amdgpu"), "version", word),
        kernel_release: of_system(backend, Path::new("/proc/sys/kernel"), "osrelease", word),
    }
}

/// A file that is no device's.
fn of_system<T, E>(
    backend: &dyn Backend,
    folder: &Path,
    file: &str,
    parse: impl FnOnce(&[u8]) -> std::result::Result<T, E>,
) -> Reading<T>
where
    Absent: From<E>,
{
    let plain = |op: Op, path: PathBuf, error| Error::plain(op, &path, &error);
    let dir = backend.open_dir(folder).map_err(|error| plain(Op::OpenDir, folder.join(file), error))?;
    Ok(Value::of_package(read(&*dir, file, plain, parse)?, Source::Attribute))
}
