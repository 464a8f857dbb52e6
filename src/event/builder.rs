//! Selects events, GPUs and processes to watch.

use std::path::Path;
use std::time::Duration;

use super::kfd;
use super::refused::check_mask;
use super::{EventMask, EventSet};
use crate::discover::Smi;
use crate::error::{Error, Result};
use crate::gpu::Gpu;

/// Selects events, GPUs and processes to watch.
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

    /// Watches only these GPUs. The default is all GPUs that KFD shows.
    pub fn gpus<'b>(mut self, gpus: impl IntoIterator<Item = &'b Gpu>) -> EventsBuilder<'a> {
        self.gpus = Some(gpus.into_iter().cloned().collect());
        self
    }

    /// Watches only these events. The default is all events that this crate knows.
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

    /// Derives `PROCESS_START` and `PROCESS_END` from changes of `/sys/class/kfd/kfd/proc`, polled at this interval,
    /// as long as the kernel does not report them. These events are marked as [derived](super::Origin::Derived).
    ///
    /// Only event types in the mask are derived, and none that the kernel has reported.
    pub fn derive_processes(mut self, interval: Duration) -> EventsBuilder<'a> {
        self.derive = Some(interval.max(Duration::from_millis(1)));
        self
    }

    /// Opens `/dev/kfd` and subscribes.
    ///
    /// # Errors
    /// [`Error::NoKfd`] without `/dev/kfd`, [`Error::NoPermission`] if this user may not open it, [`Error::NoGpu`] if
    /// KFD has no GPU, [`Error::Unavailable`] during a reset, [`Error::NotSupported`] before Linux 5.8 (KFD 1.3),
    /// [`Error::GpuHidden`] for a GPU that KFD hides from this process, and [`Error::AllProcesses`] if the kernel
    /// would not report the events of all processes.
    ///
    /// A GPU given by name must work. With the default of all GPUs, those that work are watched, and
    /// [`EventSet::refused`] lists the others; if none works, the first error is returned.
    pub fn open(self) -> Result<EventSet> {
        let backend = self.smi.backend();
        let warnings = check_mask(&**backend, self.mask)?;
        let any_gpu = self.smi.gpus().iter().any(|gpu| gpu.ids().kfd_id.is_ok());
        if !any_gpu && self.gpus.is_none() {
            // From 7.3 on, opening the node without a GPU fails and logs it.
            let dev = backend.open_dir(Path::new("/dev"));
            let has_node = dev.is_ok_and(|dev| dev.meta(Path::new("kfd")).is_ok());
            let path = kfd::path();
            return Err(if has_node { Error::NoGpu { path } } else { Error::NoKfd { path } });
        }
        let kfd = kfd::open(&**backend, any_gpu)?;
        let mut set = EventSet::new(backend.clone(), kfd, self.mask, warnings)?;
        match self.gpus {
            Some(gpus) => {
                for gpu in &gpus {
                    set.add_gpu(gpu)?;
                }
            }
            None => set.add_all(self.smi.gpus())?,
        }
        if let Some(interval) = self.derive {
            set.derive_processes(interval)?;
        }
        Ok(set)
    }
}
