//! The values that monitors ask for in each of their rounds, by files that stay open.

use std::sync::Mutex;

use amdgpu_smi::gpu::{Activity, ClockDomain, DpmTable, PcieInfo, TemperatureSensor, VoltageRail};
use amdgpu_smi::metrics::{Metrics, PcieMetrics};
use amdgpu_smi::reading::Reading;
use amdgpu_smi::sample::{SampleFields, Sampler};
use amdgpu_smi::summary::{Look, PowerSummary};
use amdgpu_smi::unit::{MilliVolts, Percent};
use amdgpu_smi::{Error, Gpu};

use crate::abi::status::Status;

/// The samplers values of one GPU. Nothing is opened before the first use.
///
/// Each value is the summary's, from a fresh sample. If the sample lacks it, the GPU is read through its handle: a
/// sampler retries a failed file only at some of its next samples, so the failure may be outdated.
#[derive(Debug, Default)]
pub(crate) struct Samplers {
    edge: Kept,
    junction: Kept,
    memory_temperature: Kept,
    power: Kept,
    activity: Kept,
    busy: Kept,
    memory: Kept,
    metrics: Kept,
    link: Kept,
    /// By domain.
    clocks: [Kept; ClockDomain::ALL.len()],
}

type Kept = Mutex<Option<Sampler>>;

impl Samplers {
    /// An answer about one sensor.
    pub(crate) fn temperature<T>(
        &self,
        gpu: &Gpu,
        sensor: &TemperatureSensor,
        ask: impl Fn(&Look<'_>) -> Result<T, Status>,
    ) -> Result<T, Status> {
        let kept = match sensor {
            TemperatureSensor::Edge => &self.edge,
            TemperatureSensor::Junction => &self.junction,
            TemperatureSensor::Memory => &self.memory_temperature,
            _ => return ask(&gpu.look()),
        };
        let sampler = || gpu.sampler(SampleFields::TEMPERATURES).only_sensor(sensor.clone());
        answer(kept, gpu, sampler, ask)
    }

    /// Power, and the voltages of shaders, SoC and memory.
    pub(crate) fn power(&self, gpu: &Gpu) -> (PowerSummary, [Reading<MilliVolts>; 3]) {
        let fields =
            SampleFields::POWER | SampleFields::POWER_CAP | SampleFields::VOLTAGES | SampleFields::METRICS;
        let ask = |look: &Look<'_>| {
            let rails = [VoltageRail::Graphics, VoltageRail::Soc, VoltageRail::Memory];
            (look.power(), rails.map(|rail| look.voltage(&rail)))
        };
        let sampled = sampled(
            &self.power,
            gpu,
            || gpu.sampler(fields),
            |look| {
                let (power, voltages) = ask(look);
                let failed = voltages.iter().filter_map(|voltage| voltage.as_ref().err());
                let settled = power.reasons().map(|(_, error)| error).chain(failed).all(is_settled);
                settled.then_some((power, voltages))
            },
        );
        sampled.unwrap_or_else(|| ask(&gpu.look()))
    }

    /// The link to the host, and what the metrics table counts of it.
    pub(crate) fn link(&self, gpu: &Gpu) -> (PcieInfo, PcieMetrics) {
        let ask = |look: &Look<'_>| {
            let counted = look.metrics().map(|metrics| metrics.pcie.clone()).unwrap_or_default();
            (look.pcie_info(), counted)
        };
        let sampled = sampled(
            &self.link,
            gpu,
            || gpu.sampler(SampleFields::PCIE | SampleFields::METRICS),
            |look| {
                let (link, counted) = ask(look);
                let table = look.metrics().err();
                let settled = link.reasons().map(|(_, error)| error).chain(table).all(is_settled);
                settled.then_some((link, counted))
            },
        );
        sampled.unwrap_or_else(|| ask(&gpu.look()))
    }

    /// The levels of a clock.
    pub(crate) fn levels<T>(
        &self,
        gpu: &Gpu,
        domain: ClockDomain,
        ask: impl Fn(&DpmTable) -> T,
    ) -> Result<T, Status> {
        let place = ClockDomain::ALL.iter().position(|other| *other == domain);
        let kept = place.and_then(|place| self.clocks.get(place)).ok_or(Status::NOT_SUPPORTED)?;
        let sampler = || gpu.sampler(SampleFields::CLOCKS).only_clock(domain);
        answer(kept, gpu, sampler, |look| match look.sample() {
            Some(sample) => {
                let levels = sample.clocks.first().ok_or(Status::NOT_SUPPORTED)?;
                Ok(ask(&levels.levels.as_ref()?.value))
            }
            None => Ok(ask(&gpu.clock_levels(domain)?.value)),
        })
    }

    /// Usage of the engines.
    pub(crate) fn activity(&self, gpu: &Gpu) -> Activity {
        let fields = SampleFields::GFX_ACTIVITY | SampleFields::OTHER_ACTIVITY | SampleFields::METRICS;
        let sampled = sampled(
            &self.activity,
            gpu,
            || gpu.sampler(fields),
            |look| {
                let activity = look.activity();
                let settled = activity.reasons().all(|(_, error)| is_settled(error));
                settled.then_some(activity)
            },
        );
        sampled.unwrap_or_else(|| gpu.activity())
    }

    /// Usage of the shaders.
    pub(crate) fn busy(&self, gpu: &Gpu) -> Result<Percent, Status> {
        let sampler = || gpu.sampler(SampleFields::GFX_ACTIVITY);
        answer(&self.busy, gpu, sampler, |look| Ok(look.activity().gfx?.value))
    }

    /// An answer about memory.
    pub(crate) fn memory<T>(
        &self,
        gpu: &Gpu,
        ask: impl Fn(&Look<'_>) -> Result<T, Status>,
    ) -> Result<T, Status> {
        answer(&self.memory, gpu, || gpu.sampler(SampleFields::VRAM | SampleFields::OTHER_MEMORY), ask)
    }

    /// Something from the metrics table.
    pub(crate) fn metrics<T>(&self, gpu: &Gpu, take: impl Fn(&Metrics) -> T) -> Result<T, Status> {
        let sampler = || gpu.sampler(SampleFields::METRICS);
        answer(&self.metrics, gpu, sampler, |look| Ok(take(look.metrics()?)))
    }
}

/// True for an answer that reading again would not change.
fn is_settled(error: &Error) -> bool {
    matches!(error, Error::NotSupported { .. })
}

/// The sample's answer; where it has none, the handle's, which also says why.
fn answer<T>(
    kept: &Kept,
    gpu: &Gpu,
    sampler: impl FnOnce() -> Sampler,
    ask: impl Fn(&Look<'_>) -> Result<T, Status>,
) -> Result<T, Status> {
    match sampled(kept, gpu, sampler, |look| ask(look).ok()) {
        Some(answer) => Ok(answer),
        None => ask(&gpu.look()),
    }
}

fn sampled<T>(
    kept: &Kept,
    gpu: &Gpu,
    sampler: impl FnOnce() -> Sampler,
    take: impl FnOnce(&Look<'_>) -> Option<T>,
) -> Option<T> {
    // A thread that finds another one sampling reads by itself: it neither waits for a GPU that hangs in the
    // other's call, nor gets a value of before its own.
    let mut kept = kept.try_lock().ok()?;
    // A program that asks gets an answer; leaving an idle GPU alone is for it to decide.
    let sampler = kept.get_or_insert_with(|| sampler().keep_awake(true));
    take(&Look::sampled(gpu, sampler.sample().ok()?))
}
