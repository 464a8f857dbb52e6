//! A page for Prometheus: what each GPU measures, what it cannot tell and why, and how often it reported what.
//!
//! The page is made of a machine that it is given, the live one or one that a test plays, and of nothing else.

use std::collections::BTreeMap;
use std::fmt::Write;

use amdgpu_smi::event::EventSet;
use amdgpu_smi::gpu::TemperatureSensor;
use amdgpu_smi::sample::{Sample, SampleFields, Sampler};
use amdgpu_smi::{Error, Result, Smi};

/// Reads the GPUs of one machine.
#[derive(Debug)]
pub struct Exporter {
    smi: Smi,
    samplers: Vec<Sampler>,
    /// None where the machine has no events, as in a container without `/dev/kfd`.
    events: Option<EventSet>,
    counted: BTreeMap<(String, &'static str), u64>,
}

impl Exporter {
    /// Reads the GPUs of this list, and those that come later.
    pub fn new(smi: Smi) -> Exporter {
        let samplers = samplers(&smi);
        let events = smi.events().open().ok();
        Exporter { smi, samplers, events, counted: BTreeMap::new() }
    }

    /// The page as it is now.
    pub fn page(&mut self) -> String {
        self.find_newcomers();
        self.count_events();
        let mut page = Page::default();
        for sampler in &mut self.samplers {
            let gpu = sampler.gpu().bdf().to_string();
            // A GPU that went comes back under its address.
            let sampled = sampler.reattach().and_then(|()| sampler.sample().map(drop));
            page.put("up", &[("gpu", &gpu)], u8::from(sampled.is_ok()));
            match sampled {
                Ok(()) => page.put_sample(&gpu, sampler.last()),
                Err(error) => page.put_absent(&gpu, "all", &error),
            }
        }
        for ((gpu, event), count) in &self.counted {
            page.put("events_total", &[("gpu", gpu), ("event", event)], count);
        }
        page.text()
    }

    /// Takes up GPUs that were not there when the list was made. Those that went stay on the page, as down.
    fn find_newcomers(&mut self) {
        let Ok(smi) = self.smi.rescan() else { return };
        let known: Vec<_> = self.samplers.iter().map(|sampler| sampler.gpu().bdf()).collect();
        let newcomers = samplers(&smi).into_iter().filter(|sampler| !known.contains(&sampler.gpu().bdf()));
        self.samplers.extend(newcomers);
        self.smi = smi;
    }

    fn count_events(&mut self) {
        let Some(events) = &mut self.events else { return };
        while let Ok(Some(event)) = events.try_next() {
            *self.counted.entry((event.gpu.bdf().to_string(), event.kind.name())).or_default() += 1;
        }
    }
}

fn samplers(smi: &Smi) -> Vec<Sampler> {
    let fields =
        SampleFields::TEMPERATURES | SampleFields::POWER | SampleFields::GFX_ACTIVITY | SampleFields::VRAM;
    smi.gpus().iter().map(|gpu| gpu.sampler(fields)).collect()
}

/// Samples by the name of their metric: a page has each metric once.
#[derive(Default)]
struct Page(BTreeMap<&'static str, String>);

impl Page {
    fn put(&mut self, name: &'static str, labels: &[(&str, &str)], value: impl std::fmt::Display) {
        let labels: Vec<String> = labels.iter().map(|(key, value)| format!("{key}={value:?}")).collect();
        let lines = self.0.entry(name).or_default();
        let _ = writeln!(lines, "amdgpu_{name}{{{}}} {value}", labels.join(","));
    }

    /// What is absent is told as absent, with the reason; it is never 0.
    fn put_absent(&mut self, gpu: &str, field: &str, error: &Error) {
        self.put("absent", &[("gpu", gpu), ("field", field), ("reason", &error.reason())], 1);
    }

    fn put_or_absent<T: std::fmt::Display>(
        &mut self,
        name: &'static str,
        gpu: &str,
        value: Option<T>,
        reason: Option<&Error>,
    ) {
        match (value, reason) {
            (Some(value), _) => self.put(name, &[("gpu", gpu)], value),
            (None, Some(error)) => self.put_absent(gpu, name, error),
            (None, None) => {}
        }
    }

    fn put_sample(&mut self, gpu: &str, sample: &Sample) {
        for sensor in &sample.temperatures {
            let name = sensor_name(&sensor.sensor);
            match sensor.current {
                Some(current) => {
                    self.put("temperature_celsius", &[("gpu", gpu), ("sensor", &name)], current.celsius());
                }
                None => {
                    let reason = sensor.reasons.of("current");
                    reason.into_iter().for_each(|error| self.put_absent(gpu, &name, error));
                }
            }
        }
        let power = sample.socket_power().map(|(power, ..)| power.watts());
        let why = sample
            .power
            .iter()
            .find_map(|power| power.reasons.of("average").or(power.reasons.of("instantaneous")));
        self.put_or_absent("power_watts", gpu, power, why.or(sample.reasons.of("power")));
        let busy = sample.gfx_activity().map(|(busy, _)| busy.0);
        self.put_or_absent("gfx_activity_percent", gpu, busy, sample.activity.reasons.of("gfx"));
        let used = sample.memory.vram_used.map(|used| used.0);
        self.put_or_absent("vram_used_bytes", gpu, used, sample.memory.reasons.of("vram_used"));
    }

    fn text(self) -> String {
        let kind = |name: &str| if name.ends_with("_total") { "counter" } else { "gauge" };
        self.0.iter().map(|(name, lines)| format!("# TYPE amdgpu_{name} {}\n{lines}", kind(name))).collect()
    }
}

fn sensor_name(sensor: &TemperatureSensor) -> String {
    match sensor {
        TemperatureSensor::Edge => "edge".into(),
        TemperatureSensor::Junction => "junction".into(),
        TemperatureSensor::Memory => "memory".into(),
        TemperatureSensor::Other(name) => name.clone(),
        newer => format!("{newer:?}"),
    }
}

/// The machine below this directory, or the live one.
///
/// # Errors
/// As [`amdgpu_smi::SmiBuilder::build`].
pub fn machine(root: Option<std::ffi::OsString>) -> Result<Smi> {
    match root {
        Some(root) => Smi::builder().root(root).build(),
        None => Smi::new(),
    }
}
