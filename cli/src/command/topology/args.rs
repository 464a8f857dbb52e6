//! The options of `topology`.

use clap::Args;

// One line per paragraph: clap wraps it to the terminal's width.
const TOPOLOGY_HELP: &str = "\
Rows are the GPUs that a link starts from, columns those it leads to. All values come from KFD and are available while \
the GPUs sleep. With more than eight GPUs, the columns are numbered.

ACCESS     ENABLED if a GPU can access the other's memory directly; DISABLED if it has to go through the host
WEIGHT     cost by KFD's rule: 20 per PCIe segment, 15 per XGMI hop, 13 within a package, 41 between partitions of two \
packages
HOPS       number of hops, derived from the weight; 1 within a package
NUMA BW    minimum and maximum MB/s in one direction, if the firmware reports them
COHERENCY  C coherent, NC not coherent
ATOMICS    supported operations: 64 and 32 bits
DMA        T if a copy engine can access the other's memory
BI-DIRECTIONAL  T if the link works in both directions

JSON adds each GPU's NUMA node, nearby CPUs and hive, and lists the other GPUs, nearest first.

Examples:
  amdgpu-smi topology -t -o                     link types and hops
  amdgpu-smi topology -g 0 1 -b                 bandwidth between two GPUs
  amdgpu-smi topology --json | jq -c '.gpu_data[] | [.gpu, .numa.node, .nearest]'";

/// Tables of `topology`; if none is chosen, all are shown.
#[derive(Debug, Args)]
#[command(next_help_heading = "Tables (default: all)", after_long_help = TOPOLOGY_HELP)]
#[command(after_help = "See --help for the meaning of the tables, and examples.")]
pub(crate) struct TopologyArgs {
    /// Direct access to the other GPU's memory
    #[arg(short, long)]
    pub(crate) access: bool,
    /// Link weight
    #[arg(short, long)]
    pub(crate) weight: bool,
    /// Hops
    #[arg(short = 'o', long)]
    pub(crate) hops: bool,
    /// Link type
    #[arg(short = 't', long)]
    pub(crate) link_type: bool,
    /// Minimum and maximum bandwidth
    #[arg(short = 'b', long)]
    pub(crate) numa_bw: bool,
    /// Cache coherency
    #[arg(short, long)]
    pub(crate) coherent: bool,
    /// Supported atomic operations
    #[arg(short = 'n', long)]
    pub(crate) atomics: bool,
    /// DMA access to the other GPU's memory
    #[arg(short, long)]
    pub(crate) dma: bool,
    /// Bidirectional
    #[arg(short = 'z', long)]
    pub(crate) bi_dir: bool,
}
