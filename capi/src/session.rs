//! What lives from `amdsmi_init` to `amdsmi_shut_down`, and what becomes of it in a forked child.

use std::ptr::null_mut;
use std::sync::atomic::{AtomicPtr, AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use amdgpu_smi::Gpu;
use rustix::mm::{Advice, MapFlags, ProtFlags, madvise, mmap_anonymous, munmap};

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
    /// The process that made it.
    pid: u32,
    machine: RwLock<Option<Shared>>,
    /// The events that are listened to. A child listens to none: KFD answers its parent alone.
    streams: Mutex<Option<Streams>>,
}

/// Calls of `amdsmi_init` that no `amdsmi_shut_down` has taken back. Changed under `machine`'s lock.
static OPENERS: AtomicU32 = AtomicU32::new(0);

/// Where the process's session is: null before the first call. The kernel wipes it in a forked child
/// (MADV_WIPEONFORK), so a child is known even where its process id is the parent's: each is 1 in a pid namespace of
/// its own.
type Current = AtomicPtr<Session>;

/// The wiped page; null before the first call.
static WIPED: AtomicPtr<Current> = AtomicPtr::new(null_mut());

/// Stands in for the page where the kernel cannot wipe (gVisor): there the process id tells a child.
static KEPT: Current = AtomicPtr::new(null_mut());

/// Maps a page that a child finds zero. All zero is a null pointer.
#[allow(unsafe_code, reason = "maps a page")]
fn map_wiped() -> Option<*mut Current> {
    const LENGTH: usize = size_of::<Current>();
    // SAFETY: a new mapping at no address in particular.
    let page =
        unsafe { mmap_anonymous(null_mut(), LENGTH, ProtFlags::READ | ProtFlags::WRITE, MapFlags::PRIVATE) };
    let page = page.ok()?;
    // SAFETY: the mapping just made, which nobody else knows.
    unsafe {
        if madvise(page, LENGTH, Advice::LinuxWipeOnFork).is_err() {
            let _ = munmap(page, LENGTH);
            return None;
        }
    }
    Some(page.cast())
}

/// Where the process's session is.
#[allow(unsafe_code, reason = "follows a pointer to a page that is never unmapped")]
fn current() -> &'static Current {
    let mut page = WIPED.load(Ordering::Acquire);
    if page.is_null() {
        let own = map_wiped().unwrap_or((&raw const KEPT).cast_mut());
        page = match WIPED.compare_exchange(null_mut(), own, Ordering::AcqRel, Ordering::Acquire) {
            Ok(_) => own,
            // Another thread was faster; this page, if it is one, stays empty.
            Err(theirs) => theirs,
        };
    }
    // SAFETY: set once, to a mapping that stays for as long as the process, or to a static.
    unsafe { &*page }
}

/// The session of this process.
#[allow(unsafe_code, reason = "follows a pointer to what is never freed")]
fn session() -> &'static Session {
    let current = current();
    let is_wiped = !std::ptr::eq(current, &KEPT);
    loop {
        let known = current.load(Ordering::Acquire);
        // SAFETY: null, or leaked by this function and never freed.
        if let Some(session) = unsafe { known.as_ref() }
            && (is_wiped || session.pid == std::process::id())
        {
            return session;
        }
        let own = Box::into_raw(Box::new(Session::new(std::process::id())));
        if current.compare_exchange(known, own, Ordering::AcqRel, Ordering::Acquire).is_err() {
            // Another thread was faster.
            // SAFETY: made by `Box::into_raw` above, and given to nobody.
            drop(unsafe { Box::from_raw(own) });
        }
    }
}

impl Session {
    fn new(pid: u32) -> Session {
        Session { pid, machine: RwLock::new(None), streams: Mutex::new(None) }
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
    let openers = OPENERS.load(Ordering::Relaxed);
    let more = openers.checked_add(1).ok_or(Status::REFCOUNT_OVERFLOW)?;
    if openers == 0 || machine.is_none() {
        *machine = Some(Shared::new(Machine::scan()?));
    }
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
