//! The system calls on `/dev/kfd`, render nodes and `/dev/hsmp`, on a kernel that a seccomp filter plays.

#![cfg(target_arch = "x86_64")]
#![allow(clippy::print_stdout, reason = "figures, and what could not be tried, are said aloud")]

mod drm;
mod hsmp;
mod kfd;
mod supervisor;
