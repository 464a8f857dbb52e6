//! The system calls on `/dev/kfd` and render nodes, on a kernel that a seccomp filter plays.

#![cfg(target_arch = "x86_64")]
#![allow(clippy::print_stdout, reason = "figures, and what could not be tried, are said aloud")]

mod drm;
mod kfd;
mod supervisor;
