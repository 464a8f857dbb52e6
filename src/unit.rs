//! Integer newtypes in the unit in which the kernel publishes a quantity.
//!
//! A value keeps the kernel's integer; conversions to what people read are methods that say so.
//! `Display` prints the customary unit: `45 °C`, `32 W`, `1218 MHz`.

use std::fmt;

/// Declares integer newtypes; what each prints is written beside it, by hand.
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
    /// Thousandths of a degree Celsius, as hwmon prints temperatures; may be negative.
    MilliCelsius(i64);
    /// Millionths of a watt, as hwmon prints power.
    MicroWatts(u64);
    /// Thousandths of a volt, as hwmon prints voltages; an offset may be negative.
    MilliVolts(i64);
    /// Cycles per second, as hwmon prints frequencies.
    Hertz(u64);
    /// Millions of cycles per second, as `pp_dpm_*` and gpu_metrics print clocks.
    MegaHertz(u32);
    /// Bytes, as `mem_info_*` prints memory sizes.
    Bytes(u64);
    /// Revolutions of a fan per minute.
    Rpm(u32);
    /// Hundredths of the whole. 0 to 100 where the driver computes it; more is passed on as it came.
    Percent(u32);
    /// Transfers per second and lane, in millions: 16000 is PCIe's 16 GT/s.
    MegaTransfers(u32);
    /// Millionths of a joule, as hwmon prints energy.
    MicroJoules(u64);
    /// Thousandths of an ampere, as gpu_metrics gives currents.
    MilliAmps(u32);
    /// Billionths of a second, as the kernel counts time.
    Nanoseconds(u64);
    /// Millionths of a second, as KFD counts the time of its copy engines.
    Microseconds(u64);
    /// Thousandths of a second, as KFD counts evictions.
    Milliseconds(u64);
    /// Kilobytes, as firmware counts XGMI traffic; AMD does not say whether of 1000 or 1024 bytes.
    KiloBytes(u64);
    /// Kilobytes per second, of whatever [`KiloBytes`] are.
    KiloBytesPerSecond(u64);
    /// Megabytes per second, as gpu_metrics gives the traffic of an APU's memory.
    MegabytesPerSecond(u32);
    /// Gigabytes per second, as gpu_metrics gives bandwidths.
    GigabytesPerSecond(u64);
    /// Megabits per second, as the processor's management firmware gives the traffic of links.
    MegabitsPerSecond(u32);
}

/// A number of any unit that a setting takes, as errors and limits carry it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Amount {
    /// A number without a unit, as an index or a level.
    Number(i64),
    /// A temperature.
    Temperature(MilliCelsius),
    /// Power.
    Power(MicroWatts),
    /// A voltage, or an offset of one.
    Voltage(MilliVolts),
    /// A clock.
    Clock(MegaHertz),
    /// The speed of a fan.
    FanSpeed(Rpm),
    /// Hundredths.
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
    /// Degrees Celsius.
    pub fn celsius(self) -> f64 {
        self.0 as f64 / 1e3
    }
}

impl MicroWatts {
    /// Whole watts, as power limits are asked for.
    pub const fn from_watts(watts: u32) -> MicroWatts {
        MicroWatts(watts as u64 * 1_000_000)
    }

    /// Watts.
    pub fn watts(self) -> f64 {
        self.0 as f64 / 1e6
    }
}

impl Hertz {
    /// Megahertz.
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
    /// Whole mebibytes, rounded down: what AMD's tools label `MB`.
    pub fn mebibytes(self) -> u64 {
        self.0 >> 20
    }

    /// Gibibytes.
    pub fn gibibytes(self) -> f64 {
        self.0 as f64 / f64::from(1u32 << 30)
    }
}

impl Percent {
    /// As a fraction: 1 is all of the time.
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
    /// Joules.
    pub fn joules(self) -> f64 {
        self.0 as f64 / 1e6
    }
}

impl Nanoseconds {
    /// Seconds.
    pub fn seconds(self) -> f64 {
        self.0 as f64 / 1e9
    }
}

impl Microseconds {
    /// Seconds.
    pub fn seconds(self) -> f64 {
        self.0 as f64 / 1e6
    }
}

impl Milliseconds {
    /// Seconds.
    pub fn seconds(self) -> f64 {
        self.0 as f64 / 1e3
    }
}

impl MegaTransfers {
    /// Billions of transfers per second and lane, as PCIe generations are named by.
    pub fn gigatransfers(self) -> f64 {
        f64::from(self.0) / 1e3
    }

    /// The PCIe generation of this rate (2.5 GT/s is 1), if it is the rate of one.
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
