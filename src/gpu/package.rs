//! The package that a partition belongs to.

use std::ops::Deref;

use super::{Gpu, GpuIds, GpuInner};
use crate::error::Error;

/// A package: one GPU, or all partitions of one together.
///
/// Power, temperatures and most other quantities are measured per package, so a program that adds them up or lists
/// them should iterate over [`Smi::packages`](crate::Smi::packages). A package has all methods of [`Gpu`]. On a
/// partitioned package, values from the partitions' KFD nodes are not supported.
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
    /// Returns `true` if the GPU is this package, or a partition of it.
    pub fn contains(&self, gpu: &Gpu) -> bool {
        self.0.ids().package == gpu.ids().package
    }
}

/// # Package
impl Gpu {
    /// The package of this GPU or partition.
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
        let whole: GpuInner = GpuInner::new(inner.index, ids, backend, wake, device, Err(no_node()));
        Package(Gpu { inner: whole.into(), refusing: self.refusing })
    }

    /// Returns `true` if this GPU represents its package in a list that counts each package once: it is not
    /// partitioned, or it is the first partition.
    pub fn is_first_of_package(&self) -> bool {
        self.ids().partition.unwrap_or(0) == 0
    }
}
