//! Events in an async program, on tokio.

use std::fmt;
use std::io;
use std::os::fd::AsRawFd;

use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

use super::{BufferedEvents, Event, EventSet, kfd};
use crate::error::{Error, Op, Result};

/// A set of events that a task of tokio waits for. Made by [`EventSet::into_async`] and [`BufferedEvents::into_async`].
pub struct AsyncEvents<T: AsRawFd> {
    fd: AsyncFd<T>,
}

impl<T: AsRawFd + fmt::Debug> fmt::Debug for AsyncEvents<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("AsyncEvents").field(self.fd.get_ref()).finish()
    }
}

impl EventSet {
    /// Lets a task of tokio wait for the events of this set.
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use amdgpu_smi::{Smi, backend::Tree};
    ///
    /// let tree = Tree::open("fixtures/navi31-1x-k6.12-desktop")?;
    /// let smi = Smi::builder().backend(std::sync::Arc::new(tree.clone())).build()?;
    /// let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    /// runtime.block_on(async {
    ///     let mut events = smi.events().open()?.into_async()?;
    ///     tree.emit(smi.gpus()[0].ids().kfd_id.clone().unwrap(), "3 1 job hang on ring:gfx_0.0.0");
    ///     let event = events.next().await?.unwrap();
    ///     assert_eq!(event.kind.to_string(), "reset 1: job hang on ring:gfx_0.0.0");
    ///     Ok(())
    /// })
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`Error::Io`] where the runtime cannot watch one more descriptor.
    ///
    /// # Panics
    /// Outside of a runtime, and in one whose I/O is not enabled, as all of tokio's I/O does.
    pub fn into_async(self) -> Result<AsyncEvents<EventSet>> {
        AsyncEvents::new(self)
    }
}

impl BufferedEvents {
    /// Lets a task of tokio wait for the events of this set.
    ///
    /// # Errors
    /// As [`EventSet::into_async`].
    ///
    /// # Panics
    /// As [`EventSet::into_async`].
    pub fn into_async(self) -> Result<AsyncEvents<BufferedEvents>> {
        AsyncEvents::new(self)
    }
}

impl<T: AsRawFd> AsyncEvents<T> {
    /// Its successor is unsafe, because any `AsRawFd` could close its descriptor early; these two own theirs.
    #[allow(deprecated, reason = "the safe way, for types that this crate owns")]
    fn new(set: T) -> Result<AsyncEvents<T>> {
        let fd = AsyncFd::with_interest(set, Interest::READABLE).map_err(|error| failed(&error))?;
        Ok(AsyncEvents { fd })
    }

    /// The set, for its other methods.
    pub fn get_ref(&self) -> &T {
        self.fd.get_ref()
    }

    /// The set, for methods that change it.
    pub fn get_mut(&mut self) -> &mut T {
        self.fd.get_mut()
    }
}

impl AsyncEvents<EventSet> {
    /// The next event; `None` when no event can come any more. Cancelling the future loses none.
    ///
    /// # Errors
    /// As [`EventSet::try_next`].
    pub async fn next(&mut self) -> Result<Option<Event>> {
        next(&mut self.fd, EventSet::try_next, EventSet::is_ended).await
    }
}

impl AsyncEvents<BufferedEvents> {
    /// The next event; `None` when no event can come any more. Cancelling the future loses none.
    ///
    /// # Errors
    /// As [`BufferedEvents::try_next`].
    pub async fn next(&mut self) -> Result<Option<Event>> {
        next(&mut self.fd, BufferedEvents::try_next, BufferedEvents::is_ended).await
    }
}

async fn next<T: AsRawFd>(
    fd: &mut AsyncFd<T>,
    try_next: fn(&mut T) -> Result<Option<Event>>,
    is_ended: fn(&T) -> bool,
) -> Result<Option<Event>> {
    loop {
        let mut ready = fd.readable_mut().await.map_err(|error| failed(&error))?;
        match try_next(ready.get_inner_mut())? {
            None if is_ended(ready.get_inner()) => return Ok(None),
            None => ready.clear_ready(),
            event => return Ok(event),
        }
    }
}

fn failed(error: &io::Error) -> Error {
    kfd::call_error(Op::Wait, error)
}
