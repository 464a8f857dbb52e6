//! A machine in one file: a tar archive of its `sys`, `proc` and `dev`, read in place.
//!
//! Its headers are indexed, and what is in its files is copied once, into memory that is sealed against change; headers and
//! padding are most of an archive of small files, and are not kept. Nothing is unpacked, and nothing outside of the
//! archive is opened, whatever its links say.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::fs::{self, FileType, Mode};
use rustix::io::Errno;

use super::scripted::{Emitted, Scripted, ScriptedKfd};
use super::{
    ATTRIBUTE_LIMIT, Attr, Backend, Dir, DrmQuery, Entry, HostFacts, HsmpMessage, Kfd, Meta, drm, fd, hsmp,
};
use crate::id::{GpuId, RenderMinor};
use crate::sys::map::Frozen;

mod build;
mod frames;
mod index;
mod tar;

pub use frames::Frames;

use frames::Clock;
use index::{EntryBody, EntryState, Id, Index, TOP};

/// No archive is larger, nor unpacks to more: it is held in memory.
pub(crate) const ARCHIVE_LIMIT: u64 = 1 << 30;

/// Reads a source, up to one byte more than an archive may have.
fn read_to_limit(source: &mut impl Read, size: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(size + 1);
    source.take(ARCHIVE_LIMIT + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn too_large() -> io::Error {
    invalid(format!("larger than {ARCHIVE_LIMIT} bytes"))
}

fn invalid(reason: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, reason)
}

/// A machine in a tar archive, as `amdgpu-smi capture` writes it. Cheap to clone; clones share the frame.
///
/// It answers as a [`Tree`](super::Tree) would of the same archive unpacked. It is a tar file (ustar, pax or GNU)
/// with `sys` at its top, and MANIFEST if there is one; compressed by gzip or not with feature `gzip`.
///
/// ```
/// use amdgpu_smi::Smi;
/// use amdgpu_smi::backend::Archive;
/// use amdgpu_smi::capture::ArchiveWriter;
/// use std::sync::Arc;
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let mut writer = ArchiveWriter::new(Vec::new(), "origin synthetic\n")?;
/// writer.directory("sys/module/amdgpu", 0o755)?;
/// let archive = Archive::from_bytes(writer.finish()?)?;
/// let smi = Smi::builder().backend(Arc::new(archive)).build()?;
/// assert!(smi.gpus().is_empty());
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Archive {
    held: Arc<ArchiveData>,
}

#[derive(Debug)]
struct ArchiveData {
    /// The contents of all files, and the targets of all links.
    contents: Frozen,
    index: Index,
    host: HostFacts,
    clock: Clock,
    scripted: Arc<Scripted>,
}

impl Archive {
    /// Reads a file, of 1 GiB at most, into memory of its own. What becomes of the file afterwards does
    /// not matter.
    ///
    /// # Errors
    /// Those of opening and reading it; `InvalidData`, with where and why, for what is damaged, cut off, compressed in a way
    /// that is not read, or names something outside of itself.
    pub fn open(path: impl AsRef<Path>) -> io::Result<Archive> {
        let mut file = File::from(fs::open(path.as_ref(), fd::READ, Mode::empty())?);
        let stat = fs::fstat(&file)?;
        if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a file"));
        }
        let size = u64::try_from(stat.st_size).unwrap_or(0);
        if size > ARCHIVE_LIMIT {
            return Err(too_large());
        }
        // It may grow meanwhile.
        Archive::from_bytes(read_to_limit(&mut file, size as usize)?)
    }

    /// The same of bytes in memory.
    ///
    /// # Errors
    /// `InvalidData`, as [`Archive::open`].
    pub fn from_bytes(bytes: Vec<u8>) -> io::Result<Archive> {
        #[cfg(feature = "gzip")]
        if bytes.starts_with(&[0x1f, 0x8b]) {
            let unpacked = read_to_limit(&mut flate2::read::MultiGzDecoder::new(bytes.as_slice()), 0)
                .map_err(|error| invalid(format!("compressed by gzip, but damaged or cut off: {error}")))?;
            return Archive::from_tar(unpacked);
        }
        Archive::from_tar(bytes)
    }

    fn from_tar(bytes: Vec<u8>) -> io::Result<Archive> {
        if bytes.len() as u64 > ARCHIVE_LIMIT {
            return Err(too_large());
        }
        let mut index = Index::new(&bytes)?;
        let parts = index.pack();
        let contents = Frozen::copy_of(parts.iter().map(|part| bytes.get(part.clone()).unwrap_or_default()));
        let scripted = Arc::new(Scripted::new(&mut index.manifest));
        let here = HostFacts::of_this_machine();
        let host = HostFacts {
            page_size: index.manifest.page_size.unwrap_or(here.page_size),
            euid: index.manifest.euid.unwrap_or(here.euid),
            live: false,
        };
        let clock = Clock::new(std::mem::take(&mut index.times));
        Ok(Archive { held: Arc::new(ArchiveData { contents, index, host, clock, scripted }) })
    }

    /// Tells recorded events this many times faster to later subscribers: 1 is as they came, infinity all at
    /// once. What is no positive number is 1.
    pub fn set_event_speed(&self, speed: f64) {
        self.held.scripted.set_speed(speed);
    }

    /// `/dev/kfd` where the archive has one, which knows the GPUs that `machine` shows: the archive, or what stands over it.
    pub(crate) fn kfd(&self, machine: Arc<dyn Backend>) -> io::Result<Arc<dyn Kfd>> {
        if let (_, EntryState { errno: Some(errno), .. }) = self.held.find(TOP, Path::new("dev/kfd"), true)? {
            return Err((*errno).into());
        }
        Ok(Arc::new(ScriptedKfd::new(machine, self.held.scripted.clone())))
    }

    /// Makes a GPU report an event, as [`Tree::emit`](super::Tree::emit).
    pub fn emit(&self, gpu: GpuId, line: impl AsRef<[u8]>) -> Emitted {
        self.held.scripted.emit(gpu, line.as_ref())
    }
}

impl ArchiveData {
    /// The entry that a path leads to now.
    fn find(&self, from: Id, rel: &Path, follow: bool) -> io::Result<(Id, &EntryState)> {
        let frame = self.clock.frame();
        let id = self.index.resolve(&self.contents, from, rel, follow, frame)?;
        let state = self.index.state(id, frame).ok_or(Errno::NOENT)?;
        Ok((id, state))
    }

    fn directory(&self, from: Id, rel: &Path) -> io::Result<Id> {
        match self.find(from, rel, true)? {
            (id, EntryState { body: EntryBody::Directory, .. }) => Ok(id),
            _ => Err(Errno::NOTDIR.into()),
        }
    }

    /// A file that stands for what a device node answers.
    fn answer(&self, path: &Path, limit: usize) -> io::Result<Vec<u8>> {
        let (_, state) = self.find(TOP, path, true)?;
        let mut answer = Vec::new();
        copy(self.contents(state)?, limit, &mut answer)?;
        Ok(answer)
    }

    /// The contents of a regular file that MANIFEST does not make fail.
    fn contents(&self, state: &EntryState) -> io::Result<&[u8]> {
        if let Some(errno) = state.errno {
            return Err(errno.into());
        }
        let what = match &state.body {
            EntryBody::File(range) => return Ok(self.contents.get(range.clone()).unwrap_or_default()),
            EntryBody::Directory => return Err(Errno::ISDIR.into()),
            EntryBody::Link(_) => return Err(Errno::LOOP.into()),
            EntryBody::Fifo => "a fifo, not a file",
            EntryBody::CharDevice | EntryBody::BlockDevice => "a device node, not a file",
        };
        Err(io::Error::new(io::ErrorKind::InvalidInput, what))
    }
}

impl Backend for Archive {
    fn open_dir(&self, path: &Path) -> io::Result<Arc<dyn Dir>> {
        let top = ArchiveDir { held: self.held.clone(), id: TOP, path: PathBuf::from("/") };
        top.open_dir(path)
    }

    fn host(&self) -> HostFacts {
        self.held.host
    }

    fn hides_processes(&self) -> bool {
        self.held.index.manifest.hides_processes
    }

    fn open_kfd(&self) -> io::Result<Arc<dyn Kfd>> {
        self.kfd(Arc::new(self.clone()))
    }

    fn drm_query(&self, node: RenderMinor, what: DrmQuery) -> io::Result<Vec<u8>> {
        drm::opened(self.held.find(TOP, &drm::node_path(node), true)?.1.errno)?;
        self.held.answer(&drm::answer_path(node, what), drm::ANSWER_LIMIT)
    }

    fn hsmp(&self, message: &HsmpMessage) -> io::Result<Vec<u32>> {
        drm::opened(self.held.find(TOP, Path::new(hsmp::HSMP), true)?.1.errno)?;
        hsmp::played(message, self.held.answer(&hsmp::answer_path(message), hsmp::ANSWER_LIMIT))
    }
}

#[derive(Debug)]
struct ArchiveDir {
    held: Arc<ArchiveData>,
    id: Id,
    path: PathBuf,
}

impl ArchiveDir {
    fn file(&self, rel: &Path) -> io::Result<&[u8]> {
        let (_, state) = self.held.find(self.id, rel, true)?;
        self.held.contents(state)
    }
}

/// Replaces what is in `buf`, if it is not too much.
fn copy(contents: &[u8], limit: usize, buf: &mut Vec<u8>) -> io::Result<()> {
    buf.clear();
    if contents.len() > limit {
        return Err(Errno::FBIG.into());
    }
    buf.extend_from_slice(contents);
    Ok(())
}

impl Dir for ArchiveDir {
    fn path(&self) -> &Path {
        &self.path
    }

    fn read(&self, rel: &Path, buf: &mut Vec<u8>) -> io::Result<()> {
        copy(self.file(rel)?, ATTRIBUTE_LIMIT, buf)
    }

    fn read_to_end(&self, rel: &Path, limit: usize, buf: &mut Vec<u8>) -> io::Result<()> {
        copy(self.file(rel)?, limit, buf)
    }

    fn read_once(&self, rel: &Path, room: usize, buf: &mut Vec<u8>) -> io::Result<()> {
        let contents = self.file(rel)?;
        copy(contents.get(..room).unwrap_or(contents), room, buf)
    }

    fn read_link(&self, rel: &Path) -> io::Result<PathBuf> {
        let (_, state) = self.held.find(self.id, rel, false)?;
        match (&state.body, state.errno) {
            (_, Some(errno)) => Err(errno.into()),
            (EntryBody::Link(range), None) => {
                Ok(link(self.held.contents.get(range.clone()).unwrap_or_default()))
            }
            _ => Err(Errno::INVAL.into()),
        }
    }

    fn list(&self, rel: &Path) -> io::Result<Vec<Entry>> {
        let frame = self.held.clock.frame();
        let id = self.held.directory(self.id, rel)?;
        match self.held.index.state(id, frame) {
            Some(EntryState { errno: Some(errno), .. }) => Err((*errno).into()),
            _ => Ok(self.held.index.list(id, frame)),
        }
    }

    fn meta(&self, rel: &Path) -> io::Result<Meta> {
        let (_, state) = self.held.find(self.id, rel, true)?;
        let kind = match state.device {
            Some(_) => super::FileKind::CharDevice,
            None => state.kind(),
        };
        let device = state.device.unwrap_or_default();
        Ok(Meta { kind, mode: state.mode, uid: state.uid, gid: state.gid, device })
    }

    fn open_dir(&self, rel: &Path) -> io::Result<Arc<dyn Dir>> {
        let id = self.held.directory(self.id, rel)?;
        Ok(Arc::new(ArchiveDir { held: self.held.clone(), id, path: self.path.join(rel) }))
    }

    fn open_attr(&self, rel: &Path) -> io::Result<Box<dyn Attr>> {
        let (id, state) = self.held.find(self.id, rel, true)?;
        self.held.contents(state)?;
        Ok(Box::new(ArchiveAttr { held: self.held.clone(), id }))
    }
}

fn link(target: &[u8]) -> PathBuf {
    use std::os::unix::ffi::OsStrExt;
    PathBuf::from(std::ffi::OsStr::from_bytes(target))
}

#[derive(Debug)]
struct ArchiveAttr {
    held: Arc<ArchiveData>,
    id: Id,
}

impl Attr for ArchiveAttr {
    fn read(&self, buf: &mut Vec<u8>) -> io::Result<()> {
        let state = self.held.index.state(self.id, self.held.clock.frame()).ok_or(Errno::NODEV)?;
        copy(self.held.contents(state)?, ATTRIBUTE_LIMIT, buf)
    }
}

#[cfg(test)]
mod hostile;
#[cfg(test)]
mod tests;
