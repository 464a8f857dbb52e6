//! The view's model of the machine at one moment: packages with their values, and their partitions.
//!
//! The values are the library's ([`Look`]) as plain numbers, each with its scope: a package's values appear once,
//! above its partitions.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use amdgpu_smi::derived::ThrottleShares;
use amdgpu_smi::error::Unavailable;
use amdgpu_smi::gpu::{ClockDomain, Temperature, TemperatureSensor};
use amdgpu_smi::id::Bdf;
use amdgpu_smi::metrics::{EngineScope, ThrottleReasons};
use amdgpu_smi::reading::Reading;
use amdgpu_smi::sample::Sample;
use amdgpu_smi::summary::Look;
use amdgpu_smi::{Error, Gpu};
use clap::ValueEnum;

use super::words;

/// The machine at one moment.
#[derive(Debug, Clone, Default)]
pub(crate) struct Snapshot {
    /// Since the view began, or the recording; only goes on.
    pub(crate) at: Duration,
    /// By the wall clock.
    pub(crate) wall: Option<SystemTime>,
    /// In the order of their addresses.
    pub(crate) packages: Vec<Package>,
    /// Why there is no GPU, and what may help.
    pub(crate) nothing: Option<Nothing>,
}

/// Why there is nothing to show.
#[derive(Debug, Clone)]
pub(crate) struct Nothing {
    pub(crate) sentence: String,
    pub(crate) hint: &'static str,
}

/// A package: one GPU, or all partitions of one.
#[derive(Debug, Clone)]
pub(crate) struct Package {
    pub(crate) bdf: Bdf,
    /// The number of its first GPU in the list, by which AMD's tools know it.
    pub(crate) index: usize,
    pub(crate) name: Arc<str>,
    pub(crate) standing: Standing,
    pub(crate) values: Values,
    /// Its partitions; none for a package in one piece.
    pub(crate) partitions: Vec<Partition>,
    /// Values that rarely change, read beside the samples.
    pub(crate) facts: Arc<Facts>,
}

/// A partition of a package.
#[derive(Debug, Clone)]
pub(crate) struct Partition {
    pub(crate) index: usize,
    pub(crate) number: u8,
    pub(crate) bdf: Bdf,
    pub(crate) compute_units: Option<u32>,
    pub(crate) memory: Option<u64>,
    /// In percent, of its own compute dies and media engines.
    pub(crate) busy: Option<f64>,
    pub(crate) media: Option<f64>,
}

/// The state of a GPU.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    Awake,
    /// Suspended, and not woken.
    Asleep,
    /// Not read, so that it may fall asleep.
    LeftAlone,
    InReset,
    /// No answer since then.
    Late(Duration),
    /// Removed, or its driver unloaded.
    Gone,
}

impl Standing {
    /// In one or two words; none for a GPU that answers.
    pub(crate) fn words(self) -> Option<String> {
        Some(match self {
            Standing::Awake => return None,
            Standing::Asleep => "asleep".into(),
            Standing::LeftAlone => "left alone".into(),
            Standing::InReset => "in reset".into(),
            Standing::Late(since) => format!("late {}", words::seconds(since)),
            Standing::Gone => "gone".into(),
        })
    }

    /// The same for a narrow column, the longest first; none for a GPU that answers.
    pub(crate) fn short_words(self) -> Option<Vec<String>> {
        Some(match self {
            Standing::Awake => return None,
            Standing::Asleep => vec!["asleep".into()],
            Standing::LeftAlone => vec!["left alone".into(), "idle".into()],
            Standing::InReset => vec!["in reset".into(), "reset".into()],
            Standing::Late(since) => {
                let short = words::seconds(since);
                let largest = short.split_whitespace().take(2).collect::<Vec<_>>();
                let unit = largest.get(1).and_then(|unit| unit.chars().next());
                let count = largest.first().copied().unwrap_or_default();
                let count = format!("{count}{}", unit.map(String::from).unwrap_or_default());
                vec![format!("late {}", largest.join(" ")), format!("late {count}"), "late".into()]
            }
            Standing::Gone => vec!["gone".into()],
        })
    }

    /// Returns `true` if something is wrong with the GPU; sleep is not.
    pub(crate) fn is_trouble(self) -> bool {
        matches!(self, Standing::InReset | Standing::Late(_) | Standing::Gone)
    }
}

/// Values that are read rarely, because they hardly change or need many files.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Facts {
    /// Corrected and uncorrectable errors; none where the GPU does not count them.
    pub(crate) corrected: Option<u64>,
    pub(crate) uncorrectable: Option<u64>,
    /// The partitioning mode, such as `CPX/NPS4`.
    pub(crate) mode: Option<String>,
}

/// The values of a package.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Values {
    /// Set for an APU.
    pub(crate) is_apu: bool,
    /// Percent of the time that the shaders worked: over the interval where the firmware sums it up, else at a moment.
    pub(crate) busy: Option<f64>,
    /// Set if `busy` covers the whole interval.
    pub(crate) busy_is_mean: bool,
    pub(crate) memory_busy: Option<f64>,
    pub(crate) media: Option<f64>,
    /// Used VRAM in bytes.
    pub(crate) vram_used: Option<u64>,
    pub(crate) vram_total: Option<u64>,
    pub(crate) gtt_used: Option<u64>,
    pub(crate) gtt_total: Option<u64>,
    /// Power in watts.
    pub(crate) power: Option<f64>,
    pub(crate) cap: Option<f64>,
    /// Set if its power is counted on another die of its card.
    pub(crate) power_is_elsewhere: bool,
    /// Degrees Celsius, of the hottest spot or what there is in its place.
    pub(crate) core: Option<f64>,
    pub(crate) core_label: &'static str,
    pub(crate) core_limit: Option<f64>,
    pub(crate) memory_temperature: Option<f64>,
    pub(crate) memory_limit: Option<f64>,
    /// Clock in megahertz.
    pub(crate) clock: Option<f64>,
    pub(crate) clock_max: Option<f64>,
    pub(crate) memory_clock: Option<f64>,
    pub(crate) memory_clock_max: Option<f64>,
    pub(crate) fan_rpm: Option<f64>,
    pub(crate) fan_percent: Option<f64>,
    /// Billions of transfers per second, lanes.
    pub(crate) link: Option<(f64, u8)>,
    pub(crate) link_max: Option<(f64, u8)>,
    /// Set if the GPU is throttled, as far as it is known.
    pub(crate) throttled: bool,
    pub(crate) causes: ThrottleReasons,
    pub(crate) shares: ThrottleShares,
}

/// Quantities with a history.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Measure {
    Busy,
    Memory,
    Power,
    Temperature,
    MemoryTemperature,
    Clock,
    Media,
    Fan,
}

impl Measure {
    /// In the order of their numbers.
    pub(crate) const ALL: [Measure; 8] = [
        Measure::Busy,
        Measure::Memory,
        Measure::Power,
        Measure::Temperature,
        Measure::MemoryTemperature,
        Measure::Clock,
        Measure::Media,
        Measure::Fan,
    ];

    pub(crate) fn of(self, values: &Values) -> Option<f64> {
        match self {
            Measure::Busy => values.busy,
            Measure::Memory => values.memory_share().map(|share| share * 100.0),
            Measure::Power => values.power,
            Measure::Temperature => values.core,
            Measure::MemoryTemperature => values.memory_temperature,
            Measure::Clock => values.clock,
            Measure::Media => values.media,
            Measure::Fan => values.fan_percent,
        }
    }

    /// The value that must not be passed, or cannot be.
    pub(crate) fn limit(self, values: &Values) -> Option<f64> {
        match self {
            Measure::Power => values.cap,
            Measure::Temperature => values.core_limit,
            Measure::MemoryTemperature => values.memory_limit,
            Measure::Clock => values.clock_max,
            Measure::Busy | Measure::Memory | Measure::Media | Measure::Fan => Some(100.0),
        }
    }

    pub(crate) fn label(self, values: &Values) -> &'static str {
        match self {
            Measure::Busy => "busy",
            Measure::Memory if values.lives_on_gtt() => "GTT",
            Measure::Memory => "VRAM",
            Measure::Power => "power",
            Measure::Temperature => values.core_label,
            Measure::MemoryTemperature => "memory temperature",
            Measure::Clock => "clock",
            Measure::Media => "media",
            Measure::Fan => "fan",
        }
    }

    pub(crate) fn unit(self) -> &'static str {
        match self {
            Measure::Power => "W",
            Measure::Temperature | Measure::MemoryTemperature => "C",
            Measure::Clock => "MHz",
            _ => "%",
        }
    }
}

impl Values {
    /// Returns `true` if system memory is the larger pool, which an APU's programs then use.
    pub(crate) fn lives_on_gtt(&self) -> bool {
        self.is_apu && self.gtt_total.is_some_and(|gtt| self.vram_total.is_none_or(|vram| gtt > vram))
    }

    /// Used and total of the pool that matters.
    pub(crate) fn pool(&self) -> (Option<u64>, Option<u64>) {
        match self.lives_on_gtt() {
            true => (self.gtt_used, self.gtt_total),
            false => (self.vram_used, self.vram_total),
        }
    }

    pub(crate) fn memory_share(&self) -> Option<f64> {
        let (used, total) = self.pool();
        share(used, total)
    }

    /// The causes of throttling in words; empty without any.
    pub(crate) fn throttle_words(&self) -> Vec<String> {
        words::throttling(self.causes, &self.shares, self.throttled)
    }
}

/// A part of a whole; none of nothing.
pub(crate) fn share(part: Option<u64>, whole: Option<u64>) -> Option<f64> {
    Some(part? as f64 / whole.filter(|whole| *whole > 0)? as f64)
}

impl Values {
    /// The values of a look at a package, with the rates since the previous look.
    pub(crate) fn of(look: &Look<'_>, is_apu: bool) -> Values {
        let activity = look.activity();
        let memory = look.memory_usage();
        let power = look.power();
        let core = look.core_temperature();
        let sensors = look.temperatures().unwrap_or_default();
        let limit = |wanted: &TemperatureSensor| {
            let sensor = sensors.iter().find(|found| found.sensor == *wanted)?;
            limit(sensor)
        };
        let fan = look.fan();
        let link = look.pcie_info();
        let throttling = look.throttling();
        let rates = look.sample().and_then(Sample::rates).unwrap_or_default();
        let clock = |domain| {
            let clock = look.clock(domain);
            let megahertz =
                |reading: &Reading<amdgpu_smi::unit::MegaHertz>| number(reading, |clock| clock.0.into());
            (megahertz(&clock.current), megahertz(&clock.max))
        };
        let ((clock, clock_max), (memory_clock, memory_clock_max)) =
            (clock(ClockDomain::Graphics), clock(ClockDomain::Memory));
        let percent =
            |reading: &Reading<amdgpu_smi::unit::Percent>| number(reading, |percent| (*percent).into());
        Values {
            is_apu,
            busy: rates.gfx_activity.or_else(|| percent(&activity.gfx)),
            busy_is_mean: rates.gfx_activity.is_some(),
            memory_busy: percent(&activity.memory),
            media: percent(&activity.media),
            vram_used: bytes(&memory.vram_used),
            vram_total: bytes(&memory.vram_total),
            gtt_used: bytes(&memory.gtt_used),
            gtt_total: bytes(&memory.gtt_total),
            power: number(&power.socket, |power| power.watts()),
            cap: number(&power.cap, |cap| cap.watts()),
            power_is_elsewhere: matches!(power.socket, Err(Error::OnFirstDie { .. })),
            core: number(&core.current, |heat| heat.celsius()),
            core_label: if core.sensor == TemperatureSensor::Junction { "hotspot" } else { "edge" },
            core_limit: limit(&core.sensor),
            memory_temperature: number(&look.temperature(&TemperatureSensor::Memory), |heat| heat.celsius()),
            memory_limit: limit(&TemperatureSensor::Memory),
            clock,
            clock_max,
            memory_clock,
            memory_clock_max,
            fan_rpm: number(&fan.rpm, |rpm| rpm.0 as f64),
            fan_percent: number(&fan.percent, |percent| *percent),
            link: link
                .speed
                .as_ref()
                .ok()
                .zip(link.width.as_ref().ok())
                .map(|(speed, width)| (speed.gigatransfers(), width.value)),
            link_max: link
                .speed_max
                .as_ref()
                .ok()
                .zip(link.width_max.as_ref().ok())
                .map(|(speed, width)| (speed.gigatransfers(), width.value)),
            throttled: throttling.active.as_ref().is_ok_and(|active| active.value),
            causes: throttling.causes.map(|causes| causes.value).unwrap_or_default(),
            shares: rates.throttle,
        }
    }
}

/// The temperature at which the driver acts: the critical one, else the emergency.
fn limit(sensor: &Temperature) -> Option<f64> {
    number(&sensor.critical, |heat| heat.celsius())
        .or_else(|| number(&sensor.emergency, |heat| heat.celsius()))
        .filter(|limit| *limit > 0.0)
}

fn number<T>(reading: &Reading<T>, convert: impl FnOnce(&T) -> f64) -> Option<f64> {
    reading.as_ref().ok().map(|found| convert(&found.value))
}

fn bytes(reading: &Reading<amdgpu_smi::unit::Bytes>) -> Option<u64> {
    reading.as_ref().ok().map(|found| found.value.0)
}

/// The state of the GPU of a sample.
pub(crate) fn standing(look: &Look<'_>) -> Standing {
    match look.sample().and_then(|sample| sample.refused) {
        Some(Unavailable::LeftAlone) => return Standing::LeftAlone,
        Some(Unavailable::Suspended) => return Standing::Asleep,
        _ => {}
    }
    let in_reset = |error: &Error| matches!(error, Error::Unavailable { reason: Unavailable::InReset, .. });
    let (activity, power) = (look.activity(), look.power());
    let errors = [activity.gfx.as_ref().err(), power.socket.as_ref().err()];
    match errors.into_iter().flatten().any(in_reset) {
        true => Standing::InReset,
        false => Standing::Awake,
    }
}

impl Partition {
    /// A partition as the scan and its package's sample tell.
    pub(crate) fn of(gpu: &Gpu, fixed: &FixedPartition, look: Option<&Look<'_>>) -> Partition {
        let number = gpu.ids().partition.unwrap_or(0);
        let table = look.and_then(|look| look.metrics().ok());
        let own = EngineScope::Xcp(number.into());
        let engines = table.and_then(|table| table.engines_in(own));
        let rates = look.and_then(|look| look.sample()).and_then(Sample::rates);
        let rates =
            rates.as_ref().and_then(|rates| rates.engines.iter().find(|engines| engines.scope == own));
        let over_time = rates.and_then(|rates| mean(rates.gfx_busy.iter().copied()));
        let at_once =
            engines.and_then(|engines| mean(engines.gfx_busy.iter().map(|busy| busy.map(f64::from))));
        Partition {
            index: gpu.index(),
            number,
            bdf: gpu.bdf(),
            compute_units: fixed.compute_units,
            memory: fixed.memory,
            busy: over_time.or(at_once),
            media: engines.and_then(|engines| mean(engines.vcn_busy.iter().map(|busy| busy.map(f64::from)))),
        }
    }
}

/// The constant values of a partition.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct FixedPartition {
    pub(crate) compute_units: Option<u32>,
    pub(crate) memory: Option<u64>,
}

impl FixedPartition {
    pub(crate) fn of(gpu: &Gpu) -> FixedPartition {
        FixedPartition {
            compute_units: gpu.asic_info().compute_units.ok().map(|units| units.value),
            memory: bytes(&gpu.memory_usage().vram_total),
        }
    }
}

fn mean(values: impl Iterator<Item = Option<f64>>) -> Option<f64> {
    let (sum, count) = values.flatten().fold((0.0, 0u32), |(sum, count), value| (sum + value, count + 1));
    (count > 0).then(|| sum / f64::from(count))
}
