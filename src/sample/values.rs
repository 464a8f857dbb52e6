//! What one sample holds.

use std::time::{Duration, Instant, SystemTime};

use crate::derived::MetricsRates;
use crate::error::{Error, Reasons, Unavailable};
use crate::gpu::source::preferred;
use crate::gpu::{
    Activity, ClockDomain, Fan, FanControl, Frequency, MemoryUsage, PcieInfo, Power, PowerKind, Source,
    Temperature, TemperatureSensor, VbiosInfo, Voltage, VramInfo, fan, power, thermal,
};
use crate::parse::dpm::{DpmTable, PcieTable};
use crate::parse::metrics::Metrics;
use crate::parse::overdrive::Overdrive;
use crate::parse::performance::PerformanceLevel;
use crate::parse::profile::PowerProfile;
use crate::unit::{MicroWatts, MilliCelsius, Percent, Rpm};

/// One sample of one GPU: the values in the structs that [`Gpu`](crate::Gpu)'s own methods answer with.
///
/// A field that was not asked for has neither value nor reason. One that was asked for has one of them; those of
/// the sample itself (not of a bundle) stand in its own `reasons`, where also a bundle stands that could not be
/// listed at all: `temperatures`, `power`, `frequencies`, `voltages`, `fans`.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Sample {
    /// When the first value was about to be read; for differences between samples.
    pub started: Instant,
    /// The same moment by the wall clock; for people.
    pub wall: SystemTime,
    /// How long it took to read all values.
    pub took: Duration,
    /// How many samples this sampler took, with this one.
    pub number: u64,
    /// Why what may wake the GPU, or keep it awake, was not read; `None` if it was.
    pub refused: Option<Unavailable>,
    /// Temperatures.
    pub temperatures: Vec<Temperature>,
    /// Powers and their limits.
    pub power: Vec<Power>,
    /// Measured clocks.
    pub frequencies: Vec<Frequency>,
    /// Voltages.
    pub voltages: Vec<Voltage>,
    /// Fans.
    pub fans: Vec<Fan>,
    /// What fans are set to.
    pub fan_control: FanControl,
    /// How busy the engines are, by the attributes alone. For the rule of [`Source`] see [`Sample::gfx_activity`]
    /// and its like.
    pub activity: Activity,
    /// Memory.
    pub memory: MemoryUsage,
    /// Clock levels.
    pub clocks: Vec<ClockLevels>,
    /// The link to the machine.
    pub pcie: PcieInfo,
    /// Levels of that link.
    pub pcie_levels: Option<PcieTable>,
    /// How the driver chooses clocks.
    pub performance_level: Option<PerformanceLevel>,
    /// The power profiles.
    pub power_profiles: Option<Vec<PowerProfile>>,
    /// The overdrive table.
    pub overdrive: Option<Overdrive>,
    /// The card's firmware image.
    pub vbios: Option<VbiosInfo>,
    /// The video memory itself.
    pub vram: Option<VramInfo>,
    /// The metrics table.
    pub metrics: Option<Box<Metrics>>,
    /// The one before it, of the last sample that had one.
    pub earlier_metrics: Option<Box<Metrics>>,
    /// Why the sample's own fields have no value, by their names.
    pub reasons: Reasons,
}

/// The levels of one clock.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct ClockLevels {
    /// Whose clock.
    pub domain: ClockDomain,
    /// The levels, with the current one marked.
    pub levels: Option<DpmTable>,
    /// Why `levels` has no value.
    pub reasons: Reasons,
}

impl Sample {
    /// A sample before anything was read.
    pub(super) fn empty() -> Sample {
        let reasons = Reasons::default;
        Sample {
            started: Instant::now(),
            wall: SystemTime::UNIX_EPOCH,
            took: Duration::ZERO,
            number: 0,
            refused: None,
            temperatures: Vec::new(),
            power: Vec::new(),
            frequencies: Vec::new(),
            voltages: Vec::new(),
            fans: Vec::new(),
            fan_control: FanControl {
                curve: None,
                acoustic_limit: None,
                acoustic_target: None,
                target_temperature: None,
                minimum_pwm: None,
                zero_rpm_enable: None,
                zero_rpm_stop_temperature: None,
                reasons: reasons(),
            },
            activity: Activity {
                gfx: None,
                gfx_source: None,
                memory: None,
                memory_source: None,
                vcn: None,
                reasons: reasons(),
            },
            memory: MemoryUsage {
                vram_total: None,
                vram_used: None,
                visible_vram_total: None,
                visible_vram_used: None,
                gtt_total: None,
                gtt_used: None,
                preempt_used: None,
                reasons: reasons(),
            },
            clocks: Vec::new(),
            pcie: PcieInfo {
                speed: None,
                width: None,
                speed_max: None,
                width_max: None,
                slot_type: None,
                replay_count: None,
                reasons: reasons(),
            },
            pcie_levels: None,
            performance_level: None,
            power_profiles: None,
            overdrive: None,
            vbios: None,
            vram: None,
            metrics: None,
            earlier_metrics: None,
            reasons: reasons(),
        }
    }

    /// Millionths of a watt that the package takes, whether that is an average, and where it was read: as
    /// [`Gpu::socket_power_and_source`](crate::Gpu::socket_power_and_source), among what was sampled.
    pub fn socket_power(&self) -> Option<(MicroWatts, PowerKind, Source)> {
        let first = self.power.iter().find(|power| power.channel == 1);
        let average = first.and_then(|power| power.average).map(|power| (power, PowerKind::Average));
        let now = first.and_then(|power| power.instantaneous).map(|power| (power, PowerKind::Instantaneous));
        let reason = first.and_then(|power| {
            power
                .reasons
                .of("average")
                .filter(|error| !is_unsupported(error))
                .or(power.reasons.of("instantaneous"))
        });
        let table = || power::in_table(&self.metrics.as_ref()?.powers);
        let ((power, kind), source) = preferred(average.or(now), reason, table)?;
        Some((power, kind, source))
    }

    /// One temperature and where it was read: as [`Gpu::temperature`](crate::Gpu::temperature), among what was
    /// sampled.
    pub fn temperature(&self, sensor: &TemperatureSensor) -> Option<(MilliCelsius, Source)> {
        let found = self.temperatures.iter().find(|temperature| temperature.sensor == *sensor);
        let reason = found.and_then(|temperature| temperature.reasons.of("current"));
        let table = || thermal::in_table(self.metrics.as_ref()?, sensor);
        preferred(found.and_then(|temperature| temperature.current), reason, table)
    }

    /// Speed of the first fan and where it was read: as [`Gpu::fan_speed`](crate::Gpu::fan_speed), among what was
    /// sampled.
    pub fn fan_speed(&self) -> Option<(Rpm, Source)> {
        let first = self.fans.iter().find(|fan| fan.channel == 1);
        let reason = first.and_then(|fan| fan.reasons.of("rpm"));
        preferred(first.and_then(|fan| fan.rpm), reason, || fan::in_table(self.metrics.as_ref()?))
    }

    /// What happened between the last two metrics tables; `None` without two.
    pub fn rates(&self) -> Option<MetricsRates> {
        Some(MetricsRates::between(self.earlier_metrics.as_deref()?, self.metrics.as_deref()?))
    }

    /// How busy the shaders are and where that was read, among what was sampled.
    pub fn gfx_activity(&self) -> Option<(Percent, Source)> {
        let table = || self.metrics.as_ref()?.activity.gfx;
        preferred(self.activity.gfx, self.activity.reasons.of("gfx"), table)
    }

    /// How busy the memory controller is and where that was read, among what was sampled.
    pub fn memory_activity(&self) -> Option<(Percent, Source)> {
        let table = || self.metrics.as_ref()?.activity.umc;
        preferred(self.activity.memory, self.activity.reasons.of("memory"), table)
    }
}

fn is_unsupported(error: &Error) -> bool {
    matches!(error, Error::NotSupported { .. })
}
