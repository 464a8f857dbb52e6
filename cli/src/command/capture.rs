//! `capture`: the machine as a file.

use std::cell::Cell;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use amdgpu_smi::capture::{Capture, Progress, Recording, Redact};
use clap::{Args, ValueEnum};
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::args::Common;
use crate::failure::Failure;
use crate::render::table::width;
use crate::{machine, output};

// A paragraph a line, which is wrapped to the terminal's width.
const CAPTURE_HELP: &str = "\
What it is:
A tar file with what this program can read of the machine: files, links, modes, what refused to be read and how. If its \
name ends in .gz or .tgz, it is compressed, and --root reads it as it is. \
Every command answers from it as on the machine itself, with --root FILE. A test can do the same, and a bug report \
with it is a test. Unpacked with tar it is a directory that --root takes, too.

What is in it:
What the program read when it asked itself everything, and nothing else; so it needs no root, and has what this user may \
see. Its first entry, MANIFEST, is a text that says what a file cannot. A sleeping GPU is not woken, even with --wake. What \
changes something by being read is not read. What was left out is said at the end.

What is replaced:
Serial numbers, unique ids (and so UUIDs), hive ids, names of users, programs, containers and hosts; by others of the \
same form, the same by the same, so that what belongs together still does. They cannot be turned back. MANIFEST lists the \
files. Kept are PCI addresses, process and user numbers, versions, and everything measured.

Frames:
With --frames the machine is recorded again and again; of the later frames only what changed is kept, under frames/. \
Commands with --watch show one after the other at the pace at which they were recorded. With --events, what the GPUs report \
meanwhile is kept, and `event` tells it again.

Examples:
  amdgpu-smi capture -o machine.tar.gz                      for a bug report
  amdgpu-smi --root machine.tar.gz metric                   what it showed there
  sudo amdgpu-smi capture -o all.tar --redact none          everything, for oneself
  amdgpu-smi capture -o minute.tar --frames 60 --every 1 --events
  amdgpu-smi --root minute.tar monitor -w 1                 the same minute again";

/// What to record, and where to.
#[derive(Debug, Args)]
#[command(next_help_heading = "Recording", after_long_help = CAPTURE_HELP)]
#[command(after_help = "--help says more: what is in it, what is replaced, frames.")]
pub(crate) struct CaptureArgs {
    /// The archive to write, compressed if its name ends in .gz or .tgz; --overwrite replaces an existing one
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: PathBuf,
    /// What to replace by something of the same form
    #[arg(long, value_name = "WHAT", default_value = "names")]
    pub(crate) redact: RedactArg,
    /// Record the machine N times
    #[arg(long, value_name = "N", default_value_t = 1)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(crate) frames: u32,
    /// Seconds from one time to the next (0.5 is possible)
    #[arg(long, value_name = "SEC", default_value = "1", value_parser = crate::args::seconds)]
    pub(crate) every: f64,
    /// Also what the GPUs report meanwhile, which opens /dev/kfd
    #[arg(long)]
    pub(crate) events: bool,
    /// Also the traffic on the link, which takes a second for each GPU
    #[arg(long)]
    pub(crate) pcie_bw: bool,
}

/// What is replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum RedactArg {
    /// Serial numbers, ids of single devices, names of users, programs, containers and hosts
    Names,
    /// Nothing
    None,
}

pub(crate) fn run(common: &Common, args: &CaptureArgs) -> Result<(), Failure> {
    if common.json.is_some()
        || common.csv.is_some()
        || common.format.is_some()
        || common.file.is_some()
        || !common.gpus.is_empty()
    {
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
    let mut writer = BufWriter::new(file.as_file());
    if path.extension().is_some_and(|extension| extension == "gz" || extension == "tgz") {
        let compressed =
            recording.write(GzEncoder::new(&mut writer, Compression::default())).map_err(failed)?;
        compressed.finish().map_err(failed)?;
    } else {
        recording.write(&mut writer).map_err(failed)?;
    }
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
    /// Columns of the line that stands there.
    width: Cell<usize>,
}

impl ProgressLine {
    fn new(frames: u32) -> ProgressLine {
        ProgressLine { frames, is_terminal: io::stderr().is_terminal(), width: Cell::new(0) }
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
            let before = self.width.replace(width(text));
            // Blanks over the longer line before: not every terminal can erase. Progress that cannot be shown is no
            // failure.
            let _ = write!(io::stderr(), "\r{:before$}\r{text}", "").and_then(|()| io::stderr().flush());
        }
    }
}
