//! Who uses the GPUs: processes by number, with what each holds and how busy it keeps which engine.
//!
//! Two sides know of processes, and each misses some. KFD (`/sys/class/kfd/kfd/proc`) knows those that compute
//! through ROCm, with all users' figures, by the host's process numbers. DRM (`/proc/<pid>/fdinfo`) knows all that
//! have a render node open, with graphics and video, but tells only of processes that the reader may trace. Both are
//! read and joined on the process number. The video memory that KFD counts is a part of what fdinfo counts for the
//! same process: the larger figure is taken, they are never added.
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
//! How busy an engine is takes two looks: [`Processes::after`].

mod descriptors;
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

pub use self::host::HostUse;
use self::memory::Memory;
use self::wanted::Wanted;
use crate::backend::Backend;
use crate::discover::Smi;
use crate::error::{Error, Op, Result};
use crate::gpu::Gpu;
use crate::id::{Bdf, GpuId, Pid};
pub use crate::parse::fdinfo::{Engine, EngineTime, FdInfo, MemoryRegion, RegionUse};
use crate::reading::Reading;
use crate::unit::{Bytes, Microseconds, Milliseconds, Nanoseconds};

/// The processes at one time.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Processes {
    /// Whether the numbers in `/proc` here are the host's.
    pub namespace: Result<PidNamespace>,
    /// The processes, by number; in a pid namespace those of this `/proc` first, then those that KFD lists by the
    /// host's numbers.
    pub processes: Vec<Process>,
    /// Processes whose descriptors this user may not look at. Those that KFD lists are among `processes` all the
    /// same; others may use a GPU without being there.
    pub unreadable: usize,
    /// Processes of which something could not be read for another reason than permission, such as too many open files.
    /// Those of which a GPU is known are among `processes`, with reasons.
    pub failed: Option<FailedProcesses>,
    /// Whether KFD's list could be read; [`Error::NotSupported`] on a machine without KFD.
    pub kfd: Result<()>,
    /// Whether `/proc` could be read.
    pub proc: Result<()>,
    /// Whether `/proc` shows the processes of other users, which its mount option `hidepid` hides.
    pub others: Result<()>,
}

/// Processes of which something could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct FailedProcesses {
    /// The number of processes, at least 1.
    pub count: usize,
    /// The first error.
    pub first: Error,
}

/// Whose numbers the processes of `/proc` have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub enum PidNamespace {
    /// The host's, as KFD uses them.
    Initial,
    /// A container's own: KFD's numbers mean other processes here, so the two sides cannot be joined.
    Nested,
    /// Nothing says so; taken for the host's.
    Unknown,
}

/// By which list a process has its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub enum PidView {
    /// `/proc` as it is mounted here.
    Proc,
    /// KFD's, which are the host's, and are no process of this `/proc`.
    Host,
}

/// One process.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Process {
    /// Its number.
    pub pid: Pid,
    /// Whose number that is.
    pub view: PidView,
    /// Its numbers in pid namespaces below this one, outermost first: a container's process, seen from the host.
    pub namespace_pids: Vec<Pid>,
    /// The name of its program, at most 15 bytes.
    pub name: Result<String>,
    /// Its user.
    pub uid: Result<u32>,
    /// The name that `/etc/passwd` has for the user.
    pub user: Result<String>,
    /// Its control group.
    pub cgroup: Result<String>,
    /// The container that the control group names; `None` outside of containers.
    pub container: Option<String>,
    /// Whether it is the process that asks. KFD lists it too if it has opened `/dev/kfd`.
    pub is_self: bool,
    /// Whether it has `/dev/kfd` open, by its descriptors.
    pub opens_kfd: Result<bool>,
    /// What it uses of each GPU, in the order of the list; GPUs that are not of the list come last.
    pub gpus: Vec<ProcessGpu>,
    /// Whether all its descriptors could be read; else it may use more than `gpus` has.
    pub descriptors: Result<()>,
    /// Whether all that KFD lists of it could be read; else it may use more than `gpus` has.
    pub kfd: Result<()>,
}

/// What a process uses of one GPU or partition.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ProcessGpu {
    /// The GPU's place in [`Smi::gpus`]; absent for one that is hidden from this process.
    pub gpu: Option<usize>,
    /// Its PCI address, where that is known.
    pub bdf: Option<Bdf>,
    /// KFD's number for it, where KFD lists the process.
    pub kfd_id: Option<GpuId>,
    /// Video memory: the larger of what KFD and what the DRM clients count.
    pub vram: Reading<Bytes>,
    /// System memory that the GPU has mapped.
    pub gtt: Reading<Bytes>,
    /// System memory that it has not.
    pub cpu_memory: Reading<Bytes>,
    /// Compute units with work of this process at this moment.
    pub compute_units: Reading<u32>,
    /// The same in percent of those that the GPU has.
    pub compute_percent: Reading<f64>,
    /// How long each engine worked, all clients together; ROCm's own queues are in none of them. One that is not listed
    /// has not worked if `engines_complete` says so.
    pub engines: Vec<EngineUse>,
    /// Whether `engines` has the work of all clients: kernels before 5.19 and nodes of partitions tell nothing of it.
    pub engines_complete: Result<()>,
    /// How busy ROCm's copy engines were since the earlier look; absent before [`Processes::after`].
    pub sdma_percent: Option<f64>,
    /// What KFD tells, where it lists the process for this GPU.
    pub kfd: Option<KfdUse>,
    /// The DRM clients, each once however many descriptors it has.
    pub clients: Vec<DrmClient>,
}

/// How long an engine worked for a process.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct EngineUse {
    /// Which.
    pub engine: Engine,
    /// Since the clients began. Never less than in the earlier look that [`Processes::after`] was given.
    pub time: Nanoseconds,
    /// Part of the time since the earlier look: 100 is one ring all the time, more is several rings.
    pub percent: Option<f64>,
}

/// What KFD tells of a process on one GPU.
#[derive(Debug, Clone)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct KfdUse {
    /// Video memory allocated through KFD.
    #[cfg_attr(feature = "serde", serde(serialize_with = "crate::reading::serialize_known"))]
    pub vram: Reading<Bytes>,
    /// How long copy engines worked.
    #[cfg_attr(feature = "serde", serde(serialize_with = "crate::reading::serialize_known"))]
    pub sdma: Reading<Microseconds>,
    /// How long its queues were evicted.
    #[cfg_attr(feature = "serde", serde(serialize_with = "crate::reading::serialize_known"))]
    pub evicted: Reading<Milliseconds>,
    /// Compute units with work of this process; only GFX9 counts them.
    #[cfg_attr(feature = "serde", serde(serialize_with = "crate::reading::serialize_known"))]
    pub cu_occupancy: Reading<u32>,
    /// Page faults of shared virtual memory.
    #[cfg_attr(feature = "serde", serde(serialize_with = "crate::reading::serialize_known"))]
    pub faults: Reading<u64>,
    /// Pages that came to video memory.
    #[cfg_attr(feature = "serde", serde(serialize_with = "crate::reading::serialize_known"))]
    pub page_in: Reading<u64>,
    /// Pages that left it.
    #[cfg_attr(feature = "serde", serde(serialize_with = "crate::reading::serialize_known"))]
    pub page_out: Reading<u64>,
    /// Its queues.
    pub queues: Vec<KfdQueue>,
    #[cfg_attr(feature = "serde", serde(skip))]
    read_at: Instant,
}

/// A queue of ROCm.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct KfdQueue {
    /// Its number within the process.
    pub id: u32,
    /// What it is for.
    pub kind: Option<QueueKind>,
    /// Bytes of its ring.
    pub size: Option<Bytes>,
}

/// What a queue is for (`enum kfd_queue_type`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub enum QueueKind {
    /// 0: work for the shaders.
    Compute,
    /// 1: copies.
    Sdma,
    /// 2: the driver's own.
    Hiq,
    /// 3: a debugger's.
    Diq,
    /// 4: copies over XGMI.
    SdmaXgmi,
    /// 5: copies by an engine of one's choice.
    SdmaByEngine,
    /// Another number.
    Other(u32),
}

/// A client of the graphics driver: an opened device node.
#[derive(Debug, Clone)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct DrmClient {
    /// Whether a process with a lower number has it too, as after a fork or when a descriptor was handed over.
    /// It is to be counted there.
    pub shared: bool,
    /// What it holds and has used.
    pub info: FdInfo,
    #[cfg_attr(feature = "serde", serde(skip))]
    read_at: Instant,
}

impl Processes {
    /// Whether both lists were read in whole. If not, a sum over the processes is the least that it may be.
    pub fn is_complete(&self) -> bool {
        // A machine without KFD has no processes there.
        let kfd = self.kfd.as_ref().err().is_none_or(Error::is_absence);
        let proc = self.proc.is_ok() && self.namespace.is_ok() && self.others.is_ok();
        self.unreadable == 0 && self.failed.is_none() && kfd && proc
    }

    /// The number of processes of which something could not be read, from [`failed`](Processes::failed).
    pub fn failed_count(&self) -> usize {
        self.failed.as_ref().map_or(0, |failed| failed.count)
    }

    /// The processes that use the GPU with this place in [`Smi::gpus`], with what each uses of it.
    pub fn of_gpu(&self, gpu: usize) -> impl Iterator<Item = (&Process, &ProcessGpu)> {
        self.processes.iter().filter_map(move |process| {
            Some((process, process.gpus.iter().find(|used| used.gpu == Some(gpu))?))
        })
    }

    /// Video memory that these processes hold of a GPU, each client counted once.
    ///
    /// Less than what the GPU says is used: the driver, the console and unreadable processes hold some too, and what a
    /// process holds of which [`vram`](ProcessGpu::vram) is absent is left out. [`is_vram_known`](Processes::is_vram_known)
    /// tells whether it is the whole sum. In a pid
    /// namespace the larger sum of the two lists, since nothing tells which process stands in both.
    pub fn vram_of_gpu(&self, gpu: usize) -> Bytes {
        let sum = |view| {
            let listed = self.of_gpu(gpu).filter(|(process, _)| process.view == view);
            listed.map(|(_, used)| used.own_vram().0).fold(0, u64::saturating_add)
        };
        Bytes(sum(PidView::Proc).max(sum(PidView::Host)))
    }
}

impl Processes {
    /// Whether [`vram_of_gpu`](Processes::vram_of_gpu) is the whole sum of all processes that use the GPU.
    pub fn is_vram_known(&self, gpu: usize) -> bool {
        self.is_complete() && self.of_gpu(gpu).all(|(_, used)| used.vram.is_ok())
    }
}

/// A process by the list that numbers it: a key that never mixes a container's numbers with the host's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub enum ProcessId {
    /// A number of the `/proc` that is mounted here.
    Here(Pid),
    /// A number of the host, for a process that this pid namespace cannot see.
    Host(Pid),
}

impl Process {
    /// The Slurm job that its control group names.
    pub fn slurm_job(&self) -> Option<&str> {
        crate::parse::process::slurm_job(self.cgroup.as_deref().ok()?)
    }

    /// A key for the process; [`Process::pid`] alone may mean two processes in a container.
    pub fn id(&self) -> ProcessId {
        match self.view {
            PidView::Proc => ProcessId::Here(self.pid),
            PidView::Host => ProcessId::Host(self.pid),
        }
    }

    /// What it uses of the GPU with this place in [`Smi::gpus`].
    pub fn gpu(&self, gpu: usize) -> Option<&ProcessGpu> {
        self.gpus.iter().find(|used| used.gpu == Some(gpu))
    }
}

impl ProcessGpu {
    /// How busy the process kept the GPU since the earlier look, in percent of one engine: all engines together, copy
    /// engines included; `None` before a second look.
    pub fn busy(&self) -> Option<f64> {
        let engines = self.engines.iter().filter_map(|engine| engine.percent);
        let known: Vec<f64> = engines.chain(self.sdma_percent).collect();
        (!known.is_empty()).then(|| known.iter().fold(0.0, |sum, percent| sum + percent))
    }

    /// What one engine did for the process.
    pub fn engine(&self, engine: Engine) -> Option<&EngineUse> {
        self.engines.iter().find(|found| found.engine == engine)
    }
}

/// Looks at the processes again and again, and keeps the last look itself.
#[derive(Debug)]
pub struct ProcessMonitor {
    smi: Smi,
    last: Option<Processes>,
    memory: Option<Memory>,
}

impl ProcessMonitor {
    /// Looks at the descriptors of all processes at most this often, and not for more than a twenty-fifth of the time. Each
    /// look does if this is not called, which is most of what it costs.
    ///
    /// Looks in between read the descriptors that led to a GPU, everything that KFD lists, and processes that began since. So a
    /// process is missed for as long as this at most, and only one that opened its first GPU long after it began, or another
    /// node beside those that it had.
    pub fn rescan_every(self, every: Duration) -> ProcessMonitor {
        ProcessMonitor { memory: Some(Memory::new(every)), ..self }
    }

    /// The processes now, with how busy each kept the engines since the look before: [`Processes::after`].
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
    /// A monitor of the processes, which keeps the last look itself.
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

    /// The processes that use a GPU, with what each uses.
    ///
    /// Reads `/proc/<pid>/fdinfo` of all processes that the user may look at; takes a hundredth of a second where
    /// thousands of descriptors are open. A process that ends meanwhile is left out.
    ///
    /// *Source*: `/sys/class/kfd/kfd/proc`; `status`, `cgroup`, `fd` and `fdinfo` of `/proc/<pid>`; `/etc/passwd`.
    /// *Errors*: none of its own; a side that cannot be read is a reason of the list, a value one of its process.
    /// *Supported on*: all; memory and engines of graphics clients since Linux 5.14, those of partitions other than
    /// a package's first only by KFD.
    #[doc(alias = "amdsmi_get_gpu_process_list")]
    #[doc(alias = "amdsmi_get_gpu_compute_process_info")]
    pub fn processes(&self) -> Processes {
        scan(&**self.backend(), &Wanted::all(self.gpus()), &mut None)
    }
}

impl Gpu {
    /// The processes that use this GPU; as [`Smi::processes`], but for one.
    ///
    /// It costs nearly as much as asking for all: which descriptors are this GPU's, only reading them tells.
    ///
    /// *Source*, *Errors* and *Supported on*: as [`Smi::processes`].
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
    let opened = descriptors::open(backend);
    let namespace = match &opened {
        Ok(proc) => descriptors::namespace(&**proc),
        Err(_) => Ok(PidNamespace::Unknown),
    };
    let listed = kfd::scan(backend, wanted, &mut failures);
    let is_nested = namespace == Ok(PidNamespace::Nested);
    // A container's numbers are not those of KFD's list.
    let numbers: Vec<u32> = match &listed {
        Ok(listed) if !is_nested => listed.iter().map(|process| process.pid).collect(),
        _ => Vec::new(),
    };
    let mut others = Ok(());
    let seen = opened.and_then(|proc| {
        let scanned = descriptors::scan(&*proc, wanted, &numbers, &mut failures, memory);
        if backend.host().live {
            others = descriptors::shows_others(&*proc);
        }
        scanned
    });
    let (seen, proc) = or_default(seen);
    let (listed, kfd) = or_default(listed);
    let unreadable = seen.unreadable;
    let count = failures.pids.len();
    let failed = failures.first.map(|first| FailedProcesses { count, first });
    let processes = merge::merge(wanted, listed, seen, is_nested, merge::Users::new(backend));
    Processes { namespace, processes, unreadable, failed, kfd, proc, others }
}

/// The value, empty where it could not be read, and whether it could.
fn or_default<T: Default>(read: Result<T>) -> (T, Result<()>) {
    match read {
        Ok(value) => (value, Ok(())),
        Err(error) => (T::default(), Err(error)),
    }
}

/// Processes of which something could not be read.
#[derive(Default)]
struct Failures {
    /// By list and number.
    pids: BTreeSet<(bool, u32)>,
    first: Option<Error>,
}

impl Failures {
    /// Counts a process of KFD's list, or of `/proc`.
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
            hint: "another user's process; root or the capability SYS_PTRACE may look at it",
        },
        other => other,
    }
}

/// Whether an error means that the process, or its entry, is no more.
fn is_gone(error: &std::io::Error) -> bool {
    use rustix::io::Errno;
    let errno = error.raw_os_error().map(Errno::from_raw_os_error);
    matches!(errno, Some(Errno::NOENT | Errno::SRCH | Errno::NODEV))
}

/// A name that is a number and nothing else.
fn number(name: &std::ffi::OsStr) -> Option<u32> {
    let name = name.to_str()?;
    if !name.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    name.parse().ok()
}

/// A path below a process's directory.
fn below(directory: &str, number: u32) -> std::path::PathBuf {
    Path::new(directory).join(number.to_string())
}
