//! The commands: each is a file, or a folder with its options in `args.rs`.

pub(crate) mod bad_pages;
pub(crate) mod capture;
pub(crate) mod completions;
pub(crate) mod doctor;
pub(crate) mod event;
pub(crate) mod firmware;
pub(crate) mod list;
pub(crate) mod man;
pub(crate) mod metric;
pub(crate) mod monitor;
pub(crate) mod node;
pub(crate) mod overview;
pub(crate) mod partition;
pub(crate) mod process;
pub(crate) mod ras;
pub(crate) mod reset;
pub(crate) mod set;
pub(crate) mod static_facts;
pub(crate) mod topology;
pub(crate) mod version;
pub(crate) mod xgmi;

#[cfg(test)]
mod tests;
