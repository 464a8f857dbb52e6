//! The options of `monitor`.

use clap::{Args, ValueEnum};

use crate::args::{AutosuspendArgs, WatchArgs};
use crate::cpu::CpuArgs;

/// Columns of `monitor`; if none is chosen, AMD's default is shown.
#[derive(Debug, Args)]
#[command(next_help_heading = "Columns (default: power, temperatures, clock, usage, memory)")]
pub(crate) struct MonitorArgs {
    /// Power and its cap
    #[arg(short, long)]
    pub(crate) power_usage: bool,
    /// Hotspot and memory temperature
    #[arg(short, long)]
    pub(crate) temperature: bool,
    /// Power of the baseboard and of the node, and the baseboard's temperatures (where the machine reports them)
    #[arg(short, long)]
    pub(crate) base_board_temps: bool,
    /// Temperatures of the GPU's board (where the machine reports them)
    #[arg(short = 'o', long)]
    pub(crate) gpu_board_temps: bool,
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
    /// Corrected and uncorrected errors, and PCIe replays
    #[arg(short, long)]
    pub(crate) ecc: bool,
    /// Share of time throttled by power or temperature (MI300 and newer)
    #[arg(short = 'V', long)]
    pub(crate) violation: bool,
    /// List processes below the rows; `process` shows more of them
    #[arg(short = 'q', long)]
    pub(crate) process: bool,
    /// Sort the rows: highest first, missing values last, partitions below their package
    #[arg(long, value_name = "KEY", value_enum, ignore_case = true)]
    pub(crate) sort: Option<GpuSort>,
    #[command(flatten)]
    pub(crate) cpu: CpuArgs,
    #[command(flatten)]
    pub(crate) watch: WatchArgs,
    #[command(flatten)]
    pub(crate) autosuspend: AutosuspendArgs,
}

/// Keys that sort GPUs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum GpuSort {
    /// Power
    Power,
    /// Temperature of the hotspot, or of the whole chip if that is the only one
    #[value(alias = "temp")]
    Temperature,
    /// Shader clock
    Clock,
    /// Usage of the shaders
    #[value(alias = "gfx")]
    Busy,
    /// Video memory in use
    Vram,
}
