//! Ratios that stand on a machine with other work to do: the two sides take turns, a fraction of a millisecond
//! each, thousands of times, and the medians of their turns are compared.
//!
//! `pairs MACHINE_OF_8 MACHINE_OF_64`, where `/sys` is a bench machine.

#![allow(clippy::print_stdout, reason = "a program that prints")]

use std::hint::black_box;
use std::io::Write;
use std::time::{Duration, Instant};

use amdgpu_smi::Smi;
use amdgpu_smi::parse::metrics::{Metrics, MetricsFile};
use amdgpu_smi::sample::SampleFields;
use amdgpu_smi_bench::peer::{peer, peer_everything, peer_monitor};
use amdgpu_smi_bench::tables::full;
use amdgpu_smi_bench::{DEVICE, MONITOR, OTHERS, everything, keep, machine, open_read_close, pread_all};
use rustix::fs::{CWD, Mode, OFlags, openat};

/// Minimum duration of one turn.
const TURN: Duration = Duration::from_micros(150);
/// Duration of all turns of one pair.
const PAIR: Duration = Duration::from_secs(8);

fn main() {
    let roots: Vec<String> = std::env::args().skip(1).collect();
    let smi = machine();
    let gpu = &smi.gpus()[0];
    let mut buf = [0; 4096];
    println!("| what | median | beside it, taking turns | median | ratio | aim |");
    println!("|---|---|---|---|---|---|");

    let theirs = peer();
    let hwmon = &theirs.hw_monitors[0];
    let files = keep(&MONITOR);
    let mut sampler = gpu.sampler(SampleFields::MONITOR);
    let mut ours = || keep_it(sampler.sample().is_ok());
    let plain = || keep_it(pread_all(&files, &mut buf));
    row("monitor sample: 14 files and the status", "pread of the 15", "at most 1.25", pair(&mut ours, plain));
    row(
        "amdgpu-sysfs, the same values",
        "monitor sample",
        "at least 14",
        pair(|| peer_monitor(&theirs, hwmon), ours),
    );

    let all = keep(MONITOR.iter().chain(&OTHERS));
    let mut sampler = gpu.sampler(everything());
    let mut ours = || keep_it(sampler.sample().is_ok());
    let plain = || keep_it(pread_all(&all, &mut buf));
    row(
        "everything: 52 files, what cannot change kept",
        "pread of the 52 and the status",
        "",
        pair(&mut ours, plain),
    );
    row(
        "amdgpu-sysfs, the same values",
        "everything",
        "at least 15",
        pair(|| peer_everything(&theirs, hwmon), ours),
    );

    let dir = openat(CWD, DEVICE, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty()).unwrap();
    let status = keep(&["power/runtime_status"]);
    let mut sampler = gpu.sampler(SampleFields::METRICS);
    let mut ours = || keep_it(sampler.sample().is_ok());
    let plain = || keep_it(open_read_close(&dir, "gpu_metrics", &mut buf));
    row(
        "gpu_metrics sample, decoded, with the status",
        "openat, read, close",
        "at most 1.25",
        pair(&mut ours, plain),
    );
    let both = || {
        black_box(pread_all(&status, &mut buf));
        black_box(open_read_close(&dir, "gpu_metrics", &mut buf));
    };
    row("the same", "openat, read, close and pread of the status", "", pair(ours, both));

    for (what, content, size, aim) in
        [("decode v1_8, 3,872 bytes", 8, 3872, "at most 3"), ("decode v1_3, 120 bytes", 3, 120, "at most 1")]
    {
        let bytes = full(1, content, size);
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&bytes).unwrap();
        let mut kept = Metrics::decode(&bytes).unwrap();
        let decode = || kept.update(MetricsFile::GpuMetrics, black_box(&bytes)).unwrap();
        let plain = || keep_it(rustix::io::pread(&file, &mut buf, 0).unwrap());
        row(&format!("{what}, into a kept view"), "pread of it", aim, pair(decode, plain));
        let decode = || drop(black_box(Metrics::decode(black_box(&bytes)).unwrap()));
        let plain = || keep_it(rustix::io::pread(&file, &mut buf, 0).unwrap());
        row(&format!("{what}, into a new view"), "pread of it", aim, pair(decode, plain));
    }

    if let [eight, many] = &roots[..] {
        let find = |root: &str| drop(black_box(Smi::builder().root(root).build().unwrap()));
        let (many, eight) = pair(|| find(many), || find(eight));
        row("discovery of 64 GPUs, each", "of 8, each", "at most 1.3", (many / 64.0, eight / 8.0));
    }
}

/// Nanoseconds of one call of each: the medians over all turns.
fn pair(mut first: impl FnMut(), mut second: impl FnMut()) -> (f64, f64) {
    let (mut firsts, mut seconds) = (Vec::new(), Vec::new());
    let (calls, other) = (calls_a_turn(&mut first), calls_a_turn(&mut second));
    let started = Instant::now();
    while started.elapsed() < PAIR {
        firsts.push(turn(&mut first, calls));
        seconds.push(turn(&mut second, other));
    }
    (median(firsts), median(seconds))
}

fn calls_a_turn(call: &mut impl FnMut()) -> u32 {
    let mut calls = 1;
    while turn(call, calls) * f64::from(calls) < TURN.as_nanos() as f64 {
        calls *= 2;
    }
    calls
}

fn turn(call: &mut impl FnMut(), calls: u32) -> f64 {
    let started = Instant::now();
    (0..calls).for_each(|_| call());
    started.elapsed().as_nanos() as f64 / f64::from(calls)
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

/// Has the compiler believe that the value is needed.
fn keep_it<T>(value: T) {
    let _ = black_box(value);
}

fn row(what: &str, beside: &str, aim: &str, (one, other): (f64, f64)) {
    println!(
        "| {what} | {:.2} µs | {beside} | {:.2} µs | {:.2} | {aim} |",
        one / 1e3,
        other / 1e3,
        one / other
    );
}
