//! Limits of power and temperature.

use amdgpu_smi::Gpu;
use amdgpu_smi::gpu::{PowerChannel, Temperature, TemperatureSensor};

use crate::answer;
use crate::answer::not_built;
use crate::report::{Node, Section};

pub(super) fn limit(gpu: &Gpu) -> Node {
    let mut section = Section::new();
    let channels = gpu.power_channels();
    for (key, number) in [("ppt0", 1), ("ppt1", 2)] {
        let channel = match &channels {
            Ok(channels) => channels
                .iter()
                .find(|channel| channel.channel == number)
                .ok_or_else(|| Node::unsupported("the driver has no such power channel")),
            Err(error) => Err(Node::from(error)),
        };
        section.put(key, power(channel));
    }
    let sensors = gpu.temperatures();
    const SENSORS: [(&str, TemperatureSensor); 3] = [
        ("edge", TemperatureSensor::Edge),
        ("hotspot", TemperatureSensor::Junction),
        ("vram", TemperatureSensor::Memory),
    ];
    let limit = |sensor: &TemperatureSensor, of: fn(&Temperature) -> Node| match &sensors {
        Ok(sensors) => sensors
            .iter()
            .find(|found| found.sensor == *sensor)
            .map_or_else(|| Node::unsupported("the GPU has no such sensor"), of),
        Err(error) => Node::from(error),
    };
    for (name, sensor) in &SENSORS {
        let slowdown = limit(sensor, |sensor| Node::reading(&sensor.critical));
        section.put(format!("slowdown_{name}_temperature"), slowdown);
    }
    for (name, sensor) in &SENSORS {
        let shutdown = limit(sensor, |sensor| Node::reading(&sensor.emergency));
        section.put(format!("shutdown_{name}_temperature"), shutdown);
    }
    section.put("ptl_state", not_built()).put("ptl_format", not_built());
    answer::scope(gpu, &mut section);
    section.into()
}

fn power(channel: Result<&PowerChannel, Node>) -> Section {
    let cap =
        |of: fn(&PowerChannel) -> Node| channel.as_ref().map_or_else(Node::clone, |channel| of(channel));
    let mut section = Section::new();
    section
        .put("max_power_limit", cap(|power| Node::reading(&power.cap_max)))
        .put("min_power_limit", cap(|power| Node::reading(&power.cap_min)))
        .put("socket_power_limit", cap(|power| Node::reading(&power.cap)))
        .own("default_power_limit", cap(|power| Node::reading(&power.cap_default)));
    section
}
