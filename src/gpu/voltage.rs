//! Voltage rails of hwmon.

use super::Gpu;
use crate::attribute::{VOLTAGE_INPUT, VOLTAGE_LABEL};
use crate::error::Result;
use crate::parse::label::VoltageRail;
use crate::reading::bundle;
use crate::unit::MilliVolts;

bundle! {
    /// One rail's voltage in millivolts.
    pub struct Voltage {
        /// The voltage rail.
        pub rail: VoltageRail,
        /// N of `inN_input`; none for a rail that only the metrics table has.
        pub channel: Option<u32>,
        readings {
            /// Current voltage.
            pub current: MilliVolts,
        }
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
