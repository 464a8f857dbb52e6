//! Clocks of a socket and of a core, and their limits.

use std::path::Path;

use super::core::Core;
use super::file::{self, File};
use super::look::SocketLook;
use super::scan::SYSTEM;
use super::socket::Socket;
use crate::attribute::FileContent;
use crate::error::Op;
use crate::parse::hsmp::answer::{self, FrequencyLimit, FrequencyLimitSources, FrequencyRange};
use crate::parse::hsmp::table::Mi300aTable;
use crate::parse::hsmp::{Message, attribute, request};
use crate::parse::scalar;
use crate::reading::{Reading, Scope, Source, Value, bundle};
use crate::unit::{MegaHertz, Percent};

const FCLK: File<MegaHertz> = sent("fclk_input", Message::FabricAndMemoryClock);
const MCLK: File<MegaHertz> = sent("mclk_input", Message::FabricAndMemoryClock);
const CCLK_LIMIT: File<MegaHertz> = sent("cclk_freq_limit_input", Message::CoreClockLimit);
const FREQUENCY_LIMIT: File<MegaHertz> = sent("pwr_current_active_freq_limit", Message::SocketFrequencyLimit);
const FREQUENCY_LIMIT_SOURCE: File<FrequencyLimitSources> = File::sent(
    Source::HsmpAttribute,
    "pwr_current_active_freq_limit_source",
    Message::SocketFrequencyLimit,
    |text| Ok(attribute::frequency_limit_sources(text)?),
);
const FMAX: File<MegaHertz> = sent("clk_fmax", Message::FrequencyRange);
const FMIN: File<MegaHertz> = sent("clk_fmin", Message::FrequencyRange);
const C0_RESIDENCY: File<Percent> =
    File::sent(Source::HsmpAttribute, "c0_residency_input", Message::C0Residency, |text| {
        Ok(Percent(scalar::unsigned_32(text)?))
    });

const SCALING_FREQUENCY: File<MegaHertz> = File::new(Source::Cpufreq, "cpufreq/scaling_cur_freq", kilohertz);
const FREQUENCY_MAX: File<MegaHertz> = File::new(Source::Cpufreq, "cpufreq/cpuinfo_max_freq", kilohertz);
const FREQUENCY_MIN: File<MegaHertz> = File::new(Source::Cpufreq, "cpufreq/cpuinfo_min_freq", kilohertz);

const fn sent(name: &'static str, message: Message) -> File<MegaHertz> {
    File::sent(Source::HsmpAttribute, name, message, |text| Ok(MegaHertz(scalar::unsigned_32(text)?)))
}

fn kilohertz(text: &[u8]) -> FileContent<MegaHertz> {
    Ok(MegaHertz(scalar::unsigned_32(text)? / 1000))
}

bundle! {
    /// Clocks of a socket in MHz, and their limits.
    pub struct SocketClocks {
        readings {
            /// Clock of the data fabric.
            pub fabric: MegaHertz,
            /// Clock of the memory.
            pub memory: MegaHertz,
            /// The limit of the core clock.
            pub core_limit: MegaHertz,
            /// The active frequency limit, with what sets it.
            pub frequency_limit: FrequencyLimit,
            /// Highest and lowest frequency.
            pub range: FrequencyRange,
        }
    }
}

/// Converts 1/1024 of a megahertz.
fn megahertz_of_q10(raw: u32) -> MegaHertz {
    MegaHertz(raw >> 10)
}

/// Converts 1/1024 of a gigahertz.
fn gigahertz_of_q10(raw: u32) -> MegaHertz {
    MegaHertz(u32::try_from((u64::from(raw) * 1000) >> 10).unwrap_or(u32::MAX))
}

impl Socket {
    /// Clocks and their limits, in MHz.
    ///
    /// # Source
    /// `fclk_input`, `mclk_input`, `cclk_freq_limit_input`, `pwr_current_active_freq_limit` with its `…_source`,
    /// `clk_fmax` and `clk_fmin`; else the metrics table; else messages 0Fh, 10h, 19h and 1Ch. For the range,
    /// finally, cpufreq's `cpuinfo_max_freq` and `cpuinfo_min_freq` of the first CPU.
    ///
    /// # Errors
    /// None. Each missing quantity has its reason.
    #[doc(alias = "amdsmi_get_cpu_fclk_mclk")]
    #[doc(alias = "amdsmi_get_cpu_cclk_limit")]
    #[doc(alias = "amdsmi_get_cpu_socket_current_active_freq_limit")]
    #[doc(alias = "amdsmi_get_cpu_socket_freq_range")]
    pub fn clocks(&self) -> SocketClocks {
        let look = self.look();
        let either = |file, field: fn(&Mi300aTable) -> u32, scale: fn(u32) -> MegaHertz| {
            file::or(look.attribute(file), || look.of_table(|table| scale(field(table))))
        };
        let fabric = either(&FCLK, |table| table.fclk_frequency, megahertz_of_q10);
        let memory = either(&MCLK, |table| table.uclk_frequency, megahertz_of_q10);
        let both = std::cell::OnceCell::new();
        // One message has both values.
        let asked = |place: fn([u32; 2]) -> u32| {
            let answer = both.get_or_init(|| look.ask(Message::FabricAndMemoryClock, None, |words| words));
            answer.clone().map(|words| words.map(|words| MegaHertz(place(words))))
        };
        let core_limit = either(&CCLK_LIMIT, |table| table.cclk_frequency_limit, gigahertz_of_q10);
        SocketClocks {
            fabric: file::or(fabric, || asked(|[fabric, _]| fabric)),
            memory: file::or(memory, || asked(|[_, memory]| memory)),
            core_limit: file::or(core_limit, || {
                look.ask(Message::CoreClockLimit, None, |[word]| answer::megahertz(word))
            }),
            frequency_limit: look.frequency_limit(),
            range: look.frequency_range(self),
        }
    }

    /// Average share of time that the cores are in C0, in percent.
    ///
    /// # Source
    /// `c0_residency_input`; else the metrics table; else message 11h.
    ///
    /// # Errors
    /// [`Error::NoHsmp`](crate::Error::NoHsmp); [`Error::Hsmp`](crate::Error::Hsmp).
    #[doc(alias = "amdsmi_get_cpu_socket_c0_residency")]
    pub fn c0_residency(&self) -> Reading<Percent> {
        let look = self.look();
        let attribute = look.attribute(&C0_RESIDENCY);
        let table = file::or(attribute, || {
            look.of_table(|table| Percent(table.socket_c0_residency.saturating_add(512) >> 10))
        });
        file::or(table, || look.ask(Message::C0Residency, None, |[word]| answer::percent(word)))
    }
}

impl SocketLook<'_> {
    fn frequency_limit(&self) -> Reading<FrequencyLimit> {
        let file = self.attribute(&FREQUENCY_LIMIT).and_then(|limit| {
            let sources = self.attribute(&FREQUENCY_LIMIT_SOURCE)?.value;
            Ok(limit.map(|limit| FrequencyLimit { limit, sources }))
        });
        file::or(file, || {
            self.ask(Message::SocketFrequencyLimit, None, |[word]| answer::frequency_limit(word))
        })
    }

    fn frequency_range(&self, socket: &Socket) -> Reading<FrequencyRange> {
        let file = self.attribute(&FMAX).and_then(|max| {
            let min = self.attribute(&FMIN)?.value;
            Ok(max.map(|max| FrequencyRange { max, min }))
        });
        let table = file::or(file, || {
            self.of_table(|table| FrequencyRange {
                max: gigahertz_of_q10(table.max_cclk_frequency),
                min: gigahertz_of_q10(table.min_cclk_frequency),
            })
        });
        let asked = file::or(table, || {
            self.ask(Message::FrequencyRange, None, |[word]| answer::frequency_range(word))
        });
        file::or(asked, || {
            let cpu = socket.first_online_thread().unwrap_or(0);
            let max = self.cpufreq(cpu, &FREQUENCY_MAX, Scope::Socket)?;
            let min = self.cpufreq(cpu, &FREQUENCY_MIN, Scope::Socket)?.value;
            Ok(max.map(|max| FrequencyRange { max, min }))
        })
    }

    fn cpufreq(&self, cpu: u32, file: &File<MegaHertz>, scope: Scope) -> Reading<MegaHertz> {
        let path = Path::new(SYSTEM).join(format!("cpu{cpu}"));
        let dir = self.machine.backend.open_dir(&path);
        let dir = dir.map_err(|error| file::error(Op::OpenDir, path, &error))?;
        let value = file.read(&*dir)?;
        Ok(Value { value, source: file.source, scope })
    }
}

impl Core {
    /// The core's clock in MHz, from the cpufreq driver.
    ///
    /// # Source
    /// cpufreq's `scaling_cur_freq`, of the first thread.
    ///
    /// # Errors
    /// [`Error::NotPublished`](crate::Error::NotPublished) without a cpufreq driver, as in most guests.
    pub fn frequency(&self) -> Reading<MegaHertz> {
        self.socket().look().cpufreq(self.first_thread(), &SCALING_FREQUENCY, Scope::Core)
    }

    /// The frequency limit in effect for the core, in MHz.
    ///
    /// # Source
    /// Message 1Ah.
    ///
    /// # Errors
    /// [`Error::NoHsmp`](crate::Error::NoHsmp); [`Error::Hsmp`](crate::Error::Hsmp).
    ///
    /// # Supported on
    /// EPYC from Genoa on, and MI300A.
    #[doc(alias = "amdsmi_get_cpu_core_current_freq_limit")]
    pub fn frequency_limit(&self) -> Reading<MegaHertz> {
        self.ask(Message::CoreFrequencyLimit, answer::megahertz)
    }

    /// The boost limit set for the core, in MHz.
    ///
    /// # Source
    /// Message 0Ah.
    ///
    /// # Errors
    /// As [`Core::frequency_limit`].
    ///
    /// # Supported on
    /// All processors with HSMP.
    #[doc(alias = "amdsmi_get_cpu_core_boostlimit")]
    pub fn boost_limit(&self) -> Reading<MegaHertz> {
        self.ask(Message::BoostLimit, answer::megahertz)
    }

    /// The minimum frequency set for the core, in MHz.
    ///
    /// # Source
    /// Message 38h.
    ///
    /// # Errors
    /// As [`Core::frequency_limit`].
    ///
    /// # Supported on
    /// EPYC of family 1Ah, models 50h to 5Fh, with AMD's own driver.
    pub fn floor_limit(&self) -> Reading<MegaHertz> {
        self.floor(false)
    }

    /// The minimum frequency in effect for the core, in MHz.
    ///
    /// # Source
    /// Message 38h.
    ///
    /// # Errors
    /// As [`Core::frequency_limit`].
    ///
    /// # Supported on
    /// As [`Core::floor_limit`].
    pub fn effective_floor_limit(&self) -> Reading<MegaHertz> {
        self.floor(true)
    }

    fn floor(&self, effective: bool) -> Reading<MegaHertz> {
        let argument = request::floor(self.apic()?, effective);
        let answer =
            self.socket().look().ask_about(Message::FloorLimit, argument, |[word]| answer::floor(word))?;
        Ok(Value { scope: Scope::Core, ..answer })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clocks_of_the_table() {
        assert_eq!(megahertz_of_q10(2000 * 1024 + 1023), MegaHertz(2000));
        assert_eq!(gigahertz_of_q10(3 * 1024 + 717), MegaHertz(3700));
        assert_eq!(gigahertz_of_q10(u32::MAX), MegaHertz(4_194_303_999));
    }
}
