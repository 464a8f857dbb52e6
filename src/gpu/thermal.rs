//! Temperatures and their limits.

use super::source::attribute_or;
use super::{Access, Gpu, Source};
use crate::error::{Error, Reasons, Result};
use crate::parse::metrics::Metrics;
use crate::parse::scalar;
use crate::unit::MilliCelsius;

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
    fn of_label(label: &str) -> TemperatureSensor {
        match label {
            "edge" => TemperatureSensor::Edge,
            "junction" => TemperatureSensor::Junction,
            "mem" => TemperatureSensor::Memory,
            other => TemperatureSensor::Other(other.to_owned()),
        }
    }
}

/// One sensor: thousandths of a degree Celsius now, and the limits.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Temperature {
    /// Where.
    pub sensor: TemperatureSensor,
    /// N of `tempN_input`.
    pub channel: u32,
    /// Now. Read from `tempN_input`; steps of 1 °C on most GPUs.
    pub current: Option<MilliCelsius>,
    /// Above this the GPU slows down (`tempN_crit`).
    pub critical: Option<MilliCelsius>,
    /// Below this it is fast again (`tempN_crit_hyst`); absent where the driver says −273.15 °C, its "no bound".
    pub critical_hysteresis: Option<MilliCelsius>,
    /// Above this the GPU switches itself off (`tempN_emergency`).
    pub emergency: Option<MilliCelsius>,
    /// Why fields have no value, by their names.
    pub reasons: Reasons,
}

/// What the driver prints for a lower bound that it does not have (TEMP_RANGE_MIN_NOT_SET, absolute zero).
const NO_BOUND: MilliCelsius = MilliCelsius(-273_150);

impl Gpu {
    /// All temperature sensors in thousandths of a degree Celsius, with their limits. No sensor is an empty list.
    ///
    /// *Source*: hwmon `temp*`, found by listing. Limits and labels are answered while the GPU sleeps; the
    /// current values are not.
    /// *Errors*: [`Error::NotSupported`] without hwmon, as in a container or with `amdgpu.dpm=0`;
    /// [`Error::DeviceGone`]. What fails for one sensor stands in its `reasons`.
    /// *Supported on*: all; junction and memory on discrete cards from Vega10 on, no edge on MI300.
    #[doc(alias = "amdsmi_get_temp_metric")]
    pub fn temperatures(&self) -> Result<Vec<Temperature>> {
        let access = self.access();
        let hwmon = self.hwmon()?;
        let sensors = hwmon.channels("temp").into_iter().map(|channel| {
            let mut reasons = Reasons::default();
            let mut limit = |field: &str, attribute: &str| {
                let file = format!("temp{channel}_{attribute}");
                let value = self.hwmon_fact(&file, scalar::signed).map(MilliCelsius);
                let bound = value.and_then(|value| match value {
                    NO_BOUND => Err(Error::NotSupported { path: hwmon.dir.path().join(&file) }),
                    value => Ok(value),
                });
                reasons.keep(field, bound)
            };
            Ok(Temperature {
                sensor: self.temperature_sensor(channel)?,
                channel,
                critical: limit("critical", "crit"),
                critical_hysteresis: limit("critical_hysteresis", "crit_hyst"),
                emergency: limit("emergency", "emergency"),
                current: reasons.keep(
                    "current",
                    access.read_hwmon(&format!("temp{channel}_input"), scalar::signed).map(MilliCelsius),
                ),
                reasons,
            })
        });
        sensors.collect()
    }

    /// One temperature in thousandths of a degree Celsius, and where it was read.
    ///
    /// *Source*: the hwmon `tempN_input` with this label; else `gpu_metrics` for edge, junction and memory.
    /// *Errors*: those of reading hwmon's file; [`Error::NotSupported`] where neither has the sensor.
    /// *Supported on*: junction on discrete cards from Vega10 on, memory on most of them, edge on all but MI300.
    #[doc(alias = "amdsmi_get_temp_metric")]
    pub fn temperature(&self, sensor: &TemperatureSensor) -> Result<(MilliCelsius, Source)> {
        let access = self.access();
        attribute_or(self.hwmon_temperature(&access, sensor), || in_table(&self.metrics().ok()?, sensor))
    }

    fn hwmon_temperature(&self, access: &Access<'_>, sensor: &TemperatureSensor) -> Result<MilliCelsius> {
        let hwmon = self.hwmon()?;
        for channel in hwmon.channels("temp") {
            if self.temperature_sensor(channel)? == *sensor {
                let file = format!("temp{channel}_input");
                return access.read_hwmon(&file, scalar::signed).map(MilliCelsius);
            }
        }
        Err(Error::NotSupported { path: hwmon.dir.path().join("temp*_label") })
    }

    /// What a channel measures. Of a device that went nobody knows it any more.
    fn temperature_sensor(&self, channel: u32) -> Result<TemperatureSensor> {
        let label =
            self.hwmon_fact(&format!("temp{channel}_label"), |text| Ok(scalar::text(text).map(String::from)));
        match label {
            Ok(Some(label)) => Ok(TemperatureSensor::of_label(&label)),
            Err(error @ Error::DeviceGone { .. }) => Err(error),
            _ => Ok(TemperatureSensor::Other(format!("temp{channel}"))),
        }
    }
}

/// A temperature as a metrics table has it.
pub(crate) fn in_table(metrics: &Metrics, sensor: &TemperatureSensor) -> Option<MilliCelsius> {
    match sensor {
        TemperatureSensor::Edge => metrics.temperatures.edge,
        TemperatureSensor::Junction => metrics.temperatures.hotspot,
        TemperatureSensor::Memory => metrics.temperatures.mem,
        TemperatureSensor::Other(_) => None,
    }
}
