//! Events of the driver, counted.

use std::collections::BTreeMap;
use std::sync::Arc;

use amdgpu_smi::event::BufferedEvents;
use amdgpu_smi::id::Bdf;
use amdgpu_smi::{Gpu, Smi};

use crate::catalogue::Metric;
use crate::deadline::Deadline;
use crate::page::Page;
use crate::quantity::Names;
use crate::worker::Worker;

/// Events that wait to be counted.
const QUEUE: usize = 4096;

/// Counts the driver's events. Only on request: the set keeps `/dev/kfd` open, and the driver neither unloads nor splits
/// a package anew while a process has that (`kgd2kfd_check_and_lock_kfd`).
#[derive(Debug)]
pub(crate) struct EventCounter {
    /// Opens a set; it may hang in the driver.
    opener: Option<Worker<Smi, Option<BufferedEvents>>>,
    events: Option<BufferedEvents>,
    counts: BTreeMap<(Bdf, &'static str), u64>,
    lost: u64,
}

impl EventCounter {
    pub(crate) fn new(wanted: bool) -> EventCounter {
        let open = |smi: Smi| smi.events().open().and_then(|set| set.buffered(QUEUE)).ok();
        let opener = wanted.then(|| Worker::new("events", open).ok()).flatten();
        EventCounter { opener, events: None, counts: BTreeMap::new(), lost: 0 }
    }

    /// Watches the GPUs of this list from now on.
    pub(crate) fn start(&mut self, smi: &Smi, until: &Deadline) {
        self.stop();
        if let Some(opener) = &mut self.opener {
            opener.ask(smi.clone());
            self.events = opener.answer(until).flatten();
        }
    }

    pub(crate) fn stop(&mut self) {
        self.count();
        self.lost += self.events.take().map_or(0, |events| events.lost());
    }

    fn count(&mut self) {
        let Some(events) = &mut self.events else { return };
        while let Ok(Some(event)) = events.try_next() {
            *self.counts.entry((event.gpu.bdf(), event.kind.name())).or_default() += 1;
        }
    }

    /// Puts the counts of the GPUs that are there.
    pub(crate) fn put(&mut self, page: &mut Page, gpus: &[(&Gpu, &Names)]) {
        if let (None, Some(opener)) = (&self.events, &mut self.opener) {
            self.events = opener.overdue().flatten();
        }
        self.count();
        for ((address, event), count) in &self.counts {
            if let Some((_, names)) = gpus.iter().find(|(gpu, _)| gpu.bdf() == *address) {
                let label = vec![("event", event.to_ascii_lowercase())];
                page.put(Metric::Events, &names.own, label, *count as f64);
            }
        }
        if let Some(events) = &self.events {
            page.put(Metric::EventsLost, &Arc::default(), Vec::new(), (self.lost + events.lost()) as f64);
        }
    }
}
