//! The values that monitors ask for in each of their rounds, by files that stay open.

use std::sync::Mutex;

use amdgpu_smi::Gpu;
use amdgpu_smi::gpu::{Temperature, TemperatureSensor};
use amdgpu_smi::parse::metrics::Metrics;
use amdgpu_smi::sample::{Sample, SampleFields, Sampler};

/// What is polled of one GPU. Nothing is opened before it is asked for.
#[derive(Debug, Default)]
pub(crate) struct Polled {
    /// Of the sensors that have numbers in C: edge, junction, memory.
    temperatures: [Kept; 3],
    memory: Kept,
    metrics: Kept,
}

type Kept = Mutex<Option<Sampler>>;

// Each gives to `take` what was read just now. `None` if that is to be read in the ordinary way, which also says why
// if there is no value.
impl Polled {
    pub(crate) fn temperature<T>(
        &self,
        gpu: &Gpu,
        sensor: &TemperatureSensor,
        take: impl FnOnce(&Temperature) -> Option<T>,
    ) -> Option<T> {
        let [edge, junction, memory] = &self.temperatures;
        let kept = match sensor {
            TemperatureSensor::Edge => edge,
            TemperatureSensor::Junction => junction,
            TemperatureSensor::Memory => memory,
            _ => return None,
        };
        let sampler = || gpu.sampler(SampleFields::TEMPERATURES).only_sensor(sensor.clone());
        sample(kept, sampler, |sample| sample.temperatures.first().and_then(take))
    }

    pub(crate) fn memory<T>(&self, gpu: &Gpu, take: impl FnOnce(&Sample) -> Option<T>) -> Option<T> {
        sample(&self.memory, || gpu.sampler(SampleFields::VRAM | SampleFields::OTHER_MEMORY), take)
    }

    pub(crate) fn metrics<T>(&self, gpu: &Gpu, take: impl FnOnce(&Metrics) -> T) -> Option<T> {
        let sampler = || gpu.sampler(SampleFields::METRICS);
        sample(&self.metrics, sampler, |sample| sample.metrics.as_deref().map(take))
    }
}

fn sample<T>(
    kept: &Kept,
    sampler: impl FnOnce() -> Sampler,
    take: impl FnOnce(&Sample) -> Option<T>,
) -> Option<T> {
    // A thread that finds another one sampling reads by itself: it neither waits for a GPU that hangs in the
    // other's call, nor gets a value of before its own.
    let mut kept = kept.try_lock().ok()?;
    // A program that asks gets an answer; leaving an idle GPU alone is for it to decide.
    let sampler = kept.get_or_insert_with(|| sampler().keep_awake(true));
    take(sampler.sample().ok()?)
}
