//! Writes a made-up machine into a directory, to be looked at as any other: `--root DIR`.
//!
//! `cargo run --features synth --example machine -- mi300x DIR`

#![allow(clippy::print_stdout, reason = "an example prints")]

use amdgpu_smi::gpu::{ComputePartition::Cpx, MemoryPartition::Nps4};
use amdgpu_smi::synth::{Chip, Kernel, Machine};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let (Some(name), Some(dir)) = (args.next(), args.next()) else {
        return Err("expected a machine and a directory".into());
    };
    let machine = match name.as_str() {
        "mi210" => Machine::mi210(8).processes(4),
        "mi300x" => Machine::mi300x(8).processes(12).foreign_card0(),
        "mi300x-cpx" => Machine::mi300x(8).partition(Cpx, Nps4).processes(64),
        "mi300x-guest" => Machine::mi300x(8).guest(),
        "mi350x" => Machine::mi350x(8).processes(8),
        "navi31" => Machine::navi31().processes(3),
        "mi300x-7.0" => Machine::mi300x(8).kernel(Kernel::new(7, 0)).processes(12).foreign_card0(),
        "navi48" => Machine::navi48().processes(3),
        "strix" => Machine::strix(),
        "phoenix" => Machine::phoenix(),
        "mixed" => Machine::phoenix().and(Machine::new(Chip::Navi31, 2)).foreign_card0(),
        other => return Err(format!("{other} is no machine").into()),
    };
    machine.load(0.7).build(&dir)?;
    println!("amdgpu-smi --root {dir}");
    Ok(())
}
