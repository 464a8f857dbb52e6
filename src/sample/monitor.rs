//! Samples all GPUs of a machine in parallel, including added and removed ones.

use std::io;
use std::time::Duration;

use super::SampleFields;
use super::fleet::{FleetSampler, Outcome};
use crate::discover::{Changes, Smi};
use crate::gpu::Gpu;

/// Samples all GPUs of a machine in parallel, and scans for GPUs that were added, removed or repartitioned.
///
/// ```
/// use amdgpu_smi::sample::{Outcome, SampleFields};
/// use amdgpu_smi::summary::Look;
/// use std::time::Duration;
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let smi = amdgpu_smi::Smi::builder().root("fixtures/navi31-1x-k6.12-desktop").build()?;
/// let mut monitor = smi.monitor(SampleFields::MONITOR)?;
/// for (gpu, outcome) in monitor.tick(Duration::from_millis(500)) {
///     if let Outcome::Sampled(sample) = outcome {
///         println!("{} {:?}", gpu.bdf(), Look::sampled(gpu, sample).power().socket);
///     }
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Monitor {
    smi: Smi,
    fields: SampleFields,
    fleet: FleetSampler,
    changes: Changes,
}

impl Monitor {
    fn new(smi: Smi, fields: SampleFields) -> io::Result<Monitor> {
        let fleet = fleet(&smi, fields)?;
        Ok(Monitor { smi, fields, fleet, changes: Changes::default() })
    }

    /// The machine as of the last tick.
    pub fn smi(&self) -> &Smi {
        &self.smi
    }

    /// GPUs added and removed at the last tick.
    pub fn changes(&self) -> &Changes {
        &self.changes
    }

    /// Scans the machine, reads all GPUs and returns the results, like [`FleetSampler::tick`].
    ///
    /// A failed scan leaves the list unchanged; its GPUs report their own errors.
    pub fn tick(&mut self, deadline: Duration) -> impl Iterator<Item = (&Gpu, Outcome<'_>)> {
        self.changes = self.smi.refresh().unwrap_or_default();
        if self.changes != Changes::default() {
            if let Ok(fleet) = fleet(&self.smi, self.fields) {
                self.fleet = fleet;
            }
        }
        self.fleet.tick(deadline)
    }
}

fn fleet(smi: &Smi, fields: SampleFields) -> io::Result<FleetSampler> {
    FleetSampler::new(smi.gpus().iter().map(|gpu| gpu.sampler(fields)).collect())
}

impl Smi {
    /// A sampler of all GPUs that follows added and removed ones.
    ///
    /// # Errors
    /// If no thread can be started.
    pub fn monitor(&self, fields: SampleFields) -> io::Result<Monitor> {
        Monitor::new(self.clone(), fields)
    }
}
