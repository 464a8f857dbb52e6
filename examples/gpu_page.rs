//! The page of one GPU in a resource viewer: name, bars from 0 to 1, clocks, temperature, power.
//!
//! `cargo run --example gpu_page [ROOT]`

#![allow(clippy::print_stdout, reason = "it is what this program is for")]

use amdgpu_smi::gpu::ClockDomain;
use amdgpu_smi::{Gpu, Result, Smi};

/// What the page draws: a number that is not there leaves its widget empty.
#[derive(Debug)]
struct Page {
    name: String,
    usage: Option<f64>,
    media: Option<f64>,
    memory: Option<f64>,
    shader_clock: Option<String>,
    memory_clock: Option<String>,
    temperature: Option<String>,
    power: Option<f64>,
    cap: Option<f64>,
    link: Option<String>,
}

fn page(gpu: &Gpu) -> Page {
    let look = gpu.look();
    let (power, activity, memory) = (look.power(), look.activity(), look.memory_usage());
    let memory = memory.vram_used.ok().zip(memory.vram_total.ok());
    let clock = |domain| look.clock(domain).current.ok().map(|clock| clock.to_string());
    Page {
        name: gpu.market_name(),
        usage: activity.gfx.ok().map(|busy| busy.fraction()),
        media: activity.media.ok().map(|busy| busy.fraction()),
        memory: memory.map(|(used, total)| used.gibibytes() / total.gibibytes()),
        shader_clock: clock(ClockDomain::Graphics),
        memory_clock: clock(ClockDomain::Memory),
        temperature: look.core_temperature().current.ok().map(|temperature| temperature.to_string()),
        power: power.socket.ok().map(|power| power.watts()),
        cap: power.cap.ok().map(|cap| cap.watts()),
        link: look.pcie_info().current().ok().map(|link| link.to_string()),
    }
}

fn main() -> Result<()> {
    let smi = match std::env::args().nth(1) {
        Some(root) => Smi::builder().root(root).build()?,
        None => Smi::new()?,
    };
    for gpu in smi.gpus() {
        println!("{:#?}", page(gpu));
    }
    Ok(())
}
