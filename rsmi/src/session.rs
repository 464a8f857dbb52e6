//! What lives from `rsmi_init` to `rsmi_shut_down`.

use std::sync::{Arc, PoisonError, RwLock};

use amdgpu_smi::{Gpu, Smi};

use crate::abi::status::{Outcome, Status};

/// The environment variable that names a directory or archive to be looked at instead of this machine.
const ROOT: &str = "AMDGPU_SMI_ROOT";

/// A scanned machine.
#[derive(Debug)]
pub(crate) struct Machine {
    pub(crate) smi: Smi,
    /// Those that KFD knows, in the order in which clients count them; all where it knows none.
    pub(crate) gpus: Vec<Gpu>,
}

#[derive(Debug)]
struct Session {
    openers: u32,
    machine: Option<Arc<Machine>>,
    /// The process that scanned: a forked child scans anew.
    process: u32,
}

static SESSION: RwLock<Session> = RwLock::new(Session { openers: 0, machine: None, process: 0 });

fn scan() -> Result<Arc<Machine>, Status> {
    let mut builder = Smi::builder();
    if let Some(root) = std::env::var_os(ROOT).filter(|root| !root.is_empty())
        && !is_set_id()
    {
        builder = builder.root(root);
    }
    // Whatever is wrong with the machine, this is the status for it.
    let smi = builder.build().map_err(|_| Status::INIT_ERROR)?;
    let mut gpus: Vec<Gpu> = smi.gpus().iter().filter(|gpu| gpu.in_kfd()).cloned().collect();
    if gpus.is_empty() {
        gpus = smi.gpus().to_vec();
    }
    Ok(Arc::new(Machine { smi, gpus }))
}

/// Whether the program has rights that who started it has not, as the kernel tells (AT_SECURE).
fn is_set_id() -> bool {
    const AT_SECURE: u64 = 23;
    let Ok(vector) = std::fs::read("/proc/self/auxv") else { return true };
    let number = |bytes: &[u8]| bytes.try_into().map_or(0, u64::from_ne_bytes);
    let entries = vector.chunks_exact(16).map(|entry| (number(&entry[..8]), number(&entry[8..])));
    entries.into_iter().find(|(key, _)| *key == AT_SECURE).is_none_or(|(_, value)| value != 0)
}

/// Counts an opener; the first one scans the machine.
pub(crate) fn open() -> Outcome {
    let mut session = SESSION.write().unwrap_or_else(PoisonError::into_inner);
    let more = session.openers.checked_add(1).ok_or(Status::REFCOUNT_OVERFLOW)?;
    if session.machine.is_none() || session.process != std::process::id() {
        session.machine = Some(scan()?);
        session.process = std::process::id();
    }
    session.openers = more;
    Ok(())
}

/// Takes an opener back. One too many is INIT_ERROR, as in AMD's library.
pub(crate) fn close() -> Outcome {
    let mut session = SESSION.write().unwrap_or_else(PoisonError::into_inner);
    session.openers = session.openers.checked_sub(1).ok_or(Status::INIT_ERROR)?;
    if session.openers == 0 {
        session.machine = None;
    }
    Ok(())
}

/// The machine; nothing before the opening.
pub(crate) fn machine() -> Result<Option<Arc<Machine>>, Status> {
    {
        let session = SESSION.read().unwrap_or_else(PoisonError::into_inner);
        if session.machine.is_none() || session.process == std::process::id() {
            return Ok(session.machine.clone());
        }
    }
    let mut session = SESSION.write().unwrap_or_else(PoisonError::into_inner);
    if session.process != std::process::id() {
        session.machine = Some(scan()?);
        session.process = std::process::id();
    }
    Ok(session.machine.clone())
}

/// The GPU of an index. Before the opening there is none, which is INVALID_ARGS as in AMD's library.
pub(crate) fn gpu(index: u32) -> Result<Gpu, Status> {
    let machine = machine()?.ok_or(Status::INVAL)?;
    machine.gpus.get(index as usize).cloned().ok_or(Status::INVAL)
}
