//! The source of the values of a report.

use amdgpu_smi::Gpu;
use amdgpu_smi::derived::MetricsRates;
use amdgpu_smi::error::Unavailable;
use amdgpu_smi::sample::{Outcome, Sample};
use amdgpu_smi::summary::Look;

/// The source of a report: sampled quantities if the report is repeated, and the handle for the rest.
pub(crate) struct View<'a> {
    look: Look<'a>,
    index: usize,
}

/// The handle for what no sampler reads: it refuses what the sampler refused to read.
pub(crate) fn beside(gpu: &Gpu, outcome: Outcome<'_>) -> Gpu {
    match outcome {
        Outcome::Sampled(sample) => match sample.refused {
            Some(reason) => gpu.refusing(reason),
            None => gpu.clone(),
        },
        // Each of its files says that it is gone.
        Outcome::Failed(_) => gpu.clone(),
        // Values of an earlier question are none of this moment: they are not passed off as such.
        _ => gpu.refusing(Unavailable::Late),
    }
}

impl<'a> View<'a> {
    /// Of the handle that stands beside a fleet's answer. `index` is the GPU's number in the list that was asked for,
    /// which a GPU keeps that went and came back.
    pub(crate) fn of(beside: &'a Gpu, index: usize, outcome: Outcome<'a>) -> View<'a> {
        let look = match outcome {
            Outcome::Sampled(sample) => Look::sampled(beside, sample),
            _ => Look::of(beside),
        };
        View { look, index }
    }

    /// Of what is not sampled.
    pub(crate) fn plain(gpu: &'a Gpu) -> View<'a> {
        View { look: Look::of(gpu), index: gpu.index() }
    }

    pub(crate) fn index(&self) -> usize {
        self.index
    }

    /// The quantities: of the sample where there is one.
    pub(crate) fn look(&self) -> &Look<'a> {
        &self.look
    }

    /// The handle, for what no sampler reads.
    pub(crate) fn gpu(&self) -> &Gpu {
        self.look.gpu()
    }

    /// The rates since the previous sample.
    pub(crate) fn rates(&self) -> Option<MetricsRates> {
        self.look.sample().and_then(Sample::rates)
    }
}
