//! Allocations of events, samples and hostile machines, counted by this binary's allocator.

mod counting;
mod events;
mod sampler;
mod size;
