//! The state of a core, one section per option of `metric`.

use amdgpu_smi::cpu::Core;
use amdgpu_smi::reading::Reading;
use amdgpu_smi::unit::{MegaHertz, MicroJoules, MicroWatts};

use super::args::CoreMetricArgs;
use super::socket::{joules, watts};
use super::sourced::SourcedReport;
use crate::report::{Node, Section};

pub(super) fn metric(number: usize, core: &Core, args: &CoreMetricArgs) -> Section {
    let all = !args.names_any();
    let mut report = SourcedReport::new("core", number);
    if args.core_boost_limit || all {
        value(&mut report, "boost_limit", &core.boost_limit(), MegaHertz::clone, |limit| limit.0);
    }
    if args.core_curr_active_freq_core_limit || all {
        let text = |limit: &MegaHertz| limit.to_string();
        value(&mut report, "curr_active_freq_core_limit", &core.frequency_limit(), MegaHertz::clone, text);
    }
    if args.core_energy || all {
        value(&mut report, "core_energy", &core.energy(), MicroJoules::clone, joules);
    }
    if args.core_ccd_power || all {
        value(&mut report, "ccd_power", &core.ccd_power(), MicroWatts::clone, watts);
    }
    let limits = [
        (args.core_floor_limit, "floor_limit", Core::floor_limit as fn(&Core) -> _),
        (args.core_eff_floor_limit, "eff_floor_limit", Core::effective_floor_limit),
    ];
    for (_, name, read) in limits.into_iter().filter(|(asked, ..)| *asked || all) {
        value(&mut report, name, &read(core), MegaHertz::clone, MegaHertz::to_string);
    }
    if all {
        let mut part = report.part("frequency");
        part.own("current", &core.frequency(), MegaHertz::clone);
        part.end_own();
    }
    report.finish()
}

fn value<T, U: Into<Node>, V: Into<Node>>(
    report: &mut SourcedReport,
    name: &'static str,
    found: &Reading<T>,
    ours: impl FnOnce(&T) -> U,
    amds: impl FnOnce(&T) -> V,
) {
    let mut part = report.part(name);
    part.put("value", found, ours, amds);
    part.end();
}
