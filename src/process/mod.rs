//! Processes that use GPUs, with their memory and their use of engines.
//!
//! Processes come from two lists, and each misses some. KFD (`/sys/class/kfd/kfd/proc`) lists the ROCm programs of
//! all users, by the host's process ids. DRM (`/proc/<pid>/fdinfo`) lists programs that have a render node open,
//! including graphics and video, but only processes that the reader may trace. Both are read and joined on the
//! process id. KFD's video memory is a part of fdinfo's for the same process: the larger value is used, and they are
//! never added up.
//!
//! ```
//! # let smi = amdgpu_smi::Smi::builder().root("fixtures/mi210-navi31-2x-k6.12-processes").build()?;
//! for process in smi.processes().processes {
//!     for used in &process.gpus {
//!         let vram = used.vram.as_ref().map_or("unknown".to_owned(), |vram| vram.to_string());
//!         println!("{} {:?} on GPU {:?}: {vram}", process.pid, process.name, used.gpu);
//!     }
//! }
//! # Ok::<(), amdgpu_smi::Error>(())
//! ```
//!
//! The usage of an engine needs two looks: [`Processes::after`].

mod descriptors;
mod gap;
mod host;
mod kfd;
mod memory;
mod merge;
mod rate;
mod reasons;
mod wanted;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

pub use self::host::{HostUse, start_ticks};
use self::memory::Memory;
use self::wanted::Wanted;
use crate::backend::Backend;
use crate::discover::Smi;
use crate::error::{Error, Op, Result};
use crate::gpu::Gpu;
use crate::id::{Bdf, GpuId, Pid};
pub use crate::parse::fdinfo::{Engine, EngineTime, FdInfo, MemoryRegion, RegionUse};
pub use crate::parse::process::{container_id, slurm_job};
use crate::reading::Reading;
use crate::unit::{Bytes, Microseconds, Milliseconds, Nanoseconds};

/// The processes at one moment.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Processes {
    /// The pid namespace of `/proc` here.
    pub namespace: Result<PidNamespace>,
    /// The processes, by id. In a pid namespace, processes of this `/proc` come first, then KFD's processes by the
    /// host's ids.
    pub processes: Vec<Process>,
    /// Number of processes whose descriptors this user may not inspect. Those that KFD lists are still in
    /// `processes`; others may use a GPU without being listed.
    pub unreadable: usize,
    /// Processes that could not be read completely for another reason than permissions, such as too many open files.
    /// Those with a known GPU are in `processes`, with their errors.
    pub failed: Option<FailedProcesses>,
    /// `Ok` if KFD's list could be read; [`Error::NotSupported`] on a machine without KFD.
    pub kfd: Result<()>,
    /// `Ok` if `/proc` could be read.
    pub proc: Result<()>,
    /// `Ok` if `/proc` shows other users' processes, which its mount option `hidepid` hides.
    pub others: Result<()>,
}

/// Processes that could not be read completely.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct FailedProcesses {
    /// The number of processes, at least 1.
    pub count: usize,
    /// The first error.
    pub first: Error,
}

/// The pid namespace of the processes in `/proc`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub enum PidNamespace {
    /// The host's namespace, whose ids KFD uses.
    Initial,
    /// A container's own namespace: KFD's ids mean other processes here, so the lists cannot be joined.
    Nested,
    /// Unknown; treated as the host's.
    Unknown,
}

/// The list from which a process has its id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub enum PidView {
    /// The `/proc` that is mounted here.
    Proc,
    /// KFD's list, with an id of the host that no process of this `/proc` has.
    Host,
}

/// One process that uses GPUs.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Process {
    /// The process id.
    pub pid: Pid,
    /// The list from which the id is.
    pub view: PidView,
    /// Its ids in pid namespaces below this one, outermost first: a container's process as seen from the host.
    pub namespace_pids: Vec<Pid>,
    /// Name of the program, at most 15 bytes.
    pub name: Result<String>,
    /// Id of the user.
    pub uid: Result<u32>,
    /// Name of the user in `/etc/passwd`.
    pub user: Result<String>,
    /// Path of the control group.
    pub cgroup: Result<String>,
    /// Container id in the control group's path; `None` outside containers.
    pub container: Option<String>,
    /// `true` for this process itself. KFD lists it if it has opened `/dev/kfd`.
    pub is_self: bool,
    /// `true` if it has `/dev/kfd` open.
    pub opens_kfd: Result<bool>,
    /// Its use of each GPU, in the order of the list; GPUs outside the list come last.
    pub gpus: Vec<ProcessGpu>,
    /// `Ok` if all its descriptors could be read; otherwise it may use more than `gpus` shows.
    pub descriptors: Result<()>,
    /// `Ok` if all of KFD's files about it could be read; otherwise it may use more than `gpus` shows.
    pub kfd: Result<()>,
}

/// The use of one GPU or partition by a process.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ProcessGpu {
    /// The GPU's position in [`Smi::gpus`]; absent if it is hidden from this process.
    pub gpu: Option<usize>,
    /// PCI address of the GPU, if known.
    pub bdf: Option<Bdf>,
    /// KFD's id of the GPU, if KFD lists the process.
    pub kfd_id: Option<GpuId>,
    /// Video memory in bytes: the larger of the values of KFD and of the DRM clients.
    pub vram: Reading<Bytes>,
    /// System memory in bytes that the GPU has mapped.
    pub gtt: Reading<Bytes>,
    /// System memory in bytes that the GPU has not mapped.
    pub cpu_memory: Reading<Bytes>,
    /// Number of compute units that run this process now.
    pub compute_units: Reading<u32>,
    /// The same in percent of the GPU's compute units.
    pub compute_percent: Reading<f64>,
    /// Working time of each engine, all clients together; ROCm's compute queues are in none. An engine that is not
    /// listed has not worked, if `engines_complete` is `Ok`.
    pub engines: Vec<EngineUse>,
    /// `Ok` if `engines` covers all clients; kernels before 5.19 and nodes of partitions do not report engines.
    pub engines_complete: Result<()>,
    /// Usage of ROCm's copy engines since the earlier look, in percent; absent before [`Processes::after`].
    pub sdma_percent: Option<f64>,
    /// KFD's values, if KFD lists the process for this GPU.
    pub kfd: Option<Box<KfdUse>>,
    /// The DRM clients, each listed once regardless of its number of descriptors.
    pub clients: Vec<DrmClient>,
}

/// Working time of an engine for a process.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct EngineUse {
    /// The kind of engine.
    pub engine: Engine,
    /// Time since the clients started. Never less than in the earlier look passed to [`Processes::after`].
    pub time: Nanoseconds,
    /// Percentage of the time since the earlier look: 100 is one ring busy all the time; several rings can exceed it.
    pub percent: Option<f64>,
}

/// KFD's values of a process on one GPU.
#[derive(Debug, Clone)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct KfdUse {
    /// Video memory allocated through KFD.
    #[cfg_attr(feature = "serde", serde(serialize_with = "crate::reading::serialize_known"))]
    pub vram: Reading<Bytes>,
    /// Working time of copy engines.
    #[cfg_attr(feature = "serde", serde(serialize_with = "crate::reading::serialize_known"))]
    pub sdma: Reading<Microseconds>,
    /// Time its queues were evicted.
    #[cfg_attr(feature = "serde", serde(serialize_with = "crate::reading::serialize_known"))]
    pub evicted: Reading<Milliseconds>,
    /// Number of compute units that run this process; only GFX9 counts them.
    #[cfg_attr(feature = "serde", serde(serialize_with = "crate::reading::serialize_known"))]
    pub cu_occupancy: Reading<u32>,
    /// Page faults of shared virtual memory.
    #[cfg_attr(feature = "serde", serde(serialize_with = "crate::reading::serialize_known"))]
    pub faults: Reading<u64>,
    /// Pages migrated to video memory.
    #[cfg_attr(feature = "serde", serde(serialize_with = "crate::reading::serialize_known"))]
    pub page_in: Reading<u64>,
    /// Pages migrated from video memory.
    #[cfg_attr(feature = "serde", serde(serialize_with = "crate::reading::serialize_known"))]
    pub page_out: Reading<u64>,
    /// ROCm queues of the process.
    pub queues: Vec<KfdQueue>,
    #[cfg_attr(feature = "serde", serde(skip))]
    read_at: Instant,
}

/// A ROCm queue.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct KfdQueue {
    /// The queue's number within the process.
    pub id: u32,
    /// The queue's type.
    pub kind: Option<QueueKind>,
    /// Size of the ring in bytes.
    pub size: Option<Bytes>,
}

/// Types of a queue (`enum kfd_queue_type`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub enum QueueKind {
    /// 0: work for the shaders.
    Compute,
    /// 1: copy operations.
    Sdma,
    /// 2: a queue of the driver.
    Hiq,
    /// 3: a queue of a debugger.
    Diq,
    /// 4: copy operations over XGMI.
    SdmaXgmi,
    /// 5: copy operations by a selected engine.
    SdmaByEngine,
    /// Another number.
    Other(u32),
}

/// A client of the graphics driver, which is an open device node.
#[derive(Debug, Clone)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct DrmClient {
    /// `true` if a process with a lower id has the same client, as after a fork or a transfer. Count it there.
    pub shared: bool,
    /// The client's memory and engine times.
    pub info: FdInfo,
    #[cfg_attr(feature = "serde", serde(skip))]
    read_at: Instant,
}

impl Processes {
    /// Returns `true` if both lists were read completely, and not from inside a container, whose `/proc` lacks the
    /// processes outside. If not, a sum over the processes is a lower bound.
    pub fn is_complete(&self) -> bool {
        self.gaps().is_empty()
    }

    /// Number of processes that could not be read completely, from [`failed`](Processes::failed).
    pub fn failed_count(&self) -> usize {
        self.failed.as_ref().map_or(0, |failed| failed.count)
    }

    /// The processes that use the GPU at this position in [`Smi::gpus`], with their use of it.
    pub fn of_gpu(&self, gpu: usize) -> impl Iterator<Item = (&Process, &ProcessGpu)> {
        self.processes.iter().filter_map(move |process| {
            Some((process, process.gpus.iter().find(|used| used.gpu == Some(gpu))?))
        })
    }

    /// Video memory in bytes that these processes use on a GPU, each client counted once.
    ///
    /// This is less than the used memory of the GPU: the driver, the console and unreadable processes use memory too,
    /// and a process with an absent [`vram`](ProcessGpu::vram) is not counted.
    /// [`is_vram_known`](Processes::is_vram_known) returns whether the sum is complete. In a pid namespace, this is
    /// the larger sum of the two lists, because a process may be in both.
    pub fn vram_of_gpu(&self, gpu: usize) -> Bytes {
        let sum = |view| {
            let listed = self.of_gpu(gpu).filter(|(process, _)| process.view == view);
            listed.map(|(_, used)| used.own_vram().0).fold(0, u64::saturating_add)
        };
        Bytes(sum(PidView::Proc).max(sum(PidView::Host)))
    }
}

impl Processes {
    /// Returns `true` if [`vram_of_gpu`](Processes::vram_of_gpu) includes all processes that use the GPU.
    pub fn is_vram_known(&self, gpu: usize) -> bool {
        self.is_complete() && self.of_gpu(gpu).all(|(_, used)| used.vram.is_ok())
    }
}

/// A process id with its list: a key that never confuses a container's ids with the host's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub enum ProcessId {
    /// An id of the `/proc` that is mounted here.
    Here(Pid),
    /// An id of the host, for a process that this pid namespace cannot see.
    Host(Pid),
}

impl Process {
    /// The Slurm job in the control group's path.
    pub fn slurm_job(&self) -> Option<&str> {
        crate::parse::process::slurm_job(self.cgroup.as_deref().ok()?)
    }

    /// A key for the process. In a container, [`Process::pid`] alone can mean two processes.
    pub fn id(&self) -> ProcessId {
        match self.view {
            PidView::Proc => ProcessId::Here(self.pid),
            PidView::Host => ProcessId::Host(self.pid),
        }
    }

    /// Its use of the GPU at this position in [`Smi::gpus`].
    pub fn gpu(&self, gpu: usize) -> Option<&ProcessGpu> {
        self.gpus.iter().find(|used| used.gpu == Some(gpu))
    }
}

impl ProcessGpu {
    /// Usage of the GPU by this process since the earlier look, in percent of one engine: all engines together,
    /// including copy engines; `None` before a second look.
    pub fn busy(&self) -> Option<f64> {
        let engines = self.engines.iter().filter_map(|engine| engine.percent);
        let known: Vec<f64> = engines.chain(self.sdma_percent).collect();
        (!known.is_empty()).then(|| known.iter().fold(0.0, |sum, percent| sum + percent))
    }

    /// The use of one engine by the process.
    pub fn engine(&self, engine: Engine) -> Option<&EngineUse> {
        self.engines.iter().find(|found| found.engine == engine)
    }
}

/// Reads the processes repeatedly, and keeps the previous look itself.
#[derive(Debug)]
pub struct ProcessMonitor {
    smi: Smi,
    last: Option<Processes>,
    memory: Option<Memory>,
}

impl ProcessMonitor {
    /// Scans the descriptors of all processes at most this often, and for at most 4 % of the time. By default every look
    /// scans them, which is most of its cost.
    ///
    /// Looks in between read the descriptors that led to a GPU, KFD's list, and new processes; the users' names, and the kind,
    /// size and GPU of a queue that is still listed, are those of the look before. A process can be missed
    /// for up to this interval, but only if it opened its first GPU long after it started, or opened another node.
    pub fn rescan_every(self, every: Duration) -> ProcessMonitor {
        ProcessMonitor { memory: Some(Memory::new(every)), ..self }
    }

    /// The processes now, with their use of the engines since the previous look: [`Processes::after`].
    pub fn update(&mut self) -> &Processes {
        let now = scan(&**self.smi.backend(), &Wanted::all(self.smi.gpus()), &mut self.memory);
        let now = match &self.last {
            Some(last) => now.after(last),
            None => now,
        };
        self.last.insert(now)
    }
}

impl Smi {
    /// A monitor of the processes that keeps the previous look itself.
    ///
    /// ```
    /// # let smi = amdgpu_smi::Smi::builder().root("fixtures/mi210-navi31-2x-k6.12-processes").build()?;
    /// let mut users = smi.process_monitor();
    /// users.update();
    /// for process in &users.update().processes {
    ///     println!("{:?} {:?}", process.id(), process.gpus.first().and_then(|used| used.busy()));
    /// }
    /// # Ok::<(), amdgpu_smi::Error>(())
    /// ```
    pub fn process_monitor(&self) -> ProcessMonitor {
        ProcessMonitor { smi: self.clone(), last: None, memory: None }
    }

    /// The processes that use GPUs, with their use of each.
    ///
    /// Reads `/proc/<pid>/fdinfo` of all processes that the user may inspect; this takes about ten milliseconds with
    /// thousands of open descriptors. A process that ends meanwhile is left out.
    ///
    /// # Source
    /// `/sys/class/kfd/kfd/proc`; `status`, `cgroup`, `fd` and `fdinfo` of `/proc/<pid>`; `/etc/passwd`.
    ///
    /// # Errors
    /// None. A list that cannot be read has a reason in [`Processes::reasons`], a value in its process.
    ///
    /// # Supported on
    /// All; memory and engines of graphics clients since Linux 5.14. For partitions other than a package's first,
    /// only KFD has values.
    #[doc(alias = "amdsmi_get_gpu_process_list")]
    #[doc(alias = "amdsmi_get_gpu_compute_process_info")]
    pub fn processes(&self) -> Processes {
        scan(&**self.backend(), &Wanted::all(self.gpus()), &mut None)
    }
}

impl Gpu {
    /// The processes that use this GPU, like [`Smi::processes`] for one GPU.
    ///
    /// This costs nearly as much as reading all: only reading shows which descriptors belong to this GPU.
    ///
    /// # Source
    /// As [`Smi::processes`].
    ///
    /// # Errors
    /// As [`Smi::processes`].
    ///
    /// # Supported on
    /// As [`Smi::processes`].
    #[doc(alias = "amdsmi_get_gpu_process_list_by_pid")]
    #[doc(alias = "amdsmi_get_gpu_compute_process_info_by_pid")]
    #[doc(alias = "amdsmi_get_gpu_compute_process_gpus")]
    pub fn processes(&self) -> Processes {
        let mut found = scan(&*self.inner.backend, &Wanted::only(self), &mut None);
        found.processes.retain(|process| !process.gpus.is_empty());
        found
    }
}

/// Reads both sides and joins them.
fn scan(backend: &dyn Backend, wanted: &Wanted<'_>, memory: &mut Option<Memory>) -> Processes {
    let mut failures = Failures::default();
    let is_whole = memory.as_mut().is_none_or(|memory| memory.begin(Instant::now()));
    let opened = descriptors::open(backend);
    let namespace = match (&opened, memory.as_ref().and_then(|memory| memory.namespace)) {
        (Ok(_), Some(known)) => Ok(known),
        (Ok(proc), None) => descriptors::namespace(&**proc),
        (Err(_), _) => Ok(PidNamespace::Unknown),
    };
    let listed = kfd::scan(backend, wanted, &mut failures, memory);
    let is_nested = namespace == Ok(PidNamespace::Nested);
    // A container's numbers are not those of KFD's list.
    let numbers: Vec<u32> = match &listed {
        Ok(listed) if !is_nested => listed.iter().map(|process| process.pid).collect(),
        _ => Vec::new(),
    };
    let (listed, kfd) = or_default(listed);
    let names = memory.as_mut().and_then(|memory| memory.users.take());
    let mut merge = merge::Merge::new(wanted, listed, is_nested, merge::Users::new(backend, names));
    let mut others = Ok(());
    let seen = opened.and_then(|proc| {
        if backend.hides_processes() {
            others = Err(descriptors::hidden(&*proc));
        }
        descriptors::scan(&*proc, wanted, &numbers, &mut failures, memory, is_whole, |found| merge.add(found))
    });
    let (seen, proc) = or_default(seen);
    let count = failures.pids.len();
    let failed = failures.first.map(|first| FailedProcesses { count, first });
    let (processes, users) = merge.finish();
    if let Some(memory) = memory {
        memory.users = users;
        memory.namespace = namespace.clone().ok();
    }
    Processes { namespace, processes, unreadable: seen.unreadable, failed, kfd, proc, others }
}

/// The value, or an empty one with the error of reading it.
fn or_default<T: Default>(read: Result<T>) -> (T, Result<()>) {
    match read {
        Ok(value) => (value, Ok(())),
        Err(error) => (T::default(), Err(error)),
    }
}

/// Processes that could not be read completely.
#[derive(Default)]
struct Failures {
    /// Pairs of list and process id.
    pids: BTreeSet<(bool, u32)>,
    first: Option<Error>,
}

impl Failures {
    /// Counts a process of KFD's list or of `/proc`.
    fn add(&mut self, of_kfd: bool, pid: u32, error: &Error) {
        self.pids.insert((of_kfd, pid));
        self.first.get_or_insert_with(|| error.clone());
    }
}

/// The error of a process's file.
fn refused(op: Op, path: PathBuf, error: &std::io::Error) -> Error {
    match Error::plain(op, &path, error) {
        Error::NoPermission { op, path, .. } => Error::NoPermission {
            op,
            path,
            hint: "another user's process; inspecting it needs root or CAP_SYS_PTRACE",
        },
        other => other,
    }
}

/// Returns `true` if the error means that the process or its entry no longer exists.
fn is_gone(error: &std::io::Error) -> bool {
    use rustix::io::Errno;
    let errno = error.raw_os_error().map(Errno::from_raw_os_error);
    matches!(errno, Some(Errno::NOENT | Errno::SRCH | Errno::NODEV))
}

/// Parses a name that consists of a number only.
fn number(name: &std::ffi::OsStr) -> Option<u32> {
    let name = name.to_str()?;
    if !name.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    name.parse().ok()
}

/// A path in a process's directory.
fn below(directory: &str, number: u32) -> std::path::PathBuf {
    Path::new(directory).join(number.to_string())
}
