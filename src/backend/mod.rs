//! The seam between this crate and the system: bytes, directories and links, no meanings.
//!
//! Everything the crate knows of a machine comes through a [`Backend`]: the machine it runs on ([`Live`]), a
//! directory that holds another machine's `sys`, `proc` and `dev` ([`Tree`]), an archive of such a directory (`Archive`, with
//! feature `capture`), or any of them under observation ([`Record`]). Paths are always those of a live machine: `/sys/class/drm`, never the fixture's.
//! Errors are the kernel's, raw: what an errno means is decided above the seam, by the same code for all.

#[cfg(feature = "capture")]
mod archive;
pub(crate) mod drm;
mod fallback;
mod fd;
mod hidepid;
pub(crate) mod hsmp;
mod kfd;
mod live;
mod lock;
mod manifest;
mod record;
mod script;
mod scripted;
mod timeout;
mod tree;
mod worker;
#[cfg(feature = "control")]
mod write;

use std::ffi::OsString;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::id::RenderMinor;

#[cfg(feature = "capture")]
pub(crate) use archive::ARCHIVE_LIMIT;
#[cfg(feature = "capture")]
pub use archive::{Archive, Frames};
pub use drm::DrmQuery;
pub use fallback::{Answer, Fallback};
pub use hsmp::HsmpMessage;
pub use kfd::{Kfd, KfdVersion};
pub use live::Live;
pub(crate) use lock::lock;
#[cfg(feature = "capture")]
pub(crate) use manifest::errno_name;
pub use record::{Call, Fault, Record};
#[cfg(feature = "capture")]
pub(crate) use script::escape;
pub use scripted::Emitted;
pub use timeout::Timeout;
pub use tree::Tree;
#[cfg(feature = "control")]
pub use write::Writer;

/// Checks that this text is a valid MANIFEST; the error has the line.
#[cfg(feature = "capture")]
pub(crate) fn check_manifest(text: &str) -> io::Result<()> {
    let invalid = |reason| io::Error::new(io::ErrorKind::InvalidData, format!("MANIFEST: {reason}"));
    manifest::Manifest::parse(text).map(drop).map_err(invalid)
}

/// The largest file that is read as one attribute. sysfs attributes end at a page, which is 64 KiB at most.
pub const ATTRIBUTE_LIMIT: usize = 1 << 20;

/// A machine: the live one, a directory tree, a recording.
pub trait Backend: fmt::Debug + Send + Sync {
    /// Opens a directory by its absolute path on the machine, following links.
    fn open_dir(&self, path: &Path) -> io::Result<Arc<dyn Dir>>;

    /// The host's facts that no file has.
    fn host(&self) -> HostFacts;

    /// Returns `true` if `/proc` may hide processes of other users (mount option `hidepid`), or is not mounted.
    fn hides_processes(&self) -> bool {
        false
    }

    /// Opens `/dev/kfd`, for events. Fails with ENOSYS where a backend has none.
    ///
    /// Opening it makes this process one that KFD knows: it appears in `/sys/class/kfd/kfd/proc`.
    fn open_kfd(&self) -> io::Result<Arc<dyn Kfd>> {
        Err(rustix::io::Errno::NOSYS.into())
    }

    /// Opens a render node, asks it one thing and closes it. Fails with ENOSYS where a backend has none.
    ///
    /// Opening it wakes the GPU behind it. An answer may be shorter than the kernel's struct.
    fn drm_query(&self, node: RenderMinor, what: DrmQuery) -> io::Result<Vec<u8>> {
        let _ = (node, what);
        Err(rustix::io::Errno::NOSYS.into())
    }

    /// Opens `/dev/hsmp` for reading, sends one message to the processor's firmware, and closes it. Fails with ENOSYS
    /// where a backend has none.
    ///
    /// The kernel refuses what would change something (EPERM), because the device was opened for reading. It may take
    /// 100 ms where the firmware does not answer.
    fn hsmp(&self, message: &HsmpMessage) -> io::Result<Vec<u32>> {
        let _ = message;
        Err(rustix::io::Errno::NOSYS.into())
    }

    /// Sends a message that changes something, with `/dev/hsmp` opened for writing. Fails with
    /// EROFS if the machine is read-only.
    #[cfg(feature = "control")]
    fn hsmp_set(&self, message: &HsmpMessage) -> io::Result<Vec<u32>> {
        let _ = message;
        Err(rustix::io::Errno::ROFS.into())
    }
}

/// A kept directory. It stays the directory it was opened as: when the device behind it goes, reads fail,
/// and never silently answer for a newcomer with the same path.
///
/// `rel` may have several components and lead through links and `..`, as in `device/driver`.
pub trait Dir: fmt::Debug + Send + Sync {
    /// Where this directory was opened, as on a live machine.
    fn path(&self) -> &Path;

    /// Reads a text attribute into `buf`, replacing what is there: one read of a page, a short read ends it.
    ///
    /// Fails with EFBIG beyond [`ATTRIBUTE_LIMIT`]. Never blocks on what is not a regular file.
    fn read(&self, rel: &Path, buf: &mut Vec<u8>) -> io::Result<()>;

    /// Reads a file to its end into `buf`, replacing what is there: binary attributes and files of `/proc`.
    ///
    /// Fails with EFBIG beyond `limit` bytes.
    fn read_to_end(&self, rel: &Path, limit: usize, buf: &mut Vec<u8>) -> io::Result<()>;

    /// Reads a file with exactly one read into `buf`, replacing what is there, with room for `room` bytes.
    ///
    /// For files whose driver fails at less room than it has to give, or at a second read. The default refuses:
    /// such a file must not be read in another way by accident.
    fn read_once(&self, rel: &Path, room: usize, buf: &mut Vec<u8>) -> io::Result<()> {
        let _ = (rel, room, buf);
        Err(rustix::io::Errno::OPNOTSUPP.into())
    }

    /// Where a link points, as it is written there.
    fn read_link(&self, rel: &Path) -> io::Result<PathBuf>;

    /// The entries of a directory, sorted by name, without `.` and `..`.
    fn list(&self, rel: &Path) -> io::Result<Vec<Entry>>;

    /// Kind, mode and owner of what stands there, links followed.
    fn meta(&self, rel: &Path) -> io::Result<Meta>;

    /// Asks the kernel if this process may open the file for reading and writing. The kernel considers owner, mode,
    /// groups, access lists, capabilities and the device cgroup, and opens nothing.
    ///
    /// Returns `None` on a recorded machine, which has no kernel to ask.
    fn access(&self, rel: &Path) -> Option<io::Result<()>> {
        let _ = rel;
        None
    }

    /// Opens a directory below or beside this one.
    fn open_dir(&self, rel: &Path) -> io::Result<Arc<dyn Dir>>;

    /// Opens a text attribute that is to be read many times.
    ///
    /// A backend that cannot keep a file open need not: what this gives by default reads the file anew each time.
    fn open_attr(&self, rel: &Path) -> io::Result<Box<dyn Attr>> {
        Ok(Box::new(Reopened { dir: self.open_dir(Path::new("."))?, rel: rel.to_path_buf() }))
    }

    /// The way to write attributes of this directory; `None` where the machine is read-only.
    #[cfg(feature = "control")]
    fn writer(&self) -> Option<&dyn Writer> {
        None
    }
}

/// A kept text attribute: each reading is a fresh value for the price of one system call.
///
/// The kernel makes the text anew whenever it is read from its beginning (`kernfs_seq_start`). `gpu_metrics` is
/// not for keeping: on some APUs (Van Gogh) a second read through one descriptor is all zero.
pub trait Attr: fmt::Debug + Send + Sync {
    /// Reads the attribute from its beginning into `buf`, replacing what is there, as [`Dir::read`] does.
    ///
    /// Fails with ENODEV once the device is gone, and never answers for a newcomer.
    fn read(&self, buf: &mut Vec<u8>) -> io::Result<()>;
}

/// An attribute that is opened anew for each reading.
#[derive(Debug)]
struct Reopened {
    dir: Arc<dyn Dir>,
    rel: PathBuf,
}

impl Attr for Reopened {
    fn read(&self, buf: &mut Vec<u8>) -> io::Result<()> {
        self.dir.read(&self.rel, buf)
    }
}

/// One entry of a directory.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    /// The name of the entry.
    pub name: OsString,
    /// The kind of entry; a link is not followed.
    pub kind: FileKind,
}

/// Kinds of entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FileKind {
    /// A regular file, as all attributes are.
    File,
    /// A folder of other entries.
    Directory,
    /// A symbolic link.
    Link,
    /// A character device.
    CharDevice,
    /// A fifo, socket, block device or what the file system does not tell.
    Other,
}

/// Kind, mode and owner of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Meta {
    /// The kind of entry.
    pub kind: FileKind,
    /// Permission bits, as in `0o644`.
    pub mode: u32,
    /// User id of the owner.
    pub uid: u32,
    /// Group id of the owner.
    pub gid: u32,
    /// Major and minor number of a device node, else (0, 0).
    pub device: (u32, u32),
}

/// A machine's facts that no file has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct HostFacts {
    /// Bytes of a memory page, and so the most that a text attribute holds.
    pub page_size: usize,
    /// The user who asks.
    pub euid: u32,
    /// `true` for the machine that this code runs on.
    pub live: bool,
}

impl HostFacts {
    /// Facts of the machine that the code runs on.
    fn of_this_machine() -> HostFacts {
        HostFacts {
            page_size: rustix::param::page_size(),
            euid: rustix::process::geteuid().as_raw(),
            live: true,
        }
    }
}
