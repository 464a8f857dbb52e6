//! The events of the GPUs that somebody listens to, as C shares them out.
//!
//! C's functions name a GPU to begin, to choose and to end, and none to read: a read returns what happened on any GPU
//! that has a listener. So there is one set of descriptors for the process, drained by one thread into one bounded
//! queue, because clients look once a second and the kernel keeps about ten lines. The kernel is asked of each GPU for what
//! any of its listeners wants; what was queued before they chose anew is left out when it is given out.
//!
//! A reader that reads with a time leaves what is earlier to the others. If nobody takes it, it must not keep new events
//! out: each GPU has room for so many, and the oldest goes, counted.

use std::collections::VecDeque;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use amdgpu_smi::event::{BufferedEvents, Event, EventMask, EventSet, WallClock};
use amdgpu_smi::{Error, Gpu, Smi};
use rustix::event::{EventfdFlags, PollFd, PollFlags, Timespec, eventfd, poll};
use rustix::io::Errno;

use crate::abi::handle::Processor;
use crate::abi::status::{Outcome, Status};

/// Events that wait to be fetched; more are lost, the newest first, as in the kernel.
pub(crate) const CAPACITY: usize = 4096;
/// Events of one GPU that a reader has passed over; more are lost, the oldest first.
pub(crate) const PASSED_OVER: usize = 4096;
/// Interval for polling started and ended processes.
const PROCESSES: Duration = Duration::from_millis(500);
/// The events that the interface has numbers for, and the one that counts what was lost: the kernel's number, which
/// only those get who ask for it.
pub(crate) const KNOWN: u64 = (1 << LOST) - 1;
/// The number of the event for lost events.
pub(crate) const LOST: u32 = EventMask::DROPPED.bits().trailing_zeros() + 1;
/// The wish for the events of all processes.
const ALL_PROCESSES: u64 = 1 << 63;

/// One GPU's listeners.
#[derive(Debug)]
struct Stream {
    processor: Processor,
    gpu: Gpu,
    /// Number of openers that have not closed.
    openers: u32,
    /// The requested events. The openers cannot be distinguished, so their masks are combined.
    mask: u64,
    /// Events skipped by a reader, in order of arrival.
    waiting: VecDeque<(u64, Event)>,
    /// Number of lost events since the last report.
    lost: u64,
    /// The descriptor has ended, or failed.
    ended: bool,
}

/// All listeners of the process.
#[derive(Debug)]
pub(crate) struct Streams {
    events: BufferedEvents,
    /// Set if the kernel reports the events of other processes.
    all_processes: bool,
    streams: Vec<Stream>,
    /// Number of the next event that is passed over.
    arrivals: u64,
    ready: Arc<Ready>,
}

/// The result of a read.
#[derive(Debug)]
pub(crate) enum Given {
    Event(Event),
    /// So many were lost.
    Lost(u64),
}

impl Given {
    /// An `amdsmi_evt_notification_type_t`.
    pub(crate) fn number(&self) -> u32 {
        match self {
            Given::Event(event) => event.kind.id().unwrap_or(0),
            Given::Lost(_) => LOST,
        }
    }
}

impl Stream {
    fn new(processor: Processor, gpu: &Gpu) -> Stream {
        let waiting = VecDeque::new();
        Stream { processor, gpu: gpu.clone(), openers: 1, mask: 0, waiting, lost: 0, ended: false }
    }

    /// Returns `true` if an opener requested events of this number. Others are dropped, as in AMD's library.
    fn wants(&self, number: Option<u32>) -> bool {
        let bit = number.filter(|number| (1..=63).contains(number)).map_or(0, |number| 1u64 << (number - 1));
        bit & self.mask & KNOWN != 0
    }

    /// Keeps an event that a reader passed over, for the others.
    fn keep(&mut self, arrival: u64, event: Event) {
        if self.waiting.len() >= PASSED_OVER {
            self.waiting.pop_front();
            self.lost = self.lost.saturating_add(1);
        }
        self.waiting.push_back((arrival, event));
    }
}

/// A reader's wait, which does not block others.
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
        let (set, all_processes) = subscribe(smi, gpu, 0, true)?;
        let events = set.buffered(CAPACITY)?;
        let closed = eventfd(0, EventfdFlags::CLOEXEC).map_err(|_| Status::OUT_OF_RESOURCES)?;
        let readable = std::os::fd::AsFd::as_fd(&events).try_clone_to_owned();
        let readable = readable.map_err(|_| Status::OUT_OF_RESOURCES)?;
        let ready = Arc::new(Ready { events: readable, closed });
        Ok(Streams { events, all_processes, streams: vec![Stream::new(processor, gpu)], arrivals: 0, ready })
    }

    /// Listens to another GPU, or counts another listener.
    pub(crate) fn add(&mut self, processor: Processor, gpu: &Gpu) -> Outcome {
        if let Some(stream) = self.streams.iter_mut().find(|stream| stream.processor == processor) {
            let openers = stream.openers.checked_add(1).ok_or(Status::REFCOUNT_OVERFLOW)?;
            if self.events.gpu_mask(&stream.gpu).is_none() {
                // It had ended; the GPU may be back.
                self.events.add_gpu(gpu)?;
                self.events.set_gpu_mask(gpu, mask(stream.mask, self.all_processes))?;
                stream.gpu = gpu.clone();
                stream.ended = false;
            }
            stream.openers = openers;
            return Ok(());
        }
        self.events.add_gpu(gpu)?;
        self.streams.push(Stream::new(processor, gpu));
        Ok(())
    }

    /// Chooses what is listened to. A GPU's only listener may choose anew; of several, what any of them wants. A GPU
    /// whose events have ended is NOT_FOUND.
    pub(crate) fn set_mask(&mut self, processor: Processor, wanted: u64) -> Outcome {
        let stream = self.streams.iter_mut().find(|stream| stream.processor == processor);
        let stream = stream.ok_or(Status::NOT_INIT)?;
        if self.events.gpu_mask(&stream.gpu).is_none() {
            return Err(Status::NOT_FOUND);
        }
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
        }
        self.streams.is_empty()
    }

    /// Up to `room` events that there are.
    ///
    /// A GPU whose descriptor fails does not keep back what the others say. When none is left no event can come, and
    /// that is NOT_FOUND.
    pub(crate) fn take(&mut self, room: usize, which: Which) -> Result<Vec<(Processor, Given)>, Status> {
        let clock = WallClock::sample();
        let is_later = |time: SystemTime| match which {
            Which::All => true,
            Which::Since(seconds) => {
                time.duration_since(UNIX_EPOCH).is_ok_and(|time| time > Duration::from_secs(seconds))
            }
        };
        let is_wanted = |event: &Event| is_later(clock.wall_time(event.time()));
        let mut taken = if is_later(SystemTime::now()) { self.take_lost(room) } else { Vec::new() };
        self.take_waiting(room, is_wanted, &mut taken);
        let mut is_last = false;
        loop {
            let failed = self.fetch(room, is_wanted, &mut taken);
            if !taken.is_empty() {
                return Ok(taken);
            }
            if let Some(error) = failed
                && !self.mark_ended()
            {
                return Err(error);
            }
            if is_last {
                return Err(Status::NOT_FOUND);
            }
            is_last = self.is_ended();
            if !is_last {
                return Ok(taken);
            }
            // Events from before the end are in the queue by now.
        }
    }

    /// The counts of what was lost, for those who ask for them.
    fn take_lost(&mut self, room: usize) -> Vec<(Processor, Given)> {
        let lost = self.streams.iter_mut().filter(|stream| stream.lost > 0 && stream.wants(Some(LOST)));
        let lost = lost.take(room);
        lost.map(|stream| (stream.processor, Given::Lost(std::mem::take(&mut stream.lost)))).collect()
    }

    /// Events skipped by earlier readers, in order of arrival.
    fn take_waiting(
        &mut self,
        room: usize,
        is_wanted: impl Fn(&Event) -> bool,
        taken: &mut Vec<(Processor, Given)>,
    ) {
        let mut arrivals = Vec::new();
        for stream in &mut self.streams {
            let waiting = std::mem::take(&mut stream.waiting);
            stream.waiting = waiting.into_iter().filter(|(_, event)| stream.wants(event.kind.id())).collect();
            let wanted = stream.waiting.iter().filter(|(_, event)| is_wanted(event));
            arrivals.extend(wanted.map(|(arrival, _)| *arrival));
        }
        arrivals.sort_unstable();
        arrivals.truncate(room.saturating_sub(taken.len()));
        let mut found = Vec::new();
        for stream in &mut self.streams {
            let waiting = std::mem::take(&mut stream.waiting);
            for (arrival, event) in waiting {
                match arrivals.binary_search(&arrival) {
                    Ok(_) => found.push((arrival, (stream.processor, Given::Event(event)))),
                    Err(_) => stream.waiting.push_back((arrival, event)),
                }
            }
        }
        found.sort_unstable_by_key(|(arrival, _)| *arrival);
        taken.extend(found.into_iter().map(|(_, given)| given));
    }

    /// New events. Those that do not fit stay in the queue, which counts losses.
    fn fetch(
        &mut self,
        room: usize,
        is_wanted: impl Fn(&Event) -> bool,
        taken: &mut Vec<(Processor, Given)>,
    ) -> Option<Status> {
        let mut failed = None;
        while taken.len() < room {
            let event = match self.events.try_next() {
                Ok(Some(event)) => event,
                Ok(None) => break,
                Err(error) => {
                    failed = Some(error.into());
                    continue;
                }
            };
            let of_gpu = |stream: &&mut Stream| stream.gpu.bdf() == event.gpu.bdf();
            let Some(stream) = self.streams.iter_mut().find(of_gpu) else { continue };
            if !stream.wants(event.kind.id()) {
                continue;
            }
            if is_wanted(&event) {
                taken.push((stream.processor, Given::Event(event)));
            } else {
                stream.keep(self.arrivals, event);
                self.arrivals += 1;
            }
        }
        failed
    }

    /// Returns `true` if a GPU has stopped delivering events.
    fn mark_ended(&mut self) -> bool {
        let mut any = false;
        for stream in self.streams.iter_mut().filter(|stream| !stream.ended) {
            stream.ended = self.events.gpu_mask(&stream.gpu).is_none();
            any |= stream.ended;
        }
        any
    }

    /// Returns `true` if no GPU is left to deliver events.
    fn is_ended(&self) -> bool {
        self.events.is_ended()
            || self.streams.iter().all(|stream| self.events.gpu_mask(&stream.gpu).is_none())
    }

    /// The descriptor to wait on.
    pub(crate) fn ready(&self) -> Arc<Ready> {
        self.ready.clone()
    }
}

impl Drop for Streams {
    fn drop(&mut self) {
        // A waiting caller looks up and finds that there is no listener any more.
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

/// Subscribes to a GPU's events, with those of all processes if the kernel gives them; whether it does. Processes that
/// come and go are derived where there is a directory of them.
pub(crate) fn subscribe(smi: &Smi, gpu: &Gpu, wanted: u64, derive: bool) -> Result<(EventSet, bool), Error> {
    let open = |all: bool, derive: bool| {
        let builder = smi.events().gpus([gpu]).mask(mask(wanted, false)).all_processes(all);
        let builder = if derive { builder.derive_processes(PROCESSES) } else { builder };
        builder.open()
    };
    // The kernel gives the events of others to every permitted reader; a monitor wants them.
    match open(true, derive) {
        Ok(set) => Ok((set, true)),
        Err(Error::AllProcesses { .. }) => match open(false, derive) {
            // Old kernels keep no directory of processes.
            Err(Error::NotSupported { .. }) if derive => Ok((open(false, false)?, false)),
            set => Ok((set?, false)),
        },
        Err(Error::NotSupported { .. }) if derive => match open(true, false) {
            Err(Error::AllProcesses { .. }) => Ok((open(false, false)?, false)),
            set => Ok((set?, true)),
        },
        Err(error) => Err(error),
    }
}

/// The kernel's mask: the interface's is the same.
fn mask(wanted: u64, all_processes: bool) -> EventMask {
    let mut mask = EventMask::from_bits_retain(wanted & !ALL_PROCESSES);
    mask.set(EventMask::ALL_PROCESSES, all_processes);
    mask
}

#[cfg(test)]
mod tests {
    use std::os::fd::AsFd;
    use std::os::unix::net::UnixStream;
    use std::path::Path;
    use std::sync::Mutex;

    use amdgpu_smi::backend::{Backend, Dir, HostFacts, Kfd, KfdVersion, Tree};
    use amdgpu_smi::id::GpuId;

    use super::*;

    /// A machine whose descriptors end when the test says so.
    #[derive(Debug)]
    struct Ending {
        tree: Tree,
        /// The driver's ends, in the order in which they were opened.
        drivers: Arc<Mutex<Vec<Option<UnixStream>>>>,
    }

    impl Backend for Ending {
        fn open_dir(&self, path: &Path) -> std::io::Result<Arc<dyn Dir>> {
            self.tree.open_dir(path)
        }

        fn host(&self) -> HostFacts {
            self.tree.host()
        }

        fn open_kfd(&self) -> std::io::Result<Arc<dyn Kfd>> {
            Ok(Arc::new(EndingKfd(self.drivers.clone())))
        }
    }

    #[derive(Debug)]
    struct EndingKfd(Arc<Mutex<Vec<Option<UnixStream>>>>);

    impl Kfd for EndingKfd {
        fn version(&self) -> std::io::Result<KfdVersion> {
            Ok(KfdVersion { major: 1, minor: 17 })
        }

        fn smi_events(&self, _: GpuId) -> std::io::Result<OwnedFd> {
            let (reader, driver) = UnixStream::pair()?;
            reader.set_nonblocking(true)?;
            self.0.lock().unwrap().push(Some(driver));
            Ok(reader.into())
        }
    }

    struct Machine {
        drivers: Arc<Mutex<Vec<Option<UnixStream>>>>,
        smi: Smi,
        streams: Streams,
    }

    /// Listens to two GPUs.
    fn listening() -> Machine {
        let tree = Tree::open("../fixtures/phoenix-navi33-2x-k6.10-hybrid-foreign-card0").unwrap();
        let drivers = Arc::new(Mutex::new(Vec::new()));
        let backend = Arc::new(Ending { tree, drivers: drivers.clone() });
        let smi = Smi::builder().backend(backend).build().unwrap();
        let mut streams = Streams::open(&smi, Processor(0), &smi.gpus()[0]).unwrap();
        streams.add(Processor(1), &smi.gpus()[1]).unwrap();
        for processor in [Processor(0), Processor(1)] {
            streams.set_mask(processor, u64::MAX).unwrap();
        }
        Machine { drivers, smi, streams }
    }

    impl Machine {
        fn say(&self, descriptor: usize, line: &str) {
            use std::io::Write;
            self.drivers.lock().unwrap()[descriptor].as_mut().unwrap().write_all(line.as_bytes()).unwrap();
        }

        /// The driver's end is closed: the reader finds an end where all masks were taken, else ECONNRESET.
        fn end(&self, descriptor: usize, takes_masks: bool) {
            use std::io::Read;
            let mut driver = self.drivers.lock().unwrap()[descriptor].take().unwrap();
            if takes_masks {
                driver.set_nonblocking(true).unwrap();
                while driver.read(&mut [0; 64]).is_ok_and(|count| count > 0) {}
            }
        }

        /// The events within five seconds, or a status.
        fn take(&mut self) -> Result<Vec<(usize, u32)>, Status> {
            let until = Instant::now() + Duration::from_secs(5);
            loop {
                let taken = self.streams.take(10, Which::All)?;
                if !taken.is_empty() || !self.streams.ready().wait(Some(until)).unwrap() {
                    return Ok(taken.into_iter().map(|(of, given)| (of.0, given.number())).collect());
                }
            }
        }

        /// Waits until the thread has found the end of a GPU's descriptor.
        fn wait_for_end(&self, gpu: usize) {
            let until = Instant::now() + Duration::from_secs(5);
            while self.streams.events.gpu_mask(&self.smi.gpus()[gpu]).is_some() {
                assert!(Instant::now() < until, "it does not end");
                std::thread::yield_now();
            }
        }
    }

    #[test]
    fn the_others_go_on_when_one_ends() {
        for takes_masks in [true, false] {
            let mut machine = listening();
            machine.say(0, "3 1 last words\n");
            assert_eq!(machine.take(), Ok(vec![(0, 3)]));
            machine.end(0, takes_masks);
            machine.wait_for_end(0);
            assert!(machine.streams.take(10, Which::All).is_ok_and(|taken| taken.is_empty()));
            machine.say(1, "4 1 \n");
            assert_eq!(machine.take(), Ok(vec![(1, 4)]));
            assert_eq!(machine.streams.set_mask(Processor(0), 1), Err(Status::NOT_FOUND), "the one says so");
            assert_eq!(machine.streams.set_mask(Processor(1), u64::MAX), Ok(()));
            // The GPU is back: a listener begins anew.
            let gpu = machine.smi.gpus()[0].clone();
            assert_eq!(machine.streams.add(Processor(0), &gpu), Ok(()));
            machine.say(2, "3 2 again\n");
            assert_eq!(machine.take(), Ok(vec![(0, 3)]));
        }
    }

    /// Events skipped by a reader by time are kept for others, up to a limit; the oldest are dropped and counted.
    #[test]
    fn who_reads_by_time_keeps_nothing_new_out() {
        const BATCH: u64 = 100;
        let mut machine = listening();
        let future = Which::Since(u64::from(u32::MAX));
        let number = 50 * BATCH;
        let lost = number - PASSED_OVER as u64;
        machine.say(1, "4 7 \n");
        for first in (0..number).step_by(BATCH as usize) {
            for sequence in first..first + BATCH {
                machine.say(0, &format!("3 {sequence:x} cause\n"));
            }
            // With the other GPU's. Nothing is lost before it gets here.
            while machine.streams.arrivals < first + BATCH + 1 {
                assert!(machine.streams.take(10, future).unwrap().is_empty());
                std::thread::yield_now();
            }
        }
        let sequence = |given: &Given| match given {
            Given::Event(event) => event.message().to_string().split(' ').next().map(str::to_owned),
            Given::Lost(count) => Some(format!("lost {count}")),
        };
        let taken = machine.streams.take(usize::MAX, Which::All).unwrap();
        let of = |processor| taken.iter().filter(move |(of, _)| *of == processor);
        let mut of_first = of(Processor(0)).map(|(_, given)| sequence(given).unwrap());
        assert_eq!(of_first.next().unwrap(), format!("lost {lost}"));
        let expected = (lost..number).map(|sequence| format!("{sequence:x}"));
        assert!(of_first.eq(expected), "the newest, in their order");
        assert_eq!(of(Processor(1)).count(), 1);
        assert!(machine.streams.take(1, Which::All).unwrap().is_empty(), "none twice");
    }

    #[test]
    fn when_all_have_ended_nobody_waits() {
        for takes_masks in [true, false] {
            let mut machine = listening();
            machine.say(1, "3 1 last words\n");
            machine.end(0, takes_masks);
            machine.end(1, takes_masks);
            machine.wait_for_end(0);
            machine.wait_for_end(1);
            let last = machine.take();
            // A reset connection forgets what was not fetched.
            assert!(last == Ok(vec![(1, 3)]) || last == Err(Status::NOT_FOUND) && !takes_masks, "{last:?}");
            assert_eq!(machine.take(), Err(Status::NOT_FOUND));
            assert!(is_readable(machine.streams.events.as_fd()), "a waiting reader looks up");
        }
    }

    fn is_readable(fd: std::os::fd::BorrowedFd<'_>) -> bool {
        let now = Timespec { tv_sec: 0, tv_nsec: 0 };
        poll(&mut [PollFd::new(&fd, PollFlags::IN)], Some(&now)) == Ok(1)
    }
}
