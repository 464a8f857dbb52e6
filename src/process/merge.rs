//! Joins KFD's and DRM's lists of processes.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use super::descriptors::{Client, ProcProcess};
use super::kfd::{self, KfdProcess};
use super::memory::{ClientKey, UserNames};
use super::wanted::Wanted;
use super::{DrmClient, EngineUse, KfdUse, PidView, Process, ProcessGpu};
use crate::backend::Backend;
use crate::error::{Error, Op, Result};
use crate::gpu::Gpu;
use crate::id::{Bdf, GpuId, Pid};
use crate::parse::fdinfo::{FdInfo, MemoryRegion};
use crate::parse::process;
use crate::reading::{Reading, Scope, Source, Value};
use crate::unit::Bytes;

/// The users' names, read on demand.
pub(super) struct Users<'a> {
    backend: &'a dyn Backend,
    names: Option<UserNames>,
}

impl<'a> Users<'a> {
    /// With the names that were read before, if they were.
    pub(super) fn new(backend: &'a dyn Backend, names: Option<UserNames>) -> Users<'a> {
        Users { backend, names }
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

/// Joins the lists on the process id, if both use the same ids. Takes the processes of `/proc` one at a time, because what is
/// read of them is larger than what is kept.
pub(super) struct Merge<'a> {
    wanted: &'a Wanted<'a>,
    users: Users<'a>,
    /// KFD's processes by their ids here; none in a pid namespace, where they are others.
    kfd: HashMap<u32, KfdProcess>,
    counted: HashSet<ClientKey>,
    processes: Vec<Process>,
}

impl<'a> Merge<'a> {
    /// Begins with KFD's processes.
    pub(super) fn new(
        wanted: &'a Wanted<'a>,
        listed: Vec<KfdProcess>,
        is_nested: bool,
        users: Users<'a>,
    ) -> Merge<'a> {
        let (kfd, counted) = (HashMap::new(), HashSet::new());
        let mut merge = Merge { wanted, users, kfd, counted, processes: Vec::new() };
        if is_nested {
            listed.into_iter().for_each(|process| merge.add_unseen(process, PidView::Host));
        } else {
            merge.kfd = listed.into_iter().map(|process| (process.pid, process)).collect();
        }
        merge
    }

    /// Adds a process of `/proc`; by ascending id.
    pub(super) fn add(&mut self, found: ProcProcess) {
        let kfd = self.kfd.remove(&found.pid);
        self.join(found.pid, PidView::Proc, Some(found), kfd);
    }

    /// Ends with the processes that only KFD lists; gives the users' names, too, if any was asked for.
    pub(super) fn finish(mut self) -> (Vec<Process>, Option<UserNames>) {
        for process in std::mem::take(&mut self.kfd).into_values() {
            self.add_unseen(process, PidView::Proc);
        }
        self.processes.sort_unstable_by_key(|process| (process.view, process.pid));
        self.processes.shrink_to_fit();
        (self.processes, self.users.names)
    }

    fn add_unseen(&mut self, process: KfdProcess, view: PidView) {
        self.join(process.pid, view, None, Some(process));
    }

    fn join(&mut self, pid: u32, view: PidView, found: Option<ProcProcess>, kfd: Option<KfdProcess>) {
        let wanted = self.wanted;
        let lost = found.as_ref().map(|found| found.lost.clone()).unwrap_or_default();
        let (mut process, clients) = identity(Pid(pid), view, found, &mut self.users);
        for mut client in clients {
            client.client.shared = client.key.id.is_some() && !self.counted.insert(client.key);
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
            for (id, used) in kfd.uses {
                add_kfd(&mut process, id, used, wanted);
            }
            process.kfd = kfd.lost.map_or(Ok(()), Err);
        }
        for used in &mut process.gpus {
            used.clients.shrink_to_fit();
            used.sum_up(&process.descriptors, pid, wanted);
            used.engines.shrink_to_fit();
        }
        process.gpus.shrink_to_fit();
        process.gpus.sort_by_key(|used| (used.gpu.is_none(), used.gpu, used.bdf, used.kfd_id));
        self.processes.push(process);
    }
}

/// A process with its name and its user.
fn identity(
    pid: Pid,
    view: PidView,
    found: Option<ProcProcess>,
    users: &mut Users<'_>,
) -> (Process, Vec<Client>) {
    let path = |file: &str| Path::new("/proc").join(pid.to_string()).join(file);
    let unknown = |file: &str| match view {
        PidView::Host => Error::OtherPidNamespace { path: path(file) },
        // The process is about to end, or this /proc hides other users' processes (mount option hidepid).
        PidView::Proc => Error::NotSupported { path: path(file) },
    };
    let is_self = found.as_ref().is_some_and(|found| found.is_self);
    let (status, cgroup, clients, opens_kfd, descriptors) = match found {
        Some(found) => (found.status, found.cgroup, found.clients, found.opens_kfd, found.descriptors),
        None => {
            let unseen = unknown("fdinfo");
            let (status, cgroup) = (Err(unknown("status")), Err(unknown("cgroup")));
            (status, cgroup, Vec::new(), Err(unseen.clone()), Err(unseen))
        }
    };
    let missing = || Error::NotSupported { path: path("status") };
    let (name, uid, namespace_pids) = match status {
        Ok(status) => {
            (status.name.ok_or_else(missing), status.uid.ok_or_else(missing), status.namespace_pids)
        }
        Err(error) => (Err(error.clone()), Err(error), Vec::new()),
    };
    let user = match uid {
        Ok(uid) => users.name(uid),
        Err(_) => Err(unknown("status")),
    };
    let process = Process {
        pid,
        view,
        // The first id is the one of this namespace.
        namespace_pids: namespace_pids.into_iter().skip(1).map(Pid).collect(),
        name,
        uid,
        user,
        container: cgroup.as_deref().ok().and_then(process::container_id).map(str::to_owned),
        cgroup,
        is_self,
        opens_kfd,
        gpus: Vec::new(),
        descriptors,
        kfd: Ok(()),
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

fn add_kfd(process: &mut Process, id: GpuId, kfd: KfdUse, wanted: &Wanted<'_>) {
    let known = wanted.by_kfd_id(id);
    let gpu = known.map(Gpu::index);
    let index = process.gpus.iter().position(|used| gpu.is_some() && used.gpu == gpu).unwrap_or_else(|| {
        process.gpus.push(ProcessGpu::new(gpu, known.map(Gpu::bdf)));
        process.gpus.len() - 1
    });
    if let Some(used) = process.gpus.get_mut(index) {
        used.kfd_id = Some(id);
        used.kfd = Some(Box::new(kfd));
    }
}

impl ProcessGpu {
    /// A GPU of which nothing is counted yet.
    fn new(gpu: Option<usize>, bdf: Option<Bdf>) -> ProcessGpu {
        let unread = || Error::NotSupported { path: PathBuf::from("/proc") };
        ProcessGpu {
            gpu,
            bdf,
            kfd_id: None,
            vram: Err(unread()),
            gtt: Err(unread()),
            cpu_memory: Err(unread()),
            compute_units: Err(unread()),
            compute_percent: Err(unread()),
            engines: Vec::new(),
            engines_complete: Ok(()),
            sdma_percent: None,
            kfd: None,
            clients: Vec::new(),
        }
    }

    /// Fills what follows from the two sides.
    fn sum_up(&mut self, descriptors: &Result<()>, pid: u32, wanted: &Wanted<'_>) {
        // A descriptor that could not be read may be of any GPU: what the others hold is no sum then.
        let is_short = descriptors.is_err() && !self.clients.is_empty();
        let scope = match self.gpu.and_then(|place| wanted.at(place)) {
            Some(gpu) if gpu.is_partition() => Scope::Partition,
            _ => Scope::Package,
        };
        let fdinfo = || Path::new("/proc").join(pid.to_string()).join("fdinfo");
        // The values that unreadable descriptors would have given.
        let unseen = || match descriptors {
            Err(error) => error.clone(),
            Ok(()) => Error::NotSupported { path: fdinfo() },
        };
        let sum = |region: &MemoryRegion, clients: &[DrmClient]| -> Reading<Bytes> {
            if let Some(line) = clients.iter().find_map(|client| client.info.unrecognised_memory(region)) {
                return Err(Error::unparsable(fdinfo(), line.error()));
            }
            let sizes = clients.iter().filter_map(|client| client.info.present(region));
            let sum = sizes.map(|size| size.0).reduce(u64::saturating_add).map(Bytes);
            let sum = sum.filter(|_| !is_short).ok_or_else(unseen)?;
            Ok(Value::new(sum, Source::Proc, scope))
        };
        let by_kfd = self.kfd.as_ref().map(|kfd| kfd.vram.clone());
        let counted = sum(&MemoryRegion::Vram, &self.clients);
        self.vram = match (by_kfd, counted) {
            // The clients' part is the larger one, if it is known.
            (Some(Ok(_)), Err(error)) if is_short || matches!(error, Error::Unparsable { .. }) => Err(error),
            (Some(Ok(by_kfd)), Ok(counted)) => Ok(if counted.0 > by_kfd.0 { counted } else { by_kfd }),
            (Some(Ok(by_kfd)), Err(_)) => Ok(by_kfd),
            (_, Ok(counted)) => Ok(counted),
            (Some(Err(error)), Err(_)) | (None, Err(error)) => Err(error),
        };
        self.gtt = sum(&MemoryRegion::Gtt, &self.clients);
        self.cpu_memory = sum(&MemoryRegion::Cpu, &self.clients);
        self.engines = engines(self.clients.iter().map(|client| &client.info));
        if is_short || self.clients.iter().any(|client| !client.info.tells_engines) {
            self.engines_complete = Err(unseen());
        }
        if let Some(line) = self.clients.iter().find_map(|client| client.info.unrecognised_engine()) {
            self.engines_complete = Err(Error::unparsable(fdinfo(), line.error()));
        }
        self.compute_units = match &self.kfd {
            Some(kfd) => kfd.cu_occupancy.clone(),
            None => Err(Error::NotSupported { path: kfd::path(pid) }),
        };
        self.compute_percent = self.compute_units.clone().and_then(|units| {
            let of = self.kfd_id.and_then(|id| wanted.by_kfd_id(id)).map(kfd::units_of);
            let of = of.unwrap_or_else(|| Err(Error::NotSupported { path: kfd::path(pid) }))?;
            Ok(units.map(|units| f64::from(units) * 100.0 / f64::from(of)))
        });
    }

    /// Video memory in bytes that no process with a lower id counts already: use it for sums over processes.
    pub fn own_vram(&self) -> Bytes {
        let own = self.clients.iter().filter(|client| !client.shared);
        let counted = own.filter_map(|client| client.info.present(&MemoryRegion::Vram)).map(|size| size.0);
        let by_kfd = self.kfd.as_ref().and_then(|kfd| kfd.vram.as_ref().ok()).map_or(0, |size| size.0);
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
