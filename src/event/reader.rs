//! The event reader of one GPU, like the one of AMD's Python interface.

use std::time::Duration;

use super::kfd;
use super::{BootTime, Event, EventMask, EventSet, EventType};
use crate::error::{Error, Result};
use crate::gpu::Gpu;

/// The events of one GPU, modelled on AMD SMI's `AmdSmiEventReader`. Independent of other readers. Closed by
/// [`EventReader::stop`] or by dropping it.
///
/// ```
/// use amdgpu_smi::Smi;
/// use amdgpu_smi::event::{EventReader, EventType};
/// use std::time::Duration;
/// # fn main() -> amdgpu_smi::Result<()> {
/// # let smi = Smi::builder().root("fixtures/navi31-1x-k6.12-desktop").build()?;
/// let mut reader = EventReader::new(&smi.gpus()[0], [EventType::ThermalThrottle, EventType::VmFault])?;
/// for event in reader.read(Duration::from_millis(1), 10)? {
///     println!("{}: {}", event.kind.name(), event.message());
/// }
/// reader.stop();
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct EventReader {
    set: Option<EventSet>,
}

impl EventReader {
    /// Subscribes to these types of events of a GPU. An empty list is valid and delivers none.
    ///
    /// # Errors
    /// As [`super::EventsBuilder::open`].
    #[doc(alias = "AmdSmiEventReader")]
    pub fn new(gpu: &Gpu, types: impl IntoIterator<Item = EventType>) -> Result<EventReader> {
        let backend = &gpu.inner.backend;
        let kfd = kfd::open(&**backend, gpu.ids().kfd_id.is_ok())?;
        let mask = types.into_iter().collect::<EventMask>();
        let mut set = EventSet::new(backend.clone(), kfd, mask, Vec::new())?;
        set.add_gpu(gpu)?;
        Ok(EventReader { set: Some(set) })
    }

    /// Returns up to `max` events: those available now, or the first ones to arrive within `timeout` (`None` waits
    /// indefinitely). Returns an empty list if none arrived.
    ///
    /// # Errors
    /// [`Error::Stopped`] after [`EventReader::stop`], [`Error::Interrupted`] after a signal.
    pub fn read(&mut self, timeout: impl Into<Option<Duration>>, max: usize) -> Result<Vec<Event>> {
        let mut events = Vec::new();
        self.set()?.read_batch(&mut events, max, timeout)?;
        Ok(events)
    }

    /// Returns up to `max` available events that are later than `time`, by the driver's time or else by the time of
    /// arrival. Earlier events are fetched and dropped. Never waits.
    ///
    /// # Errors
    /// [`Error::Stopped`] after [`EventReader::stop`].
    pub fn read_since(&mut self, time: BootTime, max: usize) -> Result<Vec<Event>> {
        let set = self.set()?;
        let mut events = Vec::new();
        while events.len() < max {
            match set.try_next()? {
                Some(event) if event.time() > time => events.push(event),
                Some(_) => {}
                None => break,
            }
        }
        Ok(events)
    }

    /// Closes the descriptors. Calling it again has no effect.
    #[doc(alias = "amdsmi_stop_gpu_event_notification")]
    pub fn stop(&mut self) {
        self.set = None;
    }

    fn set(&mut self) -> Result<&mut EventSet> {
        self.set.as_mut().ok_or(Error::Stopped)
    }
}
