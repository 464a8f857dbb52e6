//! The options of `monitor`.

use clap::Args;

use crate::args::{AutosuspendArgs, WatchArgs};
use crate::cpu::CpuArgs;

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
    /// Video memory: used, free, total (-v in AMD's layouts)
    #[arg(long)]
    pub(crate) vram_usage: bool,
    /// PCIe bandwidth
    #[arg(short = 'r', long)]
    pub(crate) pcie: bool,
    /// Errors that were corrected, errors that were not, and replays on the link
    #[arg(short, long)]
    pub(crate) ecc: bool,
    /// Share of time throttled by power or temperature (MI300 and newer)
    #[arg(short = 'V', long)]
    pub(crate) violation: bool,
    /// The processes below the rows; `process` has more of them
    #[arg(short = 'q', long)]
    pub(crate) process: bool,
    #[command(flatten)]
    pub(crate) cpu: CpuArgs,
    #[command(flatten)]
    pub(crate) watch: WatchArgs,
    #[command(flatten)]
    pub(crate) autosuspend: AutosuspendArgs,
}
