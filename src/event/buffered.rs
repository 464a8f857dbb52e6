//! An event set that a separate thread drains.

use std::collections::VecDeque;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use rustix::event::{EventfdFlags, PollFd, PollFlags, eventfd, poll};
use rustix::io::Errno;

use super::set::{Deadline, made_up, set_readable};
use super::{Event, EventKind, EventMask, EventSet, Origin, boot_time, kfd};
use crate::backend::lock;
use crate::error::{Error, Op, Result};
use crate::gpu::Gpu;
use crate::id::Pid;

/// Maximum number of events that the thread fetches before it releases the set to others.
const BATCH: usize = 256;

/// An event set that a separate thread drains, so that the kernel's small queue does not overflow. Created by
/// [`EventSet::buffered`].
///
/// As a file descriptor, it is readable while there are events. Dropping it ends the thread.
#[derive(Debug)]
pub struct BufferedEvents {
    shared: Arc<SharedEvents>,
    stop: OwnedFd,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct SharedEvents {
    set: Mutex<EventSet>,
    queue: Mutex<EventQueue>,
    /// Readable while the queue is not empty. Changed only under the queue's lock.
    ready: OwnedFd,
}

#[derive(Debug)]
struct EventQueue {
    events: VecDeque<Result<Event>>,
    capacity: usize,
    /// Events that did not fit since the last count was delivered, per GPU.
    lost: Vec<(Gpu, u64)>,
    lost_ever: u64,
    readable: bool,
    /// Set when no further event can come.
    ended: bool,
}

impl EventSet {
    /// Drains the set in a separate thread into a queue of `capacity` events, so that the kernel's small queue does
    /// not overflow while the program is busy. Events that do not fit are counted, and the count is delivered as
    /// [`EventKind::Dropped`] with [`Origin::Queue`].
    ///
    /// # Errors
    /// [`Error::Io`] without a free descriptor or thread.
    pub fn buffered(self, capacity: usize) -> Result<BufferedEvents> {
        BufferedEvents::new(self, capacity)
    }
}

impl BufferedEvents {
    fn new(set: EventSet, capacity: usize) -> Result<BufferedEvents> {
        let failed = |error: std::io::Error| kfd::call_error(Op::Wait, &error);
        let flags = EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK;
        let ready = eventfd(0, flags).map_err(|error| failed(error.into()))?;
        let stop = eventfd(0, flags).map_err(|error| failed(error.into()))?;
        let incoming = set.as_fd().try_clone_to_owned().map_err(failed)?;
        let told_to_stop = stop.try_clone().map_err(failed)?;
        let queue = EventQueue {
            events: VecDeque::new(),
            capacity: capacity.max(1),
            lost: Vec::new(),
            lost_ever: 0,
            readable: false,
            ended: false,
        };
        let shared = Arc::new(SharedEvents { set: Mutex::new(set), queue: Mutex::new(queue), ready });
        let of_thread = shared.clone();
        let thread = std::thread::Builder::new()
            .name("amdgpu-events".into())
            .spawn(move || of_thread.drain(&incoming, &told_to_stop))
            .map_err(failed)?;
        Ok(BufferedEvents { shared, stop, thread: Some(thread) })
    }

    /// Returns the next event, if there is one. Never blocks.
    ///
    /// # Errors
    /// As [`EventSet::try_next`].
    pub fn try_next(&mut self) -> Result<Option<Event>> {
        lock(&self.shared.queue).take(&self.shared.ready).transpose()
    }

    /// Waits for the next event, like [`EventSet::wait`].
    ///
    /// # Errors
    /// As [`EventSet::wait`].
    pub fn wait(&mut self, timeout: impl Into<Option<Duration>>) -> Result<Option<Event>> {
        let deadline = Deadline::new(timeout.into());
        loop {
            let ended = {
                let mut queue = lock(&self.shared.queue);
                if let Some(result) = queue.take(&self.shared.ready) {
                    return result.map(Some);
                }
                queue.ended
            };
            if ended {
                return Ok(None);
            }
            if !deadline.wait_for(self.shared.ready.as_fd())? {
                return self.try_next();
            }
        }
    }

    /// Adds events to `events`, like [`EventSet::read_batch`].
    ///
    /// # Errors
    /// As [`EventSet::read_batch`].
    pub fn read_batch(
        &mut self,
        events: &mut Vec<Event>,
        max: usize,
        timeout: impl Into<Option<Duration>>,
    ) -> Result<usize> {
        if max == 0 {
            return Ok(0);
        }
        let Some(first) = self.wait(timeout)? else { return Ok(0) };
        events.push(first);
        let mut added = 1;
        let mut queue = lock(&self.shared.queue);
        while added < max && !matches!(queue.events.front(), Some(Err(_))) {
            let Some(Ok(event)) = queue.take(&self.shared.ready) else { break };
            events.push(event);
            added += 1;
        }
        Ok(added)
    }

    /// Returns `true` if no further event can come, like [`EventSet::is_ended`].
    pub fn is_ended(&self) -> bool {
        let queue = lock(&self.shared.queue);
        queue.ended && queue.events.is_empty() && queue.lost.is_empty()
    }

    /// The number of events that did not fit in the queue since it was created.
    pub fn lost(&self) -> u64 {
        lock(&self.shared.queue).lost_ever
    }

    /// Changes the mask of all GPUs, like [`EventSet::set_mask`].
    ///
    /// # Errors
    /// As [`EventSet::set_mask`].
    pub fn set_mask(&mut self, mask: impl Into<EventMask>) -> Result<()> {
        lock(&self.shared.set).set_mask(mask)
    }

    /// Changes the mask of one GPU, like [`EventSet::set_gpu_mask`].
    ///
    /// # Errors
    /// As [`EventSet::set_gpu_mask`].
    pub fn set_gpu_mask(&mut self, gpu: &Gpu, mask: impl Into<EventMask>) -> Result<()> {
        lock(&self.shared.set).set_gpu_mask(gpu, mask)
    }

    /// The mask of a GPU, like [`EventSet::gpu_mask`]. When a GPU is no longer watched, all of its events are in the
    /// queue.
    pub fn gpu_mask(&self, gpu: &Gpu) -> Option<EventMask> {
        lock(&self.shared.set).gpu_mask(gpu)
    }

    /// Adds a GPU, like [`EventSet::add_gpu`].
    ///
    /// # Errors
    /// As [`EventSet::add_gpu`].
    pub fn add_gpu(&mut self, gpu: &Gpu) -> Result<()> {
        self.shared.change(|set| set.add_gpu(gpu))
    }

    /// Removes a GPU, like [`EventSet::remove_gpu`]. Events already in the queue are still delivered.
    pub fn remove_gpu(&mut self, gpu: &Gpu) {
        self.shared.change(|set| set.remove_gpu(gpu));
    }
}

impl AsFd for BufferedEvents {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.shared.ready.as_fd()
    }
}

/// For runtimes that need a number; it stays the same for the lifetime of the set.
impl AsRawFd for BufferedEvents {
    fn as_raw_fd(&self) -> RawFd {
        self.shared.ready.as_raw_fd()
    }
}

/// An error is an item, not the end; the iterator ends when no GPU is left.
impl Iterator for BufferedEvents {
    type Item = Result<Event>;

    fn next(&mut self) -> Option<Result<Event>> {
        self.wait(None).transpose()
    }
}

impl Drop for BufferedEvents {
    fn drop(&mut self) {
        set_readable(&self.stop, true);
        if let Some(thread) = self.thread.take() {
            // The thread does not panic; if it did, drop could not report it.
            let _ = thread.join();
        }
    }
}

impl SharedEvents {
    /// Changes the watched GPUs, and with them the end of the set. The set's lock is taken before the queue's.
    fn change<T>(&self, change: impl FnOnce(&mut EventSet) -> T) -> T {
        let mut set = lock(&self.set);
        let result = change(&mut set);
        let mut queue = lock(&self.queue);
        queue.ended = set.is_ended();
        queue.show(&self.ready);
        result
    }

    /// The thread's loop: fetches events as soon as they arrive, until it is stopped.
    fn drain(&self, incoming: &OwnedFd, stop: &OwnedFd) {
        let mut batch = Vec::with_capacity(BATCH);
        loop {
            let mut fds = [PollFd::new(incoming, PollFlags::IN), PollFd::new(stop, PollFlags::IN)];
            match poll(&mut fds, None) {
                Ok(_) | Err(Errno::INTR) => {}
                Err(error) => {
                    lock(&self.queue).end(kfd::call_error(Op::Wait, &error.into()), &self.ready);
                    return;
                }
            }
            if fds.get(1).is_some_and(|stop| !stop.revents().is_empty()) {
                return;
            }
            let mut set = lock(&self.set);
            while batch.len() < BATCH {
                match set.try_next().transpose() {
                    Some(result) => batch.push(result),
                    None => break,
                }
            }
            let mut queue = lock(&self.queue);
            for result in batch.drain(..) {
                queue.put(result);
            }
            queue.ended = set.is_ended();
            queue.show(&self.ready);
        }
    }
}

impl EventQueue {
    /// Queues an event, or counts it if the queue is full.
    fn put(&mut self, result: Result<Event>) {
        let Ok(event) = &result else {
            // Errors are few: each ends a descriptor or the wait.
            self.events.push_back(result);
            return;
        };
        let waiting = self.lost.iter().position(|(gpu, _)| same(gpu, &event.gpu));
        // The count takes the place of the lost events.
        if let Some(waiting) = waiting.filter(|_| self.events.len() < self.capacity) {
            let count = self.lost.swap_remove(waiting);
            self.events.push_back(Ok(dropped(count)));
        }
        if self.events.len() < self.capacity {
            self.events.push_back(result);
            return;
        }
        let count = match event.kind {
            EventKind::Dropped { count, .. } => count,
            _ => 1,
        };
        self.lost_ever = self.lost_ever.saturating_add(count);
        match self.lost.iter_mut().find(|(gpu, _)| same(gpu, &event.gpu)) {
            Some((_, lost)) => *lost = lost.saturating_add(count),
            None => self.lost.push((event.gpu.clone(), count)),
        }
    }

    fn take(&mut self, ready: &OwnedFd) -> Option<Result<Event>> {
        let first = self.events.pop_front().or_else(|| self.lost.pop().map(dropped).map(Ok));
        self.show(ready);
        first
    }

    /// Makes the descriptor readable if there is something to deliver, including the end.
    fn show(&mut self, ready: &OwnedFd) {
        let readable = !self.events.is_empty() || !self.lost.is_empty() || self.ended;
        if readable != self.readable {
            self.readable = readable;
            set_readable(ready, readable);
        }
    }

    fn end(&mut self, error: Error, ready: &OwnedFd) {
        self.events.push_back(Err(error));
        self.ended = true;
        self.show(ready);
    }
}

/// The event that reports the number of lost events.
fn dropped((gpu, count): (Gpu, u64)) -> Event {
    let kind = EventKind::Dropped { time: boot_time(), reader: Pid(std::process::id()), count };
    made_up(gpu, kind, Origin::Queue)
}

fn same(one: &Gpu, other: &Gpu) -> bool {
    one.ids().kfd_id.as_ref().ok() == other.ids().kfd_id.as_ref().ok()
}
