//! Power and its caps.

use super::source::attribute_or;
use super::{Access, Gpu, Source};
use crate::error::{Error, Reasons, Result};
use crate::parse::metrics::MetricsPowers;
use crate::parse::{Parsed, scalar};
use crate::unit::MicroWatts;

/// One power channel: millionths of a watt.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Power {
    /// N of `powerN_average`: 1 is the socket's (`PPT`, Van Gogh `slowPPT`), 2 the fast limit (`PPT1`, `fastPPT`).
    pub channel: u32,
    /// What the driver calls it.
    pub label: Option<String>,
    /// Averaged by the firmware over some milliseconds (`powerN_average`).
    pub average: Option<MicroWatts>,
    /// At this moment (`powerN_input`).
    pub instantaneous: Option<MicroWatts>,
    /// The limit in force.
    pub cap: Option<MicroWatts>,
    /// The limit after boot.
    pub cap_default: Option<MicroWatts>,
    /// The lowest limit that the driver takes.
    pub cap_min: Option<MicroWatts>,
    /// The highest limit that the driver takes.
    pub cap_max: Option<MicroWatts>,
    /// Why fields have no value, by their names.
    pub reasons: Reasons,
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
    /// *Source*: hwmon `power*`, found by listing.
    /// *Errors*: [`Error::NotSupported`] without hwmon. What fails for one figure stands in `reasons`; all of
    /// them are suspended with the GPU.
    /// *Supported on*: average on most cards, instantaneous on MI300 and many APUs, both on some; caps on
    /// discrete cards, Van Gogh and MI300A; a second channel on Van Gogh, and on MI300 from kernel 7.0 on.
    #[doc(alias = "amdsmi_get_power_info")]
    #[doc(alias = "amdsmi_get_power_cap_info")]
    pub fn power(&self) -> Result<Vec<Power>> {
        let access = self.access();
        let channels = self.hwmon()?.channels("power");
        Ok(channels.into_iter().map(|channel| self.power_channel(&access, channel)).collect())
    }

    /// Millionths of a watt that the package takes, and whether that is an average.
    ///
    /// *Source*, *Errors* and *Supported on*: as [`Gpu::socket_power_and_source`].
    #[doc(alias = "amdsmi_get_power_info")]
    pub fn socket_power(&self) -> Result<(MicroWatts, PowerKind)> {
        self.socket_power_and_source().map(|(power, kind, _)| (power, kind))
    }

    /// Millionths of a watt that the package takes, whether that is an average, and where it was read.
    ///
    /// *Source*: hwmon `power1_average`, or `power1_input` where the driver has no average; where there is
    /// neither, `gpu_metrics`. Where there are both, the average: it is the figure that caps apply to.
    /// *Errors*: those of reading the file that was chosen.
    /// *Supported on*: all with power management.
    pub fn socket_power_and_source(&self) -> Result<(MicroWatts, PowerKind, Source)> {
        let access = self.access();
        let attribute = match access.read_hwmon("power1_average", micro_watts) {
            Err(Error::NotSupported { .. }) => {
                access.read_hwmon("power1_input", micro_watts).map(|power| (power, PowerKind::Instantaneous))
            }
            average => average.map(|power| (power, PowerKind::Average)),
        };
        let ((power, kind), source) = attribute_or(attribute, || in_table(&self.metrics().ok()?.powers))?;
        Ok((power, kind, source))
    }

    fn power_channel(&self, access: &Access<'_>, channel: u32) -> Power {
        let mut reasons = Reasons::default();
        let label = self
            .hwmon_fact(&format!("power{channel}_label"), |text| Ok(scalar::text(text).map(String::from)));
        let mut read = |field: &str, attribute: &str| {
            let file = format!("power{channel}_{attribute}");
            reasons.keep(field, access.read_hwmon(&file, micro_watts))
        };
        Power {
            channel,
            average: read("average", "average"),
            instantaneous: read("instantaneous", "input"),
            cap: read("cap", "cap"),
            cap_default: read("cap_default", "cap_default"),
            cap_min: read("cap_min", "cap_min"),
            cap_max: read("cap_max", "cap_max"),
            label: label.ok().flatten(),
            reasons,
        }
    }
}

/// The socket's power as a metrics table has it; each version has one of the two.
pub(crate) fn in_table(powers: &MetricsPowers) -> Option<(MicroWatts, PowerKind)> {
    let now = powers.current_socket.map(|power| (power, PowerKind::Instantaneous));
    now.or(powers.average_socket.map(|power| (power, PowerKind::Average)))
}

fn micro_watts(text: &[u8]) -> Parsed<MicroWatts> {
    scalar::unsigned(text).map(MicroWatts)
}
