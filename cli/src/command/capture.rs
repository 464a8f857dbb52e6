//! `capture`: the machine as a file.

use std::io::{self, BufWriter, IsTerminal, Write};
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use amdgpu_smi::capture::{Capture, Progress, Recording, Redact};

use crate::args::{CaptureArgs, Common, RedactArg};
use crate::failure::Failure;
use crate::{machine, output};

pub(crate) fn run(common: &Common, args: &CaptureArgs) -> Result<(), Failure> {
    if common.json.is_some() || common.csv || common.file.is_some() || !common.gpus.is_empty() {
        let text = "capture writes one archive of the whole machine: without --json, --csv, --file and --gpu";
        return Err(Failure::Usage(text.into()));
    }
    // Not after minutes of recording.
    if args.output.exists() && !common.overwrite {
        return Err(taken(&args.output));
    }
    let redact = match args.redact {
        RedactArg::Names => Redact::Names,
        RedactArg::None => Redact::Nothing,
    };
    let capture = Capture::new()
        .redact(redact)
        .frames(args.frames as usize, Duration::from_secs_f64(args.every))
        .events(args.events)
        .pcie_throughput(args.pcie_bw);
    let stop = Arc::new(AtomicBool::new(false));
    let stopped = stop.clone();
    // Where no handler can be set, the signal ends the process, and no file is written.
    let _ = ctrlc::set_handler(move || stopped.store(true, Ordering::Relaxed));
    let line = ProgressLine::new(args.frames);
    let recording = capture.record_with(&machine::builder(common), |progress| {
        line.show(&progress);
        if stop.load(Ordering::Relaxed) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    line.clear();
    let recording = recording?;
    let bytes = save(&recording, &args.output, common.overwrite)?;
    report(&recording, &args.output, bytes);
    Ok(())
}

/// Writes a file beside the one that is meant, and gives it its name when it is whole.
fn save(recording: &Recording, path: &Path, overwrite: bool) -> Result<u64, Failure> {
    let failed = |error| Failure::Output(path.to_path_buf(), error);
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let file = tempfile::Builder::new().prefix(".amdgpu-smi-").tempfile_in(folder).map_err(failed)?;
    let mut writer = recording.write(BufWriter::new(file.as_file())).map_err(failed)?;
    writer.flush().map_err(failed)?;
    drop(writer);
    file.as_file().sync_all().map_err(failed)?;
    let bytes = file.as_file().metadata().map_err(failed)?.len();
    let named = match overwrite {
        true => file.persist(path),
        false => file.persist_noclobber(path),
    };
    named.map_err(|error| match error.error.kind() {
        io::ErrorKind::AlreadyExists => taken(path),
        _ => failed(error.error),
    })?;
    Ok(bytes)
}

fn taken(path: &Path) -> Failure {
    Failure::Usage(format!("{} is there already: --overwrite replaces it", path.display()))
}

fn report(recording: &Recording, path: &Path, bytes: u64) {
    let mut what =
        format!("{}: {} entries, {} KiB", path.display(), recording.entry_count(), bytes.div_ceil(1024));
    if recording.frame_count() > 1 {
        what += &format!(", {} frames", recording.frame_count());
    }
    if recording.event_count() > 0 {
        what += &format!(", {} events", recording.event_count());
    }
    what += &match recording.redacted_count() {
        0 => ", nothing replaced".to_owned(),
        count => format!(", names replaced in {count} files"),
    };
    output::note(&what);
    for sentence in recording.left_out() {
        output::note(&format!("left out: {sentence}"));
    }
}

/// One line on a terminal, written over and over; elsewhere nothing.
struct ProgressLine {
    frames: u32,
    is_terminal: bool,
}

impl ProgressLine {
    fn new(frames: u32) -> ProgressLine {
        ProgressLine { frames, is_terminal: io::stderr().is_terminal() }
    }

    fn show(&self, progress: &Progress<'_>) {
        let text = match progress {
            Progress::Reading { frame, gpu } if self.frames > 1 => {
                format!("frame {} of {}: reading {}", frame + 1, self.frames, gpu.bdf())
            }
            Progress::Reading { gpu, .. } => format!("reading {}", gpu.bdf()),
            Progress::Waiting { frames, events } => {
                format!("{frames} of {} frames, {events} events; Ctrl-C ends it with these", self.frames)
            }
            _ => return,
        };
        self.write(&text);
    }

    fn clear(&self) {
        self.write("");
    }

    fn write(&self, text: &str) {
        if self.is_terminal {
            // Nobody misses progress that cannot be shown.
            let _ = write!(io::stderr(), "\r\x1b[K{text}").and_then(|()| io::stderr().flush());
        }
    }
}
