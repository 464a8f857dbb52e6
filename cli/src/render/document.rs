//! An answer before it has a form.

use crate::report::Section;

/// What AMD's JSON begins with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AmdRoot {
    /// `[...]`.
    Array,
    /// `{"gpu_data": [...]}`.
    GpuData,
    /// `[...]` of processes, which is `{"processes": [...]}` in ours.
    Processes,
    /// The only section is the whole.
    Object,
}

/// One answer about some GPUs.
#[derive(Debug)]
pub(crate) struct Document {
    /// A section a GPU (or, for CSV, a row).
    pub(crate) sections: Vec<Section>,
    /// Seconds since 1970, where the answer is one of several.
    pub(crate) timestamp: Option<f64>,
    /// What AMD's JSON begins with.
    pub(crate) root: AmdRoot,
}
