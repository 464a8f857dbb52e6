//! A machine as a file, to be looked at elsewhere through [`Archive`](crate::backend::Archive).

mod writer;

pub use writer::ArchiveWriter;
