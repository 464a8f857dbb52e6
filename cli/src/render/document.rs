//! An answer before it has a form.

use std::borrow::Cow;

use crate::report::{Forms, Node, Section};

/// The root of AMD's JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AmdRoot {
    /// An array, `[...]`.
    Array,
    /// `{"gpu_data": [...]}`.
    GpuData,
    /// `[...]` of processes, which is `{"processes": [...]}` in ours.
    Processes,
    /// `{"cpu_data": [...], "core_data": [...]}`.
    CpuData,
    /// The only section is the whole.
    Object,
}

/// One answer about some GPUs.
#[derive(Debug)]
pub(crate) struct Document<'a> {
    /// A section a GPU (or, for CSV, a row).
    pub(crate) sections: &'a [Section],
    /// Seconds since 1970, where the answer is one of several.
    pub(crate) timestamp: Option<f64>,
    /// The root of AMD's JSON.
    pub(crate) root: AmdRoot,
}

/// A section with a list of any length, whose items are made when they are written.
#[derive(Default)]
pub(crate) struct Listed<'a> {
    pub(crate) before: Cow<'a, Section>,
    pub(crate) list: Option<(&'static str, Box<dyn Iterator<Item = Node> + 'a>)>,
    pub(crate) after: Section,
}

impl Listed<'_> {
    /// The whole as one section.
    pub(crate) fn collected(self) -> Section {
        let mut section = self.before.into_owned();
        if let Some((key, items)) = self.list {
            section.put(key, Node::List(items.collect()));
        }
        let mut after = self.after;
        section.append(&mut after);
        section
    }
}

impl<'a> From<&'a Section> for Listed<'a> {
    fn from(section: &'a Section) -> Listed<'a> {
        Listed { before: Cow::Borrowed(section), ..Listed::default() }
    }
}

impl From<Section> for Listed<'_> {
    fn from(section: Section) -> Self {
        Listed { before: Cow::Owned(section), ..Listed::default() }
    }
}

impl Document<'_> {
    /// The sections under the keys that JSON has for them. One about nothing has none, but `gpu_data` is always there.
    pub(super) fn groups(&self) -> Vec<(&'static str, Vec<&Section>)> {
        let all = || self.sections.iter();
        match self.root {
            AmdRoot::Processes => vec![("processes", all().collect())],
            AmdRoot::CpuData => {
                let of = |key: &str| {
                    all().filter(|section| section.get(Forms::JSON, key).is_some()).collect::<Vec<_>>()
                };
                let groups = [("cpu_data", of("cpu")), ("core_data", of("core"))];
                groups.into_iter().filter(|(_, sections)| !sections.is_empty()).collect()
            }
            _ => vec![("gpu_data", all().collect())],
        }
    }
}
