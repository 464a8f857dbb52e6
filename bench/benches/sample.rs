//! A monitor's sample, all that a card offers, and the metrics table: ours, the other crate's, the plain calls.

use std::hint::black_box;

use amdgpu_smi::sample::SampleFields;
use amdgpu_smi_bench::{DEVICE, MONITOR, OTHERS, everything, keep, machine, open_read_close, pread_all};
use amdgpu_sysfs::gpu_handle::{GpuHandle, PowerLevelKind};
use amdgpu_sysfs::hw_mon::HwMon;
use criterion::{Criterion, criterion_group, criterion_main};
use rustix::fs::{CWD, Mode, OFlags, openat};

fn peer() -> GpuHandle {
    GpuHandle::new_from_path(DEVICE.into()).expect("the other crate opens the device")
}

/// The values of the fourteen files by the other crate, which reads limits and labels along with temperatures.
fn peer_monitor(gpu: &GpuHandle, hwmon: &HwMon) {
    black_box(hwmon.get_temps());
    black_box((hwmon.get_power_average().unwrap(), hwmon.get_power_cap().unwrap()));
    black_box((hwmon.get_gpu_clockspeed().unwrap(), hwmon.get_vram_clockspeed().unwrap()));
    black_box((hwmon.get_fan_current().unwrap(), hwmon.get_fan_pwm().unwrap()));
    black_box(hwmon.get_gpu_voltage().unwrap());
    black_box((gpu.get_busy_percent().unwrap(), gpu.get_used_vram().unwrap()));
    black_box(gpu.get_clock_levels::<u64>(PowerLevelKind::CoreClock).unwrap());
    black_box(gpu.get_clock_levels::<u64>(PowerLevelKind::MemoryClock).unwrap());
}

fn peer_everything(gpu: &GpuHandle, hwmon: &HwMon) {
    peer_monitor(gpu, hwmon);
    black_box((hwmon.get_power_cap_max().unwrap(), hwmon.get_power_cap_min().unwrap()));
    black_box(hwmon.get_power_cap_default().unwrap());
    black_box((hwmon.get_fan_min_pwm().unwrap(), hwmon.get_fan_max_pwm().unwrap()));
    black_box(hwmon.get_fan_control_method().unwrap());
    black_box((hwmon.get_fan_max().unwrap(), hwmon.get_fan_min().unwrap()));
    black_box(hwmon.get_fan_target().unwrap());
    black_box((gpu.get_current_link_speed().unwrap(), gpu.get_current_link_width().unwrap()));
    black_box((gpu.get_max_link_speed().unwrap(), gpu.get_max_link_width().unwrap()));
    black_box((gpu.get_total_vram().unwrap(), gpu.get_vbios_version().unwrap()));
    black_box(gpu.get_vram_vendor().unwrap());
    black_box(gpu.get_power_force_performance_level().unwrap());
    black_box(gpu.get_clock_levels::<u64>(PowerLevelKind::SOCClock).unwrap());
    black_box(gpu.get_clock_levels::<u64>(PowerLevelKind::FabricClock).unwrap());
    black_box(gpu.get_clock_levels::<u64>(PowerLevelKind::DCEFClock).unwrap());
    black_box(gpu.get_clock_levels::<String>(PowerLevelKind::PcieSpeed).unwrap());
    black_box(gpu.get_clocks_table().unwrap());
    black_box(gpu.get_power_profile_modes().unwrap());
    black_box((gpu.get_fan_acoustic_limit().unwrap(), gpu.get_fan_acoustic_target().unwrap()));
    black_box((gpu.get_fan_target_temperature().unwrap(), gpu.get_fan_minimum_pwm().unwrap()));
    black_box((gpu.get_fan_zero_rpm_enable().unwrap(), gpu.get_fan_curve().unwrap()));
}

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
