//! Writes all events to a JSON file: `event_log [ROOT [SECONDS [FILE]]]`.

#![allow(clippy::print_stdout, reason = "an example prints")]

#[allow(unreachable_pub, reason = "shared by the examples")]
mod common;

use std::time::{Duration, SystemTime};

use amdgpu_smi::event::WallClock;
use serde_json::json;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (smi, end) = common::arguments()?;
    let path = std::env::args().nth(3).unwrap_or_else(|| "gpu_events.json".into());
    // Fetched by a thread, so that nothing is lost while this one writes.
    let mut events = smi.events().open()?.buffered(10_000)?;
    let clock = WallClock::sample();
    let seconds = |time: SystemTime| {
        time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or(Duration::ZERO).as_secs_f64()
    };
    let mut log = Vec::new();
    while let Some(event) = events.wait(common::left(end))? {
        log.push(json!({
            "arrival": seconds(clock.wall_time(event.arrival)),
            "gpu": event.gpu.index(),
            "bdf": event.gpu.bdf().to_string(),
            "event": event.kind.name(),
            "message": event.message().to_string(),
        }));
    }
    let lost = events.lost();
    let document = json!({ "uncertainty": clock.uncertainty().as_secs_f64(), "lost": lost, "events": log });
    std::fs::write(&path, serde_json::to_string_pretty(&document)?)?;
    println!("{} events written to {path}", log.len());
    Ok(())
}
