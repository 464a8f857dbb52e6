//! Overdrive: by how much clocks are raised, and the table of what may be set.

use amdgpu_smi::gpu::{DpmIndex, DpmLevel};
use amdgpu_smi::gpu::{Limits, Overdrive, OverdriveLimits, OverdrivePoint};

use crate::report::{Node, Section};
use crate::sections::metrics_table::MetricsTable;
use crate::view::View;

/// As many points as AMD prints.
const POINTS: usize = 3;

pub(super) fn voltage_curve(gpu: &View<'_>) -> Node {
    let table = gpu.look().overdrive();
    let mut section = Section::new();
    for index in 0..POINTS {
        let of = |value: fn(&OverdrivePoint) -> Option<Node>| match &table {
            Ok(table) => table.voltage_curve.get(index).and_then(value).unwrap_or_else(|| {
                match table.unrecognised_in("OD_VDDC_CURVE") {
                    Some(line) => Node::not_understood(line),
                    None => Node::unsupported("the overdrive table has no such point"),
                }
            }),
            Err(error) => Node::from(error),
        };
        section
            .put(format!("point_{index}_frequency"), of(|point| point.clock.map(Node::from)))
            .put(format!("point_{index}_voltage"), of(|point| point.voltage.map(Node::from)));
    }
    section.into()
}

pub(super) fn overdrive(gpu: &View<'_>, _: &MetricsTable<'_>, section: &mut Section) {
    section
        .put("overdrive", Node::of(gpu.gpu().overdrive_level()))
        .put("mem_overdrive", Node::of(gpu.gpu().memory_overdrive_level()))
        .own("overdrive_table", Node::of(gpu.look().overdrive().map(|table| self::table(&table))));
}

/// The sections of the driver's table; others are omitted.
fn table(table: &Overdrive) -> Section {
    let mut section = Section::new();
    let mut add = |key: &str, nodes: Vec<Node>| {
        if !nodes.is_empty() {
            section.own(key, Node::List(nodes));
        }
    };
    let points = |points: &[OverdrivePoint]| points.iter().map(point).collect();
    add("shader_clock", points(&table.shader_clock));
    add("memory_clock", points(&table.memory_clock));
    add("voltage_curve", points(&table.voltage_curve));
    add("voltage", points(&table.voltage));
    add("shader_levels", table.shader_levels.iter().map(level).collect());
    add("memory_levels", table.memory_levels.iter().map(level).collect());
    if let Some(clock) = &table.core_clock {
        let mut core = Section::new();
        core.own("core", clock.core).own("points", Node::List(points(&clock.points)));
        section.own("core_clock", core);
    }
    if let Some(offset) = table.vddgfx_offset {
        section.own("vddgfx_offset", offset);
    }
    if let Some(offset) = table.sclk_offset {
        section.own("sclk_offset", Node::quantity(offset, "MHz"));
    }
    let mut ranges = Section::new();
    for range in &table.ranges {
        let limits = match range.limits {
            OverdriveLimits::Clock(bounds) => limits(bounds),
            OverdriveLimits::ClockOffset(Limits { minimum, maximum }) => limits(Limits {
                minimum: Node::quantity(minimum, "MHz"),
                maximum: Node::quantity(maximum, "MHz"),
            }),
            OverdriveLimits::Voltage(bounds) => limits(bounds),
            _ => continue,
        };
        ranges.own(range.name.as_str(), limits);
    }
    section.own("ranges", ranges);
    for other in &table.other {
        section.own(other.title.as_str(), Node::words(other.lines.iter().map(String::as_str)));
    }
    section
}

fn point(point: &OverdrivePoint) -> Node {
    let mut section = Section::new();
    section.own("index", point.index);
    if let Some(clock) = point.clock {
        section.own("clock", clock);
    }
    if let Some(voltage) = point.voltage {
        section.own("voltage", voltage);
    }
    section.into()
}

fn level(level: &DpmLevel) -> Node {
    let mut section = Section::new();
    match level.index {
        DpmIndex::Level(number) => section.own("level", number),
        DpmIndex::Sleep => section.own("level", "deep sleep"),
        DpmIndex::Between => section.own("level", "between levels"),
    };
    section.own("clock", level.frequency).own("current", level.current);
    section.into()
}

fn limits<T: Into<Node>>(limits: Limits<T>) -> Section {
    let mut section = Section::new();
    section.own("minimum", limits.minimum).own("maximum", limits.maximum);
    section
}
