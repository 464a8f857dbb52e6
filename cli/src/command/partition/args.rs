//! The options of `partition`.

use clap::Args;

// A paragraph a line, which is wrapped to the terminal's width.
const PARTITION_HELP: &str = "\
How the compute units and the memory of a package (MI300 and newer Instinct) are split, and how they could be. What a \
profile deals out the driver tells of one profile at a time, the one selected in xcp_config, and to root only; amd-smi \
repeats it for all.

Examples:
  amdgpu-smi partition -c                   how each GPU is split
  sudo amdgpu-smi partition -a              what the profiles deal out
  sudo amdgpu-smi set -g 0 -C CPX           split it, after partition has told what can be chosen";

/// Tables of `partition`; none chosen is all of them.
#[derive(Debug, Args)]
#[command(next_help_heading = "Tables (default: all)", after_long_help = PARTITION_HELP)]
#[command(after_help = "--help says more: who is told what, examples.")]
pub(crate) struct PartitionArgs {
    /// How each GPU is split
    #[arg(short, long)]
    pub(crate) current: bool,
    /// How the memory is split and can be
    #[arg(short, long)]
    pub(crate) memory: bool,
    /// How the compute units can be split, and what each partition gets
    #[arg(short, long)]
    pub(crate) accelerator: bool,
}
