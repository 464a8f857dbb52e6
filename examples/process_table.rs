//! A process table keyed by process, as a system monitor keeps one: memory and share of the GPUs of each process.
//!
//! `cargo run --example process_table [ROOT]`

#![allow(clippy::print_stdout, reason = "it is what this program is for")]

use std::collections::BTreeMap;
use std::time::Duration;

use amdgpu_smi::process::ProcessId;
use amdgpu_smi::unit::Bytes;
use amdgpu_smi::{Result, Smi};

/// A process's use of all GPUs.
#[derive(Default)]
struct Usage {
    name: String,
    vram: Option<Bytes>,
    busy: Option<f64>,
}

fn main() -> Result<()> {
    let smi = match std::env::args().nth(1) {
        Some(root) => Smi::builder().root(root).build()?,
        None => Smi::new()?,
    };
    let mut users = smi.process_monitor();
    users.update();
    std::thread::sleep(Duration::from_millis(200));
    for (id, usage) in table(users.update()) {
        let vram = usage.vram.map_or("unknown".to_owned(), |vram| vram.to_string());
        let busy = usage.busy.map_or("unknown".to_owned(), |busy| format!("{busy:.0} %"));
        println!("{id:?} {}: {vram}, {busy}", usage.name);
    }
    Ok(())
}

/// A number of a container and the same number of the host are two keys: `ProcessId` says whose number it is.
fn table(found: &amdgpu_smi::process::Processes) -> BTreeMap<ProcessId, Usage> {
    let mut table: BTreeMap<ProcessId, Usage> = BTreeMap::new();
    for process in &found.processes {
        let usage = table.entry(process.id()).or_default();
        usage.name = process.name.clone().unwrap_or_default();
        for used in &process.gpus {
            if let Ok(vram) = &used.vram {
                usage.vram = Some(Bytes(usage.vram.map_or(0, |known| known.0) + vram.0));
            }
            if let Some(busy) = used.busy() {
                usage.busy = Some(usage.busy.unwrap_or(0.0) + busy);
            }
        }
    }
    table
}
