//! The options of `process`, and their help.

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, ValueEnum};

use crate::args::WatchArgs;
use crate::sort::Sort;

// One line per paragraph: clap wraps it to the terminal's width.
const PROCESS_HELP: &str = "\
Sources:
* KFD lists every process of every user that has /dev/kfd open (ROCm programs), with video memory, copy engines and \
compute units.
* /proc/PID/fdinfo lists programs that draw, encode or compute through the graphics driver. Only the owner and root \
may read it; the number of processes that could not be inspected is printed below the list.
* In a container with its own process ids, KFD lists the host's ids; these processes have no name.

Figures:
* VRAM_MEM is the larger of the values of KFD and fdinfo, because one includes the other. If two processes share a \
client, for example after a fork, both have its memory.
* USAGE is the time engines have worked since the process started. Percentages need two samples: use --percent or \
--watch. 100 % is one ring busy all the time; several rings can exceed it.
* ROCm's compute queues appear in no engine; CU_OCCUPANCY is the number of compute units that hold their work now.
* JSON with --sort-by-pid has \"processes\" instead of \"gpu_data\".

Examples:
  amdgpu-smi process --sort vram                largest video memory first
  amdgpu-smi process -w 2                       one row per process, every two seconds
  amdgpu-smi process -n python3 --percent=3     engine usage of python3, over three seconds
  amdgpu-smi process --json | jq '.gpu_data[].process_list[].process_info.pid'";

/// Filters, sections and order of `process`.
#[derive(Debug, Args)]
#[command(next_help_heading = "Processes", after_long_help = PROCESS_HELP)]
#[command(after_help = "See --help for sources, figures and examples.")]
pub(crate) struct ProcessArgs {
    /// Names and total memory, without engines
    #[arg(short = 'G', long)]
    pub(crate) general: bool,
    /// Engines, without memory
    #[arg(short, long)]
    pub(crate) engine: bool,
    /// Only processes with these ids
    #[arg(short, long, value_name = "PID", num_args = 1.., value_parser = pid)]
    pub(crate) pid: Vec<u32>,
    /// Only processes with these names (case-insensitive)
    #[arg(short, long, value_name = "NAME", num_args = 1..)]
    pub(crate) name: Vec<String>,
    /// Sort by this column: largest first; names and numbers ascending
    #[arg(long, value_name = "KEY", value_parser = key(), default_value = "pid", ignore_case = true)]
    pub(crate) sort: Sort,
    /// Group by process instead of by GPU
    #[arg(long, visible_alias = "by-pid")]
    pub(crate) sort_by_pid: bool,
    /// Print one row per process, also without --watch
    #[arg(short, long)]
    pub(crate) table: bool,
    /// Sample twice, SEC seconds apart [default: 1], and add the usage of each engine
    #[arg(long, value_name = "SEC", num_args = 0..=1, require_equals = true)]
    #[arg(default_missing_value = "1", value_parser = crate::args::pause)]
    pub(crate) percent: Option<f64>,
    #[command(flatten)]
    pub(crate) watch: WatchArgs,
}

fn pid(text: &str) -> Result<u32, String> {
    text.parse().map_err(|_| "expected a process id".into())
}

/// Parses a key: `top` has these and more.
fn key() -> impl TypedValueParser<Value = Sort> {
    PossibleValuesParser::new(Sort::OF_GPU.iter().filter_map(ValueEnum::to_possible_value))
        .try_map(|name| Sort::from_str(&name, true))
}
