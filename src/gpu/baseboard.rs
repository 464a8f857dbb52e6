//! The board that carries the packages of an accelerator node: power, power limit and temperatures.

use super::{Access, Gpu};
use crate::attribute::{
    Attribute, NODE_POWER, NODE_POWER_LIMIT, NODE_POWER_LIMIT_MAX, POWER_MANAGED, PPT_RESIDENCY, UBB_POWER,
    UBB_POWER_LIMIT, newer_board,
};
use crate::error::{Error, Result};
use crate::parse::metrics::BoardTemperatures;
use crate::reading::{Reading, Scope, Value, bundle};
use crate::unit::MicroWatts;

bundle! {
    /// Power in microwatts of the board that carries the packages, and of the whole node.
    ///
    /// Every package of the board reports the same values: never add them up.
    pub struct NodePower {
        readings {
            /// Power of the universal baseboard (UBB) with all its packages.
            pub ubb_power: MicroWatts,
            /// Power limit of the baseboard.
            pub ubb_power_limit: MicroWatts,
            /// Power of the node.
            pub node_power: MicroWatts,
            /// Power limit of the node in effect.
            pub node_power_limit: MicroWatts,
            /// Highest power limit of the node.
            pub node_power_limit_max: MicroWatts,
            /// Time the node was at its limit, in samples of the firmware.
            pub ppt_residency: u64,
            /// `true` if the node's power is managed.
            pub managed: bool,
        }
    }
}

/// # Baseboard and node
impl Gpu {
    /// Power in microwatts of the baseboard and of the node, with their limits.
    ///
    /// # Source
    /// `board/*` of the PCI device, since kernel 6.18; on newer chips `board/npm/*`.
    ///
    /// # Errors
    /// None. Each missing field has its reason.
    ///
    /// # Supported on
    /// MI350 and newer Instinct.
    #[doc(alias = "amdsmi_get_npm_info")]
    pub fn node_power(&self) -> NodePower {
        let board = BoardFiles { access: self.access(), has: self.has_entry(BOARD) };
        NodePower {
            ubb_power: board.get(&UBB_POWER),
            ubb_power_limit: board.get(&UBB_POWER_LIMIT),
            node_power: board.get(&NODE_POWER),
            node_power_limit: board.get(&NODE_POWER_LIMIT),
            node_power_limit_max: board.get(&NODE_POWER_LIMIT_MAX),
            ppt_residency: board.get(&PPT_RESIDENCY),
            managed: board.get(&POWER_MANAGED),
        }
    }

    /// Temperatures in millidegrees Celsius on this package's board.
    ///
    /// # Source
    /// `board/gpuboard_temp` of the PCI device, since kernel 6.18.
    ///
    /// # Errors
    /// [`Error::NotSupported`] without the file; else as [`Gpu::metrics`].
    ///
    /// # Supported on
    /// MI350 and newer Instinct.
    #[doc(alias = "amdsmi_get_temp_metric")]
    pub fn gpu_board_temperatures(&self) -> Result<BoardTemperatures> {
        self.has_entry(BOARD)?;
        self.with_table("board/gpuboard_temp", BoardTemperatures::decode_gpuboard)
    }

    /// Temperatures in millidegrees Celsius on the board that carries the packages. Every package of the board
    /// reports the same values.
    ///
    /// # Source
    /// `board/baseboard_temp` of the PCI device, since kernel 6.18.
    ///
    /// # Errors
    /// [`Error::NotSupported`] without the file; else as [`Gpu::metrics`].
    ///
    /// # Supported on
    /// MI350 and newer Instinct.
    #[doc(alias = "amdsmi_get_temp_metric")]
    pub fn base_board_temperatures(&self) -> Result<BoardTemperatures> {
        self.has_entry(BOARD)?;
        self.with_table("board/baseboard_temp", BoardTemperatures::decode_baseboard)
    }
}

/// The directory with the board's files.
const BOARD: &str = "board";

/// Access to the board's files.
struct BoardFiles<'a> {
    access: Access<'a>,
    /// `Ok` if the directory exists.
    has: Result<()>,
}

impl BoardFiles<'_> {
    /// Reads a file in whichever of the directories it is.
    fn get<T>(&self, attribute: &Attribute<T>) -> Reading<T> {
        self.has.clone()?;
        let value = match self.access.get(attribute) {
            Err(absent @ Error::NotSupported { .. }) => {
                match self.access.named(attribute, &newer_board(attribute.name)) {
                    Err(Error::NotSupported { .. }) => Err(absent),
                    answer => answer,
                }
            }
            answer => answer,
        };
        value.map(|value| Value { scope: Scope::Board, ..value })
    }
}
