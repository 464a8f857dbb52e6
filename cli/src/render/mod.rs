//! From the tree of values to the bytes that are printed.

mod amd;
mod amd_csv;
mod amd_text;
mod csv;
mod document;
mod json;
pub(crate) mod people;
mod printable;
pub(crate) mod style;
pub(crate) mod table;
mod text;
mod value;

use self::style::Styles;

pub(crate) use self::amd_csv::tables as amd_tables;
pub(crate) use self::csv::Columns;
pub(crate) use self::document::{AmdRoot, Document, Listed};
pub(crate) use self::json::{SCHEMA, alone, write_listed as write_json};
pub(crate) use self::people::write_listed as write_text;
pub(crate) use self::printable::printable;
pub(crate) use self::text::inline;
pub(crate) use self::value::{clock, duration, iso, ranges, size, span};

/// The output format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    Text { verbose: u8, layout: Layout },
    Json,
    AmdJson,
    Csv(Layout),
}

/// The layout of text and CSV.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Layout {
    Own,
    Amd,
}

impl Document<'_> {
    /// The document as text. `columns` keeps the columns of the CSV from one answer to the next.
    pub(crate) fn render(&self, format: Format, columns: &mut Columns) -> String {
        match format {
            Format::Text { verbose, layout: Layout::Own } => people::document(self, verbose, Styles::NONE),
            Format::Text { verbose: 0, layout: Layout::Amd } => amd_text::document(self),
            Format::Text { verbose, layout: Layout::Amd } => text::document(self, verbose),
            Format::Json => json::document(self),
            Format::AmdJson => amd::document(self),
            Format::Csv(Layout::Own) => columns.document(self),
            Format::Csv(Layout::Amd) => {
                let has_header = std::mem::replace(&mut columns.has_amds, true);
                amd_csv::document(self, !has_header)
            }
        }
    }
}
