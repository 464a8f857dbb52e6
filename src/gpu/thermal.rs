//! The temperature sensors of hwmon.

use super::{Access, Gpu};
use crate::attribute::{
    TEMPERATURE_CRITICAL, TEMPERATURE_CRITICAL_HYSTERESIS, TEMPERATURE_EMERGENCY, TEMPERATURE_INPUT,
    TEMPERATURE_LABEL,
};
use crate::error::{Error, Result};
use crate::parse::label::TemperatureSensor;
use crate::reading::{Reading, bundle};
use crate::unit::MilliCelsius;

bundle! {
    /// One sensor: current temperature in millidegrees Celsius, and its limits.
    pub struct Temperature {
        /// The location of the sensor.
        pub sensor: TemperatureSensor,
        /// N of `tempN_input`; none for a sensor that only the metrics table has.
        pub channel: Option<u32>,
        readings {
            /// Current temperature, from `tempN_input`; steps of 1 °C on most GPUs.
            pub current: MilliCelsius,
            /// Temperature above which the GPU throttles (`tempN_crit`).
            pub critical: MilliCelsius,
            /// Temperature below which throttling ends (`tempN_crit_hyst`); absent if the driver reports −273.15 °C,
            /// its "no bound".
            pub critical_hysteresis: MilliCelsius,
            /// Temperature above which the GPU shuts down (`tempN_emergency`).
            pub emergency: MilliCelsius,
        }
    }
}

impl Gpu {
    /// The sensors of hwmon, with their limits.
    pub(crate) fn hwmon_temperatures(&self) -> Result<Vec<Temperature>> {
        let access = self.access();
        let sensors = self.temperature_sensors(&access)?.into_iter();
        Ok(sensors
            .map(|(channel, sensor)| Temperature {
                sensor,
                channel: Some(channel),
                critical: access.at(&TEMPERATURE_CRITICAL, channel),
                critical_hysteresis: access.at(&TEMPERATURE_CRITICAL_HYSTERESIS, channel),
                emergency: access.at(&TEMPERATURE_EMERGENCY, channel),
                current: access.at(&TEMPERATURE_INPUT, channel),
            })
            .collect())
    }

    /// One sensor of hwmon.
    pub(crate) fn hwmon_temperature(&self, wanted: &TemperatureSensor) -> Reading<MilliCelsius> {
        let access = self.access();
        let found = self.temperature_sensors(&access)?.into_iter().find(|(_, sensor)| sensor == wanted);
        match found {
            Some((channel, _)) => access.at(&TEMPERATURE_INPUT, channel),
            None => Err(Error::NotSupported { path: self.path_of("hwmon/temp*_label") }),
        }
    }

    /// The channels, with the sensor of each.
    fn temperature_sensors(&self, access: &Access<'_>) -> Result<Vec<(u32, TemperatureSensor)>> {
        let mut sensors = Vec::new();
        let mut unlabelled_first = None;
        for channel in self.hwmon()?.channels("temp") {
            let sensor = match access.at(&TEMPERATURE_LABEL, channel) {
                Ok(label) => label.value,
                Err(error @ Error::DeviceGone { .. }) => return Err(error),
                Err(Error::NotSupported { .. }) if channel == 1 => {
                    unlabelled_first = Some(sensors.len());
                    TemperatureSensor::Other("temp1".to_owned())
                }
                Err(_) => TemperatureSensor::Other(format!("temp{channel}")),
            };
            sensors.push((channel, sensor));
        }
        // Before kernel 5.1, which added labels, the driver had one temperature, the die's edge.
        let has_edge = sensors.iter().any(|(_, sensor)| *sensor == TemperatureSensor::Edge);
        if let Some((_, sensor)) = unlabelled_first.filter(|_| !has_edge).and_then(|at| sensors.get_mut(at)) {
            *sensor = TemperatureSensor::Edge;
        }
        Ok(sensors)
    }
}
