//! The last minutes of each GPU, for the graphs of the page. They are of what was scraped: nothing is read for them.

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, SystemTime};

use serde_json::{Value, json};

use crate::catalogue::Metric;
use crate::page::{Page, Sample};

const KEPT: Duration = Duration::from_secs(600);
/// Of scrapes that come faster one is kept.
const APART: Duration = Duration::from_secs(2);
/// The kept quantities, by the names that the page shows.
const QUANTITIES: [(&str, Metric); 4] = [
    ("shaders", Metric::GfxActivity),
    ("memory", Metric::VramUsed),
    ("power", Metric::Power),
    ("hottest", Metric::Temperature),
];

/// The last minutes of each GPU.
#[derive(Debug, Default)]
pub(crate) struct History {
    /// By GPU and quantity: seconds since 1970, and the value.
    points: BTreeMap<(String, &'static str), VecDeque<(f64, f64)>>,
    last: Option<SystemTime>,
}

impl History {
    /// Keeps what a page says.
    pub(crate) fn keep(&mut self, page: &Page, now: SystemTime) {
        let recent = self.last.is_some_and(|last| now.duration_since(last).is_ok_and(|past| past < APART));
        let Ok(since) = now.duration_since(SystemTime::UNIX_EPOCH) else { return };
        if recent {
            return;
        }
        self.last = Some(now);
        let time = since.as_secs_f64();
        for gpu in page.of(Metric::GpuUp) {
            for (quantity, metric) in QUANTITIES {
                if let Some(value) = largest(page.of(metric), gpu) {
                    self.points.entry((key(gpu), quantity)).or_default().push_back((time, value));
                }
            }
        }
        let oldest = time - KEPT.as_secs_f64();
        self.points.retain(|_, points| {
            // Those of a clock that was set back would stay until it is as late again.
            points.retain(|(at, _)| *at <= time);
            while points.front().is_some_and(|(at, _)| *at < oldest) {
                points.pop_front();
            }
            !points.is_empty()
        });
    }

    /// All of it as the page wants it.
    pub(crate) fn json(&self) -> Value {
        let series = self
            .points
            .iter()
            .map(|((key, quantity), points)| json!({"key": key, "quantity": quantity, "points": points}));
        series.collect()
    }
}

fn label<'a>(sample: &'a Sample, name: &str) -> &'a str {
    sample.labels().find(|(label, _)| *label == name).map_or("", |(_, value)| value)
}

fn key(gpu: &Sample) -> String {
    format!("{}/{}", label(gpu, "gpu"), label(gpu, "partition"))
}

/// The largest value of a GPU's series, or of its package's.
fn largest(series: &[Sample], gpu: &Sample) -> Option<f64> {
    let of = |name: &str, partition: &str| {
        let own = series
            .iter()
            .filter(|sample| label(sample, "gpu") == name && label(sample, "partition") == partition);
        own.map(|sample| sample.value).reduce(f64::max)
    };
    let package = match label(gpu, "package") {
        "" => label(gpu, "gpu"),
        package => package,
    };
    of(label(gpu, "gpu"), label(gpu, "partition")).or_else(|| of(package, ""))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::selection::Selection;

    #[test]
    fn a_clock_that_is_set_leaves_no_points_behind() {
        let mut page = Page::new(Arc::new(Selection::default()));
        let gpu = Arc::new(vec![("gpu", "0000:03:00.0".to_owned())]);
        page.put(Metric::GpuUp, &gpu, Vec::new(), 1.0);
        page.put(Metric::Power, &gpu, Vec::new(), 100.0);
        let mut history = History::default();
        let noon = SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000);
        let day = Duration::from_secs(86_400);
        let times = |history: &History| -> Vec<f64> {
            history.points.values().flatten().map(|(at, _)| *at - 1_800_000_000.0).collect()
        };
        for second in 0..5 {
            history.keep(&page, noon + day + Duration::from_secs(3 * second));
        }
        assert_eq!(times(&history).len(), 5);
        history.keep(&page, noon);
        assert_eq!(times(&history), [0.0], "set back by a day");
        history.keep(&page, noon + day);
        assert_eq!(times(&history), [86_400.0], "and set again");
    }
}
