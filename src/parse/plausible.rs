//! Bounds of quantities: a number beyond them is no reading.
//!
//! The bounds are far from any existing GPU. They catch a register full of ones, the "not available" of a narrower
//! field (255 %, 65535 MHz), a counter that ran below zero, and values that firmware makes up for a sensor that it does
//! not have. Attributes and tables share them, so that a value is doubted wherever it stands.

use crate::unit::{Bytes, Hertz, MegaHertz, MicroWatts, MilliCelsius, MilliVolts, Nanoseconds, Rpm};

/// "Not available" of a field of 16 bits.
const NARROW: u32 = u16::MAX as u32;

/// The highest number of 63 bits, or any above it: a count below zero, or ones.
const HIGHEST: u64 = i64::MAX as u64;

/// Colder or hotter, no sensor works.
pub(crate) fn temperature(value: MilliCelsius) -> bool {
    (-100_000..=250_000).contains(&value.0)
}

/// As [`temperature`], of an attribute: it has no thousandths, so ones of a narrower register show as such.
pub(crate) fn printed_temperature(value: MilliCelsius) -> bool {
    temperature(value) && value.0 != -1 && u64::try_from(value.0).map_or(true, |value| !is_ones(value))
}

/// No package takes more than 10 kW.
pub(crate) fn power(value: MicroWatts) -> bool {
    value.0 <= 10_000_000_000
}

/// As [`power`], of an attribute: it has no millionths, so ones of a register show as such.
pub(crate) fn printed_power(value: MicroWatts) -> bool {
    power(value) && !is_ones(value.0)
}

/// A node of many packages takes less than 1 MW.
pub(crate) fn node_power(watts: u64) -> bool {
    watts < 1_000_000 && watts != u64::from(NARROW)
}

/// No clock reaches 65 GHz.
pub(crate) fn clock(value: MegaHertz) -> bool {
    value.0 < NARROW
}

/// As [`clock`], of an attribute in hertz, which the driver computes from tens of kilohertz.
pub(crate) fn printed_clock(value: Hertz) -> bool {
    value.0 < u64::from(NARROW) * 1_000_000 && !is_ones(value.0)
}

/// No rail is below zero, or has 65 V.
pub(crate) fn voltage(value: MilliVolts) -> bool {
    (0..i64::from(NARROW)).contains(&value.0)
}

/// No fan reaches 65535 revolutions a minute.
pub(crate) fn speed(value: Rpm) -> bool {
    value.0 < NARROW
}

/// No machine has an EiB of memory; a size that ran below zero is beyond it.
pub(crate) fn size(value: Bytes) -> bool {
    value.0 < 1 << 60 && value.0 != u64::from(u32::MAX)
}

/// A time that ran below zero has its highest bit set.
pub(crate) fn time(value: Nanoseconds) -> bool {
    value.0 < HIGHEST
}

/// A number of events: ones of 32 bits are a register that could not be read.
pub(crate) fn count(value: u64) -> bool {
    value < HIGHEST && value != u64::from(u32::MAX)
}

/// A register of 8, 16, 24, 31 or 32 bits full of ones.
fn is_ones(value: u64) -> bool {
    matches!(value, 0xff | 0xffff | 0xff_ffff | 0x7fff_ffff | 0xffff_ffff)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As drivers print them on machines that were recorded, and their like with all ones.
    #[test]
    fn readings_and_ones() {
        for value in [-40_000, 0, 24_000, 105_000, 250_000] {
            assert!(printed_temperature(MilliCelsius(value)), "{value}");
        }
        for value in [-273_150, -1, 255, 65_535, 255_000, 65_535_000] {
            assert!(!printed_temperature(MilliCelsius(value)), "{value}");
        }
        for value in [0, 3_142_000, 65_535_000, 1_000_000_000] {
            assert!(printed_power(MicroWatts(value)), "{value}");
        }
        for value in [255, 65_535, 16_777_215, 2_147_483_647, 4_294_967_295, 65_535_000_000] {
            assert!(!printed_power(MicroWatts(value)), "{value}");
        }
        assert!(printed_clock(Hertz(2_011_000_000)) && printed_clock(Hertz(0)));
        for value in [65_535, 2_147_483_647, 4_294_967_295, 65_535_000_000] {
            assert!(!printed_clock(Hertz(value)), "{value}");
        }
        assert!(voltage(MilliVolts(255)) && !voltage(MilliVolts(-1)) && !voltage(MilliVolts(65_535)));
        assert!(
            count(65_535) && !count(u64::from(u32::MAX)) && !count(u64::MAX - 15) && !count(u64::MAX >> 1)
        );
        assert!(size(Bytes(1 << 50)) && !size(Bytes(u64::MAX - 16_383)) && !size(Bytes(u64::MAX >> 1)));
        assert!(node_power(8400) && !node_power(65_535) && !node_power(4_294_967_295));
    }
}
