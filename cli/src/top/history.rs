//! Values of the last quarter of an hour, with their times.
//!
//! The points are kept as they arrived, not by screen columns, so a resize or a pause loses nothing.

use std::collections::VecDeque;
use std::time::Duration;

use super::model::{Measure, Values};

/// The age at which a point is dropped.
pub(crate) const KEPT: Duration = Duration::from_secs(15 * 60);
/// The most points, whatever the interval: a quarter of an hour, ten a second.
const MOST: usize = 9_000;
const MEASURES: usize = Measure::ALL.len();

/// The points of one package, the oldest first.
#[derive(Debug, Clone, Default)]
pub(crate) struct History {
    points: VecDeque<Point>,
}

/// Values at one moment; NaN stands for a missing value.
#[derive(Debug, Clone, Copy)]
struct Point {
    at: Duration,
    values: [f32; MEASURES],
}

impl History {
    /// Adds what was measured at a time, counted from any beginning; without values, a gap. What is not later than the
    /// last point is left out.
    pub(crate) fn add(&mut self, at: Duration, values: Option<&Values>) {
        if self.points.back().is_some_and(|last| at <= last.at) {
            return;
        }
        let value = |measure: Measure| values.and_then(|values| measure.of(values));
        let values = Measure::ALL.map(|measure| value(measure).map_or(f32::NAN, |value| value as f32));
        self.points.push_back(Point { at, values });
        let oldest = at.saturating_sub(KEPT);
        while self.points.len() > MOST || self.points.front().is_some_and(|point| point.at < oldest) {
            self.points.pop_front();
        }
    }

    /// The mean of what was measured in the time before `until`, so that a figure which jumps can be read.
    pub(crate) fn mean(&self, measure: Measure, until: Duration, over: Duration) -> Option<f64> {
        let from = until.saturating_sub(over);
        let recent = self.points.iter().rev().skip_while(|point| point.at > until);
        let recent = recent.take_while(|point| point.at > from || point.at == until);
        mean(recent.map(|point| point.value(measure)))
    }

    /// So many columns of `step` each, the last of which ends at `until`: the mean of the points in each. Columns
    /// between two points that are near repeat the earlier one; others are gaps.
    pub(crate) fn columns(
        &self,
        measure: Measure,
        until: Duration,
        step: Duration,
        count: usize,
    ) -> Vec<Option<f64>> {
        let mut columns = vec![None; count];
        if step.is_zero() || count == 0 {
            return columns;
        }
        // Columns begin at multiples of the step, so that a point stays in its column while time goes on.
        let step = step.as_secs_f64();
        let last = (until.as_secs_f64() / step).floor() as i64;
        let place = |at: Duration| (at.as_secs_f64() / step).floor() as i64 - last + count as i64 - 1;
        let mut sums: Vec<(f64, u32)> = vec![(0.0, 0); count];
        let mut seen: Vec<bool> = vec![false; count];
        for point in self.points.iter().rev().skip_while(|point| point.at > until) {
            let Ok(column) = usize::try_from(place(point.at)) else { break };
            let Some((sum, number)) = sums.get_mut(column) else { continue };
            if let Some(seen) = seen.get_mut(column) {
                *seen = true;
            }
            let value = f64::from(point.value(measure));
            if !value.is_nan() {
                *sum += value;
                *number += 1;
            }
        }
        let mut held: Option<f64> = None;
        // The number of columns over which a value may be held. Refreshes are rarer than columns, but not by more
        // than this.
        let mut left = 0;
        for ((column, (sum, number)), seen) in columns.iter_mut().zip(&sums).zip(&seen) {
            if *number > 0 {
                held = Some(sum / f64::from(*number));
                left = HELD;
            } else if *seen || left == 0 {
                held = None;
            } else {
                left -= 1;
            }
            *column = held;
        }
        columns
    }

    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.points.len()
    }
}

/// Empty columns in a row that a graph bridges.
const HELD: u32 = 3;

impl Point {
    fn value(&self, measure: Measure) -> f32 {
        self.values.get(measure as usize).copied().unwrap_or(f32::NAN)
    }
}

fn mean(values: impl Iterator<Item = f32>) -> Option<f64> {
    let known = values.filter(|value| !value.is_nan()).map(f64::from);
    let (sum, count) = known.fold((0.0, 0u32), |(sum, count), value| (sum + value, count + 1));
    (count > 0).then(|| sum / f64::from(count))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn history(points: &[(u64, Option<f64>)]) -> History {
        let mut history = History::default();
        for (seconds, busy) in points {
            let values = Values { busy: *busy, ..Values::default() };
            history.add(Duration::from_secs(*seconds), Some(&values));
        }
        history
    }

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn columns_of_a_width() {
        let history = history(&[(10, Some(1.0)), (11, Some(2.0)), (12, Some(4.0)), (13, None)]);
        let columns =
            |until, step, count| history.columns(Measure::Busy, Duration::from_secs(until), step, count);
        assert_eq!(columns(13, SECOND, 5), [None, Some(1.0), Some(2.0), Some(4.0), None]);
        assert_eq!(columns(13, SECOND, 2), [Some(4.0), None]);
        assert_eq!(columns(13, 2 * SECOND, 3), [None, Some(1.5), Some(4.0)]);
        // Between two points the earlier one is held.
        assert_eq!(columns(11, SECOND / 2, 3), [Some(1.0), Some(1.0), Some(2.0)]);
        assert_eq!(columns(13, Duration::ZERO, 2), [None, None]);
        assert!(columns(13, SECOND, 0).is_empty());
        // Paused at an earlier time, what came since is not shown.
        assert_eq!(columns(11, SECOND, 2), [Some(1.0), Some(2.0)]);
    }

    #[test]
    fn a_long_gap_stays_one() {
        let columns =
            history(&[(1, Some(5.0)), (20, Some(6.0))]).columns(Measure::Busy, 20 * SECOND, SECOND, 20);
        assert_eq!(columns[..6], [Some(5.0), Some(5.0), Some(5.0), Some(5.0), None, None]);
        assert_eq!((columns[18], columns[19]), (None, Some(6.0)));
    }

    #[test]
    fn a_figure_that_jumps_is_averaged() {
        let history = history(&[(1, Some(100.0)), (6, Some(0.0)), (7, Some(100.0)), (8, None)]);
        assert_eq!(history.mean(Measure::Busy, 8 * SECOND, 4 * SECOND), Some(50.0));
        assert_eq!(history.mean(Measure::Busy, 1 * SECOND, 4 * SECOND), Some(100.0));
        assert_eq!(history.mean(Measure::Power, 8 * SECOND, 4 * SECOND), None);
    }

    #[test]
    fn a_quarter_of_an_hour_is_kept() {
        let mut history = History::default();
        for tenth in 0..20_000u64 {
            history.add(Duration::from_millis(tenth * 100), None);
        }
        assert_eq!(history.len(), MOST);
        let mut slow = History::default();
        for second in 0..2_000 {
            slow.add(Duration::from_secs(second), None);
            slow.add(Duration::from_secs(second), None);
        }
        assert_eq!(slow.len(), 901);
    }
}
