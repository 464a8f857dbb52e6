//! A page for Prometheus: what each GPU measures, what it cannot tell and why, and how often it reported what.
//!
//! The page is made of a machine that it is given, the live one or one that a test plays, and of nothing else.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use amdgpu_smi::event::EventSet;
use amdgpu_smi::id::Bdf;
use amdgpu_smi::reading::{Reading, Scope};
use amdgpu_smi::sample::{Sample, SampleFields, Sampler};
use amdgpu_smi::summary::Look;
use amdgpu_smi::{Error, Gpu, Result, Smi};

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
                Ok(()) => page.put_sample(sampler.gpu(), sampler.last()),
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
struct Page {
    lines: BTreeMap<&'static str, String>,
    /// What was put of whole packages: package, metric, sensor.
    of_packages: BTreeSet<(Bdf, &'static str, Option<String>)>,
}

impl Page {
    fn put(&mut self, name: &'static str, labels: &[(&str, &str)], value: impl std::fmt::Display) {
        let labels: Vec<String> = labels.iter().map(|(key, value)| format!("{key}={value:?}")).collect();
        let lines = self.lines.entry(name).or_default();
        let _ = writeln!(lines, "amdgpu_{name}{{{}}} {value}", labels.join(","));
    }

    /// What is absent is told as absent, with the reason; it is never 0.
    fn put_absent(&mut self, gpu: &str, field: &str, error: &Error) {
        self.put("absent", &[("gpu", gpu), ("field", field), ("reason", &error.reason())], 1);
    }

    /// A value of the whole package is put for the first of its partitions alone, so that a sum counts it once.
    fn put_reading<T>(
        &mut self,
        name: &'static str,
        gpu: &Gpu,
        sensor: Option<&str>,
        reading: &Reading<T>,
        number: impl FnOnce(&T) -> f64,
    ) {
        let bdf = gpu.bdf().to_string();
        let found = match reading {
            Ok(found) => found,
            Err(error) => return self.put_absent(&bdf, sensor.unwrap_or(name), error),
        };
        let quantity = (gpu.ids().package, name, sensor.map(str::to_owned));
        if found.scope == Scope::Package && !self.of_packages.insert(quantity) {
            return;
        }
        let mut labels = vec![("gpu", bdf.as_str())];
        labels.extend(sensor.map(|sensor| ("sensor", sensor)));
        self.put(name, &labels, number(found));
    }

    fn put_sample(&mut self, gpu: &Gpu, sample: &Sample) {
        let look = Look::sampled(gpu, sample);
        match look.temperatures() {
            Ok(sensors) => {
                for sensor in sensors {
                    let name = sensor.sensor.as_str();
                    self.put_reading("temperature_celsius", gpu, Some(name), &sensor.current, |now| {
                        now.celsius()
                    });
                }
            }
            Err(error) => self.put_absent(&gpu.bdf().to_string(), "temperature_celsius", &error),
        }
        self.put_reading("power_watts", gpu, None, &look.power().socket, |power| power.watts());
        self.put_reading("gfx_activity_percent", gpu, None, &look.activity().gfx, |busy| busy.0.into());
        let used = look.memory_usage().vram_used;
        self.put_reading("vram_used_bytes", gpu, None, &used, |used| used.0 as f64);
    }

    fn text(self) -> String {
        let kind = |name: &str| if name.ends_with("_total") { "counter" } else { "gauge" };
        self.lines
            .iter()
            .map(|(name, lines)| format!("# TYPE amdgpu_{name} {}\n{lines}", kind(name)))
            .collect()
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
