//! What keeps a set from seeing events that were asked for.

use super::EventMask;
use super::kfd::{self, Standing};
use crate::backend::Backend;
use crate::error::{Error, Result};
use crate::gpu::Gpu;

/// A GPU whose events cannot be had.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Refused {
    /// Which.
    pub gpu: Gpu,
    /// Why.
    pub error: Error,
}

/// What may keep a set from seeing what it was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Warning {
    /// Events of all processes were asked for, and it cannot be told whether the kernel will give them: `/proc` does
    /// not show this process's capabilities and user namespace. If not, it silently gives those of this process.
    AllProcessesUncertain,
}

impl std::fmt::Display for Warning {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Warning::AllProcessesUncertain => {
                "cannot tell whether the kernel will give events of other processes: /proc does not show this \
                 process's capabilities"
            }
        })
    }
}

/// Refuses a mask whose wish for all processes the kernel would ignore.
pub(super) fn check_mask(backend: &dyn Backend, mask: EventMask) -> Result<Vec<Warning>> {
    if !mask.contains(EventMask::ALL_PROCESSES) {
        return Ok(Vec::new());
    }
    match kfd::all_processes(backend) {
        Standing::Given => Ok(Vec::new()),
        Standing::Refused(reason) => Err(Error::AllProcesses { path: kfd::path(), reason }),
        Standing::Unknown => Ok(vec![Warning::AllProcessesUncertain]),
    }
}
