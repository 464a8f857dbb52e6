//! The values of one sample.

use std::time::{Duration, Instant, SystemTime};

use crate::derived::MetricsRates;
use crate::error::{Error, Result, Unavailable};
use crate::gpu::{
    Activity, ClockDomain, Fan, FanControl, Frequency, MemoryUsage, PcieInfo, PowerChannel, Temperature,
    VbiosInfo, Voltage, VramInfo,
};
use crate::parse::dpm::{DpmTable, PcieTable};
use crate::parse::metrics::Metrics;
use crate::parse::overdrive::Overdrive;
use crate::parse::performance::PerformanceLevel;
use crate::parse::profile::PowerProfile;
use crate::reading::{Reading, bundle};

/// One sample of one GPU: the contents of its files, in the types that [`Gpu`](crate::Gpu)'s own methods return.
///
/// A field that was not selected is [`Error::NotSampled`]. For values that combine several sources, see
/// [`Look::sampled`](crate::summary::Look::sampled).
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Sample {
    /// The time just before the first read, for differences between samples.
    pub started: Instant,
    /// The same moment by the wall clock, for people.
    pub wall: SystemTime,
    /// The duration of all reads.
    pub took: Duration,
    /// The number of samples of this sampler, including this one.
    pub number: u64,
    /// The reason why files that may wake the GPU or keep it awake were not read; `None` if they were.
    pub refused: Option<Unavailable>,
    /// The temperature sensors of hwmon.
    pub temperatures: Result<Vec<Temperature>>,
    /// The power channels of hwmon and their limits.
    pub power: Result<Vec<PowerChannel>>,
    /// The frequencies of hwmon.
    pub frequencies: Result<Vec<Frequency>>,
    /// The voltages of hwmon.
    pub voltages: Result<Vec<Voltage>>,
    /// All fans of hwmon.
    pub fans: Result<Vec<Fan>>,
    /// The settings of the firmware's fan control.
    pub fan_control: FanControl,
    /// Usage of the engines, from the attributes only.
    pub activity: Activity,
    /// Total and used memory.
    pub memory: MemoryUsage,
    /// Levels of the clocks.
    pub clocks: Vec<ClockLevels>,
    /// The PCIe link, from the attributes only.
    pub pcie: PcieInfo,
    /// Levels of the PCIe link.
    pub pcie_levels: Reading<PcieTable>,
    /// The driver's clock policy.
    pub performance_level: Reading<PerformanceLevel>,
    /// The power profiles.
    pub power_profiles: Reading<Vec<PowerProfile>>,
    /// The overdrive table.
    pub overdrive: Reading<Overdrive>,
    /// The card's firmware image.
    pub vbios: Option<VbiosInfo>,
    /// The type of the video memory.
    pub vram: Option<VramInfo>,
    /// The metrics table.
    pub metrics: Result<Box<Metrics>>,
    /// The previous metrics table, from the last sample with one.
    pub earlier_metrics: Option<Box<Metrics>>,
}

bundle! {
    /// The levels of one clock.
    pub struct ClockLevels {
        /// The clock domain.
        pub domain: ClockDomain,
        readings {
            /// The levels, with the current one marked.
            pub levels: DpmTable,
        }
    }
}

impl Sample {
    /// A sample before any read.
    pub(super) fn empty() -> Sample {
        Sample {
            started: Instant::now(),
            wall: SystemTime::UNIX_EPOCH,
            took: Duration::ZERO,
            number: 0,
            refused: None,
            temperatures: Err(Error::NotSampled),
            power: Err(Error::NotSampled),
            frequencies: Err(Error::NotSampled),
            voltages: Err(Error::NotSampled),
            fans: Err(Error::NotSampled),
            fan_control: FanControl {
                curve: Err(Error::NotSampled),
                acoustic_limit: Err(Error::NotSampled),
                acoustic_target: Err(Error::NotSampled),
                target_temperature: Err(Error::NotSampled),
                minimum_pwm: Err(Error::NotSampled),
                zero_rpm_enable: Err(Error::NotSampled),
                zero_rpm_stop_temperature: Err(Error::NotSampled),
            },
            activity: Activity {
                gfx: Err(Error::NotSampled),
                memory: Err(Error::NotSampled),
                media: Err(Error::NotSampled),
            },
            memory: MemoryUsage {
                vram_total: Err(Error::NotSampled),
                vram_used: Err(Error::NotSampled),
                visible_vram_total: Err(Error::NotSampled),
                visible_vram_used: Err(Error::NotSampled),
                gtt_total: Err(Error::NotSampled),
                gtt_used: Err(Error::NotSampled),
                preempt_used: Err(Error::NotSampled),
            },
            clocks: Vec::new(),
            pcie: PcieInfo {
                speed: Err(Error::NotSampled),
                width: Err(Error::NotSampled),
                speed_max: Err(Error::NotSampled),
                width_max: Err(Error::NotSampled),
                slot_type: Err(Error::NotSampled),
                replay_count: Err(Error::NotSampled),
            },
            pcie_levels: Err(Error::NotSampled),
            performance_level: Err(Error::NotSampled),
            power_profiles: Err(Error::NotSampled),
            overdrive: Err(Error::NotSampled),
            vbios: None,
            vram: None,
            metrics: Err(Error::NotSampled),
            earlier_metrics: None,
        }
    }

    /// The rates between the last two metrics tables; `None` without two.
    pub fn rates(&self) -> Option<MetricsRates> {
        Some(MetricsRates::between(self.earlier_metrics.as_deref()?, self.metrics.as_deref().ok()?))
    }
}
