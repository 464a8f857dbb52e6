//! Current settings of the firmware: P-states, widths, modes, C-states.

use super::socket::Socket;
use crate::parse::hsmp::Message;
use crate::parse::hsmp::answer::{self, FabricPstate};
use crate::parse::hsmp::request::{self, ASK, CodeRange};
use crate::reading::Reading;

impl Socket {
    /// The range of an NBIO's LCLK levels, 0 to 3 (2 on MI300A).
    ///
    /// # Source
    /// Message 13h.
    ///
    /// # Errors
    /// [`Error::NoHsmp`](crate::Error::NoHsmp); [`Error::Hsmp`](crate::Error::Hsmp).
    ///
    /// # Supported on
    /// All processors with HSMP.
    #[doc(alias = "amdsmi_get_cpu_socket_lclk_dpm_level")]
    pub fn lclk_levels(&self, nbio: u8) -> Reading<CodeRange> {
        self.look().ask(Message::NbioDpmLevel, Some(request::nbio(nbio)), |[word]| answer::dpm_levels(word))
    }

    /// Minimum and maximum width of the xGMI links: 0 is x4, 1 is x8, 2 is x16.
    ///
    /// # Source
    /// Message 0Ch.
    ///
    /// # Errors
    /// As [`Socket::lclk_levels`]; in-tree drivers only set it.
    ///
    /// # Supported on
    /// All processors with HSMP, with AMD's own driver from 3.0 on.
    pub fn xgmi_link_width(&self) -> Reading<CodeRange> {
        self.setting(Message::XgmiLinkWidth, answer::range)
    }

    /// P-state of the data fabric: automatic (performance boost) or fixed.
    ///
    /// # Source
    /// Message 0Dh.
    ///
    /// # Errors
    /// As [`Socket::xgmi_link_width`].
    ///
    /// # Supported on
    /// EPYC with HSMP, with AMD's own driver from 3.0 on.
    pub fn fabric_pstate(&self) -> Reading<FabricPstate> {
        self.setting(Message::FabricPstate, answer::fabric_pstate)
    }

    /// P-state range of the data fabric; 0 is the fastest.
    ///
    /// # Source
    /// Message 22h.
    ///
    /// # Errors
    /// As [`Socket::xgmi_link_width`].
    ///
    /// # Supported on
    /// EPYC from Genoa on, with AMD's own driver from 3.0 on.
    pub fn fabric_pstate_range(&self) -> Reading<CodeRange> {
        self.setting(Message::FabricPstateRange, answer::range)
    }

    /// P-state range of the xGMI links.
    ///
    /// # Source
    /// Message 26h.
    ///
    /// # Errors
    /// As [`Socket::xgmi_link_width`].
    ///
    /// # Supported on
    /// EPYC of family 1Ah, with AMD's own driver from 3.0 on.
    pub fn xgmi_pstate_range(&self) -> Reading<CodeRange> {
        self.setting(Message::XgmiPstateRange, answer::range)
    }

    /// The power efficiency mode, as a code: 0 to 3, on family 1Ah 0 to 5.
    ///
    /// # Source
    /// Message 21h.
    ///
    /// # Errors
    /// As [`Socket::lclk_levels`].
    ///
    /// # Supported on
    /// EPYC from Genoa on, with a driver from 2.4 on.
    pub fn power_mode(&self) -> Reading<u8> {
        self.setting(Message::PowerMode, answer::power_mode)
    }

    /// `true` if the rails of the cores have independent frequencies.
    ///
    /// # Source
    /// Message 27h.
    ///
    /// # Errors
    /// As [`Socket::lclk_levels`].
    ///
    /// # Supported on
    /// EPYC of family 1Ah, with a driver from 2.4 on.
    pub fn rail_iso_frequency(&self) -> Reading<bool> {
        self.setting(Message::RailIsoFrequency, answer::enabled)
    }

    /// `true` if the data fabric may use C-states.
    ///
    /// # Source
    /// Message 28h.
    ///
    /// # Errors
    /// As [`Socket::lclk_levels`].
    ///
    /// # Supported on
    /// As [`Socket::rail_iso_frequency`].
    pub fn fabric_cstate(&self) -> Reading<bool> {
        self.setting(Message::FabricCstate, answer::enabled)
    }

    /// `true` if the package may enter PC6.
    ///
    /// # Source
    /// Message 29h.
    ///
    /// # Errors
    /// As [`Socket::lclk_levels`].
    ///
    /// # Supported on
    /// EPYC of family 1Ah, models 50h to 5Fh, with AMD's own driver.
    pub fn pc6(&self) -> Reading<bool> {
        self.setting(Message::Pc6, answer::enabled)
    }

    /// `true` if cores may enter CC6.
    ///
    /// # Source
    /// Message 2Ah.
    ///
    /// # Errors
    /// As [`Socket::lclk_levels`].
    ///
    /// # Supported on
    /// As [`Socket::pc6`].
    pub fn cc6(&self) -> Reading<bool> {
        self.setting(Message::Cc6, answer::enabled)
    }

    /// SDPS limit, as the firmware's number.
    ///
    /// # Source
    /// Message 3Ah.
    ///
    /// # Errors
    /// As [`Socket::lclk_levels`].
    ///
    /// # Supported on
    /// As [`Socket::pc6`].
    pub fn sdps_limit(&self) -> Reading<u32> {
        self.setting(Message::SdpsLimit, |word| word & !ASK)
    }

    /// Messages that the firmware supports: one bit each, in three words.
    ///
    /// # Source
    /// Message 37h.
    ///
    /// # Errors
    /// As [`Socket::lclk_levels`].
    ///
    /// # Supported on
    /// As [`Socket::pc6`].
    pub fn enabled_messages(&self) -> Reading<[u32; 3]> {
        self.look().ask(Message::EnabledMessages, Some(0), |words| words)
    }

    fn setting<T>(&self, message: Message, decode: fn(u32) -> T) -> Reading<T> {
        self.look().ask(message, Some(ASK), |[word]| decode(word))
    }
}
