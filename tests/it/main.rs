//! The library as its users meet it: one binary, a module for each subject. Tests that count what they allocate, play the
//! kernel's side of a system call, or count what the process holds have binaries of their own.

#![allow(clippy::print_stdout, reason = "counts and figures are a part of the result")]

#[cfg(feature = "serde")]
mod asked;
#[cfg(feature = "capture")]
mod capture;
mod captures;
#[cfg(all(feature = "synth", feature = "control"))]
mod cards;
#[cfg(feature = "control")]
mod control;
#[cfg(feature = "synth")]
mod cpu;
mod diagnose;
mod discovery;
mod drm;
mod events;
mod examples;
#[cfg(feature = "serde")]
mod fault_sweep;
#[cfg(feature = "serde")]
mod gone_and_back;
mod hostile;
mod imports;
mod instinct;
#[cfg(feature = "serde")]
mod json;
#[cfg(all(feature = "serde", feature = "synth"))]
mod lost;
mod process;
mod promises;
#[cfg(feature = "serde")]
mod recorded;
mod refusing;
mod sample;
mod shapes;
mod source;
#[cfg(feature = "synth")]
mod synth;
mod timeout;
mod topology;
mod writing;
