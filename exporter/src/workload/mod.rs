//! The workload of each GPU: from the control groups of its processes, and from a scheduler's assignments.

mod cgroup;
mod kubelet;
mod slurm;
mod usage;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use amdgpu_smi::Gpu;
use amdgpu_smi::id::Bdf;
use amdgpu_smi::process::{Process, ProcessId, Processes};

use crate::catalogue::Metric;
use crate::deadline::Deadline;
use crate::page::{Labels, Page};
use crate::quantity::{Emitter, Names};
use crate::scan::Scanned;
use crate::worker::Worker;
use usage::Users;

/// Characters of a label; Kubernetes, Slurm and systemd allow fewer in a name.
const LONGEST: usize = 256;
/// Workloads to which one GPU is assigned: far more than share one.
const MOST: usize = 256;
/// Timeout for the kubelet, which is on the same machine.
const KUBELET: Duration = Duration::from_secs(2);

/// Where schedulers say what they gave to whom.
#[derive(Debug, Clone)]
pub struct Schedulers {
    /// The kubelet's PodResources sockets; the first that is there is asked.
    pub kubelet: Vec<PathBuf>,
    /// The folder in which a prolog of Slurm leaves a file for each GPU.
    pub slurm: PathBuf,
}

impl Default for Schedulers {
    fn default() -> Schedulers {
        Schedulers {
            kubelet: vec![
                "/var/lib/kubelet/pod-resources/kubelet.sock".into(),
                "/var/snap/microk8s/common/var/lib/kubelet/pod-resources/kubelet.sock".into(),
            ],
            slurm: "/var/run/exporter".into(),
        }
    }
}

/// Whom GPUs are used by; empty fields are not known, or there is no such thing.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Workload {
    pub(crate) namespace: String,
    pub(crate) pod: String,
    pub(crate) pod_uid: String,
    pub(crate) container: String,
    pub(crate) container_id: String,
    pub(crate) slurm_job: String,
    pub(crate) slurm_step: String,
    pub(crate) slurm_user: String,
    pub(crate) slurm_partition: String,
    pub(crate) unit: String,
}

impl Workload {
    fn labels(&self) -> Labels {
        [
            ("namespace", &self.namespace),
            ("pod", &self.pod),
            ("pod_uid", &self.pod_uid),
            ("container", &self.container),
            ("container_id", &self.container_id),
            ("slurm_job", &self.slurm_job),
            ("slurm_step", &self.slurm_step),
            ("slurm_user", &self.slurm_user),
            ("slurm_partition", &self.slurm_partition),
            ("unit", &self.unit),
        ]
        .map(|(name, value)| (name, value.chars().take(LONGEST).collect()))
        .into()
    }
}

/// The schedulers' assignments, by position of the GPU in the list.
#[derive(Debug, Default)]
struct Allocations(HashMap<usize, Vec<Workload>>);

/// An engine's time for a process, as it was last read.
type Times = HashMap<(ProcessId, Bdf, String), u64>;

/// The kubelet's answer; `None` without a kubelet.
type KubeletAnswer = Option<Result<Vec<kubelet::Allocated>, String>>;

/// Follows who uses the GPUs.
#[derive(Debug)]
pub(crate) struct Workloads {
    slurm: Option<Worker<(), Vec<(usize, Workload)>>>,
    kubelet: Option<Worker<(), KubeletAnswer>>,
    times: Times,
    /// Nanoseconds by GPU, workload and engine. A counter: it keeps the time of processes that ended.
    engines: BTreeMap<(Bdf, Workload, String), u64>,
}

impl Workloads {
    pub(crate) fn new(schedulers: &Schedulers) -> Workloads {
        let (sockets, folder) = (schedulers.kubelet.clone(), schedulers.slurm.clone());
        let answer = move |()| {
            let socket = sockets.iter().find(|socket| socket.exists())?;
            Some(kubelet::list(socket, KUBELET))
        };
        Workloads {
            slurm: Worker::new("slurm", move |()| slurm::jobs(&folder)).ok(),
            kubelet: Worker::new("kubelet", answer).ok(),
            times: HashMap::new(),
            engines: BTreeMap::new(),
        }
    }

    /// Asks the schedulers, if there are any.
    pub(crate) fn ask(&mut self) {
        if let Some(kubelet) = &mut self.kubelet {
            kubelet.ask(());
        }
        if let Some(slurm) = &mut self.slurm {
            slurm.ask(());
        }
    }

    /// Puts what each workload uses, and what it was given.
    pub(crate) fn put(
        &mut self,
        page: &mut Page,
        machine: &Scanned,
        gpus: &[(&Gpu, &Names)],
        processes: Option<&Processes>,
        until: &Deadline,
    ) {
        let allocations = self.allocations(page, machine, gpus, until);
        for (gpu, names) in gpus {
            for workload in allocations.of(gpu) {
                page.put(Metric::Allocation, &names.own, workload.labels(), 1.0);
            }
        }
        let Some(processes) = processes else { return };
        let mut times = Times::new();
        let mut present = BTreeSet::new();
        for (gpu, names) in gpus {
            let users = Users::of(processes, gpu);
            let cgroup = |process: &Process| process.cgroup.as_deref().ok().map(cgroup::workload);
            let by_cgroup: Vec<Workload> =
                users.here.iter().map(|(process, _)| cgroup(process).unwrap_or_default()).collect();
            let workloads: Vec<Workload> =
                by_cgroup.iter().map(|found| allocations.completed(gpu, found, &by_cgroup)).collect();
            for ((process, share), workload) in users.here.iter().zip(&workloads) {
                for engine in &share.engines {
                    let name = engine.engine.as_str().to_owned();
                    let before =
                        self.times.get(&(process.id(), gpu.bdf(), name.clone())).copied().unwrap_or(0);
                    *self.engines.entry((gpu.bdf(), workload.clone(), name.clone())).or_default() +=
                        engine.time.0.saturating_sub(before);
                    times.insert((process.id(), gpu.bdf(), name), engine.time.0.max(before));
                }
                present.insert((gpu.bdf(), workload.clone()));
            }
            let mut out = Emitter::new(page);
            for (workload, usage) in users.usage(workloads) {
                for (metric, value) in usage.metrics() {
                    match value {
                        Ok(value) => out.page.put(metric, &names.own, workload.labels(), value as f64),
                        Err(error) => out.absent(metric, names, &Vec::new(), error),
                    }
                }
            }
        }
        self.times = times;
        self.engines.retain(|(gpu, workload, _), _| present.contains(&(*gpu, workload.clone())));
        for ((address, workload, engine), time) in &self.engines {
            if let Some((_, names)) = gpus.iter().find(|(gpu, _)| gpu.bdf() == *address) {
                let mut labels = workload.labels();
                labels.push(("engine", engine.clone()));
                page.put(Metric::WorkloadEngineTime, &names.own, labels, *time as f64 / 1e9);
            }
        }
    }

    fn allocations(
        &mut self,
        page: &mut Page,
        machine: &Scanned,
        gpus: &[(&Gpu, &Names)],
        until: &Deadline,
    ) -> Allocations {
        let mut allocations = Allocations::default();
        match self.kubelet.as_mut().and_then(|kubelet| kubelet.answer(until)) {
            Some(Some(Ok(allocated))) => {
                for one in allocated {
                    for (gpu, _) in gpus.iter().filter(|(gpu, _)| kubelet::names(&one.device, machine, gpu)) {
                        allocations.0.entry(gpu.index()).or_default().push(one.workload.clone());
                    }
                }
                page.put(Metric::KubeletUp, &Arc::default(), Vec::new(), 1.0);
            }
            // No socket: no kubelet.
            Some(None) => {}
            Some(Some(Err(_))) | None => page.put(Metric::KubeletUp, &Arc::default(), Vec::new(), 0.0),
        }
        let jobs = self.slurm.as_mut().and_then(|slurm| slurm.answer(until));
        for (index, job) in jobs.unwrap_or_default() {
            allocations.0.entry(index).or_default().push(job);
        }
        for list in allocations.0.values_mut() {
            list.sort_unstable();
            list.dedup();
            list.truncate(MOST);
        }
        allocations
    }
}

impl Allocations {
    fn of(&self, gpu: &Gpu) -> &[Workload] {
        self.0.get(&gpu.index()).map_or(&[], Vec::as_slice)
    }

    /// A workload found by control group, with the names that schedulers have for it.
    ///
    /// The kubelet names pods and no uids. So its name is a pod's where the GPU was given to one container, and one pod
    /// uses it.
    fn completed(&self, gpu: &Gpu, found: &Workload, all: &[Workload]) -> Workload {
        let mut workload = found.clone();
        let given = self.of(gpu);
        let mut pods = given.iter().filter(|given| !given.pod.is_empty());
        if let (Some(pod), None) = (pods.next(), pods.next())
            && !found.pod_uid.is_empty()
            && all.iter().all(|other| other.pod_uid.is_empty() || other.pod_uid == found.pod_uid)
        {
            workload.namespace.clone_from(&pod.namespace);
            workload.pod.clone_from(&pod.pod);
            workload.container.clone_from(&pod.container);
        }
        if let Some(job) =
            given.iter().find(|given| !given.slurm_job.is_empty() && given.slurm_job == found.slurm_job)
        {
            workload.slurm_user.clone_from(&job.slurm_user);
            workload.slurm_partition.clone_from(&job.slurm_partition);
        }
        workload
    }
}
