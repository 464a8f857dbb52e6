//! Nothing is lost without a word: whichever call of the scan fails, and however, each GPU keeps its place in the list,
//! and what cannot be told of it has a reason.
//!
//! A part of the faults is drawn, as in `fault_sweep`, by `AMDGPU_SMI_LOST_SHARE`: one of 16 if it is not set. `scripts/fault-sweep`
//! does all of them.

use std::sync::Arc;

use amdgpu_smi::backend::{Backend, Call, Fault, Record, Tree};
use amdgpu_smi::error::Op;
use amdgpu_smi::parse::partition::{ComputePartition::Cpx, MemoryPartition::Nps4};
use amdgpu_smi::process::Processes;
use amdgpu_smi::synth::Machine;
use amdgpu_smi::topology::Topology;
use amdgpu_smi::{Error, Gpu, Smi};
use serde_json::{Value, to_value};
use support::fixtures;

const EPERM: i32 = 1;
const EIO: i32 = 5;
const EMFILE: i32 = 24;

/// Twelve ways to fail: ENOENT, EACCES, EPERM, EIO, EINVAL, ENODEV, EBUSY, EAGAIN, ENOMEM, EMFILE; nothing, and a half.
const FAULTS: [Fault; 12] = [
    Fault::Errno(2),
    Fault::Errno(13),
    Fault::Errno(EPERM),
    Fault::Errno(EIO),
    Fault::Errno(22),
    Fault::Errno(19),
    Fault::Errno(16),
    Fault::Errno(11),
    Fault::Errno(12),
    Fault::Errno(EMFILE),
    Fault::Empty,
    Fault::Half,
];

/// Error numbers by which the kernel says that there is no such thing.
const ABSENT: [i32; 2] = [2, 22];

fn share() -> usize {
    std::env::var("AMDGPU_SMI_LOST_SHARE").ok().map_or(16, |text| text.parse().expect("a number")).max(1)
}

/// The machines: every fixture, and two packages in eight partitions each.
fn machines() -> Vec<(String, Arc<dyn Backend>, Option<tempfile::TempDir>)> {
    let mut machines: Vec<(String, Arc<dyn Backend>, Option<tempfile::TempDir>)> = Vec::new();
    for name in fixtures::names() {
        let tree = Tree::open(fixtures::fixture(&name)).unwrap();
        machines.push((name, Arc::new(tree), None));
    }
    let dir = tempfile::tempdir().unwrap();
    Machine::mi300x(2).partition(Cpx, Nps4).build(dir.path()).unwrap();
    let tree = Tree::open(dir.path()).unwrap();
    machines.push(("two packages in partitions".into(), Arc::new(tree), Some(dir)));
    machines
}

fn scan(record: &Record) -> Result<Smi, Error> {
    Smi::builder().backend(Arc::new(record.clone())).build()
}

/// Compares a list with the one without a fault.
fn verdict(was: &Smi, now: &Smi, call: &Call, fault: Fault) -> Result<(), String> {
    // A directory that lists less has less in it: nothing tells that something is missing.
    let is_short = call.op == Op::List && !matches!(fault, Fault::Errno(_));
    let hidden = now.hidden().iter().filter(|hidden| matches!(hidden.error, Error::NoPermission { .. }));
    let by_cgroup = fault == Fault::Errno(EPERM) && hidden.count() > was.hidden().len();
    if is_short || by_cgroup {
        return Ok(());
    }
    let name = |gpu: &Gpu| (gpu.bdf(), gpu.ids().package, gpu.ids().partition, gpu.ids().hip_index);
    let names = |smi: &Smi| -> Vec<_> { smi.gpus().iter().map(name).collect() };
    if names(was) != names(now) {
        return Err(format!("the list was {:?}, is {:?}", names(was), names(now)));
    }
    let is_absence = matches!(fault, Fault::Errno(errno) if ABSENT.contains(&errno));
    for (was, now) in was.gpus().iter().zip(now.gpus()) {
        let (before, after) = (to_value(was.ids()).unwrap(), to_value(now.ids()).unwrap());
        for (field, value) in before.as_object().unwrap().iter().filter(|(field, _)| *field != "reasons") {
            let told = now.ids().reasons().any(|(name, _)| name == field);
            // A number cut in half is a number.
            if after[field] == *value || told || is_absence || fault == Fault::Half {
                continue;
            }
            return Err(format!("{}: {field} was {value}, is {} for no reason", was.bdf(), after[field]));
        }
        if was.in_kfd() && !now.in_kfd() || was.in_drm() && !now.in_drm() && !is_absence {
            return Err(format!("{}: claims that a side does not know it", was.bdf()));
        }
    }
    Ok(())
}

#[test]
fn no_fault_of_the_scan_loses_a_gpu_or_moves_its_number() {
    let (share, mut tried, mut refused, mut kept, mut wrong) = (share(), 0, 0, 0, Vec::new());
    for (name, backend, _keep) in machines() {
        let record = Record::new(backend);
        let Ok(was) = scan(&record) else { continue };
        let calls = record.calls();
        for (number, call) in calls.iter().enumerate() {
            for (kind, fault) in FAULTS.into_iter().enumerate() {
                if (number * FAULTS.len() + kind).wrapping_mul(7919) % share != 0 {
                    continue;
                }
                record.heal();
                record.clear();
                record.fault_call(number, fault);
                tried += 1;
                let what = format!("{name}: {fault:?} of {:?} {}", call.op, call.path.display());
                match scan(&record) {
                    Ok(now) => match verdict(&was, &now, call, fault) {
                        Ok(()) => kept += 1,
                        Err(reason) => wrong.push(format!("{what}: {reason}")),
                    },
                    // In words, with its path: nothing is passed over.
                    Err(_) => refused += 1,
                }
            }
        }
    }
    println!("lost: {tried} faults, the list kept {kept} times, refused with an error {refused} times");
    assert!(tried > 100, "{tried}");
    assert!(wrong.is_empty(), "{} of {tried}:\n{}", wrong.len(), wrong[..wrong.len().min(40)].join("\n"));
}

/// Compares the list of processes with the one without a fault.
fn processes_verdict(was: &Processes, now: &Processes, fault: Fault) -> Result<(), String> {
    let told = now.failed_count() > was.failed_count()
        || now.unreadable > was.unreadable
        || !now.reasons().eq(was.reasons());
    let is_absence = matches!(fault, Fault::Errno(errno) if ABSENT.contains(&errno));
    for before in &was.processes {
        let Some(after) = now.processes.iter().find(|process| process.id() == before.id()) else {
            match told {
                true => continue,
                false => return Err(format!("process {} is gone without a word", before.pid)),
            }
        };
        for used in &before.gpus {
            let here = after.gpus.iter().find(|other| other.gpu == used.gpu && other.bdf == used.bdf);
            let Some(here) = here else {
                match told || !after.reasons().eq(before.reasons()) {
                    true => continue,
                    false => {
                        return Err(format!("process {} lost {:?} without a word", before.pid, used.gpu));
                    }
                }
            };
            for (name, was, now) in [
                ("vram", &used.vram, &here.vram),
                ("gtt", &used.gtt, &here.gtt),
                ("cpu_memory", &used.cpu_memory, &here.cpu_memory),
            ] {
                // One of two sources is enough where the other has none.
                let is_kfds = after.descriptors.is_err() && told;
                let is_same = now.is_err() || was.as_deref().ok() == now.as_deref().ok();
                if !is_same && !(name == "vram" && (is_absence || is_kfds)) {
                    return Err(format!("process {}: {name} was {was:?}, is {now:?}", before.pid));
                }
            }
        }
    }
    for gpu in 0..8 {
        if was.vram_of_gpu(gpu) != now.vram_of_gpu(gpu) && now.is_vram_known(gpu) && !is_absence {
            return Err(format!(
                "the sum of GPU {gpu} was {:?}, is {:?}",
                was.vram_of_gpu(gpu),
                now.vram_of_gpu(gpu)
            ));
        }
    }
    Ok(())
}

/// The same of the wiring.
fn topology_verdict(was: &Topology, now: &Topology) -> Result<(), String> {
    if was.gpus.len() != now.gpus.len() {
        return Err(format!("{} GPUs were {}", now.gpus.len(), was.gpus.len()));
    }
    for from in 0..was.gpus.len() {
        let told = |gpu: usize| !now.gpus[gpu].reasons().eq(was.gpus[gpu].reasons());
        for to in 0..was.gpus.len() {
            let (before, after) = (was.link(from, to), now.link(from, to));
            if before != after && !told(from) && !told(to) {
                return Err(format!("the way from {from} to {to} was {before:?}, is {after:?}"));
            }
            if let (Some(before), Some(after)) = (before, after)
                && after.weight.is_some_and(|weight| before.weight != Some(weight))
                && !told(from)
            {
                return Err(format!(
                    "the weight from {from} to {to} was {:?}, is {:?}",
                    before.weight, after.weight
                ));
            }
        }
        if was.gpus[from].cpu_node != now.gpus[from].cpu_node && !told(from) {
            return Err(format!("the CPU of {from} was {:?}", was.gpus[from].cpu_node));
        }
    }
    Ok(())
}

/// The same of the partitions: each answer as before, or an error.
fn partitions_verdict(was: &[Partition], now: &[Partition]) -> Result<(), String> {
    for (number, (before, after)) in was.iter().zip(now).enumerate() {
        let same = |before: &Result<Value, Error>, after: &Result<Value, Error>| match (before, after) {
            (_, Err(_)) => true,
            (Ok(before), Ok(after)) => before == after,
            (Err(_), Ok(_)) => true,
        };
        if !before.iter().zip(after).all(|(before, after)| same(before, after)) {
            return Err(format!("GPU {number} was {before:?}, is {after:?}"));
        }
    }
    Ok(())
}

type Partition = [Result<Value, Error>; 3];

fn partitions(smi: &Smi) -> Vec<Partition> {
    let of = |gpu: &Gpu| {
        [
            gpu.compute_partition().map(|found| to_value(found).unwrap()),
            gpu.memory_partition().map(|found| to_value(found).unwrap()),
            gpu.available_compute_partitions().map(|found| to_value(found).unwrap()),
        ]
    };
    smi.gpus().iter().map(of).collect()
}

/// Sweeps all calls of a question to a healthy list.
fn sweep<T>(
    what: &str,
    ask: impl Fn(&Smi) -> T,
    verdict: impl Fn(&T, &T, &Call, Fault) -> Result<(), String>,
) {
    let (share, mut tried, mut wrong) = (share(), 0, Vec::new());
    for (name, backend, _keep) in machines() {
        let record = Record::new(backend);
        let Ok(healthy) = scan(&record) else { continue };
        record.clear();
        let was = ask(&healthy);
        let calls = record.calls();
        for (number, call) in calls.iter().enumerate() {
            for (kind, fault) in FAULTS.into_iter().enumerate() {
                let is_short = call.op == Op::List && !matches!(fault, Fault::Errno(_));
                // A link or a number that is cut is another.
                let is_cut = fault == Fault::Half || fault == Fault::Empty && call.op == Op::ReadLink;
                if is_short || is_cut || (number * FAULTS.len() + kind).wrapping_mul(7919) % share != 0 {
                    continue;
                }
                record.heal();
                // Handles remember what they found: each fault meets new ones.
                let smi = scan(&record).unwrap();
                record.clear();
                record.fault_call(number, fault);
                tried += 1;
                if let Err(reason) = verdict(&was, &ask(&smi), call, fault) {
                    wrong.push(format!(
                        "{name}: {fault:?} of {:?} {}: {reason}",
                        call.op,
                        call.path.display()
                    ));
                }
            }
        }
    }
    println!("lost: {tried} faults of {what}");
    assert!(tried > 20, "{tried}");
    assert!(wrong.is_empty(), "{} of {tried}:\n{}", wrong.len(), wrong[..wrong.len().min(40)].join("\n"));
}

#[test]
fn no_fault_loses_a_process_or_shortens_a_sum_in_silence() {
    sweep("processes", Smi::processes, |was, now, call, fault| {
        // A descriptor that was closed since it was listed, and a kernel without pid namespaces.
        match matches!(fault, Fault::Errno(2 | 22)) && call.op == Op::ReadLink {
            true => Ok(()),
            false => processes_verdict(was, now, fault),
        }
    });
}

#[test]
fn no_fault_of_the_wiring_is_silent() {
    sweep("topology", Smi::topology, |was, now, call, fault| {
        // Old kernels have no such list.
        let is_absent = matches!(fault, Fault::Errno(errno) if ABSENT.contains(&errno));
        match is_absent && call.op == Op::List && call.path.ends_with("p2p_links") {
            true => Ok(()),
            false => topology_verdict(was, now),
        }
    });
}

#[test]
fn no_fault_changes_a_partition() {
    sweep("partition", partitions, |was, now, _, _| partitions_verdict(was, now));
}

/// The case that was seen: one node of a partitioned package cannot be read.
#[test]
fn a_partition_whose_node_fails_keeps_its_number() {
    for errno in [EIO, 12, EMFILE, 11] {
        for file in ["properties", "gpu_id"] {
            let tree = Tree::open(fixtures::fixture("mi300x-1x-k6.12-cpx-nps4")).unwrap();
            let record = Record::new(Arc::new(tree));
            let healthy = scan(&record).unwrap();
            let lost = &healthy.gpus()[5];
            let node = lost.ids().node.clone().unwrap().0;
            record.fail_path(format!("nodes/{node}/{file}"), errno);
            let smi = scan(&record).unwrap();
            assert_eq!(smi.gpus().len(), 8);
            let gpu = &smi.gpus()[5];
            assert_eq!((gpu.bdf(), &gpu.ids().render), (lost.bdf(), &lost.ids().render));
            assert_eq!(gpu.ids().node, lost.ids().node);
            let reason = match file {
                "gpu_id" => gpu.ids().kfd_id.as_ref().err(),
                _ => gpu.ids().properties.as_ref().err(),
            };
            assert!(matches!(reason, Some(Error::Io { errno: found, .. }) if *found == errno));
            assert!(gpu.in_kfd(), "it is there, and cannot be read");
            if file == "properties" {
                assert!(matches!(gpu.cache_info(), Err(Error::Io { .. })), "{:?}", gpu.cache_info());
            }
            assert_eq!(smi.gpus()[6].ids(), healthy.gpus()[6].ids());
        }
    }
}

/// The first, the last and all but one of a package's partitions.
#[test]
fn places_are_found_from_the_nodes_beside() {
    let dir = tempfile::tempdir().unwrap();
    Machine::mi300x(2).partition(Cpx, Nps4).build(dir.path()).unwrap();
    let record = Record::new(Arc::new(Tree::open(dir.path()).unwrap()));
    let healthy = scan(&record).unwrap();
    let names =
        |smi: &Smi| -> Vec<_> { smi.gpus().iter().map(|gpu| (gpu.bdf(), gpu.ids().node.clone())).collect() };
    let groups: [&[usize]; 6] = [&[0], &[7], &[8], &[15], &[7, 8], &[0, 1, 2, 3, 4, 5, 6]];
    for group in groups {
        record.heal();
        for index in group {
            let node = healthy.gpus()[*index].ids().node.clone().unwrap();
            record.fail_path(format!("nodes/{}/properties", node.0), EIO);
        }
        let smi = scan(&record).unwrap();
        assert_eq!(names(&smi), names(&healthy), "{group:?}");
        for (index, gpu) in smi.gpus().iter().enumerate() {
            assert_eq!(gpu.ids().properties.is_err(), group.contains(&index), "{index}");
        }
    }
}

/// A card whose node fails does not pass for one that is too old for KFD.
#[test]
fn a_card_whose_node_fails_is_in_kfd() {
    let tree = Tree::open(fixtures::fixture("mi210-navi31-2x-k6.12-processes")).unwrap();
    let record = Record::new(Arc::new(tree));
    let healthy = scan(&record).unwrap();
    for lost in healthy.gpus() {
        record.heal();
        let node = lost.ids().node.clone().unwrap().0;
        record.fail_path(format!("topology/nodes/{node}"), EIO);
        let smi = scan(&record).unwrap();
        let gpu = &smi.gpus()[lost.index()];
        assert_eq!((gpu.bdf(), &gpu.ids().node), (lost.bdf(), &lost.ids().node));
        assert!(gpu.in_kfd() && gpu.in_drm());
        assert!(matches!(gpu.ids().kfd_id, Err(Error::Io { errno: EIO, .. })));
        assert!(gpu.sysfs_path().is_some(), "DRM knows it");
    }
}
