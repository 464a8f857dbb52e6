//! The options of `metric`.

use clap::Args;

use crate::args::{AutosuspendArgs, WatchArgs};
use crate::cpu::{CoreMetricArgs, CpuArgs, CpuMetricArgs};

/// Sections of `metric`; if none is chosen, all are shown.
#[derive(Debug, Args)]
#[command(next_help_heading = "Sections (default: all)")]
pub(crate) struct MetricArgs {
    /// Memory: total, used, free
    #[arg(short, long)]
    pub(crate) mem_usage: bool,
    /// Usage of the engines
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
    /// Current state of the PCIe link
    #[arg(short = 'P', long)]
    pub(crate) pcie: bool,
    /// Total errors
    #[arg(short, long)]
    pub(crate) ecc: bool,
    /// Errors per block
    #[arg(short = 'k', long)]
    pub(crate) ecc_blocks: bool,
    /// Voltages
    #[arg(short = 'V', long)]
    pub(crate) voltage: bool,
    /// Temperatures of the baseboard and power of the node (where the machine reports them)
    #[arg(short, long)]
    pub(crate) base_board: bool,
    /// Temperatures of the GPU's board (where the machine reports them)
    #[arg(short = 'G', long)]
    pub(crate) gpu_board: bool,
    /// Fans and the firmware's fan control
    #[arg(short, long)]
    pub(crate) fan: bool,
    /// Voltage curve
    #[arg(short = 'C', long)]
    pub(crate) voltage_curve: bool,
    /// Overdrive: percentage and full table
    #[arg(short, long)]
    pub(crate) overdrive: bool,
    /// Performance level, power profiles, power features
    #[arg(short = 'l', long)]
    pub(crate) perf_level: bool,
    /// XGMI errors since the last read; reading clears them, so only this option reads them
    #[arg(short, long)]
    pub(crate) xgmi_err: bool,
    /// Energy used since the driver was loaded
    #[arg(short = 'E', long)]
    pub(crate) energy: bool,
    /// Throttling (-v in AMD's layouts)
    #[arg(long = "violation")]
    pub(crate) throttle: bool,
    /// Clocks, engines and counters of each partition (where the driver reports them)
    #[arg(short = 'X', long)]
    pub(crate) partition: bool,
    /// Traffic on the PCIe link; takes one second per GPU (with -P or alone)
    #[arg(long)]
    pub(crate) pcie_bw: bool,
    #[command(flatten)]
    pub(crate) cpu: CpuArgs,
    #[command(flatten)]
    pub(crate) sockets: CpuMetricArgs,
    #[command(flatten)]
    pub(crate) cores: CoreMetricArgs,
    #[command(flatten)]
    pub(crate) watch: WatchArgs,
    #[command(flatten)]
    pub(crate) autosuspend: AutosuspendArgs,
}
