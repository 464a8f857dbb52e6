//! A value of which each process has its own, also one that was forked without an exec.

use std::ptr::null_mut;
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU8, AtomicU64, Ordering};

use rustix::mm::{Advice, madvise};

/// A value that a forked child makes anew at its first use.
///
/// vLLM and PyTorch fork. Whatever another thread held at that moment stays locked in the child for ever, so the
/// child must not touch its parent's locks; and what the parent scanned may be in the middle of being filled in.
pub(crate) struct PerProcess<T: 'static> {
    /// The value of the process that loaded the library.
    first: Owned<T>,
    /// Set once a process uses, or is about to use, `first`.
    is_taken: AtomicBool,
    current: AtomicPtr<Owned<T>>,
    make: fn() -> T,
}

struct Owned<T> {
    process: AtomicU64,
    value: T,
}

impl<T> PerProcess<T> {
    pub(crate) const fn new(first: T, make: fn() -> T) -> PerProcess<T> {
        PerProcess {
            first: Owned { process: AtomicU64::new(0), value: first },
            is_taken: AtomicBool::new(false),
            current: AtomicPtr::new(null_mut()),
            make,
        }
    }

    /// The value of this process.
    #[allow(unsafe_code, reason = "follows a pointer to what is never freed")]
    pub(crate) fn get(&'static self) -> &'static T {
        let process = this_process();
        loop {
            let known = self.current.load(Ordering::Acquire);
            // SAFETY: null, or `first`, or leaked by this function and never freed.
            if let Some(own) = unsafe { known.as_ref() }
                && own.process.load(Ordering::Relaxed) == process
            {
                return &own.value;
            }
            let is_first = known.is_null() && !self.is_taken.load(Ordering::Acquire);
            let own = if is_first {
                // Before anybody may use it: a child that is forked from here on has to see it.
                self.is_taken.store(true, Ordering::SeqCst);
                self.first.process.store(process, Ordering::Relaxed);
                (&raw const self.first).cast_mut()
            } else {
                Box::into_raw(Box::new(Owned { process: AtomicU64::new(process), value: (self.make)() }))
            };
            let set = self.current.compare_exchange(known, own, Ordering::AcqRel, Ordering::Acquire);
            if set.is_err() && !is_first {
                // Another thread was faster.
                // SAFETY: made by `Box::into_raw` above, and given to nobody.
                drop(unsafe { Box::from_raw(own) });
            }
        }
    }
}

/// The number of this process, in pages of its own: 0 before it is asked for. The kernel wipes them in a forked
/// child (MADV_WIPEONFORK), so a child is known even where its process id is the parent's: each is 1 in a pid namespace
/// of its own.
#[cfg_attr(target_arch = "x86_64", repr(align(4096)))]
#[cfg_attr(not(target_arch = "x86_64"), repr(align(65536)))]
struct Pages(AtomicU64);

static PROCESS: Pages = Pages(AtomicU64::new(0));

/// Count of numbers issued here and in the processes that this one was forked from.
static NUMBERS: AtomicU64 = AtomicU64::new(0);

/// Set if the kernel wipes `PROCESS`. gVisor does not, so there the process id identifies a child.
static WIPES: AtomicU8 = AtomicU8::new(UNKNOWN);
const UNKNOWN: u8 = 0;
const WIPED: u8 = 1;
const KEPT: u8 = 2;

/// Asks the kernel to wipe. What is zero in the file is anonymous memory, as that has to be.
#[allow(unsafe_code, reason = "says what is to become of memory in a child")]
fn is_wiped() -> bool {
    let mut wipes = WIPES.load(Ordering::Acquire);
    if wipes == UNKNOWN {
        let pages = (&raw const PROCESS).cast_mut().cast();
        // SAFETY: the pages are this static's alone, and in this process they stay as they are.
        let advised = unsafe { madvise(pages, size_of::<Pages>(), Advice::LinuxWipeOnFork) };
        wipes = if advised.is_ok() { WIPED } else { KEPT };
        WIPES.store(wipes, Ordering::Release);
    }
    wipes == WIPED
}

/// A number that no other process has that this one was forked from or forks: a count, and below it the process id.
fn this_process() -> u64 {
    let is_wiped = is_wiped();
    loop {
        let known = PROCESS.0.load(Ordering::Acquire);
        // A process id has 22 bits at most (PID_MAX_LIMIT).
        if known != 0 && (is_wiped || known & 0xffff_ffff == u64::from(std::process::id())) {
            return known;
        }
        let number = NUMBERS.fetch_add(1, Ordering::Relaxed) + 1;
        let own = number << 32 | u64::from(std::process::id());
        let _ = PROCESS.0.compare_exchange(known, own, Ordering::AcqRel, Ordering::Acquire);
    }
}
