//! Differences to the base machine: entries of the tree, devices that do not answer, KFD's nodes.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The differences to the base, by paths without links.
#[derive(Debug, Default)]
pub(super) struct OverlayState {
    pub(super) pieces: BTreeMap<PathBuf, Piece>,
    /// Removed paths with their times: descriptors opened earlier stay dead, even if the path is created again.
    died: HashMap<PathBuf, u64>,
    pub(super) now: u64,
    /// The state of a PCI device that refuses to answer, by its directory.
    pub(super) conditions: HashMap<PathBuf, Condition>,
    /// The number of times a read woke a sleeping device.
    pub(super) wakes: usize,
    /// The KFD nodes as they are now; `None` as long as they are the base's.
    pub(super) nodes: Option<Vec<NodeSource>>,
}

/// The replacement of the base's entry at a path.
#[derive(Debug, Clone)]
pub(super) enum Piece {
    File(Arc<[u8]>),
    /// A directory that holds what lies over the base and nothing of it.
    Folder,
    Gone,
    /// The base's entry at another path.
    Moved(PathBuf),
}

/// Why a device does not answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Condition {
    /// Its driver resets it: the checks of `amdgpu_in_reset`, since 7.0 `amdgpu_pm_dev_state_check`.
    InReset(KernelVersion),
    /// It is runtime-suspended.
    Asleep(KernelVersion),
}

/// Major and minor number of a kernel.
pub(super) type KernelVersion = (u32, u32);

/// One node, made of one of the base's.
#[derive(Debug, Clone)]
pub(super) struct NodeSource {
    /// Its number in the base.
    pub(super) index: u32,
    /// The files that differ from the base, by path in the node.
    pub(super) files: Vec<(PathBuf, String)>,
}

impl OverlayState {
    pub(super) fn put(&mut self, path: PathBuf, piece: Piece) {
        self.pieces.insert(path, piece);
    }

    pub(super) fn put_text(&mut self, path: PathBuf, text: impl AsRef<[u8]>) {
        self.put(path, Piece::File(text.as_ref().into()));
    }

    /// Lets handles on this path, and on all below it, be dead.
    pub(super) fn kill(&mut self, path: &Path) {
        self.now += 1;
        self.died.insert(path.to_path_buf(), self.now);
    }

    /// Takes a path away with all below it.
    pub(super) fn take(&mut self, path: &Path) {
        self.kill(path);
        self.pieces.retain(|known, _| !known.starts_with(path));
        self.put(path.to_path_buf(), Piece::Gone);
    }

    pub(super) fn is_dead(&self, path: &Path, born: u64) -> bool {
        self.died.iter().any(|(dead, when)| *when > born && path.starts_with(dead))
    }

    /// Forgets all changes. What was taken away comes back as a newcomer.
    pub(super) fn restore(&mut self) {
        *self =
            OverlayState { died: std::mem::take(&mut self.died), now: self.now, ..OverlayState::default() };
    }
}
