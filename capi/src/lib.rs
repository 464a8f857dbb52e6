//! `libamd_smi.so`: the C interface of AMD SMI, as its 7.0.2 release has it, over the library's public API. With
//! `cfg(abi27)`, which the crate capi27 sets, that of its 10.1 release: one definition of a function for both.
//!
//! A C function is an `extern "C"` function of the same name under `functions`, one topic a file. Each consists of
//! [`boundary::answer`] around a body that returns `Result`: no panic leaves it, and every error is a status. What C
//! passes as a pointer arrives as one of the types of [`pointer`], which alone follow pointers. What C passes as a
//! handle is looked up in the [`session`]'s list of GPUs, and never followed at all.
//!
//! Units and "not available" numbers are AMD's here and nowhere else. COVERAGE.md lists the functions.

#![deny(unsafe_op_in_unsafe_fn, unsafe_code)]

pub mod abi;
mod boundary;
mod functions;
mod machine;
mod message;
mod number;
mod per_process;
#[allow(unsafe_code, reason = "follows the pointers that C passes")]
pub mod pointer;
mod processors;
mod readers;
mod root;
mod samplers;
mod session;
mod streams;

/// Gives the functions the version of AMD's library.
#[cfg(abi27)]
#[allow(unsafe_code, reason = "an assembler directive for each name")]
mod versions {
    include!(concat!(env!("OUT_DIR"), "/versions.rs"));
}
