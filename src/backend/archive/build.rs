//! Builds the index of an archive from its headers and MANIFESTs.

use std::borrow::Cow;
use std::collections::HashMap;
use std::ffi::OsStr;
use std::io;
use std::ops::Range;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::time::Duration;

use rustix::io::Errno;

use super::index::{ArchiveNode, EntryBody, EntryState, Id, Index, TOP};
use super::tar::{Entries, TarContent, TarEntry};
use crate::backend::manifest::{self, Manifest};

/// As the kernel's PATH_MAX.
const PATH: usize = 4096;
/// As the kernel's NAME_MAX.
const NAME: usize = 255;
/// Directories in each other; sysfs has a dozen.
const DEPTH: usize = 64;
/// A node with eight GPUs and all its processes has some 20,000.
const ENTRIES: usize = 1 << 22;
/// The frame in which what stays to the end goes.
const NEVER: u32 = u32::MAX;

impl Index {
    /// Reads an archive's headers and its MANIFESTs.
    ///
    /// # Errors
    /// `InvalidData`, with where and why.
    pub(super) fn new(bytes: &[u8]) -> io::Result<Index> {
        index(bytes).map_err(|reason| io::Error::new(io::ErrorKind::InvalidData, reason))
    }
}

/// The index of an archive; the error is a sentence that says where.
fn index(bytes: &[u8]) -> Result<Index, String> {
    let mut builder = Builder::new(bytes);
    let mut path = Vec::new();
    // Entries of later frames wait for their turn.
    let mut waiting: Vec<(u32, TarEntry)> = Vec::new();
    for entry in Entries::new(bytes) {
        let entry = entry?;
        components(bytes, &entry, &mut path)?;
        match path.as_slice() {
            [b"frames"] | [b"frames", _] if entry.what == TarContent::Directory => {}
            [b"frames", number, _, ..] => waiting.push((frame(number)?, entry)),
            path => builder.add(path, &entry)?,
        }
    }
    let text = match builder.find(&[b"MANIFEST"]).and_then(|id| builder.nodes.get(id as usize)) {
        Some(ArchiveNode { state: EntryState { body: EntryBody::File(range), .. }, .. }) => range.clone(),
        _ => 0..0,
    };
    let mut manifest = builder.manifest(text)?;
    builder.apply(&manifest)?;
    let mut times = vec![Duration::ZERO];
    for (number, time) in std::mem::take(&mut manifest.frames) {
        let time = Duration::from_millis(time);
        if number as usize != times.len() || times.last().is_some_and(|last| time < *last) {
            return Err(format!("MANIFEST: frame {number} is out of order"));
        }
        times.push(time);
    }
    waiting.sort_by_key(|(frame, _)| *frame);
    for entries in waiting.chunk_by(|(a, _), (b, _)| a == b) {
        let Some((frame, _)) = entries.first() else { continue };
        builder.frame = *frame;
        let mut text = 0..0;
        for (_, entry) in entries {
            components(bytes, entry, &mut path)?;
            if let ([_, _, b"MANIFEST"], TarContent::File(range)) = (path.as_slice(), &entry.what) {
                text = range.clone();
            }
        }
        let manifest = builder.manifest(text)?;
        // A recording that was written while it was taken has the time of each frame in the frame.
        match manifest.frames[..] {
            [(number, time)]
                if number == *frame
                    && *frame as usize == times.len()
                    && times.last().is_none_or(|last| Duration::from_millis(time) >= *last) =>
            {
                times.push(Duration::from_millis(time));
            }
            _ => {}
        }
        if *frame == 0 || *frame as usize >= times.len() {
            return Err(format!("frames/{frame:04}: MANIFEST does not list this frame"));
        }
        for path in &manifest.gone {
            let id = builder.named(path)?;
            builder.remove(id);
        }
        for (_, entry) in entries {
            components(bytes, entry, &mut path)?;
            match path.get(2..) {
                Some([b"MANIFEST"]) | None => {}
                Some(path) => builder.add(path, entry)?,
            }
        }
        builder.apply(&manifest)?;
    }
    Ok(builder.finish(times, manifest))
}

/// The number of a frame, which has four digits or more.
fn frame(text: &[u8]) -> Result<u32, String> {
    let number = std::str::from_utf8(text).ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
    let number = number.filter(|text| text.len() >= 4).and_then(|text| text.parse().ok());
    number.ok_or_else(|| format!("frames/{}: not a frame's number", shown(&[text])))
}

/// The names of an entry's path, from the top.
fn components<'a>(bytes: &'a [u8], entry: &TarEntry, path: &mut Vec<&'a [u8]>) -> Result<(), String> {
    path.clear();
    let part = |range: &Range<usize>| bytes.get(range.clone()).unwrap_or_default();
    let (prefix, name) = (part(&entry.prefix), part(&entry.name));
    if prefix.len() + name.len() > PATH {
        return Err("a path is too long".into());
    }
    if !prefix.is_empty() {
        path.extend(prefix.split(|byte| *byte == b'/'));
    }
    path.extend(name.strip_suffix(b"/").unwrap_or(name).split(|byte| *byte == b'/'));
    if path.first() == Some(&&b"."[..]) {
        path.remove(0);
    }
    let plain = |name: &&[u8]| !matches!(**name, [] | [b'.'] | [b'.', b'.']) && name.len() <= NAME;
    if !path.iter().all(plain) {
        return Err(format!("{}: not a path within the archive", shown(path)));
    }
    if path.len() > DEPTH {
        return Err(format!("{}: too many directories", shown(path)));
    }
    if path.is_empty() && entry.what != TarContent::Directory {
        return Err("an entry without a name".into());
    }
    Ok(())
}

/// A path as it is told to people, and no longer than that.
fn shown(path: &[&[u8]]) -> String {
    let path = path.join(&b'/');
    let shown = path.get(..200).unwrap_or(&path);
    String::from_utf8_lossy(shown).escape_debug().to_string()
}

struct Builder<'a> {
    bytes: &'a [u8],
    frame: u32,
    nodes: Vec<ArchiveNode>,
    names: Vec<u8>,
    later: HashMap<Id, Vec<(u32, EntryState)>>,
    /// The entries of this frame, by directory and name.
    living: HashMap<(Id, Cow<'a, [u8]>), Id>,
    /// The directories on the way to the entry added last: the next one is mostly beside it.
    way: Vec<(&'a [u8], Id)>,
}

impl<'a> Builder<'a> {
    fn new(bytes: &'a [u8]) -> Builder<'a> {
        let top = ArchiveNode {
            parent: TOP,
            name_start: 0,
            name_length: 0,
            born: 0,
            gone: NEVER,
            implied: true,
            children: Vec::new(),
            state: EntryState::directory(0o755),
        };
        // As many as there would be of one block each, after a header: growing step by step costs more than reading.
        let likely = (bytes.len() / 1024).min(1 << 16);
        let mut nodes = Vec::with_capacity(likely);
        nodes.push(top);
        Builder {
            bytes,
            frame: 0,
            nodes,
            names: Vec::with_capacity(likely * 16),
            later: HashMap::new(),
            living: HashMap::with_capacity(likely),
            way: Vec::new(),
        }
    }

    fn add(&mut self, path: &[&'a [u8]], entry: &TarEntry) -> Result<(), String> {
        let body = match &entry.what {
            TarContent::Directory => EntryBody::Directory,
            TarContent::File(range) => EntryBody::File(range.clone()),
            TarContent::Link(range) if range.is_empty() || range.len() > PATH => {
                return Err(format!("{}: the link has no target", shown(path)));
            }
            TarContent::Link(range) => EntryBody::Link(range.clone()),
            TarContent::CharDevice(..) => EntryBody::CharDevice,
            TarContent::BlockDevice => EntryBody::BlockDevice,
            TarContent::Fifo => EntryBody::Fifo,
        };
        let device = match entry.what {
            TarContent::CharDevice(major, minor) => Some((major, minor)),
            _ => None,
        };
        let state =
            EntryState { body, errno: None, mode: entry.mode, uid: entry.uid, gid: entry.gid, device };
        let Some((name, above)) = path.split_last() else {
            self.change(TOP, |top| *top = state);
            return Ok(());
        };
        let parent = self.directory(above)?;
        let Some(known) = self.living.get(&(parent, Cow::Borrowed(*name))).copied() else {
            return self.create(parent, Cow::Borrowed(name), state, false).map(drop);
        };
        let Some(node) = self.nodes.get_mut(known as usize) else { return Ok(()) };
        if node.implied && state.body == EntryBody::Directory {
            (node.implied, node.state) = (false, state);
            return Ok(());
        }
        let changed = self.later.get(&known).and_then(|states| states.last()).map(|(frame, _)| *frame);
        if node.born == self.frame || changed == Some(self.frame) {
            return Err(format!("{}: appears twice", shown(path)));
        }
        if std::mem::discriminant(&node.state.body) == std::mem::discriminant(&state.body) {
            self.change(known, |known| *known = state);
            return Ok(());
        }
        self.remove(known);
        self.create(parent, Cow::Borrowed(name), state, false).map(drop)
    }

    /// The directory with this path, made where only what is below it was named.
    fn directory(&mut self, path: &[&'a [u8]]) -> Result<Id, String> {
        let known = path.iter().zip(&self.way).take_while(|(name, (way, _))| *name == way).count();
        self.way.truncate(known);
        let mut at = self.way.last().map_or(TOP, |(_, id)| *id);
        for (number, name) in path.iter().enumerate().skip(known) {
            at = match self.living.get(&(at, Cow::Borrowed(*name))) {
                Some(id) => *id,
                None => self.create(at, Cow::Borrowed(name), EntryState::directory(0o755), true)?,
            };
            if self.nodes.get(at as usize).is_none_or(|node| node.state.body != EntryBody::Directory) {
                let path = path.get(..=number).unwrap_or(path);
                return Err(format!("{}: not a directory, but another entry is inside it", shown(path)));
            }
            self.way.push((name, at));
        }
        Ok(at)
    }

    fn create(
        &mut self,
        parent: Id,
        name: Cow<'a, [u8]>,
        state: EntryState,
        implied: bool,
    ) -> Result<Id, String> {
        if self.nodes.len() >= ENTRIES {
            return Err(format!("more than {ENTRIES} entries"));
        }
        let id = self.nodes.len() as Id;
        self.nodes.push(ArchiveNode {
            parent,
            // Both are bounded: names by NAME_MAX, and so their sum by the number of entries.
            name_start: self.names.len() as u32,
            name_length: name.len() as u16,
            born: self.frame,
            gone: NEVER,
            implied,
            children: Vec::new(),
            state,
        });
        self.names.extend_from_slice(&name);
        if let Some(parent) = self.nodes.get_mut(parent as usize) {
            parent.children.push(id);
        }
        self.living.insert((parent, name), id);
        Ok(id)
    }

    /// Lets an entry, and what is below it, be gone from this frame on.
    fn remove(&mut self, id: Id) {
        self.way.clear();
        let mut doomed = vec![id];
        while let Some(id) = doomed.pop() {
            let Some(node) = self.nodes.get_mut(id as usize) else { continue };
            if node.gone != NEVER {
                continue;
            }
            node.gone = self.frame;
            doomed.extend_from_slice(&node.children);
            let name = self.names.get(node.name_start as usize..).unwrap_or_default();
            let name = name.get(..usize::from(node.name_length)).unwrap_or_default();
            self.living.remove(&(node.parent, Cow::Owned(name.to_vec())));
        }
    }

    /// Changes what stands at an entry from this frame on.
    fn change(&mut self, id: Id, change: impl FnOnce(&mut EntryState)) {
        let Some(node) = self.nodes.get_mut(id as usize) else { return };
        if node.born == self.frame {
            return change(&mut node.state);
        }
        let states = self.later.entry(id).or_default();
        match states.last_mut() {
            Some((frame, state)) if *frame == self.frame => change(state),
            last => {
                let mut state = last.map_or(&node.state, |(_, state)| state).clone();
                change(&mut state);
                states.push((self.frame, state));
            }
        }
    }

    fn find(&self, path: &[&[u8]]) -> Option<Id> {
        let step = |at, name: &&[u8]| self.living.get(&(at, Cow::Borrowed(*name))).copied();
        path.iter().try_fold(TOP, step)
    }

    fn named(&self, path: &Path) -> Result<Id, String> {
        let names: Vec<&[u8]> = path.iter().map(OsStr::as_bytes).collect();
        self.find(&names).ok_or_else(|| {
            let error = std::io::Error::from(Errno::NOENT);
            format!("MANIFEST: {}: {error}", path.display())
        })
    }

    fn manifest(&self, range: Range<usize>) -> Result<Manifest, String> {
        let text = self.bytes.get(range).unwrap_or_default();
        if text.len() > manifest::LIMIT {
            return Err("MANIFEST: too long".into());
        }
        let text = std::str::from_utf8(text).map_err(|_| "MANIFEST: not UTF-8")?;
        Manifest::parse(text).map_err(|reason| format!("MANIFEST: {reason}"))
    }

    /// Takes over what a MANIFEST says of paths.
    fn apply(&mut self, manifest: &Manifest) -> Result<(), String> {
        for path in &manifest.empty {
            self.empty(path)?;
        }
        for (path, errno) in &manifest.errno {
            let id = self.named(path)?;
            self.change(id, |state| state.errno = Some(*errno));
        }
        for (path, mode) in &manifest.mode {
            let id = self.named(path)?;
            self.change(id, |state| state.mode = *mode);
        }
        for (path, (uid, gid)) in &manifest.owner {
            let id = self.named(path)?;
            self.change(id, |state| (state.uid, state.gid) = (*uid, *gid));
        }
        for (path, numbers) in &manifest.device {
            let id = self.named(path)?;
            self.change(id, |state| state.device = Some(*numbers));
        }
        Ok(())
    }

    /// Makes an empty directory that is not there yet.
    fn empty(&mut self, path: &Path) -> Result<(), String> {
        let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else { return Ok(()) };
        let parent = self.named(parent)?;
        let name: Cow<'a, [u8]> = Cow::Owned(name.as_bytes().to_vec());
        if !self.living.contains_key(&(parent, name.clone())) {
            self.create(parent, name, EntryState::directory(0o755), false)?;
        }
        Ok(())
    }

    fn finish(self, times: Vec<Duration>, manifest: Manifest) -> Index {
        let mut index = Index { nodes: self.nodes, names: self.names, later: self.later, times, manifest };
        let mut all: Vec<Vec<Id>> =
            index.nodes.iter_mut().map(|node| std::mem::take(&mut node.children)).collect();
        for children in &mut all {
            children.sort_unstable_by(|a, b| (index.name(*a), a).cmp(&(index.name(*b), b)));
        }
        for (node, children) in index.nodes.iter_mut().zip(all) {
            node.children = children;
        }
        index
    }
}
