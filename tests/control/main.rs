//! Changing settings: on scratch copies of the fixtures, through a driver that is played.
#![cfg(feature = "control")]

mod capabilities;
mod driver;
mod failures;
#[allow(dead_code, reason = "shared by several tests")]
#[allow(unreachable_pub, reason = "shared by several tests")]
#[path = "../fixtures/mod.rs"]
mod fixtures;
mod golden;
mod ranges;
mod round_trip;
