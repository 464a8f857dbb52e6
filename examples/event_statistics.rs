//! Counts all events of all GPUs by their type.

#![allow(clippy::print_stdout, reason = "an example prints")]

#[allow(unreachable_pub, reason = "shared by the examples")]
mod common;

use std::collections::BTreeMap;

use amdgpu_smi::event::EventKind;

fn main() -> amdgpu_smi::Result<()> {
    let (smi, end) = common::arguments()?;
    let mut events = smi.events().open()?.buffered(10_000)?;
    let mut counts: BTreeMap<_, BTreeMap<&str, u64>> = BTreeMap::new();
    let mut dropped = 0;
    let mut batch = Vec::new();
    while events.read_batch(&mut batch, 100, common::left(end))? > 0 {
        for event in batch.drain(..) {
            if let EventKind::Dropped { count, .. } = event.kind {
                dropped += count;
            }
            *counts.entry(event.gpu.bdf()).or_default().entry(event.kind.name()).or_default() += 1;
        }
    }
    for (bdf, counts) in &counts {
        println!("{bdf}");
        for (name, count) in counts {
            println!("  {name}: {count}");
        }
    }
    println!(
        "{} events, {dropped} known to be lost",
        counts.values().flat_map(BTreeMap::values).sum::<u64>()
    );
    Ok(())
}
