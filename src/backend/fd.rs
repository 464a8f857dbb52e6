//! Operations on open descriptors, shared by the live machine and a tree.

use std::ffi::OsStr;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use rustix::buffer::spare_capacity;
use rustix::fs::{self, FileType, Mode, OFlags, Stat};
use rustix::io::Errno;

use super::{ATTRIBUTE_LIMIT, Attr, Entry, FileKind, Meta};

/// Flags of every open for reading. Without NONBLOCK the open of a fifo waits for a writer.
pub(super) const READ: OFlags =
    OFlags::RDONLY.union(OFlags::CLOEXEC).union(OFlags::NONBLOCK).union(OFlags::NOCTTY);
/// Flags of a directory that is kept: a name for it, which cannot be read itself.
pub(super) const KEEP_DIR: OFlags = OFlags::PATH.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);

/// Reads one attribute from its beginning: one page, and more only if the page is full.
pub(super) fn read_attribute(fd: impl AsFd, page: usize, buf: &mut Vec<u8>) -> io::Result<()> {
    buf.clear();
    loop {
        buf.reserve(page);
        let room = buf.capacity() - buf.len();
        let offset = buf.len() as u64;
        let read = rustix::io::retry_on_intr(|| rustix::io::pread(&fd, spare_capacity(buf), offset))?;
        if read < room {
            return Ok(());
        }
        if buf.len() > ATTRIBUTE_LIMIT {
            return Err(Errno::FBIG.into());
        }
    }
}

/// An attribute whose descriptor is kept, of the live machine or of a tree.
#[derive(Debug)]
pub(super) struct FdAttr {
    pub(super) fd: OwnedFd,
    pub(super) page: usize,
}

impl Attr for FdAttr {
    fn read(&self, buf: &mut Vec<u8>) -> io::Result<()> {
        read_attribute(&self.fd, self.page, buf)
    }
}

/// Reads until a read gives nothing.
pub(super) fn read_to_end(fd: impl AsFd, page: usize, limit: usize, buf: &mut Vec<u8>) -> io::Result<()> {
    buf.clear();
    loop {
        buf.reserve(page);
        if read_more(&fd, buf)? == 0 {
            return Ok(());
        }
        if buf.len() > limit {
            return Err(Errno::FBIG.into());
        }
    }
}

/// Reads once, with this much room at least.
pub(super) fn read_once(fd: impl AsFd, room: usize, buf: &mut Vec<u8>) -> io::Result<()> {
    buf.clear();
    buf.reserve(room);
    read_more(fd, buf).map(drop)
}

/// One read into the spare room of `buf`; a signal does not end it.
fn read_more(fd: impl AsFd, buf: &mut Vec<u8>) -> io::Result<usize> {
    Ok(rustix::io::retry_on_intr(|| rustix::io::read(&fd, spare_capacity(buf)))?)
}

/// The entries behind an open directory, sorted.
pub(super) fn list(fd: OwnedFd) -> io::Result<Vec<Entry>> {
    let mut entries = Vec::new();
    for entry in fs::Dir::new(fd)? {
        let entry = entry?;
        let name = entry.file_name().to_bytes();
        if name != b"." && name != b".." {
            entries.push(Entry { name: OsStr::from_bytes(name).to_owned(), kind: kind(entry.file_type()) });
        }
    }
    entries.sort_unstable();
    Ok(entries)
}

/// Opens the directory itself for listing, which a kept descriptor cannot do.
pub(super) fn open_for_listing(fd: BorrowedFd<'_>) -> io::Result<OwnedFd> {
    Ok(fs::openat(fd, ".", READ | OFlags::DIRECTORY, Mode::empty())?)
}

/// The target of a link that `fd` is a name for (PATH and NOFOLLOW), or of `rel` below it.
pub(super) fn read_link(fd: impl AsFd, rel: impl rustix::path::Arg) -> io::Result<PathBuf> {
    let target = fs::readlinkat(fd, rel, Vec::new())?;
    Ok(PathBuf::from(OsStr::from_bytes(target.as_bytes())))
}

pub(super) fn meta(stat: &Stat) -> Meta {
    Meta {
        kind: kind(FileType::from_raw_mode(stat.st_mode)),
        mode: stat.st_mode & 0o7777,
        uid: stat.st_uid,
        gid: stat.st_gid,
        device: (fs::major(stat.st_rdev), fs::minor(stat.st_rdev)),
    }
}

fn kind(file_type: FileType) -> FileKind {
    match file_type {
        FileType::RegularFile => FileKind::File,
        FileType::Directory => FileKind::Directory,
        FileType::Symlink => FileKind::Link,
        FileType::CharacterDevice => FileKind::CharDevice,
        _ => FileKind::Other,
    }
}
