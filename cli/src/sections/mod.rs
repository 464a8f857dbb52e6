//! Parts of reports that several commands have.

pub(crate) mod board;
pub(crate) mod errors;
pub(crate) mod event;
pub(crate) mod metrics_table;
pub(crate) mod pcie;
pub(crate) mod process;
pub(crate) mod ras;
pub(crate) mod throttle;
