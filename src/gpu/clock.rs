//! Clocks: the levels that a domain has, the one it is at, and the frequencies that hwmon measures.

use super::Gpu;
use crate::error::{Error, Reasons, Result, Unavailable};
use crate::parse::dpm::{self, DpmTable};
use crate::parse::scalar;
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
    pub(crate) fn file(self) -> &'static str {
        match self {
            ClockDomain::Graphics => "pp_dpm_sclk",
            ClockDomain::Memory => "pp_dpm_mclk",
            ClockDomain::Soc => "pp_dpm_socclk",
            ClockDomain::Fabric => "pp_dpm_fclk",
            ClockDomain::Video0 => "pp_dpm_vclk",
            ClockDomain::Video1 => "pp_dpm_vclk1",
            ClockDomain::Decoder0 => "pp_dpm_dclk",
            ClockDomain::Decoder1 => "pp_dpm_dclk1",
            ClockDomain::Display => "pp_dpm_dcefclk",
        }
    }
}

/// One frequency that hwmon measures: cycles per second.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Frequency {
    /// N of `freqN_input`.
    pub channel: u32,
    /// What the driver calls it: `sclk`, `mclk`.
    pub label: Option<String>,
    /// Now.
    pub current: Option<Hertz>,
    /// Why `current` has no value.
    pub reasons: Reasons,
}

impl Gpu {
    /// The levels of a domain in megahertz, with the current one marked.
    ///
    /// Several levels may be marked (they have one frequency), or none (the driver does not know). A level
    /// [`Sleep`](crate::parse::dpm::DpmIndex::Sleep) is deep sleep. A domain whose table is empty is not supported.
    ///
    /// *Source*: `pp_dpm_*` of the PCI device.
    /// *Errors*: [`Error::NotSupported`] where the GPU has no such domain; [`Unavailable::Inaccessible`] after a
    /// fatal RAS interrupt.
    /// *Supported on*: graphics and memory on all with power management; others by generation.
    #[doc(alias = "amdsmi_get_clk_freq")]
    #[doc(alias = "amdsmi_get_clock_info")]
    pub fn clock_levels(&self, domain: ClockDomain) -> Result<DpmTable> {
        let file = domain.file();
        let table = self.access().read(file, dpm::clocks)?;
        let path = || self.path_of(file);
        if table.unavailable {
            return Err(Error::Unavailable { path: path(), reason: Unavailable::Inaccessible });
        }
        if table.levels.is_empty() {
            return Err(Error::NotSupported { path: path() });
        }
        Ok(table)
    }

    /// The frequencies that hwmon measures, in cycles per second.
    ///
    /// *Source*: hwmon `freq*`, found by listing.
    /// *Errors*: [`Error::NotSupported`] without hwmon. What fails for one stands in its `reasons`.
    /// *Supported on*: `sclk` on all, `mclk` on discrete cards and MI300A.
    pub fn frequencies(&self) -> Result<Vec<Frequency>> {
        let access = self.access();
        let channels = self.hwmon()?.channels("freq").into_iter();
        Ok(channels
            .map(|channel| {
                let mut reasons = Reasons::default();
                let label = self.hwmon_fact(&format!("freq{channel}_label"), |text| {
                    Ok(scalar::text(text).map(String::from))
                });
                let value = access.read_hwmon(&format!("freq{channel}_input"), scalar::unsigned).map(Hertz);
                Frequency {
                    channel,
                    label: label.ok().flatten(),
                    current: reasons.keep("current", value),
                    reasons,
                }
            })
            .collect())
    }
}
