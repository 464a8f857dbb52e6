//! Prints which processes began and ceased to use GPUs, and for how long: start and end are matched by the process.

#![allow(clippy::print_stdout, reason = "an example prints")]

#[allow(unreachable_pub, reason = "shared by the examples")]
mod common;

use std::collections::HashMap;
use std::time::Duration;

use amdgpu_smi::event::{EventKind, EventMask};

fn main() -> amdgpu_smi::Result<()> {
    let (smi, end) = common::arguments()?;
    let builder = smi.events().mask(EventMask::PROCESS_START | EventMask::PROCESS_END);
    // No stable kernel known reports these; derived from KFD's list of processes they are on all.
    let derived = builder.clone().derive_processes(Duration::from_millis(500)).open();
    let mut events = derived.or_else(|_| builder.open())?;
    let mut active = HashMap::new();
    while let Some(event) = events.wait(common::left(end))? {
        let bdf = event.gpu.bdf();
        match event.kind {
            EventKind::ProcessStart { pid, task } => {
                println!("{bdf} {task} ({pid}) started, says {:?}", event.origin);
                active.insert((bdf, pid), event.arrival);
            }
            EventKind::ProcessEnd { pid, task } => match active.remove(&(bdf, pid)) {
                Some(start) => println!("{bdf} {task} ({pid}) ended after {:?}", event.arrival.since(start)),
                None => println!("{bdf} {task} ({pid}) ended, and was there before"),
            },
            _ => {}
        }
    }
    println!("{} still active", active.len());
    Ok(())
}
