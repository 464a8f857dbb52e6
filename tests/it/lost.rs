//! Nothing is lost without a word: whichever call of the scan fails, and however, each GPU keeps its place in the list,
//! and what cannot be told of it has a reason.
//!
//! A part of the faults is drawn, as in `fault_sweep`, by `AMDGPU_SMI_LOST_SHARE`: one of 8 if it is not set. `scripts/fault-sweep`
//! does all of them.

use std::sync::Arc;

use amdgpu_smi::backend::{Backend, Call, Fault, Record, Tree};
use amdgpu_smi::error::Op;
use amdgpu_smi::parse::partition::{ComputePartition::Cpx, MemoryPartition::Nps4};
use amdgpu_smi::synth::Machine;
use amdgpu_smi::{Error, Gpu, Smi};
use serde_json::to_value;
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
    std::env::var("AMDGPU_SMI_LOST_SHARE").ok().map_or(8, |text| text.parse().expect("a number")).max(1)
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

/// What is wrong with a list, given the one without a fault.
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
            let told = now.ids().reasons.of(field).is_some();
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
                if !(number * FAULTS.len() + kind).wrapping_mul(7919).is_multiple_of(share) {
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

/// The case that was seen: one node of a partitioned package cannot be read.
#[test]
fn a_partition_whose_node_fails_keeps_its_number() {
    for errno in [EIO, 12, EMFILE, 11] {
        for file in ["properties", "gpu_id"] {
            let tree = Tree::open(fixtures::fixture("mi300x-1x-k6.12-cpx-nps4")).unwrap();
            let record = Record::new(Arc::new(tree));
            let healthy = scan(&record).unwrap();
            let lost = &healthy.gpus()[5];
            let node = lost.ids().node.unwrap().0;
            record.fail_path(format!("nodes/{node}/{file}"), errno);
            let smi = scan(&record).unwrap();
            assert_eq!(smi.gpus().len(), 8);
            let gpu = &smi.gpus()[5];
            assert_eq!((gpu.bdf(), gpu.ids().render), (lost.bdf(), lost.ids().render));
            assert_eq!(gpu.ids().node, lost.ids().node);
            let reason = if file == "gpu_id" { "kfd_id" } else { "node" };
            assert!(matches!(gpu.ids().reasons.of(reason), Some(Error::Io { errno: found, .. }) if *found == errno));
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
    let names = |smi: &Smi| -> Vec<_> { smi.gpus().iter().map(|gpu| (gpu.bdf(), gpu.ids().node)).collect() };
    let groups: [&[usize]; 6] = [&[0], &[7], &[8], &[15], &[7, 8], &[0, 1, 2, 3, 4, 5, 6]];
    for group in groups {
        record.heal();
        for index in group {
            let node = healthy.gpus()[*index].ids().node.unwrap();
            record.fail_path(format!("nodes/{}/properties", node.0), EIO);
        }
        let smi = scan(&record).unwrap();
        assert_eq!(names(&smi), names(&healthy), "{group:?}");
        for (index, gpu) in smi.gpus().iter().enumerate() {
            assert_eq!(gpu.ids().reasons.of("node").is_some(), group.contains(&index), "{index}");
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
        let node = lost.ids().node.unwrap().0;
        record.fail_path(format!("topology/nodes/{node}"), EIO);
        let smi = scan(&record).unwrap();
        let gpu = &smi.gpus()[lost.index()];
        assert_eq!((gpu.bdf(), gpu.ids().node), (lost.bdf(), lost.ids().node));
        assert!(gpu.in_kfd() && gpu.in_drm());
        assert_eq!(gpu.ids().kfd_id, None);
        assert!(matches!(gpu.ids().reasons.of("kfd_id"), Some(Error::Io { errno: EIO, .. })));
        assert!(gpu.sysfs_path().is_some(), "DRM knows it");
    }
}
