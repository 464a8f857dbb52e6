//! Power channels and their caps.

use super::{Access, Gpu};
use crate::attribute::{
    POWER_AVERAGE, POWER_CAP, POWER_CAP_DEFAULT, POWER_CAP_MAX, POWER_CAP_MIN, POWER_INPUT, POWER_LABEL,
};
use crate::error::Result;
use crate::reading::bundle;
use crate::unit::MicroWatts;

bundle! {
    /// One power channel: millionths of a watt.
    pub struct PowerChannel {
        /// N of `powerN_average`: 1 is the socket's (`PPT`, Van Gogh `slowPPT`), 2 the fast limit (`PPT1`, `fastPPT`).
        pub channel: u32,
        /// What the driver calls it.
        pub label: Option<String>,
        readings {
            /// Averaged by the firmware over some milliseconds (`powerN_average`).
            pub average: MicroWatts,
            /// At this moment (`powerN_input`).
            pub instantaneous: MicroWatts,
            /// The limit in force.
            pub cap: MicroWatts,
            /// The limit after boot.
            pub cap_default: MicroWatts,
            /// The lowest limit that the driver takes.
            pub cap_min: MicroWatts,
            /// The highest limit that the driver takes.
            pub cap_max: MicroWatts,
        }
    }
}

/// Which of two figures a power is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
pub enum PowerKind {
    /// Averaged by the firmware.
    Average,
    /// At one moment.
    Instantaneous,
}

impl Gpu {
    /// All power channels in millionths of a watt, with their caps. On an APU the figure includes the CPU cores.
    ///
    /// # Source
    /// hwmon `power*`, found by listing.
    ///
    /// # Errors
    /// [`NotSupported`](crate::Error::NotSupported) without hwmon. Each figure has its own reason; all of them are
    /// suspended with the GPU.
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

    /// The channel of the package alone: the first.
    pub(crate) fn first_power_channel(&self) -> Result<PowerChannel> {
        self.hwmon()?;
        Ok(power_channel(&self.access(), 1))
    }
}

fn power_channel(access: &Access<'_>, channel: u32) -> PowerChannel {
    PowerChannel {
        channel,
        label: access.at(&POWER_LABEL, channel).ok().map(|label| label.value),
        average: access.at(&POWER_AVERAGE, channel),
        instantaneous: access.at(&POWER_INPUT, channel),
        cap: access.at(&POWER_CAP, channel),
        cap_default: access.at(&POWER_CAP_DEFAULT, channel),
        cap_min: access.at(&POWER_CAP_MIN, channel),
        cap_max: access.at(&POWER_CAP_MAX, channel),
    }
}
