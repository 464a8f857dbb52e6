//! State from `amdsmi_init` to `amdsmi_shut_down`, and its fate in a forked child.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use amdgpu_smi::Gpu;

use crate::abi::handle::Processor;
use crate::abi::status::{Outcome, Status};
use crate::machine::{Machine, Shared, Wanted};
use crate::per_process::PerProcess;
use crate::readers::Readers;
use crate::streams::Streams;

/// One process's session. A forked child makes its own at its first call: all that it takes over is the count of openers,
/// which is an atomic number.
struct Session {
    machine: RwLock<Option<Shared>>,
    /// The events that are listened to. A child listens to none: KFD answers its parent alone.
    streams: Mutex<Option<Streams>>,
    /// The readers of one GPU each. A child has none, either.
    readers: Mutex<Readers>,
}

/// Calls of `amdsmi_init` that no `amdsmi_shut_down` has taken back. Changed under `machine`'s lock.
static OPENERS: AtomicU32 = AtomicU32::new(0);

/// The kinds of devices requested by the openers, in the bits of AMD's flags. Changed under `machine`'s lock; a child
/// inherits them.
static WANTED: AtomicU32 = AtomicU32::new(0);

static SESSION: PerProcess<Session> = PerProcess::new(Session::new(), Session::new);

/// The session of this process.
fn session() -> &'static Session {
    SESSION.get()
}

impl Session {
    const fn new() -> Session {
        Session { machine: RwLock::new(None), streams: Mutex::new(None), readers: Mutex::new(Readers::new()) }
    }

    // A thread that panicked under the lock left an `Option` that is either old or new.
    fn read(&self) -> RwLockReadGuard<'_, Option<Shared>> {
        self.machine.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock_streams(&self) -> MutexGuard<'_, Option<Streams>> {
        self.streams.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock_readers(&self) -> MutexGuard<'_, Readers> {
        self.readers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Option<Shared>> {
        self.machine.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Counts an opener; the first one scans the machine, and so does one that wants to see more than those before.
pub(crate) fn open(wanted: Wanted) -> Outcome {
    let session = session();
    let mut machine = session.write();
    let openers = OPENERS.load(Ordering::Relaxed);
    let more = openers.checked_add(1).ok_or(Status::REFCOUNT_OVERFLOW)?;
    let wanted = if openers == 0 { wanted } else { wanted.and(Wanted(WANTED.load(Ordering::Relaxed))) };
    if openers == 0 || machine.as_ref().is_none_or(|machine| machine.wanted != wanted) {
        *machine = Some(Shared::new(Machine::scan(wanted)?));
    }
    WANTED.store(wanted.0, Ordering::Relaxed);
    OPENERS.store(more, Ordering::Relaxed);
    Ok(())
}

/// Takes an opener back; after the last one nothing is kept. A surplus call is a success, as in AMD's library:
/// AMD's command calls this at exit whether or not it had opened.
pub(crate) fn close() -> Outcome {
    let session = session();
    let mut machine = session.write();
    let openers = OPENERS.load(Ordering::Relaxed);
    OPENERS.store(openers.saturating_sub(1), Ordering::Relaxed);
    if openers <= 1 {
        *machine = None;
        drop(machine);
        // Ends the thread that drains events, which must not be waited for under a lock.
        let streams = session.lock_streams().take();
        drop(streams);
        let readers = std::mem::take(&mut *session.lock_readers());
        drop(readers);
    }
    Ok(())
}

/// The machine, which stays for as long as the caller holds it, even if others shut down meanwhile.
pub(crate) fn machine() -> Result<Shared, Status> {
    let session = session();
    if let Some(machine) = &*session.read() {
        return Ok(machine.clone());
    }
    if OPENERS.load(Ordering::Relaxed) == 0 {
        return Err(Status::NOT_INIT);
    }
    // A forked child's first call: opened by the parent, not scanned here yet.
    let mut machine = session.write();
    if OPENERS.load(Ordering::Relaxed) == 0 {
        return Err(Status::NOT_INIT);
    }
    match &*machine {
        Some(machine) => Ok(machine.clone()),
        None => Ok(machine.insert(Shared::new(Machine::scan(wanted())?)).clone()),
    }
}

/// Looks at the machine anew, after its partitions have changed.
pub(crate) fn rescan() -> Outcome {
    let session = session();
    let mut machine = session.write();
    if machine.is_some() {
        *machine = Some(Shared::new(Machine::scan(wanted())?));
    }
    Ok(())
}

fn wanted() -> Wanted {
    Wanted(WANTED.load(Ordering::Relaxed))
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

/// Lends the readers.
pub(crate) fn readers<T>(lend: impl FnOnce(&mut Readers) -> T) -> T {
    lend(&mut session().lock_readers())
}
