//! Repeats an answer until the time, the number or the user ends it.

use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::args::WatchArgs;
use crate::failure::Failure;
use crate::output::note;

/// The end of a watch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// As the options say.
    Done,
    /// By Ctrl-C or SIGTERM.
    Interrupted,
}

/// Calls `sample` at once and then at the interval, without drift. Delays are not made up for, and
/// two samples begin at least half an interval apart, also after the machine slept.
///
/// A signal ends the watch between two samples, and so does the last frame of a recording after the sample that shows it.
pub(crate) fn watch(
    interval: f64,
    args: &WatchArgs,
    mut sample: impl FnMut() -> Result<(), Failure>,
) -> Result<End, Failure> {
    let (sender, stop) = mpsc::channel();
    // The sender lives in the handler for as long as the process does. Where no handler can be set, the signal ends
    // the process as it would without one.
    let _ = ctrlc::set_handler(move || {
        let _ = sender.send(());
    });
    let interval = Duration::from_secs_f64(interval);
    let start = Instant::now();
    let end = args.watch_time.map(Duration::from_secs_f64);
    let mut next = Duration::ZERO;
    let mut count = 0u64;
    loop {
        let begun = start.elapsed();
        sample()?;
        count += 1;
        if args.iterations.is_some_and(|iterations| count >= iterations) {
            return Ok(End::Done);
        }
        if args.last_frame.get().is_some_and(|last| begun >= *last) {
            note("end of recording");
            return Ok(End::Done);
        }
        next = after(next, begun, interval).max(start.elapsed());
        if end.is_some_and(|end| next > end) {
            return Ok(End::Done);
        }
        match stop.recv_timeout(next.saturating_sub(start.elapsed())) {
            Ok(()) => return Ok(End::Interrupted),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => {
                std::thread::sleep(next.saturating_sub(start.elapsed()));
            }
        }
    }
}

/// When the next sample is due, after one that was due at `due` and begun at `begun`.
fn after(due: Duration, begun: Duration, interval: Duration) -> Duration {
    // After one that was late, the next one would cover too short a time for a rate.
    (due + interval).max(begun + interval / 2)
}

/// Seconds since 1970, to the millisecond.
pub(crate) fn timestamp() -> f64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    now.as_millis() as f64 / 1e3
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_late_sample_is_not_followed_at_once() {
        let second = Duration::from_secs(1);
        let after = |due: u64, begun: u64| {
            after(Duration::from_millis(due), Duration::from_millis(begun), second).as_millis()
        };
        assert_eq!(after(4000, 4001), 5000);
        assert_eq!(after(4000, 4400), 5000);
        // The machine slept until 9 ms before the next sample, or for long.
        assert_eq!(after(4000, 4991), 5491);
        assert_eq!(after(4000, 90_000), 90_500);
    }
}
