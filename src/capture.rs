//! A machine as a file, to be looked at elsewhere through [`Archive`](crate::backend::Archive).
//!
//! ```
//! use amdgpu_smi::Smi;
//! use amdgpu_smi::backend::Archive;
//! use amdgpu_smi::capture::Capture;
//! use std::sync::Arc;
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let root = "fixtures/navi31-1x-k6.12-desktop";
//! // Without a root, the machine that this runs on.
//! let there = Smi::builder().root(root);
//! let recording = Capture::new().record(&there)?;
//! let archive = Archive::from_bytes(recording.write(Vec::new())?)?;
//! let smi = Smi::builder().backend(Arc::new(archive)).build()?;
//! assert_eq!(smi.gpus()[0].summary(), there.build()?.gpus()[0].summary());
//! # Ok(())
//! # }
//! ```
//!
//! What is recorded is what the library reads: it is asked everything, and a backend beneath it keeps account. So
//! there is no list of files that could grow old. A sleeping GPU is not woken. What changes something by being read, or may
//! harm, is not read: `xgmi_error`, `amdgpu_ring_cper`.

mod account;
mod observer;
mod record;
mod recording;
mod redact;
mod snapshot;
mod stream;
mod survey;
mod writer;

pub use record::{Capture, Progress, Redact, Written};
pub use recording::Recording;
pub use writer::ArchiveWriter;
