//! Reasons why a set may not see selected events.

use super::EventMask;
use super::kfd::{self, Standing};
use crate::backend::Backend;
use crate::error::{Error, Result};
use crate::gpu::Gpu;

/// A GPU whose events are not available.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Refused {
    /// The GPU that refused.
    pub gpu: Gpu,
    /// The reason, as an error.
    pub error: Error,
}

/// A reason why a set may not see selected events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Warning {
    /// Events of all processes were selected, but it is unknown whether the kernel will report them: `/proc` does not
    /// show this process's capabilities and user namespace. Without the capability, the kernel silently reports only
    /// this process's events.
    AllProcessesUncertain,
}

impl std::fmt::Display for Warning {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Warning::AllProcessesUncertain => {
                "cannot find out whether the kernel will report events of other processes: /proc does not show this \
                     process's capabilities"
            }
        })
    }
}

/// Refuses a mask that selects all processes if the kernel would ignore that.
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
