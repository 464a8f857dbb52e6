//! The options of `ras`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

// A paragraph a line, which is wrapped to the terminal's width.
const RAS_HELP: &str = "\
Without --cper or --afid: of which blocks error correction is on, what they counted since the driver was loaded, the \
EEPROM's table, and how often data was poisoned.

--cper: the records of errors (CPER) that the driver keeps since it was loaded, since Linux 6.15, for MI300 and newer \
Instinct; in debugfs, so for root. Each is told by when, how bad, why, and AMD's numbers for its kinds of error (AFID). \
Reading takes none away. With --folder each is also written to a file of its own, NAME.cper, with what its header says \
in NAME.json; files that are there are kept, and another name is taken. --follow looks for new ones every second.

--afid: the numbers of records that were kept in files, on any machine.

Examples:
  amdgpu-smi ras                                      error correction and its counts
  sudo amdgpu-smi ras --cper --severity fatal         the worst
  sudo amdgpu-smi ras --cper --folder /var/log/cper   keep them; with --follow also those to come
  amdgpu-smi ras --afid --cper-file fatal-1.cper      what a record is about";

/// Parts of `ras`.
#[derive(Debug, Args)]
#[command(next_help_heading = "RAS", after_long_help = RAS_HELP)]
#[command(after_help = "--help says more: what is told, to whom, examples.")]
pub(crate) struct RasArgs {
    /// Records of errors (CPER); implied by --severity and --follow
    #[arg(long)]
    pub(crate) cper: bool,
    /// AMD's numbers (AFIDs) for the errors in files; implied by --cper-file
    #[arg(long, conflicts_with_all = ["cper", "severity", "follow"])]
    pub(crate) afid: bool,
    /// Only records of this severity
    #[arg(long, value_name = "SEVERITY", num_args = 1.., value_enum, ignore_case = true)]
    #[arg(value_delimiter = ',')]
    pub(crate) severity: Vec<Severity>,
    /// Write the records into this folder, which is made if it is missing; with --afid: read all *.cper in it
    #[arg(long, value_name = "DIR")]
    pub(crate) folder: Option<PathBuf>,
    /// Keep printing new records until Ctrl-C
    #[arg(long)]
    pub(crate) follow: bool,
    /// The file with the record
    #[arg(long, value_name = "FILE", conflicts_with_all = ["folder", "cper", "severity", "follow"])]
    pub(crate) cper_file: Option<PathBuf>,
}

impl RasArgs {
    /// Whether the records are asked for, by their option or by one that is about them.
    pub(super) fn asks_for_records(&self) -> bool {
        self.cper || self.follow || !self.severity.is_empty()
    }

    /// Whether AMD's numbers are asked for, likewise.
    pub(super) fn asks_for_afids(&self) -> bool {
        self.afid || self.cper_file.is_some()
    }
}

/// How bad an error was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Severity {
    /// Uncorrected, non-fatal
    NonfatalUncorrected,
    /// Fatal
    Fatal,
    /// Corrected
    NonfatalCorrected,
    /// Any
    All,
}
