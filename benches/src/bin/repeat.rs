//! Does one thing so often, for strace to count: `repeat discover|monitor|metrics|everything NUMBER`.

use amdgpu_smi::sample::SampleFields;
use amdgpu_smi_bench::{everything, machine};

fn main() {
    let mut arguments = std::env::args().skip(1);
    let what = arguments.next().unwrap_or_default();
    let number: u32 = arguments.next().and_then(|number| number.parse().ok()).unwrap_or(1);
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
