//! Records a machine in a file that [`Archive`](crate::backend::Archive) reads elsewhere.
//!
//! ```
//! use amdgpu_smi::Smi;
//! use amdgpu_smi::backend::Archive;
//! use amdgpu_smi::capture::Capture;
//! use std::sync::Arc;
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let root = "fixtures/navi31-1x-k6.12-desktop";
//! // The default is the machine that this runs on.
//! let there = Smi::builder().root(root);
//! let recording = Capture::new().record(&there)?;
//! let archive = Archive::from_bytes(recording.write(Vec::new())?)?;
//! let smi = Smi::builder().backend(Arc::new(archive)).build()?;
//! assert_eq!(smi.gpus()[0].summary(), there.build()?.gpus()[0].summary());
//! # Ok(())
//! # }
//! ```
//!
//! A recording contains the files that the library reads: every method is called, and a backend below keeps account of
//! the files. So no list of files can become outdated. A sleeping GPU is not woken. Files that are harmful or change
//! something when read are skipped: `xgmi_error`, `amdgpu_ring_cper`.

mod account;
mod new_file;
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
