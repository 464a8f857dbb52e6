//! Does one thing so often, for strace or callgrind to count:
//! `repeat discover|monitor|metrics|everything|decode-v1_3|… NUMBER`.

use std::hint::black_box;

use amdgpu_smi::parse::metrics::{Metrics, MetricsFile};
use amdgpu_smi::sample::SampleFields;
use amdgpu_smi_bench::tables::{VERSIONS, attributes, full};
use amdgpu_smi_bench::{everything, machine};

fn main() {
    let mut arguments = std::env::args().skip(1);
    let what = arguments.next().unwrap_or_default();
    let number: u32 = arguments.next().and_then(|number| number.parse().ok()).unwrap_or(1);
    if let Some(version) = what.strip_prefix("decode-") {
        return decode(version, number);
    }
    let fields = match what.as_str() {
        "monitor" => SampleFields::MONITOR,
        "metrics" => SampleFields::METRICS,
        "everything" => everything(),
        _ => {
            for _ in 0..number {
                drop(machine());
            }
            return;
        }
    };
    let smi = machine();
    let Some(gpu) = smi.gpus().first() else { return };
    let mut sampler = gpu.sampler(fields);
    for _ in 0..number {
        drop(sampler.sample().map(drop));
    }
}

/// Decodes a table, a value in each of its fields, into a kept view.
fn decode(version: &str, number: u32) {
    let found = VERSIONS.into_iter().find(|(format, content, _)| format!("v{format}_{content}") == version);
    let bytes = found.map_or_else(attributes, |(format, content, size)| full(format, content, size));
    let mut view = Metrics::default();
    for _ in 0..number {
        drop(view.update(MetricsFile::GpuMetrics, black_box(&bytes)));
        black_box(&view);
    }
}
