//! A GPU as a report sees it: what was sampled comes from the sample, the rest from the GPU's own methods.

use std::cell::OnceCell;
use std::ops::Deref;

use amdgpu_smi::derived::MetricsRates;
use amdgpu_smi::error::Unavailable;
use amdgpu_smi::gpu::{
    Activity, ClockDomain, Fan, FanControl, Frequency, MemoryUsage, PcieInfo, Power, PowerKind, Temperature,
    Voltage,
};
use amdgpu_smi::parse::dpm::DpmTable;
use amdgpu_smi::parse::metrics::Metrics;
use amdgpu_smi::parse::overdrive::Overdrive;
use amdgpu_smi::parse::performance::PerformanceLevel;
use amdgpu_smi::parse::profile::PowerProfile;
use amdgpu_smi::sample::{Outcome, Sample, SampleFields};
use amdgpu_smi::unit::MicroWatts;
use amdgpu_smi::{Error, Gpu, Result};

/// Answers by the same names as [`Gpu`], and is one for what no sampler reads.
pub(crate) struct View<'a> {
    /// Refuses what the sampler refused to read.
    gpu: Gpu,
    index: usize,
    sample: Option<(&'a Sample, SampleFields)>,
    /// The table, where it was not sampled.
    metrics: OnceCell<Result<Metrics>>,
}

impl Deref for View<'_> {
    type Target = Gpu;

    fn deref(&self) -> &Gpu {
        &self.gpu
    }
}

impl<'a> View<'a> {
    /// Of what a fleet said of `gpu`, whose fields were these; `index` is its number in the list that was asked
    /// for, which a GPU keeps that went and came back.
    pub(crate) fn of(gpu: &Gpu, index: usize, fields: SampleFields, outcome: Outcome<'a>) -> View<'a> {
        let (gpu, sample) = match outcome {
            Outcome::Sampled(sample) => match sample.refused {
                Some(reason) => (gpu.refusing(reason), Some(sample)),
                None => (gpu.clone(), Some(sample)),
            },
            // Each of its files says that it is gone.
            Outcome::Failed(_) => (gpu.clone(), None),
            // Values of an earlier question are none of this moment: they are not passed off as such.
            _ => (gpu.refusing(Unavailable::Late), None),
        };
        let sample = sample.map(|sample| (sample, fields));
        View { gpu, index, sample, metrics: OnceCell::new() }
    }

    /// Of what is not sampled.
    pub(crate) fn plain(gpu: &Gpu) -> View<'a> {
        View { gpu: gpu.clone(), index: gpu.index(), sample: None, metrics: OnceCell::new() }
    }

    pub(crate) fn index(&self) -> usize {
        self.index
    }

    /// The sample, if it has these fields.
    fn sample(&self, fields: SampleFields) -> Option<&'a Sample> {
        self.sample.filter(|(_, sampled)| sampled.contains(fields)).map(|(sample, _)| sample)
    }

    /// What happened since the sample before.
    pub(crate) fn rates(&self) -> Option<MetricsRates> {
        self.sample(SampleFields::METRICS)?.rates()
    }

    pub(crate) fn metrics(&self) -> std::result::Result<&Metrics, &Error> {
        if let Some(sample) = self.sample(SampleFields::METRICS) {
            match (&sample.metrics, sample.reasons.of("metrics")) {
                (Some(metrics), _) => return Ok(metrics),
                (None, Some(error)) => return Err(error),
                (None, None) => {}
            }
        }
        self.metrics.get_or_init(|| self.gpu.metrics()).as_ref()
    }

    pub(crate) fn socket_power(&self) -> Result<(MicroWatts, PowerKind)> {
        let Some(sample) = self.sample(SampleFields::POWER | SampleFields::METRICS) else {
            return self.gpu.socket_power();
        };
        if let Some((power, kind, _)) = sample.socket_power() {
            return Ok((power, kind));
        }
        let first = sample.power.iter().find(|power| power.channel == 1);
        let reason = first.and_then(|power| {
            let average = power.reasons.of("average");
            let fails = average.filter(|error| !matches!(error, Error::NotSupported { .. }));
            fails.or(power.reasons.of("instantaneous"))
        });
        match reason.or(sample.reasons.of("power")) {
            Some(error) => Err(error.clone()),
            None => self.gpu.socket_power(),
        }
    }

    pub(crate) fn power(&self) -> Result<Vec<Power>> {
        let fields = SampleFields::POWER | SampleFields::POWER_CAP;
        match self.sample(fields) {
            Some(sample) => listed(sample, "power", &sample.power),
            None => self.gpu.power(),
        }
    }

    pub(crate) fn temperatures(&self) -> Result<Vec<Temperature>> {
        match self.sample(SampleFields::TEMPERATURES) {
            Some(sample) => listed(sample, "temperatures", &sample.temperatures),
            None => self.gpu.temperatures(),
        }
    }

    pub(crate) fn voltages(&self) -> Result<Vec<Voltage>> {
        match self.sample(SampleFields::VOLTAGES) {
            Some(sample) => listed(sample, "voltages", &sample.voltages),
            None => self.gpu.voltages(),
        }
    }

    pub(crate) fn frequencies(&self) -> Result<Vec<Frequency>> {
        match self.sample(SampleFields::FREQUENCIES) {
            Some(sample) => listed(sample, "frequencies", &sample.frequencies),
            None => self.gpu.frequencies(),
        }
    }

    pub(crate) fn fans(&self) -> Result<Vec<Fan>> {
        match self.sample(SampleFields::FANS | SampleFields::FAN_SETTINGS) {
            Some(sample) => listed(sample, "fans", &sample.fans),
            None => self.gpu.fans(),
        }
    }

    pub(crate) fn fan_control(&self) -> FanControl {
        match self.sample(SampleFields::FAN_SETTINGS) {
            Some(sample) => sample.fan_control.clone(),
            None => self.gpu.fan_control(),
        }
    }

    pub(crate) fn activity(&self) -> Activity {
        let fields = SampleFields::GFX_ACTIVITY | SampleFields::OTHER_ACTIVITY | SampleFields::METRICS;
        let Some(sample) = self.sample(fields) else { return self.gpu.activity() };
        let mut activity = sample.activity.clone();
        // Of the table where there is no attribute.
        (activity.gfx, activity.gfx_source) = sample.gfx_activity().unzip();
        (activity.memory, activity.memory_source) = sample.memory_activity().unzip();
        activity
    }

    pub(crate) fn memory_usage(&self) -> MemoryUsage {
        match self.sample(SampleFields::VRAM) {
            Some(sample) => sample.memory.clone(),
            None => self.gpu.memory_usage(),
        }
    }

    pub(crate) fn pcie_info(&self) -> PcieInfo {
        match self.sample(SampleFields::PCIE) {
            Some(sample) => sample.pcie.clone(),
            None => self.gpu.pcie_info(),
        }
    }

    pub(crate) fn clock_levels(&self, domain: ClockDomain) -> Result<DpmTable> {
        let sampled = self.sample.and_then(|(sample, _)| {
            let clock = sample.clocks.iter().find(|clock| clock.domain == domain)?;
            told(clock.levels.as_ref(), clock.reasons.of("levels"))
        });
        sampled.unwrap_or_else(|| self.gpu.clock_levels(domain))
    }

    pub(crate) fn performance_level(&self) -> Result<PerformanceLevel> {
        self.own(|sample| sample.performance_level.as_ref(), "performance_level")
            .unwrap_or_else(|| self.gpu.performance_level())
    }

    pub(crate) fn power_profiles(&self) -> Result<Vec<PowerProfile>> {
        self.own(|sample| sample.power_profiles.as_ref(), "power_profiles")
            .unwrap_or_else(|| self.gpu.power_profiles())
    }

    pub(crate) fn overdrive(&self) -> Result<Overdrive> {
        self.own(|sample| sample.overdrive.as_ref(), "overdrive").unwrap_or_else(|| self.gpu.overdrive())
    }

    /// A field of the sample's own; `None` if it was not sampled.
    fn own<T: Clone>(&self, field: impl FnOnce(&Sample) -> Option<&T>, name: &str) -> Option<Result<T>> {
        let (sample, _) = self.sample?;
        told(field(sample), sample.reasons.of(name))
    }
}

/// A sampled value or its reason; `None` if it was not sampled.
fn told<T: Clone>(value: Option<&T>, reason: Option<&Error>) -> Option<Result<T>> {
    match (value, reason) {
        (Some(value), _) => Some(Ok(value.clone())),
        (None, Some(error)) => Some(Err(error.clone())),
        (None, None) => None,
    }
}

/// What hwmon lists, or why it cannot.
fn listed<T: Clone>(sample: &Sample, name: &str, list: &[T]) -> Result<Vec<T>> {
    match sample.reasons.of(name) {
        Some(error) => Err(error.clone()),
        None => Ok(list.to_vec()),
    }
}
