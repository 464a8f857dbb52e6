//! Looks at a GPU whenever something befalls it.

#![allow(clippy::print_stdout, reason = "an example prints")]

#[allow(unreachable_pub, reason = "shared by the examples")]
mod common;

use amdgpu_smi::Gpu;
use amdgpu_smi::event::EventMask;

fn main() -> amdgpu_smi::Result<()> {
    let (smi, end) = common::arguments()?;
    let mask = EventMask::THERMAL_THROTTLE | EventMask::GPU_PRE_RESET | EventMask::GPU_POST_RESET;
    let mut events = smi.events().mask(mask).open()?;
    while let Some(event) = events.wait(common::left(end))? {
        println!("{} {} {}", event.gpu.bdf(), event.kind.name(), event.message());
        print_health(&event.gpu);
    }
    Ok(())
}

fn print_health(gpu: &Gpu) {
    match gpu.temperatures() {
        Ok(sensors) => {
            for sensor in sensors {
                match sensor.current {
                    Ok(temperature) => println!("  {:?}: {temperature}", sensor.sensor),
                    Err(error) => println!("  {:?}: {}", sensor.sensor, error.reason()),
                }
            }
        }
        Err(error) => println!("  temperatures: {}", error.reason()),
    }
    match gpu.power().socket {
        Ok(power) => println!("  power: {power}"),
        Err(error) => println!("  power: {}", error.reason()),
    }
    match gpu.activity().gfx {
        Ok(percent) => println!("  activity: {percent}"),
        Err(error) => println!("  activity: {}", error.reason()),
    }
}
