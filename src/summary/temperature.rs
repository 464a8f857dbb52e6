//! Temperatures.

use super::Look;
use crate::error::{Error, Result};
use crate::gpu::{Gpu, Temperature, TemperatureSensor};
use crate::parse::metrics::Metrics;
use crate::reading::{Reading, Scope, bundle};
use crate::unit::MilliCelsius;

bundle! {
    /// The temperature to show where there is room for one, in thousandths of a degree Celsius.
    pub struct CoreTemperature {
        /// Where it is measured: the hottest spot, or the edge on chips that have no other sensor.
        pub sensor: TemperatureSensor,
        readings {
            /// Now.
            pub current: MilliCelsius,
        }
    }
}

/// The sensors that the table has, too.
const IN_TABLE: [TemperatureSensor; 3] =
    [TemperatureSensor::Edge, TemperatureSensor::Junction, TemperatureSensor::Memory];

impl Look<'_> {
    /// All temperature sensors in thousandths of a degree Celsius, with their limits. No sensor is an empty list.
    ///
    /// # Source
    /// hwmon `temp*`, found by listing; edge, junction and memory that hwmon does not have, from `gpu_metrics`. Limits
    /// and labels are answered while the GPU sleeps; the current values are not.
    ///
    /// # Errors
    /// [`Error::NotSupported`] where neither has any; [`Error::DeviceGone`]. A sensor that fails has its reason.
    pub fn temperatures(&self) -> Result<Vec<Temperature>> {
        let listed = match self.sample {
            Some(sample) => sample.temperatures.clone(),
            None => self.gpu.hwmon_temperatures(),
        };
        let (mut sensors, absent) = match listed {
            Ok(sensors) => (sensors, None),
            Err(absent) if absent.is_absence() => (Vec::new(), Some(absent)),
            Err(error) => return Err(error),
        };
        let hwmon_has_any = !sensors.is_empty();
        for sensor in IN_TABLE {
            let of_table = |metrics: &Metrics| in_table(metrics, &sensor);
            let mut is_listed = false;
            for found in sensors.iter_mut().filter(|found| found.sensor == sensor) {
                is_listed = true;
                let attribute = std::mem::replace(&mut found.current, Err(Error::NotSampled));
                found.current = self.or_table(attribute, of_table);
            }
            if is_listed {
                continue;
            }
            let none = || Error::NotSupported { path: self.gpu.path_of("hwmon") };
            let current = self.table_value(none(), of_table, Scope::Package);
            if self.is_told(&current, hwmon_has_any) {
                let limit = || Err(none());
                sensors.push(Temperature {
                    sensor,
                    channel: None,
                    current,
                    critical: limit(),
                    critical_hysteresis: limit(),
                    emergency: limit(),
                });
            }
        }
        match absent {
            Some(absent) if sensors.is_empty() => Err(absent),
            _ => Ok(sensors),
        }
    }

    /// One temperature in thousandths of a degree Celsius.
    ///
    /// # Source
    /// The hwmon `tempN_input` with this label; else `gpu_metrics` for edge, junction and memory.
    ///
    /// # Errors
    /// Those of reading hwmon's file; [`Error::NotSupported`] where neither has the sensor.
    pub fn temperature(&self, sensor: &TemperatureSensor) -> Reading<MilliCelsius> {
        let attribute = match self.sample {
            Some(sample) => match &sample.temperatures {
                Ok(sensors) => match sensors.iter().find(|found| found.sensor == *sensor) {
                    Some(found) => found.current.clone(),
                    None => Err(Error::NotSupported { path: self.gpu.path_of("hwmon/temp*_label") }),
                },
                Err(error) => Err(error.clone()),
            },
            None => self.gpu.hwmon_temperature(sensor),
        };
        match IN_TABLE.contains(sensor) {
            true => self.or_table(attribute, |metrics| in_table(metrics, sensor)),
            false => attribute,
        }
    }

    /// The temperature to show where there is room for one: the junction, the hottest spot of the die; on chips that
    /// have no such sensor (APUs, cards before Vega10) the edge.
    ///
    /// # Errors
    /// The reading's own: as [`Look::temperature`].
    pub fn core_temperature(&self) -> CoreTemperature {
        let junction = self.temperature(&TemperatureSensor::Junction);
        if !junction.as_ref().is_err_and(Error::is_absence) {
            return CoreTemperature { sensor: TemperatureSensor::Junction, current: junction };
        }
        CoreTemperature {
            sensor: TemperatureSensor::Edge,
            current: self.temperature(&TemperatureSensor::Edge),
        }
    }
}

/// A temperature as the table has it. Drivers leave 0 where a chip has no such sensor (`navi10_get_gpu_metrics` on cards
/// without a memory sensor).
fn in_table(metrics: &Metrics, sensor: &TemperatureSensor) -> Option<MilliCelsius> {
    let temperatures = &metrics.temperatures;
    let value = match sensor {
        TemperatureSensor::Edge => temperatures.edge,
        TemperatureSensor::Junction => temperatures.hotspot,
        TemperatureSensor::Memory => temperatures.mem,
        TemperatureSensor::Other(_) => None,
    };
    value.filter(|value| value.0 != 0)
}

/// # Summary: temperatures
impl Gpu {
    /// All temperature sensors in thousandths of a degree Celsius, with their limits: [`Look::temperatures`].
    ///
    /// # Errors
    /// As [`Look::temperatures`].
    #[doc(alias = "amdsmi_get_temp_metric")]
    pub fn temperatures(&self) -> Result<Vec<Temperature>> {
        self.look().temperatures()
    }

    /// One temperature in thousandths of a degree Celsius: [`Look::temperature`].
    ///
    /// # Errors
    /// As [`Look::temperature`].
    #[doc(alias = "amdsmi_get_temp_metric")]
    pub fn temperature(&self, sensor: &TemperatureSensor) -> Reading<MilliCelsius> {
        self.look().temperature(sensor)
    }

    /// The temperature to show where there is room for one: [`Look::core_temperature`].
    pub fn core_temperature(&self) -> CoreTemperature {
        self.look().core_temperature()
    }
}
