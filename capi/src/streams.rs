//! The events of the GPUs that somebody listens to, as C shares them out.
//!
//! C's functions name a GPU to begin, to choose and to end, and none to read: a read returns what happened on any GPU
//! that has a listener. So there is one set of descriptors for the process, drained by one thread into one bounded
//! queue, because clients look once a second and the kernel keeps about ten lines. The kernel is asked of each GPU for what
//! any of its listeners wants; what was queued before they chose anew is left out when it is given out.

use std::collections::VecDeque;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::{Duration, Instant};

use amdgpu_smi::event::{BufferedEvents, Event, EventMask, WallClock};
use amdgpu_smi::{Error, Gpu, Smi};
use rustix::event::{EventfdFlags, PollFd, PollFlags, Timespec, eventfd, poll};
use rustix::io::Errno;

use crate::abi::handle::Processor;
use crate::abi::status::{Outcome, Status};

/// Events that wait to be read; more are lost, the newest first, as in the kernel.
const CAPACITY: usize = 4096;
/// How often processes are looked for that came or went.
const PROCESSES: Duration = Duration::from_millis(500);
/// The events that the interface has numbers for.
const KNOWN: u64 = (1 << 13) - 1;
/// The wish for the events of all processes.
const ALL_PROCESSES: u64 = 1 << 63;

/// One GPU's listeners.
#[derive(Debug)]
struct Stream {
    processor: Processor,
    gpu: Gpu,
    /// How many began and did not end.
    openers: u32,
    /// What they asked for. Of several nobody can be told apart, so their wishes are put together.
    mask: u64,
}

/// All listeners of the process.
#[derive(Debug)]
pub(crate) struct Streams {
    events: BufferedEvents,
    /// Whether the kernel gives this process the events of others.
    all_processes: bool,
    streams: Vec<Stream>,
    /// What was fetched, and read by nobody yet.
    pending: VecDeque<Event>,
    ready: Arc<Ready>,
}

/// What a reader waits for, without holding up the others.
#[derive(Debug)]
pub(crate) struct Ready {
    events: OwnedFd,
    /// Made readable for ever when the listeners are gone.
    closed: OwnedFd,
}

/// Which events a read takes.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Which {
    All,
    /// Those later than this many seconds after 1970.
    Since(u64),
}

impl Streams {
    /// Listens to a GPU, the first of the process.
    pub(crate) fn open(smi: &Smi, processor: Processor, gpu: &Gpu) -> Result<Streams, Status> {
        let open = |all: bool, derive: bool| {
            let builder = smi.events().gpus([gpu]).mask(mask(0, false)).all_processes(all);
            let builder = if derive { builder.derive_processes(PROCESSES) } else { builder };
            builder.open()
        };
        // The kernel gives the events of others to who may have them; a monitor wants them.
        let (set, all_processes) = match open(true, true) {
            Ok(set) => (set, true),
            Err(Error::AllProcesses { .. }) => match open(false, true) {
                // Old kernels keep no directory of processes.
                Err(Error::NotSupported { .. }) => (open(false, false)?, false),
                set => (set?, false),
            },
            Err(Error::NotSupported { .. }) => match open(true, false) {
                Err(Error::AllProcesses { .. }) => (open(false, false)?, false),
                set => (set?, true),
            },
            Err(error) => return Err(error.into()),
        };
        let events = set.buffered(CAPACITY)?;
        let closed = eventfd(0, EventfdFlags::CLOEXEC).map_err(|_| Status::OUT_OF_RESOURCES)?;
        let readable = std::os::fd::AsFd::as_fd(&events).try_clone_to_owned();
        let readable = readable.map_err(|_| Status::OUT_OF_RESOURCES)?;
        let ready = Arc::new(Ready { events: readable, closed });
        let stream = Stream { processor, gpu: gpu.clone(), openers: 1, mask: 0 };
        Ok(Streams { events, all_processes, streams: vec![stream], pending: VecDeque::new(), ready })
    }

    /// Listens to another GPU, or counts another listener.
    pub(crate) fn add(&mut self, processor: Processor, gpu: &Gpu) -> Outcome {
        if let Some(stream) = self.streams.iter_mut().find(|stream| stream.processor == processor) {
            stream.openers = stream.openers.checked_add(1).ok_or(Status::REFCOUNT_OVERFLOW)?;
            return Ok(());
        }
        self.events.add_gpu(gpu)?;
        self.streams.push(Stream { processor, gpu: gpu.clone(), openers: 1, mask: 0 });
        Ok(())
    }

    /// Chooses what is listened to. A GPU's only listener may choose anew; of several, what any of them wants.
    pub(crate) fn set_mask(&mut self, processor: Processor, wanted: u64) -> Outcome {
        let stream = self.streams.iter_mut().find(|stream| stream.processor == processor);
        let stream = stream.ok_or(Status::NOT_INIT)?;
        stream.mask = if stream.openers > 1 { stream.mask | wanted } else { wanted };
        Ok(self.events.set_gpu_mask(&stream.gpu, mask(stream.mask, self.all_processes))?)
    }

    /// Takes a listener away. Whether none is left at all.
    pub(crate) fn remove(&mut self, processor: Processor) -> bool {
        let Some(at) = self.streams.iter().position(|stream| stream.processor == processor) else {
            return false;
        };
        let Some(stream) = self.streams.get_mut(at) else { return false };
        stream.openers -= 1;
        if stream.openers == 0 {
            let stream = self.streams.swap_remove(at);
            self.events.remove_gpu(&stream.gpu);
            self.pending.retain(|event| event.gpu.bdf() != stream.gpu.bdf());
        }
        self.streams.is_empty()
    }

    /// Up to `room` events that there are.
    pub(crate) fn take(&mut self, room: usize, which: Which) -> Result<Vec<(Processor, Event)>, Status> {
        // What does not fit stays in the other queue, which counts what it loses.
        while self.pending.len() < CAPACITY {
            match self.events.try_next() {
                Ok(Some(event)) => self.pending.push_back(event),
                Ok(None) => break,
                Err(error) if self.pending.is_empty() => return Err(error.into()),
                // A GPU that fails does not keep back what others said.
                Err(_) => {}
            }
        }
        let clock = WallClock::sample();
        let is_wanted = |event: &Event| match which {
            Which::All => true,
            Which::Since(seconds) => {
                let wall = clock.wall_time(event.time()).duration_since(std::time::UNIX_EPOCH);
                wall.is_ok_and(|time| time > Duration::from_secs(seconds))
            }
        };
        let mut taken = Vec::new();
        let mut kept = VecDeque::with_capacity(self.pending.len());
        for event in self.pending.drain(..) {
            let of_gpu = |stream: &&Stream| stream.gpu.bdf() == event.gpu.bdf();
            let Some(stream) = self.streams.iter().find(of_gpu) else { continue };
            let bit = event.kind.id().filter(|id| (1..=63).contains(id)).map_or(0, |id| 1u64 << (id - 1));
            if bit & stream.mask & KNOWN == 0 {
                // Not wanted, or without a number in this interface: AMD's library delivers neither.
                continue;
            }
            if taken.len() < room && is_wanted(&event) {
                taken.push((stream.processor, event));
            } else {
                kept.push_back(event);
            }
        }
        self.pending = kept;
        if taken.is_empty() && self.events.is_ended() {
            // The descriptors of all GPUs failed: waiting would be for ever.
            return Err(Status::NOT_FOUND);
        }
        Ok(taken)
    }

    /// What to wait on.
    pub(crate) fn ready(&self) -> Arc<Ready> {
        self.ready.clone()
    }
}

impl Drop for Streams {
    fn drop(&mut self) {
        // Whoever waits looks up and finds that nobody listens any more.
        let _ = rustix::io::write(&self.ready.closed, &1u64.to_ne_bytes());
    }
}

impl Ready {
    /// Waits until something may have happened; false when the time is over. A signal ends it.
    pub(crate) fn wait(&self, until: Option<Instant>) -> Result<bool, Status> {
        let mut descriptors =
            [PollFd::new(&self.events, PollFlags::IN), PollFd::new(&self.closed, PollFlags::IN)];
        let left = until.map(|until| until.saturating_duration_since(Instant::now()));
        let left = left.map(|left| Timespec {
            tv_sec: i64::try_from(left.as_secs()).unwrap_or(i64::MAX),
            tv_nsec: left.subsec_nanos().into(),
        });
        match poll(&mut descriptors, left.as_ref()) {
            Ok(count) => Ok(count > 0),
            Err(Errno::INTR) => Err(Status::INTERRUPT),
            Err(_) => Err(Status::IO),
        }
    }
}

/// The kernel's mask: the interface's is the same.
fn mask(wanted: u64, all_processes: bool) -> EventMask {
    let mut mask = EventMask::from_bits_retain(wanted & !ALL_PROCESSES);
    mask.set(EventMask::ALL_PROCESSES, all_processes);
    mask
}
