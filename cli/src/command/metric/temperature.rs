//! Temperatures and their limits.

use amdgpu_smi::gpu::{Temperature, TemperatureSensor};

use crate::answer::scope;
use crate::report::{Forms, Node, Section};
use crate::sections::metrics_table::MetricsTable;
use crate::view::View;

/// As many as AMD prints.
const HBM_STACKS: usize = 12;
const MID: usize = 2;
const AID: usize = 2;

/// AMD's keys of the sensors that it knows.
const SENSORS: [(&str, TemperatureSensor); 3] = [
    ("edge", TemperatureSensor::Edge),
    ("hotspot", TemperatureSensor::Junction),
    ("mem", TemperatureSensor::Memory),
];

pub(super) fn temperature(gpu: &View<'_>, table: &MetricsTable<'_>) -> Node {
    let sensors = gpu.look().temperatures();
    let mut section = Section::new();
    for (key, wanted) in &SENSORS {
        section.put(*key, Node::of(gpu.look().temperature(wanted)));
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
                let known = SENSORS.iter().find(|(_, known)| *known == sensor.sensor);
                let name = known.map_or(sensor.sensor.as_str(), |(key, _)| key);
                if known.is_none() {
                    others.own(name, Node::reading(&sensor.current));
                }
                limits.own(name, bounds(sensor));
            }
            if others.entries(Forms::JSON).next().is_some() {
                section.own("other_sensors", others);
            }
            section.own("limits", limits);
        }
        Err(error) => {
            section.own("limits", Node::from(error));
        }
    }
    scope(gpu.gpu(), &mut section);
    section.into()
}

fn bounds(sensor: &Temperature) -> Section {
    let mut section = Section::new();
    section
        .own("critical", Node::reading(&sensor.critical))
        .own("critical_hysteresis", Node::reading(&sensor.critical_hysteresis))
        .own("emergency", Node::reading(&sensor.emergency));
    section
}
