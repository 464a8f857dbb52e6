//! Prints each time a GPU throttles, with the reasons: the reader of one GPU, closed when it goes out of scope.

#![allow(clippy::print_stdout, reason = "an example prints")]

#[allow(unreachable_pub, reason = "shared by the examples")]
mod common;

use amdgpu_smi::event::{EventKind, EventReader, EventType};

fn main() -> amdgpu_smi::Result<()> {
    let (smi, end) = common::arguments()?;
    let Some(gpu) = smi.gpus().first() else {
        println!("no GPU");
        return Ok(());
    };
    let mut reader = EventReader::new(gpu, [EventType::ThermalThrottle])?;
    let mut count = 0;
    while !common::left(end).is_zero() {
        for event in reader.read(common::left(end), 10)? {
            let EventKind::ThermalThrottle { reasons, mask, .. } = event.kind else { continue };
            count += 1;
            match reasons {
                Some(reasons) => println!("{} throttles: {}", gpu.bdf(), bitflags_text(reasons)),
                None => println!("{} throttles: mask {mask:#x}", gpu.bdf()),
            }
        }
    }
    println!("{count} thermal events");
    Ok(())
}

fn bitflags_text(reasons: amdgpu_smi::metrics::ThrottleReasons) -> String {
    reasons.iter_names().map(|(name, _)| name).collect::<Vec<_>>().join(" ")
}
