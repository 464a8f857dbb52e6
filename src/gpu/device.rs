//! The PCI device's directory: present, asleep or gone, and the meaning of its files' errors.

use std::io::ErrorKind::NotFound;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::Gpu;
use super::buffer::Buffer;
use crate::backend::Dir;
use crate::error::{Error, Op, Unavailable};
use crate::parse::scalar;

/// The PCI device's directory.
#[derive(Debug)]
pub(crate) struct Device {
    pub(crate) dir: Arc<dyn Dir>,
    /// An entry that exists as long as a driver is bound. Without it, the device is gone.
    pub(crate) alive: Option<&'static str>,
    /// Set when the package was repartitioned through a handle of this scan: the directory remains, the GPUs do not.
    pub(crate) retired: Arc<AtomicBool>,
    /// The platform device of a partition other than the first, with files of its own.
    pub(crate) partition: Option<Arc<dyn Dir>>,
}

/// The states of `power/runtime_status` that matter here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RuntimeStatus {
    Awake,
    Asleep,
    Unsupported,
}

impl RuntimeStatus {
    /// `power/runtime_status` of the PCI device.
    pub(crate) const FILE: &str = "power/runtime_status";

    pub(crate) fn of(text: &[u8]) -> RuntimeStatus {
        // The most frequent content, compared as a whole.
        if text == b"active\n" {
            return RuntimeStatus::Awake;
        }
        match scalar::text(text).as_deref() {
            Some("suspended" | "suspending") => RuntimeStatus::Asleep,
            Some("unsupported") => RuntimeStatus::Unsupported,
            _ => RuntimeStatus::Awake,
        }
    }
}

impl Device {
    /// The same directory, for the package as a whole.
    pub(crate) fn of_package(&self) -> Device {
        Device { dir: self.dir.clone(), alive: self.alive, retired: self.retired.clone(), partition: None }
    }

    pub(crate) fn runtime_status(&self) -> RuntimeStatus {
        let mut text = Buffer::take();
        match self.dir.read(Path::new(RuntimeStatus::FILE), &mut text) {
            Ok(()) => RuntimeStatus::of(&text),
            Err(_) => RuntimeStatus::Awake,
        }
    }

    /// The error of a file that the driver serves without touching the hardware.
    pub(crate) fn error(&self, op: Op, path: PathBuf, error: std::io::Error) -> Error {
        match Error::plain(op, &path, &error) {
            Error::NotSupported { .. } if self.is_gone() => Error::DeviceGone { path },
            other => other,
        }
    }

    /// The error of a power-management file. Here EPERM and EBUSY mean a state of the GPU, not a missing permission
    /// (`amdgpu_pm_get_access_if_active` and, in older kernels, the checks of `in_reset` and `in_suspend`).
    pub(crate) fn power_management_error(&self, op: Op, path: PathBuf, error: std::io::Error) -> Error {
        use rustix::io::Errno;
        let reason = match error.raw_os_error().map(Errno::from_raw_os_error) {
            Some(Errno::PERM | Errno::BUSY) => match self.runtime_status() {
                RuntimeStatus::Asleep => Unavailable::Suspended,
                _ => Unavailable::InReset,
            },
            Some(Errno::INVAL) if self.runtime_status() == RuntimeStatus::Unsupported => Unavailable::Refused,
            _ => return self.error(op, path, error),
        };
        Error::Unavailable { path, reason }
    }

    /// Marks this package as gone for every handle of this scan.
    #[cfg(feature = "control")]
    pub(crate) fn retire(&self) {
        self.retired.store(true, Ordering::Relaxed);
    }

    /// Returns `true` if the handles of this scan belong to an old partitioning.
    pub(crate) fn is_retired(&self) -> bool {
        self.retired.load(Ordering::Relaxed)
    }

    /// Returns `true` if the driver has released the device.
    pub(crate) fn is_gone(&self) -> bool {
        self.alive
            .is_some_and(|entry| self.dir.meta(Path::new(entry)).is_err_and(|error| error.kind() == NotFound))
    }
}

impl Gpu {
    /// Returns `true` if the device of this handle still exists.
    pub(crate) fn is_there(&self) -> bool {
        match &self.inner.device {
            Ok(device) => !device.is_retired() && !device.is_gone(),
            Err(_) => true,
        }
    }
}
