//! System calls that no crate offers with safe types. The only unsafe code is in here.

pub(crate) mod ioctl;
#[cfg(feature = "capture")]
pub(crate) mod map;
