//! Clocks: where they are, where they can be, and what decides it.

use amdgpu_smi::Gpu;
use amdgpu_smi::gpu::ClockDomain;
use amdgpu_smi::gpu::{DpmIndex, DpmTable, OverdriveLimits, PcieLevel};

use super::log::Log;

/// AMD's names, in its order.
const CLOCKS: [(&str, ClockDomain); 5] = [
    ("dcefclk", ClockDomain::Display),
    ("fclk", ClockDomain::Fabric),
    ("mclk", ClockDomain::Memory),
    ("sclk", ClockDomain::Graphics),
    ("socclk", ClockDomain::Soc),
];

/// The marked level: its number and frequency in MHz. A clock in deep sleep is at none.
pub(super) fn marked(gpu: &Gpu, domain: ClockDomain) -> Option<(u32, u32)> {
    let table = gpu.clock_levels(domain).ok()?;
    let level = table.value.current()?;
    match level.index {
        DpmIndex::Level(index) => Some((index, level.frequency.0)),
        _ => None,
    }
}

fn pcie_level(level: &PcieLevel) -> Option<String> {
    Some(format!("{:.1}GT/s x{}", f64::from(level.speed?.0) / 1e3, level.width?))
}

pub(super) fn current(log: &mut Log, gpus: &[Gpu]) {
    log.title("Current clock frequencies");
    for gpu in gpus {
        for (name, domain) in CLOCKS {
            if let Some((level, frequency)) = marked(gpu, domain) {
                log.line(gpu, &format!("{name} clock level: {level}: ({frequency}Mhz)"));
                log.key(gpu, &format!("{name} clock speed:"), &format!("({frequency}Mhz)"));
                log.key(gpu, &format!("{name} clock level:"), &level.to_string());
            }
        }
        let levels = gpu.pcie_levels();
        if let Ok(table) = &levels
            && let Some(level) = table.value.current()
            && let Some(text) = pcie_level(level)
        {
            log.value(gpu, "pcie clock level", &format!("{} ({text})", level.index));
        }
    }
    log.end();
}

pub(super) fn shader(log: &mut Log, gpus: &[Gpu]) {
    log.title("Current clock frequencies");
    for gpu in gpus {
        match marked(gpu, ClockDomain::Graphics) {
            Some((level, frequency)) => {
                log.value(gpu, "sclk clock level", &format!("{level} ({frequency}Mhz)"))
            }
            None => log.line(gpu, "sclk clock level: N/A"),
        }
    }
    log.end();
}

pub(super) fn performance_level(gpu: &Gpu) -> String {
    gpu.performance_level().map_or_else(|_| "n/a".into(), |level| level.value.to_string().to_lowercase())
}

pub(super) fn performance_levels(log: &mut Log, gpus: &[Gpu]) {
    log.title("Show Performance Level");
    for gpu in gpus {
        log.value(gpu, "Performance Level", &performance_level(gpu));
    }
    log.end();
}

pub(super) fn overdrive(log: &mut Log, gpus: &[Gpu]) {
    log.title("OverDrive Level");
    for gpu in gpus {
        log.reading(gpu, "GPU OverDrive value (%)", &gpu.overdrive_level(), |percent| percent.0.to_string());
    }
    log.end();
}

pub(super) fn memory_overdrive(log: &mut Log, gpus: &[Gpu]) {
    log.title("OverDrive Level");
    for gpu in gpus {
        let level = gpu.memory_overdrive_level();
        log.reading(gpu, "GPU Memory OverDrive value (%)", &level, |percent| percent.0.to_string());
    }
    log.end();
}

pub(super) fn profiles(log: &mut Log, gpus: &[Gpu]) {
    log.title("Show Power Profiles");
    for gpu in gpus {
        match gpu.power_profiles() {
            Ok(profiles) => {
                let count = profiles.value.len();
                for (position, profile) in profiles.value.iter().enumerate() {
                    let (number, name) = (position + 1, profile.name.replace('_', " "));
                    let star = if profile.current { "*" } else { "" };
                    log.line(
                        gpu,
                        &format!("{number}. Available power profile (#{number} of {count}): {name}{star}"),
                    );
                }
            }
            Err(_) => log.line(gpu, "Power profiles: N/A"),
        }
    }
    log.end();
}

pub(super) fn levels(log: &mut Log, gpus: &[Gpu]) {
    log.title("Supported clock frequencies");
    for gpu in gpus {
        for (name, domain) in CLOCKS {
            if let Ok(table) = gpu.clock_levels(domain) {
                list(log, gpu, name, &clock_lines(&table.value));
            }
        }
        if let Ok(table) = gpu.pcie_levels() {
            let line = |level: &PcieLevel| {
                Some(format!("{}: {}{}", level.index, pcie_level(level)?, star(level.current)))
            };
            list(log, gpu, "PCIe", &table.value.levels.iter().filter_map(line).collect::<Vec<_>>());
        }
        log.rule('-');
    }
    log.end();
}

fn star(current: bool) -> &'static str {
    if current { " *" } else { "" }
}

fn clock_lines(table: &DpmTable) -> Vec<String> {
    let line = |level: &amdgpu_smi::gpu::DpmLevel| {
        let name = match level.index {
            DpmIndex::Level(index) => index.to_string(),
            DpmIndex::Sleep => "S".into(),
            DpmIndex::Between => return None,
        };
        Some(format!("{name}: {}Mhz{}", level.frequency.0, star(level.current)))
    };
    table.levels.iter().filter_map(line).collect()
}

fn list(log: &mut Log, gpu: &Gpu, name: &str, lines: &[String]) {
    if lines.is_empty() {
        return;
    }
    log.line(gpu, &format!("Supported {name} frequencies on GPU{}", gpu.index()));
    lines.iter().for_each(|line| log.line(gpu, line));
    log.line(gpu, "");
}

/// The clocks' ends that OverDrive has set: of the shaders, and of the memory.
fn set_ranges(gpu: &Gpu) -> [Option<(u32, u32)>; 2] {
    let table = gpu.overdrive().ok();
    let ends = |points: &[amdgpu_smi::gpu::OverdrivePoint]| {
        Some((points.first()?.clock?.0, points.last()?.clock?.0))
    };
    match &table {
        Some(table) => [ends(&table.value.shader_clock), ends(&table.value.memory_clock)],
        None => [None, None],
    }
}

pub(super) fn overdrive_tables(log: &mut Log, gpus: &[Gpu]) {
    log.title("GPU Memory clock frequencies and voltages");
    for gpu in gpus {
        let ranges = set_ranges(gpu);
        if ranges == [None, None] {
            log.line(gpu, "OD_SCLK: N/A");
        }
        for (name, range) in ["OD_SCLK:", "OD_MCLK:"].iter().zip(ranges) {
            if let Some((least, most)) = range {
                log.line(gpu, name);
                log.line(gpu, &format!("0: {least}Mhz"));
                log.line(gpu, &format!("1: {most}Mhz"));
            }
        }
    }
    log.end();
}

fn range(
    log: &mut Log,
    gpus: &[Gpu],
    name: &str,
    of: impl Fn([Option<(u32, u32)>; 2]) -> Option<(u32, u32)>,
) {
    log.title(&format!("Show Valid {name} Range"));
    for gpu in gpus {
        let key = format!("Valid {name} range");
        match of(set_ranges(gpu)) {
            Some((least, most)) => log.value(gpu, &key, &format!("{least}Mhz - {most}Mhz")),
            None => log.line(gpu, &format!("{key}: N/A")),
        }
    }
    log.end();
}

pub(super) fn shader_range(log: &mut Log, gpus: &[Gpu]) {
    range(log, gpus, "sclk", |[shader, _]| shader);
}

pub(super) fn memory_range(log: &mut Log, gpus: &[Gpu]) {
    range(log, gpus, "mclk", |[_, memory]| memory);
}

/// The ranges of the voltage curve's points.
pub(super) fn voltage_range(log: &mut Log, gpus: &[Gpu]) {
    log.title("Show Valid voltage Range");
    for gpu in gpus {
        let table = gpu.overdrive().ok();
        let voltages = table.iter().flat_map(|table| &table.value.ranges);
        let voltages = voltages.filter(|range| range.name.starts_with("VDDC_CURVE_VOLT"));
        let mut count = 0;
        for range in voltages {
            if let OverdriveLimits::Voltage(limits) = &range.limits {
                let (least, most) = (limits.minimum.0, limits.maximum.0);
                log.line(gpu, &format!("Region {count}: Valid voltage range: {least}mV - {most}mV"));
                count += 1;
            }
        }
        if count == 0 {
            log.line(gpu, "Valid voltage range: N/A");
        }
    }
    log.end();
}

/// The points of the voltage curve that have a clock and a voltage.
pub(super) fn voltage_curve(log: &mut Log, gpus: &[Gpu]) {
    log.title("Voltage Curve Points");
    for gpu in gpus {
        let table = gpu.overdrive().ok();
        let mut is_empty = true;
        for point in table.iter().flat_map(|table| &table.value.voltage_curve) {
            if let (Some(clock), Some(voltage)) = (point.clock, point.voltage) {
                log.line(gpu, &format!("Voltage point {}: {}Mhz {}mV", point.index, clock.0, voltage.0));
                is_empty = false;
            }
        }
        if is_empty {
            log.line(gpu, "Voltage point: N/A");
        }
    }
    log.end();
}
