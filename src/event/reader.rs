//! The reader of one GPU, as AMD's Python interface has it.

use std::time::Duration;

use super::kfd;
use super::{BootTime, Event, EventMask, EventSet, EventType};
use crate::error::{Error, Result};
use crate::gpu::Gpu;

/// The events of one GPU, in the shape of AMD SMI's `AmdSmiEventReader`. Returns that GPU's events only, whatever
/// other readers there are. Closed by [`EventReader::stop`], or when it is dropped.
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
    /// Subscribes to these types of events of a GPU. An empty list is valid and gives none.
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

    /// Up to `max` events: what there is, or what comes first within `timeout` (`None`: without end). An empty list
    /// when nothing came.
    ///
    /// # Errors
    /// [`Error::Stopped`] after [`EventReader::stop`], [`Error::Interrupted`] when a signal came.
    pub fn read(&mut self, timeout: impl Into<Option<Duration>>, max: usize) -> Result<Vec<Event>> {
        let mut events = Vec::new();
        self.set()?.read_batch(&mut events, max, timeout)?;
        Ok(events)
    }

    /// Up to `max` events that there are, of those later than `time`: by the driver's own time, or by their arrival
    /// where it gives none. What is not later is fetched and forgotten. Never waits.
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

    /// Closes what was opened. Calling it again does nothing.
    #[doc(alias = "amdsmi_stop_gpu_event_notification")]
    pub fn stop(&mut self) {
        self.set = None;
    }

    fn set(&mut self) -> Result<&mut EventSet> {
        self.set.as_mut().ok_or(Error::Stopped)
    }
}
