//! Metrics of CPU sockets.

use std::sync::Arc;

use amdgpu_smi::unit::{Hertz, MegaHertz};

use super::{Emitter, Names};
use crate::catalogue::Metric;
use crate::page::{Labels, Page};
use crate::sockets::SocketFacts;

fn hertz(clock: MegaHertz) -> f64 {
    Hertz::from(clock).0 as f64
}

/// Puts what each socket told.
pub(crate) fn cpu(page: &mut Page, sockets: &[SocketFacts]) {
    let mut out = Emitter::new(page);
    for facts in sockets {
        let subject: Arc<Labels> = Arc::new(vec![("socket", facts.socket.id().to_string())]);
        let names = Names { package: subject.clone(), own: subject };
        one(&mut out, &names, facts);
    }
}

fn one(out: &mut Emitter<'_>, names: &Names, facts: &SocketFacts) {
    let none = Vec::new;
    let model = facts.socket.model();
    let number = |number: Option<u32>| number.map(|number| number.to_string()).unwrap_or_default();
    let firmware = facts.firmware.as_ref().map(|version| version.to_string()).unwrap_or_default();
    let labels = vec![
        ("name", model.name.clone().unwrap_or_default()),
        ("family", number(model.family)),
        ("model", number(model.model)),
        ("firmware", firmware),
    ];
    out.page.put(Metric::CpuInfo, &names.own, labels, 1.0);
    out.page.put(Metric::CpuCores, &names.own, none(), facts.socket.core_count() as f64);
    for (metric, reading) in [
        (Metric::CpuPower, &facts.power.socket),
        (Metric::CpuPowerCap, &facts.power.limit),
        (Metric::CpuPowerCapMax, &facts.power.limit_max),
    ] {
        out.reading(metric, names, none(), reading, |power| power.watts());
    }
    out.reading(Metric::CpuEnergy, names, none(), &facts.energy, |energy| energy.joules());
    out.reading(Metric::CpuTemperature, names, none(), &facts.temperature, |now| now.celsius());
    for sensor in out.list(Metric::CpuSensorTemperature, names, &facts.sensors) {
        let label = vec![("sensor", sensor.label.clone())];
        out.reading(Metric::CpuSensorTemperature, names, label, &sensor.current, |now| now.celsius());
    }
    out.reading(Metric::CpuProchot, names, none(), &facts.prochot, |hot| f64::from(u8::from(*hot)));
    out.reading(Metric::CpuActivity, names, none(), &facts.c0_residency, |busy| busy.fraction());
    let clocks = &facts.clocks;
    for (name, reading) in [("fabric", &clocks.fabric), ("memory", &clocks.memory)] {
        out.reading(Metric::CpuClock, names, vec![("clock", name.to_owned())], reading, |clock| {
            hertz(*clock)
        });
    }
    out.reading(Metric::CpuClockLimit, names, none(), &clocks.core_limit, |clock| hertz(*clock));
    out.reading(Metric::CpuMemoryTraffic, names, none(), &facts.bandwidth, |found| found.used.0 as f64 * 1e9);
    out.reading(Metric::CpuMemoryTrafficMax, names, none(), &facts.bandwidth, |found| {
        found.max.0 as f64 * 1e9
    });
}
