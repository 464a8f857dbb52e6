//! Everything that the commands which read ask of the library, as answers that can be compared.

use std::fmt::Debug;
use std::sync::Arc;
use std::time::{Duration, Instant};

use amdgpu_smi::backend::Backend;
use amdgpu_smi::gpu::{ClockDomain, TemperatureSensor};
use amdgpu_smi::sample::{FleetSampler, Outcome, Sample, SampleFields};
use amdgpu_smi::{Error, Gpu, Smi};
use serde::Serialize;
use serde_json::{Map, Value, json, to_value};

/// One answer with its reasons.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    /// Every value in it, with the reasons of those that are absent; null for an error.
    pub(crate) value: Value,
    /// The error's reason in a few words.
    pub(crate) error: Option<String>,
    /// All of it in words: errors with their paths.
    pub(crate) words: String,
}

fn of<T: Serialize + Debug>(answer: T) -> Answer {
    Answer { value: to_value(&answer).unwrap(), error: None, words: format!("{answer:?}") }
}

fn result<T: Serialize + Debug>(answer: Result<T, Error>) -> Answer {
    match answer {
        Ok(answer) => of(answer),
        Err(error) => Answer { value: Value::Null, error: Some(error.reason()), words: format!("{error:?}") },
    }
}

/// The values of a sample, without its times.
fn sampled(sample: &Sample) -> Value {
    let mut fields = Map::new();
    let mut reasons = Map::new();
    let mut keep = |field: &str, value: Result<Value, &Error>| {
        if let Err(error) = value {
            reasons.insert(field.into(), error.reason().into());
        }
        fields.insert(field.into(), value.unwrap_or_default());
    };
    keep("temperatures", sample.temperatures.as_ref().map(|list| to_value(list).unwrap()));
    keep("power", sample.power.as_ref().map(|list| to_value(list).unwrap()));
    keep("frequencies", sample.frequencies.as_ref().map(|list| to_value(list).unwrap()));
    keep("voltages", sample.voltages.as_ref().map(|list| to_value(list).unwrap()));
    keep("fans", sample.fans.as_ref().map(|list| to_value(list).unwrap()));
    keep("pcie_levels", sample.pcie_levels.as_ref().map(|table| to_value(table).unwrap()));
    keep("performance_level", sample.performance_level.as_ref().map(|level| to_value(level).unwrap()));
    keep("power_profiles", sample.power_profiles.as_ref().map(|list| to_value(list).unwrap()));
    keep("overdrive", sample.overdrive.as_ref().map(|table| to_value(table).unwrap()));
    keep("metrics", sample.metrics.as_ref().map(|table| to_value(table).unwrap()));
    fields.insert("reasons".into(), reasons.into());
    let bundles = json!({
        "fan_control": sample.fan_control, "activity": sample.activity, "memory": sample.memory,
        "clocks": sample.clocks, "pcie": sample.pcie, "vbios": sample.vbios, "vram": sample.vram,
    });
    fields.extend(bundles.as_object().cloned().unwrap_or_default());
    fields.into()
}

/// Two samples by one sampler: files are opened for the first and only read for the second.
fn sampler(gpu: &Gpu) -> Answer {
    let mut sampler = gpu.sampler(SampleFields::all()).keep_awake(true);
    let mut answers = Vec::new();
    for _ in 0..2 {
        let sample = sampler.sample();
        match sample {
            Ok(sample) => answers.push((sampled(sample), format!("{sample:?}"))),
            Err(error) => return result::<()>(Err(error)),
        }
    }
    let (values, words): (Vec<Value>, Vec<String>) = answers.into_iter().unzip();
    Answer { value: values.into(), error: None, words: words.concat() }
}

/// A question to one GPU.
pub(crate) type OfGpu = (&'static str, fn(&Gpu) -> Answer);

/// Everything that one GPU is asked.
pub(crate) const GPU: &[OfGpu] = &[
    ("asic_info", |gpu| of(gpu.asic_info())),
    ("board_info", |gpu| of(gpu.board_info())),
    ("vbios_info", |gpu| of(gpu.vbios_info())),
    ("driver_state", |gpu| of(gpu.driver_state())),
    ("firmware", |gpu| result(gpu.firmware())),
    ("cache_info", |gpu| result(gpu.cache_info())),
    ("pcie_info", |gpu| of(gpu.pcie_info())),
    ("pcie_levels", |gpu| result(gpu.pcie_levels())),
    ("pcie_throughput", |gpu| result(gpu.pcie_throughput())),
    ("numa_info", |gpu| of(gpu.numa_info())),
    ("vram_info", |gpu| of(gpu.vram_info())),
    ("memory_usage", |gpu| of(gpu.memory_usage())),
    ("is_apu", |gpu| of(gpu.is_apu())),
    ("is_suspended", |gpu| of(gpu.is_suspended())),
    ("temperatures", |gpu| result(gpu.temperatures())),
    ("temperature edge", |gpu| result(gpu.temperature(&TemperatureSensor::Edge))),
    ("temperature junction", |gpu| result(gpu.temperature(&TemperatureSensor::Junction))),
    ("core_temperature", |gpu| of(gpu.core_temperature())),
    ("power", |gpu| of(gpu.power())),
    ("power_channels", |gpu| result(gpu.power_channels())),
    ("energy", |gpu| result(gpu.energy())),
    ("throttling", |gpu| of(gpu.throttling())),
    ("voltages", |gpu| result(gpu.voltages())),
    ("frequencies", |gpu| result(gpu.frequencies())),
    ("fans", |gpu| result(gpu.fans())),
    ("fan", |gpu| of(gpu.fan())),
    ("fan_control", |gpu| of(gpu.fan_control())),
    ("activity", |gpu| of(gpu.activity())),
    ("clock", |gpu| of(gpu.clock(ClockDomain::Graphics))),
    ("clock video1", |gpu| of(gpu.clock(ClockDomain::Video1))),
    ("clock_levels", |gpu| result(gpu.clock_levels(ClockDomain::Graphics))),
    ("clock_levels memory", |gpu| result(gpu.clock_levels(ClockDomain::Memory))),
    ("performance_level", |gpu| result(gpu.performance_level())),
    ("unrecognised_lines", |gpu| of(gpu.unrecognised_lines())),
    ("power_profiles", |gpu| result(gpu.power_profiles())),
    ("overdrive", |gpu| result(gpu.overdrive())),
    ("overdrive_level", |gpu| result(gpu.overdrive_level())),
    ("memory_overdrive_level", |gpu| result(gpu.memory_overdrive_level())),
    ("power_features", |gpu| result(gpu.power_features())),
    ("throttling_logging", |gpu| result(gpu.throttling_logging())),
    ("soc_pstate", |gpu| result(gpu.soc_pstate())),
    ("xgmi_plpd", |gpu| result(gpu.xgmi_plpd())),
    ("process_isolation", |gpu| result(gpu.process_isolation())),
    ("compute_partition", |gpu| result(gpu.compute_partition())),
    ("memory_partition", |gpu| result(gpu.memory_partition())),
    ("available_compute_partitions", |gpu| result(gpu.available_compute_partitions())),
    ("available_memory_partitions", |gpu| result(gpu.available_memory_partitions())),
    ("partition_profiles", |gpu| result(gpu.partition_profiles())),
    ("memory_allocation", |gpu| result(gpu.memory_allocation())),
    ("peak_tops_limiter", |gpu| of(gpu.peak_tops_limiter())),
    ("carveout", |gpu| of(gpu.carveout())),
    ("node_power", |gpu| of(gpu.node_power())),
    ("gpu_board_temperatures", |gpu| result(gpu.gpu_board_temperatures())),
    ("base_board_temperatures", |gpu| result(gpu.base_board_temperatures())),
    ("ras_info", |gpu| of(gpu.ras_info())),
    ("error_counts", |gpu| result(gpu.error_counts("umc"))),
    ("error_counts_by_block", |gpu| result(gpu.error_counts_by_block())),
    ("error_totals", |gpu| result(gpu.error_totals())),
    ("ras_event_state", |gpu| result(gpu.ras_event_state())),
    ("bad_pages", |gpu| result(gpu.bad_pages())),
    ("bad_page_threshold", |gpu| result(gpu.bad_page_threshold())),
    ("cper_records", |gpu| result(gpu.cper_records())),
    ("metrics", |gpu| result(gpu.metrics())),
    ("metrics_table", |gpu| result(gpu.metrics_table())),
    ("partition_metrics", |gpu| result(gpu.partition_metrics())),
    ("xgmi_info", |gpu| of(gpu.xgmi_info())),
    ("xgmi_links", |gpu| result(gpu.xgmi_links())),
    ("xgmi_errors", |gpu| result(gpu.read_and_clear_xgmi_errors())),
    ("virtualization_info", |gpu| of(gpu.virtualization_info())),
    ("processes", |gpu| of(gpu.processes())),
    ("sampler", sampler),
];

/// A question to a machine.
pub(crate) type OfMachine = (&'static str, fn(&Smi) -> Answer);

/// Everything that a machine is asked.
pub(crate) const MACHINE: &[OfMachine] = &[
    ("driver_info", |smi| of(smi.driver_info())),
    ("processes", |smi| of(smi.processes())),
    ("topology", |smi| of(smi.topology())),
    ("events", events),
    ("fleet", fleet),
];

fn events(smi: &Smi) -> Answer {
    match smi.events().open() {
        Ok(mut events) => {
            let next = events.try_next();
            let gpus: Vec<String> = events.gpus().map(|gpu| gpu.bdf().to_string()).collect();
            let words = format!("{:?} {:?} {next:?}", events.refused(), events.warnings());
            Answer { value: json!({ "gpus": gpus, "version": events.kfd_version() }), error: None, words }
        }
        Err(error) => result::<()>(Err(error)),
    }
}

/// Every GPU sampled by a thread of its own, until all have answered.
fn fleet(smi: &Smi) -> Answer {
    let samplers = smi
        .gpus()
        .iter()
        .map(|gpu| gpu.sampler(SampleFields::VRAM | SampleFields::OTHER_MEMORY).keep_awake(true))
        .collect();
    let mut fleet = FleetSampler::with_threads(samplers, 1).unwrap();
    let mut answer = Answer { value: Value::Null, error: None, words: String::new() };
    let patience = Instant::now() + Duration::from_secs(60);
    while Instant::now() < patience {
        let (mut values, mut words, mut late) = (Vec::new(), String::new(), false);
        for (gpu, outcome) in fleet.tick(Duration::from_secs(60)) {
            let value = match outcome {
                Outcome::Sampled(sample) | Outcome::Overdue(sample) => {
                    words += &format!("{sample:?}");
                    sampled(sample)
                }
                Outcome::Late(_) => {
                    late = true;
                    Value::Null
                }
                Outcome::Failed(error) => {
                    words += &format!("{error:?}");
                    json!({ "reasons": { "sample": error.reason() } })
                }
                _ => Value::Null,
            };
            values.push(json!({ "gpu": gpu.bdf(), "sample": value }));
        }
        answer = Answer { value: values.into(), error: None, words };
        if !late {
            break;
        }
    }
    answer
}

/// Looks for the GPUs of a machine.
pub(crate) type OfBackend = (&'static str, fn(&Arc<dyn Backend>) -> Answer);

/// Everything that is asked before there is a list of GPUs.
pub(crate) const BACKEND: &[OfBackend] = &[("scan", scan), ("diagnose", diagnose)];

fn scan(backend: &Arc<dyn Backend>) -> Answer {
    match Smi::builder().backend(backend.clone()).build() {
        Ok(smi) => {
            let gpus: Vec<_> = smi.gpus().iter().map(|gpu| gpu.ids()).collect();
            Answer {
                value: to_value(gpus).unwrap(),
                error: None,
                words: format!("{:?} {:?}", smi.hidden(), smi.others()),
            }
        }
        Err(error) => result::<()>(Err(error)),
    }
}

fn diagnose(backend: &Arc<dyn Backend>) -> Answer {
    result(Smi::builder().backend(backend.clone()).diagnose().map(|diagnosis| format!("{diagnosis:?}")))
}
