//! A look at the machine: asks everything side by side, waits until a deadline, and puts what came on a page.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use amdgpu_smi::backend::{Answer, Fallback};
use amdgpu_smi::error::Unavailable;
use amdgpu_smi::id::Bdf;
use amdgpu_smi::process::Processes;
use amdgpu_smi::sample::Sample;
use amdgpu_smi::summary::Look;
use amdgpu_smi::{Error, Gpu, Reading, Result, Smi};

use crate::catalogue::{Collector, Metric};
use crate::deadline::Deadline;
use crate::events::EventCounter;
use crate::machine::Machine;
use crate::page::{Labels, Page};
use crate::quantity::{Emitter, Names, cpu, facts, identity, processes, sampled, throttling};
use crate::scan::{self, Scanned};
use crate::selection::Selection;
use crate::sockets::{SocketFacts, SocketReader};
use crate::watch::{Sampled, Watch};
use crate::worker::Worker;
use crate::workload::{Schedulers, Workloads};

/// Packages that went are remembered up to this number.
const MOST_GONE: usize = 256;

/// The names of GPUs in the label `gpu`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum GpuLabel {
    /// The PCI address.
    #[default]
    Address,
    /// The GPU's UUID.
    Uuid,
}

/// Looks at a machine again and again.
///
/// Whatever may hang in the kernel is asked on a thread of its own: the scan for GPUs, the samples and the facts of each
/// package, the processes. So a look ends at its deadline, and a package that hangs delays no other.
#[derive(Debug)]
pub struct Observer {
    machine: Machine,
    selection: Arc<Selection>,
    label: GpuLabel,
    scan: Fallback<Result<Scanned>>,
    /// The machine as the last scan found it.
    found: Result<Scanned>,
    watches: Vec<Watch>,
    /// Watches the processes of the most recent list of GPUs, which it names by position.
    processes: Option<Fallback<Option<(Smi, Processes)>>>,
    /// Reads the CPU sockets, if they are selected.
    sockets: Option<Worker<(), Vec<SocketFacts>>>,
    workloads: Workloads,
    events: EventCounter,
    /// Packages that were there, by address, with their labels.
    known: BTreeMap<Bdf, Arc<Labels>>,
}

impl Observer {
    /// An observer that has not looked yet.
    ///
    /// # Errors
    /// If no thread can be made.
    pub fn new(
        machine: Machine,
        selection: Selection,
        label: GpuLabel,
        schedulers: &Schedulers,
    ) -> io::Result<Observer> {
        let scan = scan::scan(&machine.builder());
        let sockets = match selection.wants_any(Collector::Cpu) {
            true => {
                let mut reader = SocketReader::new(machine.builder());
                Some(Worker::new("sockets", move |()| reader.read())?)
            }
            false => None,
        };
        let events = EventCounter::new(selection.wants_any(Collector::Events));
        Ok(Observer {
            machine,
            selection: Arc::new(selection),
            label,
            scan,
            found: Err(Error::NotSampled),
            watches: Vec::new(),
            processes: None,
            sockets,
            workloads: Workloads::new(schedulers),
            events,
            known: BTreeMap::new(),
        })
    }

    /// Why there is no machine to look at; `None` where there is one.
    pub fn trouble(&self) -> Option<&Error> {
        self.found.as_ref().err()
    }

    /// Returns `true` once a scan has answered, so that the number of GPUs is known.
    pub fn has_scanned(&self) -> bool {
        !matches!(self.found, Err(Error::NotSampled))
    }

    /// A page of what the machine tells within this time.
    pub fn look(&mut self, time: Duration) -> Page {
        self.look_until(&Deadline::after(time))
    }

    /// A page of what the machine tells until then.
    pub fn look_until(&mut self, until: &Deadline) -> Page {
        let start = Instant::now();
        let mut page = Page::new(self.selection.clone());
        self.machine.catch_up();
        if let Some(sockets) = &mut self.sockets {
            sockets.ask(());
        }
        // Half of the time, so that a scan that hangs leaves some for the GPUs that are known.
        self.rescan(&until.half());
        let scanned = Instant::now();
        if let Some(processes) = &mut self.processes {
            processes.ask();
            self.workloads.ask();
        }
        self.watches.iter_mut().for_each(Watch::ask);
        let mut answers: Vec<Option<Vec<Sampled>>> = Vec::new();
        for watch in &mut self.watches {
            let samples = watch.samples(until);
            if let Some(samples) = &samples {
                watch.ask_facts(samples);
            }
            answers.push(samples);
        }
        let sampled = Instant::now();
        self.machine_page(&mut page);
        for (watch, samples) in self.watches.iter_mut().zip(&answers) {
            package_page(&mut page, watch, samples.as_deref(), until);
        }
        let facts = Instant::now();
        self.processes_page(&mut page, start, until);
        self.events.put(&mut page, &gpus_by_place(&self.watches));
        let processes = Instant::now();
        if let Some(found) = self.sockets.as_mut().and_then(|sockets| sockets.answer(until)) {
            cpu(&mut page, &found);
        }
        for (collector, from, to) in [
            ("scan", start, scanned),
            ("sample", scanned, sampled),
            ("facts", sampled, facts),
            ("processes", facts, processes),
            ("sockets", processes, Instant::now()),
        ] {
            if collector == "sockets" && self.sockets.is_none() {
                continue;
            }
            let label = vec![("collector", collector.to_owned())];
            page.put(Metric::ScrapeDuration, &Arc::default(), label, (to - from).as_secs_f64());
        }
        page.without_doubles()
    }

    fn rescan(&mut self, until: &Deadline) {
        let Some(Answer { value, is_limited, .. }) = until.wait(&mut self.scan) else { return };
        match value {
            Ok(found) => {
                let changed = self.rewatch(&found, is_limited);
                self.found = Ok(found);
                if changed {
                    self.follow_change(until);
                }
            }
            // A machine that cannot be scanned at present keeps its list.
            Err(error) if self.found.is_err() || is_empty(&error) => {
                self.found = Err(error);
                self.watches.clear();
                self.processes = None;
                self.events.stop();
            }
            Err(_) => {}
        }
    }

    /// Watches the packages that were found; those that stayed as they were go on being watched.
    fn rewatch(&mut self, Scanned { smi, .. }: &Scanned, is_limited: bool) -> bool {
        let packages = smi.packages();
        let uuids = self.label == GpuLabel::Uuid && are_unique(smi.gpus());
        let mut old = std::mem::take(&mut self.watches);
        let mut changed = old.len() != packages.len() || self.found.is_err();
        for package in &packages {
            let gpus: Vec<&Gpu> = smi.gpus().iter().filter(|gpu| package.contains(gpu)).collect();
            if let Some(at) = old.iter().position(|watch| watch.is_of(&gpus, is_limited)) {
                self.watches.push(old.swap_remove(at));
                continue;
            }
            changed = true;
            let gpus = gpus.into_iter().cloned().collect();
            let whole: &Gpu = package;
            // Without a thread it is looked for again at the next scan.
            if let Ok(mut watch) = Watch::new(gpus, whole.clone(), packages.len(), uuids, &self.selection) {
                watch.is_limited = is_limited;
                self.watches.push(watch);
            }
        }
        changed
    }

    fn follow_change(&mut self, until: &Deadline) {
        for watch in &self.watches {
            if let Some(names) = watch.names.first()
                && (self.known.len() < MOST_GONE || self.known.contains_key(&watch.package.bdf()))
            {
                self.known.insert(watch.package.bdf(), names.package.clone());
            }
        }
        let Ok(Scanned { smi, .. }) = &self.found else { return };
        let wants = self.selection.wants_any(Collector::Processes);
        self.processes = wants.then(|| scan::processes(smi, &self.machine.builder()));
        self.events.start(smi, until);
    }

    fn machine_page(&self, page: &mut Page) {
        let nothing: Arc<Labels> = Arc::default();
        let gpus: usize = self.watches.iter().map(|watch| watch.gpus.len()).sum();
        if !self.has_scanned() {
            // It is unknown if there is a GPU.
            return;
        }
        page.put(Metric::Up, &nothing, Vec::new(), f64::from(u8::from(gpus > 0)));
        page.put(Metric::Gpus, &nothing, Vec::new(), gpus as f64);
        page.put(Metric::Packages, &nothing, Vec::new(), self.watches.len() as f64);
        match &self.found {
            Ok(Scanned { driver, .. }) => {
                let text = |reading: &Reading<String>| reading.as_ref().ok().map(|found| found.value.clone());
                let labels = vec![
                    ("driver", driver.name.to_owned()),
                    ("version", text(&driver.version).unwrap_or_default()),
                    ("kernel", text(&driver.kernel_release).unwrap_or_default()),
                ];
                page.put(Metric::DriverInfo, &nothing, labels, 1.0);
            }
            Err(error) => {
                let labels = vec![
                    ("quantity", Metric::Up.definition().name.to_owned()),
                    ("reason", error.to_string()),
                ];
                page.put(Metric::Absent, &nothing, labels, 1.0);
            }
        }
        for (address, labels) in &self.known {
            if !self.watches.iter().any(|watch| watch.package.bdf() == *address) {
                page.put(Metric::GpuUp, labels, Vec::new(), 0.0);
                page.put(Metric::GpuLate, labels, Vec::new(), 0.0);
            }
        }
    }

    fn processes_page(&mut self, page: &mut Page, start: Instant, until: &Deadline) {
        let (Some(asked), Ok(machine)) = (&mut self.processes, &self.found) else { return };
        // Those of an earlier look are no processes of now.
        let answer = std::iter::from_fn(|| until.wait(asked)).find(|answer| answer.asked >= start);
        let places = |smi: &Smi| smi.gpus().iter().map(Gpu::bdf).collect::<Vec<_>>();
        let of_this_list = |(smi, _): &(Smi, Processes)| places(smi) == places(&machine.smi);
        let found = answer.and_then(|answer| answer.value).filter(of_this_list).map(|(_, found)| found);
        let gpus = gpus_by_place(&self.watches);
        processes(page, &gpus, found.as_ref());
        self.workloads.put(page, machine, &gpus, found.as_ref(), until);
    }
}

/// All GPUs with their labels, by their places in the list.
fn gpus_by_place(watches: &[Watch]) -> Vec<(&Gpu, &Names)> {
    let mut all: Vec<(&Gpu, &Names)> =
        watches.iter().flat_map(|watch| watch.gpus.iter().zip(&watch.names)).collect();
    all.sort_by_key(|(gpu, _)| gpu.index());
    all
}

/// Returns `true` if a scan reports an empty machine, as opposed to a failure.
fn is_empty(error: &Error) -> bool {
    matches!(error, Error::DriverNotLoaded { .. } | Error::Wsl)
}

fn are_unique(gpus: &[Gpu]) -> bool {
    let uuids: amdgpu_smi::Result<Vec<String>> = gpus.iter().map(|gpu| Ok(gpu.uuid()?.to_string())).collect();
    let Ok(mut uuids) = uuids else { return false };
    uuids.sort_unstable();
    uuids.windows(2).all(|pair| pair.first() != pair.last())
}

/// Puts what is known of one package.
fn package_page(page: &mut Page, watch: &mut Watch, samples: Option<&[Sampled]>, until: &Deadline) {
    let facts_found = samples.and_then(|_| watch.facts(until));
    let truth = |truth: bool| f64::from(u8::from(truth));
    for (gpu, names) in watch.gpus.iter().zip(&watch.names) {
        let own = samples.and_then(|samples| of_gpu(samples, gpu));
        let sample = own.and_then(|sampled| sampled.sample.as_ref().ok());
        let refused = sample.and_then(|sample| sample.refused);
        let late = samples.is_none() || sample.is_some_and(|sample| watch.is_limited && is_late(gpu, sample));
        page.put(Metric::GpuUp, &names.own, Vec::new(), truth(sample.is_some() && !late));
        page.put(Metric::GpuLate, &names.own, Vec::new(), truth(late));
        let asleep = matches!(refused, Some(Unavailable::Suspended | Unavailable::LeftAlone));
        page.put(Metric::GpuAsleep, &names.own, Vec::new(), truth(asleep));
    }
    let Some(first) = watch.names.first() else { return };
    page.put(Metric::Partitions, &first.package, Vec::new(), watch.gpus.len() as f64);
    let mut out = Emitter::new(page);
    for Sampled { gpu, sample } in samples.unwrap_or_default() {
        let place = watch.gpus.iter().position(|other| other.bdf() == gpu.bdf() && gpu.is_partition());
        let whole = Names { package: first.package.clone(), own: first.package.clone() };
        let names = place.and_then(|place| watch.names.get(place)).unwrap_or(&whole);
        out.is_partition = place.is_some();
        match sample {
            Ok(sample) => {
                let look = Look::sampled(gpu, sample);
                sampled(&mut out, names, &look);
                if place.is_none() {
                    throttling(&mut out, names, &look, &mut watch.counted);
                }
            }
            Err(error) => out.absent(Metric::GpuUp, names, &Vec::new(), error),
        }
    }
    out.is_partition = false;
    if let Some(fixed) = &watch.fixed {
        identity(&mut out, &watch.names, &watch.package, fixed);
    }
    if let Some(found) = &facts_found {
        facts(&mut out, first, found);
    }
}

/// Returns `true` if a value of the sample did not arrive within the time limit of its handle.
fn is_late(gpu: &Gpu, sample: &Sample) -> bool {
    fn late<T>(reading: &Result<T>) -> bool {
        matches!(reading, Err(Error::Unavailable { reason: Unavailable::Late, .. }))
    }
    let look = Look::sampled(gpu, sample);
    sample.refused == Some(Unavailable::Late)
        || late(&look.power().socket)
        || late(&look.activity().gfx)
        || late(&look.memory_usage().vram_used)
        || late(&look.temperatures())
        || late(&sample.metrics)
}

/// The sample that tells whether a GPU answers: its own, or its package's where it is in one piece.
fn of_gpu<'a>(samples: &'a [Sampled], gpu: &Gpu) -> Option<&'a Sampled> {
    samples
        .iter()
        .find(|sampled| sampled.gpu.bdf() == gpu.bdf() && sampled.gpu.is_partition() == gpu.is_partition())
}
