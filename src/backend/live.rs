//! The machine that this code runs on.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::fs::{self, Access, AtFlags, CWD, Mode, OFlags};

use super::{
    Attr, Backend, Dir, DrmQuery, Entry, FileKind, HostFacts, HsmpMessage, Kfd, KfdVersion, Meta, drm, fd,
    hidepid, hsmp,
};
use crate::id::{GpuId, RenderMinor};
use crate::sys::ioctl;

/// The machine that this code runs on: plain `openat` from kept directories.
#[derive(Debug, Clone)]
pub struct Live {
    host: HostFacts,
}

impl Live {
    /// Opens nothing yet.
    pub fn new() -> Live {
        Live { host: HostFacts::of_this_machine() }
    }
}

impl Default for Live {
    fn default() -> Live {
        Live::new()
    }
}

impl Backend for Live {
    fn open_dir(&self, path: &Path) -> io::Result<Arc<dyn Dir>> {
        open_dir(CWD, path, path.to_path_buf(), self.host.page_size)
    }

    fn host(&self) -> HostFacts {
        self.host
    }

    fn hides_processes(&self) -> bool {
        hidepid::hides_processes()
    }

    fn open_kfd(&self) -> io::Result<Arc<dyn Kfd>> {
        // For reading and writing, as KFD's own library opens it. No file is written: the calls below only ask.
        let open = || fs::openat(CWD, "/dev/kfd", OFlags::RDWR | OFlags::CLOEXEC, Mode::empty());
        let fd = rustix::io::retry_on_intr(open)?;
        Ok(Arc::new(LiveKfd { fd }))
    }

    fn drm_query(&self, node: RenderMinor, what: DrmQuery) -> io::Result<Vec<u8>> {
        let path = drm::node_path(node);
        // For reading only: neither `drm_open_helper` nor `drm_ioctl_permit` looks at the mode.
        let fd = rustix::io::retry_on_intr(|| fs::openat(CWD, &path, fd::READ, Mode::empty()))?;
        let other = || io::Error::new(io::ErrorKind::InvalidData, "not the device that it is named after");
        let meta = fd::meta(&fs::fstat(&fd)?);
        if (meta.kind, meta.device) != (FileKind::CharDevice, (DRM_MAJOR, node.0)) {
            return Err(other());
        }
        let driver = ioctl::drm_version(fd.as_fd())?;
        if driver.name != b"amdgpu" {
            return Err(other());
        }
        match what {
            DrmQuery::Version => {
                let (major, minor, patch) = driver.version;
                let version = format!("{major}.{minor}.{patch}");
                let lines = [&driver.name, version.as_bytes(), &driver.date, &driver.description, b""];
                Ok(lines.join(&b'\n'))
            }
            DrmQuery::Vbios => ioctl::amdgpu_info(fd.as_fd(), INFO_VBIOS, INFO_VBIOS_INFO, VBIOS_SIZE),
            DrmQuery::Device => ioctl::amdgpu_info(fd.as_fd(), INFO_DEV_INFO, 0, DEVICE_SIZE),
        }
    }

    fn hsmp(&self, message: &HsmpMessage) -> io::Result<Vec<u32>> {
        send(message, fd::READ)
    }

    #[cfg(feature = "control")]
    fn hsmp_set(&self, message: &HsmpMessage) -> io::Result<Vec<u32>> {
        send(message, super::write::WRITE)
    }
}

/// Sends a message through `/dev/hsmp`, opened so that the kernel takes messages of one kind only.
fn send(message: &HsmpMessage, flags: OFlags) -> io::Result<Vec<u32>> {
    let fd = rustix::io::retry_on_intr(|| fs::openat(CWD, hsmp::HSMP, flags, Mode::empty()))?;
    let meta = fd::meta(&fs::fstat(&fd)?);
    if (meta.kind, meta.device.0) != (FileKind::CharDevice, MISC_MAJOR) {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "not the device that it is named after"));
    }
    ioctl::hsmp(fd.as_fd(), message.socket, message.number, message.argument, message.response)
}

/// The major number of /dev/hsmp (`MISC_MAJOR`).
const MISC_MAJOR: u32 = 10;

/// The major number of render nodes (`DRM_MAJOR`).
const DRM_MAJOR: u32 = 226;
/// `AMDGPU_INFO_DEV_INFO`.
const INFO_DEV_INFO: u32 = 0x16;
/// `AMDGPU_INFO_VBIOS`.
const INFO_VBIOS: u32 = 0x1b;
/// `AMDGPU_INFO_VBIOS_INFO`.
const INFO_VBIOS_INFO: u32 = 3;
/// `struct drm_amdgpu_info_vbios`.
const VBIOS_SIZE: u16 = 200;
/// `struct drm_amdgpu_info_device` of Linux 6.17.
const DEVICE_SIZE: u16 = 448;

#[derive(Debug)]
struct LiveKfd {
    fd: OwnedFd,
}

impl Kfd for LiveKfd {
    fn version(&self) -> io::Result<KfdVersion> {
        let (major, minor) = ioctl::kfd_version(self.fd.as_fd())?;
        Ok(KfdVersion { major, minor })
    }

    fn smi_events(&self, gpu: GpuId) -> io::Result<OwnedFd> {
        ioctl::smi_events(self.fd.as_fd(), gpu.0)
    }
}

#[derive(Debug)]
struct LiveDir {
    fd: OwnedFd,
    path: PathBuf,
    page_size: usize,
}

fn open_dir(at: impl AsFd, rel: &Path, path: PathBuf, page_size: usize) -> io::Result<Arc<dyn Dir>> {
    let fd = fs::openat(at, rel, fd::KEEP_DIR, Mode::empty())?;
    Ok(Arc::new(LiveDir { fd, path, page_size }))
}

impl LiveDir {
    fn open(&self, rel: &Path) -> io::Result<OwnedFd> {
        Ok(rustix::io::retry_on_intr(|| fs::openat(&self.fd, rel, fd::READ, Mode::empty()))?)
    }
}

impl Dir for LiveDir {
    fn path(&self) -> &Path {
        &self.path
    }

    fn read(&self, rel: &Path, buf: &mut Vec<u8>) -> io::Result<()> {
        fd::read_attribute(self.open(rel)?, self.page_size, buf)
    }

    fn read_to_end(&self, rel: &Path, limit: usize, buf: &mut Vec<u8>) -> io::Result<()> {
        fd::read_to_end(self.open(rel)?, self.page_size, limit, buf)
    }

    fn read_once(&self, rel: &Path, room: usize, buf: &mut Vec<u8>) -> io::Result<()> {
        fd::read_once(self.open(rel)?, room, buf)
    }

    fn read_link(&self, rel: &Path) -> io::Result<PathBuf> {
        fd::read_link(&self.fd, rel)
    }

    fn list(&self, rel: &Path) -> io::Result<Vec<Entry>> {
        fd::list(fs::openat(&self.fd, rel, fd::READ | OFlags::DIRECTORY, Mode::empty())?)
    }

    fn meta(&self, rel: &Path) -> io::Result<Meta> {
        Ok(fd::meta(&fs::statat(&self.fd, rel, AtFlags::empty())?))
    }

    fn access(&self, rel: &Path) -> Option<io::Result<()>> {
        // `inode_permission` asks the device cgroup, too, and no driver.
        let wanted = Access::READ_OK | Access::WRITE_OK;
        Some(fs::accessat(&self.fd, rel, wanted, AtFlags::EACCESS).map_err(io::Error::from))
    }

    fn open_dir(&self, rel: &Path) -> io::Result<Arc<dyn Dir>> {
        open_dir(&self.fd, rel, self.path.join(rel), self.page_size)
    }

    fn open_attr(&self, rel: &Path) -> io::Result<Box<dyn Attr>> {
        Ok(Box::new(fd::FdAttr { fd: self.open(rel)?, page: self.page_size }))
    }

    #[cfg(feature = "control")]
    fn writer(&self) -> Option<&dyn super::Writer> {
        Some(self)
    }
}

#[cfg(feature = "control")]
impl super::Writer for LiveDir {
    fn write(&self, rel: &Path, bytes: &[u8]) -> io::Result<()> {
        super::write::write_once(fs::openat(&self.fd, rel, super::write::WRITE, Mode::empty())?, bytes)
    }
}
