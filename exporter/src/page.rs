//! A page: what one look at the machine found, before it is written in any format.

use std::collections::HashSet;
use std::sync::Arc;

use crate::catalogue::{Kind, Metric};
use crate::selection::Selection;

/// Names and values of labels.
pub type Labels = Vec<(&'static str, String)>;

/// One series with its value.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// The labels of what it is about, shared among its series.
    pub subject: Arc<Labels>,
    /// The metric's own labels.
    pub own: Labels,
    /// The series' value.
    pub value: f64,
}

impl Sample {
    /// All labels of the series.
    pub fn labels(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.subject.iter().chain(&self.own).map(|(name, value)| (*name, value.as_str()))
    }
}

/// The result of one look at the machine.
#[derive(Debug, Default)]
pub struct Page {
    selection: Arc<Selection>,
    families: Vec<Vec<Sample>>,
}

impl Page {
    /// A page of what is selected.
    pub fn new(selection: Arc<Selection>) -> Page {
        Page { selection, families: vec![Vec::new(); Metric::ALL.len()] }
    }

    /// Returns `true` if a metric is on the page; other metrics need not be read.
    pub fn wants(&self, metric: Metric) -> bool {
        self.selection.wants(metric)
    }

    /// Adds a series.
    pub fn put(&mut self, metric: Metric, subject: &Arc<Labels>, own: Labels, value: f64) {
        if !self.wants(metric) || !value.is_finite() {
            return;
        }
        if let Some(family) = self.families.get_mut(metric as usize) {
            let own = own.into_iter().filter(|(name, value)| {
                !value.is_empty() && self.selection.wants_label(name, metric.definition().kind == Kind::Info)
            });
            family.push(Sample { subject: subject.clone(), own: own.collect(), value });
        }
    }

    /// The metrics that have series, with them.
    pub fn families(&self) -> impl Iterator<Item = (Metric, &[Sample])> {
        let families = self.families.iter().map(Vec::as_slice);
        Metric::ALL.iter().copied().zip(families).filter(|(_, samples)| !samples.is_empty())
    }

    /// The series of one metric.
    pub fn of(&self, metric: Metric) -> &[Sample] {
        self.families.get(metric as usize).map_or(&[], Vec::as_slice)
    }

    /// The number of series.
    pub fn series(&self) -> usize {
        self.families.iter().map(Vec::len).sum()
    }

    /// Keeps the first of series with equal labels: two of one name make a server refuse the whole page.
    pub(crate) fn without_doubles(mut self) -> Page {
        for family in &mut self.families {
            let mut seen = HashSet::new();
            family.retain(|sample| {
                let mut labels: Labels =
                    sample.labels().map(|(name, value)| (name, value.to_owned())).collect();
                labels.sort_unstable();
                seen.insert(labels)
            });
        }
        self
    }
}
