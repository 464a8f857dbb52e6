//! Samples one GPU repeatedly.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::{Instant, SystemTime};

use super::SampleFields;
use super::autosuspend::Autosuspend;
use super::plan::{SamplePart, parts};
use super::table::SampledTable;
use super::values::Sample;
use crate::backend::Attr;
use crate::derived::MetricsRates;
use crate::discover::Smi;
use crate::error::{Error, Result, Unavailable};
use crate::gpu::{ClockDomain, Device, Gpu, RuntimeStatus, TemperatureSensor, WakePolicy};

/// Default maximum number of descriptors: more than any card has files to sample.
const DESCRIPTORS: usize = 64;

/// Reads the same values of one GPU repeatedly, with one system call per value.
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
/// The sampler keeps its files open (at most [`descriptor_limit`](Sampler::descriptor_limit), opened when first
/// read), reads constant values once, and reuses its buffers: after the first sample it allocates nothing as long as
/// nothing fails. Samplers are independent of each other and of their [`Gpu`].
///
/// The sampler reads `power/runtime_status` first, so a sleeping GPU is not woken (see [`WakePolicy`]). An idle GPU
/// that may suspend by itself, and would be kept awake by the sampler, is left alone for longer than its autosuspend
/// delay; its values are then missing with [`Unavailable::LeftAlone`]. [`keep_awake`](Sampler::keep_awake) disables
/// this.
///
/// A field that failed has its reason in the sample and is retried: at the next sample, then after increasingly many
/// samples, at most sixteen. Fields are retried indefinitely.
pub struct Sampler {
    gpu: Gpu,
    fields: SampleFields,
    sample: Sample,
    parts: Vec<SamplePart>,
    table: Option<SampledTable>,
    status: Option<Box<dyn Attr>>,
    /// Number of descriptors that may still be kept open.
    spare: usize,
    limit: usize,
    /// The only temperature sensor to read, if one is selected.
    only: Option<TemperatureSensor>,
    /// The only clock to read, if one is selected.
    only_clock: Option<ClockDomain>,
    autosuspend: Autosuspend,
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
            table: fields.contains(SampleFields::METRICS).then(SampledTable::default),
            status: None,
            spare: DESCRIPTORS,
            limit: DESCRIPTORS,
            only: None,
            only_clock: None,
            autosuspend: Autosuspend::default(),
            buf: Vec::new(),
            gone: false,
        }
    }

    /// Reads an idle GPU at every sample, although this keeps it from suspending.
    pub fn keep_awake(mut self, keep_awake: bool) -> Sampler {
        self.set_keep_awake(keep_awake);
        self
    }

    /// Like [`Sampler::keep_awake`], from the next sample on.
    pub fn set_keep_awake(&mut self, keep_awake: bool) {
        if keep_awake != self.autosuspend.keep_awake {
            self.autosuspend = Autosuspend::new(keep_awake);
        }
    }

    /// Reads only this sensor of the [temperatures](SampleFields::TEMPERATURES), which saves one call for each of the
    /// others.
    pub fn only_sensor(mut self, sensor: TemperatureSensor) -> Sampler {
        self.parts.iter_mut().for_each(|part| part.read_only(&sensor));
        self.only = Some(sensor);
        self
    }

    /// Reads the levels of only this one of the [clocks](SampleFields::CLOCKS), and saves a call for each of the others.
    pub fn only_clock(mut self, domain: ClockDomain) -> Sampler {
        self.parts.iter_mut().for_each(|part| part.read_only_clock(domain));
        self.only_clock = Some(domain);
        self
    }

    /// Keeps at most this many descriptors open; further files are opened for each read. The default is 64.
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

    /// The GPU of this sampler.
    pub fn gpu(&self) -> &Gpu {
        &self.gpu
    }

    /// The fields of this sampler.
    pub fn fields(&self) -> SampleFields {
        self.fields
    }

    /// The last sample. Before the first one, a sample with neither values nor reasons.
    pub fn last(&self) -> &Sample {
        &self.sample
    }

    /// The rates between the last two metrics tables; `None` without two tables.
    pub fn rates(&self) -> Option<MetricsRates> {
        self.sample.rates()
    }

    /// Returns `true` if the device is gone; [`Sampler::reattach`] may then find it again.
    pub fn is_gone(&self) -> bool {
        self.gone || self.gpu.inner.device.as_ref().is_ok_and(Device::is_retired)
    }

    /// Reads all fields.
    ///
    /// # Errors
    /// [`Error::DeviceGone`] once the device was removed, unbound or repartitioned; further calls read nothing. Any
    /// other failure is a reason in the sample.
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

    /// Finds the same GPU (address and unique id) after it was gone and came back, and continues with it. The numbers
    /// of cards, render nodes and hwmon may have changed. Does nothing if the device is not gone.
    ///
    /// # Errors
    /// [`Error::DeviceGone`] until it is back; those of [`SmiBuilder::build`](crate::SmiBuilder::build).
    pub fn reattach(&mut self) -> Result<()> {
        if !self.is_gone() {
            return Ok(());
        }
        let builder = Smi::builder().backend(self.gpu.inner.backend.clone()).wake(self.gpu.inner.wake);
        let smi = builder.build()?;
        let ids = self.gpu.ids();
        let same = |gpu: &&Gpu| {
            let found = gpu.ids();
            // While a driver starts, KFD already knows the GPU but DRM does not yet (`amdgpu_device_ip_init` is
            // before `drm_dev_register`), so it is incomplete.
            found.bdf == ids.bdf
                && found.unique_id.as_ref().ok() == ids.unique_id.as_ref().ok()
                && found.pci_id.as_ref().ok() == ids.pci_id.as_ref().ok()
                && gpu.in_drm() >= self.gpu.in_drm()
        };
        let Some(gpu) = smi.gpus().iter().find(same) else {
            return Err(self.leave());
        };
        let number = self.sample.number;
        let keep_awake = self.autosuspend.keep_awake;
        let mut attached = Sampler::new(gpu.clone(), self.fields).keep_awake(keep_awake);
        if let Some(sensor) = self.only.take() {
            attached = attached.only_sensor(sensor);
        }
        if let Some(domain) = self.only_clock {
            attached = attached.only_clock(domain);
        }
        *self = attached.descriptor_limit(self.limit);
        self.sample.number = number;
        Ok(())
    }

    /// The reason not to read files that may wake the GPU or keep it awake.
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
        // As for `Gpu::is_suspended`, an unreadable status counts as awake.
        let status = match read {
            Ok(()) => RuntimeStatus::of(&self.buf),
            Err(_) => {
                self.spare += usize::from(self.status.take().is_some());
                RuntimeStatus::Awake
            }
        };
        if status == RuntimeStatus::Asleep {
            self.autosuspend.asleep();
            return Some(Unavailable::Suspended);
        }
        (!self.autosuspend.allows(now)).then_some(Unavailable::LeftAlone)
    }

    /// Records that the GPU was read, and its usage, so that it can suspend.
    fn take_note(&mut self, now: Instant) {
        let Ok(device) = &self.gpu.inner.device else { return };
        if self.gpu.inner.wake == WakePolicy::Never && asks_the_hardware(self.fields) {
            let in_table = || self.sample.metrics.as_ref().ok()?.activity.gfx;
            let busy = match &self.sample.activity.gfx {
                Ok(busy) => Some(busy.0),
                Err(error) if error.is_absence() => in_table().map(|busy| busy.0),
                // The usage is unknown now.
                Err(_) => return,
            };
            self.autosuspend.was_read(now, busy, &*device.dir, &mut self.buf);
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

    /// Gives up the device until it is attached again.
    fn leave(&mut self) -> Error {
        self.close();
        self.gone = true;
        Error::DeviceGone { path: self.path() }
    }

    /// The directory of the device, or of the KFD node without a device.
    fn path(&self) -> PathBuf {
        let node = || self.gpu.inner.node.as_ref().ok().map(|node| &node.dir);
        let dir = self.gpu.inner.device.as_ref().ok().map(|device| &device.dir).or_else(node);
        dir.map_or_else(|| self.gpu.path_of("uevent"), |dir| dir.path().to_path_buf())
    }

    /// Closes all descriptors.
    fn close(&mut self) {
        self.spare += usize::from(self.status.take().is_some());
        for slot in self.parts.iter_mut().flat_map(|part| &mut part.slots) {
            slot.close(&mut self.spare);
        }
    }
}

/// Returns `true` if one of the fields is read from files that may wake the GPU.
fn asks_the_hardware(fields: SampleFields) -> bool {
    let quiet = SampleFields::VRAM | SampleFields::OTHER_MEMORY | SampleFields::FACTS;
    !quiet.contains(fields)
}
