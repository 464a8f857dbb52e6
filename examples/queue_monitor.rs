//! Prints how long the queues of processes were off the GPU, and why.

#![allow(clippy::print_stdout, reason = "an example prints")]

#[allow(unreachable_pub, reason = "shared by the examples")]
mod common;

use std::collections::HashMap;

use amdgpu_smi::event::{EventKind, EventMask};

fn main() -> amdgpu_smi::Result<()> {
    let (smi, end) = common::arguments()?;
    let mut events = smi.events().mask(EventMask::QUEUE_EVICTION | EventMask::QUEUE_RESTORE).open()?;
    let mut evicted = HashMap::new();
    while let Some(event) = events.wait(common::left(end))? {
        match event.kind {
            EventKind::QueueEviction { time, pid, node, trigger } => {
                let trigger = trigger.map(|trigger| trigger.to_string()).unwrap_or_default();
                println!("{pid} off {}: {trigger}", smi.place(node));
                evicted.insert((pid, node), time);
            }
            EventKind::QueueRestore { pid, node, rescheduled: true, .. } => {
                println!("{pid} not yet back on {}", smi.place(node));
            }
            EventKind::QueueRestore { time, pid, node, .. } => match evicted.remove(&(pid, node)) {
                Some(start) => println!("{pid} back on {} after {:?}", smi.place(node), time.since(start)),
                None => println!("{pid} back on {}", smi.place(node)),
            },
            _ => {}
        }
    }
    Ok(())
}
