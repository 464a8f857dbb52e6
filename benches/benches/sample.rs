//! A monitor's sample, all that a card offers, and the metrics table: ours, the other crate's, the plain calls.

use std::hint::black_box;

use amdgpu_smi::sample::SampleFields;
use amdgpu_smi_bench::peer::{peer, peer_everything, peer_monitor};
use amdgpu_smi_bench::{DEVICE, MONITOR, OTHERS, everything, keep, machine, open_read_close, pread_all};
use criterion::{Criterion, criterion_group, criterion_main};
use rustix::fs::{CWD, Mode, OFlags, openat};

fn sample(criterion: &mut Criterion) {
    let smi = machine();
    let gpu = &smi.gpus()[0];
    let peer = peer();
    let hwmon = &peer.hw_monitors[0];
    let mut buf = [0; 4096];

    let mut group = criterion.benchmark_group("monitor");
    let mut sampler = gpu.sampler(SampleFields::MONITOR);
    group.bench_function("ours", |bench| bench.iter(|| black_box(sampler.sample().unwrap().took)));
    let files = keep(&MONITOR);
    group.bench_function("pread", |bench| bench.iter(|| black_box(pread_all(&files, &mut buf))));
    group.bench_function("amdgpu-sysfs", |bench| bench.iter(|| peer_monitor(&peer, hwmon)));
    group.finish();

    let mut group = criterion.benchmark_group("everything");
    let mut sampler = gpu.sampler(everything());
    group.bench_function("ours", |bench| bench.iter(|| black_box(sampler.sample().unwrap().took)));
    let files = keep(MONITOR.iter().chain(&OTHERS));
    group.bench_function("pread", |bench| bench.iter(|| black_box(pread_all(&files, &mut buf))));
    group.bench_function("amdgpu-sysfs", |bench| bench.iter(|| peer_everything(&peer, hwmon)));
    group.finish();

    let mut group = criterion.benchmark_group("gpu_metrics");
    let mut sampler = gpu.sampler(SampleFields::METRICS);
    group.bench_function("ours", |bench| bench.iter(|| black_box(sampler.sample().unwrap().took)));
    group.bench_function("handle", |bench| bench.iter(|| black_box(gpu.metrics().unwrap())));
    let status = keep(&["power/runtime_status"]);
    let dir = openat(CWD, DEVICE, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty()).unwrap();
    group.bench_function("openat-read-close", |bench| {
        bench.iter(|| black_box(open_read_close(&dir, "gpu_metrics", &mut buf)));
    });
    group.bench_function("the-same-and-status", |bench| {
        bench.iter(|| {
            black_box(pread_all(&status, &mut buf));
            black_box(open_read_close(&dir, "gpu_metrics", &mut buf))
        });
    });
    group.finish();
}

criterion_group!(benches, sample);
criterion_main!(benches);
