//! The labels of hwmon: which sensor `tempN_label` names, and which rail `inN_label`.
//!
//! Printed by `amdgpu_hwmon_show_temp_label`, `amdgpu_hwmon_show_vddgfx_label` and its like in amdgpu_pm.c.

use std::fmt;

/// Where a temperature is measured, as the driver labels it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum TemperatureSensor {
    /// `edge`: at the die's edge; the only one of an APU, and none on MI300.
    Edge,
    /// `junction`: the hottest spot of the die; AMD SMI's hotspot.
    Junction,
    /// `mem`: the memory.
    Memory,
    /// Another label, or none: then `tempN`.
    Other(String),
}

impl TemperatureSensor {
    /// The sensor that the driver labels so.
    pub(crate) fn of_label(label: &str) -> TemperatureSensor {
        match label {
            "edge" => TemperatureSensor::Edge,
            "junction" => TemperatureSensor::Junction,
            "mem" => TemperatureSensor::Memory,
            other => TemperatureSensor::Other(other.to_owned()),
        }
    }

    /// The driver's label: `edge`, `junction`, `mem`, or another.
    pub fn as_str(&self) -> &str {
        match self {
            TemperatureSensor::Edge => "edge",
            TemperatureSensor::Junction => "junction",
            TemperatureSensor::Memory => "mem",
            TemperatureSensor::Other(label) => label,
        }
    }
}

impl fmt::Display for TemperatureSensor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

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
