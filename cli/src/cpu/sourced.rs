//! Sections about a processor, each value with the source that answered.

use amdgpu_smi::reading::Reading;

use crate::report::{Forms, Node, Section};

/// A report that grows, with the sources of its values.
pub(super) struct SourcedReport {
    pub(super) report: Section,
    sources: Vec<(&'static str, String, &'static str)>,
}

/// A section of it.
pub(super) struct Part<'a> {
    report: &'a mut SourcedReport,
    name: &'static str,
    section: Section,
}

impl SourcedReport {
    pub(super) fn new(key: &str, number: usize) -> SourcedReport {
        let mut report = Section::new();
        report.put(key, number);
        SourcedReport { report, sources: Vec::new() }
    }

    /// Begins a section.
    pub(super) fn part(&mut self, name: &'static str) -> Part<'_> {
        Part { report: self, name, section: Section::new() }
    }

    /// The report, with the sources at its end: in JSON of each value, in the text of each section.
    pub(super) fn finish(mut self) -> Section {
        let (mut of_values, mut of_parts) = (Section::new(), Section::new());
        for part in self.sources.chunk_by(|(part, ..), (next, ..)| part == next) {
            let mut labels: Vec<&str> = Vec::new();
            for (name, key, label) in part {
                of_values.put(format!("{name}.{key}"), *label);
                if !labels.contains(label) {
                    labels.push(label);
                }
            }
            part.first().into_iter().for_each(|(name, ..)| _ = of_parts.put(*name, labels.join(", ")));
        }
        if !self.sources.is_empty() {
            self.report.put_in(Forms::JSON, "sources", of_values).put_in(Forms::TEXT, "sources", of_parts);
        }
        self.report
    }
}

impl Part<'_> {
    /// Adds a value under AMD's key: ours as a quantity, AMD's as the text or number that its command prints.
    pub(super) fn put<T, U: Into<Node>, V: Into<Node>>(
        &mut self,
        key: &str,
        reading: &Reading<T>,
        ours: impl FnOnce(&T) -> U,
        amds: impl FnOnce(&T) -> V,
    ) -> &mut Self {
        self.notice(key, reading);
        self.section.put_in(Forms::OURS, key, Node::reading_as(reading, ours));
        self.section.put_in(Forms::AMD_JSON, key, Node::reading_as(reading, amds));
        self
    }

    /// Adds a value that AMD's command prints with its unit behind it.
    pub(super) fn quantity<T: Clone + Into<Node>>(&mut self, key: &str, reading: &Reading<T>) -> &mut Self {
        self.put(key, reading, T::clone, |value| with_unit(value.clone().into()))
    }

    /// Adds a value that AMD has no key for.
    pub(super) fn own<T, U: Into<Node>>(
        &mut self,
        key: &str,
        reading: &Reading<T>,
        ours: impl FnOnce(&T) -> U,
    ) -> &mut Self {
        self.notice(key, reading);
        self.section.own(key, Node::reading_as(reading, ours));
        self
    }

    /// Adds something that has no source of its own.
    pub(super) fn plain(&mut self, key: &str, node: impl Into<Node>) -> &mut Self {
        self.section.put(key, node);
        self
    }

    pub(super) fn end(self) {
        self.report.report.put(self.name, self.section);
    }

    /// Ends a section that AMD has no key for.
    pub(super) fn end_own(self) {
        self.report.report.own(self.name, self.section);
    }

    fn notice<T>(&mut self, key: &str, reading: &Reading<T>) {
        if let Ok(value) = reading {
            self.report.sources.push((self.name, key.to_owned(), value.source.label()));
        }
    }
}

/// A number with its unit, such as `3500 MHz`.
pub(super) fn with_unit(node: Node) -> Node {
    match node {
        Node::Quantity(number, unit) => format!("{number} {unit}").into(),
        other => other,
    }
}
