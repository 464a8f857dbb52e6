//! From the tree of values to the bytes that are printed.

mod amd;
mod csv;
mod json;
mod printable;
pub(crate) mod style;
pub(crate) mod table;
mod text;
mod value;

use crate::report::Section;

pub(crate) use self::csv::Columns;
pub(crate) use self::json::{SCHEMA, alone};
pub(crate) use self::printable::printable;
pub(crate) use self::text::inline;
pub(crate) use self::value::{duration, ranges, size};

/// How the answer is to look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    Text { verbose: u8 },
    Json,
    AmdJson,
    Csv,
}

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

impl Document {
    /// The document as text. `columns` are those of the CSV so far: they are kept from one answer to the next.
    pub(crate) fn render(&self, format: Format, columns: &mut Columns) -> String {
        match format {
            Format::Text { verbose } => text::document(self, verbose),
            Format::Json => json::document(self),
            Format::AmdJson => amd::document(self),
            Format::Csv => columns.document(self),
        }
    }
}
