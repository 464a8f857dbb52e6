//! Recording: once, or again and again, with what the GPUs report meanwhile.

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::new_file;
use super::observer::Observer;
use super::recording::{Gathered, Recording, facts, sentences};
use super::redact::Redaction;
use super::snapshot::Snapshot;
use super::stream::Stream;
use super::survey::survey;
use crate::backend::Backend;
use crate::discover::{Smi, SmiBuilder};
use crate::error::{Error, Op, Result};
use crate::event::{EventSet, Origin};
use crate::gpu::Gpu;
use crate::id::Bdf;

/// Time to wait before checking for an interruption.
const STEP: Duration = Duration::from_millis(100);

/// The settings of a recording.
#[derive(Debug, Clone)]
pub struct Capture {
    redact: Redact,
    frames: usize,
    every: Duration,
    events: bool,
    pcie_throughput: bool,
}

/// The values to replace in a recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Redact {
    /// Names of a person, a machine or a single device: serial numbers, unique ids (and so UUIDs), hive ids, names of
    /// users and programs, control groups with their containers, the host's name. Each is replaced by another of the
    /// same form; equal values get equal replacements.
    #[default]
    Names,
    /// Replaces nothing.
    Nothing,
}

/// The progress of a recording.
#[derive(Debug)]
#[non_exhaustive]
pub enum Progress<'a> {
    /// A GPU is about to be read, for the frame with this number.
    Reading {
        /// Number of the frame, from 0.
        frame: usize,
        /// The GPU in progress.
        gpu: &'a Gpu,
    },
    /// It waits for the next frame, a tenth of a second at a time.
    Waiting {
        /// Number of completed frames.
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

    /// Selects the values to replace. The default is names.
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
        let mut gathered = Gathered::of(&*backend);
        let mut snapshots = Vec::new();
        let sleeping = self.take(&backend, &mut gathered, &mut progress, |_, time, snapshot, _| {
            snapshots.push((time, snapshot));
            Ok(ControlFlow::Continue(()))
        })?;
        gathered.snapshots = snapshots;
        let trouble = std::mem::take(&mut gathered.trouble);
        let mut recording = Recording::new(gathered, self.redaction());
        recording.left_out.extend(trouble);
        recording.left_out.extend(self.left_out(&sleeping));
        Ok(recording)
    }

    /// Records into a file while it goes on: after each frame the file is a whole archive, whatever ends the program then, and
    /// memory holds one frame however many there are. It ends before the file is larger than an
    /// [`Archive`](crate::backend::Archive) may be. Events are written with the frame that follows them.
    ///
    /// # Errors
    /// As [`Capture::record`]; [`Error::Io`] with the path for the file, which has the frames before then.
    pub fn record_into(
        &self,
        machine: &SmiBuilder,
        path: &Path,
        mut progress: impl FnMut(Progress<'_>) -> ControlFlow<()>,
    ) -> Result<Written> {
        // Of a file of the user's, not of the driver's: an errno keeps its own meaning.
        let failed = |error: std::io::Error| match error.raw_os_error() {
            Some(errno) => Error::Io { op: Op::Write, path: path.to_path_buf(), errno },
            None => Error::plain(Op::Write, path, &error),
        };
        let backend = machine.open()?;
        let file = new_file::create(path).map_err(failed)?;
        let mut gathered = Gathered::of(&*backend);
        let mut stream = Stream::new(file, self.redaction());
        let frames = self.take(&backend, &mut gathered, &mut progress, |number, time, snapshot, gathered| {
            let events = std::mem::take(&mut gathered.events);
            stream.frame(number, time, snapshot, events, || facts(gathered)).map_err(failed)
        });
        let sleeping = match frames {
            Err(error) => {
                if stream.frames == 0 {
                    new_file::discard(path);
                }
                return Err(error);
            }
            Ok(sleeping) => sleeping,
        };
        stream.end(std::mem::take(&mut gathered.events)).map_err(failed)?;
        let mut left_out = sentences(stream.omitted);
        left_out.append(&mut gathered.trouble);
        left_out.extend(stream.is_full.then(|| "further frames: the archive would be too large".into()));
        left_out.extend(self.left_out(&sleeping));
        Ok(Written {
            frames: stream.frames,
            events: gathered.event_count,
            redacted: stream.redacted,
            bytes: stream.bytes,
            left_out,
        })
    }

    fn redaction(&self) -> Option<Redaction> {
        match self.redact {
            Redact::Names => Some(Redaction::default()),
            Redact::Nothing => None,
        }
    }

    /// Takes the frames, and gives the GPUs that slept.
    fn take(
        &self,
        backend: &Arc<dyn Backend>,
        gathered: &mut Gathered,
        progress: &mut impl FnMut(Progress<'_>) -> ControlFlow<()>,
        mut keep: impl FnMut(usize, Duration, Snapshot, &mut Gathered) -> Result<ControlFlow<()>>,
    ) -> Result<Vec<Bdf>> {
        let observer = Observer::new(backend.clone())
            .map_err(|error| Error::plain(Op::OpenDir, Path::new("/"), &error))?;
        let observed: Arc<dyn Backend> = Arc::new(observer.clone());
        let mut events = match self.events {
            true => Some(Smi::builder().backend(observed.clone()).build()?.events().open()?),
            false => None,
        };
        gathered.kfd = events.as_ref().map(EventSet::kfd_version);
        let mut sleeping = Vec::new();
        let mut taken = 0;
        let start = Instant::now();
        for frame in 0..self.frames {
            let due = self.every.saturating_mul(u32::try_from(frame).unwrap_or(u32::MAX));
            if wait(start, due, &mut events, gathered, taken, progress).is_break() {
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
                surveyed => {
                    if let (0, Some(processes)) = (frame, surveyed?) {
                        let gaps = processes.gaps();
                        gathered.trouble.extend(gaps.iter().map(|gap| format!("processes: {gap}")));
                    }
                }
            }
            stop |= keep(frame, time, Snapshot::new(observer.take()), gathered)?.is_break();
            taken += 1;
            if stop {
                break;
            }
        }
        if events.is_some() {
            let end = self.every.saturating_mul(u32::try_from(self.frames).unwrap_or(u32::MAX));
            // Told to stop or not: it has ended.
            let _ = wait(start, end, &mut events, gathered, taken, progress);
        }
        Ok(sleeping)
    }

    /// The sentences about files that are never read, or were not requested.
    fn left_out(&self, sleeping: &[Bdf]) -> Vec<String> {
        let mut sentences: Vec<String> = sleeping
            .iter()
            .map(|bdf| format!("{bdf} is suspended: files that would wake it were not read"))
            .collect();
        sentences.push("xgmi_error: reading clears it".into());
        sentences.push("amdgpu_ring_cper, error records: on Linux 6.15 to 7.0, reading it can overrun the reader's memory".into());
        if !self.pcie_throughput {
            sentences.push("pcie_bw: takes one second per GPU; pass --pcie-bw to record it".into());
        }
        sentences
    }
}

/// The contents of a recording into a file.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Written {
    /// Number of frames.
    pub frames: usize,
    /// Number of events.
    pub events: usize,
    /// In how many files something was replaced.
    pub redacted: usize,
    /// Size of the file in bytes.
    pub bytes: u64,
    /// One sentence for each omission, with the reason.
    pub left_out: Vec<String>,
}

/// Takes events until a time, counted from the start.
fn wait(
    start: Instant,
    due: Duration,
    events: &mut Option<EventSet>,
    gathered: &mut Gathered,
    frames: usize,
    progress: &mut impl FnMut(Progress<'_>) -> ControlFlow<()>,
) -> ControlFlow<()> {
    while let Some(left) = due.checked_sub(start.elapsed()).filter(|left| !left.is_zero()) {
        let waiting = Progress::Waiting { frames, events: gathered.event_count };
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
                    gathered.event_count += 1;
                }
            }
            Ok(None) | Err(Error::Interrupted) => {}
            // The recording so far is valuable.
            Err(error) => {
                gathered.trouble.push(format!("further events: {error}"));
                *events = None;
            }
        }
    }
    ControlFlow::Continue(())
}
