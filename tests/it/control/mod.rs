//! Changing settings: on scratch copies of the fixtures, through a driver that is played.

mod capabilities;
mod driver;
mod failures;
mod golden;
mod model;
mod ranges;
mod refusals;
mod round_trip;
mod transaction;
