//! A machine that changes, laid over one that does not: what was set, taken away or put elsewhere, in memory.

use std::collections::{HashMap, VecDeque};
use std::ffi::OsString;
use std::io;
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};

use rustix::io::Errno;

use super::state::{OverlayState, Piece};
#[cfg(feature = "capture")]
use crate::backend::Archive;
use crate::backend::{
    Attr, Backend, Dir, DrmQuery, Emitted, Entry, FileKind, HostFacts, HsmpMessage, Kfd, Meta, Tree, lock,
};
use crate::id::{GpuId, RenderMinor};

/// As the kernel's MAXSYMLINKS.
const LINKS: usize = 40;

/// The changing machine. Clones are the same machine.
#[derive(Debug, Clone)]
pub(super) struct Overlay(Arc<OverlayInner>);

#[derive(Debug)]
struct OverlayInner {
    base: Arc<dyn Backend>,
    /// The base, if it plays events.
    player: Option<Player>,
    top: Arc<dyn Dir>,
    /// Where links of the base lead, by their path: asked once, for the base does not change.
    links: Mutex<HashMap<PathBuf, Option<PathBuf>>>,
    state: Mutex<OverlayState>,
}

/// A recorded machine that reports events by a script, and when it is told to.
#[derive(Debug)]
pub(super) enum Player {
    Tree(Tree),
    #[cfg(feature = "capture")]
    Archive(Archive),
}

impl Player {
    pub(super) fn emit(&self, gpu: GpuId, line: &[u8]) -> Emitted {
        match self {
            Player::Tree(tree) => tree.emit(gpu, line),
            #[cfg(feature = "capture")]
            Player::Archive(archive) => archive.emit(gpu, line),
        }
    }

    /// `/dev/kfd`, with the GPUs of the machine above this overlay.
    fn kfd(&self, machine: Arc<dyn Backend>) -> io::Result<Arc<dyn Kfd>> {
        match self {
            Player::Tree(tree) => tree.kfd(machine),
            #[cfg(feature = "capture")]
            Player::Archive(archive) => archive.kfd(machine),
        }
    }
}

/// Where a path leads.
struct Resolved {
    /// The path without links.
    path: PathBuf,
    at: At,
}

#[derive(Debug, Clone)]
enum At {
    Base(PathBuf),
    File(Arc<[u8]>),
    Folder,
}

impl Overlay {
    pub(super) fn new(base: Arc<dyn Backend>, player: Option<Player>) -> io::Result<Overlay> {
        let top = base.open_dir(Path::new("/"))?;
        let inner = OverlayInner { base, player, top, links: Mutex::default(), state: Mutex::default() };
        Ok(Overlay(Arc::new(inner)))
    }

    pub(super) fn player(&self) -> Option<&Player> {
        self.0.player.as_ref()
    }

    pub(super) fn state(&self) -> MutexGuard<'_, OverlayState> {
        lock(&self.0.state)
    }

    /// The same path without links, of what is there now.
    pub(super) fn real(&self, path: &Path) -> io::Result<PathBuf> {
        Ok(self.find(&self.state(), path, true)?.path)
    }

    /// As [`Overlay::real`] for something that need not be there yet: its parent does.
    pub(super) fn real_parent(&self, path: &Path) -> io::Result<PathBuf> {
        let state = self.state();
        let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else {
            return Err(Errno::INVAL.into());
        };
        Ok(match self.find(&state, path, true) {
            Ok(found) => found.path,
            Err(_) => self.find(&state, parent, true)?.path.join(name),
        })
    }

    /// Where the base's link at this path leads.
    fn link(&self, base: &Path) -> Option<PathBuf> {
        let mut links = lock(&self.0.links);
        if let Some(known) = links.get(base) {
            return known.clone();
        }
        let target = self.0.top.read_link(relative(base)).ok();
        links.insert(base.to_path_buf(), target.clone());
        target
    }

    /// Follows a path through what lies over the base, and links of the base.
    fn find(&self, state: &OverlayState, path: &Path, follow_last: bool) -> io::Result<Resolved> {
        let mut todo = names(path);
        let mut trail = vec![(PathBuf::from("/"), At::Base(PathBuf::from("/")))];
        let mut links = 0;
        while let Some(name) = todo.pop_front() {
            if name == "/" {
                trail.truncate(1);
                continue;
            }
            if name == ".." {
                trail.truncate(trail.len().saturating_sub(1).max(1));
                continue;
            }
            let Some((here, at)) = trail.last() else { return Err(Errno::NOENT.into()) };
            let child = here.join(&name);
            let next = match (state.pieces.get(&child), at) {
                (Some(Piece::Gone), _) => return Err(Errno::NOENT.into()),
                (Some(Piece::File(text)), _) => At::File(text.clone()),
                (Some(Piece::Folder), _) => At::Folder,
                (Some(Piece::Moved(base)), _) => At::Base(base.clone()),
                (None, At::Base(base)) => At::Base(base.join(&name)),
                (None, At::Folder) => return Err(Errno::NOENT.into()),
                (None, At::File(_)) => return Err(Errno::NOTDIR.into()),
            };
            let target = match &next {
                At::Base(base) if follow_last || !todo.is_empty() => self.link(base),
                _ => None,
            };
            let Some(target) = target else {
                trail.push((child, next));
                continue;
            };
            links += 1;
            if links > LINKS {
                return Err(Errno::LOOP.into());
            }
            for name in names(&target).into_iter().rev() {
                todo.push_front(name);
            }
        }
        let (path, at) = trail.pop().ok_or(Errno::NOENT)?;
        Ok(Resolved { path, at })
    }

    fn base_read<T>(
        &self,
        base: &Path,
        read: impl FnOnce(&dyn Dir, &Path) -> io::Result<T>,
    ) -> io::Result<T> {
        read(&*self.0.top, relative(base))
    }

    /// The content of a file in the base.
    pub(super) fn base_text(&self, base: &Path) -> io::Result<Vec<u8>> {
        let mut buf = Vec::new();
        self.base_read(base, |top, rel| top.read(rel, &mut buf))?;
        Ok(buf)
    }

    /// The names in a directory of the base; none where it cannot be listed.
    pub(super) fn base_names(&self, base: &Path) -> Vec<OsString> {
        let listed = self.base_read(base, |top, rel| top.list(rel));
        listed.unwrap_or_default().into_iter().map(|entry| entry.name).collect()
    }
}

impl Backend for Overlay {
    fn open_dir(&self, path: &Path) -> io::Result<Arc<dyn Dir>> {
        let top =
            OverlayDir { overlay: self.clone(), path: "/".into(), real: "/".into(), born: self.state().now };
        top.open_dir(path)
    }

    fn host(&self) -> HostFacts {
        self.0.base.host()
    }

    fn hides_processes(&self) -> bool {
        self.0.base.hides_processes()
    }

    fn open_kfd(&self) -> io::Result<Arc<dyn Kfd>> {
        match &self.0.player {
            Some(player) => player.kfd(Arc::new(self.clone())),
            None => self.0.base.open_kfd(),
        }
    }

    fn drm_query(&self, node: RenderMinor, what: DrmQuery) -> io::Result<Vec<u8>> {
        self.0.base.drm_query(node, what)
    }

    fn hsmp(&self, message: &HsmpMessage) -> io::Result<Vec<u32>> {
        self.0.base.hsmp(message)
    }
}

#[derive(Debug)]
struct OverlayDir {
    overlay: Overlay,
    /// As it was opened.
    path: PathBuf,
    real: PathBuf,
    born: u64,
}

impl OverlayDir {
    fn find(&self, state: &OverlayState, rel: &Path, follow_last: bool) -> io::Result<Resolved> {
        // A lookup in a directory that the kernel took back finds nothing (`kernfs_iop_lookup`).
        match state.is_dead(&self.real, self.born) {
            true => Err(Errno::NOENT.into()),
            false => self.overlay.find(state, &self.real.join(rel), follow_last),
        }
    }

    /// Gives what was set, or reads what the base has.
    fn read_with(
        &self,
        rel: &Path,
        buf: &mut Vec<u8>,
        read: impl FnOnce(&dyn Dir, &Path, &mut Vec<u8>) -> io::Result<()>,
    ) -> io::Result<()> {
        let at = {
            let mut state = self.overlay.state();
            let found = self.find(&state, rel, true)?;
            state.check(&found.path)?;
            found.at
        };
        match at {
            At::Base(base) => self.overlay.base_read(&base, |top, rel| read(top, rel, buf)),
            At::File(text) => {
                buf.clear();
                buf.extend_from_slice(&text);
                Ok(())
            }
            At::Folder => Err(Errno::ISDIR.into()),
        }
    }
}

impl Dir for OverlayDir {
    fn path(&self) -> &Path {
        &self.path
    }

    fn read(&self, rel: &Path, buf: &mut Vec<u8>) -> io::Result<()> {
        self.read_with(rel, buf, |top, rel, buf| top.read(rel, buf))
    }

    fn read_to_end(&self, rel: &Path, limit: usize, buf: &mut Vec<u8>) -> io::Result<()> {
        self.read_with(rel, buf, |top, rel, buf| top.read_to_end(rel, limit, buf))
    }

    fn read_once(&self, rel: &Path, room: usize, buf: &mut Vec<u8>) -> io::Result<()> {
        self.read_with(rel, buf, |top, rel, buf| top.read_once(rel, room, buf))
    }

    fn read_link(&self, rel: &Path) -> io::Result<PathBuf> {
        let found = self.find(&self.overlay.state(), rel, false)?;
        match found.at {
            At::Base(base) => self.overlay.base_read(&base, |top, rel| top.read_link(rel)),
            _ => Err(Errno::INVAL.into()),
        }
    }

    fn list(&self, rel: &Path) -> io::Result<Vec<Entry>> {
        let state = self.overlay.state();
        let found = self.find(&state, rel, true)?;
        let mut entries = match &found.at {
            At::Base(base) => self.overlay.base_read(base, |top, rel| top.list(rel))?,
            At::Folder => Vec::new(),
            At::File(_) => return Err(Errno::NOTDIR.into()),
        };
        let below = state.pieces.range(found.path.clone()..);
        for (path, piece) in below.take_while(|(path, _)| path.starts_with(&found.path)) {
            let Some(name) = path.file_name().filter(|_| path.parent() == Some(&found.path)) else {
                continue;
            };
            entries.retain(|entry| entry.name != name);
            let kind = match piece {
                Piece::Gone => continue,
                Piece::File(_) => FileKind::File,
                Piece::Folder | Piece::Moved(_) => FileKind::Directory,
            };
            entries.push(Entry { name: name.to_owned(), kind });
        }
        entries.sort_unstable();
        Ok(entries)
    }

    fn meta(&self, rel: &Path) -> io::Result<Meta> {
        let made = |kind, mode| Meta { kind, mode, uid: 0, gid: 0, device: (0, 0) };
        let found = self.find(&self.overlay.state(), rel, true)?;
        match found.at {
            At::Base(base) => self.overlay.base_read(&base, |top, rel| top.meta(rel)),
            At::File(_) => Ok(made(FileKind::File, 0o444)),
            At::Folder => Ok(made(FileKind::Directory, 0o755)),
        }
    }

    fn open_dir(&self, rel: &Path) -> io::Result<Arc<dyn Dir>> {
        let state = self.overlay.state();
        let found = self.find(&state, rel, true)?;
        let kind = match &found.at {
            At::Base(base) => self.overlay.base_read(base, |top, rel| top.meta(rel))?.kind,
            At::File(_) => FileKind::File,
            At::Folder => FileKind::Directory,
        };
        if kind != FileKind::Directory {
            return Err(Errno::NOTDIR.into());
        }
        let path = self.path.join(rel);
        Ok(Arc::new(OverlayDir { overlay: self.overlay.clone(), path, real: found.path, born: state.now }))
    }

    fn open_attr(&self, rel: &Path) -> io::Result<Box<dyn Attr>> {
        let state = self.overlay.state();
        let found = self.find(&state, rel, true)?;
        let kept = match found.at {
            At::Base(base) => {
                let attr = self.overlay.base_read(&base, |top, rel| top.open_attr(rel))?;
                Some((base, attr))
            }
            At::File(_) => None,
            At::Folder => return Err(Errno::ISDIR.into()),
        };
        Ok(Box::new(OverlayAttr { overlay: self.overlay.clone(), real: found.path, born: state.now, kept }))
    }
}

/// A kept attribute: shows what was set since, and dies with its device.
#[derive(Debug)]
struct OverlayAttr {
    overlay: Overlay,
    real: PathBuf,
    born: u64,
    /// The base's, and where it is there.
    kept: Option<(PathBuf, Box<dyn Attr>)>,
}

impl Attr for OverlayAttr {
    fn read(&self, buf: &mut Vec<u8>) -> io::Result<()> {
        let at = {
            let mut state = self.overlay.state();
            // A file that the kernel took back is no active reference any more (`kernfs_seq_start`).
            if state.is_dead(&self.real, self.born) {
                return Err(Errno::NODEV.into());
            }
            state.check(&self.real)?;
            self.overlay.find(&state, &self.real, true)?.at
        };
        match (at, &self.kept) {
            (At::Base(base), Some((kept, attr))) if base == *kept => attr.read(buf),
            (At::Base(base), _) => self.overlay.base_read(&base, |top, rel| top.read(rel, buf)),
            (At::File(text), _) => {
                buf.clear();
                buf.extend_from_slice(&text);
                Ok(())
            }
            (At::Folder, _) => Err(Errno::ISDIR.into()),
        }
    }
}

/// The names of a path, `.` left out, with `/` for its beginning.
fn names(path: &Path) -> VecDeque<OsString> {
    let names = path.components().filter(|component| *component != Component::CurDir);
    names.map(|component| component.as_os_str().to_owned()).collect()
}

/// The same path seen from the top.
fn relative(path: &Path) -> &Path {
    match path.strip_prefix("/") {
        Ok(rest) if rest.as_os_str().is_empty() => Path::new("."),
        Ok(rest) => rest,
        Err(_) => path,
    }
}
