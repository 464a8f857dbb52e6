//! Fixed properties of CPUs: `list` and `static`.

use amdgpu_smi::Error;
use amdgpu_smi::cpu::{Core, CpuModel, Cpus, Socket};

use super::args::{CpuArgs, SocketArgs};
use super::sourced::SourcedReport;
use super::{Chosen, answer, choose};
use crate::args::Common;
use crate::failure::Failure;
use crate::render::ranges;
use crate::report::{Node, Section};

/// The processors and the names they go by.
pub(crate) fn list(common: &Common, args: &CpuArgs) -> Result<(), Failure> {
    let chosen = choose(common, args.sockets(), args.cores())?;
    answer(common, &chosen, None, |chosen| {
        let sockets = chosen.sockets.iter().map(|socket| named(&chosen.cpus, socket));
        let cores = chosen.cores.iter().map(|(number, core)| core_named(*number, core));
        sockets.chain(cores).collect()
    })
}

fn named(cpus: &Cpus, socket: &Socket) -> Section {
    let mut section = Section::new();
    section
        .put("cpu", socket.index())
        .own("socket_id", socket.id())
        .own("model_name", known(socket.model().name.as_deref()))
        .own("cores", socket.core_count())
        .own("threads", socket.cores().map(|core| core.threads().len()).sum::<usize>())
        .own("cpus", threads(socket.cores().flat_map(|core| core.threads().to_vec())))
        .own("hsmp", cpus.hsmp_state().label());
    section
}

fn core_named(number: usize, core: &Core) -> Section {
    let mut section = Section::new();
    section
        .put("core", number)
        .own("socket", core.socket().index())
        .own("cpus", threads(core.threads().iter().copied()))
        .own("apic_id", known(core.apic_id()));
    section
}

/// Ranges of thread numbers, such as `0-3,96-99`.
fn threads(numbers: impl IntoIterator<Item = u32>) -> String {
    let mut numbers: Vec<u32> = numbers.into_iter().collect();
    numbers.sort_unstable();
    let mut found: Vec<std::ops::RangeInclusive<u32>> = Vec::new();
    for number in numbers {
        match found.last_mut() {
            Some(last) if last.end().checked_add(1) == Some(number) => *last = *last.start()..=number,
            _ => found.push(number..=number),
        }
    }
    ranges(found.into_iter())
}

fn known<T: Into<Node>>(fact: Option<T>) -> Node {
    fact.map_or_else(|| Node::absent("not known", "/proc/cpuinfo does not list it"), Into::into)
}

/// Fixed properties of sockets: one section per option.
pub(crate) fn static_facts(
    common: &Common,
    args: &SocketArgs,
    smu: bool,
    interface: bool,
) -> Result<(), Failure> {
    let all = !smu && !interface;
    let chosen = choose(common, args.sockets().or(Some(&[])), None)?;
    let report = |chosen: &Chosen| {
        let of = |socket: &Socket| {
            let mut report = SourcedReport::new("cpu", socket.index());
            if all {
                report.report.own("model", model(socket.model(), socket));
            }
            if smu || all {
                let mut part = report.part("smu");
                let version = socket.firmware_version();
                part.put("FW_VERSION", &version, ToString::to_string, ToString::to_string);
                part.end();
            }
            if interface || all {
                let mut part = report.part("interface_version");
                part.put("proto version", &socket.protocol_version(), u32::clone, u32::clone);
                part.end();
            }
            if all {
                report.report.own("hsmp", hsmp(&chosen.cpus));
            }
            report.finish()
        };
        chosen.sockets.iter().map(of).collect()
    };
    answer(common, &chosen, None, report)
}

fn model(model: &CpuModel, socket: &Socket) -> Section {
    let mut section = Section::new();
    section
        .put("name", known(model.name.as_deref()))
        .put("vendor", known(model.vendor.as_deref()))
        .put("family", known(model.family.map(|family| format!("{family:x}h"))))
        .put("model", known(model.model.map(|model| format!("{model:02x}h"))))
        .put("is_virtual", model.is_virtual)
        .put("socket_id", socket.id())
        .put("cores", socket.core_count())
        .put("first_cpu", known(socket.first_online_thread()));
    section
}

fn hsmp(cpus: &Cpus) -> Section {
    let state = cpus.hsmp_state();
    let version = match cpus.hsmp_driver_version() {
        Ok(version) => format!("{}.{}", version.value.0, version.value.1).into(),
        Err(Error::NotPublished { .. }) => Node::absent("not loaded", &state.to_string()),
        Err(error) => Node::from(&error),
    };
    let mut section = Section::new();
    section.put("state", state.label()).put("driver_version", version);
    section
}
