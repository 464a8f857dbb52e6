//! Finding all GPUs of the machine at hand; scripts/bench has it run on machines with 1, 8 and 64.

use std::hint::black_box;

use amdgpu_smi::Smi;
use amdgpu_smi_bench::machine;
use criterion::{Criterion, criterion_group, criterion_main};

fn discovery(criterion: &mut Criterion) {
    let gpus = machine().gpus().len();
    let mut group = criterion.benchmark_group("discovery");
    group.bench_function(gpus.to_string(), |bench| bench.iter(|| black_box(Smi::new().unwrap())));
    group.finish();
}

criterion_group!(benches, discovery);
criterion_main!(benches);
