//! What lives from `amdsmi_init` to `amdsmi_shut_down`, and what becomes of it in a forked child.

use std::sync::atomic::{AtomicPtr, AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use amdgpu_smi::Gpu;

use crate::abi::handle::Processor;
use crate::abi::status::{Outcome, Status};
use crate::machine::{Machine, Shared};
use crate::streams::Streams;

/// One process's session. A forked child makes its own at its first call.
///
/// vLLM and PyTorch fork. Whatever another thread held at that moment stays locked in the child for ever, so the
/// child must not touch its parent's locks; and what the parent scanned may be in the middle of being filled in.
/// All that a child takes over is the count of openers, which is an atomic number.
struct Session {
    /// Whose it is; 0 as long as it is nobody's.
    pid: AtomicU32,
    /// Calls of `amdsmi_init` that no `amdsmi_shut_down` has taken back. Changed under `machine`'s lock.
    openers: AtomicU32,
    machine: RwLock<Option<Shared>>,
    /// The events that are listened to. A child listens to none: KFD answers its parent alone.
    streams: Mutex<Option<Streams>>,
}

/// The session of the process that loaded the library.
static FIRST: Session = Session::new(0, 0);

/// The session of a forked child of it; null in itself.
static LATER: AtomicPtr<Session> = AtomicPtr::new(std::ptr::null_mut());

/// The session of this process.
#[allow(unsafe_code, reason = "follows a pointer to what is never freed")]
fn session() -> &'static Session {
    let pid = std::process::id();
    loop {
        let later = LATER.load(Ordering::Acquire);
        // SAFETY: null, or leaked by this function and never freed.
        let known = unsafe { later.as_ref() }.unwrap_or(&FIRST);
        match known.pid.compare_exchange(0, pid, Ordering::AcqRel, Ordering::Acquire) {
            Ok(_) => return known,
            Err(owner) if owner == pid => return known,
            Err(_) => {}
        }
        let own = Session::new(pid, known.openers.load(Ordering::Relaxed));
        let own = Box::into_raw(Box::new(own));
        if LATER.compare_exchange(later, own, Ordering::AcqRel, Ordering::Acquire).is_err() {
            // Another thread was faster.
            // SAFETY: made by `Box::into_raw` above, and given to nobody.
            drop(unsafe { Box::from_raw(own) });
        }
    }
}

impl Session {
    const fn new(pid: u32, openers: u32) -> Session {
        Session {
            pid: AtomicU32::new(pid),
            openers: AtomicU32::new(openers),
            machine: RwLock::new(None),
            streams: Mutex::new(None),
        }
    }

    // A thread that panicked under the lock left an `Option` that is either old or new.
    fn read(&self) -> RwLockReadGuard<'_, Option<Shared>> {
        self.machine.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock_streams(&self) -> MutexGuard<'_, Option<Streams>> {
        self.streams.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Option<Shared>> {
        self.machine.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Counts an opener; the first one scans the machine.
pub(crate) fn open() -> Outcome {
    let session = session();
    let mut machine = session.write();
    let openers = session.openers.load(Ordering::Relaxed);
    let more = openers.checked_add(1).ok_or(Status::REFCOUNT_OVERFLOW)?;
    if openers == 0 || machine.is_none() {
        *machine = Some(Shared::new(Machine::scan()?));
    }
    session.openers.store(more, Ordering::Relaxed);
    Ok(())
}

/// Takes an opener back; after the last one nothing is kept. A surplus call is a success, as in AMD's library:
/// AMD's command calls this at exit whether or not it had opened.
pub(crate) fn close() -> Outcome {
    let session = session();
    let mut machine = session.write();
    let openers = session.openers.load(Ordering::Relaxed);
    session.openers.store(openers.saturating_sub(1), Ordering::Relaxed);
    if openers <= 1 {
        *machine = None;
        drop(machine);
        // Ends the thread that drains events, which must not be waited for under a lock.
        let streams = session.lock_streams().take();
        drop(streams);
    }
    Ok(())
}

/// The machine, which stays for as long as the caller holds it, whoever shuts down meanwhile.
pub(crate) fn machine() -> Result<Shared, Status> {
    let session = session();
    if let Some(machine) = &*session.read() {
        return Ok(machine.clone());
    }
    if session.openers.load(Ordering::Relaxed) == 0 {
        return Err(Status::NOT_INIT);
    }
    // A forked child's first call: opened by the parent, not scanned here yet.
    let mut machine = session.write();
    if session.openers.load(Ordering::Relaxed) == 0 {
        return Err(Status::NOT_INIT);
    }
    match &*machine {
        Some(machine) => Ok(machine.clone()),
        None => Ok(machine.insert(Shared::new(Machine::scan()?)).clone()),
    }
}

/// Looks at the machine anew, after its partitions have changed.
pub(crate) fn rescan() -> Outcome {
    let session = session();
    let mut machine = session.write();
    if machine.is_some() {
        *machine = Some(Shared::new(Machine::scan()?));
    }
    Ok(())
}

/// The GPU of a handle.
pub(crate) fn gpu(processor: Processor) -> Result<Gpu, Status> {
    let machine = machine()?;
    machine.find(processor).map(|(_, gpu)| gpu.clone())
}

/// Lends the streams of events.
pub(crate) fn streams(lend: impl FnOnce(&mut Option<Streams>) -> Outcome) -> Outcome {
    lend(&mut session().lock_streams())
}
