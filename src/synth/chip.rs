//! Facts about chips, one file per family.

mod mi210;
mod mi300x;
mod mi350x;
mod navi31;
mod navi48;
mod phoenix;
mod strix;

use super::kernel::Kernel;

/// A GPU that can be built into a machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Chip {
    /// Instinct MI210: gfx90a, 104 compute units, hives of four.
    Mi210,
    /// Instinct MI300X: gfx942, 304 compute units on eight dies that can be split.
    Mi300x,
    /// Instinct MI350X: gfx950, 256 compute units on eight dies that can be split.
    Mi350x,
    /// Radeon RX 7900 XTX (RDNA 3).
    Navi31,
    /// Radeon RX 9070 XT (RDNA 4).
    Navi48,
    /// Radeon 890M of a laptop's processor (Strix Point).
    Strix,
    /// Radeon 780M of a laptop's processor (Phoenix).
    Phoenix,
}

impl Chip {
    /// All simulated chips.
    pub const ALL: [Chip; 7] =
        [Chip::Mi210, Chip::Mi300x, Chip::Mi350x, Chip::Navi31, Chip::Navi48, Chip::Strix, Chip::Phoenix];

    /// The first kernel whose driver knows the chip, of those that machines are written for.
    pub fn since(self) -> Kernel {
        self.facts().since
    }

    pub(super) fn facts(self) -> &'static ChipFacts {
        match self {
            Chip::Mi210 => &mi210::FACTS,
            Chip::Mi300x => &mi300x::FACTS,
            Chip::Mi350x => &mi350x::FACTS,
            Chip::Navi31 => &navi31::FACTS,
            Chip::Navi48 => &navi48::FACTS,
            Chip::Strix => &strix::FACTS,
            Chip::Phoenix => &phoenix::FACTS,
        }
    }
}

/// Which functions of the driver print a chip's files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Family {
    /// aldebaran_ppt.c.
    Mi200,
    /// smu_v13_0_6_ppt.c, smu_v13_0_12_ppt.c.
    Mi300,
    /// smu_v13_0_0_ppt.c, smu_v14_0_2_ppt.c.
    Radeon,
    /// smu_v13_0_4_ppt.c, smu_v14_0_0_ppt.c.
    Apu,
}

/// All that does not change while a GPU runs.
#[derive(Debug)]
pub(super) struct ChipFacts {
    pub(super) family: Family,
    pub(super) since: Kernel,
    pub(super) pci: Pci,
    pub(super) board: Option<BoardFacts>,
    pub(super) vbios: VbiosFacts,
    pub(super) firmware: &'static [(&'static str, u32)],
    pub(super) memory: MemoryFacts,
    pub(super) compute: Compute,
    pub(super) caches: &'static [Cache],
    pub(super) clocks: Clocks,
    pub(super) power: Power,
    pub(super) heat: Heat,
    /// Highest speed, in revolutions a minute; `None` for boards without a fan of their own.
    pub(super) fan: Option<u32>,
    /// Format and content revision of `gpu_metrics`; of accelerators the kernel decides.
    pub(super) metrics: (u8, u8),
    /// Packages that are wired to each other; 1 without XGMI.
    pub(super) hive: usize,
    pub(super) ras: bool,
    pub(super) features: &'static [&'static str],
}

impl ChipFacts {
    pub(super) fn accelerator(&self) -> bool {
        matches!(self.family, Family::Mi200 | Family::Mi300)
    }

    pub(super) fn apu(&self) -> bool {
        self.family == Family::Apu
    }
}

#[derive(Debug)]
pub(super) struct Pci {
    pub(super) device: u16,
    /// The number of the virtual function that a guest gets.
    pub(super) function: Option<u16>,
    pub(super) revision: u8,
    /// The driver's addition to the chip's revision (`external_rev_id` of soc15.c, soc21.c, soc24.c).
    pub(super) external_revision: u32,
    pub(super) subsystem: (u16, u16),
    pub(super) class: u32,
    /// Of the slot: speed in tenths of GT/s and lanes.
    pub(super) link: (u32, u32),
    /// Set if the card has its own PCIe switch.
    pub(super) switch: bool,
}

/// The card's firmware image.
#[derive(Debug)]
pub(super) struct VbiosFacts {
    pub(super) part_number: &'static str,
    pub(super) name: &'static str,
    pub(super) version: &'static str,
    pub(super) date: &'static str,
}

/// The contents of the board's EEPROM.
#[derive(Debug)]
pub(super) struct BoardFacts {
    pub(super) name: &'static str,
    pub(super) number: &'static str,
    pub(super) fru: &'static str,
}

#[derive(Debug)]
pub(super) struct MemoryFacts {
    pub(super) bytes: u64,
    /// System memory that the GPU may map.
    pub(super) gtt: u64,
    pub(super) vendor: Option<&'static str>,
    /// Width in bits.
    pub(super) width: u32,
    /// `AMDGPU_VRAM_TYPE_*`.
    pub(super) kind: u32,
}

/// As KFD prints it, of one compute die.
#[derive(Debug)]
pub(super) struct Compute {
    /// Major × 10000 + minor × 100 + step.
    pub(super) target: u32,
    /// GC of `ip_discovery`: major, minor, revision.
    pub(super) gc: (u32, u32, u32),
    pub(super) name: &'static str,
    pub(super) dies: u32,
    pub(super) units: u32,
    pub(super) arrays: u32,
    pub(super) arrays_per_engine: u32,
    pub(super) units_per_array: u32,
    pub(super) simd_per_unit: u32,
    pub(super) waves: u32,
    pub(super) wave_size: u32,
    pub(super) lds_kilobytes: u32,
    /// SDMA engines of the package, and queues of each.
    pub(super) sdma: (u32, u32),
    pub(super) queues: u32,
    pub(super) capability: u32,
    pub(super) debug_prop: u32,
    pub(super) context: (u32, u32),
}

/// A kind of cache.
#[derive(Debug)]
pub(super) struct Cache {
    pub(super) level: u32,
    pub(super) kilobytes: u32,
    pub(super) line: u32,
    /// 9 data of shaders, 10 instructions of shaders.
    pub(super) kind: u32,
    /// Compute units that share one; `None` for all of the node.
    pub(super) shared: Option<u32>,
}

/// Levels in MHz, from the lowest on.
#[derive(Debug)]
pub(super) struct Clocks {
    pub(super) sclk: (u32, u32),
    pub(super) mclk: &'static [u32],
    pub(super) fclk: &'static [u32],
    pub(super) socclk: &'static [u32],
    pub(super) vclk: &'static [u32],
    pub(super) dclk: &'static [u32],
    /// Clocks of a sleeping video engine: vclk and dclk.
    pub(super) media_asleep: (u32, u32),
}

/// Power limits in watts.
#[derive(Debug)]
pub(super) struct Power {
    pub(super) idle: u32,
    /// Least, default and most of the cap; an APU publishes none.
    pub(super) cap: (u32, u32, u32),
}

/// In degrees Celsius.
#[derive(Debug)]
pub(super) struct Heat {
    pub(super) idle: u32,
    /// Of the hotspot under full load.
    pub(super) full: u32,
    /// Critical and emergency of edge, hotspot and memory.
    pub(super) limits: [(u32, u32); 3],
}
