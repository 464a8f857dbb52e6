//! KFD's part: `/sys/class/kfd/kfd/proc/<pid>`, created by `kfd_procfs_add_sysfs_files` and related functions in
//! kfd_process.c.
//!
//! It lists all processes of the machine by the host's ids, readable for everybody. A process has files for each GPU,
//! used or not. It uses a GPU if it has video memory or a queue there. Only then further files are read, because copy
//! engine times and occupied compute units cost the driver work. Kernels with several contexts per process put each
//! further context into `context_<id>` with the same files; their values are added up.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::time::Instant;

use super::memory::Memory;
use super::wanted::Wanted;
use super::{Failures, KfdQueue, KfdUse, QueueKind, below, is_gone, number};
use crate::backend::{Backend, Dir, FileKind};
use crate::error::{Error, Op, Result};
use crate::gpu::{self, COMPUTE_UNITS, Gpu};
use crate::id::GpuId;
use crate::parse::{plausible, scalar};
use crate::reading::{Scope, Source, Value};
use crate::unit::{Bytes, Microseconds, Milliseconds};

const PROC: &str = "/sys/class/kfd/kfd/proc";

/// A process in KFD's list.
pub(super) struct KfdProcess {
    pub(super) pid: u32,
    /// The GPUs that the process uses.
    pub(super) uses: Vec<(GpuId, KfdUse)>,
    /// The reason why there may be more.
    pub(super) lost: Option<Error>,
}

/// The directory of a process.
pub(super) fn path(pid: u32) -> PathBuf {
    below(PROC, pid)
}

/// All processes, by process id.
pub(super) fn scan(
    backend: &dyn Backend,
    wanted: &Wanted<'_>,
    failures: &mut Failures,
    memory: &mut Option<Memory>,
) -> Result<Vec<KfdProcess>> {
    let path = Path::new(PROC);
    let dir = backend.open_dir(path).map_err(|error| Error::plain(Op::OpenDir, path, &error))?;
    let entries = dir.list(Path::new(".")).map_err(|error| Error::plain(Op::List, path, &error))?;
    let mut numbers: Vec<u32> = entries.iter().filter_map(|entry| number(&entry.name)).collect();
    numbers.sort_unstable();
    let processes = numbers.into_iter().filter_map(|pid| process(&*dir, pid, wanted, memory));
    let counted = processes.inspect(|process| {
        let of_uses = process.uses.iter().flat_map(|(_, used)| used.errors()).filter_map(|(_, error)| error);
        let failed = |error: &&Error| !error.is_absence() && !matches!(error, Error::Unavailable { .. });
        if let Some(error) = process.lost.iter().chain(of_uses).find(failed) {
            failures.add(true, process.pid, error);
        }
    });
    Ok(counted.collect())
}

/// One process; `None` if it has ended.
fn process(
    parent: &dyn Dir,
    pid: u32,
    wanted: &Wanted<'_>,
    memory: &mut Option<Memory>,
) -> Option<KfdProcess> {
    let name = PathBuf::from(pid.to_string());
    // A missing file can mean that this GPU lacks it, or that the process has ended.
    let has_ended = || parent.meta(&name).is_err_and(|error| is_gone(&error));
    let dir = match parent.open_dir(&name) {
        Ok(dir) => dir,
        Err(error) if is_gone(&error) && has_ended() => return None,
        Err(error) => {
            let lost = Some(failure(Op::OpenDir, &parent.path().join(&name), &error));
            return Some(KfdProcess { pid, uses: Vec::new(), lost });
        }
    };
    let mut found =
        ProcessFiles { pid, dir: &*dir, wanted, memory, uses: BTreeMap::new(), gone: false, lost: None };
    let taken = found.take(Path::new("."));
    if found.gone && has_ended() {
        return None;
    }
    let unlisted = taken.err();
    let uses = found.uses.into_iter().filter(|(_, part)| part.is_used);
    let uses = uses.map(|(id, part)| {
        let is_partition = wanted.by_kfd_id(GpuId(id)).is_some_and(Gpu::is_partition);
        let scope = if is_partition { Scope::Partition } else { Scope::Package };
        (GpuId(id), part.used(unlisted.as_ref(), scope))
    });
    let uses = uses.collect();
    Some(KfdProcess { pid, uses, lost: unlisted.or(found.lost) })
}

/// The error of a listed entry: if it is missing, it was removed.
fn failure(op: Op, path: &Path, error: &std::io::Error) -> Error {
    match Error::plain(op, path, error) {
        Error::NotSupported { path } => Error::DeviceGone { path },
        error => error,
    }
}

/// A process that is being read.
struct ProcessFiles<'a> {
    pid: u32,
    dir: &'a dyn Dir,
    wanted: &'a Wanted<'a>,
    memory: &'a mut Option<Memory>,
    uses: BTreeMap<u32, Part>,
    /// Set if an entry has disappeared.
    gone: bool,
    /// The reason why a queue may be missing, and with it a GPU with no other trace of the process.
    lost: Option<Error>,
}

/// The known values of one GPU so far.
struct Part {
    vram: Sum,
    sdma: Sum,
    evicted: Sum,
    cu_occupancy: Sum,
    faults: Sum,
    page_in: Sum,
    page_out: Sum,
    queues: Vec<KfdQueue>,
    read_at: Instant,
    is_used: bool,
}

impl Part {
    fn new() -> Part {
        let sum = || Sum(Ok(0));
        Part {
            vram: sum(),
            sdma: sum(),
            evicted: sum(),
            cu_occupancy: sum(),
            faults: sum(),
            page_in: sum(),
            page_out: sum(),
            queues: Vec::new(),
            read_at: Instant::now(),
            is_used: false,
        }
    }

    /// The process's use of the GPU. If one of its contexts could not be read (`lost`), sums over contexts are incomplete.
    fn used(self, lost: Option<&Error>, scope: Scope) -> KfdUse {
        let whole = |sum: Sum| match (sum.0, lost) {
            (Ok(_), Some(error)) => Err(error.clone()),
            (sum, _) => Ok(Value::new(sum?, Source::Kfd, scope)),
        };
        KfdUse {
            vram: whole(self.vram).map(|vram| vram.map(Bytes)),
            sdma: whole(self.sdma).map(|time| time.map(Microseconds)),
            evicted: whole(self.evicted).map(|time| time.map(Milliseconds)),
            cu_occupancy: whole(self.cu_occupancy)
                .map(|units| units.map(|units| u32::try_from(units).unwrap_or(u32::MAX))),
            faults: whole(self.faults),
            page_in: whole(self.page_in),
            page_out: whole(self.page_out),
            queues: self.queues,
            read_at: self.read_at,
        }
    }
}

/// A sum over the contexts of a process, or the first error of them.
struct Sum(Result<u64>);

impl Sum {
    fn add(&mut self, figure: Result<u64>) {
        if let Ok(sum) = &mut self.0 {
            match figure {
                Ok(figure) => *sum = sum.saturating_add(figure),
                Err(error) => self.0 = Err(error),
            }
        }
    }
}

impl ProcessFiles<'_> {
    /// Reads the files of one context, in the process's directory or in one of its subdirectories. Fails if one of
    /// them cannot be listed, because sums would then be incomplete.
    fn take(&mut self, context: &Path) -> Result<()> {
        let entries = match self.dir.list(context) {
            Ok(entries) => entries,
            Err(error) => {
                self.gone |= is_gone(&error);
                return Err(failure(Op::List, &self.dir.path().join(context), &error));
            }
        };
        let mut ids = Vec::new();
        let mut contexts = Vec::new();
        for entry in &entries {
            let Some(name) = entry.name.to_str() else { continue };
            if let Some(id) = name.strip_prefix("vram_").and_then(|id| number(id.as_ref())) {
                ids.push(id);
            } else if name.starts_with("context_")
                && entry.kind == FileKind::Directory
                && context == Path::new(".")
            {
                contexts.push(name.to_owned());
            }
        }
        let mut queues = self.queues(context);
        for id in ids {
            if self.wanted.has_kfd_id(GpuId(id)) {
                let has = |name: &OsStr| entries.binary_search_by(|entry| (*entry.name).cmp(name)).is_ok();
                self.take_gpu(context, id, queues.remove(&id).unwrap_or_default(), has);
            }
        }
        // Contexts are not nested, which limits the cost of untrusted directories.
        let mut taken = Ok(());
        for context in contexts {
            taken = taken.and(self.take(Path::new(&context)));
        }
        taken
    }

    fn take_gpu(&mut self, context: &Path, id: u32, queues: Vec<KfdQueue>, has: impl Fn(&OsStr) -> bool) {
        let mut part = self.uses.remove(&id).unwrap_or_else(Part::new);
        let vram = self.figure(context, &format!("vram_{id}"));
        let is_used = !queues.is_empty() || !matches!(vram, Ok(0));
        if is_used {
            part.is_used = true;
            part.read_at = Instant::now();
            part.vram.add(vram);
            part.sdma.add(self.figure(context, &format!("sdma_{id}")));
            part.evicted.add(self.figure(context, &format!("stats_{id}/evicted_ms")));
            part.cu_occupancy.add(self.cu_occupancy(context, id));
            // Exists only with shared virtual memory, which most kernels lack, so look before reading.
            let counters = format!("counters_{id}");
            let has_counters = has(OsStr::new(&counters));
            for (sum, file) in [
                (&mut part.faults, "faults"),
                (&mut part.page_in, "page_in"),
                (&mut part.page_out, "page_out"),
            ] {
                let file = format!("{counters}/{file}");
                sum.add(match has_counters {
                    true => self.figure(context, &file),
                    false => Err(Error::NotSupported { path: self.dir.path().join(context).join(file) }),
                });
            }
            part.queues.extend(queues);
        }
        self.uses.insert(id, part);
    }

    /// Compute units that the process occupies; not asked of a GPU that sleeps, for its registers are read.
    fn cu_occupancy(&mut self, context: &Path, id: u32) -> Result<u64> {
        let file = format!("stats_{id}/cu_occupancy");
        let path = || self.dir.path().join(context).join(&file);
        let Some(gpu) = self.wanted.by_kfd_id(GpuId(id)) else { return self.figure(context, &file) };
        gpu.access().check(path)?;
        let there = units_of(gpu).map_or(u64::MAX, u64::from);
        let path = path();
        match self.figure(context, &file)? {
            units if units > there => Err(implausible(path, units, "more compute units than there are")),
            units => Ok(units),
        }
    }

    fn figure(&mut self, context: &Path, file: &str) -> Result<u64> {
        let gone = &mut self.gone;
        let path =
            if context == Path::new(".") { file.to_owned() } else { format!("{}/{file}", context.display()) };
        let figure = gpu::read(
            self.dir,
            &path,
            |op, path, error| {
                *gone |= is_gone(&error);
                match is_gone(&error) {
                    true => Error::NotSupported { path },
                    false => Error::plain(op, &path, &error),
                }
            },
            scalar::unsigned,
        )?;
        match plausible::count(figure) {
            true => Ok(figure),
            false => Err(implausible(self.dir.path().join(path), figure, "no count of the driver")),
        }
    }

    /// The queues by GPU. Their files end without a newline.
    fn queues(&mut self, context: &Path) -> BTreeMap<u32, Vec<KfdQueue>> {
        // A process without queues still has the directory; without the directory, it has no queues.
        let path = context.join("queues");
        let entries = match self.dir.list(&path) {
            Ok(entries) => entries,
            Err(error) => {
                let error = Error::plain(Op::List, &self.dir.path().join(path), &error);
                self.lost = self.lost.take().or(Some(error).filter(|error| !error.is_absence()));
                return BTreeMap::new();
            }
        };
        let mut numbers: Vec<u32> = entries.iter().filter_map(|entry| number(&entry.name)).collect();
        numbers.sort_unstable();
        let known = self.memory.as_ref().and_then(|memory| memory.queues(self.pid, context, &numbers));
        if let Some(known) = known {
            return known.clone();
        }
        let mut queues: BTreeMap<u32, Vec<KfdQueue>> = BTreeMap::new();
        let mut is_whole = true;
        for id in numbers.iter().copied() {
            let directory = below("queues", id);
            let mut lost = None;
            let mut figure =
                |file: &str| match self.figure(context, directory.join(file).to_str().unwrap_or(file)) {
                    Ok(number) => Some(number),
                    Err(error) => {
                        lost.get_or_insert(error);
                        None
                    }
                };
            let (gpu, kind) = (figure("gpuid"), figure("type").map(queue_kind));
            let size = figure("size").map(Bytes);
            is_whole &= lost.is_none();
            // A listed queue that no longer exists is not missing.
            let is_there = || !self.dir.meta(&context.join(&directory)).is_err_and(|error| is_gone(&error));
            let lost = lost.filter(|error| !error.is_absence() || is_there()).map(|error| match error {
                Error::NotSupported { path } => Error::DeviceGone { path },
                error => error,
            });
            self.lost = self.lost.take().or(lost);
            let Some(gpu) = gpu else { continue };
            queues.entry(u32::try_from(gpu).unwrap_or(0)).or_default().push(KfdQueue { id, kind, size });
        }
        if let Some(memory) = self.memory.as_mut().filter(|_| is_whole) {
            memory.keep_queues(self.pid, context, numbers, queues.clone());
        }
        queues
    }
}

fn implausible(path: PathBuf, number: u64, reason: &'static str) -> Error {
    Error::Implausible { path, text: number.to_string(), reason }
}

/// The compute units of a GPU.
pub(super) fn units_of(gpu: &Gpu) -> Result<u32> {
    let node = gpu.inner.node.as_ref().map_err(Error::clone)?;
    let units = node.properties.compute_units().filter(|units| *units != 0);
    units.ok_or_else(|| node.absent(COMPUTE_UNITS))
}

fn queue_kind(number: u64) -> QueueKind {
    match number {
        0 => QueueKind::Compute,
        1 => QueueKind::Sdma,
        2 => QueueKind::Hiq,
        3 => QueueKind::Diq,
        4 => QueueKind::SdmaXgmi,
        5 => QueueKind::SdmaByEngine,
        other => QueueKind::Other(u32::try_from(other).unwrap_or(u32::MAX)),
    }
}
