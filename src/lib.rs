//! AMD's System Management Interface in pure Rust.

#![deny(missing_docs, unsafe_code)]
#![warn(missing_debug_implementations)]

pub mod backend;
pub mod diagnose;
mod discover;
pub mod error;
pub mod gpu;
pub mod id;
pub mod parse;
pub mod unit;
pub mod visible;

pub use discover::{Hidden, OtherDevice, Smi, SmiBuilder};
pub use error::{Error, Result};
pub use gpu::{Gpu, GpuIds, WakePolicy};
