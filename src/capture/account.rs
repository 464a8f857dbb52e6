//! The account of an [`Observer`](super::observer::Observer): everything that was read from a machine.
//!
//! Each entry has its own path without links, whichever path the library used, and the links are entries themselves.
//! So the account is a tree with exactly the entries that were read.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::ffi::OsString;
use std::io;
use std::path::{Component, Path, PathBuf};

use rustix::io::Errno;

use crate::backend::{Dir, Entry, FileKind, Meta};

/// As the kernel's MAXSYMLINKS.
const LINKS: usize = 40;

/// One entry of a machine.
#[derive(Debug, Clone)]
pub(super) struct SeenEntry {
    pub(super) body: SeenBody,
    /// The error of reading or listing it.
    pub(super) errno: Option<i32>,
    /// Set if it is a directory that was listed.
    pub(super) listed: bool,
    pub(super) meta: Option<Meta>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum SeenBody {
    /// Asked for, and not there.
    Missing,
    /// Only its name was seen, or its kind and mode.
    Unread,
    File(Vec<u8>),
    Directory,
    Link(PathBuf),
}

/// Everything that was seen, by absolute path.
#[derive(Debug, Default)]
pub(super) struct Account {
    pub(super) entries: BTreeMap<PathBuf, SeenEntry>,
    /// Known links with their targets, and paths known not to be links.
    links: HashMap<PathBuf, Option<PathBuf>>,
}

impl Account {
    /// The path without links; the last name is followed too, if `follow` says so.
    pub(super) fn physical(&mut self, top: &dyn Dir, path: &Path, follow: bool) -> PathBuf {
        let mut todo: VecDeque<OsString> =
            path.components().map(|component| component.as_os_str().to_owned()).collect();
        let mut at = PathBuf::from("/");
        let mut links = 0;
        while let Some(name) = todo.pop_front() {
            match Path::new(&name).components().next() {
                Some(Component::RootDir) => at = PathBuf::from("/"),
                Some(Component::ParentDir) => drop(at.pop()),
                Some(Component::Normal(name)) => {
                    let next = at.join(name);
                    let target = if todo.is_empty() && !follow { None } else { self.link(top, &next) };
                    match target {
                        Some(target) if links < LINKS => {
                            links += 1;
                            for part in target.components().rev() {
                                todo.push_front(part.as_os_str().to_owned());
                            }
                        }
                        _ => at = next,
                    }
                }
                _ => {}
            }
        }
        at
    }

    /// Where a link leads; `None` for what is none.
    fn link(&mut self, top: &dyn Dir, path: &Path) -> Option<PathBuf> {
        if let Some(known) = self.links.get(path) {
            return known.clone();
        }
        let target = top.read_link(path).ok();
        self.links.insert(path.to_path_buf(), target.clone());
        if let Some(target) = &target {
            self.put(path, SeenBody::Link(target.clone()));
        }
        target
    }

    /// Notes what a reading gave.
    pub(super) fn read(&mut self, path: &Path, result: &io::Result<()>, bytes: &[u8]) {
        match result {
            Ok(()) => self.put(path, SeenBody::File(bytes.to_vec())),
            Err(error) => self.failed(path, error, SeenBody::File(Vec::new())),
        }
    }

    /// Notes that something could not be had, which would have been a `body`.
    pub(super) fn failed(&mut self, path: &Path, error: &io::Error, body: SeenBody) {
        let Some(number) = error.raw_os_error() else { return };
        match Errno::from_raw_os_error(number) {
            // Of a process that has ended, too.
            Errno::NOENT | Errno::SRCH => {
                self.entries.entry(path.to_path_buf()).or_insert_with(|| seen(SeenBody::Missing));
            }
            Errno::ISDIR => self.put(path, SeenBody::Directory),
            // It says something of the way there, or that a link was expected.
            Errno::NOTDIR | Errno::LOOP => {}
            Errno::INVAL if matches!(body, SeenBody::Link(_)) => {}
            _ => {
                let body = if matches!(body, SeenBody::Link(_)) { SeenBody::File(Vec::new()) } else { body };
                self.put(path, body);
                if let Some(seen) = self.entries.get_mut(path) {
                    seen.errno = Some(number);
                }
            }
        }
    }

    /// Notes what stands at a path; what was known better stays.
    pub(super) fn put(&mut self, path: &Path, body: SeenBody) {
        let entry = self.entries.entry(path.to_path_buf()).or_insert_with(|| seen(SeenBody::Missing));
        match (&entry.body, &body) {
            // Read again, or at last: the newest counts, also against a failure before.
            (_, SeenBody::File(_)) => (entry.body, entry.errno) = (body, None),
            (SeenBody::Missing | SeenBody::Unread, _) => entry.body = body,
            _ => {}
        }
    }

    pub(super) fn listed(&mut self, path: &Path, entries: &[Entry]) {
        self.put(path, SeenBody::Directory);
        if let Some(seen) = self.entries.get_mut(path) {
            seen.listed = true;
        }
        for entry in entries {
            let body = match entry.kind {
                FileKind::Directory => SeenBody::Directory,
                // Their targets are asked for at the end.
                FileKind::Link | FileKind::File | FileKind::CharDevice | FileKind::Other => SeenBody::Unread,
            };
            self.put(&path.join(&entry.name), body);
        }
    }

    /// Asks for what is not known yet of entries whose names were seen: where links lead, kinds and modes.
    pub(super) fn complete(&mut self, top: &dyn Dir) {
        let unread: Vec<PathBuf> = self
            .entries
            .iter()
            .filter(|(_, seen)| seen.body == SeenBody::Unread)
            .map(|(path, _)| path.clone())
            .collect();
        for path in unread {
            self.link(top, &path);
        }
        for (path, seen) in &mut self.entries {
            if !matches!(seen.body, SeenBody::Missing | SeenBody::Link(_)) {
                seen.meta = top.meta(path).ok();
            }
            if seen.body == SeenBody::Unread && seen.meta.is_some_and(|meta| meta.kind == FileKind::Directory)
            {
                seen.body = SeenBody::Directory;
            }
        }
        self.open_the_way();
    }

    /// Makes directories of entries that have others below them: where a GPU hangs, a directory cannot be listed and
    /// looks like a file that cannot be read.
    fn open_the_way(&mut self) {
        let mut holding = BTreeSet::new();
        for (path, seen) in &self.entries {
            if seen.body != SeenBody::Missing {
                holding.extend(path.ancestors().skip(1).map(Path::to_path_buf));
            }
        }
        for path in holding {
            if let Some(seen) = self.entries.get_mut(&path) {
                if matches!(seen.body, SeenBody::File(_) | SeenBody::Unread) {
                    // Each entry below has its own reason; a closed directory would hide those that were read.
                    (seen.body, seen.errno, seen.meta) = (SeenBody::Directory, None, None);
                }
            }
        }
    }
}

fn seen(body: SeenBody) -> SeenEntry {
    SeenEntry { body, errno: None, listed: false, meta: None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::Backend;
    use crate::backend::Tree;

    #[test]
    fn a_folder_that_could_not_be_listed_is_a_folder() {
        let empty = tempfile::tempdir().unwrap();
        let tree = Tree::open(empty.path()).unwrap();
        let late = io::Error::from(Errno::TIMEDOUT);
        let (folder, file) = (Path::new("/sys/board"), Path::new("/sys/board/npm"));
        for order in [[folder, file], [file, folder]] {
            let mut account = Account::default();
            for path in order {
                account.read(path, &Err(io::Error::from_raw_os_error(late.raw_os_error().unwrap())), &[]);
            }
            account.complete(&*tree.open_dir(Path::new("/")).unwrap());
            assert_eq!(account.entries[folder].body, SeenBody::Directory);
            assert_eq!(account.entries[file].errno, late.raw_os_error());
        }
    }
}
