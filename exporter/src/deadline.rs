//! Until when a look may wait.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use amdgpu_smi::backend::{Answer, Fallback};

/// Interval for checking a deadline, which may have been moved forward.
pub(crate) const SLICE: Duration = Duration::from_millis(20);

/// The moment until which a look may wait. Clones share it: a scraper with less time than those before it brings it
/// forward while the look is under way.
#[derive(Debug, Clone)]
pub struct Deadline(Arc<Mutex<Instant>>);

impl Deadline {
    /// So long from now.
    pub fn after(time: Duration) -> Deadline {
        Deadline::at(Instant::now() + time)
    }

    /// At this moment.
    pub(crate) fn at(moment: Instant) -> Deadline {
        Deadline(Arc::new(Mutex::new(moment)))
    }

    fn lock(&self) -> MutexGuard<'_, Instant> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Moves it, for the next look.
    pub(crate) fn set(&self, moment: Instant) {
        *self.lock() = moment;
    }

    /// Moves it to this moment, if that is sooner.
    pub(crate) fn bring_forward(&self, moment: Instant) {
        let mut own = self.lock();
        *own = moment.min(*own);
    }

    /// The remaining time.
    pub(crate) fn left(&self) -> Duration {
        self.lock().saturating_duration_since(Instant::now())
    }

    /// The answer, if it comes until then.
    pub(crate) fn wait<T: Send + 'static>(&self, fallback: &mut Fallback<T>) -> Option<Answer<T>> {
        loop {
            let left = self.left();
            let answer = fallback.answer(left.min(SLICE));
            if answer.is_some() || left <= SLICE {
                return answer;
            }
        }
    }

    /// Half of what is left, as a deadline of its own.
    pub(crate) fn half(&self) -> Deadline {
        Deadline::after(self.left() / 2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_moves_forward_alone() {
        let minutes = |number: u64| Duration::from_secs(60 * number);
        let deadline = Deadline::after(minutes(10));
        let shared = deadline.clone();
        shared.bring_forward(Instant::now() + minutes(20));
        assert!(deadline.left() > minutes(9) && deadline.left() <= minutes(10));
        shared.bring_forward(Instant::now() + minutes(2));
        assert!(deadline.left() <= minutes(2) && deadline.half().left() <= minutes(1));
        deadline.set(Instant::now());
        assert_eq!(shared.left(), Duration::ZERO);
    }
}
