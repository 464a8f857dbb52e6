//! The two calls of `/dev/kfd` that events need.

#![allow(unsafe_code)]

use std::io;
use std::os::fd::{BorrowedFd, FromRawFd, OwnedFd, RawFd};

use rustix::io::{Errno, FdFlags};
use rustix::ioctl::{Getter, Opcode, Updater, ioctl, opcode};

/// `struct kfd_ioctl_get_version_args`.
#[repr(C)]
struct GetVersion {
    major: u32,
    minor: u32,
}

/// `struct kfd_ioctl_smi_events_args`.
#[repr(C)]
struct SmiEvents {
    /// In: KFD's id of the GPU.
    gpu_id: u32,
    /// Out: the descriptor.
    anon_fd: u32,
}

/// `AMDKFD_IOC_GET_VERSION`.
const GET_VERSION: Opcode = opcode::read::<GetVersion>(b'K', 0x01);
/// `AMDKFD_IOC_SMI_EVENTS`.
const SMI_EVENTS: Opcode = opcode::read_write::<SmiEvents>(b'K', 0x1f);

/// Major and minor number of KFD's interface.
pub(crate) fn kfd_version(kfd: BorrowedFd<'_>) -> io::Result<(u32, u32)> {
    // SAFETY: the opcode is the one that fills this struct (`kfd_ioctl_get_version`).
    let version = unsafe { ioctl(kfd, Getter::<GET_VERSION, GetVersion>::new()) }?;
    Ok((version.major, version.minor))
}

/// A new event descriptor of a GPU, closed on exec.
pub(crate) fn smi_events(kfd: BorrowedFd<'_>, gpu_id: u32) -> io::Result<OwnedFd> {
    let mut args = SmiEvents { gpu_id, anon_fd: u32::MAX };
    // SAFETY: the opcode is the one that reads and fills this struct (`kfd_ioctl_smi_events`).
    unsafe { ioctl(kfd, Updater::<SMI_EVENTS, SmiEvents>::new(&mut args)) }?;
    let raw = RawFd::try_from(args.anon_fd).map_err(|_| Errno::BADF)?;
    // SAFETY: the kernel has just made this descriptor (`kfd_smi_event_open`) and nobody else knows it.
    let fd = unsafe { OwnedFd::from_raw_fd(raw) };
    // It comes without (`anon_inode_getfd` with O_RDWR); until here a program started by another thread inherits it.
    rustix::io::fcntl_setfd(&fd, FdFlags::CLOEXEC)?;
    Ok(fd)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::mem::{offset_of, size_of};

    #[test]
    fn the_kernels_numbers_and_layouts() {
        assert_eq!(GET_VERSION, 0x8008_4b01);
        assert_eq!(SMI_EVENTS, 0xc008_4b1f);
        assert_eq!((size_of::<GetVersion>(), offset_of!(GetVersion, minor)), (8, 4));
        assert_eq!((size_of::<SmiEvents>(), offset_of!(SmiEvents, anon_fd)), (8, 4));
    }

    #[test]
    fn another_file_knows_no_such_call() {
        use std::os::fd::AsFd;
        let null = std::fs::File::open("/dev/null").unwrap();
        assert_eq!(kfd_version(null.as_fd()).unwrap_err().raw_os_error(), Some(25));
        assert_eq!(smi_events(null.as_fd(), 1).unwrap_err().raw_os_error(), Some(25));
    }
}
