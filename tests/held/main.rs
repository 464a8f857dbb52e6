//! Tests that count the descriptors and threads of the whole process: one at a time.

#![allow(clippy::print_stdout, reason = "counts and figures are a part of the result")]

mod event_sets;
mod fleet;
mod handles;

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Lets one test at a time count. Bound first in a test, so that what the test opened is dropped before the next begins.
fn alone() -> MutexGuard<'static, ()> {
    static ONE: Mutex<()> = Mutex::new(());
    let guard = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    wait_for_threads(0);
    guard
}

/// Waits until there are so many of the library's threads: one that starts names itself, and one that ends takes a moment.
#[track_caller]
fn wait_for_threads(wanted: usize) {
    let patience = Instant::now() + Duration::from_secs(60);
    while threads() != wanted {
        assert!(Instant::now() < patience, "{} threads, not {wanted}", threads());
        std::thread::yield_now();
    }
}

fn descriptors() -> usize {
    std::fs::read_dir("/proc/self/fd").unwrap().count()
}

/// The library's threads, by their names: the test harness starts and ends threads of its own meanwhile.
fn threads() -> usize {
    let names = std::fs::read_dir("/proc/self/task").unwrap().filter_map(|task| {
        // A thread that ends in between is none.
        std::fs::read_to_string(task.ok()?.path().join("comm")).ok()
    });
    names.filter(|name| ["amdgpu-", "kfd-events"].iter().any(|prefix| name.starts_with(prefix))).count()
}
