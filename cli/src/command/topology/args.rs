//! The options of `topology`.

use clap::Args;

// A paragraph a line, which is wrapped to the terminal's width.
const TOPOLOGY_HELP: &str = "\
A row is the GPU that a way begins at, a column the one it leads to. All of it comes from KFD and is answered while the \
GPUs sleep. Of more than eight GPUs the columns are numbered.

ACCESS     whether a GPU reaches the other's memory itself; a way through the host's memory is DISABLED
WEIGHT     cost by KFD's rule: 20 a leg of PCIe, 15 a hop of XGMI, 13 within a package, 41 between partitions of two \
packages
HOPS       legs of the way, told from the weight; 1 within a package
NUMA BW    least and most MB/s in one direction, where the firmware tells
COHERENCY  C coherent, NC not; ATOMICS 64 and 32 bits; DMA and BI-DIRECTIONAL T or F

JSON adds the NUMA node and CPUs near each GPU, its hive, and the other GPUs with the nearest first.

Examples:
  amdgpu-smi topology -t -o                     how GPUs are wired, and how far apart they are
  amdgpu-smi topology -g 0 1 -b                 two of them
  amdgpu-smi topology --json | jq -c '.gpu_data[] | [.gpu, .numa.node, .nearest]'";

/// Tables of `topology`; none chosen is all of them.
#[derive(Debug, Args)]
#[command(next_help_heading = "Tables (default: all)", after_long_help = TOPOLOGY_HELP)]
#[command(after_help = "--help says more: what the tables mean, examples.")]
pub(crate) struct TopologyArgs {
    /// Whether a GPU reaches the other's memory
    #[arg(short, long)]
    pub(crate) access: bool,
    /// Cost of the way
    #[arg(short, long)]
    pub(crate) weight: bool,
    /// Legs of the way
    #[arg(short = 'o', long)]
    pub(crate) hops: bool,
    /// What the way is made of
    #[arg(short = 't', long)]
    pub(crate) link_type: bool,
    /// Bandwidth, least and most
    #[arg(short = 'b', long)]
    pub(crate) numa_bw: bool,
    /// Whether caches on both sides agree
    #[arg(short, long)]
    pub(crate) coherent: bool,
    /// Which atomic operations pass
    #[arg(short = 'n', long)]
    pub(crate) atomics: bool,
    /// Whether copy engines reach the other's memory
    #[arg(short, long)]
    pub(crate) dma: bool,
    /// Whether there is the same way back
    #[arg(short = 'z', long)]
    pub(crate) bi_dir: bool,
}
