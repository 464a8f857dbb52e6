//! Access to a GPU's files. Each read goes through here, so none wakes a GPU against the caller's will.

use std::cell::OnceCell;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::buffer::Buffer;
use super::{Device, Gpu, WakePolicy};
use crate::attribute::{Absent, Attribute, Owner};
use crate::backend::Dir;
use crate::error::{Error, Op, Result, Unavailable};
use crate::reading::{Reading, Scope, Source, Value};

/// Access to a GPU's files for one answer. It reads `power/runtime_status` once, before the first file that may wake
/// the GPU. The status itself never wakes (`runtime_status_show` in drivers/base/power only prints a field).
pub(crate) struct Access<'a> {
    gpu: &'a Gpu,
    refused: OnceCell<Option<Unavailable>>,
}

impl Gpu {
    /// Access to the GPU's files for one answer.
    pub(crate) fn access(&self) -> Access<'_> {
        Access { gpu: self, refused: OnceCell::new() }
    }

    /// Reads one file that depends on no other.
    pub(crate) fn get<T>(&self, attribute: &Attribute<T>) -> Reading<T> {
        self.access().get(attribute)
    }

    /// Reads a file of the PCI device that never wakes the GPU.
    pub(crate) fn fact<T, E: Into<Absent>>(
        &self,
        file: &str,
        parse: impl FnOnce(&[u8]) -> std::result::Result<T, E>,
    ) -> Reading<T> {
        self.access().parsed(Owner::Device, file, parse)
    }

    /// Reads a file of the hwmon directory that never wakes the GPU.
    #[cfg(feature = "control")]
    pub(crate) fn hwmon_fact<T, E: Into<Absent>>(
        &self,
        file: &str,
        parse: impl FnOnce(&[u8]) -> std::result::Result<T, E>,
    ) -> Result<T> {
        self.access().parsed(Owner::HwmonFact, file, parse).map(|found| found.value)
    }

    /// Reads a file of the KFD node, which never wakes the GPU.
    pub(crate) fn node_fact<T, E: Into<Absent>>(
        &self,
        file: &str,
        parse: impl FnOnce(&[u8]) -> std::result::Result<T, E>,
    ) -> Result<T> {
        self.access().parsed(Owner::Node, file, parse).map(|found| found.value)
    }

    /// The path that a file of the PCI device has or would have.
    pub(crate) fn path_of(&self, file: &str) -> PathBuf {
        match &self.inner.device {
            Ok(device) => device.dir.path().join(file),
            Err(_) => Path::new("/sys/bus/pci/devices").join(self.inner.ids.package.to_string()).join(file),
        }
    }

    /// The PCI device, or the reason why `file` of it cannot be read.
    pub(crate) fn device(&self, file: &str) -> Result<&Device> {
        let device = self.inner.device.as_ref().map_err(|_| self.no_device(file))?;
        match (device.is_retired(), self.refusing) {
            (true, _) => Err(Error::DeviceGone { path: self.path_of(file) }),
            (_, Some(reason @ Unavailable::Late)) => {
                Err(Error::Unavailable { path: self.path_of(file), reason })
            }
            _ => Ok(device),
        }
    }

    /// Refuses a file or directory that the PCI device does not have. The driver creates all entries at once, so the
    /// answer is known while the GPU sleeps, too.
    pub(crate) fn has_entry(&self, name: &str) -> Result<()> {
        let device = self.device(name)?;
        match device.dir.meta(Path::new(name)) {
            Ok(_) => Ok(()),
            Err(error) => Err(device.error(Op::Read, device.dir.path().join(name), error)),
        }
    }

    /// The reason why `file` of the PCI device cannot be read if its directory is unknown or could not be opened.
    pub(crate) fn no_device(&self, file: &str) -> Error {
        match &self.inner.device {
            Err(error) if !error.is_absence() => error.clone(),
            _ => Error::NotSupported { path: self.path_of(file) },
        }
    }

    /// The part of the machine that values of the GPU's KFD node cover.
    pub(crate) fn own_scope(&self) -> Scope {
        if self.is_partition() { Scope::Partition } else { Scope::Package }
    }
}

impl Access<'_> {
    /// Reads the file of an attribute.
    pub(crate) fn get<T>(&self, attribute: &Attribute<T>) -> Reading<T> {
        self.named(attribute, attribute.name)
    }

    /// Reads the file of an attribute's channel.
    pub(crate) fn at<T>(&self, attribute: &Attribute<T>, channel: u32) -> Reading<T> {
        self.named(attribute, &attribute.of_channel(channel))
    }

    /// Reads the file with this name as the attribute.
    pub(crate) fn named<T>(&self, attribute: &Attribute<T>, file: &str) -> Reading<T> {
        self.parsed(attribute.owner, file, attribute.parse)
    }

    /// Reads a power-management file of the PCI device.
    pub(crate) fn read<T, E: Into<Absent>>(
        &self,
        file: &str,
        parse: impl FnOnce(&[u8]) -> std::result::Result<T, E>,
    ) -> Result<T> {
        self.parsed(Owner::PowerManagement, file, parse).map(|found| found.value)
    }

    /// Reads a file of the hwmon directory.
    #[cfg(feature = "control")]
    pub(crate) fn read_hwmon<T, E: Into<Absent>>(
        &self,
        file: &str,
        parse: impl FnOnce(&[u8]) -> std::result::Result<T, E>,
    ) -> Result<T> {
        self.parsed(Owner::Hwmon, file, parse).map(|found| found.value)
    }

    /// Reads and parses a file of any owner, with its place.
    fn parsed<T, E: Into<Absent>>(
        &self,
        owner: Owner,
        file: &str,
        parse: impl FnOnce(&[u8]) -> std::result::Result<T, E>,
    ) -> Reading<T> {
        let mut text = Buffer::take();
        let FileOrigin { dir, source, scope } = self.fill(owner, file, &mut text)?;
        match parse(&text) {
            Ok(value) => Ok(Value { value, source, scope }),
            Err(absent) => Err(absent.into().at(dir.path().join(file))),
        }
    }

    /// Reads a file of its owner. Not generic, so that it is compiled once.
    fn fill(&self, owner: Owner, file: &str, text: &mut Vec<u8>) -> Result<FileOrigin> {
        let gpu = self.gpu;
        if owner == Owner::Node {
            let dir = gpu.read_node(file, text)?;
            return Ok(FileOrigin { dir, source: Source::Kfd, scope: gpu.own_scope() });
        }
        let dir = match owner {
            Owner::Hwmon => {
                let hwmon = gpu.hwmon()?;
                // The driver creates all names at once, so a missing one is known without reading the GPU.
                if self.check(PathBuf::new).is_err() && !hwmon.has(file) {
                    return Err(Error::NotSupported { path: hwmon.dir.path().join(file) });
                }
                &hwmon.dir
            }
            Owner::HwmonFact => {
                gpu.device(file)?;
                &gpu.hwmon()?.dir
            }
            _ => &gpu.device(file)?.dir,
        };
        let device = gpu.device(file)?;
        let asks = owner.wakes();
        if asks {
            self.check(|| dir.path().join(file))?;
        }
        dir.read(Path::new(file), text).map_err(|error| {
            let path = dir.path().join(file);
            if asks {
                device.power_management_error(Op::Read, path, error)
            } else {
                device.error(Op::Read, path, error)
            }
        })?;
        Ok(FileOrigin { dir: dir.clone(), source: Source::Attribute, scope: Scope::Package })
    }

    /// The path that a file of the hwmon directory has or would have.
    pub(crate) fn hwmon_path(&self, file: &str) -> PathBuf {
        match self.gpu.hwmon() {
            Ok(hwmon) => hwmon.dir.path().join(file),
            Err(_) => self.gpu.path_of("hwmon").join(file),
        }
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
}

/// The place of a file that was read.
struct FileOrigin {
    dir: Arc<dyn Dir>,
    source: Source,
    scope: Scope,
}
