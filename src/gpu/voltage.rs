//! Voltages.

use std::fmt;

use super::Gpu;
use crate::attribute::{VOLTAGE_INPUT, VOLTAGE_LABEL};
use crate::error::Result;
use crate::reading::bundle;
use crate::unit::MilliVolts;

/// Which rail a voltage is of, as the driver labels it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum VoltageRail {
    /// `vddgfx`: the graphics core.
    Graphics,
    /// `vddnb`: the northbridge (SoC) of an APU.
    Northbridge,
    /// `vddboard`: the board's supply.
    Board,
    /// The system-on-chip part of a discrete card; only the metrics table has it.
    Soc,
    /// The memory's rail; only the metrics table has it.
    Memory,
    /// Another label, or none: then `inN`.
    Other(String),
}

bundle! {
    /// One voltage: thousandths of a volt.
    pub struct Voltage {
        /// Which rail.
        pub rail: VoltageRail,
        /// N of `inN_input`; none for a rail that only the metrics table has.
        pub channel: Option<u32>,
        readings {
            /// Now.
            pub current: MilliVolts,
        }
    }
}

impl VoltageRail {
    /// The rail that the driver labels so.
    pub(crate) fn of_label(label: &str) -> VoltageRail {
        match label {
            "vddgfx" => VoltageRail::Graphics,
            "vddnb" => VoltageRail::Northbridge,
            "vddboard" => VoltageRail::Board,
            other => VoltageRail::Other(other.to_owned()),
        }
    }

    /// The driver's label: `vddgfx`, `vddnb`, `vddboard`, or another.
    pub fn as_str(&self) -> &str {
        match self {
            VoltageRail::Graphics => "vddgfx",
            VoltageRail::Northbridge => "vddnb",
            VoltageRail::Board => "vddboard",
            VoltageRail::Soc => "soc",
            VoltageRail::Memory => "mem",
            VoltageRail::Other(label) => label,
        }
    }
}

impl fmt::Display for VoltageRail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Gpu {
    /// The rails of hwmon.
    pub(crate) fn hwmon_voltages(&self) -> Result<Vec<Voltage>> {
        let access = self.access();
        let channels = self.hwmon()?.channels("in").into_iter();
        Ok(channels
            .map(|channel| {
                let label = access.at(&VOLTAGE_LABEL, channel).map(|label| label.value);
                let rail = label.unwrap_or_else(|_| VoltageRail::Other(format!("in{channel}")));
                Voltage { rail, channel: Some(channel), current: access.at(&VOLTAGE_INPUT, channel) }
            })
            .collect())
    }
}
