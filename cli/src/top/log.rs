//! The log of events: the drivers' events, and changes of each GPU's state and throttling between samples.

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, SystemTime};

use amdgpu_smi::id::Bdf;

use super::model::{Snapshot, Standing};
use super::words;
use crate::level::Level;

/// The most entries that are kept.
const MOST: usize = 2_000;

/// Something that happened to a GPU.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Entry {
    pub(crate) wall: Option<SystemTime>,
    pub(crate) gpu: usize,
    pub(crate) bdf: Bdf,
    pub(crate) what: String,
    pub(crate) level: Level,
    /// Set if the driver reported it; otherwise it was derived from samples.
    pub(crate) reported: bool,
}

/// The last entries, the oldest first.
#[derive(Debug, Default)]
pub(crate) struct EventLog {
    entries: VecDeque<Entry>,
    last: HashMap<Bdf, Last>,
}

/// The previous state of a package.
#[derive(Debug, Clone)]
struct Last {
    standing: Standing,
    throttled: Option<(String, Duration)>,
    uncorrectable: Option<u64>,
}

impl EventLog {
    pub(crate) fn entries(&self) -> &VecDeque<Entry> {
        &self.entries
    }

    pub(crate) fn add(&mut self, entry: Entry) {
        if self.entries.len() >= MOST {
            self.entries.pop_front();
        }
        self.entries.push_back(entry);
    }

    /// Writes down what is other than in the snapshot before.
    pub(crate) fn compare(&mut self, snapshot: &Snapshot) {
        let is_first = self.last.is_empty();
        for package in &snapshot.packages {
            let words = throttle_kinds(&package.values.throttle_words());
            let earlier = self.last.get(&package.bdf).cloned();
            let mut tell = |what: String, level| {
                let (gpu, bdf) = (package.index, package.bdf);
                self.add(Entry { wall: snapshot.wall, gpu, bdf, what, level, reported: false });
            };
            if earlier.is_none() && !is_first {
                tell("came".into(), Level::Fine);
            }
            let before = earlier.as_ref().map_or(Standing::Awake, |last| last.standing);
            let other = std::mem::discriminant(&before) != std::mem::discriminant(&package.standing);
            if other && !(is_first && package.standing == Standing::LeftAlone) {
                let (what, level) = match package.standing {
                    Standing::Awake if before == Standing::LeftAlone => ("read again".into(), Level::Fine),
                    Standing::Awake if before == Standing::Asleep => ("awake".into(), Level::Fine),
                    Standing::Awake => ("answers again".into(), Level::Fine),
                    Standing::Asleep => ("asleep".into(), Level::Fine),
                    Standing::LeftAlone => ("left alone so that it can suspend".into(), Level::Fine),
                    Standing::InReset => ("in reset".into(), Level::Critical),
                    Standing::Late(_) => ("does not answer".into(), Level::High),
                    Standing::Gone => ("gone".into(), Level::Critical),
                };
                tell(what, level);
            }
            let mut throttled = earlier.as_ref().and_then(|last| last.throttled.clone());
            if package.standing == Standing::Awake {
                match (&throttled, words.is_empty()) {
                    (Some((cause, since)), true) => {
                        let time = snapshot.at.saturating_sub(*since);
                        let after = match time.as_secs() {
                            0 => "less than a second".into(),
                            _ => words::seconds(time),
                        };
                        tell(format!("no longer throttled by {cause}, after {after}"), Level::Fine);
                        throttled = None;
                    }
                    (Some((cause, _)), false) if *cause == words => {}
                    (_, false) => {
                        tell(format!("throttled by {words}"), Level::High);
                        throttled = Some((words, snapshot.at));
                    }
                    (None, true) => {}
                }
            }
            let known = earlier.and_then(|last| last.uncorrectable);
            let uncorrectable = package.facts.uncorrectable.or(known);
            if let (Some(before), Some(now)) = (known, uncorrectable)
                && now > before
            {
                tell(format!("{} uncorrected errors", now - before), Level::Critical);
            }
            self.last.insert(package.bdf, Last { standing: package.standing, throttled, uncorrectable });
        }
    }

    /// Forgets all, as before another place of a recording.
    pub(crate) fn clear(&mut self) {
        *self = EventLog::default();
    }
}

/// The causes without their shares, which change all the time.
fn throttle_kinds(words: &[String]) -> String {
    let kinds =
        words.iter().map(|word| word.trim_end_matches(|c: char| c.is_ascii_digit() || c == '%').trim_end());
    let mut kinds: Vec<&str> = kinds.collect();
    kinds.dedup();
    kinds.join(", ")
}

#[cfg(test)]
mod tests {
    use amdgpu_smi::metrics::ThrottleReasons;

    use super::*;
    use crate::top::model::{Package, Values};

    fn snapshot(seconds: u64, standing: Standing, causes: ThrottleReasons) -> Snapshot {
        let bdf = Bdf { domain: 0, bus: 3, device: 0, function: 0 };
        let values = Values { causes, ..Values::default() };
        let package = Package {
            bdf,
            index: 0,
            name: "a card".into(),
            standing,
            values,
            partitions: Vec::new(),
            facts: Default::default(),
        };
        Snapshot { at: Duration::from_secs(seconds), packages: vec![package], ..Snapshot::default() }
    }

    #[test]
    fn what_changed_is_told_once() {
        let none = ThrottleReasons::empty();
        let mut log = EventLog::default();
        for (seconds, standing, causes) in [
            (0, Standing::Awake, none),
            (1, Standing::Awake, ThrottleReasons::PPT0),
            (2, Standing::Awake, ThrottleReasons::PPT0),
            (3, Standing::Late(Duration::from_secs(1)), none),
            (4, Standing::Late(Duration::from_secs(2)), none),
            (5, Standing::Awake, none),
            (6, Standing::Asleep, none),
            (7, Standing::Awake, none),
            (8, Standing::Gone, none),
        ] {
            log.compare(&snapshot(seconds, standing, causes));
        }
        let told: Vec<&str> = log.entries().iter().map(|entry| entry.what.as_str()).collect();
        assert_eq!(
            told,
            [
                "throttled by power",
                "does not answer",
                "answers again",
                "no longer throttled by power, after 4 s",
                "asleep",
                "awake",
                "gone"
            ]
        );
    }

    #[test]
    fn causes_without_their_shares() {
        assert_eq!(throttle_kinds(&["power 37%".into(), "heat 4%".into()]), "power, heat");
        assert_eq!(throttle_kinds(&["power".into(), "power 3%".into()]), "power");
    }

    #[test]
    fn the_oldest_goes() {
        let mut log = EventLog::default();
        let bdf = Bdf { domain: 0, bus: 3, device: 0, function: 0 };
        for number in 0..MOST + 5 {
            let what = number.to_string();
            log.add(Entry { wall: None, gpu: 0, bdf, what, level: Level::Fine, reported: true });
        }
        assert_eq!((log.entries().len(), log.entries()[0].what.as_str()), (MOST, "5"));
    }
}
