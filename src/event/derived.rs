//! Start and end of processes, derived from KFD's directories.

use std::collections::BTreeMap;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create, timerfd_settime,
};

use super::{EventKind, Text, kfd};
use crate::backend::{Backend, Dir};
use crate::error::{Error, Op, Result};
use crate::id::{GpuId, Pid};
use crate::parse::scalar;

const PROCESSES: &str = "/sys/class/kfd/kfd/proc";
/// The link of the initial pid namespace (`PROC_PID_INIT_INO`), whose process ids KFD uses.
const INITIAL_PID_NAMESPACE: &str = "pid:[4026531836]";
/// No real machine has this many GPU processes, but a malicious tree could.
const LIMIT: usize = 65_536;

/// Polls for started and ended processes. kernfs does not notify about directories created by the driver.
#[derive(Debug)]
pub(super) struct Derived {
    backend: Arc<dyn Backend>,
    timer: OwnedFd,
    known: BTreeMap<Pid, KnownProcess>,
    /// Set if `/proc` uses the same process ids.
    names: bool,
    /// This process, which KFD lists since it opened `/dev/kfd`.
    own: Option<Pid>,
}

#[derive(Debug, Default)]
struct KnownProcess {
    name: Vec<u8>,
    gpus: Vec<GpuId>,
}

impl Derived {
    /// Starts with the existing processes, which are not reported as started.
    pub(super) fn new(backend: Arc<dyn Backend>, interval: Duration) -> Result<Derived> {
        let timer = timer(interval).map_err(|error| kfd::call_error(Op::Wait, &error.into()))?;
        let names = match backend.open_dir(Path::new("/proc/self")) {
            Ok(me) => {
                me.read_link(Path::new("ns/pid")).is_ok_and(|link| link == Path::new(INITIAL_PID_NAMESPACE))
            }
            // A recorded machine has no reading process, and its process ids are its own.
            Err(_) => !backend.host().live,
        };
        let own = (names && backend.host().live).then(|| Pid(std::process::id()));
        let mut derived = Derived { backend, timer, known: BTreeMap::new(), names, own };
        let listed = derived.list().map_err(|error| {
            let path = Path::new(PROCESSES);
            Error::plain(Op::List, path, &error)
        })?;
        derived.changes(listed);
        Ok(derived)
    }

    /// The changes since the last poll, by GPU.
    pub(super) fn look(&mut self) -> Vec<(GpuId, EventKind<'static>)> {
        // Returns the number of expirations; one is enough.
        let _ = rustix::io::read(&self.timer, &mut [0; 8]);
        // A list that cannot be read now reports no change.
        self.list().map(|listed| self.changes(listed)).unwrap_or_default()
    }

    /// The processes with a directory, and the GPUs with a file in each.
    fn list(&self) -> std::io::Result<BTreeMap<Pid, Vec<GpuId>>> {
        let dir = self.backend.open_dir(Path::new(PROCESSES))?;
        let mut listed = BTreeMap::new();
        for entry in dir.list(Path::new("."))?.into_iter().take(LIMIT) {
            let Some(pid) = entry.name.to_str().and_then(|name| name.parse().ok()).map(Pid) else { continue };
            if Some(pid) != self.own {
                listed.insert(pid, gpus(&*dir, Path::new(&entry.name)));
            }
        }
        Ok(listed)
    }

    fn changes(&mut self, listed: BTreeMap<Pid, Vec<GpuId>>) -> Vec<(GpuId, EventKind<'static>)> {
        let mut changes = Vec::new();
        let gone: Vec<Pid> = self.known.keys().filter(|pid| !listed.contains_key(pid)).copied().collect();
        for pid in gone {
            let Some(process) = self.known.remove(&pid) else { continue };
            for gpu in process.gpus {
                let task = Text::from(process.name.clone());
                changes.push((gpu, EventKind::ProcessEnd { pid, task }));
            }
        }
        for (pid, gpus) in listed {
            let new = !self.known.contains_key(&pid);
            let name = if new { self.name(pid) } else { Vec::new() };
            let process = self.known.entry(pid).or_insert_with(|| KnownProcess { name, gpus: Vec::new() });
            // The directory is created before its files; missing ones are seen at the next poll.
            for gpu in gpus {
                if !process.gpus.contains(&gpu) {
                    process.gpus.push(gpu);
                    let task = Text::from(process.name.clone());
                    changes.push((gpu, EventKind::ProcessStart { pid, task }));
                }
            }
        }
        changes
    }

    fn name(&self, pid: Pid) -> Vec<u8> {
        if !self.names {
            return Vec::new();
        }
        let Ok(dir) = self.backend.open_dir(Path::new(&format!("/proc/{pid}"))) else { return Vec::new() };
        let mut buf = Vec::new();
        match dir.read(Path::new("comm"), &mut buf) {
            Ok(()) => scalar::text(&buf).map(|name| name.into_owned().into_bytes()).unwrap_or_default(),
            Err(_) => Vec::new(),
        }
    }
}

impl AsFd for Derived {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.timer.as_fd()
    }
}

/// The GPUs of a process: those with a file `vram_<gpu_id>` (`kfd_create_process_sysfs` and related functions).
fn gpus(processes: &dyn Dir, process: &Path) -> Vec<GpuId> {
    let entries = processes.list(process).unwrap_or_default();
    let id = |name: &str| name.strip_prefix("vram_").and_then(|id| id.parse().ok()).map(GpuId);
    entries.iter().filter_map(|entry| entry.name.to_str().and_then(id)).collect()
}

fn timer(interval: Duration) -> rustix::io::Result<OwnedFd> {
    let timer = timerfd_create(TimerfdClockId::Monotonic, TimerfdFlags::CLOEXEC | TimerfdFlags::NONBLOCK)?;
    let each = Timespec {
        tv_sec: interval.as_secs().try_into().unwrap_or(i64::MAX),
        tv_nsec: interval.subsec_nanos().into(),
    };
    let times = Itimerspec { it_interval: each, it_value: each };
    timerfd_settime(&timer, TimerfdTimerFlags::empty(), &times)?;
    Ok(timer)
}
