//! A dashboard of a node: one row per package, and a total that counts each package once.
//!
//! `cargo run --example dashboard [ROOT]`

#![allow(clippy::print_stdout, reason = "it is what this program is for")]

use amdgpu_smi::unit::MicroWatts;
use amdgpu_smi::{Result, Smi};

fn main() -> Result<()> {
    let smi = match std::env::args().nth(1) {
        Some(root) => Smi::builder().root(root).build()?,
        None => Smi::new()?,
    };
    let mut total = MicroWatts(0);
    for package in smi.packages() {
        let summary = package.summary();
        let or_reason = |text: std::result::Result<String, String>| text.unwrap_or_else(|reason| reason);
        println!(
            "{} {}: {}, {}, {} busy, {} of memory used, {}",
            package.bdf(),
            summary.name,
            or_reason(shown(&summary.power.socket)),
            or_reason(shown(&summary.core_temperature.current)),
            or_reason(shown(&summary.activity.gfx)),
            or_reason(shown(&summary.memory.vram_used)),
            or_reason(shown(&summary.link.current())),
        );
        if let Ok(power) = &summary.power.socket {
            total.0 += power.0;
        }
    }
    println!("total: {total}");
    Ok(())
}

/// A value as it prints itself, or its reason in a few words.
fn shown<T: std::fmt::Display>(reading: &amdgpu_smi::Reading<T>) -> std::result::Result<String, String> {
    reading.as_ref().map(ToString::to_string).map_err(|error| format!("({})", error.reason()))
}
