//! Processors: which ones the options name, and answers about them in the place of GPUs.

mod args;
mod core;
mod facts;
mod monitor;
mod set;
mod set_args;
mod socket;
mod sourced;

use amdgpu_smi::cpu::{Core, Cpus, Socket};

pub(crate) use self::args::{CoreMetricArgs, CpuArgs, CpuMetricArgs, SocketArgs};
pub(crate) use self::facts::{list, static_facts};
pub(crate) use self::monitor::monitor;
pub(crate) use self::set::set;
pub(crate) use self::set_args::CpuSetArgs;
use crate::answer::{self, answered, tidy};
use crate::args::{Common, WatchArgs};
use crate::failure::Failure;
use crate::machine;
use crate::output::Output;
use crate::render::{AmdRoot, Columns, Document};
use crate::report::Section;
use crate::watch::{timestamp, watch};

/// The processors that are asked about.
pub(crate) struct Chosen {
    pub(crate) cpus: Cpus,
    pub(crate) sockets: Vec<Socket>,
    /// With their numbers among the cores of all sockets.
    pub(crate) cores: Vec<(usize, Core)>,
}

/// Finds the sockets and cores with these numbers; `None` asks for none, and no number for all.
pub(crate) fn choose(
    common: &Common,
    sockets: Option<&[String]>,
    cores: Option<&[String]>,
) -> Result<Chosen, Failure> {
    if !common.gpus.is_empty() {
        let sentence = "-g cannot be combined with -U or -O: choose GPUs or CPUs";
        return Err(Failure::Usage(sentence.into()));
    }
    let cpus = machine::builder(common).cpus()?;
    let sockets = numbered("CPU socket", sockets, cpus.sockets().to_vec())?;
    let cores = numbered("CPU core", cores, cpus.cores().collect())?;
    Ok(Chosen { cpus, sockets: sockets.into_iter().map(|(_, socket)| socket).collect(), cores })
}

fn numbered<T: Clone>(kind: &str, names: Option<&[String]>, all: Vec<T>) -> Result<Vec<(usize, T)>, Failure> {
    let Some(names) = names else { return Ok(Vec::new()) };
    if names.is_empty() || names.iter().any(|name| name.eq_ignore_ascii_case("all")) {
        return Ok(all.into_iter().enumerate().collect());
    }
    let mut chosen: Vec<(usize, T)> = Vec::new();
    for name in names {
        let number = name.parse::<usize>().ok();
        let Some((number, found)) = number.and_then(|number| Some((number, all.get(number)?))) else {
            let last = all.len().saturating_sub(1);
            return Err(Failure::Usage(format!("no {kind} {name}; use 0 to {last}, or all")));
        };
        if chosen.iter().all(|(other, _)| *other != number) {
            chosen.push((number, found.clone()));
        }
    }
    Ok(chosen)
}

/// The state of a CPU, once or repeatedly.
pub(crate) fn metric(
    common: &Common,
    args: &CpuArgs,
    of_sockets: &CpuMetricArgs,
    of_cores: &CoreMetricArgs,
    watched: &WatchArgs,
) -> Result<(), Failure> {
    // A section that is named is asked of all.
    let sockets = args.sockets().or(of_sockets.names_any().then_some(&[]));
    let cores = args.cores().or(of_cores.names_any().then_some(&[]));
    let chosen = choose(common, sockets, cores)?;
    answer(common, &chosen, Some(watched), |chosen| {
        let sockets = chosen.sockets.iter().map(|found| socket::metric(found, of_sockets));
        let cores = chosen.cores.iter().map(|(number, found)| core::metric(*number, found, of_cores));
        sockets.chain(cores).collect()
    })
}

/// Prints the reports, again and again where the answer is watched.
fn answer(
    common: &Common,
    chosen: &Chosen,
    watched: Option<&WatchArgs>,
    reports: impl Fn(&Chosen) -> Vec<Section>,
) -> Result<(), Failure> {
    let mut output = Output::open(common)?;
    let mut columns = Columns::default();
    let format = answer::format(common);
    let mut print = |timestamp| {
        let sections = reports(chosen);
        let document = Document { sections: &sections, timestamp, root: AmdRoot::CpuData };
        output.write(&document.render(format, &mut columns))?;
        Ok::<_, Failure>(sections)
    };
    match watched.and_then(|args| Some((args, args.interval()?))) {
        None => answered(&print(None)?),
        Some((args, interval)) => {
            let end = watch(interval, args, || print(Some(timestamp())).map(drop))?;
            tidy(end, &mut output)
        }
    }
}
