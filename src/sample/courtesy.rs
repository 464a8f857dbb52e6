//! When to leave a GPU alone, so that watching it does not keep it awake.
//!
//! Until kernel 6.12 each reading of a power-management file or of hwmon begins the autosuspend delay anew
//! (`pm_runtime_mark_last_busy` in amdgpu_pm.c): a GPU that is read once a second never sleeps. So a GPU that
//! may sleep by itself (`power/control` says `auto`) and is idle is not read for longer than that delay. If it
//! has not fallen asleep by then, somebody uses it (a monitor hangs on it), and it is read again, each time for
//! longer, until the next try.

use std::path::Path;
use std::time::{Duration, Instant};

use crate::backend::Dir;
use crate::parse::scalar;

/// Where there is no autosuspend, whether there is one now is asked that rarely.
const ASK_AGAIN: Duration = Duration::from_secs(60);
/// How many rests long a GPU is read after it stayed awake the first time; twice that after the second.
const WATCH: u32 = 8;
/// The most doublings of [`WATCH`].
const DOUBLINGS: u32 = 5;

#[derive(Debug, Default)]
pub(super) struct Courtesy {
    pub(super) keep_awake: bool,
    rest_until: Option<Instant>,
    watch_until: Option<Instant>,
    /// How many rests in a row the GPU stayed awake through.
    stayed: u32,
    rest: Duration,
}

impl Courtesy {
    /// Whether the GPU, which is awake, may be read now.
    pub(super) fn allows(&mut self, now: Instant) -> bool {
        match self.rest_until {
            Some(until) if now < until => false,
            Some(_) => {
                self.rest_until = None;
                self.watch_until = now.checked_add(self.rest * (WATCH << self.stayed));
                self.stayed = (self.stayed + 1).min(DOUBLINGS);
                true
            }
            None => true,
        }
    }

    /// As at the beginning: nothing is known of the GPU.
    pub(super) fn new(keep_awake: bool) -> Courtesy {
        Courtesy { keep_awake, ..Courtesy::default() }
    }

    /// The GPU fell asleep: that was what the rest was for.
    pub(super) fn asleep(&mut self) {
        *self = Courtesy::new(self.keep_awake);
    }

    /// Takes note that the GPU was read, and how busy it was.
    pub(super) fn was_read(&mut self, now: Instant, busy: Option<u32>, device: &dyn Dir, buf: &mut Vec<u8>) {
        if self.keep_awake {
            return;
        }
        if busy.is_some_and(|busy| busy > 0) {
            // In use; once it is idle again it may rest at once.
            (self.stayed, self.watch_until) = (0, None);
            return;
        }
        if self.watch_until.is_some_and(|until| now < until) {
            return;
        }
        match autosuspend_delay(device, buf) {
            Some(delay) => {
                // The kernel may add a quarter to the delay (`rpm_suspend`).
                self.rest = delay + delay / 2;
                self.rest_until = now.checked_add(self.rest);
            }
            None => self.watch_until = now.checked_add(ASK_AGAIN),
        }
    }
}

/// After how long of idleness the kernel suspends the device; `None` if it does not.
fn autosuspend_delay(device: &dyn Dir, buf: &mut Vec<u8>) -> Option<Duration> {
    device.read(Path::new("power/control"), buf).ok()?;
    if scalar::text(buf).as_deref() != Some("auto") {
        return None;
    }
    // EIO where the driver does not use autosuspend; a negative delay forbids it.
    device.read(Path::new("power/autosuspend_delay_ms"), buf).ok()?;
    u64::try_from(scalar::signed(buf).ok()?).ok().map(Duration::from_millis)
}
