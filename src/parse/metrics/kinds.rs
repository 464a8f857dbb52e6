//! Kinds of values in the view that no unit describes.

use crate::unit::MicroJoules;

/// The owner of values of engines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub enum EngineScope {
    /// The whole package.
    #[default]
    Socket,
    /// The partition whose file was read.
    Partition,
    /// One partition in the table of the package, by its position there.
    Xcp(u16),
}

/// State of a link to another GPU.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub enum LinkState {
    /// No traffic possible.
    Inactive,
    /// The link is in use.
    Active,
}

impl std::fmt::Display for LinkState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            LinkState::Inactive => "inactive",
            LinkState::Active => "active",
        })
    }
}

/// A counter of energy.
///
/// The table does not say what a tick is. On MI200 and later it is 2⁻¹⁶ J (kgd_pp_interface.h: 15.259 µJ).
/// Elsewhere nothing is documented, and what was recorded differs: by power and time, MI100 counts joules and
/// Navi 21 millijoules, while AMD's tools take 15.3 µJ for all. MI200 is told from other chips of the same
/// versions by the temperatures of its HBM stacks, which it alone writes (`aldebaran_get_gpu_metrics`).
///
/// Where firmware counts in 32 bits (version 1.0 and RDNA), the counter starts over at 2³².
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct EnergyCounter {
    /// Number of ticks counted.
    pub ticks: u64,
    /// Ticks of a joule, where they are known. Who knows the chip better may set it.
    pub ticks_per_joule: Option<u32>,
}

impl EnergyCounter {
    /// Ticks of a joule on MI200 and later.
    pub const INSTINCT: u32 = 1 << 16;

    /// The energy, rounded down. `None` where a tick is not known, or for more than any GPU can use (18 TJ).
    pub fn energy(self) -> Option<MicroJoules> {
        let energy = (u128::from(self.ticks) * 1_000_000).checked_div(self.ticks_per_joule?.into())?;
        u64::try_from(energy).ok().map(MicroJoules)
    }
}
