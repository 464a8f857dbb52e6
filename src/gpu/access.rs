//! The way to a GPU's files: each read goes through here, so that none wakes a GPU against the caller's will.

use std::cell::{OnceCell, RefCell};
use std::path::{Path, PathBuf};

use super::{Device, Gpu, WakePolicy};
use crate::attribute::{Absent, Attribute, Owner};
use crate::backend::Dir;
use crate::error::{Error, Op, Result, Unavailable};
use crate::reading::{Reading, Scope, Source, Value};

/// The way to a GPU's files for one answer. Whether the GPU sleeps is asked once, before the first file that may wake
/// it: `power/runtime_status` itself never wakes (`runtime_status_show` in drivers/base/power only prints a field).
pub(crate) struct Access<'a> {
    gpu: &'a Gpu,
    refused: OnceCell<Option<Unavailable>>,
}

impl Gpu {
    /// The way to the GPU's files.
    pub(crate) fn access(&self) -> Access<'_> {
        Access { gpu: self, refused: OnceCell::new() }
    }

    /// One file that needs no other beside it.
    pub(crate) fn get<T>(&self, attribute: &Attribute<T>) -> Reading<T> {
        self.access().get(attribute)
    }

    /// Reads a file of the PCI device that never wakes the GPU.
    pub(crate) fn fact<T, E>(
        &self,
        file: &str,
        parse: impl FnOnce(&[u8]) -> std::result::Result<T, E>,
    ) -> Reading<T>
    where
        Absent: From<E>,
    {
        let device = self.device(file)?;
        let value = read(&*device.dir, file, |op, path, error| device.error(op, path, error), parse)?;
        Ok(Value::of_package(value, Source::Attribute))
    }

    /// Where a file of the PCI device is, or would be.
    pub(crate) fn path_of(&self, file: &str) -> PathBuf {
        match &self.inner.device {
            Some(device) => device.dir.path().join(file),
            None => Path::new("/sys/bus/pci/devices").join(self.inner.ids.package.to_string()).join(file),
        }
    }

    /// The PCI device, or the reason why `file` of it cannot be read.
    pub(crate) fn device(&self, file: &str) -> Result<&Device> {
        let device =
            self.inner.device.as_ref().ok_or_else(|| Error::NotSupported { path: self.path_of(file) })?;
        match (device.is_retired(), self.refusing) {
            (true, _) => Err(Error::DeviceGone { path: self.path_of(file) }),
            (_, Some(reason @ Unavailable::Late)) => {
                Err(Error::Unavailable { path: self.path_of(file), reason })
            }
            _ => Ok(device),
        }
    }

    /// Which part of the machine the values of the GPU's KFD node cover.
    pub(crate) fn own_scope(&self) -> Scope {
        if self.is_partition() { Scope::Partition } else { Scope::Package }
    }
}

impl Access<'_> {
    /// The file of an attribute.
    pub(crate) fn get<T>(&self, attribute: &Attribute<T>) -> Reading<T> {
        self.named(attribute, attribute.name)
    }

    /// The file of an attribute's channel.
    pub(crate) fn at<T>(&self, attribute: &Attribute<T>, channel: u32) -> Reading<T> {
        self.named(attribute, &attribute.of_channel(channel))
    }

    /// The file with this name, read as the attribute.
    pub(crate) fn named<T>(&self, attribute: &Attribute<T>, file: &str) -> Reading<T> {
        let parse = attribute.parse;
        let value = match attribute.owner {
            Owner::PowerManagement => self.read(file, parse)?,
            Owner::Hwmon => self.read_hwmon(file, parse)?,
            Owner::Device => return self.gpu.fact(file, parse),
            Owner::HwmonFact => self.gpu.hwmon_fact(file, parse)?,
            Owner::Node => {
                let value = self.gpu.node_fact(file, parse)?;
                return Ok(Value { value, source: Source::Kfd, scope: self.gpu.own_scope() });
            }
        };
        Ok(Value::of_package(value, Source::Attribute))
    }

    /// Reads a power-management file of the PCI device.
    pub(crate) fn read<T, E>(
        &self,
        file: &str,
        parse: impl FnOnce(&[u8]) -> std::result::Result<T, E>,
    ) -> Result<T>
    where
        Absent: From<E>,
    {
        let device = self.gpu.device(file)?;
        self.read_in(device, &*device.dir, file, parse)
    }

    /// Reads a file of the hwmon directory.
    pub(crate) fn read_hwmon<T, E>(
        &self,
        file: &str,
        parse: impl FnOnce(&[u8]) -> std::result::Result<T, E>,
    ) -> Result<T>
    where
        Absent: From<E>,
    {
        let hwmon = self.gpu.hwmon()?;
        // The driver makes all names at once, so one that is missing is known to be, without asking the GPU.
        if self.check(PathBuf::new).is_err() && !hwmon.has(file) {
            return Err(Error::NotSupported { path: hwmon.dir.path().join(file) });
        }
        self.read_in(self.gpu.device(file)?, &*hwmon.dir, file, parse)
    }

    /// Refuses a file that would wake the GPU.
    pub(crate) fn check(&self, path: impl FnOnce() -> PathBuf) -> Result<()> {
        let gpu = self.gpu;
        let asleep = || gpu.inner.wake == WakePolicy::Never && gpu.is_suspended();
        let refused =
            self.refused.get_or_init(|| gpu.refusing.or_else(|| asleep().then_some(Unavailable::Suspended)));
        match *refused {
            Some(reason) => Err(Error::Unavailable { path: path(), reason }),
            None => Ok(()),
        }
    }

    fn read_in<T, E>(
        &self,
        device: &Device,
        dir: &dyn Dir,
        file: &str,
        parse: impl FnOnce(&[u8]) -> std::result::Result<T, E>,
    ) -> Result<T>
    where
        Absent: From<E>,
    {
        self.check(|| dir.path().join(file))?;
        read(dir, file, |op, path, error| device.power_management_error(op, path, error), parse)
    }
}

/// Reads one attribute of a directory and parses it.
pub(crate) fn read<T, E>(
    dir: &dyn Dir,
    file: &str,
    failed: impl FnOnce(Op, PathBuf, std::io::Error) -> Error,
    parse: impl FnOnce(&[u8]) -> std::result::Result<T, E>,
) -> Result<T>
where
    Absent: From<E>,
{
    with_buffer(|buf| match dir.read(Path::new(file), buf) {
        Ok(()) => parse(buf).map_err(|absent| Absent::from(absent).at(dir.path().join(file))),
        Err(error) => Err(failed(Op::Read, dir.path().join(file), error)),
    })
}

/// Lends a buffer that is kept for the thread, so that a read allocates nothing.
pub(crate) fn with_buffer<T>(use_it: impl FnOnce(&mut Vec<u8>) -> T) -> T {
    thread_local! {
        static BUFFER: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
    }
    // Taken out, not borrowed: a parser that reads another file finds an empty one and allocates.
    let mut buf = BUFFER.take();
    let value = use_it(&mut buf);
    BUFFER.set(buf);
    value
}
