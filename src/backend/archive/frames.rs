//! The current frame of a recording, and the ways to move it.

use std::fmt;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use super::Archive;

/// Controls the frames of an archive. The last frame stays.
#[derive(Clone, Default)]
pub enum Frames {
    /// [`Archive::advance`] does. The default, so that what is read does not depend on when.
    #[default]
    Calls,
    /// Time does: each frame comes as long after the first as it was recorded, counted from when this was set.
    WallClock,
    /// The caller's clock chooses the frame, by the time since the first one.
    Clock(Arc<dyn Fn() -> Duration + Send + Sync>),
}

impl fmt::Debug for Frames {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Frames::Calls => "Calls",
            Frames::WallClock => "WallClock",
            Frames::Clock(_) => "Clock",
        })
    }
}

/// When the frames were recorded, and which one it is.
#[derive(Debug)]
pub(super) struct Clock {
    /// At least the first frame's, which is zero.
    times: Vec<Duration>,
    called: AtomicU32,
    turned_by: RwLock<TurnedBy>,
}

#[derive(Debug)]
enum TurnedBy {
    Calls,
    Since(Instant),
    Clock(Frames),
}

impl Clock {
    pub(super) fn new(times: Vec<Duration>) -> Clock {
        Clock { times, called: AtomicU32::new(0), turned_by: RwLock::new(TurnedBy::Calls) }
    }

    pub(super) fn frame(&self) -> u32 {
        if self.times.len() < 2 {
            return 0;
        }
        // A panic elsewhere leaves a value that is still whole.
        let time = match &*self.turned_by.read().unwrap_or_else(PoisonError::into_inner) {
            TurnedBy::Since(start) => start.elapsed(),
            TurnedBy::Clock(Frames::Clock(clock)) => clock(),
            _ => return self.called.load(Ordering::Relaxed),
        };
        let shown = self.times.partition_point(|frame| *frame <= time);
        u32::try_from(shown.saturating_sub(1)).unwrap_or(0)
    }
}

impl Archive {
    /// Number of recorded frames; 1 for a single recording.
    pub fn frame_count(&self) -> usize {
        self.held.clock.times.len()
    }

    /// When each frame was recorded, counted from the first.
    pub fn frame_times(&self) -> &[Duration] {
        &self.held.clock.times
    }

    /// The number of the current frame, from 0.
    pub fn frame(&self) -> usize {
        self.held.clock.frame() as usize
    }

    /// Chooses what turns the frames over, of this archive and its clones, and begins at the first.
    pub fn set_frames(&self, frames: Frames) {
        let clock = &self.held.clock;
        let turned_by = match frames {
            Frames::Calls => TurnedBy::Calls,
            Frames::WallClock => TurnedBy::Since(Instant::now()),
            frames @ Frames::Clock(_) => TurnedBy::Clock(frames),
        };
        clock.called.store(0, Ordering::Relaxed);
        *clock.turned_by.write().unwrap_or_else(PoisonError::into_inner) = turned_by;
    }

    /// Turns to the next frame, where calls do; `false` at the last one.
    pub fn advance(&self) -> bool {
        let clock = &self.held.clock;
        let last = u32::try_from(clock.times.len()).unwrap_or(u32::MAX).saturating_sub(1);
        let next = |frame| (frame < last).then(|| frame + 1);
        clock.called.fetch_update(Ordering::Relaxed, Ordering::Relaxed, next).is_ok()
    }
}
