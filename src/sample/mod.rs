//! Repeated reading of the same values, at low cost and without one GPU blocking another.
//!
//! [`Sampler`] reads one GPU with one system call per value. [`FleetSampler`] reads many GPUs in parallel and does
//! not wait for one that hangs.

mod autosuspend;
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
    /// A sampler of these fields. It reads and opens nothing before the first sample.
    ///
    /// A partition reports its package's sensors, as in all methods of [`Gpu`].
    pub fn sampler(&self, fields: SampleFields) -> Sampler {
        Sampler::new(self.clone(), fields)
    }
}
