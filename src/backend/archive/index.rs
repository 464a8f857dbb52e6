//! The contents of an archive as a tree of directories, built once and then only read.
//!
//! A machine that was recorded several times has one tree for all frames: each entry knows its first and last frame.
//! An entry that disappears and reappears is two entries, so a kept directory never turns into a new one.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::ops::Range;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::time::Duration;

use rustix::io::Errno;

use crate::backend::manifest::Manifest;
use crate::backend::{Entry, FileKind};

/// As the kernel's MAXSYMLINKS.
const LINKS: usize = 40;

/// One entry's number.
pub(super) type Id = u32;
/// The directory at the top.
pub(super) const TOP: Id = 0;

#[derive(Debug)]
pub(super) struct Index {
    pub(super) nodes: Vec<ArchiveNode>,
    /// All names, one after the other.
    pub(super) names: Vec<u8>,
    /// The states of entries in later frames, oldest first.
    pub(super) later: HashMap<Id, Vec<(u32, EntryState)>>,
    /// When each frame was recorded, from the first on.
    pub(super) times: Vec<Duration>,
    pub(super) manifest: Manifest,
}

#[derive(Debug)]
pub(super) struct ArchiveNode {
    pub(super) parent: Id,
    pub(super) name_length: u16,
    pub(super) name_start: u32,
    /// There from this frame on …
    pub(super) born: u32,
    /// … until before this one.
    pub(super) gone: u32,
    /// Set if it exists only because of the entries inside it.
    pub(super) implied: bool,
    pub(super) children: Vec<Id>,
    pub(super) state: EntryState,
}

/// The state of an entry in one or several frames.
#[derive(Debug, Clone)]
pub(super) struct EntryState {
    pub(super) body: EntryBody,
    pub(super) errno: Option<Errno>,
    pub(super) mode: u32,
    pub(super) uid: u32,
    pub(super) gid: u32,
    pub(super) device: Option<(u32, u32)>,
}

/// Ranges are of the archive's bytes while it is indexed, and of the packed contents from then on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum EntryBody {
    Directory,
    File(Range<usize>),
    Link(Range<usize>),
    CharDevice,
    BlockDevice,
    Fifo,
}

impl EntryState {
    pub(super) fn directory(mode: u32) -> EntryState {
        EntryState { body: EntryBody::Directory, errno: None, mode, uid: 0, gid: 0, device: None }
    }

    pub(super) fn kind(&self) -> FileKind {
        match self.body {
            EntryBody::Directory => FileKind::Directory,
            EntryBody::File(_) => FileKind::File,
            EntryBody::Link(_) => FileKind::Link,
            EntryBody::CharDevice => FileKind::CharDevice,
            EntryBody::BlockDevice | EntryBody::Fifo => FileKind::Other,
        }
    }
}

impl Index {
    /// Lets all ranges be of the files' contents one after the other, and says which parts of the archive those are.
    pub(super) fn pack(&mut self) -> Vec<Range<usize>> {
        let mut parts = Vec::with_capacity(self.nodes.len());
        // An entry that failed for a while has one text in several frames.
        let mut known: HashMap<Range<usize>, Range<usize>> = HashMap::new();
        let mut end = 0;
        let several = !self.later.is_empty();
        let first = self.nodes.iter_mut().map(|node| &mut node.state);
        for state in first.chain(self.later.values_mut().flatten().map(|(_, state)| state)) {
            let (EntryBody::File(range) | EntryBody::Link(range)) = &mut state.body else { continue };
            if let Some(packed) = known.get(range) {
                *range = packed.clone();
                continue;
            }
            let packed = end..end + range.len();
            end = packed.end;
            if several {
                known.insert(range.clone(), packed.clone());
            }
            parts.push(std::mem::replace(range, packed));
        }
        parts
    }

    /// The state of an entry in this frame; `None` if it does not exist in it.
    pub(super) fn state(&self, id: Id, frame: u32) -> Option<&EntryState> {
        let node = self.nodes.get(id as usize)?;
        if frame < node.born || frame >= node.gone {
            return None;
        }
        let later = if self.later.is_empty() { None } else { self.later.get(&id) };
        let state = later.and_then(|states| states.iter().rev().find(|(from, _)| *from <= frame));
        Some(state.map_or(&node.state, |(_, state)| state))
    }

    /// The entries of a directory, by name.
    pub(super) fn list(&self, id: Id, frame: u32) -> Vec<Entry> {
        let children = self.nodes.get(id as usize).map_or(&[][..], |node| &node.children);
        let there = children.iter().filter_map(|child| {
            let kind = self.state(*child, frame)?.kind();
            Some(Entry { name: OsStr::from_bytes(self.name(*child)).to_owned(), kind })
        });
        there.collect()
    }

    /// Finds what a path leads to, from a directory: as the kernel does, and never beyond the top.
    ///
    /// `bytes` are the contents, for the links. The last link is followed if `follow` says so.
    pub(super) fn resolve(
        &self,
        bytes: &[u8],
        from: Id,
        path: &Path,
        follow: bool,
        frame: u32,
    ) -> Result<Id, Errno> {
        let mut at = from;
        let mut state = self.state(at, frame).ok_or(Errno::NOENT)?;
        let mut links = 0;
        // The rest of the paths whose links led here.
        let mut pending: Vec<&[u8]> = Vec::new();
        let path = path.as_os_str().as_bytes();
        if path.is_empty() {
            return Err(Errno::NOENT);
        }
        let mut rest = path;
        if path.starts_with(b"/") {
            (at, rest) = (TOP, without_slashes(path));
            state = self.state(at, frame).ok_or(Errno::NOENT)?;
        }
        loop {
            if rest.is_empty() {
                match pending.pop() {
                    Some(outer) => rest = outer,
                    None => return Ok(at),
                }
                continue;
            }
            let (name, tail) =
                rest.split_at(rest.iter().position(|byte| *byte == b'/').unwrap_or(rest.len()));
            rest = match without_slashes(tail) {
                // A name before a slash is a directory.
                [] if !tail.is_empty() => b".",
                rest => rest,
            };
            if state.body != EntryBody::Directory {
                return Err(Errno::NOTDIR);
            }
            match name {
                b"." => {}
                b".." => {
                    at = self.nodes.get(at as usize).map_or(TOP, |node| node.parent);
                    state = self.state(at, frame).ok_or(Errno::NOENT)?;
                }
                name => {
                    // A directory that cannot be listed cannot be entered.
                    if let Some(errno) = state.errno {
                        return Err(errno);
                    }
                    let child = self.child(at, name, frame).ok_or(Errno::NOENT)?;
                    let found = self.state(child, frame).ok_or(Errno::NOENT)?;
                    let last = rest.is_empty() && pending.iter().all(|rest| rest.is_empty());
                    match &found.body {
                        EntryBody::Link(target) if follow || !last => {
                            links += 1;
                            if links > LINKS {
                                return Err(Errno::LOOP);
                            }
                            pending.push(rest);
                            let target = bytes.get(target.clone()).unwrap_or_default();
                            if target.starts_with(b"/") {
                                at = TOP;
                                state = self.state(at, frame).ok_or(Errno::NOENT)?;
                            }
                            rest = without_slashes(target);
                        }
                        _ => (at, state) = (child, found),
                    }
                }
            }
        }
    }

    pub(super) fn name(&self, id: Id) -> &[u8] {
        let Some(node) = self.nodes.get(id as usize) else { return &[] };
        let start = node.name_start as usize;
        self.names.get(start..start + usize::from(node.name_length)).unwrap_or_default()
    }

    /// The entry of this name; of several in turn, the one of this frame.
    fn child(&self, parent: Id, name: &[u8], frame: u32) -> Option<Id> {
        let children = &self.nodes.get(parent as usize)?.children;
        let first = children.partition_point(|child| self.name(*child) < name);
        let same = children.get(first..)?.iter().take_while(|child| self.name(**child) == name);
        same.copied().find(|child| self.state(*child, frame).is_some())
    }
}

fn without_slashes(path: &[u8]) -> &[u8] {
    let slashes = path.iter().take_while(|byte| **byte == b'/').count();
    path.get(slashes..).unwrap_or_default()
}
