//! A GPU that is pulled, reset or partitioned anew between any two calls: typed errors, the other GPUs as before, and a
//! scan finds what there is now. Some of the places with the other tests, all of them with `AMDGPU_SMI_EVERY_CALL` set.

use std::time::Duration;

use amdgpu_smi::error::Unavailable;
use amdgpu_smi::id::Bdf;
use amdgpu_smi::parse::partition::ComputePartition;
use amdgpu_smi::sample::{FleetSampler, Outcome, SampleFields};
use amdgpu_smi::testing::TestMachine;
use amdgpu_smi::{Error, Gpu, Smi};
use serde_json::Value;
use support::fixtures;

use crate::asked;

const TWO: &str = "mi210-navi31-2x-k6.12-processes";
const LAPTOP: &str = "phoenix-navi33-2x-k6.10-hybrid-foreign-card0";
const WHOLE: &str = "mi300x-1x-k6.12-spx";

fn machine(name: &str) -> TestMachine {
    TestMachine::open(fixtures::fixture(name)).unwrap()
}

/// An event in the middle of a test.
type Happening = fn(&TestMachine, Bdf);

const PULLED: Happening = |machine, bdf| machine.remove(bdf).unwrap();
const RESET: Happening = |machine, bdf| machine.reset(bdf).unwrap();
const SPLIT: Happening = |machine, bdf| machine.repartition(bdf, &ComputePartition::Cpx).unwrap();
const PULLED_AND_BACK: Happening = |machine, bdf| {
    machine.remove(bdf).unwrap();
    machine.restore();
};

/// Everything that one GPU is asked, but for what speaks of all processes.
fn ask(gpu: &Gpu) -> Vec<(&'static str, asked::Answer)> {
    let own = asked::GPU.iter().filter(|(name, _)| *name != "processes");
    own.map(|(name, ask)| (*name, ask(gpu))).collect()
}

fn values(answers: &[(&'static str, asked::Answer)]) -> Vec<(&'static str, Value)> {
    answers.iter().map(|(name, answer)| (*name, answer.value.clone())).collect()
}

/// Numbers and words of the answers, reasons left out: none may be one that was not there before.
fn leaves(value: &Value, at: &str, found: &mut Vec<(String, Value)>) {
    match value {
        Value::Object(fields) => {
            let fields = fields.iter().filter(|(name, _)| *name != "reasons");
            fields.for_each(|(name, value)| leaves(value, &format!("{at}.{name}"), found));
        }
        Value::Array(items) => items.iter().for_each(|item| leaves(item, at, found)),
        Value::Null => {}
        leaf => found.push((at.to_owned(), leaf.clone())),
    }
}

/// Lets it happen before every call, one after another, of all that a GPU is asked, and asks
/// the others then. How many places there were.
fn between_any_two_calls(name: &str, victim: usize, happening: Happening, step: usize) -> usize {
    let step = if std::env::var_os("AMDGPU_SMI_EVERY_CALL").is_some() { 1 } else { step };
    let machine = machine(name);
    let smi = machine.smi().unwrap();
    let bdf = smi.gpus()[victim].bdf();
    machine.record().clear();
    let before = values(&ask(&smi.gpus()[victim]));
    let calls = machine.record().calls().len();
    let other = |smi: &Smi| {
        let others = smi.gpus().iter().enumerate().filter(|(index, _)| *index != victim);
        others.map(|(_, gpu)| values(&ask(gpu))).collect::<Vec<_>>()
    };
    let others = other(&smi);
    for number in (0..calls).step_by(step) {
        machine.restore();
        let smi = machine.smi().unwrap();
        machine.record().clear();
        machine.before_call(number, move |machine| happening(machine, bdf));
        let after = values(&ask(&smi.gpus()[victim]));
        for ((question, was), (_, now)) in before.iter().zip(&after) {
            let (mut known, mut found) = (Vec::new(), Vec::new());
            leaves(was, question, &mut known);
            leaves(now, question, &mut found);
            for (at, leaf) in found {
                // A flag, a count of what answered, the name of a source, that of a sensor without its label, and
                // the package's partitioning may be others.
                let names =
                    ["source", "market_name", "error_totals", ".sensor", ".rail", "compute_partition"];
                let free = leaf.is_boolean() || names.iter().any(|name| at.contains(name));
                assert!(
                    free || known.iter().any(|(_, known)| *known == leaf),
                    "{name}: before call {number}: {at} is {leaf}, which it never was"
                );
            }
        }
        assert_eq!(other(&smi), others, "{name}: before call {number}: others");
    }
    calls.div_ceil(step)
}

#[test]
fn pulled_between_any_two_calls() {
    let places = between_any_two_calls(TWO, 0, PULLED, 2)
        + between_any_two_calls(TWO, 1, PULLED, 7)
        + between_any_two_calls(LAPTOP, 0, PULLED, 37)
        + between_any_two_calls(LAPTOP, 0, PULLED_AND_BACK, 37)
        + between_any_two_calls(WHOLE, 0, PULLED, 13);
    println!("gone and back: pulled in {places} places");
}

#[test]
fn reset_between_any_two_calls() {
    let places = between_any_two_calls(LAPTOP, 0, RESET, 37) + between_any_two_calls(LAPTOP, 1, RESET, 37);
    println!("gone and back: reset in {places} places");
}

#[test]
fn split_between_any_two_calls() {
    let places = between_any_two_calls(WHOLE, 0, SPLIT, 13);
    println!("gone and back: partitioned in {places} places");
}

/// Discovery itself, with a GPU that goes or is split in the middle of it: a list of before or of after, and the next
/// one is of after.
#[test]
fn a_scan_in_the_middle_of_it() {
    for (name, happening, left) in
        [(TWO, PULLED, 1), (LAPTOP, PULLED, 1), (WHOLE, SPLIT, 8), (WHOLE, PULLED, 0)]
    {
        let machine = machine(name);
        let before = machine.smi().unwrap();
        let (all, bdf) = (before.gpus().len(), before.gpus()[0].bdf());
        machine.record().clear();
        machine.smi().unwrap();
        let calls = machine.record().calls().len();
        for number in 0..calls {
            machine.restore();
            machine.record().clear();
            machine.before_call(number, move |machine| happening(machine, bdf));
            let smi = match machine.smi() {
                Ok(smi) => smi,
                Err(error @ (Error::DriverNotLoaded { .. } | Error::DeviceGone { .. })) => {
                    assert_eq!(left, 0, "{name} {number}: {error}");
                    continue;
                }
                Err(error) => panic!("{name} {number}: {error:?}"),
            };
            let found = smi.gpus().len();
            assert!((left.min(all)..=left.max(all)).contains(&found), "{name} {number}: {found} GPUs");
            smi.gpus().iter().for_each(|gpu| drop(ask(gpu)));
            assert_eq!(smi.rescan().map_or(0, |smi| smi.gpus().len()), left, "{name} {number}");
        }
    }
}

#[test]
fn the_reasons_are_typed() {
    let machine = machine(LAPTOP);
    let smi = machine.smi().unwrap();
    let gpu = &smi.gpus()[0];
    machine.reset(gpu.bdf()).unwrap();
    let error = gpu.power().socket.unwrap_err();
    assert!(matches!(error, Error::Unavailable { reason: Unavailable::InReset, .. }), "{error}");
    machine.restore();
    assert!(gpu.power().socket.is_ok());
    machine.remove(gpu.bdf()).unwrap();
    assert!(matches!(gpu.temperatures(), Err(Error::DeviceGone { .. })), "whose labels cannot be read");
    assert!(matches!(gpu.metrics(), Err(Error::DeviceGone { .. })));
    assert!(matches!(gpu.firmware(), Err(Error::DeviceGone { .. })));
    assert!(matches!(gpu.cache_info(), Err(Error::DeviceGone { .. })));
    assert!(matches!(gpu.memory_usage().vram_used, Err(Error::DeviceGone { .. })));
    // The number of its KFD node is another GPU's now, and that one still finds its own.
    let other = &smi.gpus()[1];
    assert!(other.cache_info().is_ok() && other.vram_info().size.is_ok());
    machine.restore();
    assert!(matches!(gpu.power().socket, Err(Error::DeviceGone { .. })), "what is back is another");
    assert_eq!(smi.rescan().unwrap().gpus().len(), 2);
}

/// The links of a list that is of before lead to nodes that are numbered otherwise now.
#[test]
fn links_of_before_are_not_told() {
    let machine = machine(TWO);
    let smi = machine.smi().unwrap();
    assert!(smi.topology().link(0, 1).is_some());
    machine.remove(smi.gpus()[0].bdf()).unwrap();
    let topology = smi.topology();
    for index in 0..2 {
        assert_eq!(topology.link(index, 1 - index), None);
        let links = &topology.gpus[index].links;
        assert!(matches!(links, Err(Error::DeviceGone { .. })), "{links:?}");
    }
    assert_eq!(smi.rescan().unwrap().topology().gpus.len(), 1);
}

#[test]
fn partitions_of_before_are_gone() {
    let machine = machine(WHOLE);
    let smi = machine.smi().unwrap();
    let whole = &smi.gpus()[0];
    assert!(whole.cache_info().is_ok());
    machine.repartition(whole.bdf(), &ComputePartition::Cpx).unwrap();
    assert!(matches!(whole.cache_info(), Err(Error::DeviceGone { .. })));
    let parts = smi.rescan().unwrap();
    assert_eq!(parts.gpus().len(), 8);
    assert!(parts.gpus()[7].vram_info().size.is_ok());
    machine.repartition(whole.bdf(), &ComputePartition::Spx).unwrap();
    assert!(matches!(parts.gpus()[0].vram_info().size, Err(Error::DeviceGone { .. })));
    assert_eq!(parts.rescan().unwrap().gpus()[0].ids(), whole.ids());
}

#[test]
fn a_sampler_leaves_and_comes_back() {
    let machine = machine(LAPTOP);
    let smi = machine.smi().unwrap();
    let bdf = smi.gpus()[0].bdf();
    let mut sampler = smi.gpus()[0].sampler(SampleFields::MONITOR).keep_awake(true);
    sampler.sample().unwrap();
    machine.record().clear();
    sampler.sample().unwrap();
    let calls = machine.record().calls().len();
    assert!(calls > 5);
    for number in 0..calls {
        machine.record().clear();
        machine.before_call(number, move |machine| machine.remove(bdf).unwrap());
        let first = sampler.sample().map(drop);
        assert!(matches!(first, Ok(()) | Err(Error::DeviceGone { .. })), "{first:?}");
        assert!(matches!(sampler.sample(), Err(Error::DeviceGone { .. })), "before call {number}");
        assert!(sampler.is_gone());
        assert!(matches!(sampler.reattach(), Err(Error::DeviceGone { .. })));
        machine.restore();
        sampler.reattach().unwrap();
        assert!(
            sampler.sample().unwrap().temperatures.as_ref().unwrap()[0].current.is_ok(),
            "before call {number}"
        );
        sampler.sample().unwrap();
    }
    println!("gone and back: a sampler came back {calls} times");
}

#[test]
fn a_fleet_goes_on_without_one() {
    let machine = machine(LAPTOP);
    let smi = machine.smi().unwrap();
    let samplers = smi.gpus().iter().map(|gpu| gpu.sampler(SampleFields::VRAM).keep_awake(true)).collect();
    let mut fleet = FleetSampler::new(samplers).unwrap();
    let patience = Duration::from_secs(60);
    assert!(fleet.tick(patience).all(|(_, outcome)| matches!(outcome, Outcome::Sampled(_))));
    machine.remove(smi.gpus()[0].bdf()).unwrap();
    let outcomes: Vec<bool> = fleet
        .tick(patience)
        .map(|(gpu, outcome)| match outcome {
            Outcome::Failed(Error::DeviceGone { .. }) => gpu.index() == 0,
            Outcome::Sampled(_) => gpu.index() == 1,
            _ => false,
        })
        .collect();
    assert_eq!(outcomes, [true, true]);
}
