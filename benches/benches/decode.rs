//! Decoding each version of the metrics table, beside one pread of its bytes.

use std::hint::black_box;
use std::io::Write;

use amdgpu_smi::parse::metrics::{GpuMetrics, Metrics, MetricsFile};
use amdgpu_smi_bench::tables::{VERSIONS, attributes, full};
use criterion::{Criterion, criterion_group, criterion_main};

fn decode(criterion: &mut Criterion) {
    let tables =
        VERSIONS.map(|(format, content, size)| (format!("v{format}_{content}"), full(format, content, size)));
    let tables = tables.into_iter().chain([("v1_9".to_owned(), attributes())]);
    for (version, bytes) in tables {
        let mut group = criterion.benchmark_group(format!("decode-{version}"));
        let mut kept = Metrics::decode(&bytes).unwrap();
        group.bench_function("update", |bench| {
            bench.iter(|| {
                kept.update(MetricsFile::GpuMetrics, black_box(&bytes)).unwrap();
                black_box(&kept);
            });
        });
        group.bench_function("normalised", |bench| {
            bench.iter(|| black_box(Metrics::decode(black_box(&bytes)).unwrap()))
        });
        group.bench_function("fields", |bench| {
            bench.iter(|| black_box(GpuMetrics::decode(black_box(&bytes)).unwrap().fields().count()));
        });
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&bytes).unwrap();
        let mut buf = [0; 4096];
        group.bench_function("pread", |bench| {
            bench.iter(|| black_box(rustix::io::pread(&file, &mut buf, 0).unwrap()))
        });
        group.finish();
    }
}

criterion_group!(benches, decode);
criterion_main!(benches);
