//! A line for each GPU: what `rocm-smi` prints without options, and with `--showhw`.

use amdgpu_smi::Gpu;
use amdgpu_smi::gpu::{ClockDomain, GpuIds, PowerKind, TemperatureSensor};
use amdgpu_smi::summary::Look;

use super::log::banner;
use super::{clocks, identity, sensors};
use crate::render::table::{Column, Table};

const NONE: &str = "N/A";

fn framed(title: &str, table: &str) -> String {
    let width = table.lines().map(str::len).max().unwrap_or(0).max(90);
    let rule = banner("", '=', width);
    let mut lines = table.lines();
    let head = lines.next().unwrap_or_default();
    let rows: String = lines.map(|line| format!("{line}\n")).collect();
    format!(
        "\n\n{}{}{head}\n{rule}{rows}{rule}{}",
        banner("ROCm System Management Interface", '=', width),
        banner(title, '=', width),
        banner("End of ROCm SMI Log", '=', width),
    )
}

fn columns(names: &[&str]) -> Table {
    Table::new(names.iter().map(|name| Column::left(*name, 0)))
}

/// The table of current values.
pub(super) fn state(gpus: &[Gpu]) -> String {
    let table = columns(&[
        "Device",
        "Node",
        "DID",
        "GUID",
        "Temp",
        "Power",
        "Partitions",
        "SCLK",
        "MCLK",
        "Fan",
        "Perf",
        "PwrCap",
        "VRAM%",
        "GPU%",
    ]);
    framed("Concise Info", &table.text(&gpus.iter().map(row).collect::<Vec<_>>()))
}

fn row(gpu: &Gpu) -> Vec<String> {
    let look = gpu.look();
    let (ids, power, memory) = (gpu.ids(), look.power(), look.memory_usage());
    let clock =
        |domain| clocks::marked(gpu, domain).map_or_else(|| NONE.into(), |(_, clock)| format!("{clock}Mhz"));
    let or_none = |text: Option<String>| text.unwrap_or_else(|| NONE.into());
    let mode = |found: Option<String>| found.unwrap_or_else(|| NONE.into());
    vec![
        gpu.index().to_string(),
        or_none(ids.node.as_ref().ok().map(|node| node.0.to_string())),
        device(ids),
        or_none(ids.kfd_id.as_ref().ok().map(|id| id.0.to_string())),
        temperature(&look),
        or_none(power.socket.ok().map(|value| {
            let kind = if power.kind == Some(PowerKind::Average) { " (avg)" } else { "" };
            format!("{}W{kind}", sensors::watts(&value.value))
        })),
        format!(
            "{}, {}, {}",
            mode(gpu.memory_partition().ok().map(|mode| mode.value.to_string())),
            mode(gpu.compute_partition().ok().map(|mode| mode.value.to_string())),
            ids.partition.unwrap_or(0)
        ),
        clock(ClockDomain::Graphics),
        clock(ClockDomain::Memory),
        or_none(look.fan().percent.ok().map(|percent| format!("{:.2}%", percent.value))),
        clocks::performance_level(gpu),
        or_none(power.cap.ok().map(|value| format!("{}W", sensors::watts(&value.value)))),
        or_none(
            sensors::percent_used(&memory.vram_used, &memory.vram_total).map(|percent| format!("{percent}%")),
        ),
        or_none(look.activity().gfx.ok().map(|percent| format!("{}%", percent.value.0))),
    ]
}

/// Of the edge, or the hottest spot where there is no such sensor.
fn temperature(look: &Look<'_>) -> String {
    let found = look
        .temperature(&TemperatureSensor::Edge)
        .or_else(|_| look.temperature(&TemperatureSensor::Junction));
    found.map_or_else(|_| NONE.into(), |value| format!("{}\u{b0}C", sensors::celsius(&value.value)))
}

/// The table of fixed properties.
pub(super) fn hardware(gpus: &[Gpu]) -> String {
    let table = columns(&[
        "GPU",
        "NODE",
        "DID",
        "GUID",
        "GFX VER",
        "GFX RAS",
        "SDMA RAS",
        "UMC RAS",
        "VBIOS",
        "BUS",
        "PARTITION ID",
    ]);
    framed("Concise Hardware Info", &table.text(&gpus.iter().map(hardware_row).collect::<Vec<_>>()))
}

/// PCI's number of the device.
fn device(ids: &GpuIds) -> String {
    ids.pci_id.as_ref().map_or_else(|_| NONE.into(), |id| format!("{:#06x}", id.device))
}

fn hardware_row(gpu: &Gpu) -> Vec<String> {
    let (ids, asic) = (gpu.ids(), gpu.asic_info());
    let blocks = gpu.ras_info().blocks();
    let ras = |name: &str| {
        let state = blocks.as_ref().and_then(|blocks| blocks.iter().find(|state| state.block == name));
        state.map_or(NONE, |state| if state.enabled { "ENABLED" } else { "DISABLED" }).to_owned()
    };
    vec![
        gpu.index().to_string(),
        ids.node.as_ref().map_or_else(|_| NONE.into(), |node| node.0.to_string()),
        device(ids),
        ids.kfd_id.as_ref().map_or_else(|_| NONE.into(), |id| id.0.to_string()),
        asic.target_graphics_version.map_or_else(|_| NONE.into(), |version| version.value),
        ras("gfx"),
        ras("sdma"),
        ras("umc"),
        identity::part_number(gpu),
        gpu.bdf().to_string().to_uppercase(),
        ids.partition.unwrap_or(0).to_string(),
    ]
}
