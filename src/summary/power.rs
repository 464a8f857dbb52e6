//! Power and its cap.

use super::{Look, field_of};
use crate::error::Error;
use crate::gpu::{Gpu, PowerChannel, PowerKind};
use crate::reading::{Reading, Source, bundle};
use crate::unit::MicroWatts;

bundle! {
    /// Power of the package in millionths of a watt, and its cap.
    pub struct PowerSummary {
        /// Whether `socket` is an average.
        pub kind: Option<PowerKind>,
        readings {
            /// The power of the package: the average where hwmon has one, because caps apply to it; else at this moment.
            pub socket: MicroWatts,
            /// Averaged by the firmware over some milliseconds.
            pub average: MicroWatts,
            /// At this moment.
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

impl Look<'_> {
    /// Power of the package in millionths of a watt, and its cap. On an APU it includes the CPU cores.
    ///
    /// # Source
    /// hwmon `power1_*`; for average and instantaneous power, where hwmon has no such file, `gpu_metrics`. Where both
    /// figures are known, `socket` is hwmon's average, then hwmon's instantaneous figure, then the table's.
    ///
    /// # Errors
    /// None of its own: each figure that is absent has its reason.
    pub fn power(&self) -> PowerSummary {
        let channel = match self.sample {
            Some(sample) => match &sample.power {
                Ok(channels) => channels
                    .iter()
                    .find(|power| power.channel == 1)
                    .cloned()
                    .ok_or_else(|| Error::NotSupported { path: self.gpu.path_of("hwmon/power1_average") }),
                Err(error) => Err(error.clone()),
            },
            None => self.gpu.first_power_channel(),
        };
        let of = |figure: fn(&PowerChannel) -> &Reading<MicroWatts>| field_of(&channel, figure);
        let average = of(|channel| &channel.average);
        let average = self.or_table(average, |metrics| metrics.powers.average_socket);
        let instantaneous = of(|channel| &channel.instantaneous);
        let instantaneous = self.or_table(instantaneous, |metrics| metrics.powers.current_socket);
        let (socket, kind) = socket(&average, &instantaneous);
        PowerSummary {
            kind,
            socket,
            average,
            instantaneous,
            cap: of(|channel| &channel.cap),
            cap_default: of(|channel| &channel.cap_default),
            cap_min: of(|channel| &channel.cap_min),
            cap_max: of(|channel| &channel.cap_max),
        }
    }
}

/// The average goes first, an attribute before the table, and a failing average is not replaced.
fn socket(
    average: &Reading<MicroWatts>,
    instantaneous: &Reading<MicroWatts>,
) -> (Reading<MicroWatts>, Option<PowerKind>) {
    match (average, instantaneous) {
        (Ok(average), Ok(now)) if average.source == Source::Metrics && now.source == Source::Attribute => {
            (Ok(*now), Some(PowerKind::Instantaneous))
        }
        (Ok(average), _) => (Ok(*average), Some(PowerKind::Average)),
        (Err(absent), Ok(now)) if absent.is_absence() => (Ok(*now), Some(PowerKind::Instantaneous)),
        (Err(absent), Err(error)) if absent.is_absence() && !error.is_absence() => (Err(error.clone()), None),
        (Err(error), _) => (Err(error.clone()), None),
    }
}

/// # Summary: power
impl Gpu {
    /// Power of the package in millionths of a watt, and its cap: [`Look::power`].
    #[doc(alias = "amdsmi_get_power_info")]
    pub fn power(&self) -> PowerSummary {
        self.look().power()
    }
}
