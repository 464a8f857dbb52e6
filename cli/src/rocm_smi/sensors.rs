//! Current values: temperatures, fan, power, voltage, usage, memory, energy.

use amdgpu_smi::Gpu;
use amdgpu_smi::gpu::{PowerKind, TemperatureSensor, VoltageRail};
use amdgpu_smi::reading::Reading;
use amdgpu_smi::unit::{Bytes, MicroWatts, MilliCelsius};

use super::log::Log;

/// The stacks of memory that AMD's command has lines for.
const HBM: usize = 4;

/// `61.0`: a number with a point even where there is no fraction, as Python prints it.
fn thousandths(value: i64) -> String {
    format!("{:?}", value as f64 / 1e3)
}

pub(super) fn celsius(value: &MilliCelsius) -> String {
    thousandths(value.0)
}

pub(super) fn watts(value: &MicroWatts) -> String {
    format!("{:?}", (value.0 as f64 / 1e3).round() / 1e3)
}

pub(super) fn temperatures(log: &mut Log, gpus: &[Gpu]) {
    const SENSORS: [(TemperatureSensor, &str); 3] = [
        (TemperatureSensor::Edge, "edge"),
        (TemperatureSensor::Junction, "junction"),
        (TemperatureSensor::Memory, "memory"),
    ];
    log.title("Temperature");
    for gpu in gpus {
        let look = gpu.look();
        for (sensor, name) in &SENSORS {
            // AMD has no line for a sensor that is not there.
            if let Ok(found) = look.temperature(sensor) {
                log.value(gpu, &format!("Temperature (Sensor {name}) (C)"), &celsius(&found.value));
            }
        }
        let metrics = look.metrics().ok();
        let stacks = metrics.iter().flat_map(|metrics| metrics.temperatures.hbm.iter().take(HBM).enumerate());
        for (stack, temperature) in stacks {
            if let Some(temperature) = temperature {
                log.value(gpu, &format!("Temperature (Sensor HBM {stack}) (C)"), &celsius(temperature));
            }
        }
    }
    log.end();
}

pub(super) fn fans(log: &mut Log, gpus: &[Gpu]) {
    log.title("Current Fan Metric");
    for gpu in gpus {
        let fan = gpu.look().fan();
        match (&fan.pwm, &fan.percent) {
            (Ok(level), Ok(percent)) => {
                let (level, percent) = (level.value.to_string(), format!("{:.0}", percent.value));
                log.line(gpu, &format!("Fan Level: {level} ({percent}%)"));
                log.key(gpu, "Fan speed (level)", &level);
                log.key(gpu, "Fan speed (%)", &percent);
                log.reading(gpu, "Fan RPM", &fan.rpm, |rpm| rpm.0.to_string());
            }
            _ => log.line(gpu, "Not supported"),
        }
    }
    log.end();
}

pub(super) fn power_caps(log: &mut Log, gpus: &[Gpu]) {
    log.title("Power Cap");
    for gpu in gpus {
        log.reading(gpu, "Max Graphics Package Power (W)", &gpu.look().power().cap, watts);
    }
    log.end();
}

pub(super) fn power(log: &mut Log, gpus: &[Gpu]) {
    log.title("Power Consumption");
    for gpu in gpus {
        let power = gpu.look().power();
        let key = match power.kind {
            Some(PowerKind::Average) | None => "Average Graphics Package Power (W)",
            _ => "Current Socket Graphics Package Power (W)",
        };
        log.reading(gpu, key, &power.socket, watts);
    }
    log.end();
}

pub(super) fn voltages(log: &mut Log, gpus: &[Gpu]) {
    log.title("Current voltage");
    for gpu in gpus {
        log.reading(gpu, "Voltage (mV)", &gpu.look().voltage(&VoltageRail::Graphics), |value| {
            value.0.to_string()
        });
    }
    log.end();
}

pub(super) fn usage(log: &mut Log, gpus: &[Gpu]) {
    log.title("% time GPU is busy");
    for gpu in gpus {
        let look = gpu.look();
        log.reading(gpu, "GPU use (%)", &look.activity().gfx, |percent| percent.0.to_string());
        if let Some(count) = look.metrics().ok().and_then(|table| table.activity.gfx_acc) {
            log.value(gpu, "GFX Activity", &count.to_string());
        }
    }
    log.end();
}

/// Whole percent, cut off as AMD's.
pub(super) fn percent_used(used: &Reading<Bytes>, total: &Reading<Bytes>) -> Option<u64> {
    let (used, total) = (used.as_ref().ok()?.value.0, total.as_ref().ok()?.value.0);
    u64::try_from(u128::from(used).checked_mul(100)?.checked_div(u128::from(total))?).ok()
}

pub(super) fn memory_use(log: &mut Log, gpus: &[Gpu]) {
    log.title("Current Memory Use");
    for gpu in gpus {
        let look = gpu.look();
        let memory = look.memory_usage();
        if let Some(percent) = percent_used(&memory.vram_used, &memory.vram_total) {
            log.value(gpu, "GPU Memory Allocated (VRAM%)", &percent.to_string());
        }
        if let Ok(busy) = &look.activity().memory {
            log.value(gpu, "GPU Memory Read/Write Activity (%)", &busy.value.0.to_string());
        }
        let count = look.metrics().ok().and_then(|table| table.activity.mem_acc);
        log.value(gpu, "Memory Activity", &count.map_or_else(|| "N/A".into(), |count| count.to_string()));
    }
    log.end();
}

pub(super) fn memory(log: &mut Log, gpus: &[Gpu], kinds: &[String]) {
    log.title("Memory Usage (Bytes)");
    for gpu in gpus {
        let memory = gpu.look().memory_usage();
        let pools = [
            ("VRAM", &memory.vram_total, &memory.vram_used),
            ("VIS_VRAM", &memory.visible_vram_total, &memory.visible_vram_used),
            ("GTT", &memory.gtt_total, &memory.gtt_used),
        ];
        for (name, total, used) in pools {
            if kinds.iter().any(|kind| kind.eq_ignore_ascii_case("all") || kind.eq_ignore_ascii_case(name)) {
                log.reading(gpu, &format!("{name} Total Memory (B)"), total, |bytes| bytes.0.to_string());
                log.reading(gpu, &format!("{name} Total Used Memory (B)"), used, |bytes| bytes.0.to_string());
            }
        }
    }
    log.end();
}

pub(super) fn energy(log: &mut Log, gpus: &[Gpu]) {
    log.title("Consumed Energy");
    for gpu in gpus {
        let look = gpu.look();
        if let Some(counter) = look.metrics().ok().and_then(|table| table.energy) {
            log.value(gpu, "Energy counter", &counter.ticks.to_string());
        }
        log.reading(gpu, "Accumulated Energy (uJ)", &look.energy(), |energy| {
            format!("{:?}", energy.0 as f64)
        });
    }
    log.end();
}

/// Packets of the largest size, so it is an upper bound. The driver counts for a second.
pub(super) fn bandwidth(log: &mut Log, gpus: &[Gpu]) {
    log.title("Measured PCIe Bandwidth");
    for gpu in gpus {
        let key = "Estimated maximum PCIe bandwidth over the last second (MB/s)";
        log.result(gpu, key, gpu.pcie_throughput(), |traffic| {
            let packets = traffic.received.saturating_add(traffic.sent) as f64;
            format!("{:.3}", packets * traffic.max_payload.0 as f64 / f64::from(1 << 20))
        });
    }
    log.end();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_pythons() {
        assert_eq!(watts(&MicroWatts(306_000_000)), "306.0");
        assert_eq!(watts(&MicroWatts(18_128_400)), "18.128");
        assert_eq!(celsius(&MilliCelsius(61_000)), "61.0");
    }
}
