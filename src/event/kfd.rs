//! What refusals of `/dev/kfd` mean, and who is given the events of all processes.

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

/// `/dev/kfd`, opened, and known to have events.
#[derive(Debug, Clone)]
pub(super) struct Opened {
    pub(super) kfd: Arc<dyn Kfd>,
    pub(super) version: KfdVersion,
}

pub(super) fn path() -> PathBuf {
    PathBuf::from("/dev/kfd")
}

/// Opens `/dev/kfd`. `any_gpu`: whether KFD shows a GPU, without which newer kernels refuse.
pub(super) fn open(backend: &dyn Backend, any_gpu: bool) -> Result<Opened> {
    let kfd = backend.open_kfd().map_err(|error| open_error(&error, any_gpu))?;
    let version = kfd.version().map_err(|error| call_error(Op::Version, &error))?;
    if version.major == 1 && version.minor < FIRST_MINOR {
        return Err(Error::NotSupported { path: path() });
    }
    Ok(Opened { kfd, version })
}

/// What `kfd_open` means by its errno.
fn open_error(error: &io::Error, any_gpu: bool) -> Error {
    let path = path();
    match errno(error) {
        // No node, or one without a driver behind it.
        Some(Errno::NOENT | Errno::NODEV | Errno::NXIO) => Error::NoKfd { path },
        Some(Errno::ACCESS) => Error::NoPermission {
            op: Op::Open,
            path,
            hint: "only the node's group may, as a rule `render`: add the user to it",
        },
        Some(Errno::PERM) => Error::NoPermission {
            op: Op::Open,
            path,
            hint: "the container's device cgroup refuses it (pass the device through, and have the group `render`), \
                   or this is a 32-bit program",
        },
        // `kfd_is_locked` during a reset, EAGAIN before; from kernel 7 on also where there is no GPU.
        Some(Errno::INVAL | Errno::AGAIN) if any_gpu => {
            Error::Unavailable { path, reason: Unavailable::InReset }
        }
        Some(Errno::INVAL | Errno::AGAIN) => Error::NoGpu { path },
        Some(Errno::NOSYS | Errno::OPNOTSUPP) => Error::NotSupported { path },
        Some(errno) => Error::Io { op: Op::Open, path, errno: errno.raw_os_error() },
        None => Error::NotAnAttribute { path, reason: error.to_string() },
    }
}

/// What the version call means by its errno, or a read.
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

/// What `kfd_ioctl_smi_events` means by its errno.
pub(super) fn subscribe_error(gpu: GpuId, error: &io::Error) -> Error {
    match errno(error) {
        // `kfd_process_device_data_by_id` finds nothing: the cgroup, an unplug, another partition mode.
        Some(Errno::INVAL) => Error::GpuHidden { path: path(), gpu },
        _ => call_error(Op::Subscribe, error),
    }
}

fn errno(error: &io::Error) -> Option<Errno> {
    error.raw_os_error().map(Errno::from_raw_os_error)
}

/// Whether the kernel will give this thread the events of all processes.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Standing {
    Given,
    Refused(&'static str),
    Unknown,
}

/// The link of the initial user namespace (`PROC_USER_INIT_INO`).
const INITIAL_USER_NAMESPACE: &str = "user:[4026531837]";
const CAP_SYS_ADMIN: u64 = 1 << 21;

/// Asks as the kernel will (`kfd_smi_event_open`: `capable(CAP_SYS_ADMIN)`, of the thread and in the initial
/// namespace), because it would not say no.
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
        Ok(_) => Standing::Refused("this process has it in a user namespace of its own only"),
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
