//! Events of several GPUs behind one descriptor.

use std::collections::VecDeque;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::event::{EventfdFlags, PollFd, PollFlags, Timespec, epoll, eventfd, poll};
use rustix::io::Errno;

use super::derived::Derived;
use super::kfd::{self, Opened};
use super::refused::{Refused, Warning, check_mask};
use super::source::EventSource;
use super::{Event, EventKind, EventMask, KfdVersion, Origin};
use crate::backend::Backend;
use crate::error::{Error, Op, Result};
use crate::gpu::Gpu;

/// The token of the descriptor that is readable while events wait in this process.
const WAITING: u64 = 0;
/// The token of the timer that polls for new processes.
const TIMER: u64 = 1;
const FIRST_SOURCE: u64 = 2;
/// Maximum number of descriptors to handle at a time.
const READY: usize = 64;

/// Events of several GPUs behind one descriptor.
///
/// As a file descriptor ([`AsFd`]), it is readable while there are events, including events that were fetched from
/// the kernel but not yet delivered. Add it to any poll, epoll or async runtime, and call [`EventSet::try_next`]
/// until it returns `None`. Spurious readiness is possible.
///
/// Created by [`Smi::events`](crate::Smi::events). Sets are independent. Dropping a set closes its descriptors.
#[derive(Debug)]
pub struct EventSet {
    backend: Arc<dyn Backend>,
    kfd: Opened,
    epoll: OwnedFd,
    waiting: OwnedFd,
    /// Set while `waiting` is readable.
    armed: bool,
    sources: Vec<EventSource>,
    /// The next GPU to deliver an event; GPUs take turns.
    turn: usize,
    next_token: u64,
    mask: EventMask,
    derived: Option<Derived>,
    /// Derived events and errors, delivered before fetched events.
    ahead: VecDeque<Result<Event>>,
    refused: Vec<Refused>,
    warnings: Vec<Warning>,
}

impl EventSet {
    pub(super) fn new(
        backend: Arc<dyn Backend>,
        kfd: Opened,
        mask: EventMask,
        warnings: Vec<Warning>,
    ) -> Result<EventSet> {
        let made = |error: Errno| kfd::call_error(Op::Wait, &error.into());
        let epoll = epoll::create(epoll::CreateFlags::CLOEXEC).map_err(made)?;
        let waiting = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK).map_err(made)?;
        let token = epoll::EventData::new_u64(WAITING);
        epoll::add(&epoll, &waiting, token, epoll::EventFlags::IN).map_err(made)?;
        Ok(EventSet {
            backend,
            kfd,
            epoll,
            waiting,
            armed: false,
            sources: Vec::new(),
            turn: 0,
            next_token: FIRST_SOURCE,
            mask,
            derived: None,
            ahead: VecDeque::new(),
            refused: Vec::new(),
            warnings,
        })
    }

    /// Watches all GPUs that can be watched; an error if none can.
    pub(super) fn add_all(&mut self, gpus: &[Gpu]) -> Result<()> {
        for gpu in gpus {
            if let Err(error) = self.add_gpu(gpu) {
                self.refused.push(Refused { gpu: gpu.clone(), error });
            }
        }
        match self.refused.first() {
            Some(refused) if self.sources.is_empty() => Err(refused.error.clone()),
            _ => Ok(()),
        }
    }

    pub(super) fn derive_processes(&mut self, interval: Duration) -> Result<()> {
        let derived = Derived::new(self.backend.clone(), interval)?;
        let token = epoll::EventData::new_u64(TIMER);
        epoll::add(&self.epoll, &derived, token, epoll::EventFlags::IN)
            .map_err(|error| kfd::call_error(Op::Wait, &error.into()))?;
        self.derived = Some(derived);
        Ok(())
    }

    /// Watches another GPU, too. Does nothing if the GPU is already watched.
    ///
    /// # Errors
    /// [`Error::GpuHidden`] for a GPU that KFD hides from this process, [`Error::NotSupported`] for a GPU that KFD
    /// does not know.
    pub fn add_gpu(&mut self, gpu: &Gpu) -> Result<()> {
        let Ok(id) = gpu.ids().kfd_id else {
            return Err(Error::NotSupported { path: "/sys/class/kfd/kfd/topology/nodes/gpu_id".into() });
        };
        if self.sources.iter().any(|source| source.id == id) {
            return Ok(());
        }
        let subscribed = |error: io::Error| kfd::subscribe_error(id, &error);
        let fd = self.kfd.kfd.smi_events(id).map_err(subscribed)?;
        let page_size = u64::try_from(self.backend.host().page_size).unwrap_or(4096);
        let mut source = EventSource::new(gpu.clone(), id, self.next_token, fd, self.kfd.version, page_size);
        source.set_mask(self.mask).map_err(|error| kfd::call_error(Op::Subscribe, &error))?;
        let token = epoll::EventData::new_u64(source.token);
        epoll::add(&self.epoll, &source.fd, token, epoll::EventFlags::IN)
            .map_err(|error| kfd::call_error(Op::Subscribe, &error.into()))?;
        self.next_token += 1;
        self.sources.push(source);
        self.refused.retain(|refused| refused.gpu.ids().kfd_id != Ok(id));
        Ok(())
    }

    /// Stops watching a GPU. Undelivered events are dropped.
    pub fn remove_gpu(&mut self, gpu: &Gpu) {
        self.remove(|source| gpu.ids().kfd_id == Ok(source.id));
    }

    fn remove(&mut self, which: impl Fn(&EventSource) -> bool) {
        let epoll = &self.epoll;
        self.sources.retain(|source| {
            let stays = !which(source);
            if !stays {
                // Closing would be enough if no copy of the descriptor existed elsewhere. An error cannot be handled.
                let _ = epoll::delete(epoll, &source.fd);
            }
            stays
        });
    }

    /// Selects other events of all GPUs from now on. Events of the old mask that the kernel has queued are still
    /// delivered.
    ///
    /// # Errors
    /// [`Error::AllProcesses`] as [`super::EventsBuilder::open`]; [`Error::Io`] if a GPU refuses the new mask; that
    /// GPU keeps the old one.
    pub fn set_mask(&mut self, mask: impl Into<EventMask>) -> Result<()> {
        let mask = mask.into();
        let warnings = check_mask(&*self.backend, mask)?;
        let mut result = Ok(());
        for source in &mut self.sources {
            let set = source.set_mask(mask).map_err(|error| kfd::call_error(Op::Subscribe, &error));
            result = result.and(set);
        }
        self.mask = mask;
        self.warnings = warnings;
        result
    }

    /// Selects other events of one GPU from now on. Events of the old mask that the kernel has queued are still
    /// delivered.
    ///
    /// ```
    /// # use amdgpu_smi::Smi;
    /// use amdgpu_smi::event::EventMask;
    /// # let smi = Smi::builder().root("fixtures/phoenix-navi33-2x-k6.10-hybrid-foreign-card0").build()?;
    /// let mut events = smi.events().mask(EventMask::GPU_PRE_RESET).open()?;
    /// let gpu = &smi.gpus()[0];
    /// events.set_gpu_mask(gpu, EventMask::GPU_PRE_RESET | EventMask::VM_FAULT)?;
    /// assert_ne!(events.gpu_mask(gpu), events.gpu_mask(&smi.gpus()[1]));
    /// # Ok::<(), amdgpu_smi::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`EventSet::set_mask`]; [`Error::NotSupported`] if the GPU is not watched.
    pub fn set_gpu_mask(&mut self, gpu: &Gpu, mask: impl Into<EventMask>) -> Result<()> {
        let mask = mask.into();
        let warnings = check_mask(&*self.backend, mask)?;
        let id = &gpu.ids().kfd_id;
        let Some(source) = self.sources.iter_mut().find(|source| *id == Ok(source.id)) else {
            return Err(Error::NotSupported { path: kfd::path() });
        };
        source.set_mask(mask).map_err(|error| kfd::call_error(Op::Subscribe, &error))?;
        self.warnings = warnings;
        Ok(())
    }

    /// The mask of GPUs without a mask of their own.
    pub fn mask(&self) -> EventMask {
        self.mask
    }

    /// The mask of a GPU; `None` if it is not watched.
    pub fn gpu_mask(&self, gpu: &Gpu) -> Option<EventMask> {
        let id = &gpu.ids().kfd_id;
        self.sources.iter().find(|source| *id == Ok(source.id)).map(|source| source.mask)
    }

    /// The watched GPUs.
    pub fn gpus(&self) -> impl Iterator<Item = &Gpu> {
        self.sources.iter().map(|source| &source.gpu)
    }

    /// The GPUs that could not be watched, with their errors, if all GPUs were selected.
    pub fn refused(&self) -> &[Refused] {
        &self.refused
    }

    /// Reasons why this set may not see selected events.
    pub fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    /// The version of KFD's interface.
    pub fn kfd_version(&self) -> KfdVersion {
        self.kfd.version
    }

    /// Returns the next event, if there is one. Never blocks.
    ///
    /// # Errors
    /// [`Error::Io`] if reading a GPU's descriptor fails. It is reported once, the GPU leaves the set, and the others
    /// continue: an error is not the end.
    pub fn try_next(&mut self) -> Result<Option<Event>> {
        loop {
            if let Some(result) = self.take() {
                self.arm(self.has_event());
                return result.map(Some);
            }
            self.arm(false);
            if !self.fetch()? {
                return Ok(None);
            }
        }
    }

    /// Waits for the next event for at most `timeout`; `None` waits indefinitely. Returns `None` after the timeout,
    /// and at once if [no event can come](EventSet::is_ended).
    ///
    /// ```no_run
    /// # use std::time::Duration;
    /// # let mut events = amdgpu_smi::Smi::new()?.events().open()?;
    /// let event = events.wait(Duration::from_secs(1))?;
    /// let event = events.wait(None)?;
    /// # Ok::<(), amdgpu_smi::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Interrupted`] after a signal; else as [`EventSet::try_next`].
    #[doc(alias = "amdsmi_get_gpu_event_notification")]
    pub fn wait(&mut self, timeout: impl Into<Option<Duration>>) -> Result<Option<Event>> {
        let deadline = Deadline::new(timeout.into());
        loop {
            if let Some(event) = self.try_next()? {
                return Ok(Some(event));
            }
            if self.is_ended() {
                return Ok(None);
            }
            if !deadline.wait_for(self.epoll.as_fd())? {
                return self.try_next();
            }
        }
    }

    /// Waits for a first event like [`EventSet::wait`], then adds the available events to `events`, up to `max`.
    /// Returns the number of added events.
    ///
    /// # Errors
    /// As [`EventSet::wait`]. An error that follows an event of the batch is kept for the next call.
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
        while added < max {
            match self.try_next() {
                Ok(Some(event)) => events.push(event),
                Ok(None) => break,
                Err(error) => {
                    self.ahead.push_front(Err(error));
                    self.arm(true);
                    break;
                }
            }
            added += 1;
        }
        Ok(added)
    }

    /// An iterator that waits for each event. An error is an item, not the end; the iterator ends when no GPU is
    /// left.
    pub fn iter(&mut self) -> Events<'_> {
        Events { set: self }
    }

    /// Returns `true` if no event can come because no GPU is left. A GPU that disappears does not end its descriptor,
    /// so on a live machine this needs a [removal](EventSet::remove_gpu) of all GPUs, or errors.
    pub fn is_ended(&self) -> bool {
        // Derived events are reported for watched GPUs only.
        self.sources.is_empty() && self.ahead.is_empty()
    }

    fn has_event(&self) -> bool {
        !self.ahead.is_empty() || self.sources.iter().any(EventSource::has_event)
    }

    /// The next fetched event.
    fn take(&mut self) -> Option<Result<Event>> {
        if let Some(first) = self.ahead.pop_front() {
            return Some(first);
        }
        let count = self.sources.len();
        for offset in 0..count {
            let index = (self.turn + offset) % count;
            let Some(event) = self.sources.get_mut(index).and_then(EventSource::next) else { continue };
            self.turn = (index + 1) % count;
            if matches!(event.kind, EventKind::ProcessStart { .. } | EventKind::ProcessEnd { .. }) {
                // The kernel reports them itself.
                self.derived = None;
            }
            return Some(Ok(event));
        }
        None
    }

    /// Fetches from all readable descriptors. Returns `true` if there was anything.
    fn fetch(&mut self) -> Result<bool> {
        self.remove(|source| source.ended);
        let mut room = [const { MaybeUninit::uninit() }; READY];
        let now = Timespec { tv_sec: 0, tv_nsec: 0 };
        let ready = match epoll::wait(&self.epoll, &mut room, Some(&now)) {
            Ok((ready, _)) => ready,
            Err(Errno::INTR) => return Ok(true),
            Err(error) => return Err(kfd::call_error(Op::Wait, &error.into())),
        };
        for event in ready.iter() {
            match event.data.u64() {
                WAITING => {}
                TIMER => self.look_for_processes(),
                token => self.fetch_from(token),
            }
        }
        Ok(!ready.is_empty())
    }

    fn fetch_from(&mut self, token: u64) {
        let Some(source) = self.sources.iter_mut().find(|source| source.token == token) else { return };
        let Err(error) = source.fetch() else { return };
        // Without memory, the kernel keeps its events: another try may work.
        if error.raw_os_error() != Some(Errno::NOMEM.raw_os_error()) {
            let _ = epoll::delete(&self.epoll, &source.fd);
            self.sources.retain(|source| source.token != token);
        }
        self.ahead.push_back(Err(kfd::call_error(Op::Read, &error)));
    }

    fn look_for_processes(&mut self) {
        let Some(derived) = &mut self.derived else { return };
        for (id, kind) in derived.look() {
            let Some(number) = kind.id() else { continue };
            let watched = self.sources.iter().find(|source| source.id == id && source.mask.has_id(number));
            let Some(source) = watched else { continue };
            self.ahead.push_back(Ok(made_up(source.gpu.clone(), kind, Origin::Derived)));
        }
    }

    /// Makes the descriptor readable, or leaves that to the kernel's queues.
    fn arm(&mut self, readable: bool) {
        if readable == self.armed {
            return;
        }
        self.armed = readable;
        set_readable(&self.waiting, readable);
    }
}

impl AsFd for EventSet {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.epoll.as_fd()
    }
}

/// For runtimes that need a number; it stays the same for the lifetime of the set.
impl AsRawFd for EventSet {
    fn as_raw_fd(&self) -> RawFd {
        self.epoll.as_raw_fd()
    }
}

impl<'a> IntoIterator for &'a mut EventSet {
    type Item = Result<Event>;
    type IntoIter = Events<'a>;

    fn into_iter(self) -> Events<'a> {
        self.iter()
    }
}

/// An iterator over the events of a set that waits for each; created by [`EventSet::iter`].
#[derive(Debug)]
pub struct Events<'a> {
    set: &'a mut EventSet,
}

impl Iterator for Events<'_> {
    type Item = Result<Event>;

    fn next(&mut self) -> Option<Result<Event>> {
        self.set.wait(None).transpose()
    }
}

/// An event of this crate, with the line that a driver would have written.
pub(super) fn made_up(gpu: Gpu, kind: EventKind<'static>, origin: Origin) -> Event {
    let mut raw = Vec::new();
    kind.print(4096, &mut raw);
    Event { gpu, kind, raw: raw.into(), arrival: super::boot_time(), origin }
}

/// Makes an eventfd readable or not.
pub(super) fn set_readable(eventfd: &OwnedFd, readable: bool) {
    // Neither can fail except in the intended state: a full counter or an empty one.
    let _ = match readable {
        true => rustix::io::write(eventfd, &1u64.to_ne_bytes()),
        false => rustix::io::read(eventfd, &mut [0; 8]),
    };
}

/// The end of a wait.
pub(super) struct Deadline(Option<Instant>);

impl Deadline {
    /// A time too far in the future counts as none.
    pub(super) fn new(timeout: Option<Duration>) -> Deadline {
        Deadline(timeout.and_then(|timeout| Instant::now().checked_add(timeout)))
    }

    /// Waits until `fd` is readable; returns `false` after the timeout.
    pub(super) fn wait_for(&self, fd: BorrowedFd<'_>) -> Result<bool> {
        let left = self.0.map(|end| end.saturating_duration_since(Instant::now()));
        let timeout = left.map(|left| Timespec {
            tv_sec: left.as_secs().try_into().unwrap_or(i64::MAX),
            tv_nsec: left.subsec_nanos().into(),
        });
        match poll(&mut [PollFd::new(&fd, PollFlags::IN)], timeout.as_ref()) {
            Ok(count) => Ok(count > 0),
            Err(Errno::INTR) => Err(Error::Interrupted),
            Err(error) => Err(kfd::call_error(Op::Wait, &error.into())),
        }
    }
}
