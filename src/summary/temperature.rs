//! Temperatures of all sensors.

use super::Look;
use crate::error::{Error, Result};
use crate::gpu::{Gpu, Temperature, TemperatureSensor};
use crate::parse::metrics::Metrics;
use crate::reading::{Reading, Scope, bundle};
use crate::unit::MilliCelsius;

bundle! {
    /// The temperature to show if there is room for only one, in millidegrees Celsius.
    pub struct CoreTemperature {
        /// The sensor: the junction, or the edge on chips without a junction sensor.
        pub sensor: TemperatureSensor,
        readings {
            /// Current temperature.
            pub current: MilliCelsius,
        }
    }
}

/// The sensors that the metrics table has, too.
const IN_TABLE: [TemperatureSensor; 3] =
    [TemperatureSensor::Edge, TemperatureSensor::Junction, TemperatureSensor::Memory];

impl Look<'_> {
    /// All temperature sensors in millidegrees Celsius, with their limits. The list is empty without sensors.
    ///
    /// # Source
    /// hwmon `temp*`, found by listing; without hwmon's sensors, `gpu_metrics` for edge, junction and memory. Limits
    /// and labels are available while the GPU sleeps; current values are not.
    ///
    /// # Errors
    /// [`Error::NotSupported`] if neither has a sensor; [`Error::DeviceGone`]. A sensor that fails has its reason.
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

    /// One temperature in millidegrees Celsius.
    ///
    /// # Source
    /// The hwmon `tempN_input` with this label; else `gpu_metrics` for edge, junction and memory.
    ///
    /// # Errors
    /// Errors of hwmon's file; [`Error::NotSupported`] if neither has the sensor.
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

    /// The temperature to show if there is room for only one, in millidegrees Celsius: the junction, which is the
    /// hottest spot of the die; on chips without that sensor (APUs, cards before Vega10), the edge.
    ///
    /// # Errors
    /// As [`Look::temperature`], in the reading.
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

/// A temperature from the metrics table. Drivers leave 0 if a chip has no such sensor (`navi10_get_gpu_metrics` on
/// cards without a memory sensor).
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
    /// All temperature sensors in millidegrees Celsius, with their limits: [`Look::temperatures`].
    ///
    /// # Errors
    /// As [`Look::temperatures`].
    #[doc(alias = "amdsmi_get_temp_metric")]
    pub fn temperatures(&self) -> Result<Vec<Temperature>> {
        self.look().temperatures()
    }

    /// One temperature in millidegrees Celsius: [`Look::temperature`].
    ///
    /// # Errors
    /// As [`Look::temperature`].
    #[doc(alias = "amdsmi_get_temp_metric")]
    pub fn temperature(&self, sensor: &TemperatureSensor) -> Reading<MilliCelsius> {
        self.look().temperature(sensor)
    }

    /// The temperature to show if there is room for only one: [`Look::core_temperature`].
    pub fn core_temperature(&self) -> CoreTemperature {
        self.look().core_temperature()
    }
}
