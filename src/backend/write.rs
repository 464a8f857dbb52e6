//! Writing, which only feature `control` compiles.

use std::fmt;
use std::io;
use std::os::fd::AsFd;
use std::path::Path;

use rustix::fs::{self, FileType, OFlags};
use rustix::io::Errno;

/// Writes attributes of the directory that gave it.
///
/// It belongs to a kept directory and not to the machine: after an unbind or a change of partitions a write
/// fails as a read does, and never reaches the newcomer with the same path.
pub trait Writer: fmt::Debug + Send + Sync {
    /// Writes an attribute: opened for writing only, never created nor cut, and exactly one write(2).
    ///
    /// A driver takes each write as one command, so one that is taken in part is an error.
    fn write(&self, rel: &Path, bytes: &[u8]) -> io::Result<()>;
}

/// Flags of every open for writing. NONBLOCK as for reading: a fifo is refused, not waited for.
pub(super) const WRITE: OFlags =
    OFlags::WRONLY.union(OFlags::CLOEXEC).union(OFlags::NONBLOCK).union(OFlags::NOCTTY);

/// Hands over `bytes` in one write. EINTR goes up: the driver's work was interrupted, and it is not ours to repeat it.
pub(super) fn write_once(fd: impl AsFd, bytes: &[u8]) -> io::Result<()> {
    if FileType::from_raw_mode(fs::fstat(&fd)?.st_mode) != FileType::RegularFile {
        return Err(Errno::INVAL.into());
    }
    let taken = rustix::io::write(&fd, bytes)?;
    if taken != bytes.len() {
        let reason = format!("took {taken} of {} bytes", bytes.len());
        return Err(io::Error::new(io::ErrorKind::WriteZero, reason));
    }
    Ok(())
}
