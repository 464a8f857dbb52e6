//! Readers of events: each of one GPU, with a mask, a descriptor and a queue of its own.
//!
//! AMD's functions name no reader, so all readers of a process share what [`crate::streams`] has. A reader here is a number
//! that is looked up. Several readers of one GPU each get every event, because the kernel keeps a queue for each
//! descriptor.

use std::collections::{HashMap, VecDeque};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use amdgpu_smi::event::{BufferedEvents, Event, EventKind, EventMask, WallClock};
use amdgpu_smi::{Error, Gpu, Smi};

use crate::abi::handle::Processor;
use crate::abi::status::Status;
use crate::streams::{CAPACITY, KNOWN, PASSED_OVER, subscribe};

/// The next reader's number. Never used twice, also not by a forked child.
static NEXT: AtomicU64 = AtomicU64::new(1);

/// All readers of the process.
#[derive(Debug, Default)]
pub(crate) struct Readers(Option<HashMap<u64, Arc<Reader>>>);

impl Readers {
    pub(crate) const fn new() -> Readers {
        Readers(None)
    }

    /// Keeps a reader, and numbers it.
    pub(crate) fn add(&mut self, reader: Reader) -> u64 {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        self.0.get_or_insert_default().insert(number, Arc::new(reader));
        number
    }

    /// The reader of a number, which stays for as long as the caller holds it.
    pub(crate) fn find(&self, number: u64) -> Result<Arc<Reader>, Status> {
        self.0.as_ref().and_then(|readers| readers.get(&number)).cloned().ok_or(Status::NOT_INIT)
    }

    /// Takes a reader away, if it is there.
    pub(crate) fn remove(&mut self, number: u64) -> Option<Arc<Reader>> {
        self.0.as_mut()?.remove(&number)
    }
}

/// A reader of one GPU's events.
#[derive(Debug)]
pub(crate) struct Reader {
    pub(crate) processor: Processor,
    wanted: u64,
    /// Readable while events wait, and when the reader is gone.
    ready: OwnedFd,
    queue: Mutex<Queue>,
}

#[derive(Debug)]
struct Queue {
    events: BufferedEvents,
    /// Events skipped by a read by time.
    waiting: VecDeque<Event>,
    lost: u64,
}

impl Reader {
    /// Listens to the events of `wanted` on a GPU: bit N-1 for event N.
    pub(crate) fn open(smi: &Smi, processor: Processor, gpu: &Gpu, wanted: u64) -> Result<Reader, Status> {
        let wanted = wanted & KNOWN;
        let processes = EventMask::PROCESS_START.bits() | EventMask::PROCESS_END.bits();
        let mask = wanted | EventMask::DROPPED.bits();
        let (set, _) = match subscribe(smi, gpu, mask, wanted & processes != 0) {
            // Unwanted events must not displace others in an old kernel's queue.
            Err(Error::NotSupported { .. }) => subscribe(smi, gpu, wanted, false)?,
            set => set?,
        };
        let events = set.buffered(CAPACITY)?;
        let ready = events.as_fd().try_clone_to_owned().map_err(|_| Status::OUT_OF_RESOURCES)?;
        let queue = Mutex::new(Queue { events, waiting: VecDeque::new(), lost: 0 });
        Ok(Reader { processor, wanted, ready, queue })
    }

    /// The descriptor to wait on.
    pub(crate) fn descriptor(&self) -> i32 {
        self.ready.as_raw_fd()
    }

    /// Number of events lost because a queue was full: the kernel's, this library's, or that of skipped events.
    pub(crate) fn lost(&self) -> u64 {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner).lost
    }

    /// Up to `room` events that happened later than this many nanoseconds after 1970; 0 is all. Never waits. Earlier
    /// ones stay for a later read.
    ///
    /// When no event can come any more, and none waits, that is NOT_FOUND.
    pub(crate) fn take(&self, room: usize, after: u64) -> Result<Vec<(Event, u64)>, Status> {
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        let clock = WallClock::sample();
        let time = |event: &Event| since_1970(clock.wall_time(event.time()));
        let is_wanted = |time: u64| after == 0 || time > after;
        let mut taken = Vec::new();
        for event in std::mem::take(&mut queue.waiting) {
            let time = time(&event);
            if taken.len() < room && is_wanted(time) {
                taken.push((event, time));
            } else {
                queue.waiting.push_back(event);
            }
        }
        let mut failed = None;
        while taken.len() < room {
            let event = match queue.events.try_next() {
                Ok(Some(event)) => event,
                Ok(None) => break,
                Err(error) => {
                    failed = Some(Status::from(error));
                    continue;
                }
            };
            if let EventKind::Dropped { count, .. } = &event.kind {
                queue.lost = queue.lost.saturating_add(*count);
                continue;
            }
            let number = event.kind.id().filter(|number| (1..=63).contains(number));
            if number.is_none_or(|number| 1 << (number - 1) & self.wanted == 0) {
                continue;
            }
            let time = time(&event);
            if is_wanted(time) {
                taken.push((event, time));
            } else {
                queue.pass_over(event);
            }
        }
        if !taken.is_empty() {
            return Ok(taken);
        }
        match failed {
            Some(_) if queue.events.is_ended() => Err(Status::NOT_FOUND),
            Some(error) => Err(error),
            None if queue.events.is_ended() && queue.waiting.is_empty() => Err(Status::NOT_FOUND),
            None => Ok(taken),
        }
    }
}

impl Queue {
    fn pass_over(&mut self, event: Event) {
        if self.waiting.len() >= PASSED_OVER {
            self.waiting.pop_front();
            self.lost = self.lost.saturating_add(1);
        }
        self.waiting.push_back(event);
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        // A waiting caller looks up, and finds that there is no such reader.
        let _ = rustix::io::write(&self.ready, &1u64.to_ne_bytes());
    }
}

fn since_1970(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}
