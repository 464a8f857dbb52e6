//! The page of one GPU in a resource viewer: name, bars from 0 to 1, clocks, temperature, power.
//!
//! `cargo run --example gpu_page [ROOT]`

#![allow(clippy::print_stdout, reason = "it is what this program is for")]

use amdgpu_smi::gpu::ClockDomain;
use amdgpu_smi::{Gpu, Result, Smi};

fn main() -> Result<()> {
    let smi = match std::env::args().nth(1) {
        Some(root) => Smi::builder().root(root).build()?,
        None => Smi::new()?,
    };
    for gpu in smi.gpus() {
        println!("{}", page(gpu));
    }
    Ok(())
}

/// Name and bars; a quantity that is not there leaves its line out.
fn page(gpu: &Gpu) -> String {
    let look = gpu.look();
    let (power, activity, memory) = (look.power(), look.activity(), look.memory_usage());
    let memory = memory.vram_used.ok().zip(memory.vram_total.ok());
    let mut lines = vec![gpu.market_name()];
    let mut bar = |name: &str, fraction: Option<f64>| {
        lines.extend(
            fraction
                .map(|fraction| format!("  {name:12} {}", "#".repeat((fraction * 20.0).round() as usize))),
        );
    };
    bar("shaders", activity.gfx.ok().map(|busy| busy.fraction()));
    bar("media", activity.media.ok().map(|busy| busy.fraction()));
    bar("memory", memory.map(|(used, total)| used.gibibytes() / total.gibibytes()));
    bar("power", power.socket.ok().zip(power.cap.ok()).map(|(power, cap)| power.watts() / cap.watts()));
    for domain in [ClockDomain::Graphics, ClockDomain::Memory] {
        lines.extend(look.clock(domain).current.ok().map(|clock| format!("  {domain:?} clock {clock}")));
    }
    let temperature = look.core_temperature();
    lines.extend(temperature.current.ok().map(|current| format!("  {} {current}", temperature.sensor)));
    lines.extend(look.pcie_info().current().ok().map(|link| format!("  link {link}")));
    lines.join("\n")
}
