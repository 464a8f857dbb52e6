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

#[cfg(test)]
mod tests {
    use rustix::fs::{CWD, Mode};

    use super::super::{Backend, Live};
    use super::*;

    #[test]
    fn the_live_machine_writes_what_is_there_and_makes_nothing() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("level"), "profile_standard\n").unwrap();
        fs::mkfifoat(CWD, dir.path().join("fifo"), Mode::RUSR | Mode::WUSR).unwrap();
        let kept = Live::new().open_dir(dir.path()).unwrap();
        let writer = kept.writer().unwrap();
        writer.write(Path::new("level"), b"auto\n").unwrap();
        // Not cut: on sysfs there is nothing to cut, and elsewhere it is not ours to.
        assert_eq!(std::fs::read(dir.path().join("level")).unwrap(), b"auto\nle_standard\n");
        let missing = writer.write(Path::new("absent"), b"1\n").unwrap_err();
        assert_eq!(missing.kind(), io::ErrorKind::NotFound);
        assert!(!dir.path().join("absent").exists());
        assert!(writer.write(Path::new("fifo"), b"1\n").is_err());
        assert!(writer.write(Path::new("."), b"1\n").is_err());
    }

    #[test]
    fn a_directory_that_was_replaced_is_not_written() {
        let dir = tempfile::tempdir().unwrap();
        let device = dir.path().join("device");
        std::fs::create_dir(&device).unwrap();
        let kept = Live::new().open_dir(&device).unwrap();
        std::fs::remove_dir(&device).unwrap();
        std::fs::create_dir(&device).unwrap();
        std::fs::write(device.join("level"), "low\n").unwrap();
        let error = kept.writer().unwrap().write(Path::new("level"), b"high\n").unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
        assert_eq!(std::fs::read(device.join("level")).unwrap(), b"low\n");
    }
}
