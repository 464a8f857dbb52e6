//! Both sides as one list.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::{Path, PathBuf};

use super::descriptors::{Client, ProcProcess, Seen};
use super::kfd::KfdProcess;
use super::wanted::Wanted;
use super::{DrmClient, EngineUse, KfdUse, PidNamespace, PidView, Process, ProcessGpu};
use crate::backend::Backend;
use crate::error::{Error, Op, Reasons, Result};
use crate::gpu::Gpu;
use crate::id::{Bdf, GpuId, Pid};
use crate::parse::fdinfo::{FdInfo, MemoryRegion};
use crate::parse::process;
use crate::unit::Bytes;

/// The users' names, read when the first is asked for.
pub(super) struct Users<'a> {
    backend: &'a dyn Backend,
    names: Option<Result<HashMap<u32, String>>>,
}

impl<'a> Users<'a> {
    pub(super) fn new(backend: &'a dyn Backend) -> Users<'a> {
        Users { backend, names: None }
    }

    fn name(&mut self, uid: u32) -> Result<String> {
        let path = || PathBuf::from("/etc/passwd");
        let names = self.names.get_or_insert_with(|| {
            let mut buf = Vec::new();
            let read = self.backend.open_dir(Path::new("/etc"));
            let read = read.and_then(|etc| etc.read_to_end(Path::new("passwd"), 1 << 24, &mut buf));
            read.map_err(|error| Error::plain(Op::Read, &path(), &error))?;
            Ok(process::user_names(&buf))
        });
        match names {
            Ok(names) => names.get(&uid).cloned().ok_or_else(|| Error::NotSupported { path: path() }),
            Err(error) => Err(error.clone()),
        }
    }
}

/// Joins the sides on the process number, where both number alike.
pub(super) fn merge(
    wanted: &Wanted<'_>,
    kfd: Vec<KfdProcess>,
    seen: Seen,
    namespace: PidNamespace,
    mut users: Users<'_>,
) -> Vec<Process> {
    let view = if namespace == PidNamespace::Nested { PidView::Host } else { PidView::Proc };
    let mut sides: BTreeMap<(PidView, u32), (Option<ProcProcess>, Option<KfdProcess>)> = BTreeMap::new();
    for process in seen.processes {
        let side = &mut sides.entry((PidView::Proc, process.pid)).or_default().0;
        *side = Some(process);
    }
    for process in kfd {
        let side = &mut sides.entry((view, process.pid)).or_default().1;
        *side = Some(process);
    }
    let mut counted = HashSet::new();
    let mut processes = Vec::with_capacity(sides.len());
    for ((view, pid), (found, kfd)) in sides {
        let is_self = view == PidView::Proc && seen.own == Some(pid);
        let lost = found.as_ref().map(|found| found.lost.clone()).unwrap_or_default();
        let (mut process, clients) = identity(Pid(pid), view, is_self, found, &mut users);
        for mut client in clients {
            client.client.shared = client.key.id.is_some() && !counted.insert(client.key);
            add_client(&mut process, client, wanted);
        }
        for minor in lost {
            let known = wanted.by_minor(minor);
            let (gpu, bdf) = (known.and_then(|gpu| wanted.place(gpu)), known.and_then(|gpu| wanted.bdf(gpu)));
            if gpu.is_some() && process.gpus.iter().all(|used| used.gpu != gpu) {
                process.gpus.push(ProcessGpu::new(gpu, bdf));
            }
        }
        if let Some(kfd) = kfd {
            for (id, used, reasons) in kfd.uses {
                add_kfd(&mut process, id, used, reasons, wanted);
            }
            if let Some(error) = kfd.lost {
                process.reasons.keep::<()>("kfd", Err(error));
            }
        }
        for used in &mut process.gpus {
            used.sum_up(&process.reasons, pid, wanted);
        }
        process.gpus.sort_by_key(|used| (used.gpu.is_none(), used.gpu, used.bdf, used.kfd_id));
        processes.push(process);
    }
    processes
}

/// A process with what it is called and whose it is.
fn identity(
    pid: Pid,
    view: PidView,
    is_self: bool,
    found: Option<ProcProcess>,
    users: &mut Users<'_>,
) -> (Process, Vec<Client>) {
    let path = |file: &str| Path::new("/proc").join(pid.to_string()).join(file);
    let unknown = |file: &str| match view {
        PidView::Host => Error::OtherPidNamespace { path: path(file) },
        // It ends just now, or this /proc hides the processes of others (its mount option hidepid).
        PidView::Proc => Error::NotSupported { path: path(file) },
    };
    let (status, cgroup, clients, opens_kfd, mut reasons) = match found {
        Some(found) => (found.status, found.cgroup, found.clients, found.opens_kfd, found.reasons),
        None => {
            let mut reasons = Reasons::default();
            reasons.keep::<()>("descriptors", Err(unknown("fdinfo")));
            (Err(unknown("status")), Err(unknown("cgroup")), Vec::new(), None, reasons)
        }
    };
    let (name, uid, namespace_pids) = match status {
        Ok(status) => (Ok(status.name), Ok(status.uid), status.namespace_pids),
        Err(error) => (Err(error.clone()), Err(error), Vec::new()),
    };
    let uid = reasons.keep_some("uid", &path("status"), uid);
    let user = match uid {
        Some(uid) => users.name(uid),
        None => Err(unknown("status")),
    };
    let cgroup = reasons.keep("cgroup", cgroup);
    let process = Process {
        pid,
        view,
        // The first number is the one of this namespace.
        namespace_pids: namespace_pids.into_iter().skip(1).map(Pid).collect(),
        name: reasons.keep_some("name", &path("status"), name),
        uid,
        user: reasons.keep("user", user),
        // A process outside of containers has none, which needs no reason.
        container: cgroup.as_deref().and_then(process::container_id).map(str::to_owned),
        cgroup,
        is_self,
        opens_kfd,
        gpus: Vec::new(),
        reasons,
    };
    (process, clients)
}

fn add_client(process: &mut Process, client: Client, wanted: &Wanted<'_>) {
    let gpu = client.gpu.and_then(|index| wanted.place(index));
    let same = |used: &ProcessGpu| match gpu {
        Some(_) => used.gpu == gpu,
        None => used.gpu.is_none() && used.bdf == client.bdf,
    };
    let index = process.gpus.iter().position(same).unwrap_or_else(|| {
        process.gpus.push(ProcessGpu::new(gpu, client.bdf));
        process.gpus.len() - 1
    });
    if let Some(used) = process.gpus.get_mut(index) {
        used.clients.push(client.client);
    }
}

fn add_kfd(process: &mut Process, id: GpuId, kfd: KfdUse, reasons: Reasons, wanted: &Wanted<'_>) {
    let known = wanted.by_kfd_id(id);
    let gpu = known.map(Gpu::index);
    let index = process.gpus.iter().position(|used| gpu.is_some() && used.gpu == gpu).unwrap_or_else(|| {
        process.gpus.push(ProcessGpu::new(gpu, known.map(Gpu::bdf)));
        process.gpus.len() - 1
    });
    if let Some(used) = process.gpus.get_mut(index) {
        used.kfd_id = Some(id);
        used.kfd = Some(kfd);
        used.reasons = reasons;
    }
}

impl ProcessGpu {
    fn new(gpu: Option<usize>, bdf: Option<Bdf>) -> ProcessGpu {
        ProcessGpu {
            gpu,
            bdf,
            kfd_id: None,
            vram: None,
            gtt: None,
            cpu_memory: None,
            compute_units: None,
            compute_percent: None,
            engines: Vec::new(),
            sdma_percent: None,
            kfd: None,
            clients: Vec::new(),
            reasons: Reasons::default(),
        }
    }

    /// Fills what follows from the two sides.
    fn sum_up(&mut self, process: &Reasons, pid: u32, wanted: &Wanted<'_>) {
        // A descriptor that could not be read may be of any GPU: what the others hold is no sum then.
        let is_short = process.of("descriptors").is_some() && !self.clients.is_empty();
        let sum = |region: &MemoryRegion, clients: &[DrmClient]| {
            let sizes = clients.iter().filter_map(|client| client.info.present(region));
            let sum = sizes.map(|size| size.0).reduce(u64::saturating_add).map(Bytes);
            sum.filter(|_| !is_short)
        };
        // What the descriptors would have told, had they been there to be read.
        let unseen = || match process.of("descriptors") {
            Some(error) => error.clone(),
            None => Error::NotSupported { path: Path::new("/proc").join(pid.to_string()).join("fdinfo") },
        };
        let counted = sum(&MemoryRegion::Vram, &self.clients);
        let by_kfd = self.kfd.as_ref().and_then(|kfd| kfd.vram);
        self.vram = if is_short { None } else { counted.max(by_kfd) };
        if self.vram.is_none() && self.reasons.of("vram").is_none() {
            self.reasons.keep::<()>("vram", Err(unseen()));
        }
        self.gtt = self.reasons.keep("gtt", sum(&MemoryRegion::Gtt, &self.clients).ok_or_else(unseen));
        let cpu = sum(&MemoryRegion::Cpu, &self.clients).ok_or_else(unseen);
        self.cpu_memory = self.reasons.keep("cpu_memory", cpu);
        self.engines = engines(self.clients.iter().map(|client| &client.info));
        if is_short || self.clients.iter().any(|client| !client.info.tells_engines) {
            self.reasons.keep::<()>("engines", Err(unseen()));
        }
        self.compute_units = self.kfd.as_ref().and_then(|kfd| kfd.cu_occupancy);
        let of = self.kfd_id.and_then(|id| wanted.by_kfd_id(id)).and_then(|gpu| gpu.inner.node.as_ref().ok());
        let of = of.and_then(|node| node.properties.compute_units());
        if let (Some(units), Some(of)) = (self.compute_units, of.filter(|of| *of != 0)) {
            self.compute_percent = Some(f64::from(units) * 100.0 / f64::from(of));
        }
    }

    /// Video memory that is not counted for a process with a lower number: what to add up over processes.
    pub fn own_vram(&self) -> Bytes {
        let own = self.clients.iter().filter(|client| !client.shared);
        let counted = own.filter_map(|client| client.info.present(&MemoryRegion::Vram)).map(|size| size.0);
        let by_kfd = self.kfd.as_ref().and_then(|kfd| kfd.vram).map_or(0, |size| size.0);
        Bytes(counted.fold(0, u64::saturating_add).max(by_kfd))
    }
}

/// The engines of all clients, in the order in which they are met.
pub(super) fn engines<'a>(clients: impl Iterator<Item = &'a FdInfo>) -> Vec<EngineUse> {
    let mut engines: Vec<EngineUse> = Vec::new();
    for one in clients.flat_map(|client| &client.engines) {
        match engines.iter_mut().find(|known| known.engine == one.engine) {
            Some(known) => known.time.0 = known.time.0.saturating_add(one.time.0),
            None => engines.push(EngineUse { engine: one.engine.clone(), time: one.time, percent: None }),
        }
    }
    engines
}
