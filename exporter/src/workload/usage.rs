//! A workload's use of a GPU. A sum is missing as soon as one part of it is: it never counts a hole as 0.

use std::collections::BTreeMap;

use amdgpu_smi::process::{PidView, Process, ProcessGpu, Processes};
use amdgpu_smi::{Error, Gpu, Reading};

use super::Workload;
use crate::catalogue::Metric;

/// A sum of readings.
#[derive(Debug, Clone, Default)]
pub(super) struct Sum {
    /// The readings that there are; `None` without any reading.
    known: Option<u64>,
    /// Why one of them is absent.
    missing: Option<Error>,
}

impl Sum {
    fn add(&mut self, part: Result<u64, &Error>) {
        match part {
            Ok(number) => self.known = Some(self.known.unwrap_or(0).saturating_add(number)),
            Err(error) => self.missing = Some(error.clone()),
        }
    }

    /// The part of this sum that exceeds another one.
    fn beyond(&self, other: &Sum) -> Sum {
        let more = |known: u64| known.saturating_sub(other.known.unwrap_or(0));
        Sum { known: self.known.map(more), missing: self.missing.clone() }
    }

    fn join(&mut self, other: &Sum) {
        if let Some(number) = other.known {
            self.add(Ok(number));
        }
        if let Some(error) = &other.missing {
            self.add(Err(error));
        }
    }

    /// The sum, or why it is absent; nothing if there was nothing to add up.
    pub(super) fn value(&self) -> Option<Result<u64, &Error>> {
        match &self.missing {
            Some(error) => Some(Err(error)),
            None => self.known.map(Ok),
        }
    }
}

/// A workload's use of a GPU.
#[derive(Debug, Clone, Default)]
pub(super) struct Usage {
    processes: Sum,
    vram: Sum,
    gtt: Sum,
    units: Sum,
}

impl Usage {
    fn add(&mut self, share: &ProcessGpu) {
        fn of<T>(reading: &Reading<T>, number: impl FnOnce(&T) -> u64) -> Result<u64, &Error> {
            reading.as_ref().map(|found| number(&found.value))
        }
        self.processes.add(Ok(1));
        self.vram.add(of(&share.vram, |_| share.own_vram().0));
        self.gtt.add(of(&share.gtt, |bytes| bytes.0));
        // Only ROCm's queues are counted in compute units.
        if share.kfd.is_some() {
            self.units.add(of(&share.compute_units, |units| u64::from(*units)));
        }
    }

    fn join(&mut self, other: &Usage) {
        self.processes.join(&other.processes);
        self.vram.join(&other.vram);
        self.gtt.join(&other.gtt);
        self.units.join(&other.units);
    }

    fn beyond(&self, other: &Usage) -> Usage {
        Usage {
            processes: self.processes.beyond(&other.processes),
            vram: self.vram.beyond(&other.vram),
            gtt: self.gtt.beyond(&other.gtt),
            units: self.units.beyond(&other.units),
        }
    }

    /// The metrics of a workload, each with its value or the reason for its absence.
    pub(super) fn metrics(&self) -> impl Iterator<Item = (Metric, Result<u64, &Error>)> {
        [
            (Metric::WorkloadProcesses, &self.processes),
            (Metric::WorkloadVram, &self.vram),
            (Metric::WorkloadGtt, &self.gtt),
            (Metric::WorkloadComputeUnits, &self.units),
        ]
        .into_iter()
        .filter_map(|(metric, sum)| Some((metric, sum.value()?)))
    }
}

/// The processes that use a GPU, with their workloads and their use of it.
pub(super) struct Users<'a> {
    /// Those of this `/proc`.
    pub(super) here: Vec<(&'a Process, &'a ProcessGpu)>,
    /// Those that only KFD's list has, by the host's ids: they can be the same ones.
    elsewhere: Vec<&'a ProcessGpu>,
}

impl<'a> Users<'a> {
    pub(super) fn of(processes: &'a Processes, gpu: &Gpu) -> Users<'a> {
        let is_here = |(process, _): &(&Process, &ProcessGpu)| process.view == PidView::Proc;
        let (here, elsewhere): (Vec<_>, Vec<_>) = processes.of_gpu(gpu.index()).partition(is_here);
        Users { here, elsewhere: elsewhere.into_iter().map(|(_, share)| share).collect() }
    }

    /// The use of the GPU by each workload; `workloads` are those of the processes of this `/proc`.
    ///
    /// In a pid namespace, a process can be in both lists. The surplus of KFD's list belongs to no known workload, so
    /// that the sum over all workloads is that of the longer list.
    pub(super) fn usage(&self, workloads: Vec<Workload>) -> BTreeMap<Workload, Usage> {
        let mut used: BTreeMap<Workload, Usage> = BTreeMap::new();
        let (mut here, mut elsewhere) = (Usage::default(), Usage::default());
        for ((_, share), workload) in self.here.iter().zip(workloads) {
            used.entry(workload).or_default().add(share);
            here.add(share);
        }
        self.elsewhere.iter().for_each(|share| elsewhere.add(share));
        let surplus = elsewhere.beyond(&here);
        if surplus.metrics().any(|(_, value)| value.is_ok_and(|value| value > 0)) {
            used.entry(Workload::default()).or_default().join(&surplus);
        }
        used
    }
}
