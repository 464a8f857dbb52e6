//! One file that a sampler reads: kept open, given up for a while when it fails, never for good.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use super::target::{Absent, Target};
use super::values::Sample;
use crate::backend::{Attr, Dir};
use crate::error::{Error, Op, Unavailable};
use crate::gpu::Gpu;

/// The most samples that pass before a file that failed is tried again.
const MOST_PAUSE: u32 = 16;

/// How many samples to let pass before something that failed is tried again: none, 1, 3, 7, 15, 16, 16…
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Backoff {
    failures: u32,
    pause: u32,
}

impl Backoff {
    /// Whether it is time to try; counts the samples.
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

/// Whose directory a file is in, which decides what its errors mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Owner {
    /// The PCI device or its hwmon, which answer through the power management: reading may wake.
    PowerManagement,
    /// The PCI device, without asking the hardware.
    Device,
    /// The KFD node.
    Node,
}

/// One file and where its value goes.
#[derive(Debug)]
pub(super) struct Slot {
    pub(super) target: Target,
    owner: Owner,
    dir: Arc<dyn Dir>,
    file: PathBuf,
    attr: Option<Box<dyn Attr>>,
    /// The text of a table, so that it is read only when it changed.
    text: Vec<u8>,
    backoff: Backoff,
    /// The reason that stands in the sample in the value's place.
    absent: Option<Why>,
    /// Whether it ever had a value: then its absence may be the device's.
    known: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Why {
    Gate(Unavailable),
    Failed,
}

impl Slot {
    /// `has_reason`: whether a reason stands in the sample already, from planning.
    pub(super) fn new(
        target: Target,
        owner: Owner,
        dir: Arc<dyn Dir>,
        file: impl Into<PathBuf>,
        has_reason: bool,
    ) -> Slot {
        Slot {
            target,
            owner,
            dir,
            file: file.into(),
            attr: None,
            text: Vec::new(),
            backoff: Backoff::default(),
            absent: has_reason.then_some(Why::Failed),
            known: false,
        }
    }

    /// Reads the file into its place. `spare` counts the descriptors that may still be opened to be kept.
    ///
    /// True if the device may be gone: it should be looked for.
    pub(super) fn sample(
        &mut self,
        gpu: &Gpu,
        gate: Option<Unavailable>,
        sample: &mut Sample,
        spare: &mut usize,
        buf: &mut Vec<u8>,
    ) -> bool {
        if let (Some(reason), Owner::PowerManagement) = (gate, self.owner) {
            if self.absent != Some(Why::Gate(reason)) {
                self.leave(sample, Why::Gate(reason), |path| Error::Unavailable { path, reason });
            }
            return false;
        }
        if !self.backoff.is_due() {
            return false;
        }
        let error = match self.read(spare, buf) {
            Ok(()) if self.absent.is_none() && self.known && self.target.is_table() && self.text == *buf => {
                return false;
            }
            Ok(()) => match self.store(sample, buf) {
                Ok(()) => return false,
                Err(Absent::Unparsable(error)) => Error::unparsable(self.path(), error),
                Err(Absent::NotSupported) => Error::NotSupported { path: self.path() },
                Err(Absent::Inaccessible) => {
                    Error::Unavailable { path: self.path(), reason: Unavailable::Inaccessible }
                }
            },
            Err(error) => self.error(gpu, error),
        };
        let gone = matches!(error, Error::DeviceGone { .. })
            || (self.known && matches!(error, Error::NotSupported { .. }));
        self.close(spare);
        self.backoff.failed();
        self.leave(sample, Why::Failed, |_| error);
        gone
    }

    /// Lets go of the descriptor.
    pub(super) fn close(&mut self, spare: &mut usize) {
        if self.attr.take().is_some() {
            *spare += 1;
        }
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
        let Some(cell) = self.target.cell(sample) else { return Ok(()) };
        cell.value.store(buf)?;
        if self.absent.take().is_some() {
            cell.reasons.forget(cell.name);
        }
        if self.target.is_table() {
            self.text.clear();
            self.text.extend_from_slice(buf);
        }
        self.backoff.succeeded();
        self.known = true;
        Ok(())
    }

    /// Puts a reason in the value's place.
    fn leave(&mut self, sample: &mut Sample, why: Why, reason: impl FnOnce(PathBuf) -> Error) {
        if let Some(cell) = self.target.cell(sample) {
            cell.reasons.set(cell.name, reason(self.path()));
            cell.value.clear();
        }
        self.absent = Some(why);
    }

    fn path(&self) -> PathBuf {
        self.dir.path().join(&self.file)
    }

    fn error(&self, gpu: &Gpu, error: io::Error) -> Error {
        match (self.owner, &gpu.0.device, &gpu.0.node) {
            (Owner::PowerManagement, Some(device), _) => {
                device.power_management_error(Op::Read, self.path(), error)
            }
            (Owner::Device, Some(device), _) => device.error(Op::Read, self.path(), error),
            (Owner::Node, _, Some(node)) => node.error(Op::Read, self.path(), error),
            _ => Error::plain(Op::Read, &self.path(), &error),
        }
    }
}
