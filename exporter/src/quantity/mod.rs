//! From the library's answers to series: a file for each kind of answer.

mod board;
mod cpu;
mod facts;
mod process;
mod sampled;

use std::collections::HashSet;
use std::sync::Arc;

use amdgpu_smi::reading::{Reading, Scope};
use amdgpu_smi::{Error, Result};

use crate::catalogue::Metric;
use crate::page::{Labels, Page};

pub(crate) use board::board;
pub(crate) use cpu::cpu;
pub(crate) use facts::{facts, identity};
pub(crate) use process::processes;
pub(crate) use sampled::{Counted, sampled, throttling};

/// Labels of a package, and of one of its GPUs.
#[derive(Debug, Clone)]
pub(crate) struct Names {
    pub(crate) package: Arc<Labels>,
    /// The same for a package in one piece.
    pub(crate) own: Arc<Labels>,
}

/// Puts what is known of one package on a page.
///
/// A value of the package stands there once; and not at all where its partitions have
/// values of their own, so that a sum counts everything once. So partitions come before their package.
#[derive(Debug)]
pub(crate) struct Emitter<'a> {
    pub(crate) page: &'a mut Page,
    /// The series of the package itself.
    of_package: HashSet<(Metric, Labels)>,
    /// Metrics of which partitions have values of their own.
    of_partitions: HashSet<Metric>,
    /// Set while a partition's sample is put. It has few fields, so a value of the package in it can be the table's
    /// although a file has a better one: the package's own sample has the values of the package.
    pub(crate) is_partition: bool,
}

impl<'a> Emitter<'a> {
    pub(crate) fn new(page: &'a mut Page) -> Emitter<'a> {
        Emitter { page, of_package: HashSet::new(), of_partitions: HashSet::new(), is_partition: false }
    }

    /// A value, or that it is absent.
    pub(crate) fn reading<T>(
        &mut self,
        metric: Metric,
        names: &Names,
        own: Labels,
        reading: &Reading<T>,
        number: impl FnOnce(&T) -> f64,
    ) {
        match reading {
            Ok(found) => self.number(metric, names, own, found.scope, number(found)),
            Err(error) => self.absent(metric, names, &own, error),
        }
    }

    /// A value of this scope.
    pub(crate) fn number(&mut self, metric: Metric, names: &Names, own: Labels, scope: Scope, number: f64) {
        if scope == Scope::Board {
            // All packages of a board tell the same; the machine has it once.
            let told = self.page.of(metric).iter().any(|sample| sample.own == own);
            if !told {
                self.page.put(metric, &Arc::default(), own, number);
            }
            return;
        }
        if scope == Scope::Package {
            let is_its = !self.is_partition && !self.of_partitions.contains(&metric);
            if is_its && self.of_package.insert((metric, own.clone())) {
                self.page.put(metric, &names.package, own, number);
            }
            return;
        }
        if !Arc::ptr_eq(&names.package, &names.own) {
            self.of_partitions.insert(metric);
        }
        self.page.put(metric, &names.own, own, number);
    }

    /// A value of the package.
    pub(crate) fn of_package(&mut self, metric: Metric, names: &Names, own: Labels, number: f64) {
        self.number(metric, names, own, Scope::Package, number);
    }

    /// Says that a value is absent, and why.
    pub(crate) fn absent(&mut self, metric: Metric, names: &Names, own: &Labels, error: &Error) {
        // Those are answers of the package's own handle.
        if matches!(error, Error::PackageOnly { .. } | Error::NotSampled) || !self.page.wants(Metric::Absent)
        {
            return;
        }
        let mut quantity = metric.definition().name.to_owned();
        for (_, value) in own {
            quantity.push(' ');
            quantity.push_str(value);
        }
        let labels = vec![("quantity", quantity), ("reason", reason(error))];
        self.page.put(Metric::Absent, &names.own, labels, 1.0);
    }

    /// A list, or that it is absent.
    pub(crate) fn list<'l, T>(&mut self, metric: Metric, names: &Names, list: &'l Result<Vec<T>>) -> &'l [T] {
        match list {
            Ok(list) => list,
            Err(error) => {
                self.absent(metric, names, &Vec::new(), error);
                &[]
            }
        }
    }
}

/// The reason in few words, of which there are few: a place in a file would make a series of each.
fn reason(error: &Error) -> String {
    match error {
        Error::Unparsable { .. } | Error::MalformedTable { .. } | Error::UnknownTable { .. } => {
            "unparsable".into()
        }
        Error::Io { errno, .. } => format!("error {errno}"),
        Error::NotAnAttribute { .. } => "not an attribute".into(),
        other => other.reason(),
    }
}
