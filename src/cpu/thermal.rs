//! Temperatures of a socket.

use super::device;
use super::file::{self, File};
use super::socket::Socket;
use crate::attribute::word;
use crate::error::{Error, Op, Result};
use crate::parse::hsmp::{Message, answer, request};
use crate::parse::scalar;
use crate::reading::{Reading, Scope, Source, Value, bundle};
use crate::unit::MilliCelsius;

const PROCHOT: File<bool> = File::sent(Source::HsmpAttribute, "prochot_status", Message::ProcHot, |text| {
    Ok(scalar::unsigned(text)? != 0)
});
const TEMPERATURE_INPUT: File<MilliCelsius> =
    File::new(Source::K10temp, "temp*_input", |text| Ok(MilliCelsius(scalar::signed(text)?)));
const TEMPERATURE_LABEL: File<String> = File::new(Source::K10temp, "temp*_label", word);

bundle! {
    /// One sensor of k10temp.
    pub struct CpuTemperature {
        /// Label: `Tctl` (controls the fans and can exceed the die's temperature), `Tdie`, `Tccd1`.
        pub label: String,
        readings {
            /// Temperature in millidegrees Celsius.
            pub current: MilliCelsius,
        }
    }
}

impl Socket {
    /// Temperature of the socket, in millidegrees Celsius.
    ///
    /// # Source
    /// The metrics table; message 15h; k10temp's `Tdie`, or else its `Tctl`.
    ///
    /// # Errors
    /// [`Error::NoHsmp`] if k10temp is missing, too.
    ///
    /// # Supported on
    /// Trento by message, MI300A by its table, all others by k10temp.
    #[doc(alias = "amdsmi_get_cpu_socket_temperature")]
    pub fn temperature(&self) -> Reading<MilliCelsius> {
        let look = self.look();
        let table = look
            .of_table(|table| MilliCelsius((i64::from(table.max_socket_temperature as i32) * 1000) >> 10));
        let sent =
            file::or(table, || look.ask(Message::Temperature, None, |[word]| answer::temperature(word)));
        file::or(sent, || {
            let sensors = self.temperatures()?;
            let labelled = |label| sensors.iter().find(|sensor| sensor.label == label);
            let sensor = labelled("Tdie").or_else(|| labelled("Tctl")).or(sensors.first());
            sensor.map_or_else(|| Err(absent()), |sensor| sensor.current.clone())
        })
    }

    /// All temperatures of the CPU's own sensors, in millidegrees Celsius.
    ///
    /// # Source
    /// hwmon `k10temp`, of all nodes of the socket.
    ///
    /// # Errors
    /// [`Error::NotPublished`] without the driver, as in guests.
    pub fn temperatures(&self) -> Result<Vec<CpuTemperature>> {
        let (machine, package) = self.parts();
        let dirs = &machine.devices().k10temp;
        let mut sensors = Vec::new();
        if device::of(dirs, package.id).is_none() {
            return Err(absent());
        }
        for (_, dir) in dirs.iter().filter(|(socket, _)| *socket == package.id) {
            let entries = dir.list(".".as_ref());
            let entries = entries.map_err(|error| file::error(Op::List, dir.path().into(), &error))?;
            let mut channels: Vec<u32> = entries
                .iter()
                .filter_map(|entry| {
                    entry.name.to_str()?.strip_prefix("temp")?.strip_suffix("_input")?.parse().ok()
                })
                .collect();
            channels.sort_unstable();
            for channel in channels {
                let name = |file: &str| file.replacen('*', &channel.to_string(), 1);
                let label = TEMPERATURE_LABEL.read_named(&**dir, &name(TEMPERATURE_LABEL.name), package.id);
                let input = TEMPERATURE_INPUT.read_named(&**dir, &name(TEMPERATURE_INPUT.name), package.id);
                sensors.push(CpuTemperature {
                    label: label.unwrap_or_else(|_| format!("temp{channel}")),
                    current: input.map(|value| Value {
                        value,
                        source: Source::K10temp,
                        scope: Scope::Socket,
                    }),
                });
            }
        }
        Ok(sensors)
    }

    /// `true` if the CPU signals overheating (PROCHOT).
    ///
    /// # Source
    /// `prochot_status`; else message 0Bh.
    ///
    /// # Errors
    /// [`Error::NoHsmp`]; [`Error::Hsmp`].
    #[doc(alias = "amdsmi_get_cpu_prochot_status")]
    pub fn prochot(&self) -> Reading<bool> {
        let look = self.look();
        file::or(look.attribute(&PROCHOT), || {
            look.ask(Message::ProcHot, None, |[word]| answer::enabled(word))
        })
    }

    /// State of the cooling, as the firmware's code.
    ///
    /// # Source
    /// Message 35h.
    ///
    /// # Errors
    /// As [`Socket::prochot`].
    ///
    /// # Supported on
    /// EPYC of family 1Ah, models 50h to 5Fh, with AMD's own driver.
    pub fn thermal_delta(&self) -> Reading<u32> {
        self.look().ask(Message::ThermalDelta, None, |[word]| word)
    }

    /// Temperature of a rail's regulator, or of the hottest one with its rail, in millidegrees Celsius.
    ///
    /// # Source
    /// Message 36h.
    ///
    /// # Errors
    /// As [`Socket::prochot`].
    ///
    /// # Supported on
    /// As [`Socket::thermal_delta`].
    pub fn regulator_temperature(&self, rail: Option<u8>) -> Reading<(u8, MilliCelsius)> {
        let argument = Some(request::regulator(rail)).filter(|_| rail.is_none_or(|rail| rail < 8));
        self.look().ask_about(Message::RegulatorTemperature, argument, |[word]| answer::regulator(word))
    }
}

fn absent() -> Error {
    Error::NotPublished { path: "/sys/class/hwmon/k10temp".into() }
}
