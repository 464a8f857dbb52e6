//! The options of `static`.

use clap::{Args, ValueEnum};

use crate::cpu::SocketArgs;

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
    /// Video memory (-v in AMD's layouts)
    #[arg(long)]
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
    /// How much of an APU's memory the firmware sets aside for graphics
    #[arg(short, long)]
    pub(crate) mem_carveout: bool,
    /// Limits of power and temperature, and the Peak Tops Limiter
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
    /// Version of the processor's management firmware; with -U, or of all sockets
    #[arg(short, long)]
    pub(crate) smu: bool,
    /// Version of the processor's HSMP protocol; with -U, or of all sockets
    #[arg(short, long)]
    pub(crate) interface_ver: bool,
    #[command(flatten)]
    pub(crate) cpu: SocketArgs,
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
