//! Results of earlier looks, so that the next one need not visit every descriptor of the machine.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::{KfdQueue, PidNamespace};
use crate::error::Result;
use crate::id::Bdf;
use crate::parse::process::Status;

/// A whole look may take this part of the time: it takes a while where tens of thousands of descriptors are open.
const PART_OF_TIME: u32 = 25;

/// The names of the users by their ids.
pub(super) type UserNames = Result<HashMap<u32, String>>;

/// The results of earlier looks that a monitor keeps.
#[derive(Debug)]
pub(super) struct Memory {
    every: Duration,
    whole: Option<Whole>,
    idle: HashSet<u32>,
    known: HashMap<u32, Descriptors>,
    pub(super) namespace: Option<PidNamespace>,
    pub(super) users: Option<UserNames>,
    queues: HashMap<(u32, PathBuf), KnownQueues>,
}

/// The queues of a context of a process: their numbers as they were listed, and what stood in their files, by GPU.
#[derive(Debug, Clone)]
struct KnownQueues {
    numbers: Vec<u32>,
    by_gpu: BTreeMap<u32, Vec<KfdQueue>>,
}

/// The last look at all descriptors.
#[derive(Debug, Clone, Copy)]
struct Whole {
    begun: Instant,
    took: Duration,
}

/// The descriptors of a process that lead to GPUs.
#[derive(Debug, Clone, Default)]
pub(super) struct Descriptors {
    /// Their numbers, with that of the node by the name that the link has, and the clients behind them.
    pub(super) clients: Vec<(u32, u32, ClientKey)>,
    pub(super) opens_kfd: bool,
    /// Its name, user and control group, which hardly change.
    pub(super) identity: Option<(Status, String)>,
}

/// Device and number, equal for all descriptors of a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct ClientKey {
    pub(super) device: Option<Bdf>,
    pub(super) minor: Option<u32>,
    pub(super) id: Option<u64>,
}

impl Memory {
    /// Of a monitor that looks at everything at most this often.
    pub(super) fn new(every: Duration) -> Memory {
        Memory {
            every,
            whole: None,
            idle: HashSet::new(),
            known: HashMap::new(),
            namespace: None,
            users: None,
            queues: HashMap::new(),
        }
    }

    /// Begins a scan. Returns `true` if it must cover all descriptors.
    pub(super) fn begin(&mut self, now: Instant) -> bool {
        let is_due = self.whole.is_none_or(|whole| {
            now.saturating_duration_since(whole.begun) >= self.every.max(whole.took * PART_OF_TIME)
        });
        if is_due {
            self.idle.clear();
            self.known.clear();
            (self.namespace, self.users) = (None, None);
            self.queues.clear();
            self.whole = Some(Whole { begun: now, took: Duration::ZERO });
        }
        is_due
    }

    /// Ends a look at everything.
    pub(super) fn end(&mut self, now: Instant) {
        if let Some(whole) = &mut self.whole {
            whole.took = now.saturating_duration_since(whole.begun);
        }
    }

    /// Returns `true` if a process had no GPU open when all its descriptors were last read.
    pub(super) fn is_idle(&self, pid: u32) -> bool {
        self.idle.contains(&pid)
    }

    /// The descriptors of a process that led to GPUs.
    pub(super) fn descriptors(&self, pid: u32) -> Option<&Descriptors> {
        self.known.get(&pid)
    }

    /// Keeps what a look at all descriptors of a process found; a process that began since the last whole look is not taken
    /// for one without a GPU yet, because programs open theirs a while after they began.
    pub(super) fn keep(&mut self, pid: u32, found: Descriptors, is_whole: bool) {
        let has_none = found.clients.is_empty() && !found.opens_kfd;
        match has_none {
            true if is_whole => drop(self.idle.insert(pid)),
            true => {}
            false => drop(self.known.insert(pid, found)),
        }
    }

    /// Keeps who a process is.
    pub(super) fn keep_identity(&mut self, pid: u32, status: &Status, cgroup: &str) {
        if let Some(known) = self.known.get_mut(&pid) {
            known.identity = Some((status.clone(), cgroup.to_owned()));
        }
    }

    /// The queues of a context with these numbers, if their files were read since the last whole look.
    pub(super) fn queues(
        &self,
        pid: u32,
        context: &Path,
        numbers: &[u32],
    ) -> Option<&BTreeMap<u32, Vec<KfdQueue>>> {
        let known = self.queues.get(&(pid, context.to_owned()))?;
        (known.numbers == numbers).then_some(&known.by_gpu)
    }

    pub(super) fn keep_queues(
        &mut self,
        pid: u32,
        context: &Path,
        numbers: Vec<u32>,
        by_gpu: BTreeMap<u32, Vec<KfdQueue>>,
    ) {
        self.queues.insert((pid, context.to_owned()), KnownQueues { numbers, by_gpu });
    }

    /// Forgets a process, which is new at the next look.
    pub(super) fn forget(&mut self, pid: u32) {
        self.known.remove(&pid);
    }
}
