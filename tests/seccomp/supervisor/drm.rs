//! The kernel's side of render nodes: `drm_open_helper`, `drm_version`, `amdgpu_info_ioctl`.

use std::os::fd::RawFd;

use super::{Answer, State};

/// A render node, as it is to behave. An error is an errno.
#[derive(Clone)]
pub(crate) struct RenderNode {
    pub(crate) open: Result<(), i32>,
    /// The kind of file and its device number.
    pub(crate) device: (libc::mode_t, u32, u32),
    pub(crate) name: &'static str,
    pub(crate) version: (i32, i32, i32),
    pub(crate) date: &'static str,
    pub(crate) description: String,
    pub(crate) vbios: Result<Vec<u8>, i32>,
    pub(crate) info: Result<Vec<u8>, i32>,
    /// Number of times a call is interrupted first.
    pub(crate) interruptions: usize,
}

impl RenderNode {
    /// amdgpu's, of Linux 6.12.
    pub(crate) fn new(minor: u32) -> RenderNode {
        RenderNode {
            open: Ok(()),
            device: (libc::S_IFCHR, 226, minor),
            name: "amdgpu",
            version: (3, 59, 0),
            date: "20150101",
            description: "AMD GPU".into(),
            vbios: Err(libc::EINVAL),
            info: Err(libc::EINVAL),
            interruptions: 0,
        }
    }
}

/// `struct drm_version`, with pointers of 64 bits.
#[repr(C)]
struct Version {
    numbers: [i32; 3],
    strings: [(u64, *mut u8); 3],
}

/// `struct drm_amdgpu_info`.
#[repr(C)]
struct Info {
    pointer: *mut u8,
    size: u32,
    query: u32,
    kind: u32,
    rest: [u32; 3],
}

/// The result of `fstat` on a node.
pub(super) fn stat(state: &State, node: u32, argument: u64) -> Answer {
    let (kind, major, minor) = state.kernel.render[&node].device;
    // SAFETY: all zeros are a stat, and the thread that waits lent room for one.
    unsafe {
        let mut stat: libc::stat = std::mem::zeroed();
        stat.st_mode = kind | 0o660;
        stat.st_rdev = libc::makedev(major, minor);
        (argument as *mut libc::stat).write(stat);
    }
    Answer::Value(0)
}

pub(super) fn ioctl(state: &mut State, node: u32, fd: RawFd, request: u64, argument: u64) -> Answer {
    let Some(render) = state.kernel.render.get_mut(&node) else { return Answer::Errno(libc::ENODEV) };
    if render.interruptions > 0 {
        render.interruptions -= 1;
        return Answer::Errno(libc::EINTR);
    }
    let render = render.clone();
    match request {
        0xc040_6400 => {
            let version = argument as *mut Version;
            // SAFETY: the thread that waits lent this struct and what it points to.
            unsafe {
                let (major, minor, patch) = render.version;
                (*version).numbers = [major, minor, patch];
                let strings = [render.name, render.date, &render.description];
                for (field, text) in (*version).strings.iter_mut().zip(strings) {
                    let room = usize::try_from(field.0).unwrap();
                    std::ptr::copy_nonoverlapping(text.as_ptr(), field.1, room.min(text.len()));
                    field.0 = text.len() as u64;
                }
            }
            state.calls.push(("drm_version", vec![fd as u64], 0));
            Answer::Value(0)
        }
        0x4020_6445 => {
            // SAFETY: as above.
            let info = unsafe { &*(argument as *const Info) };
            assert_eq!(info.rest, [0; 3]);
            let answer = match (info.query, info.kind) {
                (0x16, _) => render.info,
                (0x1b, 3) => render.vbios,
                other => panic!("asked for {other:?}"),
            };
            let asked = vec![info.query.into(), info.kind.into(), info.size.into()];
            state.calls.push(("amdgpu_info", asked, answer.as_ref().err().copied().unwrap_or(0)));
            match answer {
                Ok(bytes) => {
                    let size = bytes.len().min(info.size as usize);
                    // SAFETY: as above.
                    unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), info.pointer, size) };
                    Answer::Value(0)
                }
                Err(errno) => Answer::Errno(errno),
            }
        }
        other => panic!("asked by {other:#x}"),
    }
}
