//! AMD's System Management Interface in pure Rust.

#![deny(missing_docs, unsafe_code)]
#![warn(missing_debug_implementations)]

pub mod id;
pub mod parse;
pub mod unit;
