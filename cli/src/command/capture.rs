//! `capture`: the machine as a file.

use std::cell::Cell;
use std::fs::File;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::ops::ControlFlow;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use amdgpu_smi::capture::{Capture, Progress, Recording, Redact, Written};
use clap::{Args, ValueEnum};
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::args::Common;
use crate::failure::Failure;
use crate::render::table::width;
use crate::{machine, output};

// One line per paragraph: clap wraps it to the terminal's width.
const CAPTURE_HELP: &str = "\
Format:
The archive is a tar file with everything that this program can read of the machine: files, links, modes, and the \
errors of files that cannot be read. It is compressed if its name ends in .gz or .tgz. With --root FILE, every command \
answers as on the machine itself, also from a compressed archive. Tests can use the archive too, so a bug report that \
includes it is a test. Unpacked with tar, it is a directory that --root accepts.

Contents:
The archive holds the files that this program reads, and nothing else. It needs no root and contains only what this \
user may see. Its first entry, MANIFEST, is a text file with the facts that files cannot carry. Recording never wakes a \
sleeping GPU, even with --wake, and skips files that change something when read. Omissions are listed at the end.

Redaction:
Serial numbers, unique ids (and so UUIDs), hive ids, and names of users, programs, containers and hosts are replaced by \
others of the same form. Equal values get equal replacements, so they can still be matched, but not recovered. MANIFEST \
lists the files concerned. PCI addresses, process and user ids, versions and all measurements are kept.

Frames:
--frames records the machine repeatedly; later frames keep only the changes, under frames/. Each frame is written when it \
is taken, so the file is whole whatever ends the program; a name that ends in .gz is written at the end. Commands with \
--watch play the frames at the recorded pace. --events records the GPUs' events, and `event` plays them.

Examples:
  amdgpu-smi capture -o machine.tar.gz                      attach this to a bug report
  amdgpu-smi --root machine.tar.gz metric                   read the recorded machine
  sudo amdgpu-smi capture -o all.tar --redact none          record everything, for private use
  amdgpu-smi capture -o minute.tar --frames 60 --every 1 --events
  amdgpu-smi --root minute.tar monitor -w 1                 replay that minute";

/// Options of `capture`.
#[derive(Debug, Args)]
#[command(next_help_heading = "Recording", after_long_help = CAPTURE_HELP)]
#[command(after_help = "See --help for contents, redaction and frames.")]
pub(crate) struct CaptureArgs {
    /// Write this archive, compressed if it ends in .gz or .tgz; --overwrite replaces an existing file
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: PathBuf,
    /// Replace private values by others of the same form
    #[arg(long, value_name = "WHAT", default_value = "names")]
    pub(crate) redact: RedactArg,
    /// Record the machine N times
    #[arg(long, value_name = "N", default_value_t = 1)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(crate) frames: u32,
    /// Seconds between two frames (may be fractional; 0: without a pause)
    #[arg(long, value_name = "SEC", default_value = "1", value_parser = crate::args::seconds)]
    pub(crate) every: f64,
    /// Record the GPUs' events too; opens /dev/kfd
    #[arg(long)]
    pub(crate) events: bool,
    /// Record the traffic on the PCIe link too; takes one second per GPU
    #[arg(long)]
    pub(crate) pcie_bw: bool,
}

/// Values to replace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum RedactArg {
    /// Serial numbers, unique ids, names of users, programs, containers and hosts
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
        let text = "capture records the whole machine in one archive; --json, --csv, --file and --gpu are not available";
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
    let progress = |progress: Progress<'_>| {
        line.show(&progress);
        if stop.load(Ordering::Relaxed) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let machine = machine::builder(common);
    if args.frames > 1 && !is_compressed(&args.output) {
        let written =
            stream(&args.output, common.overwrite, |path| capture.record_into(&machine, path, progress));
        line.clear();
        let Written { frames, events, redacted, bytes, left_out, .. } = written?;
        report(&args.output, None, bytes, [frames, events, redacted], &left_out);
        say_if_empty(common);
        return Ok(());
    }
    let recording = capture.record_with(&machine, progress);
    line.clear();
    let recording = recording?;
    let bytes = save(&recording, &args.output, common.overwrite)?;
    let counts = [recording.frame_count(), recording.event_count(), recording.redacted_count()];
    report(&args.output, Some(recording.entry_count()), bytes, counts, recording.left_out());
    say_if_empty(common);
    Ok(())
}

/// Says that the archive has no GPU: it may have been meant for another machine, or show why none is found.
fn say_if_empty(common: &Common) {
    let reason = match machine::builder(common).build() {
        Ok(smi) if !smi.gpus().is_empty() => return,
        Ok(_) => "the amdgpu driver is loaded, but has no GPU".to_owned(),
        Err(error) => error.to_string(),
    };
    output::note(&format!(
        "no AMD GPU is recorded: {reason}; the archive shows what `amdgpu-smi doctor` reads"
    ));
}

fn is_compressed(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "gz" || extension == "tgz")
}

/// Writes frames under the final name as they are taken, so that the earlier ones survive any end of the program. A
/// file that is to be replaced stays until all are written.
fn stream(
    path: &Path,
    overwrite: bool,
    record: impl FnOnce(&Path) -> amdgpu_smi::Result<Written>,
) -> Result<Written, Failure> {
    if !(overwrite && path.exists()) {
        return Ok(record(path)?);
    }
    let failed = |error| Failure::Output(path.to_path_buf(), error);
    let place = tempfile::Builder::new().prefix(".amdgpu-smi-").tempdir_in(folder(path));
    // Only the kind of the error: its text names the temporary folder.
    let place = place.map_err(|error| failed(error.kind().into()))?;
    let other = place.path().join("capture.tar");
    let written = record(&other)?;
    std::fs::rename(&other, path).map_err(failed)?;
    Ok(written)
}

/// The folder of a file.
fn folder(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Writes a temporary file beside the target, and renames it when it is complete.
fn save(recording: &Recording, path: &Path, overwrite: bool) -> Result<u64, Failure> {
    let failed = |error| Failure::Output(path.to_path_buf(), error);
    // Opened here, because the error of `tempfile_in` names the temporary file.
    let create = |path: &Path| File::options().read(true).write(true).create_new(true).mode(0o600).open(path);
    let file =
        tempfile::Builder::new().prefix(".amdgpu-smi-").make_in(folder(path), create).map_err(failed)?;
    let mut writer = BufWriter::new(file.as_file());
    if is_compressed(path) {
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
    Failure::Usage(format!("{} already exists; --overwrite replaces it", path.display()))
}

fn report(path: &Path, entries: Option<usize>, bytes: u64, counts: [usize; 3], left_out: &[String]) {
    let [frames, events, redacted] = counts;
    let mut what = format!("{}: ", path.display());
    if let Some(entries) = entries {
        what += &format!("{entries} entries, ");
    }
    what += &format!("{} KiB", bytes.div_ceil(1024));
    if frames > 1 {
        what += &format!(", {frames} frames");
    }
    if events > 0 {
        what += &format!(", {events} events");
    }
    what += &match redacted {
        0 => ", nothing replaced".to_owned(),
        count => format!(", names replaced in {count} files"),
    };
    output::note(&what);
    for sentence in left_out {
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
                format!("{frames} of {} frames, {events} events; Ctrl-C stops and keeps these", self.frames)
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
