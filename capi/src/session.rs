//! What lives from `amdsmi_init` to `amdsmi_shut_down`, and what becomes of it in a forked child.

use std::ptr::null_mut;
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU8, AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use amdgpu_smi::Gpu;
use rustix::mm::{Advice, madvise};

use crate::abi::handle::Processor;
use crate::abi::status::{Outcome, Status};
use crate::machine::{Machine, Shared, Wanted};
use crate::readers::Readers;
use crate::streams::Streams;

/// One process's session. A forked child makes its own at its first call.
///
/// vLLM and PyTorch fork. Whatever another thread held at that moment stays locked in the child for ever, so the
/// child must not touch its parent's locks; and what the parent scanned may be in the middle of being filled in.
/// All that a child takes over is the count of openers, which is an atomic number.
struct Session {
    /// The process that made it, where the kernel does not wipe.
    pid: AtomicU32,
    machine: RwLock<Option<Shared>>,
    /// The events that are listened to. A child listens to none: KFD answers its parent alone.
    streams: Mutex<Option<Streams>>,
    /// The readers of one GPU each. A child has none, either.
    readers: Mutex<Readers>,
}

/// Calls of `amdsmi_init` that no `amdsmi_shut_down` has taken back. Changed under `machine`'s lock.
static OPENERS: AtomicU32 = AtomicU32::new(0);

/// What the openers want to see, in the bits of AMD's flags. Changed under `machine`'s lock, and taken over by a child.
static WANTED: AtomicU32 = AtomicU32::new(0);

/// The session of the process that loaded the library.
static FIRST: Session = Session::new(0);

/// Set once a process uses, or is about to use, `FIRST`.
static IS_TAKEN: AtomicBool = AtomicBool::new(false);

/// Where the process's session is, in pages of its own: null before the first call. The kernel wipes them in a forked
/// child (MADV_WIPEONFORK), so a child is known even where its process id is the parent's: each is 1 in a pid namespace
/// of its own.
#[cfg_attr(target_arch = "x86_64", repr(align(4096)))]
#[cfg_attr(not(target_arch = "x86_64"), repr(align(65536)))]
struct Current(AtomicPtr<Session>);

static CURRENT: Current = Current(AtomicPtr::new(null_mut()));

/// Whether the kernel wipes `CURRENT`; gVisor does not, and there the process id has to tell a child.
static WIPES: AtomicU8 = AtomicU8::new(UNKNOWN);
const UNKNOWN: u8 = 0;
const WIPED: u8 = 1;
const KEPT: u8 = 2;

/// Asks the kernel to wipe. What is zero in the file is anonymous memory, as that has to be.
#[allow(unsafe_code, reason = "says what is to become of memory in a child")]
fn is_wiped() -> bool {
    let mut wipes = WIPES.load(Ordering::Acquire);
    if wipes == UNKNOWN {
        let pages = (&raw const CURRENT).cast_mut().cast();
        // SAFETY: the pages are this static's alone, and in this process they stay as they are.
        let advised = unsafe { madvise(pages, size_of::<Current>(), Advice::LinuxWipeOnFork) };
        wipes = if advised.is_ok() { WIPED } else { KEPT };
        WIPES.store(wipes, Ordering::Release);
    }
    wipes == WIPED
}

/// The session of this process.
#[allow(unsafe_code, reason = "follows a pointer to what is never freed")]
fn session() -> &'static Session {
    let is_wiped = is_wiped();
    loop {
        let known = CURRENT.0.load(Ordering::Acquire);
        // SAFETY: null, or `FIRST`, or leaked by this function and never freed.
        if let Some(session) = unsafe { known.as_ref() }
            && (is_wiped || session.pid.load(Ordering::Relaxed) == std::process::id())
        {
            return session;
        }
        let is_first = known.is_null() && !IS_TAKEN.load(Ordering::Acquire);
        let own = if is_first {
            // Before anybody may use it: a child that is forked from here on has to see it.
            IS_TAKEN.store(true, Ordering::SeqCst);
            FIRST.pid.store(std::process::id(), Ordering::Relaxed);
            (&raw const FIRST).cast_mut()
        } else {
            Box::into_raw(Box::new(Session::new(std::process::id())))
        };
        let is_set = CURRENT.0.compare_exchange(known, own, Ordering::AcqRel, Ordering::Acquire).is_ok();
        if !is_set && !is_first {
            // Another thread was faster.
            // SAFETY: made by `Box::into_raw` above, and given to nobody.
            drop(unsafe { Box::from_raw(own) });
        }
    }
}

impl Session {
    const fn new(pid: u32) -> Session {
        Session {
            pid: AtomicU32::new(pid),
            machine: RwLock::new(None),
            streams: Mutex::new(None),
            readers: Mutex::new(Readers::new()),
        }
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

/// The machine, which stays for as long as the caller holds it, whoever shuts down meanwhile.
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
