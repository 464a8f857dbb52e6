//! Answering again and again until the time, the number or the user's patience is over.

use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::args::WatchArgs;
use crate::failure::Failure;

/// The end of a watch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// As the options say.
    Done,
    /// By Ctrl-C or SIGTERM.
    Interrupted,
}

/// Calls `sample` now and then at the interval, without drift: what took longer than that is not made up for.
///
/// A signal ends the watch between two samples.
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
        sample()?;
        count += 1;
        if args.iterations.is_some_and(|iterations| count >= iterations) {
            return Ok(End::Done);
        }
        next = (next + interval).max(start.elapsed());
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

/// Seconds since 1970, to the millisecond.
pub(crate) fn timestamp() -> f64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    now.as_millis() as f64 / 1e3
}
