//! `--showtempgraph`: a bar for each GPU's temperature, until Ctrl-C.

use std::time::Duration;

use amdgpu_smi::Gpu;
use amdgpu_smi::gpu::TemperatureSensor;
use terminal_size::{Width, terminal_size};

use super::log::{NOT_AVAILABLE, banner};
use crate::failure::Failure;
use crate::output::Output;

/// The time between two pictures.
const INTERVAL: Duration = Duration::from_secs(1);
/// The columns before the bar.
const HEAD: usize = 20;
/// The width where the output is no terminal.
const WIDTH: usize = 90;

/// The temperature at the edge, or where a chip has none at its hottest spot.
fn temperature(gpu: &Gpu) -> Option<i64> {
    let look = gpu.look();
    let sensors = [TemperatureSensor::Edge, TemperatureSensor::Junction];
    sensors.iter().find_map(|sensor| look.temperature(sensor).ok()).map(|found| found.value.0 / 1000)
}

/// A bar that is full at 100 degrees.
fn bar(index: usize, temperature: Option<i64>, width: usize) -> String {
    let text = temperature.map_or_else(|| NOT_AVAILABLE.into(), |celsius| format!("{celsius}\u{b0}C"));
    let room = width.saturating_sub(HEAD);
    let full = usize::try_from(temperature.unwrap_or(0).clamp(0, 100)).unwrap_or(0) * room / 100;
    format!("GPU[{index}] Temp {text:<6}|{}\n", "\u{2592}".repeat(full))
}

pub(super) fn show(gpus: &[Gpu], is_table: bool) -> Result<(), Failure> {
    if is_table {
        return Err(Failure::Usage("--showtempgraph is a picture: without --json and --csv".into()));
    }
    let mut output = Output::standard();
    output.write(&banner("Temperature Graph", '=', WIDTH))?;
    loop {
        let width = terminal_size().map_or(WIDTH, |(Width(width), _)| width.into());
        let bars: String = gpus.iter().map(|gpu| bar(gpu.index(), temperature(gpu), width)).collect();
        if !output.is_terminal() {
            return output.write(&bars);
        }
        // Each line is cleared to its end, and the next picture goes over this one.
        output.write(&bars.replace('\n', "\u{1b}[K\n"))?;
        std::thread::sleep(INTERVAL);
        output.write(&format!("\u{1b}[{}A", gpus.len()))?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_have_their_length() {
        assert_eq!(
            bar(0, Some(50), 30),
            "GPU[0] Temp 50\u{b0}C  |\u{2592}\u{2592}\u{2592}\u{2592}\u{2592}\n"
        );
        assert_eq!(bar(12, None, 30), "GPU[12] Temp N/A   |\n");
        assert_eq!(bar(0, Some(500), 10), "GPU[0] Temp 500\u{b0}C |\n");
    }
}
