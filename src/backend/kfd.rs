//! `/dev/kfd`, opened: KFD's version, and its event descriptors.

use std::fmt;
use std::io;
use std::os::fd::OwnedFd;

use crate::id::GpuId;

/// `/dev/kfd`, opened. Only the process that opened it may ask it anything: after a fork the child gets EBADF.
pub trait Kfd: fmt::Debug + Send + Sync {
    /// The version of KFD's interface (`AMDKFD_IOC_GET_VERSION`).
    fn version(&self) -> io::Result<KfdVersion>;

    /// A new event descriptor of one GPU (`AMDKFD_IOC_SMI_EVENTS`), closed on exec, with an empty mask.
    ///
    /// Writing eight bytes to it sets its mask. Reading gives what bytes there are and never blocks.
    fn smi_events(&self, gpu: GpuId) -> io::Result<OwnedFd>;
}

/// The version of KFD's interface. Says nothing of the formats of events, which changed without it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct KfdVersion {
    /// Always 1 up to now.
    pub major: u32,
    /// 3 and up: there are events. 10 and up: migrations, page faults and queues are reported, too.
    pub minor: u32,
}

impl fmt::Display for KfdVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}
