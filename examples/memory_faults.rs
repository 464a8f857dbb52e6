//! Prints memory faults, and how long page faults took. Other processes' need CAP_SYS_ADMIN: asked for where it is there.

#![allow(clippy::print_stdout, reason = "an example prints")]

#[allow(unreachable_pub, reason = "shared by the examples")]
mod common;

use std::collections::HashMap;

use amdgpu_smi::Error;
use amdgpu_smi::event::{EventKind, EventMask};

fn main() -> amdgpu_smi::Result<()> {
    let (smi, end) = common::arguments()?;
    let mask = EventMask::VM_FAULT
        | EventMask::PAGE_FAULT_START
        | EventMask::PAGE_FAULT_END
        | EventMask::UNMAP_FROM_GPU;
    let builder = smi.events().mask(mask);
    let mut events = match builder.clone().all_processes(true).open() {
        Err(error @ Error::AllProcesses { .. }) => {
            println!("only this process: {error}");
            builder.open()?
        }
        result => result?,
    };
    let mut begun = HashMap::new();
    while let Some(event) = events.wait(common::left(end))? {
        let bdf = event.gpu.bdf();
        match event.kind {
            EventKind::VmFault { pid, task } => println!("{bdf} memory fault of {task} (thread {pid})"),
            EventKind::PageFaultStart { time, pid, address, .. } => {
                begun.insert((pid, address), time);
            }
            EventKind::PageFaultEnd { time, pid, address, outcome, .. } => {
                let took = begun.remove(&(pid, address)).map(|start| time.since(start));
                println!("{bdf} page fault of {pid} at {address:#x}: {outcome:?} after {took:?}");
            }
            EventKind::UnmapFromGpu { pid, range, trigger, .. } => {
                println!("{bdf} unmapped {} of {pid} at {:#x}: {trigger:?}", range.size, range.start);
            }
            _ => {}
        }
    }
    Ok(())
}
