//! Decides when to leave a GPU alone, so that watching does not keep it awake.
//!
//! Up to kernel 6.12, each read of a power-management file or of hwmon restarts the autosuspend delay
//! (`pm_runtime_mark_last_busy` in amdgpu_pm.c): a GPU that is read once a second never suspends. So an idle GPU that
//! may suspend by itself (`power/control` is `auto`) is not read for longer than that delay. If it is still awake
//! then, it is in use (for example by a display), and it is read again, for longer each time, until the next pause.

use std::path::Path;
use std::time::{Duration, Instant};

use crate::backend::Dir;
use crate::parse::scalar;

/// Interval of the checks for autosuspend on a GPU without it.
const ASK_AGAIN: Duration = Duration::from_secs(60);
/// Length of the first reading period after a pause that the GPU stayed awake through, in pauses. It doubles with
/// each such pause.
const WATCH: u32 = 8;
/// The maximum number of doublings of [`WATCH`].
const DOUBLINGS: u32 = 5;

#[derive(Debug, Default)]
pub(super) struct Autosuspend {
    pub(super) keep_awake: bool,
    rest_until: Option<Instant>,
    watch_until: Option<Instant>,
    /// Number of consecutive pauses that the GPU stayed awake through.
    stayed: u32,
    rest: Duration,
}

impl Autosuspend {
    /// Returns `true` if the GPU, which is awake, may be read now.
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

    /// The initial state: nothing is known about the GPU.
    pub(super) fn new(keep_awake: bool) -> Autosuspend {
        Autosuspend { keep_awake, ..Autosuspend::default() }
    }

    /// Records that the GPU suspended, so the pause had its effect.
    pub(super) fn asleep(&mut self) {
        *self = Autosuspend::new(self.keep_awake);
    }

    /// Records that the GPU was read, and its usage.
    pub(super) fn was_read(&mut self, now: Instant, busy: Option<u32>, device: &dyn Dir, buf: &mut Vec<u8>) {
        if self.keep_awake {
            return;
        }
        if busy.is_some_and(|busy| busy > 0) {
            // In use: the next pause can begin as soon as the GPU is idle.
            (self.stayed, self.watch_until) = (0, None);
            return;
        }
        if self.watch_until.is_some_and(|until| now < until) {
            return;
        }
        match autosuspend_delay(device, buf) {
            Some(delay) => {
                // The kernel can add a quarter to the delay (`rpm_suspend`).
                self.rest = delay + delay / 2;
                self.rest_until = now.checked_add(self.rest);
            }
            None => self.watch_until = now.checked_add(ASK_AGAIN),
        }
    }
}

/// The idle time after which the kernel suspends the device; `None` if it does not.
fn autosuspend_delay(device: &dyn Dir, buf: &mut Vec<u8>) -> Option<Duration> {
    device.read(Path::new("power/control"), buf).ok()?;
    if scalar::text(buf).as_deref() != Some("auto") {
        return None;
    }
    // Returns EIO if the driver does not use autosuspend; a negative delay disables it.
    device.read(Path::new("power/autosuspend_delay_ms"), buf).ok()?;
    u64::try_from(scalar::signed(buf).ok()?).ok().map(Duration::from_millis)
}
