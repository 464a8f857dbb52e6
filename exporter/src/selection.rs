//! Which metrics and labels are wanted.

use std::collections::HashSet;

use crate::catalogue::{Collector, Metric};

/// Which metrics and labels are wanted.
#[derive(Debug, Clone)]
pub struct Selection {
    collectors: HashSet<Collector>,
    metrics: Vec<bool>,
    denied_labels: Vec<String>,
}

impl Default for Selection {
    fn default() -> Selection {
        let collectors = [Collector::Core]
            .into_iter()
            .chain(Collector::SWITCHES)
            .filter(|one| one.is_default() || *one == Collector::Core);
        let mut selection =
            Selection { collectors: collectors.collect(), metrics: Vec::new(), denied_labels: Vec::new() };
        selection.choose(&[], &[]);
        selection
    }
}

impl Selection {
    /// Switches a set of metrics on or off.
    #[must_use]
    pub fn collector(mut self, collector: Collector, on: bool) -> Selection {
        match on {
            true => self.collectors.insert(collector),
            false => self.collectors.remove(&collector),
        };
        self.choose(&[], &[]);
        self
    }

    /// Leaves of the metrics those whose names match one of `allowed` (all if that is empty) and none of `denied`.
    /// `*` in a pattern stands for anything.
    #[must_use]
    pub fn names(mut self, allowed: &[String], denied: &[String]) -> Selection {
        self.choose(allowed, denied);
        self
    }

    /// Leaves these labels out. `gpu`, `partition` and the labels of single metrics tell series apart and stay.
    #[must_use]
    pub fn without_labels(mut self, labels: Vec<String>) -> Selection {
        self.denied_labels = labels;
        self
    }

    fn choose(&mut self, allowed: &[String], denied: &[String]) {
        let wanted = |metric: &Metric| {
            let definition = metric.definition();
            let matches =
                |patterns: &[String]| patterns.iter().any(|pattern| matches(pattern, definition.name));
            self.collectors.contains(&definition.collector)
                && (allowed.is_empty() || matches(allowed))
                && !matches(denied)
        };
        self.metrics = Metric::ALL.iter().map(wanted).collect();
    }

    /// Returns `true` if a metric is selected.
    pub fn wants(&self, metric: Metric) -> bool {
        self.metrics.get(metric as usize).copied().unwrap_or(false)
    }

    /// Returns `true` if any metric of a set is selected.
    pub fn wants_any(&self, collector: Collector) -> bool {
        Metric::ALL.iter().any(|metric| metric.definition().collector == collector && self.wants(*metric))
    }

    /// Returns `true` if a label is selected. A `descriptive` label does not distinguish series.
    pub fn wants_label(&self, name: &str, descriptive: bool) -> bool {
        !descriptive || !self.denied_labels.iter().any(|denied| denied == name)
    }

    /// Returns `true` if this label of a GPU is selected.
    pub fn wants_gpu_label(&self, name: &str) -> bool {
        self.wants_label(name, matches!(name, "index" | "package"))
    }
}

/// Patterns that match the name of no metric, most likely by a typing error.
pub fn unmatched(patterns: &[String]) -> impl Iterator<Item = &String> {
    let is_of_none =
        |pattern: &str| !Metric::ALL.iter().any(|metric| matches(pattern, metric.definition().name));
    patterns.iter().filter(move |pattern| is_of_none(pattern))
}

/// Returns `true` if a name matches a pattern in which `*` matches anything.
fn matches(pattern: &str, name: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|first| name.strip_prefix(first)) else { return false };
    let mut last = None;
    for part in parts {
        last = Some(part);
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    match last {
        Some(last) => name.ends_with(last),
        None => rest.is_empty(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        for (pattern, name, expected) in [
            ("amdgpu_up", "amdgpu_up", true),
            ("amdgpu_up", "amdgpu_upper", false),
            ("amdgpu_*", "amdgpu_up", true),
            ("*_watts", "amdgpu_power_watts", true),
            ("*_watts", "amdgpu_power_watts_total", false),
            ("amdgpu_*_max_*", "amdgpu_clock_max_hertz", true),
            ("*", "", true),
            ("", "a", false),
            ("a*a", "a", false),
        ] {
            assert_eq!(matches(pattern, name), expected, "{pattern} {name}");
        }
    }

    #[test]
    fn sets_and_names() {
        let default = Selection::default();
        assert!(
            default.wants(Metric::Power)
                && default.wants(Metric::EccErrors)
                && !default.wants(Metric::Events)
        );
        let some = Selection::default()
            .collector(Collector::Events, true)
            .collector(Collector::Ecc, false)
            .names(&["amdgpu_e*".into()], &["*_lost_*".into()]);
        assert!(some.wants(Metric::Events) && some.wants(Metric::Energy));
        assert!(
            !some.wants(Metric::EccErrors) && !some.wants(Metric::EventsLost) && !some.wants(Metric::Power)
        );
    }
}
