//! Voltages.

use super::Gpu;
use crate::error::{Reasons, Result};
use crate::parse::scalar;
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
    /// Another label, or none: then `inN`.
    Other(String),
}

/// One voltage: thousandths of a volt.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Voltage {
    /// Which rail.
    pub rail: VoltageRail,
    /// N of `inN_input`.
    pub channel: u32,
    /// Now.
    pub current: Option<MilliVolts>,
    /// Why `current` has no value.
    pub reasons: Reasons,
}

impl Gpu {
    /// All voltages in thousandths of a volt. No sensor is an empty list.
    ///
    /// *Source*: hwmon `in*`, found by listing.
    /// *Errors*: [`NotSupported`](crate::Error::NotSupported) without hwmon. What fails for one rail stands in its `reasons`.
    /// *Supported on*: `vddgfx` on most, `vddnb` on APUs; none on MI300.
    #[doc(alias = "amdsmi_get_gpu_volt_metric")]
    pub fn voltages(&self) -> Result<Vec<Voltage>> {
        let access = self.access();
        let channels = self.hwmon()?.channels("in").into_iter();
        Ok(channels
            .map(|channel| {
                let mut reasons = Reasons::default();
                let label = self.hwmon_fact(&format!("in{channel}_label"), |text| {
                    Ok(scalar::text(text).map(String::from))
                });
                let rail = match label.ok().flatten().as_deref() {
                    Some("vddgfx") => VoltageRail::Graphics,
                    Some("vddnb") => VoltageRail::Northbridge,
                    Some("vddboard") => VoltageRail::Board,
                    Some(other) => VoltageRail::Other(other.to_owned()),
                    None => VoltageRail::Other(format!("in{channel}")),
                };
                let value = access.read_hwmon(&format!("in{channel}_input"), scalar::signed).map(MilliVolts);
                Voltage { rail, channel, current: reasons.keep("current", value), reasons }
            })
            .collect())
    }
}
