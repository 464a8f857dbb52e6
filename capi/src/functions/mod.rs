//! The C functions, one topic a file.
//!
//! The lines `*From*:` and `*Not here*:` of their comments are what COVERAGE.md is made of.

// An attribute that exports a name counts as unsafe; no function body has an unsafe block.
#![allow(unsafe_code, reason = "no_mangle")]
#![allow(unreachable_pub, reason = "C reaches them by name")]

mod activity;
mod board;
mod clocks;
mod control;
mod counters;
mod cper;
mod cpu;
mod cpu_readings;
mod cpu_settings;
mod discovery;
mod event_readers;
mod events;
mod identity;
mod library;
mod memory;
mod metrics;
#[cfg(abi27)]
mod newer;
mod partition;
mod pcie;
mod performance;
mod processes;
mod ras;
mod sensors;
mod topology;

/// Declares functions that answer the same without looking at anything but whether there is a session.
///
/// A comment and a status are those of all functions that follow them. Arguments are spelled out because the caller
/// passes them, and because a test compares them.
macro_rules! absent {
    (@of $status:ident $(=> $name:ident($($argument:ident: $ty:ty),*);)+) => {$(
        #[unsafe(no_mangle)]
        pub extern "C" fn $name($($argument: $ty),*) -> $crate::abi::status::Status {
            $(let _ = $argument;)*
            $crate::boundary::answer(|| {
                $crate::session::machine()?;
                Err($crate::abi::status::Status::$status)
            })
        }
    )+};
    ($($(#[$meta:meta])* $status:ident
        $(=> $name:ident($($argument:ident: $ty:ty),* $(,)?);)+)*) => {$(
        $crate::functions::absent! { @of $status $(=> $name($($argument: $ty),*);)+ }
    )*};
}
pub(crate) use absent;
