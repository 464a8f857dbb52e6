//! State from `rsmi_init` to `rsmi_shut_down`.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use amdgpu_smi::{Gpu, Smi};

use crate::abi::status::{Outcome, Status};
use crate::per_process::PerProcess;
use crate::root::builder;

/// A scanned machine.
#[derive(Debug)]
pub(crate) struct Machine {
    pub(crate) smi: Smi,
    /// Those that KFD knows, in the order in which clients count them; all where it knows none.
    pub(crate) gpus: Vec<Gpu>,
}

/// Calls of `rsmi_init` that no `rsmi_shut_down` has taken back. Changed under the machine's lock; a forked child takes it
/// over, and scans anew.
static OPENERS: AtomicU32 = AtomicU32::new(0);

static MACHINE: PerProcess<RwLock<Option<Arc<Machine>>>> =
    PerProcess::new(RwLock::new(None), || RwLock::new(None));

fn scan() -> Result<Arc<Machine>, Status> {
    // Whatever is wrong with the machine, this is the status for it.
    let smi = builder().build().map_err(|_| Status::INIT_ERROR)?;
    let mut gpus: Vec<Gpu> = smi.gpus().iter().filter(|gpu| gpu.in_kfd()).cloned().collect();
    if gpus.is_empty() {
        gpus = smi.gpus().to_vec();
    }
    Ok(Arc::new(Machine { smi, gpus }))
}

fn read() -> RwLockReadGuard<'static, Option<Arc<Machine>>> {
    MACHINE.get().read().unwrap_or_else(PoisonError::into_inner)
}

fn write() -> RwLockWriteGuard<'static, Option<Arc<Machine>>> {
    MACHINE.get().write().unwrap_or_else(PoisonError::into_inner)
}

/// Counts an opener; the first one scans the machine.
pub(crate) fn open() -> Outcome {
    let mut machine = write();
    let more = OPENERS.load(Ordering::Relaxed).checked_add(1).ok_or(Status::REFCOUNT_OVERFLOW)?;
    if machine.is_none() {
        *machine = Some(scan()?);
    }
    OPENERS.store(more, Ordering::Relaxed);
    Ok(())
}

/// Takes an opener back. One too many is INIT_ERROR, as in AMD's library.
pub(crate) fn close() -> Outcome {
    let mut machine = write();
    let left = OPENERS.load(Ordering::Relaxed).checked_sub(1).ok_or(Status::INIT_ERROR)?;
    OPENERS.store(left, Ordering::Relaxed);
    if left == 0 {
        *machine = None;
    }
    Ok(())
}

/// The machine; nothing before the opening.
pub(crate) fn machine() -> Result<Option<Arc<Machine>>, Status> {
    if let Some(machine) = &*read() {
        return Ok(Some(machine.clone()));
    }
    if OPENERS.load(Ordering::Relaxed) == 0 {
        return Ok(None);
    }
    // A forked child's first call: opened by the parent, not scanned here yet.
    let mut machine = write();
    if OPENERS.load(Ordering::Relaxed) == 0 {
        return Ok(None);
    }
    match &*machine {
        Some(machine) => Ok(Some(machine.clone())),
        None => Ok(Some(machine.insert(scan()?).clone())),
    }
}

/// The GPU of an index. Before the opening there is none, which is INVALID_ARGS as in AMD's library.
pub(crate) fn gpu(index: u32) -> Result<Gpu, Status> {
    let machine = machine()?.ok_or(Status::INVAL)?;
    machine.gpus.get(index as usize).cloned().ok_or(Status::INVAL)
}
