//! One file of a sampler: an attribute and its place in the sample. The file is kept open. After a failure it is
//! paused for a while, never given up.

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use super::values::Sample;
use crate::attribute::{Absent, Attribute, FileContent, Owner};
use crate::backend::{Attr, Dir};
use crate::error::{Error, Op, Unavailable};
use crate::gpu::Gpu;
use crate::reading::{Reading, Scope, Source, Value};

/// The maximum number of samples before a failed file is retried.
const MOST_PAUSE: u32 = 16;

/// The number of samples to skip before a failure is retried: none, 1, 3, 7, 15, 16, 16…
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Backoff {
    failures: u32,
    pause: u32,
}

impl Backoff {
    /// Returns `true` if a retry is due. Counts the samples.
    pub(super) fn is_due(&mut self) -> bool {
        match self.pause {
            0 => true,
            _ => {
                self.pause -= 1;
                false
            }
        }
    }

    pub(super) fn failed(&mut self) {
        self.pause = (1u32 << self.failures.min(5)).saturating_sub(1).min(MOST_PAUSE);
        self.failures = self.failures.saturating_add(1);
    }

    pub(super) fn succeeded(&mut self) {
        *self = Backoff::default();
    }
}

/// The destination of a file's value: writes a parsed text, or an error, into the sample.
trait Destination: Send + Sync {
    fn store(&self, sample: &mut Sample, text: &[u8], scope: Scope) -> FileContent<()>;
    fn fail(&self, sample: &mut Sample, error: Error);
}

/// The destination of an attribute: a reading of the sample.
struct AttributeDestination<T: 'static, F> {
    attribute: &'static Attribute<T>,
    refill: Option<Refill<T>>,
    field: F,
}

/// Parses a text into an existing value, without allocating.
pub(super) type Refill<T> = fn(&mut T, &[u8]) -> FileContent<()>;

impl<T, F> Destination for AttributeDestination<T, F>
where
    T: 'static,
    F: Fn(&mut Sample) -> Option<&mut Reading<T>> + Send + Sync,
{
    fn store(&self, sample: &mut Sample, text: &[u8], scope: Scope) -> FileContent<()> {
        let Some(reading) = (self.field)(sample) else { return Ok(()) };
        if let (Some(refill), Ok(value)) = (self.refill, reading.as_mut()) {
            return refill(&mut value.value, text);
        }
        let value = (self.attribute.parse)(text)?;
        let source = if self.attribute.owner == Owner::Node { Source::Kfd } else { Source::Attribute };
        *reading = Ok(Value { value, source, scope });
        Ok(())
    }

    fn fail(&self, sample: &mut Sample, error: Error) {
        if let Some(reading) = (self.field)(sample) {
            *reading = Err(error);
        }
    }
}

/// One file and the destination of its value.
pub(super) struct Slot {
    place: Box<dyn Destination>,
    owner: Owner,
    scope: Scope,
    dir: Arc<dyn Dir>,
    file: PathBuf,
    attr: Option<Box<dyn Attr>>,
    /// The text of the value in the sample, so that it is parsed only when it changed.
    text: Vec<u8>,
    backoff: Backoff,
    /// The reason in the sample instead of a value.
    absent: Option<Why>,
    /// Set if it ever had a value: its absence may then mean that the device is gone.
    known: bool,
}

impl fmt::Debug for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Slot").field("file", &self.file).finish_non_exhaustive()
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Why {
    Gate(Unavailable),
    Failed,
}

impl Slot {
    /// The file of an attribute in `dir`, and the destination of its value.
    pub(super) fn new<T: 'static>(
        attribute: &'static Attribute<T>,
        scope: Scope,
        dir: Arc<dyn Dir>,
        file: impl Into<PathBuf>,
        field: impl Fn(&mut Sample) -> Option<&mut Reading<T>> + Send + Sync + 'static,
    ) -> Slot {
        Slot::of(
            Box::new(AttributeDestination { attribute, refill: None, field }),
            attribute.owner,
            scope,
            dir,
            file.into(),
        )
    }

    fn of(place: Box<dyn Destination>, owner: Owner, scope: Scope, dir: Arc<dyn Dir>, file: PathBuf) -> Slot {
        Slot {
            place,
            owner,
            scope,
            dir,
            file,
            attr: None,
            // Room for any number, so that a longer one allocates nothing.
            text: Vec::with_capacity(24),
            backoff: Backoff::default(),
            absent: Some(Why::Failed),
            known: false,
        }
    }

    /// Like [`Slot::new`], for a table, which is refilled in place.
    pub(super) fn table<T: 'static>(
        attribute: &'static Attribute<T>,
        refill: Option<Refill<T>>,
        scope: Scope,
        dir: Arc<dyn Dir>,
        file: impl Into<PathBuf>,
        field: impl Fn(&mut Sample) -> Option<&mut Reading<T>> + Send + Sync + 'static,
    ) -> Slot {
        let place = Box::new(AttributeDestination { attribute, refill, field });
        Slot::of(place, attribute.owner, scope, dir, file.into())
    }

    /// Reads the file into its destination. `spare` is the number of descriptors that may still be kept open.
    ///
    /// Returns `true` if the device may be gone and should be checked.
    pub(super) fn sample(
        &mut self,
        gpu: &Gpu,
        gate: Option<Unavailable>,
        sample: &mut Sample,
        spare: &mut usize,
        buf: &mut Vec<u8>,
    ) -> bool {
        if let (Some(reason), true) = (gate, self.owner.wakes()) {
            if self.absent != Some(Why::Gate(reason)) {
                let path = self.path();
                self.leave(sample, Why::Gate(reason), Error::Unavailable { path, reason });
            }
            return false;
        }
        if !self.backoff.is_due() {
            return false;
        }
        let error = match self.read(spare, buf) {
            Ok(()) if self.is_unchanged(buf) => return false,
            Ok(()) => match self.store(sample, buf) {
                Ok(()) => return false,
                Err(absent) => absent.at(self.path()),
            },
            Err(error) => self.error(gpu, error),
        };
        let gone = matches!(error, Error::DeviceGone { .. })
            || (self.known && matches!(error, Error::NotSupported { .. }));
        self.close(spare);
        self.backoff.failed();
        self.leave(sample, Why::Failed, error);
        gone
    }

    /// Closes the descriptor.
    pub(super) fn close(&mut self, spare: &mut usize) {
        if self.attr.take().is_some() {
            *spare += 1;
        }
    }

    fn is_unchanged(&self, buf: &[u8]) -> bool {
        self.absent.is_none() && self.text == buf
    }

    fn read(&mut self, spare: &mut usize, buf: &mut Vec<u8>) -> io::Result<()> {
        if let Some(attr) = &self.attr {
            return attr.read(buf);
        }
        if *spare == 0 {
            return self.dir.read(&self.file, buf);
        }
        let attr = self.dir.open_attr(&self.file)?;
        attr.read(buf)?;
        *spare -= 1;
        self.attr = Some(attr);
        Ok(())
    }

    fn store(&mut self, sample: &mut Sample, buf: &[u8]) -> Result<(), Absent> {
        self.place.store(sample, buf, self.scope)?;
        self.absent = None;
        self.text.clear();
        self.text.extend_from_slice(buf);
        self.backoff.succeeded();
        self.known = true;
        Ok(())
    }

    /// Stores a reason instead of the value.
    fn leave(&mut self, sample: &mut Sample, why: Why, error: Error) {
        self.place.fail(sample, error);
        self.absent = Some(why);
    }

    fn path(&self) -> PathBuf {
        self.dir.path().join(&self.file)
    }

    fn error(&self, gpu: &Gpu, error: io::Error) -> Error {
        match (self.owner, &gpu.inner.device, &gpu.inner.node) {
            (Owner::PowerManagement | Owner::Hwmon, Ok(device), _) => {
                device.power_management_error(Op::Read, self.path(), error)
            }
            (Owner::Device | Owner::HwmonFact, Ok(device), _) => device.error(Op::Read, self.path(), error),
            (Owner::Node, _, Ok(node)) => node.error(Op::Read, self.path(), error),
            _ => Error::plain(Op::Read, &self.path(), &error),
        }
    }
}
