//! Recording from here: a thread writes frames of the machine into an archive, which is whole after each of them.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;
use std::{io, thread};

use amdgpu_smi::SmiBuilder;
use amdgpu_smi::capture::{Capture, Progress, Redact};

use super::message::Message;
use super::screenshot::new_name;

/// A frame is all that the program reads of the machine, so they are not taken more often.
const SHORTEST: Duration = Duration::from_millis(500);
/// How long the view waits at the end for the recording; a hanging GPU could keep it forever.
const PATIENCE: Duration = Duration::from_secs(10);

/// A recording that goes on.
#[derive(Debug)]
pub(crate) struct Recorder {
    stop: Arc<AtomicBool>,
    frames: Arc<AtomicUsize>,
    done: Receiver<Result<PathBuf, String>>,
}

impl Recorder {
    /// Starts it, with names replaced as in `capture`. The file is named after the time.
    pub(crate) fn start(machine: SmiBuilder, every: Duration, to: Sender<Message>) -> io::Result<Recorder> {
        let path = new_name("amdgpu-smi-top", "tar");
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = stop.clone();
        let frames = Arc::new(AtomicUsize::new(0));
        let taken = frames.clone();
        let (sender, done) = channel();
        thread::Builder::new().name("top-recorder".into()).spawn(move || {
            let result = record(&machine, every, &stopped, &taken, &path);
            // Whoever still listens: the screen, or the end of the view.
            let _ = sender.send(result.clone());
            let _ = to.send(Message::Recorded(result));
        })?;
        Ok(Recorder { stop, frames, done })
    }

    /// Number of frames so far.
    pub(crate) fn frames(&self) -> usize {
        self.frames.load(Ordering::Relaxed)
    }

    /// Has it end with the frames that it has; with the second one at the earliest, because a single one cannot be played.
    pub(crate) fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }

    /// The same, and waits for its file.
    pub(crate) fn finish(self) -> Result<PathBuf, String> {
        self.stop();
        match self.done.recv_timeout(PATIENCE) {
            Ok(result) => result,
            Err(RecvTimeoutError::Timeout) => Err("a GPU does not answer".into()),
            Err(RecvTimeoutError::Disconnected) => Err("the thread has ended".into()),
        }
    }
}

/// The fewest frames that can be played.
const FEWEST: usize = 2;

fn record(
    machine: &SmiBuilder,
    every: Duration,
    stop: &AtomicBool,
    taken: &AtomicUsize,
    path: &Path,
) -> Result<PathBuf, String> {
    let capture = Capture::new().redact(Redact::Names).frames(usize::MAX, every.max(SHORTEST));
    let record = |capture: Capture| {
        capture.record_into(machine, path, |progress| {
            let (complete, at_its_end) = match progress {
                Progress::Reading { frame, .. } => (frame, frame + 1),
                Progress::Waiting { frames, .. } => (frames, frames),
                _ => (0, FEWEST),
            };
            taken.fetch_max(complete, Ordering::Relaxed);
            match stop.load(Ordering::Relaxed) && at_its_end >= FEWEST {
                true => ControlFlow::Break(()),
                false => ControlFlow::Continue(()),
            }
        })
    };
    // Events need /dev/kfd, which not everybody may open. The first attempt fails before the first frame then.
    let recording = match record(capture.clone().events(true)) {
        Err(_) if !path.exists() => record(capture),
        recording => recording,
    };
    recording.map(|_| path.to_path_buf()).map_err(|error| error.to_string())
}
