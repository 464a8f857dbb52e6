//! The C functions, one topic a file.

#![allow(unsafe_code, reason = "no_mangle")]
#![allow(unreachable_pub, reason = "C reaches them by name")]

mod clocks;
mod identity;
mod library;
mod measurements;
mod memory;
mod partition;
mod processes;
mod topology;
