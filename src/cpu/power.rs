//! Power of a socket, and its limit.

use super::file::{self, File};
use super::look::SocketLook;
use super::socket::Socket;
use crate::attribute::FileContent;
use crate::parse::hsmp::{Message, answer};
use crate::parse::scalar;
use crate::reading::{Reading, Source, bundle};
use crate::unit::MicroWatts;

const INPUT: File<MicroWatts> = hwmon("power1_input", Message::SocketPower);
const CAP: File<MicroWatts> = hwmon("power1_cap", Message::SocketPowerLimit);
const CAP_MAX: File<MicroWatts> = hwmon("power1_cap_max", Message::SocketPowerLimitMax);

const fn hwmon(name: &'static str, message: Message) -> File<MicroWatts> {
    File::sent(Source::HsmpHwmon, name, message, micro_watts)
}

fn micro_watts(text: &[u8]) -> FileContent<MicroWatts> {
    Ok(MicroWatts(scalar::unsigned(text)?))
}

bundle! {
    /// Power of a socket in microwatts, with its limit.
    pub struct SocketPower {
        readings {
            /// The average power of the socket.
            pub socket: MicroWatts,
            /// The power limit in effect.
            pub limit: MicroWatts,
            /// The highest power limit that can be set.
            pub limit_max: MicroWatts,
            /// Power of all rails, from the regulators' telemetry.
            pub rails: MicroWatts,
        }
    }
}

/// Converts 1/1024 of a watt.
fn of_q10(raw: u32) -> MicroWatts {
    MicroWatts((u64::from(raw) * 1_000_000) >> 10)
}

impl Socket {
    /// Power and its limit, in microwatts.
    ///
    /// # Source
    /// hwmon `power1_input`, `power1_cap`, `power1_cap_max`; else the metrics table; else messages 04h, 06h, 07h. The
    /// rails: message 1Bh.
    ///
    /// # Errors
    /// None. Each missing quantity has its reason.
    #[doc(alias = "amdsmi_get_cpu_socket_power")]
    #[doc(alias = "amdsmi_get_cpu_socket_power_cap")]
    #[doc(alias = "amdsmi_get_cpu_socket_power_cap_max")]
    #[doc(alias = "amdsmi_get_cpu_pwr_svi_telemetry_all_rails")]
    pub fn power(&self) -> SocketPower {
        let look = self.look();
        SocketPower {
            socket: look.power(&INPUT, |table| table.socket_power),
            limit: look.power(&CAP, |table| table.socket_power_limit),
            limit_max: look.power(&CAP_MAX, |table| table.max_socket_power_limit),
            rails: look.ask(Message::RailPower, None, |[word]| answer::power(word)),
        }
    }
}

impl SocketLook<'_> {
    fn power(
        &self,
        file: &File<MicroWatts>,
        field: fn(&crate::parse::hsmp::table::Mi300aTable) -> u32,
    ) -> Reading<MicroWatts> {
        let hwmon = self.hwmon(file);
        let table = file::or(hwmon, || self.of_table(|table| of_q10(field(table))));
        file::or(table, || {
            self.ask(file.message.unwrap_or(Message::SocketPower), None, |[word]| answer::power(word))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn watts_of_the_table() {
        assert_eq!(of_q10(550 * 1024 + 512), MicroWatts(550_500_000));
        assert_eq!(of_q10(u32::MAX), MicroWatts(4_194_303_999_023));
    }
}
