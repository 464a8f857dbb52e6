//! The same values of the same GPUs, again and again: cheap, and without one GPU in the way of another.
//!
//! [`Sampler`] reads one GPU at the price of one system call a value. [`FleetSampler`] reads many side by side
//! and does not wait for one that hangs.

mod courtesy;
mod fields;
mod fleet;
mod monitor;
mod plan;
mod sampler;
mod slot;
mod table;
mod values;

pub use fields::SampleFields;
pub use fleet::{FleetSampler, Outcome};
pub use monitor::Monitor;
pub use sampler::Sampler;
pub use values::{ClockLevels, Sample};

use crate::gpu::Gpu;

impl Gpu {
    /// Reads these fields again and again; nothing is read or opened before the first sample.
    ///
    /// A partition's sensors are its package's, as for all methods of [`Gpu`].
    pub fn sampler(&self, fields: SampleFields) -> Sampler {
        Sampler::new(self.clone(), fields)
    }
}
