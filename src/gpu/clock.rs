//! Clocks: the levels of each domain, the current one, and the frequencies of hwmon.

use super::Gpu;
use crate::attribute::{self, Attribute, FREQUENCY_INPUT, FREQUENCY_LABEL};
use crate::error::Result;
use crate::parse::dpm::DpmTable;
use crate::reading::{Reading, bundle};
use crate::unit::Hertz;

/// A part of the GPU with its own clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum ClockDomain {
    /// The shaders: `pp_dpm_sclk`; AMD SMI's GFX and SYS.
    Graphics,
    /// The memory: `pp_dpm_mclk`; AMD SMI's MEM.
    Memory,
    /// The clients of the system-on-chip fabric: `pp_dpm_socclk`.
    Soc,
    /// The data fabric: `pp_dpm_fclk`; AMD SMI's DF.
    Fabric,
    /// Video decoding and encoding, first instance: `pp_dpm_vclk`.
    Video0,
    /// Video decoding and encoding, second instance: `pp_dpm_vclk1`.
    Video1,
    /// Video decoding's data clock, first instance: `pp_dpm_dclk`.
    Decoder0,
    /// Video decoding's data clock, second instance: `pp_dpm_dclk1`.
    Decoder1,
    /// The display engine: `pp_dpm_dcefclk`.
    Display,
}

impl ClockDomain {
    /// All clock domains.
    pub const ALL: [ClockDomain; 9] = [
        ClockDomain::Graphics,
        ClockDomain::Memory,
        ClockDomain::Soc,
        ClockDomain::Fabric,
        ClockDomain::Video0,
        ClockDomain::Video1,
        ClockDomain::Decoder0,
        ClockDomain::Decoder1,
        ClockDomain::Display,
    ];

    /// The attribute of the file that lists the domain's levels.
    pub(crate) fn attribute(self) -> &'static Attribute<DpmTable> {
        macro_rules! levels {
            ($name:literal) => {{
                const LEVELS: Attribute<DpmTable> = attribute::clock_levels($name);
                &LEVELS
            }};
        }
        match self {
            ClockDomain::Graphics => levels!("pp_dpm_sclk"),
            ClockDomain::Memory => levels!("pp_dpm_mclk"),
            ClockDomain::Soc => levels!("pp_dpm_socclk"),
            ClockDomain::Fabric => levels!("pp_dpm_fclk"),
            ClockDomain::Video0 => levels!("pp_dpm_vclk"),
            ClockDomain::Video1 => levels!("pp_dpm_vclk1"),
            ClockDomain::Decoder0 => levels!("pp_dpm_dclk"),
            ClockDomain::Decoder1 => levels!("pp_dpm_dclk1"),
            ClockDomain::Display => levels!("pp_dpm_dcefclk"),
        }
    }
}

bundle! {
    /// One frequency of hwmon, in hertz.
    pub struct Frequency {
        /// N of `freqN_input`.
        pub channel: u32,
        /// The driver's name of the clock: `sclk`, `mclk`.
        pub label: Option<String>,
        readings {
            /// Current frequency in hertz.
            pub current: Hertz,
        }
    }
}

/// # Clocks: levels and frequencies
impl Gpu {
    /// The levels of a domain in megahertz, with the current one marked.
    ///
    /// The driver may mark several levels (they have one frequency) or none (it does not know). A level
    /// [`Sleep`](crate::parse::dpm::DpmIndex::Sleep) is deep sleep. A domain with an empty table is not supported.
    ///
    /// # Source
    /// `pp_dpm_*` of the PCI device.
    ///
    /// # Errors
    /// [`NotSupported`](crate::Error::NotSupported) if the GPU has no such domain;
    /// [`Inaccessible`](crate::error::Unavailable::Inaccessible) after a fatal RAS interrupt.
    ///
    /// # Supported on
    /// Graphics and memory on all with power management; others by generation.
    #[doc(alias = "amdsmi_get_clk_freq")]
    #[doc(alias = "amdsmi_get_clock_info")]
    pub fn clock_levels(&self, domain: ClockDomain) -> Reading<DpmTable> {
        self.get(domain.attribute())
    }

    /// The frequencies of hwmon, in hertz.
    ///
    /// # Source
    /// Hwmon `freq*`, found by listing.
    ///
    /// # Errors
    /// [`NotSupported`](crate::Error::NotSupported) without hwmon. Each frequency has its own reasons.
    ///
    /// # Supported on
    /// `sclk` on all, `mclk` on discrete cards and MI300A.
    pub fn frequencies(&self) -> Result<Vec<Frequency>> {
        let access = self.access();
        let channels = self.hwmon()?.channels("freq").into_iter();
        Ok(channels
            .map(|channel| Frequency {
                channel,
                label: access.at(&FREQUENCY_LABEL, channel).ok().map(|label| label.value),
                current: access.at(&FREQUENCY_INPUT, channel),
            })
            .collect())
    }
}
