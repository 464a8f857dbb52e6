//! The sampler of one GPU.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::{Instant, SystemTime};

use super::SampleFields;
use super::courtesy::Courtesy;
use super::plan::{Part, parts};
use super::table::Table;
use super::values::Sample;
use crate::backend::Attr;
use crate::derived::MetricsRates;
use crate::discover::Smi;
use crate::error::{Error, Result, Unavailable};
use crate::gpu::{Device, Gpu, RuntimeStatus, TemperatureSensor, WakePolicy};

/// How many descriptors a sampler keeps if nothing else is said: more than any card has files to sample.
const DESCRIPTORS: usize = 64;

/// Reads the same values of one GPU again and again, at the price of one system call each.
///
/// ```
/// use amdgpu_smi::sample::SampleFields;
/// # fn main() -> amdgpu_smi::Result<()> {
/// # let smi = amdgpu_smi::Smi::builder().root("fixtures/navi31-1x-k6.12-desktop").build()?;
/// let mut sampler = smi.gpus()[0].sampler(SampleFields::MONITOR);
/// for _ in 0..3 {
///     let sample = sampler.sample()?;
///     if let Ok(channels) = &sample.power {
///         println!("{:?}", channels[0].average);
///     }
/// }
/// # Ok(())
/// # }
/// ```
///
/// It keeps the files open that it reads (at most [`descriptor_limit`](Sampler::descriptor_limit) of them,
/// opened when they are first read), reads what cannot change once, and reuses its buffers: after the first
/// sample nothing is allocated as long as nothing fails. Two samplers, and a sampler and its [`Gpu`], do not
/// disturb each other.
///
/// `power/runtime_status` is read before everything else: a GPU that sleeps is not woken (see [`WakePolicy`]).
/// A GPU that may fall asleep by itself, is idle and would be kept awake by the sampler is left alone for longer
/// than its autosuspend delay; the values are then absent for
/// [`Unavailable::LeftAlone`]. [`keep_awake`](Sampler::keep_awake) gives that up.
///
/// A field that failed has its reason in the sample and is tried again: at the next sample, then after more and
/// more of them, at most sixteen. None is given up for good.
pub struct Sampler {
    gpu: Gpu,
    fields: SampleFields,
    sample: Sample,
    parts: Vec<Part>,
    table: Option<Table>,
    status: Option<Box<dyn Attr>>,
    /// How many more descriptors may be kept.
    spare: usize,
    limit: usize,
    /// Of the temperatures, the one that is wanted.
    only: Option<TemperatureSensor>,
    courtesy: Courtesy,
    buf: Vec<u8>,
    gone: bool,
}

impl fmt::Debug for Sampler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sampler")
            .field("gpu", &self.gpu)
            .field("fields", &self.fields)
            .field("gone", &self.gone)
            .finish_non_exhaustive()
    }
}

impl Sampler {
    pub(super) fn new(gpu: Gpu, fields: SampleFields) -> Sampler {
        Sampler {
            gpu,
            fields,
            sample: Sample::empty(),
            parts: parts(fields),
            table: fields.contains(SampleFields::METRICS).then(Table::default),
            status: None,
            spare: DESCRIPTORS,
            limit: DESCRIPTORS,
            only: None,
            courtesy: Courtesy::default(),
            buf: Vec::new(),
            gone: false,
        }
    }

    /// Reads an idle GPU at every sample, although that keeps it from falling asleep by itself.
    pub fn keep_awake(mut self, keep_awake: bool) -> Sampler {
        self.set_keep_awake(keep_awake);
        self
    }

    /// As [`Sampler::keep_awake`], from the next sample on.
    pub fn set_keep_awake(&mut self, keep_awake: bool) {
        if keep_awake != self.courtesy.keep_awake {
            self.courtesy = Courtesy::new(keep_awake);
        }
    }

    /// Of the [temperatures](SampleFields::TEMPERATURES) reads this one alone: a call less for each of the others.
    pub fn only_sensor(mut self, sensor: TemperatureSensor) -> Sampler {
        self.parts.iter_mut().for_each(|part| part.read_only(&sensor));
        self.only = Some(sensor);
        self
    }

    /// Keeps at most so many descriptors; what is beyond is opened anew for each reading. 64 if nothing is said.
    pub fn descriptor_limit(mut self, limit: usize) -> Sampler {
        self.set_descriptor_limit(limit);
        self
    }

    pub(super) fn set_descriptor_limit(&mut self, limit: usize) {
        self.close();
        (self.limit, self.spare) = (limit, limit);
    }

    pub(super) fn limit(&self) -> usize {
        self.limit
    }

    /// The GPU that is sampled.
    pub fn gpu(&self) -> &Gpu {
        &self.gpu
    }

    /// What is sampled.
    pub fn fields(&self) -> SampleFields {
        self.fields
    }

    /// The last sample; of before the first one, a sample with neither values nor reasons.
    pub fn last(&self) -> &Sample {
        &self.sample
    }

    /// What happened between the last two metrics tables; `None` as long as there are no two.
    pub fn rates(&self) -> Option<MetricsRates> {
        self.sample.rates()
    }

    /// Whether the device went; then [`Sampler::reattach`] may find it again.
    pub fn is_gone(&self) -> bool {
        self.gone || self.gpu.inner.device.as_ref().is_ok_and(Device::is_retired)
    }

    /// Reads all fields.
    ///
    /// # Errors
    /// [`Error::DeviceGone`] once the device was removed, unbound or repartitioned; asking again reads nothing.
    /// Any other failure is a reason in the sample.
    pub fn sample(&mut self) -> Result<&Sample> {
        if self.is_gone() {
            return Err(self.leave());
        }
        let started = Instant::now();
        self.sample.started = started;
        self.sample.wall = SystemTime::now();
        self.sample.number += 1;
        let gate = self.gate(started);
        self.sample.refused = gate;
        let (gpu, sample, spare, buf) = (&self.gpu, &mut self.sample, &mut self.spare, &mut self.buf);
        let mut suspicious = false;
        for part in &mut self.parts {
            suspicious |= part.prepare(gpu, self.fields, gate.is_none(), sample, spare);
            for slot in &mut part.slots {
                suspicious |= slot.sample(gpu, gate, sample, spare, buf);
            }
        }
        if let Some(table) = &mut self.table {
            suspicious |= table.sample(gpu, gate, sample, buf);
        }
        if suspicious && self.device_is_gone() {
            return Err(self.leave());
        }
        if gate.is_none() {
            self.take_note(started);
        }
        self.sample.took = started.elapsed();
        Ok(&self.sample)
    }

    /// Looks for the same GPU (address and fused number) and goes on with it, where a device came back after it
    /// was gone. Numbers of cards, render nodes and hwmon may be others then. Does nothing as long as the device
    /// is not gone.
    ///
    /// # Errors
    /// [`Error::DeviceGone`] as long as it is not back; those of [`SmiBuilder::build`](crate::SmiBuilder::build).
    pub fn reattach(&mut self) -> Result<()> {
        if !self.is_gone() {
            return Ok(());
        }
        let builder = Smi::builder().backend(self.gpu.inner.backend.clone()).wake(self.gpu.inner.wake);
        let smi = builder.build()?;
        let ids = self.gpu.ids();
        let same = |gpu: &&Gpu| {
            let found = gpu.ids();
            // While a driver starts KFD knows the GPU already and DRM does not yet (`amdgpu_device_ip_init` is before
            // `drm_dev_register`): that is not all of it.
            found.bdf == ids.bdf
                && found.unique_id.as_ref().ok() == ids.unique_id.as_ref().ok()
                && found.pci_id.as_ref().ok() == ids.pci_id.as_ref().ok()
                && gpu.in_drm() >= self.gpu.in_drm()
        };
        let Some(gpu) = smi.gpus().iter().find(same) else {
            return Err(self.leave());
        };
        let number = self.sample.number;
        let keep_awake = self.courtesy.keep_awake;
        let mut attached = Sampler::new(gpu.clone(), self.fields).keep_awake(keep_awake);
        if let Some(sensor) = self.only.take() {
            attached = attached.only_sensor(sensor);
        }
        *self = attached.descriptor_limit(self.limit);
        self.sample.number = number;
        Ok(())
    }

    /// Why files that may wake the GPU, or keep it awake, are not read now.
    fn gate(&mut self, now: Instant) -> Option<Unavailable> {
        if self.gpu.inner.wake == WakePolicy::Allow || !asks_the_hardware(self.fields) {
            return None;
        }
        let device = self.gpu.inner.device.as_ref().ok()?;
        if self.status.is_none() && self.spare > 0 {
            self.status = device.dir.open_attr(Path::new(RuntimeStatus::FILE)).ok();
            self.spare -= usize::from(self.status.is_some());
        }
        let read = match &self.status {
            Some(attr) => attr.read(&mut self.buf),
            None => device.dir.read(Path::new(RuntimeStatus::FILE), &mut self.buf),
        };
        // As for `Gpu::is_suspended`: a status that cannot be read counts as awake.
        let status = match read {
            Ok(()) => RuntimeStatus::of(&self.buf),
            Err(_) => {
                self.spare += usize::from(self.status.take().is_some());
                RuntimeStatus::Awake
            }
        };
        if status == RuntimeStatus::Asleep {
            self.courtesy.asleep();
            return Some(Unavailable::Suspended);
        }
        (!self.courtesy.allows(now)).then_some(Unavailable::LeftAlone)
    }

    /// Tells the courtesy that the GPU was read, and how busy it was.
    fn take_note(&mut self, now: Instant) {
        let Ok(device) = &self.gpu.inner.device else { return };
        if self.gpu.inner.wake == WakePolicy::Never && asks_the_hardware(self.fields) {
            let in_table = || self.sample.metrics.as_ref().ok()?.activity.gfx;
            let busy = match &self.sample.activity.gfx {
                Ok(busy) => Some(busy.0),
                Err(error) if error.is_absence() => in_table().map(|busy| busy.0),
                // Whether it is idle is not known now.
                Err(_) => return,
            };
            self.courtesy.was_read(now, busy, &*device.dir, &mut self.buf);
        }
    }

    fn device_is_gone(&self) -> bool {
        match &self.gpu.inner.device {
            Ok(device) => device.is_gone() || self.gpu.hwmon().is_ok_and(|hwmon| hwmon.is_gone()),
            Err(_) => self.gpu.node("properties").is_ok_and(|node| {
                let properties = node.dir.meta(Path::new("properties"));
                properties.is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound)
            }),
        }
    }

    /// Gives the device up until it is attached again.
    fn leave(&mut self) -> Error {
        self.close();
        self.gone = true;
        Error::DeviceGone { path: self.path() }
    }

    /// The directory of the device, or of the node where there is none.
    fn path(&self) -> PathBuf {
        let node = || self.gpu.inner.node.as_ref().ok().map(|node| &node.dir);
        let dir = self.gpu.inner.device.as_ref().ok().map(|device| &device.dir).or_else(node);
        dir.map_or_else(|| self.gpu.path_of("uevent"), |dir| dir.path().to_path_buf())
    }

    /// Lets go of all descriptors.
    fn close(&mut self) {
        self.spare += usize::from(self.status.take().is_some());
        for slot in self.parts.iter_mut().flat_map(|part| &mut part.slots) {
            slot.close(&mut self.spare);
        }
    }
}

/// Whether any of the fields is read from files that may wake the GPU.
fn asks_the_hardware(fields: SampleFields) -> bool {
    let quiet = SampleFields::VRAM | SampleFields::OTHER_MEMORY | SampleFields::FACTS;
    !quiet.contains(fields)
}
