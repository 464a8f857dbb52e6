//! The options of `process`, and what can be known of a process.

use clap::{Args, ValueEnum};

use crate::args::WatchArgs;

// A paragraph a line, which is wrapped to the terminal's width.
const PROCESS_HELP: &str = "\
Where it comes from:
* KFD lists every process that has /dev/kfd open, with all users' video memory, copy engines and compute units.
* What draws, encodes or computes through the graphics driver is known from its descriptors (/proc/PID/fdinfo), which \
only its user and root may read. How many processes could not be looked at is said below the list.
* In a container with process ids of its own, KFD's list has the host's: those have no name here.

Figures:
VRAM_MEM is the larger of what KFD and the descriptors say; one is within the other. A client that two processes share, \
as after a fork, is with both. USAGE is for how long engines worked since the process began. Percent needs two looks: \
--percent takes them once, --watch from answer to answer. 100 % is one ring all the time, more is several. ROCm's own \
queues are in no engine but SDMA; CU_OCCUPANCY is how many compute units hold their work now. JSON with --sort-by-pid \
has \"processes\" in the place of \"gpu_data\".

Examples:
  amdgpu-smi process --sort vram                who holds the most
  amdgpu-smi process -w 2                       a row for each process, every two seconds
  amdgpu-smi process -n python3 --percent=3     how busy python3 keeps the GPUs, over three seconds
  amdgpu-smi process --json | jq '.gpu_data[].process_list[].process_info.pid'";

/// Which processes, what of them, and in which order.
#[derive(Debug, Args)]
#[command(next_help_heading = "Processes", after_long_help = PROCESS_HELP)]
#[command(after_help = "--help says more: where it comes from, what the figures are, examples.")]
pub(crate) struct ProcessArgs {
    /// Names and total memory, without engines
    #[arg(short = 'G', long)]
    pub(crate) general: bool,
    /// Engines, without memory
    #[arg(short, long)]
    pub(crate) engine: bool,
    /// Only processes with these numbers
    #[arg(short, long, value_name = "PID", num_args = 1..)]
    pub(crate) pid: Vec<u32>,
    /// Only processes with these names, in either case
    #[arg(short, long, value_name = "NAME", num_args = 1..)]
    pub(crate) name: Vec<String>,
    /// The largest first; pid and name upwards
    #[arg(long, value_name = "KEY", value_enum, default_value = "pid", ignore_case = true)]
    pub(crate) sort: ProcessSort,
    /// By process, with the GPUs of each, instead of by GPU
    #[arg(long, visible_alias = "by-pid")]
    pub(crate) sort_by_pid: bool,
    /// A row for each process, also without --watch
    #[arg(short, long)]
    pub(crate) table: bool,
    /// Look twice, SEC seconds apart (1 without a number), and add how busy each engine was
    #[arg(long, value_name = "SEC", num_args = 0..=1, require_equals = true)]
    #[arg(default_missing_value = "1", value_parser = crate::args::seconds)]
    pub(crate) percent: Option<f64>,
    #[command(flatten)]
    pub(crate) watch: WatchArgs,
}

/// What the order goes by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ProcessSort {
    /// Its number.
    Pid,
    /// Its name.
    Name,
    /// Video memory.
    Vram,
    /// System memory that the GPU has mapped.
    Gtt,
    /// Compute units.
    Cu,
    /// The busiest engine: by percent if there is one, else by time.
    Engine,
    /// Copy engines of ROCm.
    Sdma,
}
