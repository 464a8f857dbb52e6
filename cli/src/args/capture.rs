//! The options of `capture`, and what a capture is.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

// A paragraph a line, which is wrapped to the terminal's width.
const CAPTURE_HELP: &str = "\
What it is:
A plain tar file with what this program can read of the machine: files, links, modes, what refused to be read and how. \
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
  amdgpu-smi capture -o machine.tar                         for a bug report
  amdgpu-smi --root machine.tar metric                      what it showed there
  sudo amdgpu-smi capture -o all.tar --redact none          everything, for oneself
  amdgpu-smi capture -o minute.tar --frames 60 --every 1 --events
  amdgpu-smi --root minute.tar monitor -w 1                 the same minute again";

/// What to record, and where to.
#[derive(Debug, Args)]
#[command(next_help_heading = "Recording", after_long_help = CAPTURE_HELP)]
#[command(after_help = "--help says more: what is in it, what is replaced, frames.")]
pub(crate) struct CaptureArgs {
    /// The archive to write; one that is there is replaced only with --overwrite
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
    #[arg(long, value_name = "SEC", default_value = "1", value_parser = super::seconds)]
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
