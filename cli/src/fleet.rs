//! The GPUs of an answer, sampled side by side, so that one that hangs does not delay the others.

use std::thread::sleep;
use std::time::Duration;

use amdgpu_smi::Gpu;
use amdgpu_smi::sample::{FleetSampler, Outcome, SampleFields};

use crate::answer::{answered, tidy};
use crate::args::{AutosuspendArgs, WatchArgs};
use crate::failure::Failure;
use crate::output::Output;
use crate::report::Section;
use crate::view::{View, beside};
use crate::watch::{timestamp, watch};

/// Deadline of the first answer: waking a GPU (`--wake`) takes up to a second, or longer under load.
const FIRST: Duration = Duration::from_secs(5);
/// Deadline of later answers. Each hanging GPU delays only one of them, because it is not read again meanwhile.
const LATER: Duration = Duration::from_secs(1);
/// Between the two readings that rates need, if no earlier answer serves; AMD's command takes as long.
const APART: Duration = Duration::from_millis(100);

/// Samples what the reports about GPUs show.
pub(crate) struct Fleet {
    sampler: FleetSampler,
    gpus: Vec<Gpu>,
    deadline: Duration,
    /// Set if the next answer is the first and covers an interval.
    rates: bool,
    keep_awake: bool,
}

impl Fleet {
    /// Reads these fields of all GPUs; with `rates` twice before the first answer where the metrics table counts.
    pub(crate) fn new(
        gpus: Vec<Gpu>,
        fields: SampleFields,
        rates: bool,
        watch: &WatchArgs,
        autosuspend: &AutosuspendArgs,
    ) -> Result<Fleet, Failure> {
        // A single answer keeps nothing awake.
        let keep_awake = autosuspend.keep_awake || watch.interval().is_none();
        // A descriptor is worth keeping for a second answer only.
        let is_repeated = rates || watch.interval().is_some();
        let samplers = gpus.iter().map(|gpu| {
            let sampler = gpu.sampler(fields).keep_awake(keep_awake || rates);
            if is_repeated { sampler } else { sampler.descriptor_limit(0) }
        });
        let sampler = FleetSampler::new(samplers.collect()).map_err(|error| {
            Failure::Nothing(format!("cannot start a thread to sample the GPUs: {error}"))
        })?;
        Ok(Fleet { sampler, gpus, deadline: FIRST, rates, keep_awake })
    }

    /// Answers once, or repeatedly if `args` say so. `render` may reorder the reports and add to them.
    pub(crate) fn answer(
        &mut self,
        args: &WatchArgs,
        output: &mut Output,
        report: impl Fn(&View<'_>) -> Section,
        mut render: impl FnMut(&mut Vec<Section>, Option<f64>) -> String,
    ) -> Result<(), Failure> {
        let Some(interval) = args.interval() else {
            let mut sections = self.sections(&report);
            output.write(&render(&mut sections, None))?;
            return answered(&sections);
        };
        let end = watch(interval, args, || {
            let now = timestamp();
            let mut sections = self.sections(&report);
            output.write(&render(&mut sections, Some(now)))
        })?;
        tidy(end, output)
    }

    /// A report about each GPU, in the order in which they were asked for.
    pub(crate) fn sections(&mut self, report: &impl Fn(&View<'_>) -> Section) -> Vec<Section> {
        for sampler in self.sampler.idle_samplers() {
            // As long as it is not back, its report says that it is gone.
            let _ = sampler.reattach();
        }
        let deadline = std::mem::replace(&mut self.deadline, LATER);
        let mut outcomes: Vec<_> = self.sampler.tick(deadline).collect();
        if std::mem::take(&mut self.rates) && outcomes.iter().any(|(_, outcome)| counts(*outcome)) {
            sleep(APART);
            outcomes = self.sampler.tick(LATER).collect();
        }
        let sections = outcomes.into_iter().zip(&self.gpus).map(|((gpu, outcome), asked)| {
            let beside = beside(gpu, outcome);
            report(&View::of(&beside, asked.index(), outcome))
        });
        let sections = sections.collect();
        for sampler in self.sampler.idle_samplers() {
            sampler.set_keep_awake(self.keep_awake);
        }
        sections
    }
}

/// Returns `true` if a GPU's table has the counters for percentages over an interval.
fn counts(outcome: Outcome<'_>) -> bool {
    let Outcome::Sampled(sample) = outcome else { return false };
    let table = sample.metrics.as_ref();
    table.is_ok_and(|metrics| metrics.throttle.residency.accumulation_counter.is_some())
}
