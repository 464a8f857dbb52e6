//! Limits of power and temperature.

use amdgpu_smi::Gpu;
use amdgpu_smi::gpu::{PowerChannel, Temperature, TemperatureSensor};

use crate::answer;
use crate::report::{Forms, Node, Section};

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
    let limiter = gpu.peak_tops_limiter();
    let state = |enabled: &bool| if *enabled { "Enabled" } else { "Disabled" };
    section
        .put("ptl_state", Node::reading_as(&limiter.enabled, state))
        .put("ptl_format", Node::reading_as(&limiter.formats, |formats| formats.to_string()));
    let supported =
        Node::reading_as(&limiter.supported, |formats| Node::words(formats.iter().map(|one| one.as_str())));
    let forms = if limiter.supported.is_ok() { Forms::OURS } else { Forms::OURS.but(Forms::TEXT) };
    section.put_in(forms, "ptl_supported_formats", supported);
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
