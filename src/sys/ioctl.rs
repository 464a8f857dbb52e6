//! The two calls of `/dev/kfd` that events need, and two of a DRM node that only ask.

#![allow(unsafe_code)]

use std::io;
use std::os::fd::{BorrowedFd, FromRawFd, OwnedFd, RawFd};

use rustix::io::{Errno, FdFlags};
use rustix::ioctl::{Getter, Opcode, Setter, Updater, ioctl, opcode};

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

/// `struct drm_version`: lengths and places of three strings.
#[repr(C)]
struct Version {
    major: i32,
    minor: i32,
    patch: i32,
    name_len: usize,
    name: *mut u8,
    date_len: usize,
    date: *mut u8,
    desc_len: usize,
    desc: *mut u8,
}

/// `struct drm_amdgpu_info`.
#[repr(C)]
struct AmdgpuInfo {
    return_pointer: u64,
    return_size: u32,
    query: u32,
    /// What the query wants to know more exactly; for the image of the firmware `vbios_info.type`, first.
    argument: [u32; 4],
}

/// `DRM_IOCTL_VERSION`.
const DRM_VERSION: Opcode = opcode::read_write::<Version>(b'd', 0x00);
/// `DRM_IOCTL_AMDGPU_INFO`: `DRM_COMMAND_BASE` + `DRM_AMDGPU_INFO`. The struct is only read; the answer goes to its pointer.
const AMDGPU_INFO: Opcode = opcode::write::<AmdgpuInfo>(b'd', 0x45);
/// No driver's string is near this.
const STRING: usize = 128;

/// What a DRM node says of its driver.
pub(crate) struct DrmDriver {
    /// Version of the driver's ioctls.
    pub(crate) version: (i32, i32, i32),
    pub(crate) name: Vec<u8>,
    pub(crate) date: Vec<u8>,
    pub(crate) description: Vec<u8>,
}

/// Asks a DRM node for its driver.
pub(crate) fn drm_version(node: BorrowedFd<'_>) -> io::Result<DrmDriver> {
    let (mut name, mut date, mut desc) = ([0u8; STRING], [0u8; STRING], [0u8; STRING]);
    let mut args = Version {
        major: 0,
        minor: 0,
        patch: 0,
        name_len: STRING,
        name: name.as_mut_ptr(),
        date_len: STRING,
        date: date.as_mut_ptr(),
        desc_len: STRING,
        desc: desc.as_mut_ptr(),
    };
    let call = || {
        // SAFETY: the opcode is the one that reads and fills this struct (`drm_version`). It writes at most as many
        // bytes to each pointer as the length beside it says, and all three arrays outlive the call.
        unsafe { ioctl(node, Updater::<DRM_VERSION, Version>::new(&mut args)) }
    };
    rustix::io::retry_on_intr(call)?;
    // The lengths that come back are those of the strings, which may be more than was copied (`drm_copy_field`).
    let text = |bytes: [u8; STRING], length: usize| bytes.iter().copied().take(length).collect();
    Ok(DrmDriver {
        version: (args.major, args.minor, args.patch),
        name: text(name, args.name_len),
        date: text(date, args.date_len),
        description: text(desc, args.desc_len),
    })
}

/// Asks amdgpu for a struct of `size` bytes at most. An older kernel's is shorter, and the rest zero.
///
/// For nodes of amdgpu only: to another driver the same number is another call.
pub(crate) fn amdgpu_info(node: BorrowedFd<'_>, query: u32, kind: u32, size: u16) -> io::Result<Vec<u8>> {
    let mut answer = vec![0u8; usize::from(size)];
    let call = || {
        let args = AmdgpuInfo {
            return_pointer: answer.as_mut_ptr() as u64,
            return_size: u32::from(size),
            query,
            argument: [kind, 0, 0, 0],
        };
        // SAFETY: the opcode is the one that reads this struct (`amdgpu_info_ioctl`). It writes at most `return_size`
        // bytes to `return_pointer`, which is as long and outlives the call.
        unsafe { ioctl(node, Setter::<AMDGPU_INFO, AmdgpuInfo>::new(args)) }
    };
    rustix::io::retry_on_intr(call)?;
    Ok(answer)
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
        assert_eq!(AMDGPU_INFO, 0x4020_6445);
        assert_eq!((size_of::<AmdgpuInfo>(), offset_of!(AmdgpuInfo, argument)), (32, 16));
        #[cfg(target_pointer_width = "64")]
        {
            assert_eq!(DRM_VERSION, 0xc040_6400);
            assert_eq!((offset_of!(Version, name_len), offset_of!(Version, desc)), (16, 56));
        }
    }

    #[test]
    fn another_file_knows_no_such_call() {
        use std::os::fd::AsFd;
        let null = std::fs::File::open("/dev/null").unwrap();
        assert_eq!(kfd_version(null.as_fd()).unwrap_err().raw_os_error(), Some(25));
        assert_eq!(smi_events(null.as_fd(), 1).unwrap_err().raw_os_error(), Some(25));
        assert_eq!(drm_version(null.as_fd()).err().unwrap().raw_os_error(), Some(25));
        assert_eq!(amdgpu_info(null.as_fd(), 0x16, 0, 8).unwrap_err().raw_os_error(), Some(25));
    }
}
