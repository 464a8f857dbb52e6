//! The pages about one package: all sensors, clocks and links, each with its limit or the reason why it is missing.

use std::fmt;

use amdgpu_smi::Gpu;
use amdgpu_smi::gpu::DpmTable;
use amdgpu_smi::gpu::{ClockDomain, PowerKind};
use amdgpu_smi::id::Bdf;
use amdgpu_smi::reading::Reading;
use amdgpu_smi::summary::{ClockSummary, Look, Summary};

use crate::level::Level;

/// The values of one package for its pages.
#[derive(Debug, Clone)]
pub(crate) struct Detail {
    pub(crate) bdf: Bdf,
    pub(crate) sensors: Vec<DetailRow>,
    pub(crate) clocks: Vec<DetailRow>,
    pub(crate) links: Vec<DetailRow>,
}

/// A line of such a page.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct DetailRow {
    pub(crate) label: String,
    pub(crate) value: String,
    /// Limits, ranges, or why there is no value.
    pub(crate) note: String,
    pub(crate) level: Level,
    pub(crate) is_heading: bool,
}

impl DetailRow {
    fn heading(label: &str) -> DetailRow {
        DetailRow {
            label: label.into(),
            value: String::new(),
            note: String::new(),
            level: Level::Fine,
            is_heading: true,
        }
    }

    fn plain(label: impl Into<String>, value: impl fmt::Display) -> DetailRow {
        let (label, value) = (label.into(), value.to_string());
        DetailRow { label, value, note: String::new(), level: Level::Fine, is_heading: false }
    }

    fn noted(self, note: impl Into<String>) -> DetailRow {
        DetailRow { note: note.into(), ..self }
    }

    /// A value, or a dash with the reason.
    fn reading<T>(
        label: impl Into<String>,
        reading: &Reading<T>,
        show: impl FnOnce(&T) -> String,
    ) -> DetailRow {
        match reading {
            Ok(found) => DetailRow::plain(label, show(&found.value)),
            Err(error) => DetailRow::plain(label, "-").noted(error.reason()),
        }
    }
}

impl Detail {
    /// Reads it all through the handle, which may take as long as the GPU likes.
    pub(crate) fn of(gpu: &Gpu, throttled: &[String]) -> Detail {
        let look = gpu.look();
        let summary = look.summary();
        Detail {
            bdf: gpu.bdf(),
            sensors: sensors(&look, &summary, throttled),
            clocks: clocks(gpu, &summary),
            links: links(gpu, &summary),
        }
    }
}

fn sensors(look: &Look<'_>, summary: &Summary, throttled: &[String]) -> Vec<DetailRow> {
    let mut rows = vec![DetailRow::heading("Temperatures")];
    match &summary.temperatures {
        Ok(sensors) => rows.extend(sensors.iter().map(|sensor| {
            let limit = |name: &str, limit: &Reading<amdgpu_smi::unit::MilliCelsius>| {
                let limit = limit.as_ref().ok().filter(|limit| limit.value.0 > 0)?;
                Some(format!("{name} {:.0}", limit.celsius()))
            };
            let limits = [limit("critical", &sensor.critical), limit("emergency", &sensor.emergency)];
            let limits: Vec<String> = limits.into_iter().flatten().collect();
            let limits = if limits.is_empty() { String::new() } else { format!("{} C", limits.join(", ")) };
            let row = DetailRow::reading(sensor.sensor.as_str(), &sensor.current, |heat| {
                format!("{:.0} C", heat.celsius())
            });
            match (&sensor.current, &sensor.critical) {
                (Ok(now), Ok(critical)) => DetailRow {
                    level: Level::of_heat(now.celsius(), critical.celsius()),
                    ..row.noted(limits)
                },
                (Ok(_), Err(_)) => row.noted(limits),
                (Err(_), _) => row,
            }
        })),
        Err(error) => rows.push(DetailRow::plain("sensors", "-").noted(error.reason())),
    }
    rows.push(DetailRow::heading("Power"));
    let power = &summary.power;
    let watts = |power: &amdgpu_smi::unit::MicroWatts| format!("{:.0} W", power.watts());
    let kind = match power.kind {
        Some(PowerKind::Average) => "averaged by the firmware",
        Some(PowerKind::Instantaneous) => "of this moment",
        _ => "",
    };
    let socket = DetailRow::reading("package", &power.socket, watts);
    rows.push(if power.socket.is_ok() { socket.noted(kind) } else { socket });
    for (label, reading) in [
        ("cap", &power.cap),
        ("default cap", &power.cap_default),
        ("lowest cap", &power.cap_min),
        ("highest cap", &power.cap_max),
    ] {
        rows.push(DetailRow::reading(label, reading, watts));
    }
    rows.push(DetailRow::heading("Voltages"));
    match &summary.voltages {
        Ok(voltages) if voltages.is_empty() => {
            rows.push(DetailRow::plain("rails", "-").noted("none is published"))
        }
        Ok(voltages) => rows.extend(voltages.iter().map(|voltage| {
            DetailRow::reading(voltage.rail.as_str(), &voltage.current, |volts| format!("{} mV", volts.0))
        })),
        Err(error) => rows.push(DetailRow::plain("rails", "-").noted(error.reason())),
    }
    rows.push(DetailRow::heading("Fan"));
    let fan = &summary.fan;
    rows.push(DetailRow::reading("speed", &fan.rpm, |rpm| format!("{} RPM", rpm.0)));
    rows.push(DetailRow::reading("drive", &fan.percent, |percent| format!("{percent:.0} %")));
    rows.push(DetailRow::reading("highest speed", &fan.rpm_max, |rpm| format!("{} RPM", rpm.0)));
    rows.push(DetailRow::heading("Activity"));
    let percent = |percent: &amdgpu_smi::unit::Percent| format!("{} %", percent.0);
    rows.push(DetailRow::reading("shaders", &summary.activity.gfx, percent));
    rows.push(DetailRow::reading("memory controller", &summary.activity.memory, percent));
    rows.push(DetailRow::reading("media engines", &summary.activity.media, percent));
    rows.push(DetailRow::heading("Memory"));
    let memory = &summary.memory;
    let size = |bytes: &amdgpu_smi::unit::Bytes| crate::render::size(*bytes);
    for (label, reading) in [
        ("VRAM used", &memory.vram_used),
        ("VRAM", &memory.vram_total),
        ("CPU-visible VRAM", &memory.visible_vram_used),
        ("GTT used", &memory.gtt_used),
        ("GTT", &memory.gtt_total),
    ] {
        rows.push(DetailRow::reading(label, reading, size));
    }
    rows.push(DetailRow::heading("Throttling"));
    if !throttled.is_empty() {
        rows.push(DetailRow { level: Level::High, ..DetailRow::plain("last refresh", throttled.join(", ")) });
    }
    let throttling = &summary.throttling;
    rows.push(DetailRow::reading("active", &throttling.active, |active| {
        if *active { "yes" } else { "no" }.into()
    }));
    rows.push(DetailRow::reading("causes", &throttling.causes, ToString::to_string));
    rows.push(DetailRow::heading("Errors"));
    let totals = look.gpu().error_totals();
    let count = |count: Option<u64>| count.map_or_else(|| "-".into(), |count| count.to_string());
    match totals {
        Ok(totals) => {
            rows.push(DetailRow::plain("corrected", count(totals.counts.correctable)));
            let uncorrectable = totals.counts.uncorrectable;
            let level =
                if uncorrectable.is_some_and(|count| count > 0) { Level::Critical } else { Level::Fine };
            rows.push(DetailRow { level, ..DetailRow::plain("uncorrectable", count(uncorrectable)) });
            rows.extend(
                totals
                    .missing
                    .iter()
                    .map(|(block, error)| DetailRow::plain(block.as_str(), "-").noted(error.reason())),
            );
        }
        Err(error) => rows.push(DetailRow::plain("counts", "-").noted(error.reason())),
    }
    rows
}

fn clocks(gpu: &Gpu, summary: &Summary) -> Vec<DetailRow> {
    let mut rows = vec![DetailRow::heading("Clocks")];
    rows.extend(summary.clocks.iter().map(clock));
    rows.push(DetailRow::heading("Levels"));
    for clock in &summary.clocks {
        if let Ok(levels) = &clock.levels {
            rows.push(DetailRow::plain(domain(clock.domain), level_list(levels)));
        }
    }
    rows.push(DetailRow::heading("Performance"));
    rows.push(DetailRow::reading("level", &gpu.performance_level(), ToString::to_string));
    match gpu.power_profiles() {
        Ok(profiles) => {
            let names = profiles.iter().map(|profile| match profile.current {
                true => format!("[{}]", profile.name),
                false => profile.name.to_string(),
            });
            rows.push(DetailRow::plain("profile", names.collect::<Vec<_>>().join(" ")));
        }
        Err(error) => rows.push(DetailRow::plain("profile", "-").noted(error.reason())),
    }
    rows
}

fn clock(clock: &ClockSummary) -> DetailRow {
    let row = DetailRow::reading(domain(clock.domain), &clock.current, |clock| format!("{} MHz", clock.0));
    if clock.current.is_err() {
        return row;
    }
    let bounds = match (&clock.min, &clock.max) {
        (Ok(min), Ok(max)) => format!("{} to {} MHz", min.0, max.0),
        _ => String::new(),
    };
    row.noted(bounds)
}

/// `graphics`, `video0`: a domain that the library learns has a name here, too.
fn domain(domain: ClockDomain) -> String {
    format!("{domain:?}").to_lowercase()
}

/// The levels with the current one in brackets.
fn level_list(table: &DpmTable) -> String {
    let levels = table.levels.iter().map(|level| match level.current {
        true => format!("[{}]", level.frequency.0),
        false => level.frequency.0.to_string(),
    });
    levels.collect::<Vec<_>>().join(" ")
}

fn links(gpu: &Gpu, summary: &Summary) -> Vec<DetailRow> {
    let mut rows = vec![DetailRow::heading("PCIe link")];
    let link = &summary.link;
    let rate = |speed: &amdgpu_smi::unit::MegaTransfers| match speed.pcie_generation() {
        Some(generation) => format!("{} GT/s (generation {generation})", speed.gigatransfers()),
        None => format!("{} GT/s", speed.gigatransfers()),
    };
    rows.push(DetailRow::reading("speed", &link.speed, rate));
    rows.push(DetailRow::reading("lanes", &link.width, ToString::to_string));
    rows.push(DetailRow::reading("highest speed", &link.speed_max, rate));
    rows.push(DetailRow::reading("most lanes", &link.width_max, ToString::to_string));
    rows.push(DetailRow::reading("replays", &link.replay_count, ToString::to_string));
    rows.push(DetailRow::heading("Links to other GPUs"));
    match gpu.xgmi_links() {
        Ok(links) if links.is_empty() => rows.push(DetailRow::plain("XGMI", "none")),
        Ok(links) => rows.extend(links.iter().map(|link| {
            let speed =
                link.speed.map_or_else(|| "-".into(), |speed| format!("{} GT/s", speed.gigatransfers()));
            let state = link.state.map_or_else(String::new, |state| format!("{state:?}").to_lowercase());
            DetailRow::plain(format!("XGMI {}", link.index), speed).noted(state)
        })),
        Err(error) => rows.push(DetailRow::plain("XGMI", "-").noted(error.reason())),
    }
    rows.push(DetailRow::heading("Partitions"));
    rows.push(DetailRow::reading("compute", &gpu.compute_partition(), ToString::to_string));
    rows.push(DetailRow::reading("memory", &gpu.memory_partition(), ToString::to_string));
    rows.push(DetailRow::reading("possible for compute", &gpu.available_compute_partitions(), |modes| {
        modes.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
    }));
    rows.push(DetailRow::reading("possible for memory", &gpu.available_memory_partitions(), |modes| {
        modes.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
    }));
    rows
}
