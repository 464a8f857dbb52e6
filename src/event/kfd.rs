//! The meaning of errors of `/dev/kfd`, and the permission to see events of all processes.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::io::Errno;

use crate::backend::{Backend, Dir, Kfd, KfdVersion};
use crate::error::{Error, Op, Result, Unavailable};
use crate::id::GpuId;
use crate::parse::system;

/// The first minor version with events (`KFD_IOCTL_MINOR_VERSION` 3).
const FIRST_MINOR: u32 = 3;

/// An open `/dev/kfd` that supports events.
#[derive(Debug, Clone)]
pub(super) struct Opened {
    pub(super) kfd: Arc<dyn Kfd>,
    pub(super) version: KfdVersion,
}

pub(super) fn path() -> PathBuf {
    PathBuf::from("/dev/kfd")
}

/// Opens `/dev/kfd`. `any_gpu` is set if KFD shows a GPU; without one, newer kernels refuse.
pub(super) fn open(backend: &dyn Backend, any_gpu: bool) -> Result<Opened> {
    let kfd = backend.open_kfd().map_err(|error| open_error(&error, any_gpu))?;
    let version = kfd.version().map_err(|error| call_error(Op::Version, &error))?;
    if version.major == 1 && version.minor < FIRST_MINOR {
        return Err(Error::NotSupported { path: path() });
    }
    Ok(Opened { kfd, version })
}

/// The meaning of the errno of `kfd_open`.
fn open_error(error: &io::Error, any_gpu: bool) -> Error {
    let path = path();
    match errno(error) {
        // The node does not exist, or has no driver.
        Some(Errno::NOENT | Errno::NODEV | Errno::NXIO) => Error::NoKfd { path },
        Some(Errno::ACCESS) => Error::NoPermission {
            op: Op::Open,
            path,
            hint: "add the user to the node's group, usually `render`",
        },
        Some(Errno::PERM) => Error::NoPermission {
            op: Op::Open,
            path,
            hint: "the container's device cgroup refuses it (pass the device and the group `render` to the container), \
                   or this is a 32-bit program",
        },
        // `kfd_is_locked` during a reset, EAGAIN before; since kernel 7, also without a GPU.
        Some(Errno::INVAL | Errno::AGAIN) if any_gpu => {
            Error::Unavailable { path, reason: Unavailable::InReset }
        }
        Some(Errno::INVAL | Errno::AGAIN) => Error::NoGpu { path },
        Some(Errno::NOSYS | Errno::OPNOTSUPP) => Error::NotSupported { path },
        Some(errno) => Error::Io { op: Op::Open, path, errno: errno.raw_os_error() },
        None => Error::NotAnAttribute { path, reason: error.to_string() },
    }
}

/// The meaning of the errno of the version call or of a read.
pub(super) fn call_error(op: Op, error: &io::Error) -> Error {
    let path = path();
    match errno(error) {
        Some(Errno::NOTTY | Errno::NOSYS) => Error::NotSupported { path },
        Some(Errno::AGAIN) => Error::Unavailable { path, reason: Unavailable::InReset },
        Some(Errno::NODEV | Errno::NXIO) => Error::DeviceGone { path },
        Some(Errno::ACCESS | Errno::PERM) => {
            Error::NoPermission { op, path, hint: "refused by the kernel, or by a seccomp filter" }
        }
        Some(errno) => Error::Io { op, path, errno: errno.raw_os_error() },
        None => Error::NotAnAttribute { path, reason: error.to_string() },
    }
}

/// The meaning of the errno of `kfd_ioctl_smi_events`.
pub(super) fn subscribe_error(gpu: GpuId, error: &io::Error) -> Error {
    match errno(error) {
        // `kfd_process_device_data_by_id` found nothing, because of a cgroup, an unplug or another partition mode.
        Some(Errno::INVAL) => Error::GpuHidden { path: path(), gpu },
        _ => call_error(Op::Subscribe, error),
    }
}

fn errno(error: &io::Error) -> Option<Errno> {
    error.raw_os_error().map(Errno::from_raw_os_error)
}

/// The kernel's willingness to report the events of all processes to this thread.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Standing {
    Given,
    Refused(&'static str),
    Unknown,
}

/// The link of the initial user namespace (`PROC_USER_INIT_INO`).
const INITIAL_USER_NAMESPACE: &str = "user:[4026531837]";
const CAP_SYS_ADMIN: u64 = 1 << 21;

/// Checks what the kernel will check (`kfd_smi_event_open`: `capable(CAP_SYS_ADMIN)`, of the thread and in the
/// initial namespace), because the kernel does not report a refusal.
pub(super) fn all_processes(backend: &dyn Backend) -> Standing {
    let places = ["/proc/thread-self", "/proc/self"];
    let Some(me) = places.iter().find_map(|place| backend.open_dir(Path::new(place)).ok()) else {
        return Standing::Unknown;
    };
    let Some(capabilities) = capabilities(&*me) else { return Standing::Unknown };
    if capabilities & CAP_SYS_ADMIN == 0 {
        return Standing::Refused("this process does not have it");
    }
    match me.read_link(Path::new("ns/user")) {
        Ok(link) if link == Path::new(INITIAL_USER_NAMESPACE) => Standing::Given,
        Ok(_) => Standing::Refused("this process has it only in its own user namespace"),
        Err(_) => Standing::Unknown,
    }
}

fn capabilities(me: &dyn Dir) -> Option<u64> {
    let mut buf = Vec::new();
    me.read_to_end(Path::new("status"), 1 << 16, &mut buf).ok()?;
    system::effective_capabilities(&buf)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_refusal_is_its_own() {
        let of = |errno: Errno, any_gpu| open_error(&errno.into(), any_gpu);
        assert!(matches!(of(Errno::NOENT, true), Error::NoKfd { .. }));
        assert!(of(Errno::ACCESS, true).to_string().contains("`render`"));
        assert!(matches!(of(Errno::PERM, true), Error::NoPermission { .. }));
        for errno in [Errno::INVAL, Errno::AGAIN] {
            assert!(matches!(of(errno, true), Error::Unavailable { reason: Unavailable::InReset, .. }));
            assert!(matches!(of(errno, false), Error::NoGpu { .. }));
        }
        assert!(matches!(of(Errno::NOSYS, true), Error::NotSupported { .. }));
        assert!(matches!(of(Errno::MFILE, true), Error::Io { errno: 24, .. }));
        let of = |errno: Errno| subscribe_error(GpuId(7), &errno.into());
        assert!(matches!(of(Errno::INVAL), Error::GpuHidden { gpu: GpuId(7), .. }));
        assert!(matches!(of(Errno::NOTTY), Error::NotSupported { .. }));
        assert!(matches!(of(Errno::BADF), Error::Io { errno: 9, .. }));
    }
}
