//! A directory that holds another machine's `sys`, `proc` and `dev`: a fixture, a capture, a chroot.
//!
//! Nothing in it can lead out of it: absolute links and `..` beyond the top resolve inside, as in a chroot.

use std::collections::{HashMap, VecDeque};
use std::ffi::{OsStr, OsString};
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use rustix::fs::{self, FileType, Mode, OFlags, ResolveFlags, Stat};
use rustix::io::Errno;

use super::manifest::{self, Manifest};
use super::scripted::{Emitted, Scripted, ScriptedKfd};
use super::{
    Attr, Backend, Dir, DrmQuery, Entry, FileKind, HostFacts, HsmpMessage, Kfd, Meta, drm, fd, hsmp,
};
use crate::id::{GpuId, RenderMinor};

/// Number of times that an openat2 with EAGAIN is retried. It fails when a rename anywhere on the machine races with a `..`
/// (about every third time next to a thread that renames constantly).
const RACES: usize = 16;
/// As the kernel's MAXSYMLINKS.
const LINKS: usize = 40;

/// A machine in a directory.
#[derive(Debug, Clone)]
pub struct Tree {
    root: Arc<Root>,
}

/// A file as the file system numbers it, whatever path led there.
type FileKey = (u64, u64);

#[derive(Debug)]
struct Root {
    fd: OwnedFd,
    host: HostFacts,
    hides_processes: bool,
    /// Set if MANIFEST has the reader's user id. The user who unpacked the tree then owns none of its files.
    names_reader: bool,
    errno: HashMap<FileKey, Errno>,
    /// Set if some of these are directories, which cannot be entered.
    closed: bool,
    mode: HashMap<FileKey, u32>,
    owner: HashMap<FileKey, (u32, u32)>,
    device: HashMap<FileKey, (u32, u32)>,
    /// Names of directories that only the MANIFEST knows, by the directory that they are in.
    empty: HashMap<FileKey, Vec<OsString>>,
    scripted: Arc<Scripted>,
    /// Resolve by hand even where the kernel could.
    walk_only: bool,
    #[cfg(feature = "control")]
    writable: bool,
}

impl Tree {
    /// Opens a directory that has `sys` in it, and reads its `MANIFEST` if there is one.
    ///
    /// # Errors
    /// Those of opening it; `InvalidData`, with the line, for a MANIFEST that cannot be read.
    pub fn open(path: impl AsRef<Path>) -> io::Result<Tree> {
        Tree::open_with(path.as_ref(), false)
    }

    /// As [`Tree::open`], and lets settings be changed: a write replaces what the file holds. For scratch copies in tests.
    ///
    /// There is no driver behind it: what is written is what will be read, commands included.
    ///
    /// # Errors
    /// As [`Tree::open`].
    #[cfg(feature = "control")]
    pub fn open_writable(path: impl AsRef<Path>) -> io::Result<Tree> {
        let mut tree = Tree::open_with(path.as_ref(), false)?;
        // Nobody else has it yet.
        if let Some(root) = Arc::get_mut(&mut tree.root) {
            root.writable = true;
        }
        Ok(tree)
    }

    /// Makes a GPU report an event, on all descriptors that are open for it: `line` as the kernel would print it,
    /// without newline. For tests of programs that watch events.
    ///
    /// A descriptor gets what its mask asks for, as long as its queue has room: 1024 bytes, or what MANIFEST says.
    ///
    /// ```
    /// use amdgpu_smi::Smi;
    /// use amdgpu_smi::backend::Tree;
    /// use std::sync::Arc;
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let root = "fixtures/navi31-1x-k6.12-desktop";
    /// let tree = Tree::open(root)?;
    /// let smi = Smi::builder().backend(Arc::new(tree.clone())).build()?;
    /// let gpu = smi.gpus()[0].ids().kfd_id.clone().unwrap();
    /// let mut events = smi.events().open()?;
    /// assert_eq!(tree.emit(gpu, "3 1 job hang on ring:gfx_0.0.0").delivered, 1);
    /// assert_eq!(events.try_next()?.unwrap().kind.name(), "GPU_PRE_RESET");
    /// # Ok(())
    /// # }
    /// ```
    pub fn emit(&self, gpu: GpuId, line: impl AsRef<[u8]>) -> Emitted {
        self.root.scripted.emit(gpu, line.as_ref())
    }

    /// `/dev/kfd` where the tree has one and MANIFEST does not refuse it. It knows the GPUs that `machine` shows:
    /// the tree, or what stands over it.
    pub(crate) fn kfd(&self, machine: Arc<dyn Backend>) -> io::Result<Arc<dyn Kfd>> {
        let node = self.root.open_from_root(Path::new("dev/kfd"), OFlags::PATH | OFlags::CLOEXEC)?;
        self.root.refused(&fs::fstat(node)?)?;
        Ok(Arc::new(ScriptedKfd::new(machine, self.root.scripted.clone())))
    }

    fn open_with(path: &Path, walk_only: bool) -> io::Result<Tree> {
        let fd = fs::open(path, fd::KEEP_DIR, Mode::empty())?;
        let mut root = Root {
            fd,
            host: HostFacts { live: false, ..HostFacts::of_this_machine() },
            hides_processes: false,
            names_reader: false,
            errno: HashMap::new(),
            closed: false,
            mode: HashMap::new(),
            owner: HashMap::new(),
            device: HashMap::new(),
            empty: HashMap::new(),
            scripted: Arc::default(),
            walk_only,
            #[cfg(feature = "control")]
            writable: false,
        };
        match root.read_manifest() {
            Ok(manifest) => root.apply(manifest)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        Ok(Tree { root: Arc::new(root) })
    }
}

impl Root {
    fn read_manifest(&self) -> io::Result<Manifest> {
        let fd = self.open_from_root(Path::new("MANIFEST"), fd::READ)?;
        regular(&fs::fstat(&fd)?)?;
        let mut buf = Vec::new();
        fd::read_to_end(fd, 4096, manifest::LIMIT, &mut buf)?;
        let invalid = |reason| io::Error::new(io::ErrorKind::InvalidData, format!("MANIFEST: {reason}"));
        let text = std::str::from_utf8(&buf).map_err(|_| invalid("not UTF-8".into()))?;
        Manifest::parse(text).map_err(invalid)
    }

    /// Replaces the paths of a MANIFEST by the files that they name.
    fn apply(&mut self, mut manifest: Manifest) -> io::Result<()> {
        self.scripted = Arc::new(Scripted::new(&mut manifest));
        self.host.page_size = manifest.page_size.unwrap_or(self.host.page_size);
        self.hides_processes = manifest.hides_processes;
        self.names_reader = manifest.euid.is_some();
        self.host.euid = manifest.euid.unwrap_or(self.host.euid);
        for (path, errno) in manifest.errno {
            self.errno.insert(self.named(&path)?, errno);
            self.closed |= self.open_from_root(&path, fd::KEEP_DIR).is_ok();
        }
        for (path, mode) in manifest.mode {
            self.mode.insert(self.named(&path)?, mode);
        }
        for (path, owner) in manifest.owner {
            self.owner.insert(self.named(&path)?, owner);
        }
        for (path, numbers) in manifest.device {
            self.device.insert(self.named(&path)?, numbers);
        }
        for path in manifest.empty {
            let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else { continue };
            let parent = if parent.as_os_str().is_empty() { Path::new(".") } else { parent };
            let key = self.named(parent)?;
            self.empty.entry(key).or_default().push(name.to_owned());
        }
        Ok(())
    }

    fn named(&self, path: &Path) -> io::Result<FileKey> {
        let stat =
            self.open_from_root(path, OFlags::PATH | OFlags::CLOEXEC).and_then(|fd| Ok(fs::fstat(fd)?));
        let stat = stat.map_err(|error| {
            io::Error::new(io::ErrorKind::InvalidData, format!("MANIFEST: {}: {error}", path.display()))
        })?;
        Ok(key(&stat))
    }

    /// Fails as MANIFEST says of this file.
    fn refused(&self, stat: &Stat) -> io::Result<()> {
        match self.errno.get(&key(stat)) {
            Some(errno) => Err((*errno).into()),
            None => Ok(()),
        }
    }

    /// Reads a file that stands for what a device node answers.
    fn answer(&self, path: &Path, limit: usize) -> io::Result<Vec<u8>> {
        let file = self.open_from_root(relative(path), fd::READ)?;
        let stat = fs::fstat(&file)?;
        self.refused(&stat)?;
        regular(&stat)?;
        let mut answer = Vec::new();
        fd::read_to_end(file, limit, limit, &mut answer)?;
        Ok(answer)
    }

    /// Opens a path that is relative to the root.
    fn open_from_root(&self, path: &Path, flags: OFlags) -> io::Result<OwnedFd> {
        if !self.walk_only {
            match resolve(&self.fd, path, flags, ResolveFlags::IN_ROOT) {
                Err(Errno::AGAIN | Errno::NOSYS | Errno::PERM) => {}
                result => return Ok(result?),
            }
        }
        self.walk(path, flags)
    }

    /// Resolves a path in user space, one component and one descriptor at a time.
    ///
    /// For kernels before 5.6 and sandboxes without openat2, and when renames elsewhere keep it from ending.
    fn walk(&self, path: &Path, flags: OFlags) -> io::Result<OwnedFd> {
        let mut todo: VecDeque<OsString> = components(path);
        let mut above: Vec<OwnedFd> = Vec::new();
        let mut links = 0;
        while let Some(name) = todo.pop_front() {
            if name == OsStr::new("/") {
                above.clear();
                continue;
            }
            if name == OsStr::new("..") {
                above.pop();
                continue;
            }
            let at = above.last().unwrap_or(&self.fd);
            let step =
                fs::openat(at, &name, OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty())?;
            let file_type = FileType::from_raw_mode(fs::fstat(&step)?.st_mode);
            let last = todo.is_empty();
            if file_type == FileType::Symlink && !(last && flags.contains(OFlags::NOFOLLOW)) {
                links += 1;
                if links > LINKS {
                    return Err(Errno::LOOP.into());
                }
                let target = fd::read_link(&step, "")?;
                for part in components(&target).into_iter().rev() {
                    todo.push_front(part);
                }
            } else if last && file_type != FileType::Directory {
                return Ok(fs::openat(at, &name, flags | OFlags::NOFOLLOW, Mode::empty())?);
            } else {
                above.push(step);
            }
        }
        let at = above.last().unwrap_or(&self.fd);
        Ok(fs::openat(at, ".", flags - OFlags::NOFOLLOW, Mode::empty())?)
    }
}

/// The components of a path, as bytes would be resolved: `/` first for an absolute one, `.` left out.
fn components(path: &Path) -> VecDeque<OsString> {
    let names = path.components().filter(|component| *component != Component::CurDir);
    names.map(|component| component.as_os_str().to_owned()).collect()
}

/// openat2, tried again while renames elsewhere make it give up.
fn resolve(at: impl AsFd, path: &Path, flags: OFlags, how: ResolveFlags) -> rustix::io::Result<OwnedFd> {
    let how = how | ResolveFlags::NO_MAGICLINKS;
    let mut result = Err(Errno::AGAIN);
    for _ in 0..RACES {
        result = fs::openat2(&at, path, flags, Mode::empty(), how);
        if !matches!(result, Err(Errno::AGAIN | Errno::INTR)) {
            break;
        }
    }
    result
}

/// The mode of a file that was unpacked with some umask: 0444, 0644 or, of a directory, 0755. Others are in MANIFEST.
fn before_umask(mode: u32) -> u32 {
    let owner = mode & 0o700;
    owner | (owner & 0o500) >> 3 | (owner & 0o500) >> 6
}

fn key(stat: &Stat) -> FileKey {
    (stat.st_dev, stat.st_ino)
}

/// Refuses what sysfs never has: reading a fifo or a device could block, or do something.
fn regular(stat: &Stat) -> io::Result<()> {
    let what = match FileType::from_raw_mode(stat.st_mode) {
        FileType::RegularFile => return Ok(()),
        FileType::Directory => return Err(Errno::ISDIR.into()),
        FileType::Fifo => "a fifo, not a file",
        FileType::Socket => "a socket, not a file",
        FileType::CharacterDevice | FileType::BlockDevice => "a device node, not a file",
        _ => "not a file",
    };
    Err(io::Error::new(io::ErrorKind::InvalidInput, what))
}

impl Backend for Tree {
    fn open_dir(&self, path: &Path) -> io::Result<Arc<dyn Dir>> {
        let top = TreeDir { root: self.root.clone(), place: DirPlace::Top, path: PathBuf::from("/") };
        top.open_dir(path)
    }

    fn host(&self) -> HostFacts {
        self.root.host
    }

    fn hides_processes(&self) -> bool {
        self.root.hides_processes
    }

    fn open_kfd(&self) -> io::Result<Arc<dyn Kfd>> {
        self.kfd(Arc::new(self.clone()))
    }

    /// The answers are in files beside the node: `dev/dri/renderD128.query/vbios`.
    fn drm_query(&self, node: RenderMinor, what: DrmQuery) -> io::Result<Vec<u8>> {
        let path = drm::node_path(node);
        let device = self.root.open_from_root(relative(&path), OFlags::PATH | OFlags::CLOEXEC)?;
        drm::opened(self.root.errno.get(&key(&fs::fstat(device)?)).copied())?;
        self.root.answer(&drm::answer_path(node, what), drm::ANSWER_LIMIT)
    }

    /// The answers are in files beside the device: `dev/hsmp.answers/0/04`.
    fn hsmp(&self, message: &HsmpMessage) -> io::Result<Vec<u32>> {
        let device =
            self.root.open_from_root(relative(Path::new(hsmp::HSMP)), OFlags::PATH | OFlags::CLOEXEC)?;
        drm::opened(self.root.errno.get(&key(&fs::fstat(device)?)).copied())?;
        hsmp::played(message, self.root.answer(&hsmp::answer_path(message), hsmp::ANSWER_LIMIT))
    }
}

/// Where a [`TreeDir`] is.
#[derive(Debug)]
enum DirPlace {
    Top,
    Opened(OwnedFd),
    /// A directory that only the MANIFEST knows.
    Empty,
}

#[derive(Debug)]
struct TreeDir {
    root: Arc<Root>,
    place: DirPlace,
    path: PathBuf,
}

impl TreeDir {
    /// Opens `rel`. Behind a directory that the MANIFEST closes, nothing is absent: it cannot be known.
    fn open(&self, rel: &Path, flags: OFlags) -> io::Result<OwnedFd> {
        let opened = self.open_plainly(rel, flags);
        let absent = opened.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::NotFound);
        if absent && self.root.closed {
            for above in rel.ancestors().skip(1) {
                let above = if above.as_os_str().is_empty() { Path::new(".") } else { above };
                if let Ok(dir) = self.open_plainly(above, fd::KEEP_DIR) {
                    self.root.refused(&fs::fstat(dir)?)?;
                }
            }
        }
        opened
    }

    /// Opens `rel`: below this directory in one call, and from the root where it leads out of here.
    fn open_plainly(&self, rel: &Path, flags: OFlags) -> io::Result<OwnedFd> {
        let fd = match &self.place {
            DirPlace::Empty => return Err(Errno::NOENT.into()),
            DirPlace::Opened(fd) => fd,
            DirPlace::Top => return self.root.open_from_root(relative(rel), flags),
        };
        if self.root.walk_only || rel.is_absolute() {
            return self.root.open_from_root(relative(&self.path.join(rel)), flags);
        }
        match resolve(fd, rel, flags, ResolveFlags::BENEATH) {
            Err(Errno::XDEV | Errno::AGAIN | Errno::NOSYS | Errno::PERM) => {
                self.root.open_from_root(relative(&self.path.join(rel)), flags)
            }
            result => Ok(result?),
        }
    }

    /// Opens a regular file that the MANIFEST does not make fail.
    fn open_file(&self, rel: &Path) -> io::Result<OwnedFd> {
        let fd = self.open(rel, fd::READ)?;
        let stat = fs::fstat(&fd)?;
        self.root.refused(&stat)?;
        regular(&stat)?;
        Ok(fd)
    }

    /// Returns `true` if only the MANIFEST lists `rel`, as an empty directory.
    fn is_empty_dir(&self, rel: &Path) -> bool {
        if matches!(self.place, DirPlace::Empty) {
            return rel == Path::new(".");
        }
        let (Some(parent), Some(name)) = (rel.parent(), rel.file_name()) else { return false };
        let parent = if parent.as_os_str().is_empty() { Path::new(".") } else { parent };
        let Ok(stat) = self.open(parent, fd::KEEP_DIR).and_then(|fd| Ok(fs::fstat(fd)?)) else {
            return false;
        };
        self.root.empty.get(&key(&stat)).is_some_and(|names| names.iter().any(|known| known == name))
    }
}

/// The same path seen from the root's descriptor.
fn relative(path: &Path) -> &Path {
    match path.strip_prefix("/") {
        Ok(rest) if rest.as_os_str().is_empty() => Path::new("."),
        Ok(rest) => rest,
        Err(_) => path,
    }
}

/// Returns `true` if a path is one plain name.
fn is_name(rel: &Path) -> bool {
    let mut components = rel.components();
    matches!((components.next(), components.next()), (Some(Component::Normal(_)), None))
}

impl Dir for TreeDir {
    fn path(&self) -> &Path {
        &self.path
    }

    fn read(&self, rel: &Path, buf: &mut Vec<u8>) -> io::Result<()> {
        fd::read_attribute(self.open_file(rel)?, self.root.host.page_size, buf)
    }

    fn read_to_end(&self, rel: &Path, limit: usize, buf: &mut Vec<u8>) -> io::Result<()> {
        fd::read_to_end(self.open_file(rel)?, self.root.host.page_size, limit, buf)
    }

    fn read_once(&self, rel: &Path, room: usize, buf: &mut Vec<u8>) -> io::Result<()> {
        fd::read_once(self.open_file(rel)?, room, buf)
    }

    fn read_link(&self, rel: &Path) -> io::Result<PathBuf> {
        // A name in this directory leads through no other link: it can be asked for at once.
        if let (DirPlace::Opened(fd), true) = (&self.place, is_name(rel)) {
            match fd::read_link(fd, rel) {
                Err(error) if error.raw_os_error() == Some(Errno::INVAL.raw_os_error()) => {}
                result => return result,
            }
        }
        let link = self.open(rel, OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC)?;
        let stat = fs::fstat(&link)?;
        if FileType::from_raw_mode(stat.st_mode) != FileType::Symlink {
            // For a link that may not be read stands a file that fails so.
            self.root.refused(&stat)?;
            return Err(Errno::INVAL.into());
        }
        fd::read_link(link, "")
    }

    fn list(&self, rel: &Path) -> io::Result<Vec<Entry>> {
        let dir = match self.open(rel, fd::KEEP_DIR) {
            Err(error) if error.kind() == io::ErrorKind::NotFound && self.is_empty_dir(rel) => {
                return Ok(Vec::new());
            }
            result => result?,
        };
        let stat = fs::fstat(&dir)?;
        self.root.refused(&stat)?;
        let mut entries = fd::list(fd::open_for_listing(dir.as_fd())?)?;
        if let Some(names) = self.root.empty.get(&key(&stat)) {
            entries.extend(names.iter().map(|name| Entry { name: name.clone(), kind: FileKind::Directory }));
            entries.sort_unstable();
            entries.dedup_by(|a, b| a.name == b.name);
        }
        Ok(entries)
    }

    fn meta(&self, rel: &Path) -> io::Result<Meta> {
        let file = match self.open(rel, OFlags::PATH | OFlags::CLOEXEC) {
            Err(error) if error.kind() == io::ErrorKind::NotFound && self.is_empty_dir(rel) => {
                return Ok(Meta { kind: FileKind::Directory, mode: 0o755, uid: 0, gid: 0, device: (0, 0) });
            }
            result => result?,
        };
        let stat = fs::fstat(file)?;
        let mut meta = fd::meta(&stat);
        if self.root.names_reader {
            (meta.mode, meta.uid, meta.gid) = (before_umask(meta.mode), 0, 0);
        }
        if let Some(mode) = self.root.mode.get(&key(&stat)) {
            meta.mode = *mode;
        }
        if let Some(owner) = self.root.owner.get(&key(&stat)) {
            (meta.uid, meta.gid) = *owner;
        }
        if let Some(numbers) = self.root.device.get(&key(&stat)) {
            (meta.kind, meta.device) = (FileKind::CharDevice, *numbers);
        }
        Ok(meta)
    }

    fn open_dir(&self, rel: &Path) -> io::Result<Arc<dyn Dir>> {
        let place = match self.open(rel, fd::KEEP_DIR) {
            Err(error) if error.kind() == io::ErrorKind::NotFound && self.is_empty_dir(rel) => {
                DirPlace::Empty
            }
            result => DirPlace::Opened(result?),
        };
        Ok(Arc::new(TreeDir { root: self.root.clone(), place, path: self.path.join(rel) }))
    }

    fn open_attr(&self, rel: &Path) -> io::Result<Box<dyn Attr>> {
        Ok(Box::new(fd::FdAttr { fd: self.open_file(rel)?, page: self.root.host.page_size }))
    }

    #[cfg(feature = "control")]
    fn writer(&self) -> Option<&dyn super::Writer> {
        self.root.writable.then_some(self)
    }
}

#[cfg(feature = "control")]
impl super::Writer for TreeDir {
    fn write(&self, rel: &Path, bytes: &[u8]) -> io::Result<()> {
        let fd = self.open(rel, super::write::WRITE)?;
        let stat = fs::fstat(&fd)?;
        self.root.refused(&stat)?;
        regular(&stat)?;
        // An attribute has no rest of what it held before.
        fs::ftruncate(&fd, 0)?;
        super::write::write_once(fd, bytes)
    }
}

#[cfg(test)]
mod tests;
