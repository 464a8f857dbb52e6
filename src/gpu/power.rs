//! Power channels and their caps.

use super::{Access, Gpu};
use crate::attribute::{
    Attribute, POWER_AVERAGE, POWER_CAP, POWER_CAP_DEFAULT, POWER_CAP_MAX, POWER_CAP_MIN, POWER_INPUT,
    POWER_LABEL,
};
use crate::error::{Error, Result};
use crate::reading::{Reading, bundle};
use crate::unit::MicroWatts;

bundle! {
    /// One power channel, in microwatts.
    pub struct PowerChannel {
        /// N of `powerN_average`: 1 is the socket's (`PPT`, Van Gogh `slowPPT`), 2 the fast limit (`PPT1`, `fastPPT`).
        pub channel: u32,
        /// The driver's label of the channel.
        pub label: Option<String>,
        readings {
            /// Power averaged by the firmware over some milliseconds (`powerN_average`).
            pub average: MicroWatts,
            /// Current power (`powerN_input`).
            pub instantaneous: MicroWatts,
            /// The limit in effect.
            pub cap: MicroWatts,
            /// The limit after boot.
            pub cap_default: MicroWatts,
            /// The lowest limit that the driver accepts.
            pub cap_min: MicroWatts,
            /// The highest limit that the driver accepts.
            pub cap_max: MicroWatts,
        }
    }
}

/// The kind of a power value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
pub enum PowerKind {
    /// Averaged by the firmware.
    Average,
    /// Measured at one moment.
    Instantaneous,
}

/// # Power: channels and caps
impl Gpu {
    /// All power channels in microwatts, with their caps. On an APU, the power includes the CPU cores.
    ///
    /// # Source
    /// hwmon `power*`, found by listing.
    ///
    /// # Errors
    /// [`NotSupported`](crate::Error::NotSupported) without hwmon. Each value has its own reason:
    /// [`Suspended`](crate::error::Unavailable::Suspended) while the GPU is suspended, and
    /// [`OnFirstDie`](crate::Error::OnFirstDie) on the second die of an MI250.
    ///
    /// # Supported on
    /// Average on most cards, instantaneous on MI300 and many APUs, both on some; caps on discrete cards, Van Gogh and
    /// MI300A; a second channel on Van Gogh, and on MI300 from kernel 7.0 on.
    #[doc(alias = "amdsmi_get_power_cap_info")]
    pub fn power_channels(&self) -> Result<Vec<PowerChannel>> {
        let access = self.access();
        let channels = self.hwmon()?.channels("power");
        Ok(channels.into_iter().map(|channel| power_channel(&access, channel)).collect())
    }

    /// The package's own channel, which is the first.
    pub(crate) fn first_power_channel(&self) -> Result<PowerChannel> {
        self.hwmon()?;
        Ok(power_channel(&self.access(), 1))
    }
}

fn power_channel(access: &Access<'_>, channel: u32) -> PowerChannel {
    let channel = PowerChannel {
        channel,
        label: access.at(&POWER_LABEL, channel).ok().map(|label| label.value),
        average: access.at(&POWER_AVERAGE, channel),
        instantaneous: access.at(&POWER_INPUT, channel),
        cap: access.at(&POWER_CAP, channel),
        cap_default: access.at(&POWER_CAP_DEFAULT, channel),
        cap_min: access.at(&POWER_CAP_MIN, channel),
        cap_max: access.at(&POWER_CAP_MAX, channel),
    };
    if channel.is_first_dies() { channel.of_first_die(access) } else { channel }
}

impl PowerChannel {
    /// Returns `true` if the driver writes 0 for all values. It does so on the second die of an MI250, whose power
    /// and cap are reported on the first die (`aldebaran_get_smu_metrics_data`, `aldebaran_get_power_limit`).
    fn is_first_dies(&self) -> bool {
        let is_zero = |figure: &Reading<MicroWatts>| figure.as_ref().is_ok_and(|power| power.0 == 0);
        let is_absent = |figure: &Reading<MicroWatts>| matches!(figure, Err(Error::NotSupported { .. }));
        let caps = [&self.cap, &self.cap_default, &self.cap_max];
        let powers = [&self.average, &self.instantaneous];
        caps.into_iter().all(is_zero)
            && powers.into_iter().any(is_zero)
            && powers.into_iter().all(|power| is_zero(power) || is_absent(power))
    }

    fn of_first_die(self, access: &Access<'_>) -> PowerChannel {
        let reason = |attribute: &Attribute<MicroWatts>| {
            Err(Error::OnFirstDie { path: access.hwmon_path(&attribute.of_channel(self.channel)) })
        };
        PowerChannel {
            average: reason(&POWER_AVERAGE),
            instantaneous: reason(&POWER_INPUT),
            cap: reason(&POWER_CAP),
            cap_default: reason(&POWER_CAP_DEFAULT),
            cap_min: reason(&POWER_CAP_MIN),
            cap_max: reason(&POWER_CAP_MAX),
            ..self
        }
    }

    /// Returns `true` if the value is reported on the first die.
    pub(crate) fn is_on_first_die(&self) -> bool {
        matches!(self.cap_max, Err(Error::OnFirstDie { .. }))
    }
}
