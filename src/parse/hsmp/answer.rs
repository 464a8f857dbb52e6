//! The meaning of an answer's words. The kernel refuses answers with missing words; here they are zero.

use bitflags::bitflags;

use super::request::CodeRange;
use crate::unit::{
    GigabytesPerSecond, MegaHertz, MegabitsPerSecond, MicroJoules, MicroWatts, MilliCelsius, Milliseconds,
    Percent,
};

/// Version of the management firmware.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct FirmwareVersion {
    /// Major version number.
    pub major: u8,
    /// Minor version number.
    pub minor: u8,
    /// Debug version number.
    pub debug: u8,
}

impl std::fmt::Display for FirmwareVersion {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.debug)
    }
}

bitflags! {
    /// The causes of a socket's active frequency limit; several can apply, or none.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
    pub struct FrequencyLimitSources: u16 {
        /// The die is at its temperature limit.
        const CHTC_ACTIVE = 1 << 0;
        /// Something outside asserts PROCHOT.
        const PROCHOT = 1 << 1;
        /// The limit of sustained current.
        const TDC_LIMIT = 1 << 2;
        /// The power limit.
        const PPT_LIMIT = 1 << 3;
        /// The highest frequency of this model.
        const OPN_MAX = 1 << 4;
        /// The limit of reliable operation.
        const RELIABILITY_LIMIT = 1 << 5;
        /// A limit that the board's controller set.
        const APML_AGENT = 1 << 6;
        /// A limit that was set by HSMP.
        const HSMP_AGENT = 1 << 7;
    }
}

impl FrequencyLimitSources {
    /// Each with the name that the driver prints (`freqlimit_srcnames` of acpi.c).
    pub const NAMES: [(FrequencyLimitSources, &'static str); 8] = [
        (FrequencyLimitSources::CHTC_ACTIVE, "cHTC-Active"),
        (FrequencyLimitSources::PROCHOT, "PROCHOT"),
        (FrequencyLimitSources::TDC_LIMIT, "TDC limit"),
        (FrequencyLimitSources::PPT_LIMIT, "PPT Limit"),
        (FrequencyLimitSources::OPN_MAX, "OPN Max"),
        (FrequencyLimitSources::RELIABILITY_LIMIT, "Reliability Limit"),
        (FrequencyLimitSources::APML_AGENT, "APML Agent"),
        (FrequencyLimitSources::HSMP_AGENT, "HSMP Agent"),
    ];

    /// The names of those that are set.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        Self::NAMES.into_iter().filter(move |(source, _)| self.contains(*source)).map(|(_, name)| name)
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for FrequencyLimitSources {
    /// The list of names.
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.names())
    }
}

/// Bandwidth of a socket's memory.
///
/// The driver's header calls the unit Gbps; the kernel's documentation says GB/s, and only that fits: twelve channels
/// of DDR5-6400 are 614 GB/s, and the field has 12 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct DdrBandwidth {
    /// The theoretical most.
    pub max: GigabytesPerSecond,
    /// Used bandwidth.
    pub used: GigabytesPerSecond,
    /// Used percentage of the maximum.
    pub used_percent: Percent,
}

/// Temperature range and refresh rate of a DIMM, as codes of the memory's specification.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct DimmTemperatureRange {
    /// Code of the range, 3 bits.
    pub range: u8,
    /// `true` if the refresh rate is doubled.
    pub doubled_refresh: bool,
}

/// Power of a DIMM.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct DimmPower {
    /// Power of the DIMM.
    pub power: MicroWatts,
    /// Interval of the measurement.
    pub update: Milliseconds,
    /// Its address, again.
    pub address: u8,
}

/// Temperature of a DIMM.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct DimmThermal {
    /// Its temperature, in steps of a quarter of a degree.
    pub temperature: MilliCelsius,
    /// The same as it came, 11 bits.
    pub raw: u16,
    /// Interval of the measurement.
    pub update: Milliseconds,
    /// Its address, again.
    pub address: u8,
}

/// The active frequency limit of a socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct FrequencyLimit {
    /// The frequency limit.
    pub limit: MegaHertz,
    /// The causes of the limit.
    pub sources: FrequencyLimitSources,
}

/// Highest and lowest frequency of a socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct FrequencyRange {
    /// Highest frequency.
    pub max: MegaHertz,
    /// Lowest frequency.
    pub min: MegaHertz,
}

/// P-state of the data fabric: automatic or fixed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
pub enum FabricPstate {
    /// Chosen by the data fabric.
    Automatic,
    /// It is held in this one; 0 is the fastest.
    Held(u8),
}

/// Unit of the energy counters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct EnergyUnit {
    /// A tick is one joule shifted right by this.
    pub shift: u32,
}

impl EnergyUnit {
    /// The energy of so many ticks.
    pub fn energy(self, ticks: u64) -> MicroJoules {
        let energy = (u128::from(ticks) * 1_000_000) >> self.shift;
        MicroJoules(u64::try_from(energy).unwrap_or(u64::MAX))
    }
}

fn bits(word: u32, high: u32, low: u32) -> u32 {
    word >> low & ((1u32 << (high - low) << 1).wrapping_sub(1))
}

fn byte(word: u32, low: u32) -> u8 {
    (word >> low) as u8
}

/// Decodes message 02h.
pub fn firmware_version(word: u32) -> FirmwareVersion {
    FirmwareVersion { major: byte(word, 16), minor: byte(word, 8), debug: byte(word, 0) }
}

/// Messages 04h, 06h, 07h, 1Bh and 34h, in milliwatts.
pub fn power(word: u32) -> MicroWatts {
    MicroWatts(u64::from(word) * 1000)
}

/// Messages 0Ah, 10h and 1Ah.
pub fn megahertz(word: u32) -> MegaHertz {
    MegaHertz(word)
}

/// Decodes message 38h.
pub fn floor(word: u32) -> MegaHertz {
    MegaHertz(bits(word, 15, 0))
}

/// Decodes message 11h.
pub fn percent(word: u32) -> Percent {
    Percent(word)
}

/// Messages 0Ch, 22h and 26h: the lowest before the highest.
pub fn range(word: u32) -> CodeRange {
    CodeRange { min: byte(word, 8), max: byte(word, 0) }
}

/// Message 13h: the highest before the lowest.
pub fn dpm_levels(word: u32) -> CodeRange {
    CodeRange { min: byte(word, 0), max: byte(word, 8) }
}

/// Decodes message 0Dh.
pub fn fabric_pstate(word: u32) -> FabricPstate {
    match bits(word, 8, 8) {
        0 => FabricPstate::Automatic,
        _ => FabricPstate::Held(byte(word, 0)),
    }
}

/// Messages 27h to 2Ah.
pub fn enabled(word: u32) -> bool {
    bits(word, 0, 0) != 0
}

/// Decodes message 21h.
pub fn power_mode(word: u32) -> u8 {
    bits(word, 2, 0) as u8
}

/// Decodes message 14h.
pub fn ddr_bandwidth(word: u32) -> DdrBandwidth {
    DdrBandwidth {
        max: GigabytesPerSecond(bits(word, 31, 20).into()),
        used: GigabytesPerSecond(bits(word, 19, 8).into()),
        used_percent: Percent(bits(word, 7, 0)),
    }
}

/// Message 15h: whole degrees and eighths.
pub fn temperature(word: u32) -> MilliCelsius {
    MilliCelsius(i64::from(bits(word, 15, 8)) * 1000 + i64::from(bits(word, 7, 5)) * 125)
}

/// Decodes message 16h.
pub fn dimm_temperature_range(word: u32) -> DimmTemperatureRange {
    DimmTemperatureRange { range: bits(word, 2, 0) as u8, doubled_refresh: bits(word, 3, 3) != 0 }
}

/// Decodes message 17h.
pub fn dimm_power(word: u32) -> DimmPower {
    DimmPower { power: power(bits(word, 31, 17)), update: update(word), address: byte(word, 0) }
}

/// Message 18h: 11 bits in two's complement, of a quarter of a degree each.
pub fn dimm_thermal(word: u32) -> DimmThermal {
    let raw = bits(word, 31, 21) as u16;
    let quarters = if raw > 0x3ff { i64::from(raw) - 0x800 } else { raw.into() };
    DimmThermal {
        temperature: MilliCelsius(quarters * 250),
        raw,
        update: update(word),
        address: byte(word, 0),
    }
}

fn update(word: u32) -> Milliseconds {
    Milliseconds(bits(word, 16, 8).into())
}

/// Decodes message 19h.
pub fn frequency_limit(word: u32) -> FrequencyLimit {
    FrequencyLimit {
        limit: MegaHertz(bits(word, 31, 16)),
        sources: FrequencyLimitSources::from_bits_retain(bits(word, 15, 0) as u16),
    }
}

/// Decodes message 1Ch.
pub fn frequency_range(word: u32) -> FrequencyRange {
    FrequencyRange { max: MegaHertz(bits(word, 31, 16)), min: MegaHertz(bits(word, 15, 0)) }
}

/// Messages 1Dh and 1Eh.
pub fn link_bandwidth(word: u32) -> MegabitsPerSecond {
    MegabitsPerSecond(word)
}

/// Decodes message 30h.
pub fn energy_unit(word: u32) -> EnergyUnit {
    EnergyUnit { shift: bits(word, 12, 8) }
}

/// Messages 31h and 32h: low word and high word.
pub fn counter(words: [u32; 2]) -> u64 {
    let [low, high] = words;
    u64::from(high) << 32 | u64::from(low)
}

/// Message 36h: the rail and its regulator's temperature.
pub fn regulator(word: u32) -> (u8, MilliCelsius) {
    (bits(word, 30, 28) as u8, MilliCelsius(i64::from(bits(word, 27, 0)) * 1000))
}

/// Message 37h: whether a message is switched on, by its number.
pub fn is_enabled(words: [u32; 3], number: u8) -> bool {
    let word = words.get(usize::from(number / 32)).copied().unwrap_or(0);
    word >> (number % 32) & 1 != 0
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn whole_words() {
        assert_eq!(firmware_version(0xff04_4f00).to_string(), "4.79.0");
        assert_eq!(power(225_750).to_string(), "225.75 W");
        assert_eq!(power(u32::MAX).0, 4_294_967_295_000);
        assert_eq!(counter([0xffff_fffe, 2]), 0x2_ffff_fffe);
    }

    #[test]
    fn the_order_of_a_range() {
        let range_of = |min, max| CodeRange { min, max };
        assert_eq!(range(0x0102), range_of(1, 2));
        assert_eq!(dpm_levels(0x0301), range_of(1, 3));
    }

    #[test]
    fn memory() {
        let ddr = ddr_bandwidth(461 << 20 | 58 << 8 | 13);
        assert_eq!((ddr.max.0, ddr.used.0, ddr.used_percent.0), (461, 58, 13));
        let range = dimm_temperature_range(0b1010);
        assert_eq!((range.range, range.doubled_refresh), (2, true));
        let power = dimm_power(2345 << 17 | 100 << 8 | 0x80);
        assert_eq!((power.power.0, power.update.0, power.address), (2_345_000, 100, 0x80));
        let warm = dimm_thermal(170 << 21 | 16 << 8 | 0x90);
        assert_eq!((warm.temperature.0, warm.update.0, warm.address), (42_500, 16, 0x90));
        // 11 bits, two's complement.
        assert_eq!(dimm_thermal(0x7ff << 21).temperature, MilliCelsius(-250));
        assert_eq!(dimm_thermal(0x400 << 21).temperature, MilliCelsius(-256_000));
        assert_eq!(dimm_thermal(0x3ff << 21).temperature, MilliCelsius(255_750));
    }

    #[test]
    fn clocks_and_temperatures() {
        assert_eq!(temperature(0x2dc0), MilliCelsius(45_750));
        assert_eq!(temperature(0x2d1f), MilliCelsius(45_000), "the bits below are not temperature");
        let limit = frequency_limit(3400 << 16 | 0b1000_1000);
        assert_eq!(limit.limit, MegaHertz(3400));
        assert_eq!(limit.sources.names().collect::<Vec<_>>(), ["PPT Limit", "HSMP Agent"]);
        assert_eq!(frequency_limit(0x0400).sources.bits(), 0x0400, "a bit without a name stays");
        assert_eq!(frequency_limit(0).sources, FrequencyLimitSources::empty());
        let range = frequency_range(3700 << 16 | 400);
        assert_eq!((range.max.0, range.min.0), (3700, 400));
        assert_eq!(floor(0xffff_05dc), MegaHertz(1500));
    }

    #[test]
    fn states() {
        assert_eq!(fabric_pstate(0x0102), FabricPstate::Held(2));
        assert_eq!(fabric_pstate(0x0002), FabricPstate::Automatic);
        assert!(enabled(0xffff_ffff) && !enabled(0xffff_fffe));
        assert_eq!(power_mode(0xfd), 5);
        assert_eq!(regulator(0x3000_0029), (3, MilliCelsius(41_000)));
        let words = [1 << 4, 0, 1];
        assert!(is_enabled(words, 4) && is_enabled(words, 64) && !is_enabled(words, 5));
        assert!(!is_enabled([u32::MAX; 3], 96));
    }

    #[test]
    fn energy() {
        // tu[19:16], esu[12:8]: 16 is 15.3 microjoules a tick.
        let unit = energy_unit(0x000a_1000);
        assert_eq!(unit.shift, 16);
        assert_eq!(unit.energy(65_536), MicroJoules(1_000_000));
        assert_eq!(unit.energy(1), MicroJoules(15));
        assert_eq!(energy_unit(0x1f00).energy(u64::MAX).0, 8_589_934_591_999_999);
        assert_eq!(energy_unit(0).energy(u64::MAX), MicroJoules(u64::MAX));
    }

    proptest! {
        #[test]
        fn any_word(word: u32, other: u32, number: u8) {
            let _ = (firmware_version(word), ddr_bandwidth(word), dimm_power(word), dimm_thermal(word));
            let _ = (frequency_limit(word), frequency_range(word), temperature(word), regulator(word));
            let _ = energy_unit(word).energy(counter([word, other]));
            let _ = is_enabled([word, other, word], number);
        }

        #[test]
        fn ranges_come_back(min: u8, max: u8) {
            let asked = CodeRange { min, max };
            prop_assert_eq!(range(super::super::request::range(asked)), asked);
            prop_assert_eq!(dpm_levels(super::super::request::dpm_levels(7, asked) & 0xffff), asked);
        }
    }
}
