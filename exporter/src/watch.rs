//! One package under observation: its samples and what is read beside them, on threads that may hang.

use std::io;
use std::sync::Arc;

use amdgpu_smi::error::Unavailable;
use amdgpu_smi::sample::{Sample, SampleFields, Sampler};
use amdgpu_smi::{Error, Gpu, GpuIds};

use crate::deadline::Deadline;
use crate::facts::{FactReader, Facts, Fixed, Question};
use crate::own::quarter_of_descriptors;
use crate::page::Labels;
use crate::quantity::{Counted, Names};
use crate::selection::Selection;
use crate::worker::Worker;

/// The sampled fields of a package.
const OF_PACKAGE: SampleFields = SampleFields::all()
    .difference(SampleFields::FAN_SETTINGS)
    .difference(SampleFields::PERFORMANCE)
    .difference(SampleFields::FACTS);
/// The sampled fields of a partition.
const OF_PARTITION: SampleFields = SampleFields::VRAM
    .union(SampleFields::OTHER_MEMORY)
    .union(SampleFields::METRICS)
    .union(SampleFields::OTHER_ACTIVITY);
/// Descriptors that all samplers keep open together, and the most of one.
const DESCRIPTORS: usize = 512;
const OF_ONE: usize = 64;

/// A GPU and the answer of its sampler.
#[derive(Debug)]
pub(crate) struct Sampled {
    pub(crate) gpu: Gpu,
    pub(crate) sample: Result<Box<Sample>, Error>,
}

/// A package and its GPUs.
#[derive(Debug)]
pub(crate) struct Watch {
    pub(crate) package: Gpu,
    pub(crate) gpus: Vec<Gpu>,
    /// The labels of each GPU.
    pub(crate) names: Vec<Names>,
    pub(crate) counted: Counted,
    /// The values of its last answer.
    pub(crate) fixed: Option<Fixed>,
    sampler: Worker<(), Vec<Sampled>>,
    facts: Worker<Question, Facts>,
    /// Set when a handle found its device gone: then all handles are recreated.
    pub(crate) is_stale: bool,
    /// Set if its handles have time limits.
    pub(crate) is_limited: bool,
}

impl Watch {
    /// # Errors
    /// If no thread can be made.
    pub(crate) fn new(
        gpus: Vec<Gpu>,
        package: Gpu,
        packages: usize,
        uuids: bool,
        selection: &Arc<Selection>,
    ) -> io::Result<Watch> {
        let address = package.bdf();
        let names = names(&package, &gpus, uuids, selection);
        let share = (DESCRIPTORS.min(quarter_of_descriptors()) / packages.max(1)).clamp(1, OF_ONE);
        let partitioned = gpus.iter().any(Gpu::is_partition);
        let mut samplers: Vec<Sampler> = Vec::new();
        if partitioned {
            let few = (share / 2 / gpus.len().max(1)).max(1);
            samplers.extend(gpus.iter().map(|gpu| gpu.sampler(OF_PARTITION).descriptor_limit(few)));
        }
        // Half of the share is the partitions'.
        let own = if partitioned { (share / 2).max(1) } else { share };
        samplers.push(package.sampler(OF_PACKAGE).descriptor_limit(own));
        let sampler = Worker::new(&format!("sample {address}"), move |()| {
            let sampled = samplers.iter_mut().map(|sampler| Sampled {
                sample: sampler.sample().map(|sample| Box::new(sample.clone())),
                gpu: sampler.gpu().clone(),
            });
            sampled.collect()
        })?;
        let mut reader = FactReader::new(selection.clone());
        let facts = Worker::new(&format!("facts {address}"), move |question| reader.read(&question))?;
        Ok(Watch {
            package,
            gpus,
            names,
            counted: Counted::default(),
            fixed: None,
            sampler,
            facts,
            is_stale: false,
            is_limited: false,
        })
    }

    /// Returns `true` if this watches exactly these GPUs. Handles with time limits are too expensive if handles
    /// without are available.
    pub(crate) fn is_of(&self, gpus: &[&Gpu], is_limited: bool) -> bool {
        let key = |gpu: &Gpu| -> (GpuIds, usize) { (gpu.ids().clone(), gpu.index()) };
        !self.is_stale
            && (is_limited || !self.is_limited)
            && self.gpus.len() == gpus.len()
            && self.gpus.iter().zip(gpus).all(|(a, b)| key(a) == key(b))
    }

    /// Asks for samples.
    pub(crate) fn ask(&mut self) {
        self.sampler.ask(());
    }

    /// The samples, partitions before their package; `None` if they are late.
    pub(crate) fn samples(&mut self, until: &Deadline) -> Option<Vec<Sampled>> {
        let samples = self.sampler.answer(until)?;
        self.is_stale = samples.iter().any(|sampled| sampled.sample.is_err());
        Some(samples)
    }

    /// Asks for what is not sampled; what the samplers refused is refused there, too.
    pub(crate) fn ask_facts(&mut self, samples: &[Sampled]) {
        let refused: Option<Unavailable> =
            samples.iter().find_map(|sampled| sampled.sample.as_ref().ok()?.refused);
        let refusing = |gpu: &Gpu| match refused {
            Some(reason) => gpu.refusing(reason),
            None => gpu.clone(),
        };
        let question =
            Question { package: refusing(&self.package), gpus: self.gpus.iter().map(refusing).collect() };
        self.facts.ask(question);
    }

    /// The values that are not sampled; `None` if the GPU is late.
    pub(crate) fn facts(&mut self, until: &Deadline) -> Option<Facts> {
        let facts = self.facts.answer(until)?;
        self.fixed = Some(facts.fixed.clone());
        Some(facts)
    }
}

/// The labels of a package's GPUs.
fn names(package: &Gpu, gpus: &[Gpu], uuids: bool, selection: &Selection) -> Vec<Names> {
    let name = |gpu: &Gpu| match gpu.uuid() {
        Ok(uuid) if uuids => uuid.to_string(),
        _ => gpu.bdf().to_string(),
    };
    let whole_name = name(package);
    let labels = |gpu: String, index: usize, partition: Option<u8>| {
        let mut labels: Labels = vec![("gpu", gpu)];
        if selection.wants_gpu_label("index") {
            labels.push(("index", index.to_string()));
        }
        if selection.wants_gpu_label("package") {
            labels.push(("package", whole_name.clone()));
        }
        labels.extend(partition.map(|partition| ("partition", partition.to_string())));
        Arc::new(labels)
    };
    let first = gpus.first().map_or(0, Gpu::index);
    let whole = labels(whole_name.clone(), first, None);
    let of = |gpu: &Gpu| {
        let own = match gpu.ids().partition {
            Some(partition) => labels(name(gpu), gpu.index(), Some(partition)),
            None => whole.clone(),
        };
        Names { package: whole.clone(), own }
    };
    gpus.iter().map(of).collect()
}
