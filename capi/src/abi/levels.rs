//! The levels of clocks and of the PCIe link. ROCm SMI has the same structs.

use amdgpu_smi::gpu::{DpmIndex, DpmTable, PcieTable};

use super::layout::{Layout, Plain, StructLayout, c_structs};
use super::status::{Outcome, Status};
use crate::number::{hertz, or_none};

c_structs! {
    /// The levels of a clock, in Hz.
    Frequencies = "struct_amdsmi_frequencies_t" {
        has_deep_sleep: bool,
        num_supported: u32,
        /// Index in `frequency`; all ones where no level is marked.
        current: u32,
        frequency: [u64; 33],
    }

    /// The levels of the PCIe link, in transfers per second.
    PcieBandwidth = "struct_amdsmi_pcie_bandwidth_t" {
        transfer_rate: Frequencies,
        lanes: [u32; 33],
    }
}

impl Frequencies {
    /// The levels of a clock.
    pub(crate) fn of_clock(table: &DpmTable) -> Frequencies {
        let mut list = Frequencies::ZERO;
        for (slot, level) in list.frequency.iter_mut().zip(&table.levels) {
            *slot = hertz(level.frequency.0);
            list.num_supported += 1;
        }
        // Of two that are marked the first, as in AMD's library.
        list.current = or_none(table.levels.iter().position(|level| level.current));
        list.has_deep_sleep = table.levels.iter().any(|level| level.index == DpmIndex::Sleep);
        list
    }

    /// UNEXPECTED_DATA where no level is marked as the one in force.
    pub(crate) fn marked(&self) -> Outcome {
        if self.current == u32::MAX { Err(Status::UNEXPECTED_DATA) } else { Ok(()) }
    }
}

impl PcieBandwidth {
    /// The levels of the link.
    pub(crate) fn of_link(table: &PcieTable) -> PcieBandwidth {
        let mut list = PcieBandwidth::ZERO;
        let mut rates = Frequencies::ZERO;
        for ((rate, lanes), level) in rates.frequency.iter_mut().zip(&mut list.lanes).zip(&table.levels) {
            *rate = level.speed.map_or(0, |speed| u64::from(speed.0) * 1_000_000);
            *lanes = level.width.map_or(0, u32::from);
            rates.num_supported += 1;
        }
        // Of two that are marked the first, as in AMD's library.
        rates.current = or_none(table.levels.iter().position(|level| level.current));
        list.transfer_rate = rates;
        list
    }
}

pub(super) fn layouts() -> Vec<StructLayout> {
    vec![Frequencies::layout(), PcieBandwidth::layout()]
}
