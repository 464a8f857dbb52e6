//! Clocks: the levels that a domain has, the one it is at, and the frequencies that hwmon measures.

use super::Gpu;
use crate::attribute::{self, Attribute, FREQUENCY_INPUT, FREQUENCY_LABEL};
use crate::error::Result;
use crate::parse::dpm::DpmTable;
use crate::reading::{Reading, bundle};
use crate::unit::Hertz;

/// A part of the GPU that has a clock of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum ClockDomain {
    /// The shaders: `pp_dpm_sclk`; AMD SMI's GFX and SYS.
    Graphics,
    /// The memory: `pp_dpm_mclk`; AMD SMI's MEM.
    Memory,
    /// The system-on-chip fabric's clients: `pp_dpm_socclk`.
    Soc,
    /// The data fabric: `pp_dpm_fclk`; AMD SMI's DF.
    Fabric,
    /// Video decoding and encoding, first instance: `pp_dpm_vclk`.
    Video0,
    /// Second instance: `pp_dpm_vclk1`.
    Video1,
    /// Video decoding's data clock, first instance: `pp_dpm_dclk`.
    Decoder0,
    /// Second instance: `pp_dpm_dclk1`.
    Decoder1,
    /// The display engine: `pp_dpm_dcefclk`.
    Display,
}

impl ClockDomain {
    /// All domains.
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

    /// The file that lists its levels.
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
    /// One frequency that hwmon measures: cycles per second.
    pub struct Frequency {
        /// N of `freqN_input`.
        pub channel: u32,
        /// What the driver calls it: `sclk`, `mclk`.
        pub label: Option<String>,
        readings {
            /// Now.
            pub current: Hertz,
        }
    }
}

/// # Clocks: levels and frequencies
impl Gpu {
    /// The levels of a domain in megahertz, with the current one marked.
    ///
    /// Several levels may be marked (they have one frequency), or none (the driver does not know). A level
    /// [`Sleep`](crate::parse::dpm::DpmIndex::Sleep) is deep sleep. A domain whose table is empty is not supported.
    ///
    /// *Source*: `pp_dpm_*` of the PCI device.
    /// *Errors*: [`NotSupported`](crate::Error::NotSupported) where the GPU has no such domain; [`Inaccessible`](crate::error::Unavailable::Inaccessible) after a
    /// fatal RAS interrupt.
    /// *Supported on*: graphics and memory on all with power management; others by generation.
    #[doc(alias = "amdsmi_get_clk_freq")]
    #[doc(alias = "amdsmi_get_clock_info")]
    pub fn clock_levels(&self, domain: ClockDomain) -> Reading<DpmTable> {
        self.get(domain.attribute())
    }

    /// The frequencies that hwmon measures, in cycles per second.
    ///
    /// *Source*: hwmon `freq*`, found by listing.
    /// *Errors*: [`NotSupported`](crate::Error::NotSupported) without hwmon. What fails for one stands in its `reasons`.
    /// *Supported on*: `sclk` on all, `mclk` on discrete cards and MI300A.
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
