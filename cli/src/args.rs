//! The options, and the help pages that explain them.

mod capture;
mod control;
mod event;
mod partition;
mod process;
mod ras;
mod topology;

use std::ffi::OsString;
use std::path::PathBuf;

use amdgpu_smi::backend::Archive;
use clap::{ArgAction, Args, CommandFactory, Parser, Subcommand, ValueEnum};

use crate::demo::Demo;

pub(crate) use capture::{CaptureArgs, RedactArg};
pub(crate) use control::{ChangeArgs, FanSpeed, ResetArgs, SetArgs, megahertz, watts};
pub(crate) use event::EventArgs;
pub(crate) use partition::PartitionArgs;
pub(crate) use process::{ProcessArgs, ProcessSort};
pub(crate) use ras::{BadPagesArgs, RasArgs, Severity};
pub(crate) use topology::{TopologyArgs, XgmiArgs};

const LONG_ABOUT: &str = "\
Shows what the Linux drivers (amdgpu, amdkfd) publish about AMD GPUs: what each one is, how hot, busy and \
fast it is, and how it is set. Reads /sys and /proc only: no ROCm, no root, no daemon. A sleeping GPU is not woken. \
Only set and reset change anything, and metric -x and xgmi --errors, which clear the errors they read. Only event \
and capture --events open a device, /dev/kfd.

Without a command, prints a table of all GPUs.";

const AFTER_HELP: &str = "\
Examples:
  amdgpu-smi --demo monitor -w 1        what this looks like, on any machine
  amdgpu-smi                            a table of all GPUs
  amdgpu-smi list -e                    every name that a GPU goes by
  amdgpu-smi metric -p -t -g 0          power and temperatures of the first GPU
  amdgpu-smi monitor -w 1               a row a second, until Ctrl-C
  amdgpu-smi metric --json | jq '.gpu_data[].power.socket_power'
  amdgpu-smi metric -w 0.5 --json       one JSON document a line, two a second
  amdgpu-smi process -w 2               who uses which engine, every two seconds
  amdgpu-smi topology -t                how the GPUs are wired
  amdgpu-smi event --json               a line for each reset, throttling, memory fault
  amdgpu-smi capture -o machine.tar     this machine as a file, without serial numbers and names
  amdgpu-smi --root machine.tar static  the same of a machine that was recorded
  amdgpu-smi set -g 0 -o 300 --dry-run  how the power cap would be set; without --dry-run it is
  amdgpu-smi doctor                     what is missing, and how to get it

Units:
  C degrees Celsius, W watts, mV millivolts, MHz, GT/s transfers per second and lane, % of the time or the
  whole. KB, MB and GB are powers of 1024, as AMD's tools label them. N/A is a value that is not there;
  --verbose adds why. JSON has null in its place, and the reason under \"unavailable\".

Exit status:
  0  answered
  1  nothing could be answered, such as when there is no GPU; or changed, such as without permission
  2  the command line is wrong, or names a GPU that is not there
  3  the amdgpu driver is not there

Environment:
  AMDGPU_SMI_ROOT  the machine's root, as --root
  NO_COLOR         no colours, also on a terminal";

/// AMD GPU telemetry without ROCm
#[derive(Debug, Parser)]
#[command(name = "amdgpu-smi", version, long_about = LONG_ABOUT, after_long_help = AFTER_HELP)]
#[command(after_help = "--help says more: examples, units, exit status.")]
#[command(subcommand_precedence_over_arg = true, max_term_width = 110, disable_help_subcommand = true)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) common: Common,
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

/// What every command takes.
#[derive(Debug, Args)]
#[command(next_help_heading = "Common options")]
pub(crate) struct Common {
    /// The machine to look at: a directory that holds its sys (and proc, dev), or an archive of one
    ///
    /// What "capture" wrote on another machine, a fixture, or the host's root mounted into a container. Without it, the
    /// machine that this runs on. Nothing outside of it is read, whatever its links say.
    #[arg(long, value_name = "DIR|TAR", env = "AMDGPU_SMI_ROOT", global = true, hide_env_values = true)]
    pub(crate) root: Option<PathBuf>,

    /// A machine made up for a look around, instead: =mi300x-8x (which is meant without a name), =rdna3-desktop, =apu-laptop
    ///
    /// It needs no GPU. Its load moves and begins anew every minute; nothing of it is measured. Goes before --root.
    #[arg(long, value_name = "NAME", num_args = 0..=1, require_equals = true, global = true)]
    #[arg(default_missing_value = "mi300x-8x", hide_possible_values = true)]
    pub(crate) demo: Option<Demo>,

    /// What `--demo` names, once it is made.
    #[arg(skip)]
    pub(crate) made_up: Option<Archive>,

    /// The GPUs to answer for: index, PCI address, UUID, or all
    #[arg(short, long = "gpu", value_name = "GPU", num_args = 1.., global = true)]
    pub(crate) gpus: Vec<String>,

    /// Print JSON; =amd prints what amd-smi 10.1 would
    ///
    /// One document: {"schema": 1, "gpu_data": [{"gpu": 0, ...}]}, with amd-smi's keys where it has them. A value
    /// that is not there is null, and its reason stands in "unavailable" under its dotted path. With --watch, one
    /// document a line. =amd: amd-smi's own shape, "N/A" and all, for scripts written for it.
    #[arg(long, value_name = "SHAPE", num_args = 0..=1, require_equals = true, global = true)]
    #[arg(default_missing_value = "own", hide_possible_values = true)]
    pub(crate) json: Option<JsonShape>,

    /// Print comma-separated values, a row for each GPU
    #[arg(long, global = true)]
    pub(crate) csv: bool,

    /// Write to this file instead of standard output
    #[arg(long, value_name = "FILE", global = true)]
    pub(crate) file: Option<PathBuf>,

    /// Replace the file if it is there
    #[arg(long, global = true)]
    pub(crate) overwrite: bool,

    /// Write after the file's end if it is there
    #[arg(long, global = true)]
    pub(crate) append: bool,

    /// Read what wakes a sleeping GPU, too
    #[arg(long, global = true)]
    pub(crate) wake: bool,

    /// Say why a value is N/A; twice: in a whole sentence
    #[arg(short, long, action = ArgAction::Count, global = true)]
    pub(crate) verbose: u8,
}

/// Which JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum JsonShape {
    /// Null and reasons; all that is known.
    Own,
    /// As amd-smi 10.1 prints it.
    Amd,
}

/// What is to be done.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// The GPUs and the names they go by
    List(ListArgs),
    /// What a GPU is: chip, board, bus, firmware image, memory, caches, limits
    Static(StaticArgs),
    /// How a GPU is: usage, power, clocks, temperatures, errors, fan, memory
    Metric(MetricArgs),
    /// The most wanted measurements, a row for each GPU
    #[command(visible_alias = "dmon")]
    Monitor(MonitorArgs),
    /// Versions of the firmware that the driver loaded
    #[command(visible_alias = "ucode")]
    Firmware(FirmwareArgs),
    /// Who uses the GPUs: memory, engines and compute units of each process
    Process(ProcessArgs),
    /// How the GPUs are wired to each other
    Topology(TopologyArgs),
    /// XGMI: links, their traffic and state, the hive
    Xgmi(XgmiArgs),
    /// How packages are split into partitions, and how they can be
    Partition(PartitionArgs),
    /// Error correction, its counts, and the records of errors (CPER)
    Ras(RasArgs),
    /// Pages of video memory that errors were found in
    BadPages(BadPagesArgs),
    /// What GPUs report as it happens: resets, throttling, memory faults, migrations
    Event(EventArgs),
    /// Record the machine as a file, which --root and tests take in its place
    Capture(CaptureArgs),
    /// Change settings: power cap, fan, clocks, performance level, partitions
    Set(Box<SetArgs>),
    /// Set settings back, or reset the GPU itself
    Reset(ResetArgs),
    /// What is there of driver, devices and permissions, what is missing, and how to get it
    Doctor,
    /// Versions of this program, the driver and the kernel
    Version,
    /// Print a script that completes this program's options
    Completions {
        /// The shell that is to read it
        shell: clap_complete::Shell,
    },
}

#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    /// Add DRM nodes, HSA and HIP numbers, and OAM id (JSON has them always)
    #[arg(short, long)]
    pub(crate) enumeration: bool,
}

#[derive(Debug, Args)]
pub(crate) struct FirmwareArgs {
    /// All firmware, which is the default
    #[arg(short = 'f', long = "fw-list", visible_alias = "ucode-list")]
    pub(crate) all: bool,
}

/// Sections of `static`; none chosen is all of them but `partition`.
#[derive(Debug, Args)]
#[command(next_help_heading = "Sections (default: all but partition)")]
pub(crate) struct StaticArgs {
    /// The chip: names, ids, compute units, instruction set
    #[arg(short, long)]
    pub(crate) asic: bool,
    /// PCI address and what the link can do
    #[arg(short, long)]
    pub(crate) bus: bool,
    /// The firmware image (VBIOS)
    #[arg(short = 'I', long)]
    pub(crate) ifwi: bool,
    /// Driver and kernel
    #[arg(short, long)]
    pub(crate) driver: bool,
    /// Video memory
    #[arg(short, long)]
    pub(crate) vram: bool,
    /// Caches
    #[arg(short, long)]
    pub(crate) cache: bool,
    /// What the board's EEPROM says
    #[arg(short = 'B', long)]
    pub(crate) board: bool,
    /// Whether processes are kept apart
    #[arg(short = 'R', long)]
    pub(crate) process_isolation: bool,
    /// Error correction: what the chip has and what is on
    #[arg(short, long)]
    pub(crate) ras: bool,
    /// Clock levels: SYS MEM DF SOC DCEF VCLK0 VCLK1 DCLK0 DCLK1, or ALL
    #[arg(short = 'C', long, value_name = "CLOCK", num_args = 0.., ignore_case = true)]
    pub(crate) clock: Option<Vec<ClockName>>,
    /// How the package is split
    #[arg(short, long)]
    pub(crate) partition: bool,
    /// Limits of power and temperature
    #[arg(short, long)]
    pub(crate) limit: bool,
    /// SoC power policy
    #[arg(short = 'P', long)]
    pub(crate) soc_pstate: bool,
    /// XGMI power-down policy
    #[arg(short = 'x', long)]
    pub(crate) xgmi_plpd: bool,
    /// Power profiles
    #[arg(short = 'o', long)]
    pub(crate) profile: bool,
    /// CPUs and memory nearby
    #[arg(short = 'u', long)]
    pub(crate) numa: bool,
    // `-v` is the video memory here, as in AMD's command.
    /// Say why a value is N/A; twice: in a whole sentence
    #[arg(long, action = ArgAction::Count, help_heading = "Common options")]
    pub(crate) verbose: u8,
}

/// Clocks by AMD's names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ClockName {
    Sys,
    Mem,
    Df,
    Soc,
    Dcef,
    Vclk0,
    Vclk1,
    Dclk0,
    Dclk1,
    All,
}

/// Sections of `metric`; none chosen is all of them.
#[derive(Debug, Args)]
#[command(next_help_heading = "Sections (default: all)")]
pub(crate) struct MetricArgs {
    /// Memory: total, used, free
    #[arg(short, long)]
    pub(crate) mem_usage: bool,
    /// How busy the engines are
    #[arg(short, long)]
    pub(crate) usage: bool,
    /// Power, caps and voltages
    #[arg(short, long)]
    pub(crate) power: bool,
    /// Clocks
    #[arg(short, long)]
    pub(crate) clock: bool,
    /// Temperatures and their limits
    #[arg(short, long)]
    pub(crate) temperature: bool,
    /// The PCIe link as it is now
    #[arg(short = 'P', long)]
    pub(crate) pcie: bool,
    /// Errors in total
    #[arg(short, long)]
    pub(crate) ecc: bool,
    /// Errors of each block
    #[arg(short = 'k', long)]
    pub(crate) ecc_blocks: bool,
    /// Voltages
    #[arg(short = 'V', long)]
    pub(crate) voltage: bool,
    /// Fans and the firmware's fan control
    #[arg(short, long)]
    pub(crate) fan: bool,
    /// The voltage curve
    #[arg(short = 'C', long)]
    pub(crate) voltage_curve: bool,
    /// Overdrive: by how much, and the whole table
    #[arg(short, long)]
    pub(crate) overdrive: bool,
    /// Performance level, power profiles, power features
    #[arg(short = 'l', long)]
    pub(crate) perf_level: bool,
    /// XGMI errors since they were last read; reading clears them, so nothing but this reads them
    #[arg(short, long)]
    pub(crate) xgmi_err: bool,
    /// Energy used since the driver was loaded
    #[arg(short = 'E', long)]
    pub(crate) energy: bool,
    /// Throttling
    #[arg(short = 'v', long = "violation")]
    pub(crate) throttle: bool,
    /// Traffic on the link, which takes a second for each GPU (with -P or alone)
    #[arg(long)]
    pub(crate) pcie_bw: bool,
    #[command(flatten)]
    pub(crate) watch: WatchArgs,
    #[command(flatten)]
    pub(crate) courtesy: CourtesyArgs,
    // `-v` is throttling here, as in AMD's command.
    /// Say why a value is N/A; twice: in a whole sentence
    #[arg(long, action = ArgAction::Count, help_heading = "Common options")]
    pub(crate) verbose: u8,
}

/// Columns of `monitor`; none chosen is AMD's default.
#[derive(Debug, Args)]
#[command(next_help_heading = "Columns (default: power, temperatures, clock, usage, memory)")]
pub(crate) struct MonitorArgs {
    /// Power and its cap
    #[arg(short, long)]
    pub(crate) power_usage: bool,
    /// Temperatures of hotspot and memory
    #[arg(short, long)]
    pub(crate) temperature: bool,
    /// Shader clock and usage
    #[arg(short = 'u', long)]
    pub(crate) gfx: bool,
    /// Memory clock and usage
    #[arg(short, long)]
    pub(crate) mem: bool,
    /// Video encoder
    #[arg(short = 'n', long)]
    pub(crate) encoder: bool,
    /// Video decoder
    #[arg(short, long)]
    pub(crate) decoder: bool,
    /// Video memory: used, free, total
    #[arg(short, long)]
    pub(crate) vram_usage: bool,
    /// PCIe bandwidth
    #[arg(short = 'r', long)]
    pub(crate) pcie: bool,
    /// Errors that were corrected, errors that were not, and replays on the link
    #[arg(short, long)]
    pub(crate) ecc: bool,
    /// In how many percent of the time power and temperature limits held it back (MI300 and newer)
    #[arg(short = 'V', long)]
    pub(crate) violation: bool,
    /// The processes below the rows; `process` has more of them
    #[arg(short = 'q', long)]
    pub(crate) process: bool,
    #[command(flatten)]
    pub(crate) watch: WatchArgs,
    #[command(flatten)]
    pub(crate) courtesy: CourtesyArgs,
    // `-v` is the video memory here, as in AMD's command.
    /// Say why a value is N/A; twice: in a whole sentence
    #[arg(long, action = ArgAction::Count, help_heading = "Common options")]
    pub(crate) verbose: u8,
}

/// Answering again and again.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Watching")]
pub(crate) struct WatchArgs {
    /// Answer again every SEC seconds (0.5 is possible), until Ctrl-C
    #[arg(short, long, value_name = "SEC", value_parser = seconds)]
    pub(crate) watch: Option<f64>,
    /// Stop after SEC seconds
    #[arg(short = 'W', long = "watch_time", value_name = "SEC", requires = "watch", value_parser = seconds)]
    #[arg(visible_alias = "watch-time")]
    pub(crate) watch_time: Option<f64>,
    /// Stop after N answers
    #[arg(short, long, value_name = "N", requires = "watch")]
    #[arg(value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) iterations: Option<u64>,
}

/// What to do about GPUs that may fall asleep.
#[derive(Debug, Args)]
#[command(next_help_heading = "Watching")]
pub(crate) struct CourtesyArgs {
    /// Read a GPU that nobody uses at every answer, although that keeps it awake
    ///
    /// Without this, an idle GPU that may fall asleep (power/control is auto) is left alone for one and a half times
    /// its autosuspend delay: its values are N/A meanwhile ("left alone"). If it is awake afterwards somebody uses
    /// it, and it is read again, for longer each time. --wake includes this.
    #[arg(long, requires = "watch")]
    pub(crate) keep_awake: bool,
}

/// A number of seconds between none and a year.
fn seconds(text: &str) -> Result<f64, String> {
    const YEAR: f64 = 366.0 * 86_400.0;
    match text.parse::<f64>() {
        Ok(seconds) if (0.0..=YEAR).contains(&seconds) => Ok(seconds),
        Ok(_) => Err("from 0 seconds to a year".into()),
        Err(_) => Err("not a number of seconds".into()),
    }
}

/// Reads the command line; prints help or the error and ends the process where there is nothing more to do.
pub(crate) fn parse() -> Cli {
    let cli = Cli::parse();
    let common = &cli.common;
    let is_capture = matches!(cli.command, Some(Command::Capture(_)));
    // Checked here because clap checks each level alone, and these options may stand before or after the command.
    let wrong = if common.csv && common.json.is_some() {
        Some("--csv and --json cannot be used together")
    } else if common.append && common.overwrite {
        Some("--append and --overwrite cannot be used together")
    } else if (common.append || common.overwrite && !is_capture) && common.file.is_none() {
        Some("--append and --overwrite need --file")
    } else {
        None
    };
    if let Some(wrong) = wrong {
        Cli::command().error(clap::error::ErrorKind::ArgumentConflict, wrong).exit();
    }
    cli
}

impl Common {
    /// The root; an empty one is none, as variables are often unset by setting them empty.
    pub(crate) fn root(&self) -> Option<&PathBuf> {
        self.root.as_ref().filter(|root| root.as_os_str() != OsString::new())
    }

    /// Whether it is the machine that this runs on.
    pub(crate) fn live(&self) -> bool {
        self.root().is_none() && self.demo.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_do_not_contradict_each_other() {
        Cli::command().debug_assert();
    }

    #[test]
    fn common_options_before_and_after_the_command() {
        let before = Cli::parse_from(["amdgpu-smi", "-g", "0", "1", "--json=amd", "-v", "metric", "-v"]);
        let after =
            Cli::parse_from(["amdgpu-smi", "metric", "-v", "--verbose", "--json=amd", "-g", "0", "1"]);
        for cli in [before, after] {
            assert_eq!((cli.common.gpus.len(), cli.common.verbose), (2, 1));
            assert_eq!(cli.common.json, Some(JsonShape::Amd));
            let Some(Command::Metric(metric)) = cli.command else { panic!() };
            assert!(metric.throttle);
        }
    }

    #[test]
    fn seconds_may_have_fractions() {
        assert_eq!(seconds("0.1"), Ok(0.1));
        assert!(seconds("-1").is_err());
        assert!(seconds("NaN").is_err());
        assert!(seconds("1e300").is_err());
    }
}
