//! Calls back for events that matter, with how much they do.

#![allow(clippy::print_stdout, reason = "an example prints")]

#[allow(unreachable_pub, reason = "shared by the examples")]
mod common;

use std::time::Instant;

use amdgpu_smi::Smi;
use amdgpu_smi::event::{Event, EventKind, EventMask};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Severity {
    Warning,
    Critical,
}

fn severity(event: &Event) -> Severity {
    match event.kind {
        EventKind::VmFault { .. } | EventKind::GpuPreReset { .. } => Severity::Critical,
        _ => Severity::Warning,
    }
}

fn watch(smi: &Smi, end: Instant, mut alert: impl FnMut(Severity, &Event)) -> amdgpu_smi::Result<()> {
    let mask = EventMask::VM_FAULT
        | EventMask::THERMAL_THROTTLE
        | EventMask::GPU_PRE_RESET
        | EventMask::GPU_POST_RESET;
    let mut events = smi.events().mask(mask).open()?;
    while let Some(event) = events.wait(common::left(end))? {
        alert(severity(&event), &event);
    }
    Ok(())
}

fn main() -> amdgpu_smi::Result<()> {
    let (smi, end) = common::arguments()?;
    let mut alerts = 0;
    watch(&smi, end, |severity, event| {
        alerts += 1;
        println!("{severity:?} {alerts}: {} {} {}", event.gpu.bdf(), event.kind.name(), event.message());
    })?;
    println!("{alerts} alerts");
    Ok(())
}
