//! Power of the package and its cap.

use super::{Look, field_of};
use crate::error::Error;
use crate::gpu::{Gpu, PowerChannel, PowerKind};
use crate::reading::{Reading, Source, bundle};
use crate::unit::MicroWatts;

bundle! {
    /// Power of the package in microwatts, and its cap.
    pub struct PowerSummary {
        /// The kind of `socket`: average or instantaneous.
        pub kind: Option<PowerKind>,
        readings {
            /// Power of the package: hwmon's average if there is one, because caps apply to it; else the current
            /// power.
            pub socket: MicroWatts,
            /// Averaged by the firmware over some milliseconds.
            pub average: MicroWatts,
            /// Current power.
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

impl Look<'_> {
    /// Power of the package in microwatts, and its cap. On an APU, it includes the CPU cores.
    ///
    /// # Source
    /// hwmon `power1_*`; without these files, `gpu_metrics` for average and instantaneous power. If both are known,
    /// `socket` is hwmon's average, else hwmon's instantaneous power, else the table's value.
    ///
    /// # Errors
    /// None. Each missing value has its reason.
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

/// The average comes first, the attribute before the table. A failed average is not replaced.
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
    /// Power of the package in microwatts, and its cap: [`Look::power`].
    #[doc(alias = "amdsmi_get_power_info")]
    pub fn power(&self) -> PowerSummary {
        self.look().power()
    }
}
