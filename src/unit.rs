//! Integer newtypes in the kernel's units.
//!
//! A value keeps the kernel's integer; methods convert it to customary units. `Display` prints the customary unit:
//! `45 °C`, `32 W`, `1218 MHz`.

use std::fmt;

/// Declares integer newtypes. Each has a handwritten `Display` next to it.
macro_rules! units {
    ($($(#[$doc:meta])* $name:ident($inner:ty);)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[cfg_attr(feature = "serde", derive(serde::Serialize), serde(transparent))]
        pub struct $name(pub $inner);

        impl From<$name> for $inner {
            fn from(value: $name) -> $inner {
                value.0
            }
        }
    )*};
}

units! {
    /// Temperature in millidegrees Celsius, as hwmon prints it; may be negative.
    MilliCelsius(i64);
    /// Power in microwatts, as hwmon prints it.
    MicroWatts(u64);
    /// Voltage in millivolts, as hwmon prints it; an offset may be negative.
    MilliVolts(i64);
    /// Frequency in hertz, as hwmon prints it.
    Hertz(u64);
    /// Frequency in megahertz, as `pp_dpm_*` and gpu_metrics print clocks.
    MegaHertz(u32);
    /// Size in bytes, as `mem_info_*` prints it.
    Bytes(u64);
    /// Fan speed in revolutions per minute.
    Rpm(u32);
    /// Percentage. 0 to 100 if the driver computes it; larger values are passed on unchanged.
    Percent(u32);
    /// Millions of transfers per second and lane: 16000 is PCIe's 16 GT/s.
    MegaTransfers(u32);
    /// Energy in microjoules, as hwmon prints it.
    MicroJoules(u64);
    /// Current in milliamperes, as in gpu_metrics.
    MilliAmps(u32);
    /// Time in nanoseconds, as the kernel counts it.
    Nanoseconds(u64);
    /// Time in microseconds, as KFD counts the time of its copy engines.
    Microseconds(u64);
    /// Time in milliseconds, as KFD counts evictions.
    Milliseconds(u64);
    /// Kilobytes, as firmware counts XGMI traffic. AMD does not document whether a kilobyte is 1000 or 1024 bytes.
    KiloBytes(u64);
    /// Kilobytes per second; see [`KiloBytes`].
    KiloBytesPerSecond(u64);
    /// Megabytes per second, as in gpu_metrics for the traffic of an APU's memory.
    MegabytesPerSecond(u32);
    /// Gigabytes per second, as in gpu_metrics for bandwidths.
    GigabytesPerSecond(u64);
    /// Megabits per second, as the CPU's management firmware reports the traffic of links.
    MegabitsPerSecond(u32);
}

/// A number with the unit of a setting, for errors and limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Amount {
    /// A number without a unit, such as an index or a level.
    Number(i64),
    /// A temperature in millidegrees Celsius.
    Temperature(MilliCelsius),
    /// A power in microwatts.
    Power(MicroWatts),
    /// A voltage or voltage offset in millivolts.
    Voltage(MilliVolts),
    /// A clock in megahertz.
    Clock(MegaHertz),
    /// A fan speed in revolutions per minute.
    FanSpeed(Rpm),
    /// A percentage.
    Percent(Percent),
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Amount::Number(number) => number.fmt(f),
            Amount::Temperature(temperature) => temperature.fmt(f),
            Amount::Power(power) => power.fmt(f),
            Amount::Voltage(voltage) => voltage.fmt(f),
            Amount::Clock(clock) => clock.fmt(f),
            Amount::FanSpeed(speed) => speed.fmt(f),
            Amount::Percent(percent) => percent.fmt(f),
        }
    }
}

/// The unit of each kind of amount.
macro_rules! amounts {
    ($($unit:ident is $kind:ident;)*) => {$(
        impl From<$unit> for Amount {
            fn from(value: $unit) -> Amount {
                Amount::$kind(value)
            }
        }
    )*};
}

amounts! {
    MilliCelsius is Temperature;
    MicroWatts is Power;
    MilliVolts is Voltage;
    MegaHertz is Clock;
    Rpm is FanSpeed;
    Percent is Percent;
}

impl From<u8> for Amount {
    fn from(value: u8) -> Amount {
        Amount::Number(value.into())
    }
}

impl From<i32> for Amount {
    fn from(value: i32) -> Amount {
        Amount::Number(value.into())
    }
}

impl From<u32> for Amount {
    fn from(value: u32) -> Amount {
        Amount::Number(value.into())
    }
}

impl MilliCelsius {
    /// Temperature in degrees Celsius.
    pub fn celsius(self) -> f64 {
        self.0 as f64 / 1e3
    }
}

impl MicroWatts {
    /// Power from whole watts, the unit of power limits.
    pub const fn from_watts(watts: u32) -> MicroWatts {
        MicroWatts(watts as u64 * 1_000_000)
    }

    /// Power in watts.
    pub fn watts(self) -> f64 {
        self.0 as f64 / 1e6
    }
}

impl Hertz {
    /// Frequency in megahertz.
    pub fn megahertz(self) -> f64 {
        self.0 as f64 / 1e6
    }
}

impl From<MegaHertz> for Hertz {
    fn from(value: MegaHertz) -> Hertz {
        Hertz(u64::from(value.0) * 1_000_000)
    }
}

impl Bytes {
    /// Size in whole mebibytes, rounded down; AMD's tools label it `MB`.
    pub fn mebibytes(self) -> u64 {
        self.0 >> 20
    }

    /// Size in gibibytes.
    pub fn gibibytes(self) -> f64 {
        self.0 as f64 / f64::from(1u32 << 30)
    }
}

impl Percent {
    /// As a fraction: 1.0 is 100 %.
    pub fn fraction(self) -> f64 {
        f64::from(self.0) / 100.0
    }
}

impl From<Percent> for f64 {
    /// The number of percent.
    fn from(percent: Percent) -> f64 {
        percent.0.into()
    }
}

impl MicroJoules {
    /// Energy in joules.
    pub fn joules(self) -> f64 {
        self.0 as f64 / 1e6
    }
}

impl Nanoseconds {
    /// Time in seconds.
    pub fn seconds(self) -> f64 {
        self.0 as f64 / 1e9
    }
}

impl Microseconds {
    /// Time in seconds.
    pub fn seconds(self) -> f64 {
        self.0 as f64 / 1e6
    }
}

impl Milliseconds {
    /// Time in seconds.
    pub fn seconds(self) -> f64 {
        self.0 as f64 / 1e3
    }
}

impl MegaTransfers {
    /// Billions of transfers per second and lane, the unit of PCIe generations.
    pub fn gigatransfers(self) -> f64 {
        f64::from(self.0) / 1e3
    }

    /// The PCIe generation of this rate (2.5 GT/s is 1), if there is one.
    pub fn pcie_generation(self) -> Option<u8> {
        match self.0 {
            2_500 => Some(1),
            5_000 => Some(2),
            8_000 => Some(3),
            16_000 => Some(4),
            32_000 => Some(5),
            64_000 => Some(6),
            _ => None,
        }
    }
}

impl fmt::Display for MilliCelsius {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} °C", self.celsius())
    }
}

impl fmt::Display for MicroWatts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} W", self.watts())
    }
}

impl fmt::Display for MilliVolts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} mV", self.0)
    }
}

impl fmt::Display for Hertz {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} MHz", self.megahertz())
    }
}

impl fmt::Display for MegaHertz {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} MHz", self.0)
    }
}

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} MB", self.mebibytes())
    }
}

impl fmt::Display for Rpm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} RPM", self.0)
    }
}

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} %", self.0)
    }
}

impl fmt::Display for MegaTransfers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} GT/s", self.gigatransfers())
    }
}

impl fmt::Display for MicroJoules {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} J", self.joules())
    }
}

impl fmt::Display for MilliAmps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} mA", self.0)
    }
}

impl fmt::Display for Nanoseconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ns", self.0)
    }
}

impl fmt::Display for KiloBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} KB", self.0)
    }
}

impl fmt::Display for KiloBytesPerSecond {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} KB/s", self.0)
    }
}

impl fmt::Display for MegabytesPerSecond {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} MB/s", self.0)
    }
}

impl fmt::Display for GigabytesPerSecond {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} GB/s", self.0)
    }
}

impl fmt::Display for MegabitsPerSecond {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} Mb/s", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_the_customary_unit() {
        assert_eq!(MilliCelsius(24_000).to_string(), "24 °C");
        assert_eq!(MilliCelsius(-273_150).to_string(), "-273.15 °C");
        assert_eq!(MicroWatts(3_142_000).to_string(), "3.142 W");
        assert_eq!(Hertz(798_080_000).to_string(), "798.08 MHz");
        assert_eq!(Bytes(4_294_967_296).to_string(), "4096 MB");
        assert_eq!(MegaTransfers(2_500).to_string(), "2.5 GT/s");
        assert_eq!(MicroJoules(906_219).to_string(), "0.906219 J");
    }

    #[test]
    fn pcie_generations() {
        assert_eq!(MegaTransfers(16_000).pcie_generation(), Some(4));
        assert_eq!(MegaTransfers(16_001).pcie_generation(), None);
    }
}
