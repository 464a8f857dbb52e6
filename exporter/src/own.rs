//! The exporter's own resource use.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::SystemTime;

use crate::catalogue::Metric;
use crate::page::{Labels, Page};

/// Counters of the exporter itself. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct Own(Arc<Counters>);

#[derive(Debug)]
struct Counters {
    started: SystemTime,
    scrapes: AtomicU64,
    connections: AtomicUsize,
    evicted: AtomicU64,
}

impl Default for Counters {
    fn default() -> Counters {
        Counters {
            started: SystemTime::now(),
            scrapes: AtomicU64::new(0),
            connections: AtomicUsize::new(0),
            evicted: AtomicU64::new(0),
        }
    }
}

impl Own {
    pub(crate) fn scraped(&self) {
        self.0.scrapes.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn connections(&self, open: usize) {
        self.0.connections.store(open, Ordering::Relaxed);
    }

    pub(crate) fn evicted(&self) {
        self.0.evicted.fetch_add(1, Ordering::Relaxed);
    }

    /// Puts version, cost and connections of the exporter.
    pub(crate) fn put(&self, page: &mut Page) {
        let nothing: Arc<Labels> = Arc::default();
        let mut put = |metric, value: f64| page.put(metric, &nothing, Vec::new(), value);
        put(Metric::Scrapes, self.0.scrapes.load(Ordering::Relaxed) as f64);
        put(Metric::Connections, self.0.connections.load(Ordering::Relaxed) as f64);
        put(Metric::ConnectionsClosed, self.0.evicted.load(Ordering::Relaxed) as f64);
        let cpu = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
        put(Metric::ProcessCpu, cpu.tv_sec as f64 + cpu.tv_nsec as f64 / 1e9);
        if let Some(memory) = resident() {
            put(Metric::ProcessMemory, memory as f64);
        }
        if let Ok(descriptors) = std::fs::read_dir("/proc/self/fd") {
            // The listing has a descriptor of its own.
            put(Metric::ProcessDescriptors, descriptors.count().saturating_sub(1) as f64);
        }
        if let Ok(since) = self.0.started.duration_since(SystemTime::UNIX_EPOCH) {
            put(Metric::ProcessStart, since.as_secs_f64());
        }
        let version = vec![("version", env!("CARGO_PKG_VERSION").to_owned())];
        page.put(Metric::BuildInfo, &nothing, version, 1.0);
    }
}

/// Bytes of memory that this process occupies.
fn resident() -> Option<usize> {
    let statm = std::fs::read_to_string("/proc/self/statm").ok()?;
    let pages: usize = statm.split_ascii_whitespace().nth(1)?.parse().ok()?;
    pages.checked_mul(rustix::param::page_size())
}

/// A quarter of the descriptors that this process may have: for clients, and another one for samplers.
pub(crate) fn quarter_of_descriptors() -> usize {
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
    limit.and_then(|limit| usize::try_from(limit / 4).ok()).unwrap_or(usize::MAX)
}
