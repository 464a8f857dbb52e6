//! What events, samples and hostile machines allocate, counted by the allocator of this binary.

mod counting;
mod events;
mod sampler;
mod size;
