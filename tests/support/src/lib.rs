//! Machines that the tests and benchmarks of the workspace share. A package of its own, so that each of them uses the
//! part it needs.

pub mod big;
pub mod damaged;
pub mod everything;
pub mod fixtures;
pub mod kfd_machine;
pub mod machine_room;
pub mod machines;
pub mod setters;
