//! Selects the parts of an account that go into the archive.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use rustix::io::Errno;

use super::account::{Account, SeenBody, SeenEntry};
use crate::backend::{FileKind, Meta};

/// A machine at one time, by path relative to its root.
#[derive(Debug, Default)]
pub(super) struct Snapshot {
    pub(super) items: BTreeMap<PathBuf, KeptEntry>,
    /// Missing entries that were read, and listed directories: entries not in the listing are missing.
    pub(super) missing: BTreeSet<PathBuf>,
    pub(super) listed: BTreeSet<PathBuf>,
    pub(super) omitted: Omitted,
}

/// One entry of an archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct KeptEntry {
    pub(super) what: KeptContent,
    pub(super) errno: Option<i32>,
    pub(super) mode: u32,
    pub(super) owner: (u32, u32),
    pub(super) device: Option<(u32, u32)>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum KeptContent {
    File(Vec<u8>),
    Directory,
    Link(PathBuf),
}

/// Counts of entries that were seen but not kept.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Omitted {
    /// Files whose names stand beside what was read, and which were not: they are kept as files that refuse.
    pub(super) unread: usize,
    /// Processes that do not use a GPU.
    pub(super) processes: usize,
    /// Descriptors that lead to no GPU.
    pub(super) descriptors: usize,
    /// Names that a MANIFEST cannot hold.
    pub(super) names: usize,
}

impl Snapshot {
    pub(super) fn new(account: Account) -> Snapshot {
        let mut snapshot = Snapshot::default();
        let worth = processes_worth_keeping(&account);
        let mut dropped = BTreeSet::new();
        for (path, seen) in &account.entries {
            let Ok(relative) = path.strip_prefix("/") else { continue };
            if relative.as_os_str().is_empty() {
                continue;
            }
            if seen.listed {
                snapshot.listed.insert(relative.to_path_buf());
            }
            if let Some(process) = process_of(relative) {
                if !worth.contains(Path::new(process)) {
                    dropped.insert(process.to_owned());
                    continue;
                }
                if is_descriptor(relative) && !leads_to_a_gpu(&account, path, seen) {
                    snapshot.omitted.descriptors += 1;
                    continue;
                }
            } else if relative.parent() == Some(Path::new("proc")) && seen.body == SeenBody::Unread {
                // The list of processes was read, not what else is beside them.
                continue;
            }
            if !can_be_told(relative) {
                snapshot.omitted.names += 1;
                continue;
            }
            match item(seen) {
                Some(item) => {
                    snapshot.omitted.unread +=
                        usize::from(seen.body == SeenBody::Unread && item.device.is_none());
                    snapshot.items.insert(relative.to_path_buf(), item);
                }
                None => drop(snapshot.missing.insert(relative.to_path_buf())),
            }
        }
        snapshot.omitted.processes = dropped.len();
        snapshot
    }

    /// Returns `true` if the entry existed before but no longer exists.
    pub(super) fn lacks(&self, path: &Path) -> bool {
        if self.items.contains_key(path) {
            return false;
        }
        self.missing.contains(path)
            || path.parent().is_some_and(|parent| self.listed.contains(parent))
            // A process that lives on without a GPU is as good as gone.
            || process_of(path).is_some_and(|process| !self.items.contains_key(&Path::new("proc").join(process)))
    }
}

fn item(seen: &SeenEntry) -> Option<KeptEntry> {
    let meta = seen.meta;
    let is_device = meta.is_some_and(|meta| meta.kind == FileKind::CharDevice);
    let (what, errno) = match &seen.body {
        SeenBody::Missing => return None,
        SeenBody::File(bytes) => (KeptContent::File(bytes.clone()), seen.errno),
        SeenBody::Directory => (KeptContent::Directory, seen.errno),
        SeenBody::Link(target) => (KeptContent::Link(target.clone()), None),
        SeenBody::Unread if is_device => (KeptContent::File(Vec::new()), seen.errno),
        // Reading it must not give an empty text for what nobody has read.
        SeenBody::Unread => {
            (KeptContent::File(Vec::new()), seen.errno.or(Some(Errno::NODATA.raw_os_error())))
        }
    };
    let usual = match what {
        KeptContent::Directory => 0o755,
        _ => 0o444,
    };
    Some(KeptEntry {
        what,
        errno,
        mode: meta.map_or(usual, |meta| meta.mode),
        owner: meta.map_or((0, 0), |meta: Meta| (meta.uid, meta.gid)),
        device: meta.filter(|_| is_device).map(|meta| meta.device),
    })
}

/// The process whose file a path is: `proc/4711/…`.
fn process_of(path: &Path) -> Option<&OsStr> {
    let mut names = path.iter();
    let (first, number) = (names.next()?, names.next()?);
    let is_number = number.to_str().is_some_and(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
    (first == "proc" && is_number).then_some(number)
}

/// `proc/4711/fd/3`.
fn is_descriptor(path: &Path) -> bool {
    path.iter().nth(2) == Some(OsStr::new("fd")) && path.iter().count() == 4
}

/// Processes of which more was read than where their descriptors lead; that is so of those that use a GPU, of those
/// that may not be inspected, and of the one that looks.
fn processes_worth_keeping(account: &Account) -> BTreeSet<PathBuf> {
    let mut worth = BTreeSet::new();
    for (path, seen) in &account.entries {
        let Ok(relative) = path.strip_prefix("/") else { continue };
        let Some(process) = process_of(relative) else { continue };
        let tells = match seen.body {
            SeenBody::File(_) => true,
            SeenBody::Link(_) => !is_descriptor(relative),
            _ => seen.errno.is_some(),
        };
        if tells {
            worth.insert(PathBuf::from(process));
        }
    }
    worth
}

/// Returns `true` if the library read the descriptor's information: it does so for possible GPU descriptors; for
/// `/dev/kfd`, the link is enough.
fn leads_to_a_gpu(account: &Account, path: &Path, seen: &SeenEntry) -> bool {
    let SeenBody::Link(target) = &seen.body else { return false };
    let number = path.file_name().unwrap_or_default();
    let info = path.parent().and_then(Path::parent).map(|process| process.join("fdinfo").join(number));
    target.file_name() == Some(OsStr::new("kfd"))
        || info.is_some_and(|info| account.entries.contains_key(&info))
}

/// Returns `true` if a MANIFEST can contain this path.
fn can_be_told(path: &Path) -> bool {
    path.to_str().is_some_and(|text| text.trim() == text && !text.contains(char::is_control))
}

impl Omitted {
    /// The larger of each: the same things are left out of every frame.
    pub(super) fn most(self, other: Omitted) -> Omitted {
        Omitted {
            unread: self.unread.max(other.unread),
            processes: self.processes.max(other.processes),
            descriptors: self.descriptors.max(other.descriptors),
            names: self.names.max(other.names),
        }
    }
}
