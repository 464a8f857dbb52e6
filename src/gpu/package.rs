//! The whole package that a partition belongs to.

use std::ops::Deref;

use super::{Gpu, GpuIds, Inner};
use crate::error::Error;

/// A package: one GPU, or all partitions of one together.
///
/// Power, temperatures and most other quantities are measured for the package, so a program that adds up or lists what
/// a machine takes goes through [`Smi::packages`](crate::Smi::packages). It answers everything that a [`Gpu`] answers;
/// of a package in partitions, what only the partitions' KFD nodes say is not supported.
///
/// ```
/// # let smi = amdgpu_smi::Smi::builder().root("fixtures/mi300x-1x-k6.12-cpx-nps4").build()?;
/// assert_eq!((smi.gpus().len(), smi.packages().len()), (8, 1));
/// let total: f64 = smi.packages().iter().filter_map(|package| package.power().socket.ok()).map(|power| power.watts()).sum();
/// assert_eq!(total, 143.0);
/// # Ok::<(), amdgpu_smi::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Package(Gpu);

impl Deref for Package {
    type Target = Gpu;

    fn deref(&self) -> &Gpu {
        &self.0
    }
}

impl Package {
    /// Whether the GPU is this package, or a partition of it.
    pub fn contains(&self, gpu: &Gpu) -> bool {
        self.0.ids().package == gpu.ids().package
    }
}

/// # Package
impl Gpu {
    /// The package that this GPU is, or is a partition of.
    pub fn package(&self) -> Package {
        let inner = &self.inner;
        if inner.ids.partition.is_none() {
            return Package(self.clone());
        }
        let no_node = || Error::NotSupported { path: "/sys/class/kfd/kfd/topology/nodes".into() };
        let ids = GpuIds {
            bdf: inner.ids.package,
            uuid: GpuIds::uuid_of(&inner.ids.unique_id, &inner.ids.pci_id, 0),
            kfd_id: Err(no_node()),
            node: Err(no_node()),
            hip_index: None,
            partition: None,
            ..inner.ids.clone()
        };
        let device = inner.device.as_ref().map(|device| device.of_package()).map_err(Error::clone);
        let (backend, wake) = (inner.backend.clone(), inner.wake);
        let whole: Inner = Inner::new(inner.index, ids, backend, wake, device, Err(no_node()));
        Package(Gpu { inner: whole.into(), refusing: self.refusing })
    }

    /// Whether this GPU stands for its package in a list where the package is to be counted once: it is not
    /// partitioned, or the first partition.
    pub fn is_first_of_package(&self) -> bool {
        self.ids().partition.unwrap_or(0) == 0
    }
}
