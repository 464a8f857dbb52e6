//! The options of `partition`.

use clap::Args;

// One line per paragraph: clap wraps it to the terminal's width.
const PARTITION_HELP: &str = "\
Shows how the compute units and the memory of a package (MI300 and newer Instinct) are split, and the other possible \
splits. The driver describes the resources of one profile only, the one selected in xcp_config, and only to root; \
amd-smi repeats them for all profiles.

Examples:
  amdgpu-smi partition -c                   current mode of each GPU
  sudo amdgpu-smi partition -a              resources of each profile
  sudo amdgpu-smi set -g 0 -C CPX           switch to CPX; `partition` lists the possible modes";

/// Tables of `partition`; if none is chosen, all are shown.
#[derive(Debug, Args)]
#[command(next_help_heading = "Tables (default: all)", after_long_help = PARTITION_HELP)]
#[command(after_help = "See --help for permissions and examples.")]
pub(crate) struct PartitionArgs {
    /// Current partitioning of each GPU
    #[arg(short, long)]
    pub(crate) current: bool,
    /// Current and possible memory partitioning
    #[arg(short, long)]
    pub(crate) memory: bool,
    /// Possible compute partitioning, with the resources of each partition
    #[arg(short, long)]
    pub(crate) accelerator: bool,
}
