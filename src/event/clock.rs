//! The clock of events and the wall clock.

use std::time::{Duration, SystemTime};

use rustix::time::{ClockId, clock_gettime};

use super::BootTime;

/// Number of reads of both clocks to find an undisturbed one.
const TRIES: usize = 8;

/// Nanoseconds since boot, the time of events (`CLOCK_BOOTTIME`).
pub fn boot_time() -> BootTime {
    BootTime(read(ClockId::Boottime).try_into().unwrap_or(0))
}

/// The offset between the clock of events and the wall clock at one moment.
///
/// ```
/// use amdgpu_smi::event::{WallClock, boot_time};
///
/// let clock = WallClock::sample();
/// println!("{:?} ± {:?}", clock.wall_time(boot_time()), clock.uncertainty());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WallClock {
    /// Nanoseconds from boot to 1970, usually negative: the offset of the wall clock.
    ahead: i128,
    uncertainty: Duration,
}

impl WallClock {
    /// Samples both clocks.
    pub fn sample() -> WallClock {
        let tries = (0..TRIES).map(|_| {
            let before = read(ClockId::Boottime);
            let wall = read(ClockId::Realtime);
            let after = read(ClockId::Boottime);
            // The true value is between the two readings; one nanosecond more for rounding.
            (after - before, WallClock::new(wall - (before + after) / 2, (after - before) / 2 + 1))
        });
        let best = tries.min_by_key(|(width, _)| *width);
        best.map_or_else(|| WallClock::new(0, i128::MAX), |(_, clock)| clock)
    }

    fn new(ahead: i128, uncertainty: i128) -> WallClock {
        WallClock { ahead, uncertainty: Duration::from_nanos(uncertainty.try_into().unwrap_or(u64::MAX)) }
    }

    /// Converts an event's time to the wall clock, as if the wall clock had always run as it does now.
    ///
    /// Accurate to [`WallClock::uncertainty`] for times near the sample. If the wall clock was set or corrected
    /// between the event and the sample, the result includes the change. For accurate times, take a new sample for
    /// each event, and compare [`BootTime`]s with each other, not wall times.
    pub fn wall_time(&self, time: BootTime) -> SystemTime {
        let nanoseconds = i128::from(time.0) + self.ahead;
        let distance = Duration::from_nanos(nanoseconds.unsigned_abs().try_into().unwrap_or(u64::MAX));
        let epoch = SystemTime::UNIX_EPOCH;
        let shifted = if nanoseconds < 0 { epoch.checked_sub(distance) } else { epoch.checked_add(distance) };
        shifted.unwrap_or(epoch)
    }

    /// The uncertainty of the sample, usually less than a microsecond.
    pub fn uncertainty(&self) -> Duration {
        self.uncertainty
    }
}

fn read(clock: ClockId) -> i128 {
    let time = clock_gettime(clock);
    i128::from(time.tv_sec) * 1_000_000_000 + i128::from(time.tv_nsec)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wall_time_is_what_the_wall_shows() {
        let clock = WallClock::sample();
        let before = SystemTime::now();
        let between = clock.wall_time(boot_time());
        let after = SystemTime::now();
        // Allows for a correction of the clock during the test.
        let slack = clock.uncertainty() + Duration::from_millis(50);
        assert!(between + slack >= before && between <= after + slack, "{before:?} {between:?} {after:?}");
        assert!(clock.uncertainty() < Duration::from_millis(50));
    }

    #[test]
    fn far_times_do_not_overflow() {
        let clock = WallClock::sample();
        clock.wall_time(BootTime(u64::MAX));
        clock.wall_time(BootTime(0));
        WallClock::new(i128::from(i64::MIN), 1).wall_time(BootTime(0));
    }
}
