//! The cost of the process list and the topology of a big machine, compared with plain loops over the same files.
//!
//! The machine is built of files in memory: no device answers, so what is compared is the cost
//! of everything but the driver's.

#![allow(clippy::print_stdout, reason = "a benchmark's result")]

use std::time::Duration;

use amdgpu_smi::Smi;
use support::big::{Big, folder, race, read_links, read_processes};

const ROUNDS: usize = 40;

fn main() {
    for descriptors in [10, 20, 40] {
        let folder = folder();
        Big { partitions: 64, processes: 200, descriptors }.build(folder.path());
        let smi = Smi::builder().root(folder.path()).build().expect("the machine");
        let (ours, plain) = race(ROUNDS, || smi.processes(), || read_processes(folder.path()));
        print(
            &format!("processes: 64 partitions, 200 processes, {descriptors} descriptors each"),
            ours,
            plain,
        );
    }
    for partitions in [8, 32, 64] {
        let folder = folder();
        Big { partitions, processes: 0, descriptors: 0 }.build(folder.path());
        let smi = Smi::builder().root(folder.path()).build().expect("the machine");
        let (ours, plain) = race(ROUNDS, || smi.topology(), || read_links(folder.path()));
        print(&format!("topology: {partitions} GPUs"), ours, plain);
    }
}

fn print(what: &str, ours: Duration, plain: Duration) {
    let millis = |time: Duration| time.as_secs_f64() * 1e3;
    let ratio = ours.as_secs_f64() / plain.as_secs_f64();
    println!("{what}: {:.2} ms, a plain loop {:.2} ms, {ratio:.2} times", millis(ours), millis(plain));
}
