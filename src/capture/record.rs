//! Recording: once, or again and again, with what the GPUs report meanwhile.

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::observer::Observer;
use super::recording::{Gathered, Recording};
use super::redact::Redaction;
use super::snapshot::Snapshot;
use super::survey::survey;
use crate::backend::Backend;
use crate::discover::{Smi, SmiBuilder};
use crate::error::{Error, Op, Result};
use crate::event::{EventSet, Origin};
use crate::gpu::{Gpu, driver_info};

/// How long a wait lasts before it is looked whether to go on.
const STEP: Duration = Duration::from_millis(100);

/// What is to be recorded, and how.
#[derive(Debug, Clone)]
pub struct Capture {
    redact: Redact,
    frames: usize,
    every: Duration,
    events: bool,
    pcie_throughput: bool,
}

/// What is replaced in a recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Redact {
    /// What names a person, a machine or a single device: serial numbers, unique ids (and so UUIDs), hive ids, the names of
    /// users and programs, control groups with their containers, the host's name. By others of the same form, the same
    /// by the same.
    #[default]
    Names,
    /// Nothing.
    Nothing,
}

/// How far a recording is.
#[derive(Debug)]
#[non_exhaustive]
pub enum Progress<'a> {
    /// A GPU is about to be read, for the frame with this number.
    Reading {
        /// From 0.
        frame: usize,
        /// Which.
        gpu: &'a Gpu,
    },
    /// It waits for the next frame, a tenth of a second at a time.
    Waiting {
        /// Frames taken.
        frames: usize,
        /// Events that came.
        events: usize,
    },
}

impl Default for Capture {
    fn default() -> Capture {
        Capture::new()
    }
}

impl Capture {
    /// One frame, no events, names replaced.
    pub fn new() -> Capture {
        Capture {
            redact: Redact::Names,
            frames: 1,
            every: Duration::from_secs(1),
            events: false,
            pcie_throughput: false,
        }
    }

    /// What is replaced; names if this is not called.
    pub fn redact(mut self, redact: Redact) -> Capture {
        self.redact = redact;
        self
    }

    /// Records this many frames, one `every` so long. What takes longer is late, and says so by its time.
    pub fn frames(mut self, count: usize, every: Duration) -> Capture {
        (self.frames, self.every) = (count.max(1), every);
        self
    }

    /// Also what the GPUs report while frames are taken, and for as long after the last as between them. Opens `/dev/kfd`, which nothing else here does.
    pub fn events(mut self, events: bool) -> Capture {
        self.events = events;
        self
    }

    /// Also the traffic on each GPU's link, which takes a second for each GPU and frame.
    pub fn pcie_throughput(mut self, pcie_throughput: bool) -> Capture {
        self.pcie_throughput = pcie_throughput;
        self
    }

    /// Records the machine that a builder stands for. Whether that may wake GPUs does not matter: this never does.
    ///
    /// # Errors
    /// [`Error::Root`] if there is no machine to look at; with events, those of
    /// [`EventsBuilder::open`](crate::event::EventsBuilder::open). What cannot be read is recorded as that.
    pub fn record(&self, machine: &SmiBuilder) -> Result<Recording> {
        self.record_with(machine, |_| ControlFlow::Continue(()))
    }

    /// The same, telling how far it is. A `Break` ends it with the frames that are complete, at least the first.
    ///
    /// # Errors
    /// As [`Capture::record`].
    pub fn record_with(
        &self,
        machine: &SmiBuilder,
        mut progress: impl FnMut(Progress<'_>) -> ControlFlow<()>,
    ) -> Result<Recording> {
        let backend = machine.open()?;
        let observer = Observer::new(backend.clone())
            .map_err(|error| Error::plain(Op::OpenDir, Path::new("/"), &error))?;
        let observed: Arc<dyn Backend> = Arc::new(observer.clone());
        let mut events = match self.events {
            true => Some(Smi::builder().backend(observed.clone()).build()?.events().open()?),
            false => None,
        };
        let mut gathered = Gathered {
            host: backend.host(),
            kernel: None,
            driver: None,
            kfd: events.as_ref().map(EventSet::kfd_version),
            snapshots: Vec::new(),
            events: Vec::new(),
            trouble: Vec::new(),
        };
        let mut sleeping = Vec::new();
        let start = Instant::now();
        for frame in 0..self.frames {
            let due = self.every.saturating_mul(u32::try_from(frame).unwrap_or(u32::MAX));
            if wait(start, due, &mut events, &mut gathered, &mut progress).is_break() {
                break;
            }
            let time = start.elapsed();
            let mut stop = false;
            let surveyed = survey(observed.clone(), self.pcie_throughput, |gpu| {
                stop |= progress(Progress::Reading { frame, gpu }).is_break();
                if frame == 0 && gpu.is_suspended() {
                    sleeping.push(gpu.bdf());
                }
            });
            match surveyed {
                Err(error) if frame > 0 => {
                    gathered.trouble.push(format!("further frames: {error}"));
                    break;
                }
                surveyed => surveyed?,
            }
            gathered.snapshots.push((time, Snapshot::new(observer.take())));
            if stop {
                break;
            }
        }
        if events.is_some() {
            let end = self.every.saturating_mul(u32::try_from(self.frames).unwrap_or(u32::MAX));
            // Told to stop or not: it has ended.
            let _ = wait(start, end, &mut events, &mut gathered, &mut progress);
        }
        let info = driver_info(&*backend);
        gathered.driver = info.version.ok().map(|version| format!("{} {version}", info.name));
        gathered.kernel = info.kernel_release.ok().map(|release| release.value);
        let redaction = match self.redact {
            Redact::Names => Some(Redaction::default()),
            Redact::Nothing => None,
        };
        let trouble = std::mem::take(&mut gathered.trouble);
        let mut recording = Recording::new(gathered, redaction);
        recording.left_out.extend(trouble);
        let mut say = |sentence: String| recording.left_out.push(sentence);
        for bdf in sleeping {
            say(format!("{bdf} sleeps: what would have woken it was not read"));
        }
        say("xgmi_error: reading clears it".into());
        say("amdgpu_ring_cper, records of errors: on kernels 6.15 to 7.0 reading it may overrun the reader's memory".into());
        if !self.pcie_throughput {
            say("pcie_bw: takes a second for each GPU, and was not asked for".into());
        }
        Ok(recording)
    }
}

/// Takes events until a time, counted from the start.
fn wait(
    start: Instant,
    due: Duration,
    events: &mut Option<EventSet>,
    gathered: &mut Gathered,
    progress: &mut impl FnMut(Progress<'_>) -> ControlFlow<()>,
) -> ControlFlow<()> {
    while let Some(left) = due.checked_sub(start.elapsed()).filter(|left| !left.is_zero()) {
        let waiting = Progress::Waiting { frames: gathered.snapshots.len(), events: gathered.events.len() };
        if progress(waiting).is_break() {
            return ControlFlow::Break(());
        }
        let step = left.min(STEP);
        let Some(set) = events.as_mut().filter(|set| !set.is_ended()) else {
            std::thread::sleep(step);
            continue;
        };
        match set.wait(step) {
            Ok(Some(event)) => {
                if let (Origin::Kernel, Ok(gpu)) = (event.origin, &event.gpu.ids().kfd_id) {
                    gathered.events.push((start.elapsed(), *gpu, event.raw));
                }
            }
            Ok(None) | Err(Error::Interrupted) => {}
            // What was recorded up to now is worth the more.
            Err(error) => {
                gathered.trouble.push(format!("further events: {error}"));
                *events = None;
            }
        }
    }
    ControlFlow::Continue(())
}
