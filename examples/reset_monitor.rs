//! Prints resets with their causes, and how long each took. What is before and after is matched by its number.

#![allow(clippy::print_stdout, reason = "an example prints")]

#[allow(unreachable_pub, reason = "shared by the examples")]
mod common;

use std::collections::HashMap;

use amdgpu_smi::event::{EventKind, EventMask};

fn main() -> amdgpu_smi::Result<()> {
    let (smi, end) = common::arguments()?;
    let mut events = smi.events().mask(EventMask::GPU_PRE_RESET | EventMask::GPU_POST_RESET).open()?;
    let mut begun = HashMap::new();
    while let Some(event) = events.wait(common::left(end))? {
        let bdf = event.gpu.bdf();
        match event.kind {
            EventKind::GpuPreReset { sequence, cause } => {
                println!("{bdf} reset {sequence} begins: {cause}");
                begun.insert((bdf, sequence), event.arrival);
            }
            EventKind::GpuPostReset { sequence, .. } => match begun.remove(&(bdf, sequence)) {
                Some(start) => println!("{bdf} reset {sequence} took {:?}", event.arrival.since(start)),
                None => println!("{bdf} reset {sequence} is over"),
            },
            _ => {}
        }
    }
    for ((bdf, sequence), _) in begun {
        println!("{bdf} reset {sequence} goes on");
    }
    Ok(())
}
