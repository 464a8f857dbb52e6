//! Which events to watch, of which GPUs, whose.

use std::time::Duration;

use super::kfd;
use super::refused::check_mask;
use super::{EventMask, EventSet};
use crate::discover::Smi;
use crate::error::{Error, Result};
use crate::gpu::Gpu;

/// Which events to watch.
#[derive(Debug, Clone)]
pub struct EventsBuilder<'a> {
    smi: &'a Smi,
    gpus: Option<Vec<Gpu>>,
    mask: EventMask,
    derive: Option<Duration>,
}

impl<'a> EventsBuilder<'a> {
    pub(super) fn new(smi: &'a Smi) -> EventsBuilder<'a> {
        EventsBuilder { smi, gpus: None, mask: EventMask::every_event(), derive: None }
    }

    /// Watches these GPUs only; all that KFD shows if this is not called.
    pub fn gpus<'b>(mut self, gpus: impl IntoIterator<Item = &'b Gpu>) -> EventsBuilder<'a> {
        self.gpus = Some(gpus.into_iter().cloned().collect());
        self
    }

    /// Watches these events only; all that this crate knows if this is not called.
    pub fn mask(mut self, mask: impl Into<EventMask>) -> EventsBuilder<'a> {
        self.mask = mask.into() | self.mask & EventMask::ALL_PROCESSES;
        self
    }

    /// Watches the events of all processes, not only of this one. Needs `CAP_SYS_ADMIN` in the initial user
    /// namespace.
    pub fn all_processes(mut self, all: bool) -> EventsBuilder<'a> {
        self.mask.set(EventMask::ALL_PROCESSES, all);
        self
    }

    /// Makes `PROCESS_START` and `PROCESS_END` of the changes of `/sys/class/kfd/kfd/proc`, looked at this often, as
    /// long as the kernel does not report them. They are marked as [derived](super::Origin::Derived).
    ///
    /// Only for those of the two that the mask has. What the kernel once reports is not derived any more.
    pub fn derive_processes(mut self, interval: Duration) -> EventsBuilder<'a> {
        self.derive = Some(interval.max(Duration::from_millis(1)));
        self
    }

    /// Opens `/dev/kfd` and subscribes.
    ///
    /// # Errors
    /// [`Error::NoKfd`] without `/dev/kfd`, [`Error::NoPermission`] for who may not open it, [`Error::NoGpu`] where
    /// KFD has no GPU, [`Error::Unavailable`] during a reset, [`Error::NotSupported`] before Linux 5.8 (KFD 1.3),
    /// [`Error::GpuHidden`] for a GPU that KFD does not give this process, and [`Error::AllProcesses`] where the
    /// kernel would not give the events of all.
    ///
    /// A GPU that was named must work. Of all GPUs those that do are watched, and [`EventSet::refused`] lists the
    /// others; the error is the first one's where none works.
    pub fn open(self) -> Result<EventSet> {
        let backend = self.smi.backend();
        let warnings = check_mask(&**backend, self.mask)?;
        let any_gpu = self.smi.gpus().iter().any(|gpu| gpu.ids().kfd_id.is_ok());
        let kfd = kfd::open(&**backend, any_gpu)?;
        let mut set = EventSet::new(backend.clone(), kfd, self.mask, warnings)?;
        match self.gpus {
            Some(gpus) => {
                for gpu in &gpus {
                    set.add_gpu(gpu)?;
                }
            }
            None if !any_gpu => return Err(Error::NoGpu { path: kfd::path() }),
            None => set.add_all(self.smi.gpus())?,
        }
        if let Some(interval) = self.derive {
            set.derive_processes(interval)?;
        }
        Ok(set)
    }
}
