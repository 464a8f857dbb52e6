//! A GPU that hangs is late, and all others answer: by the backend whose calls end in time.

use std::sync::Arc;
use std::time::{Duration, Instant};

use amdgpu_smi::backend::{Backend, Record, Timeout, Tree};
use amdgpu_smi::error::Unavailable;
use amdgpu_smi::{Error, Smi};
use support::fixtures::fixture;

const MACHINE: &str = "mi210-navi31-2x-k6.12-processes";
const LIMIT: Duration = Duration::from_millis(200);

fn machine() -> (Record, Timeout) {
    let record = Record::new(Arc::new(Tree::open(fixture(MACHINE)).unwrap()));
    let timeout = Timeout::new(Arc::new(record.clone()), LIMIT);
    (record, timeout)
}

fn scan(timeout: &Timeout) -> Result<Smi, Error> {
    Smi::builder().backend(Arc::new(timeout.clone())).build()
}

fn is_late<T>(answer: Result<T, Error>) -> bool {
    matches!(answer, Err(Error::Unavailable { reason: Unavailable::Late, .. }))
}

#[test]
fn answers_are_those_of_the_backend_within() {
    let (record, timeout) = machine();
    let direct = Smi::builder().backend(Arc::new(record)).build().unwrap();
    let smi = scan(&timeout).unwrap();
    for (one, other) in direct.gpus().iter().zip(smi.gpus()) {
        assert_eq!(one.ids(), other.ids());
        assert_eq!(format!("{:?}", one.memory_usage()), format!("{:?}", other.memory_usage()));
    }
    assert_eq!(direct.processes().processes.len(), smi.processes().processes.len());
    assert_eq!(timeout.hanging(), 0);
}

#[test]
fn one_that_hangs_is_late_once_and_refused_afterwards() {
    let (record, timeout) = machine();
    let smi = scan(&timeout).unwrap();
    let [hung, well] = smi.gpus() else { panic!() };
    record.hang(hung.sysfs_path().unwrap());
    let started = Instant::now();
    assert!(is_late(hung.memory_usage().vram_used));
    assert!(started.elapsed() >= LIMIT, "it had its time to answer");
    assert!(well.memory_usage().vram_used.is_ok());
    assert_eq!(timeout.hanging(), 1);
    record.clear();
    for _ in 0..1000 {
        assert!(is_late(hung.memory_usage().vram_used));
    }
    assert!(record.calls().is_empty(), "not asked again while it hangs");
    assert_eq!(timeout.hanging(), 1, "a thousand questions leave one thread behind");
    // A scan in between keeps it, with its number and the reason.
    let again = scan(&timeout).unwrap();
    assert_eq!(again.gpus().len(), 2);
    assert_eq!(again.gpus()[0].bdf(), hung.bdf());
    record.heal();
    // The kernel lets go.
    let patience = Instant::now() + Duration::from_secs(20);
    while timeout.hanging() > 0 && Instant::now() < patience {
        std::thread::yield_now();
    }
    assert!(hung.memory_usage().vram_used.is_ok());
}

/// Wherever the scan hangs, it ends, and both GPUs keep their places; or it says which path did not answer.
#[test]
fn a_scan_that_hangs_ends() {
    let (record, _) = machine();
    Smi::builder().backend(Arc::new(record.clone())).build().unwrap();
    let mut paths: Vec<_> = record.calls().into_iter().map(|call| call.path).collect();
    paths.sort();
    paths.dedup();
    for path in paths {
        let (record, _) = machine();
        let timeout = Timeout::new(Arc::new(record.clone()), Duration::from_millis(40));
        record.hang(&path);
        match scan(&timeout) {
            Ok(smi) => assert_eq!(smi.gpus().len(), 2, "{}", path.display()),
            Err(error) => assert!(is_late::<()>(Err(error.clone())), "{}: {error}", path.display()),
        }
        record.heal();
    }
}

#[test]
fn the_builder_has_a_limit_of_its_own() {
    let (record, _) = machine();
    record.hang("/sys/class/kfd/kfd/topology/nodes/1/properties");
    let smi = Smi::builder().backend(Arc::new(record.clone())).timeout(LIMIT).build().unwrap();
    let gpu = &smi.gpus()[0];
    assert!(is_late(gpu.ids().properties.clone()));
    assert!(smi.gpus()[1].ids().reasons().next().is_none());
    let backend: &Arc<dyn Backend> = smi.backend();
    assert!(!backend.host().live);
    record.heal();
}
