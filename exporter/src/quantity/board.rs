//! Metrics of the boards around the packages.

use amdgpu_smi::Result;
use amdgpu_smi::metrics::BoardTemperatures;
use amdgpu_smi::reading::Scope;

use super::{Emitter, Names};
use crate::catalogue::Metric;
use crate::facts::BoardFacts;

/// Puts what a package tells of its own board, and of the one that carries all packages.
pub(crate) fn board(out: &mut Emitter<'_>, names: &Names, facts: &BoardFacts) {
    let power = &facts.power;
    for (metric, reading) in [
        (Metric::BaseboardPower, &power.ubb_power),
        (Metric::BaseboardPowerCap, &power.ubb_power_limit),
        (Metric::NodePower, &power.node_power),
        (Metric::NodePowerCap, &power.node_power_limit),
        (Metric::NodePowerCapMax, &power.node_power_limit_max),
    ] {
        out.reading(metric, names, Vec::new(), reading, |power| power.watts());
    }
    temperatures(out, Metric::BoardTemperature, Scope::Package, names, &facts.own);
    temperatures(out, Metric::BaseboardTemperature, Scope::Board, names, &facts.carrier);
}

fn temperatures(
    out: &mut Emitter<'_>,
    metric: Metric,
    scope: Scope,
    names: &Names,
    table: &Result<BoardTemperatures>,
) {
    let table = match table {
        Ok(table) => table,
        Err(error) => return out.absent(metric, names, &Vec::new(), error),
    };
    for sensor in &table.sensors {
        let Some(temperature) = sensor.temperature else { continue };
        let label = vec![("sensor", sensor.name.to_owned())];
        out.number(metric, names, label, scope, temperature.celsius());
    }
}
