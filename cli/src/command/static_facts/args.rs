//! The options of `static`.

use clap::{Args, ValueEnum};

use crate::cpu::SocketArgs;

/// Sections of `static`; if none is chosen, all but `partition` are shown.
#[derive(Debug, Args)]
#[command(next_help_heading = "Sections (default: all but partition)")]
pub(crate) struct StaticArgs {
    /// Chip: names, ids, compute units, instruction set
    #[arg(short, long)]
    pub(crate) asic: bool,
    /// PCI address and capabilities of the link
    #[arg(short, long)]
    pub(crate) bus: bool,
    /// Firmware image (VBIOS)
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
    /// Contents of the board's EEPROM
    #[arg(short = 'B', long)]
    pub(crate) board: bool,
    /// Process isolation
    #[arg(short = 'R', long)]
    pub(crate) process_isolation: bool,
    /// Error correction: available and enabled
    #[arg(short, long)]
    pub(crate) ras: bool,
    /// Clock levels: SYS MEM DF SOC DCEF VCLK0 VCLK1 DCLK0 DCLK1, or ALL
    #[arg(short = 'C', long, value_name = "CLOCK", num_args = 0.., ignore_case = true)]
    pub(crate) clock: Option<Vec<ClockName>>,
    /// Partitioning
    #[arg(short, long)]
    pub(crate) partition: bool,
    /// Memory that an APU's firmware reserves for graphics
    #[arg(short, long)]
    pub(crate) mem_carveout: bool,
    /// Power and temperature limits, and the Peak Tops Limiter
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
    /// Nearby CPUs and memory
    #[arg(short = 'u', long)]
    pub(crate) numa: bool,
    /// Version of the CPU's management firmware (all sockets, unless -U selects some)
    #[arg(short, long)]
    pub(crate) smu: bool,
    /// Version of the CPU's HSMP protocol (all sockets, unless -U selects some)
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
