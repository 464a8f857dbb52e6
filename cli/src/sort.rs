//! Keys that sort processes, the same for `process` and `top`.

use clap::ValueEnum;

/// Keys of the sort order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Sort {
    /// GPU, then video memory
    Gpu,
    /// Process id
    Pid,
    /// User
    User,
    /// Command
    #[value(alias = "name")]
    Command,
    /// Video memory
    Vram,
    /// System memory mapped by the GPU
    Gtt,
    /// All engines together, or the compute units if they are busier
    #[value(alias = "engine")]
    Busy,
    /// Media engines
    Media,
    /// Copy engines
    #[value(alias = "sdma")]
    Copy,
    /// Compute units
    #[value(alias = "cu")]
    Units,
    /// CPU usage
    Cpu,
    /// System memory of the process
    Memory,
}

impl Sort {
    /// The keys of which `process` has values: it reads nothing about CPUs and system memory.
    pub(crate) const OF_GPU: [Sort; 10] = [
        Sort::Pid,
        Sort::Gpu,
        Sort::User,
        Sort::Command,
        Sort::Vram,
        Sort::Gtt,
        Sort::Busy,
        Sort::Media,
        Sort::Copy,
        Sort::Units,
    ];

    /// The name in a menu.
    pub(crate) fn label(self) -> &'static str {
        match self {
            Sort::Gpu => "GPU",
            Sort::Pid => "PID",
            Sort::User => "user",
            Sort::Command => "command",
            Sort::Vram => "VRAM",
            Sort::Gtt => "GTT",
            Sort::Busy => "engines",
            Sort::Media => "media engines",
            Sort::Copy => "copy engines",
            Sort::Units => "compute units",
            Sort::Cpu => "CPU",
            Sort::Memory => "host memory",
        }
    }
}
