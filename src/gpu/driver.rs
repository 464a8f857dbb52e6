//! Version and state of the kernel driver.

use std::path::{Path, PathBuf};

use super::{Gpu, read};
use crate::attribute::{Absent, word};
use crate::backend::Backend;
use crate::error::{Error, Op};
use crate::parse::scalar;
use crate::parse::system::{self, ModuleState};
use crate::reading::{Reading, Source, Value, bundle};

bundle! {
    /// The kernel driver of the GPU.
    pub struct DriverInfo {
        /// The driver's name, `amdgpu`.
        pub name: &'static str,
        readings {
            /// The driver's own version, which AMD's DKMS builds have. Absent for the kernel's own driver, whose
            /// version is the kernel release.
            pub version: String,
            /// The kernel release, as `uname -r` prints it.
            pub kernel_release: String,
        }
    }
}

bundle! {
    /// The state of the driver, and the number of its users.
    pub struct DriverState {
        readings {
            /// The state of the module; absent if the driver is built into the kernel.
            pub state: ModuleState,
            /// Number of users. The driver can be reloaded, as a change of memory partitioning requires, when this is
            /// 0.
            pub users: u32,
        }
    }
}

/// # Driver
impl Gpu {
    /// The state of the driver (loaded, loading or unloading) and the number of its users.
    ///
    /// # Source
    /// `/sys/module/amdgpu/initstate` and `refcnt`; a built-in driver has neither.
    ///
    /// # Errors
    /// None. Each missing field has its reason.
    ///
    /// # Supported on
    /// All.
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
    /// # Source
    /// `/sys/module/amdgpu/version`, `/proc/sys/kernel/osrelease`. The driver's date is in [`Gpu::drm_version`],
    /// which opens the device.
    ///
    /// # Errors
    /// None. Each missing field has its reason.
    ///
    /// # Supported on
    /// All.
    #[doc(alias = "amdsmi_get_gpu_driver_info")]
    pub fn driver_info(&self) -> DriverInfo {
        driver_info(&*self.inner.backend)
    }
}

/// Information about the driver, with or without a GPU.
pub(crate) fn driver_info(backend: &dyn Backend) -> DriverInfo {
    DriverInfo {
        name: "amdgpu",
        version: of_system(backend, Path::new("/sys/module/amdgpu"), "version", word),
        kernel_release: of_system(backend, Path::new("/proc/sys/kernel"), "osrelease", word),
    }
}

/// Reads a file that belongs to no device.
pub(super) fn of_system<T, E>(
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
