//! Clocks: the current frequency and the levels of each domain.

use super::Look;
use crate::error::{Error, Unavailable};
use crate::gpu::{ClockDomain, Frequency, Gpu};
use crate::parse::UnrecognisedLine;
use crate::parse::dpm::DpmTable;
use crate::parse::metrics::Metrics;
use crate::reading::{Reading, Value, bundle};
use crate::unit::MegaHertz;

bundle! {
    /// One clock, in megahertz.
    pub struct ClockSummary {
        /// The clock domain.
        pub domain: ClockDomain,
        readings {
            /// Current frequency in megahertz.
            pub current: MegaHertz,
            /// The lowest level.
            pub min: MegaHertz,
            /// The highest level.
            pub max: MegaHertz,
            /// `true` if the clock is locked; the metrics table has this for shader clocks only.
            pub locked: bool,
            /// The levels, with the current one marked.
            pub levels: DpmTable,
        }
    }
}

impl Look<'_> {
    /// Current frequency and range of a clock domain, in megahertz.
    ///
    /// # Source
    /// The current clock from `gpu_metrics`, because a marked level is nominal and hwmon reports 0 while the graphics
    /// core is off (GFXOFF); else the marked level of `pp_dpm_*`; else hwmon `freq*_input` with the domain's label.
    /// The range from `pp_dpm_*`; the second media engine's range from the first's if it has no file of its own.
    ///
    /// # Errors
    /// None. Each missing value has its reason.
    pub fn clock(&self, domain: ClockDomain) -> ClockSummary {
        let levels = self.clock_levels(domain);
        let path = || self.gpu.path_of(domain.attribute().name);
        let unparsable = |line: &UnrecognisedLine| Error::Unparsable { path: path(), source: line.error() };
        let absent = match &levels {
            Ok(table) => match table.value.unrecognised_current() {
                Some(line) => unparsable(line),
                None => Error::Unavailable { path: path(), reason: Unavailable::NoLevelMarked },
            },
            Err(error) => error.clone(),
        };
        let current = match self.of_table(|metrics| in_table(metrics, domain)) {
            Err(error) if error.is_absence() => {
                self.marked(&levels).or_else(|| self.measured(domain)).ok_or(absent)
            }
            current => current,
        };
        let first = match domain {
            ClockDomain::Video1 => Some(ClockDomain::Video0),
            ClockDomain::Decoder1 => Some(ClockDomain::Decoder0),
            _ => None,
        };
        // The second engine has the levels of the first, but not its current level.
        let of_first = match (first, &current, &levels) {
            (Some(first), Ok(_), Err(Error::NotSupported { .. })) => Some(self.clock_levels(first)),
            _ => None,
        };
        let range = of_first.as_ref().unwrap_or(&levels);
        let bound = |end: fn((MegaHertz, MegaHertz)) -> MegaHertz| {
            let table = range.as_ref().map_err(Error::clone)?;
            let absent = || match table.value.unrecognised_level() {
                Some(line) => unparsable(line),
                None => Error::NotSupported { path: path() },
            };
            let ends = table.range().ok_or_else(absent)?;
            Ok(Value { value: end(ends), source: table.source, scope: table.scope })
        };
        ClockSummary {
            domain,
            current,
            min: bound(|(low, _)| low),
            max: bound(|(_, high)| high),
            locked: self.of_table(|metrics| {
                let locks = metrics.clocks.gfxclk_lock_status.filter(|_| domain == ClockDomain::Graphics)?;
                Some(locks & 1 != 0)
            }),
            levels,
        }
    }

    fn marked(&self, levels: &Reading<DpmTable>) -> Option<Value<MegaHertz>> {
        let table = levels.as_ref().ok()?;
        let level = table.current()?;
        Some(Value { value: level.frequency, source: table.source, scope: table.scope })
    }

    fn measured(&self, domain: ClockDomain) -> Option<Value<MegaHertz>> {
        let label = match domain {
            ClockDomain::Graphics => "sclk",
            ClockDomain::Memory => "mclk",
            _ => return None,
        };
        let frequencies = self.frequencies().ok()?;
        // Kernels without labels (before 5.1) list the shader clock first, then the memory clock.
        let is_wanted = |found: &&Frequency| match found.label.as_deref() {
            Some(found) => found == label,
            None => found.channel == if domain == ClockDomain::Graphics { 1 } else { 2 },
        };
        let measured = frequencies.iter().find(is_wanted)?.current.as_ref().ok()?;
        let megahertz = u32::try_from(measured.value.0 / 1_000_000).ok()?;
        Some(measured.map(|_| MegaHertz(megahertz)))
    }
}

fn in_table(metrics: &Metrics, domain: ClockDomain) -> Option<MegaHertz> {
    let clocks = &metrics.clocks;
    let slot = |slots: &[Option<MegaHertz>], index: usize| slots.get(index).copied().flatten();
    match domain {
        ClockDomain::Graphics => slot(&clocks.current_gfxclk, 0),
        ClockDomain::Memory => slot(&clocks.current_uclk, 0),
        ClockDomain::Soc => slot(&clocks.current_socclk, 0),
        ClockDomain::Fabric => clocks.current_fclk,
        ClockDomain::Video0 => slot(&clocks.current_vclk0, 0),
        ClockDomain::Decoder0 => slot(&clocks.current_dclk0, 0),
        // The second die's clock, or the second engine's on GPUs with one die.
        ClockDomain::Video1 => slot(&clocks.current_vclk0, 1).or(clocks.current_vclk1),
        ClockDomain::Decoder1 => slot(&clocks.current_dclk0, 1).or(clocks.current_dclk1),
        ClockDomain::Display => None,
    }
}

/// # Summary: clocks
impl Gpu {
    /// Current frequency and range of a clock domain, in megahertz: [`Look::clock`].
    #[doc(alias = "amdsmi_get_clock_info")]
    pub fn clock(&self, domain: ClockDomain) -> ClockSummary {
        self.look().clock(domain)
    }
}
