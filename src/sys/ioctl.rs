//! The two calls of `/dev/kfd` that events need, two of a DRM node that only ask, and the one of `/dev/hsmp`.

#![allow(unsafe_code)]

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};

use nix::errno::Errno;
use rustix::io::FdFlags;

/// The calls, each by the struct that it takes: the macros make their numbers of the struct's size.
mod calls {
    use super::{AmdgpuInfo, GetVersion, HsmpIoctl, SmiEvents, Version};

    nix::ioctl_read!(kfd_get_version, b'K', 0x01, GetVersion);
    nix::ioctl_readwrite!(kfd_smi_events, b'K', 0x1f, SmiEvents);
    nix::ioctl_readwrite!(drm_version, b'd', 0x00, Version);
    // `DRM_COMMAND_BASE` + `DRM_AMDGPU_INFO`. The struct is only read; the answer goes to its pointer.
    nix::ioctl_write_ptr!(amdgpu_info, b'd', 0x45, AmdgpuInfo);
    nix::ioctl_readwrite!(hsmp, 0xf8, 0x00, HsmpIoctl);
}

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

/// Major and minor number of KFD's interface.
pub(crate) fn kfd_version(kfd: BorrowedFd<'_>) -> io::Result<(u32, u32)> {
    let mut version = GetVersion { major: 0, minor: 0 };
    // SAFETY: the call is the one that fills this struct (`kfd_ioctl_get_version`), which outlives it.
    unsafe { calls::kfd_get_version(kfd.as_raw_fd(), &raw mut version) }?;
    Ok((version.major, version.minor))
}

/// A new event descriptor of a GPU, closed on exec.
pub(crate) fn smi_events(kfd: BorrowedFd<'_>, gpu_id: u32) -> io::Result<OwnedFd> {
    let mut args = SmiEvents { gpu_id, anon_fd: u32::MAX };
    // SAFETY: the call is the one that reads and fills this struct (`kfd_ioctl_smi_events`), which outlives it.
    unsafe { calls::kfd_smi_events(kfd.as_raw_fd(), &raw mut args) }?;
    let raw = RawFd::try_from(args.anon_fd).map_err(|_| Errno::EBADF)?;
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
    /// Parameters of the query; for the firmware image, `vbios_info.type` comes first.
    argument: [u32; 4],
}

/// No driver's string is near this.
const STRING: usize = 128;

/// A DRM node's description of its driver.
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
    retry_on_eintr(|| {
        // SAFETY: the call is the one that reads and fills this struct (`drm_version`). It writes at most as many
        // bytes to each pointer as the length beside it says, and all three arrays outlive it.
        unsafe { calls::drm_version(node.as_raw_fd(), &raw mut args) }
    })?;
    // The lengths that come back are those of the strings, which may be more than was copied (`drm_copy_field`).
    let text = |bytes: [u8; STRING], length: usize| bytes.iter().copied().take(length).collect();
    Ok(DrmDriver {
        version: (args.major, args.minor, args.patch),
        name: text(name, args.name_len),
        date: text(date, args.date_len),
        description: text(desc, args.desc_len),
    })
}

/// Asks amdgpu for a struct of `size` bytes at most. An older kernel's struct is shorter; the rest is zero.
///
/// Only for nodes of amdgpu: other drivers use the same number for other calls.
pub(crate) fn amdgpu_info(node: BorrowedFd<'_>, query: u32, kind: u32, size: u16) -> io::Result<Vec<u8>> {
    let mut answer = vec![0u8; usize::from(size)];
    retry_on_eintr(|| {
        let args = AmdgpuInfo {
            return_pointer: answer.as_mut_ptr() as u64,
            return_size: u32::from(size),
            query,
            argument: [kind, 0, 0, 0],
        };
        // SAFETY: the call is the one that reads this struct (`amdgpu_info_ioctl`). It writes at most `return_size`
        // bytes to `return_pointer`, which is as long and outlives it.
        unsafe { calls::amdgpu_info(node.as_raw_fd(), &raw const args) }
    })?;
    Ok(answer)
}

/// Repeats a call that a signal interrupted.
fn retry_on_eintr(mut call: impl FnMut() -> nix::Result<i32>) -> nix::Result<i32> {
    loop {
        match call() {
            Err(Errno::EINTR) => {}
            result => return result,
        }
    }
}

/// `struct hsmp_message`.
#[repr(C)]
struct HsmpIoctl {
    msg_id: u32,
    num_args: u16,
    response_sz: u16,
    /// In: the argument. Out: the answer, in the same place.
    args: [u32; WORDS],
    sock_ind: u16,
}

/// `HSMP_MAX_MSG_LEN`.
const WORDS: usize = 8;

/// Sends a message to a socket's firmware, and gives the words of its answer. A signal ends the wait for other
/// senders (`down_interruptible`), and is not ours to overrule.
pub(crate) fn hsmp(
    hsmp: BorrowedFd<'_>,
    socket: u16,
    number: u8,
    argument: Option<u32>,
    response: u16,
) -> io::Result<Vec<u32>> {
    let mut args = [0; WORDS];
    if let (Some(argument), [first, ..]) = (argument, &mut args) {
        *first = argument;
    }
    let mut message = HsmpIoctl {
        msg_id: number.into(),
        num_args: argument.is_some().into(),
        response_sz: response,
        args,
        sock_ind: socket,
    };
    // SAFETY: the call is the one that reads and fills this struct (`hsmp_ioctl`), which outlives it.
    unsafe { calls::hsmp(hsmp.as_raw_fd(), &raw mut message) }?;
    Ok(message.args.into_iter().take(response.into()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::mem::{offset_of, size_of};

    #[test]
    fn the_kernels_numbers_and_layouts() {
        // As `_IOR`, `_IOWR` and `_IOW` make them, by the sizes that the structs have here.
        let read = nix::request_code_read!(b'K', 0x01, size_of::<GetVersion>());
        let kfd = nix::request_code_readwrite!(b'K', 0x1f, size_of::<SmiEvents>());
        let info = nix::request_code_write!(b'd', 0x45, size_of::<AmdgpuInfo>());
        let hsmp = nix::request_code_readwrite!(0xf8, 0x00, size_of::<HsmpIoctl>());
        assert_eq!([read, kfd, info, hsmp], [0x8008_4b01, 0xc008_4b1f, 0x4020_6445, 0xc02c_f800]);
        assert_eq!(
            (size_of::<HsmpIoctl>(), offset_of!(HsmpIoctl, num_args), offset_of!(HsmpIoctl, args)),
            (44, 4, 8)
        );
        assert_eq!((offset_of!(HsmpIoctl, response_sz), offset_of!(HsmpIoctl, sock_ind)), (6, 40));
        assert_eq!((size_of::<GetVersion>(), offset_of!(GetVersion, minor)), (8, 4));
        assert_eq!((size_of::<SmiEvents>(), offset_of!(SmiEvents, anon_fd)), (8, 4));
        assert_eq!((size_of::<AmdgpuInfo>(), offset_of!(AmdgpuInfo, argument)), (32, 16));
        #[cfg(target_pointer_width = "64")]
        {
            let version = nix::request_code_readwrite!(b'd', 0x00, size_of::<Version>());
            assert_eq!(version, 0xc040_6400);
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
        assert_eq!(hsmp(null.as_fd(), 0, 3, None, 1).unwrap_err().raw_os_error(), Some(25));
    }
}
