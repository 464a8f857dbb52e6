//! AMD's System Management Interface in pure Rust.

#![deny(missing_docs, unsafe_code)]
#![warn(missing_debug_implementations)]

pub mod backend;
pub mod error;
pub mod id;
pub mod parse;
pub mod unit;

pub use error::{Error, Result};
