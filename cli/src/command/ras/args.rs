//! The options of `ras`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

// One line per paragraph: clap wraps it to the terminal's width.
const RAS_HELP: &str = "\
By default, shows the blocks with error correction, their error counts since the driver was loaded, the EEPROM table \
and the number of poison events.

--cper shows the error records (CPER) that the driver has kept since it was loaded: time, severity, cause and AMD's \
numbers for the kinds of error (AFID). Needs Linux 6.15, MI300 or newer Instinct, and root (debugfs). Reading removes \
no record. --folder also writes each record to NAME.cper and its header to NAME.json; existing files are kept, and \
new records get another name. --follow checks for new records every second.

--afid shows the AFIDs of records in files, on any machine.

Examples:
  amdgpu-smi ras                                      error correction and its counts
  sudo amdgpu-smi ras --cper --severity fatal         fatal errors only
  sudo amdgpu-smi ras --cper --folder /var/log/cper   save the records; add --follow for future ones
  amdgpu-smi ras --afid --cper-file fatal-1.cper      AFIDs of a saved record";

/// Options of `ras`.
#[derive(Debug, Args)]
#[command(next_help_heading = "RAS", after_long_help = RAS_HELP)]
#[command(after_help = "See --help for the records, permissions and examples.")]
pub(crate) struct RasArgs {
    /// Show error records (CPER); implied by --severity and --follow
    #[arg(long)]
    pub(crate) cper: bool,
    /// Show AMD's numbers (AFIDs) for the errors in files; implied by --cper-file
    #[arg(long, conflicts_with_all = ["cper", "severity", "follow"])]
    pub(crate) afid: bool,
    /// Only records of this severity
    #[arg(long, value_name = "SEVERITY", num_args = 1.., value_enum, ignore_case = true)]
    #[arg(value_delimiter = ',')]
    pub(crate) severity: Vec<Severity>,
    /// Write the records to this folder, created if missing; with --afid: read all *.cper in it
    #[arg(long, value_name = "DIR")]
    pub(crate) folder: Option<PathBuf>,
    /// Keep printing new records until Ctrl-C
    #[arg(long)]
    pub(crate) follow: bool,
    /// Read the record from this file
    #[arg(long, value_name = "FILE", conflicts_with_all = ["folder", "cper", "severity", "follow"])]
    pub(crate) cper_file: Option<PathBuf>,
}

impl RasArgs {
    /// Returns `true` if the records are asked for, directly or by an option that implies them.
    pub(super) fn asks_for_records(&self) -> bool {
        self.cper || self.follow || !self.severity.is_empty()
    }

    /// Returns `true` if AMD's numbers are asked for, directly or by an option that implies them.
    pub(super) fn asks_for_afids(&self) -> bool {
        self.afid || self.cper_file.is_some()
    }
}

/// Severities of an error.
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
