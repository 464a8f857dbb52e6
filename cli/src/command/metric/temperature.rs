//! Temperatures and their limits.

use amdgpu_smi::gpu::{Temperature, TemperatureSensor};

use crate::answer::scope;
use crate::report::{Node, Section};
use crate::sections::metrics_table::MetricsTable;
use crate::view::View;

/// As many as AMD prints.
const HBM_STACKS: usize = 12;
const MID: usize = 2;
const AID: usize = 2;

pub(super) fn temperature(gpu: &View<'_>, table: &MetricsTable<'_>) -> Node {
    let sensors = gpu.temperatures();
    let mut section = Section::new();
    const SENSORS: [(&str, TemperatureSensor); 3] = [
        ("edge", TemperatureSensor::Edge),
        ("hotspot", TemperatureSensor::Junction),
        ("mem", TemperatureSensor::Memory),
    ];
    for (key, wanted) in &SENSORS {
        let node = match &sensors {
            Ok(sensors) => sensors
                .iter()
                .find(|sensor| sensor.sensor == *wanted)
                .map_or_else(|| Node::unsupported("the GPU has no such sensor"), current),
            Err(error) => Node::from(error),
        };
        section.put(*key, node);
    }
    section
        .put_filled("hbm_stacks", table.slots(|metrics| &metrics.temperatures.hbm), HBM_STACKS)
        .put_filled("mid", table.slots(|metrics| &metrics.temperatures.mid), MID)
        .put_filled("aid", table.slots(|metrics| &metrics.temperatures.aid), AID)
        .put("xcd", table.slots(|metrics| &metrics.temperatures.xcd))
        .own("regulator_gfx", table.of(|metrics| metrics.temperatures.vrgfx))
        .own("regulator_soc", table.of(|metrics| metrics.temperatures.vrsoc))
        .own("regulator_mem", table.of(|metrics| metrics.temperatures.vrmem));
    match &sensors {
        Ok(sensors) => {
            let (mut others, mut limits) = (Section::new(), Section::new());
            for sensor in sensors {
                let name = match &sensor.sensor {
                    TemperatureSensor::Edge => "edge",
                    TemperatureSensor::Junction => "hotspot",
                    TemperatureSensor::Memory => "mem",
                    TemperatureSensor::Other(label) => {
                        others.own(label.as_str(), current(sensor));
                        label
                    }
                    _ => continue,
                };
                limits.own(name, bounds(sensor));
            }
            if others.entries(crate::report::Forms::JSON).next().is_some() {
                section.own("other_sensors", others);
            }
            section.own("limits", limits);
        }
        Err(error) => {
            section.own("limits", Node::from(error));
        }
    }
    scope(gpu, &mut section);
    section.into()
}

fn current(sensor: &Temperature) -> Node {
    Node::field(sensor.current, &sensor.reasons, "current")
}

fn bounds(sensor: &Temperature) -> Section {
    let reasons = &sensor.reasons;
    let mut section = Section::new();
    section
        .own("critical", Node::field(sensor.critical, reasons, "critical"))
        .own("critical_hysteresis", Node::field(sensor.critical_hysteresis, reasons, "critical_hysteresis"))
        .own("emergency", Node::field(sensor.emergency, reasons, "emergency"));
    section
}
