//! Whichever call fails, and however: no panic, only the fields that depend on it are missing, each with the reason.
//!
//! For every fixture, for everything that the commands ask, for every system call of that and for each of twelve faults.
//! A part of them is drawn by a seed: `AMDGPU_SMI_FAULT_SEED`, 1 if it is not set, and one of so many as
//! `AMDGPU_SMI_FAULT_SHARE` says. `scripts/fault-sweep` does all of them.

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use amdgpu_smi::Smi;
use amdgpu_smi::backend::{Backend, Call, Fault, Record, Tree};
use amdgpu_smi::error::Op;
use serde_json::{Map, Value};
use support::fixtures;

use crate::asked::{self, Answer};

const ENOENT: i32 = 2;
const EIO: i32 = 5;
const EAGAIN: i32 = 11;
const EACCES: i32 = 13;
const EBUSY: i32 = 16;
const EPERM: i32 = 1;
const ENODEV: i32 = 19;
const EINVAL: i32 = 22;
const ENODATA: i32 = 61;
const EOPNOTSUPP: i32 = 95;

const FAULTS: [Fault; 12] = [
    Fault::Errno(ENOENT),
    Fault::Errno(EACCES),
    Fault::Errno(EPERM),
    Fault::Errno(EIO),
    Fault::Errno(EINVAL),
    Fault::Errno(ENODEV),
    Fault::Errno(EBUSY),
    Fault::Errno(EAGAIN),
    Fault::Errno(ENODATA),
    Fault::Errno(EOPNOTSUPP),
    Fault::Empty,
    Fault::Half,
];

/// Which of all faults are tried.
#[derive(Debug, Clone, Copy)]
struct Draw {
    seed: u64,
    share: u64,
}

impl Draw {
    fn from_environment() -> Draw {
        let number = |name: &str| std::env::var(name).ok().map(|text| text.parse().expect(name));
        Draw {
            seed: number("AMDGPU_SMI_FAULT_SEED").unwrap_or(1),
            share: number("AMDGPU_SMI_FAULT_SHARE").unwrap_or(64).max(1),
        }
    }

    fn takes(self, case: impl Hash) -> bool {
        let mut hasher = DefaultHasher::new();
        (self.seed, case).hash(&mut hasher);
        hasher.finish() % self.share == 0
    }
}

/// One of the things that are asked, of a machine that is looked at anew each time.
struct Question {
    name: String,
    /// Set if the answer's fields have reasons.
    strict: bool,
    ask: Ask,
}

/// Makes everything ready, calls the second argument, and asks.
type Ask = Box<dyn Fn(&Record, &dyn Fn()) -> Answer>;

fn questions(smi: Option<&Smi>) -> Vec<Question> {
    let fresh = |record: &Record| Smi::builder().backend(Arc::new(record.clone())).build().unwrap();
    let mut questions: Vec<Question> = Vec::new();
    let mut add = |name: String, strict, ask: Ask| questions.push(Question { name, strict, ask });
    for (name, ask) in asked::BACKEND {
        let ask = move |record: &Record, ready: &dyn Fn()| {
            ready();
            let backend: Arc<dyn Backend> = Arc::new(record.clone());
            ask(&backend)
        };
        add((*name).into(), false, Box::new(ask));
    }
    let Some(smi) = smi else { return questions };
    for (name, ask) in asked::MACHINE {
        let ask = move |record: &Record, ready: &dyn Fn()| {
            let smi = fresh(record);
            ready();
            ask(&smi)
        };
        add((*name).into(), *name != "events", Box::new(ask));
    }
    for gpu in 0..smi.gpus().len() {
        for (name, ask) in asked::GPU {
            let ask = move |record: &Record, ready: &dyn Fn()| {
                let smi = fresh(record);
                ready();
                ask(&smi.gpus()[gpu])
            };
            add(format!("{name} of {gpu}"), true, Box::new(ask));
        }
    }
    questions
}

/// The names under which answers keep reasons: of fields, and of blocks that a sum leaves out.
const REASONS: [&str; 2] = ["reasons", "missing"];

/// A difference between two answers.
#[derive(Debug)]
struct Change {
    /// Names and numbers on the way to it.
    at: String,
    was: Value,
    now: Value,
    /// The reasons around it, innermost first.
    reasons: Vec<String>,
}

fn changes(was: &Value, now: &Value, at: &str, around: &[String], found: &mut Vec<Change>) {
    match (was, now) {
        (Value::Object(was), Value::Object(now)) => {
            let mut reasons = reasons_of(was, now);
            reasons.extend_from_slice(around);
            let keys: BTreeSet<&String> =
                was.keys().chain(now.keys()).filter(|key| !REASONS.contains(&key.as_str())).collect();
            for key in keys {
                let (was, now) = (was.get(key).unwrap_or(&Value::Null), now.get(key).unwrap_or(&Value::Null));
                changes(was, now, &format!("{at}.{key}"), &reasons, found);
            }
        }
        (Value::Array(was), Value::Array(now)) if was.len() == now.len() => {
            for (index, (was, now)) in was.iter().zip(now).enumerate() {
                changes(was, now, &format!("{at}[{index}]"), around, found);
            }
        }
        _ if was != now => {
            found.push(Change { at: at.into(), was: was.clone(), now: now.clone(), reasons: around.to_vec() })
        }
        _ => {}
    }
}

/// The reasons of an object that it did not have before.
fn reasons_of(was: &Map<String, Value>, now: &Map<String, Value>) -> Vec<String> {
    let mut found = Vec::new();
    for kept in REASONS {
        let Some(Value::Object(reasons)) = now.get(kept) else { continue };
        let known = |field: &String| was.get(kept).and_then(|reasons| reasons.get(field));
        let new = reasons.iter().filter(|(field, reason)| known(field) != Some(reason));
        found.extend(new.filter_map(|(_, reason)| reason.as_str().map(String::from)));
    }
    found
}

/// Returns `true` if this error number can have this reason.
fn fits(reason: &str, errno: i32) -> bool {
    let says = |words: &[&str]| words.iter().any(|word| reason.contains(word));
    match errno {
        ENOENT | EOPNOTSUPP | ENODATA => says(&["not supported", "device gone"]),
        EINVAL => says(&["not supported", "device gone", "refused"]),
        EACCES => says(&["no permission"]),
        EPERM => says(&["no permission", "in reset", "suspended"]),
        EIO => says(&["Input/output error"]),
        ENODEV => says(&["device gone"]),
        EBUSY => says(&["in reset", "suspended", "busy"]),
        EAGAIN => says(&["temporarily unavailable"]),
        _ => false,
    }
}

/// Returns `true` if a fault changes the result of this kind of call.
fn matters(call: &Call, fault: Fault) -> bool {
    match fault {
        Fault::Errno(_) => true,
        _ => matches!(call.op, Op::Read | Op::List | Op::ReadLink),
    }
}

/// Returns `true` if nothing is required except that nothing panics.
fn is_free(call: &Call) -> bool {
    // A status that cannot be read counts as awake, so all that it guards is read.
    call.path.ends_with("power/runtime_status")
        // Asks whether something is there; a failure counts as no.
        || call.op == Op::Meta
        // A label names a value: without it the value goes by its channel.
        || call.path.to_string_lossy().ends_with("_label")
        // Tells whose hwmon it is; cut short it is another driver's.
        || (call.path.ends_with("name") && call.path.to_string_lossy().contains("/hwmon"))
}

/// The answers whose values stand in attributes and in the metrics table.
const BY_TABLE: [&str; 11] = [
    "temperatures",
    "temperature edge",
    "temperature junction",
    "core_temperature",
    "power",
    "voltages",
    "fan",
    "activity",
    "clock",
    "clock video1",
    "pcie_info",
];

/// Returns `true` if a value may change because the next source is read.
fn has_next_source(question: &str, change: &Change, errno: i32) -> bool {
    let unsupported = matches!(errno, ENOENT | EINVAL | ENODATA | EOPNOTSUPP);
    let name = question.rsplit_once(" of ").map_or(question, |(name, _)| name);
    // Attribute, then metrics table, or the other way round: only where the first is not supported.
    (unsupported && BY_TABLE.contains(&name))
        // The sensor whose value is missing goes by its name: a junction that cannot be told is no edge.
        || (name == "core_temperature" && change.at.ends_with(".sensor") && !change.reasons.is_empty())
        // KFD's count of dies, then that of ip_discovery, which the fixtures have in part.
        || (unsupported && question.starts_with("partition_profiles") && change.at.ends_with(".partitions"))
        // A name is the card's own, or the board's, or the chip's.
        || change.at.ends_with(".market_name")
        // A sum of what answered, with the others among the reasons.
        || (question.starts_with("error_totals") && !change.reasons.is_empty())
}

/// Returns `true` if a list has no new row but those that are absent with the table's error.
fn are_rows_of_table(change: &Change, errno: i32) -> bool {
    let none = Vec::new();
    let was = change.was.as_array().unwrap_or(&none);
    let has_error = |row: &Value| {
        row["current"].is_null()
            && row["reasons"]["current"].as_str().is_some_and(|reason| fits(reason, errno))
    };
    change.now.as_array().is_some_and(|now| now.iter().all(|row| was.contains(row) || has_error(row)))
}

/// Compares an answer with the one without a fault and, for a truncated file, with those without the file.
fn verdict(
    question: &str,
    was: &Answer,
    now: &Answer,
    without: &[Answer],
    call: &Call,
    fault: Fault,
) -> Result<(), String> {
    let found = differences(was, now);
    if is_free(call) {
        return Ok(());
    }
    if question.starts_with("processes") {
        return processes(was, now, fault);
    }
    let Fault::Errno(errno) = fault else {
        // Its new content may look valid, but it must not change independent values.
        let may: Vec<Change> = without.iter().flat_map(|without| differences(was, without)).collect();
        let may: Vec<&str> = may.iter().map(|change| place(question, &change.at)).collect();
        // The list of lines that are not understood is about the content; more used than a shortened total is implausible.
        let is_compared =
            question.starts_with("memory_usage") && call.path.to_string_lossy().ends_with("_total");
        if question.starts_with("unrecognised_lines") || is_compared {
            return Ok(());
        }
        let depends = |at: &str| may.iter().any(|may| at.starts_with(may) || may.starts_with(at));
        // Where there was nothing, because of what the file says, there may be something now.
        let strange = |change: &&Change| !change.was.is_null() && !depends(place(question, &change.at));
        return match found.iter().find(strange) {
            Some(change) => {
                Err(format!("{} was {}, is {}: it does not depend on it", change.at, change.was, change.now))
            }
            None => Ok(()),
        };
    };
    let mut moved = false;
    for change in &found {
        if has_next_source(question, change, errno) {
            moved = true;
            continue;
        }
        // Rows of a list that only the metrics table has go with it, or stay with its error.
        let listed = ["temperatures", "voltages"].iter().any(|name| question.starts_with(name));
        if listed && call.path.ends_with("gpu_metrics") && are_rows_of_table(change, errno) {
            moved = true;
            continue;
        }
        let absent = match (&change.was, &change.now) {
            (_, Value::Null) => true,
            (Value::Array(was), Value::Array(now)) => now.iter().all(|item| was.contains(item)),
            _ => false,
        };
        if !absent {
            return Err(format!("{} was {}, is {}", change.at, change.was, change.now));
        }
        // A firmware's version is a result of its own: in words its error is there.
        let told =
            question.starts_with("firmware") || change.reasons.iter().any(|reason| fits(reason, errno));
        if !told {
            return Err(format!("{} went for {:?}", change.at, change.reasons));
        }
    }
    // The file, or the one in it where a directory could not be opened. Of two files the last one that was tried.
    let parent = call.path.parent().filter(|_| matches!(errno, ENOENT | EINVAL | ENODATA | EOPNOTSUPP));
    let path = parent.unwrap_or(&call.path).to_string_lossy().trim_end_matches("/.").to_owned();
    if let Some(change) = found.first()
        && !moved
        && !now.words.contains(&path)
    {
        return Err(format!("{} went, and nothing names the path: {}", change.at, now.words));
    }
    Ok(())
}

/// Where a value is; of the two samples of a sampler it does not matter in which.
fn place<'a>(question: &str, at: &'a str) -> &'a str {
    match question.starts_with("sampler") {
        true => at.split_once(']').map_or(at, |(_, rest)| rest),
        false => at,
    }
}

/// A process that cannot be read is left out, as one that ended; what is told of the others is what it was, or absent.
fn processes(was: &Answer, now: &Answer, fault: Fault) -> Result<(), String> {
    if !matches!(fault, Fault::Errno(_)) {
        return Ok(());
    }
    let figures = |answer: &Answer| -> Vec<(String, Value)> {
        let processes = answer.value["processes"].as_array().into_iter().flatten();
        let uses = processes.flat_map(|process| {
            let gpus = process["gpus"].as_array().into_iter().flatten();
            gpus.map(move |gpu| (format!("{} {}", process["pid"], gpu["bdf"]), gpu["kfd"].clone()))
        });
        uses.collect()
    };
    let before = figures(was);
    for (user, now) in figures(now) {
        // Without its figure of memory a GPU cannot be told from an unused one.
        let Some((_, was)) = before.iter().find(|(name, _)| *name == user) else { continue };
        for (name, figure) in now.as_object().into_iter().flatten().filter(|(_, figure)| figure.is_number()) {
            if !was[name].is_null() && was[name] != *figure {
                return Err(format!("{user}: {name} was {}, is {figure}", was[name]));
            }
        }
    }
    Ok(())
}

fn differences(was: &Answer, now: &Answer) -> Vec<Change> {
    let mut found = Vec::new();
    let around: Vec<String> = now.error.iter().cloned().collect();
    changes(&was.value, &now.value, "", &around, &mut found);
    found
}

/// The number of faults, and the failures.
fn sweep(fixture: &str, draw: Draw) -> (usize, Vec<String>) {
    let tree = Arc::new(Tree::open(fixtures::fixture(fixture)).unwrap());
    let record = Record::new(tree.clone());
    let (mut tried, mut wrong) = (0, Vec::new());
    let ask = |question: &Question, fault: Option<(usize, Fault)>| {
        record.heal();
        let answer = (question.ask)(&record, &|| {
            record.clear();
            if let Some((number, fault)) = fault {
                record.fault_call(number, fault);
            }
        });
        (answer, record.calls())
    };
    for question in questions(Smi::builder().backend(tree).build().ok().as_ref()) {
        let (was, calls) = ask(&question, None);
        for (number, call) in calls.iter().enumerate() {
            for fault in FAULTS {
                if !matters(call, fault) || !draw.takes((fixture, &question.name, number, fault)) {
                    continue;
                }
                let (now, _) = ask(&question, Some((number, fault)));
                tried += 1;
                if !question.strict {
                    continue;
                }
                let cut = !matches!(fault, Fault::Errno(_));
                let mut without = Vec::new();
                if cut {
                    // A value that is read twice, or cached, is missing at every use.
                    without.push(ask(&question, Some((number, Fault::Errno(EIO)))).0);
                    without.push((question.ask)(&record, &|| {
                        record.heal();
                        record.fail_path(&call.path, EIO);
                    }));
                }
                if let Err(reason) = verdict(&question.name, &was, &now, &without, call, fault) {
                    let what = format!("{:?} {}", call.op, call.path.display());
                    wrong.push(format!("{fixture}: {}: {fault:?} of {what}: {reason}", question.name));
                }
            }
        }
    }
    (tried, wrong)
}

#[test]
fn every_fault_costs_only_what_it_must() {
    let draw = Draw::from_environment();
    println!("fault sweep: seed {}, one fault of {}", draw.seed, draw.share);
    let names = fixtures::names();
    let (next, tried) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let wrong = std::sync::Mutex::new(Vec::new());
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let Some(name) = names.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let (count, found) = sweep(name, draw);
                    tried.fetch_add(count, Ordering::Relaxed);
                    wrong.lock().unwrap().extend(found);
                }
            });
        }
    });
    println!("fault sweep: {} faults injected", tried.load(Ordering::Relaxed));
    let wrong = wrong.into_inner().unwrap();
    assert!(
        wrong.is_empty(),
        "{} of them:\n{}",
        wrong.len(),
        wrong.iter().take(40).cloned().collect::<Vec<_>>().join("\n")
    );
}
