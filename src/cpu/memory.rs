//! Memory and links: bandwidths, DIMMs.

use super::file::{self, File};
use super::socket::Socket;
use crate::attribute::FileContent;
use crate::error::{Error, HsmpRefusal};
use crate::parse::hsmp::answer::{self, DdrBandwidth, DimmPower, DimmTemperatureRange, DimmThermal};
use crate::parse::hsmp::request::{self, SidebandRegister, Traffic};
use crate::parse::hsmp::{HsmpLink, Message};
use crate::parse::scalar;
use crate::reading::{Reading, Source};
use crate::unit::{GigabytesPerSecond, MegabitsPerSecond, Percent};

const DDR_MAX: File<GigabytesPerSecond> = ddr("ddr_max_bw", gigabytes);
const DDR_USED: File<GigabytesPerSecond> = ddr("ddr_utilised_bw_input", gigabytes);
const DDR_PERCENT: File<Percent> =
    ddr("ddr_utilised_bw_perc_input", |text| Ok(Percent(scalar::unsigned_32(text)?)));

const fn ddr<T>(name: &'static str, parse: fn(&[u8]) -> FileContent<T>) -> File<T> {
    File::sent(Source::HsmpAttribute, name, Message::DdrBandwidth, parse)
}

fn gigabytes(text: &[u8]) -> FileContent<GigabytesPerSecond> {
    Ok(GigabytesPerSecond(scalar::unsigned(text)?))
}

impl Socket {
    /// Memory bandwidth in gigabytes per second.
    ///
    /// # Source
    /// `ddr_max_bw`, `ddr_utilised_bw_input` and `ddr_utilised_bw_perc_input`; else message 14h.
    ///
    /// # Errors
    /// [`Error::NoHsmp`]; [`Error::Hsmp`].
    ///
    /// # Supported on
    /// EPYC with HSMP; not MI300A, whose metrics table has the bandwidth of its memory.
    #[doc(alias = "amdsmi_get_cpu_ddr_bw")]
    pub fn ddr_bandwidth(&self) -> Reading<DdrBandwidth> {
        let look = self.look();
        let files = look.attribute(&DDR_MAX).and_then(|max| {
            let used = look.attribute(&DDR_USED)?.value;
            let used_percent = look.attribute(&DDR_PERCENT)?.value;
            Ok(max.map(|max| DdrBandwidth { max, used, used_percent }))
        });
        file::or(files, || look.ask(Message::DdrBandwidth, None, |[word]| answer::ddr_bandwidth(word)))
    }

    /// Temperature range and refresh rate of the DIMM at an address.
    ///
    /// # Source
    /// Message 16h.
    ///
    /// # Errors
    /// [`Error::NoHsmp`]; [`Error::Hsmp`].
    ///
    /// # Supported on
    /// EPYC from Genoa on.
    #[doc(alias = "amdsmi_get_cpu_dimm_temp_range_and_refresh_rate")]
    pub fn dimm_temperature_range(&self, address: u8) -> Reading<DimmTemperatureRange> {
        self.dimm(Message::DimmTemperatureRange, address, answer::dimm_temperature_range)
    }

    /// Power of the DIMM at an address, in microwatts.
    ///
    /// # Source
    /// Message 17h.
    ///
    /// # Errors
    /// As [`Socket::dimm_temperature_range`].
    ///
    /// # Supported on
    /// As [`Socket::dimm_temperature_range`].
    #[doc(alias = "amdsmi_get_cpu_dimm_power_consumption")]
    pub fn dimm_power(&self, address: u8) -> Reading<DimmPower> {
        self.dimm(Message::DimmPower, address, answer::dimm_power)
    }

    /// Temperature of the DIMM at an address, in millidegrees Celsius.
    ///
    /// # Source
    /// Message 18h.
    ///
    /// # Errors
    /// As [`Socket::dimm_temperature_range`].
    ///
    /// # Supported on
    /// As [`Socket::dimm_temperature_range`].
    #[doc(alias = "amdsmi_get_cpu_dimm_thermal_sensor")]
    pub fn dimm_thermal(&self, address: u8) -> Reading<DimmThermal> {
        self.dimm(Message::DimmThermal, address, answer::dimm_thermal)
    }

    fn dimm<T>(&self, message: Message, address: u8, decode: fn(u32) -> T) -> Reading<T> {
        self.look().ask(message, Some(request::dimm(address)), |[word]| decode(word))
    }

    /// A register of a device on a DIMM.
    ///
    /// # Source
    /// Message 33h.
    ///
    /// # Errors
    /// As [`Socket::dimm_temperature_range`].
    ///
    /// # Supported on
    /// EPYC of family 1Ah, models 50h to 5Fh, with AMD's own driver.
    pub fn dimm_sideband(&self, register: SidebandRegister) -> Reading<u8> {
        let argument = request::sideband(register);
        self.look().ask_about(Message::DimmSideband, argument, |[word]| word as u8)
    }

    /// Traffic of an I/O link in both directions, in megabits per second.
    ///
    /// # Source
    /// Message 1Dh.
    ///
    /// # Errors
    /// [`Error::NoHsmp`]; [`Error::Hsmp`], also for a link that this CPU does not have.
    ///
    /// # Supported on
    /// EPYC from Genoa on, and MI300A.
    #[doc(alias = "amdsmi_get_cpu_current_io_bandwidth")]
    pub fn io_bandwidth(&self, link: &str) -> Reading<MegabitsPerSecond> {
        self.link(Message::IoBandwidth, link, Traffic::Aggregate)
    }

    /// Traffic of an xGMI link, in megabits per second.
    ///
    /// # Source
    /// Message 1Eh.
    ///
    /// # Errors
    /// As [`Socket::io_bandwidth`].
    ///
    /// # Supported on
    /// As [`Socket::io_bandwidth`].
    #[doc(alias = "amdsmi_get_cpu_current_xgmi_bw")]
    pub fn xgmi_bandwidth(&self, link: &str, traffic: Traffic) -> Reading<MegabitsPerSecond> {
        self.link(Message::XgmiBandwidth, link, traffic)
    }

    fn link(&self, message: Message, name: &str, traffic: Traffic) -> Reading<MegabitsPerSecond> {
        let look = self.look();
        let links = HsmpLink::of_protocol(look.protocol()?.value);
        let link = links.iter().find(|link| link.name == name);
        let argument = link.map(|link| request::link(*link, traffic));
        match (look.ask_about(message, argument, |[word]| answer::link_bandwidth(word)), links) {
            // A CPU without named links does not have this message.
            (Err(Error::Hsmp { reason: HsmpRefusal::NotAddressable, .. }), []) => {
                look.ask(message, Some(0), |[word]| answer::link_bandwidth(word))
            }
            (answer, _) => answer,
        }
    }
}
