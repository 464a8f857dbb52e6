//! CPU time, memory and command line of a process.

use std::path::Path;
use std::time::Instant;

use super::{Process, ProcessId, refused};
use crate::backend::{Backend, Live};
use crate::discover::Smi;
use crate::error::{Error, Op, Result};
use crate::gpu;
use crate::id::Pid;
use crate::parse::Parsed;
use crate::parse::process::{command_line, stat};
use crate::unit::{Bytes, Nanoseconds};

/// A process's use of CPUs and memory.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct HostUse {
    /// The arguments, separated by blanks; absent if there are none or if the process hides them.
    pub command_line: Option<String>,
    /// CPU time since the process started.
    pub processor_time: Nanoseconds,
    /// Resident memory in bytes.
    pub resident: Bytes,
    /// Start time in clock ticks since boot. With the process id, it identifies one process even if ids are reused.
    pub start_ticks: u64,
    #[cfg_attr(feature = "serde", serde(skip))]
    read_at: Instant,
}

impl HostUse {
    /// CPU usage since an earlier look, in percent of one CPU; `None` if that was of another process.
    pub fn percent_since(&self, earlier: &HostUse) -> Option<f64> {
        let passed = self.read_at.saturating_duration_since(earlier.read_at);
        if passed.is_zero() || earlier.start_ticks != self.start_ticks {
            return None;
        }
        let worked = Nanoseconds(self.processor_time.0.saturating_sub(earlier.processor_time.0));
        Some(worked.seconds() * 100.0 / passed.as_secs_f64())
    }
}

/// Start time of a process of this machine, in clock ticks since boot; with the id, it identifies one process.
///
/// Equal to [`HostUse::start_ticks`] while the id still belongs to the process that was inspected.
///
/// # Source
/// `/proc/<pid>/stat`.
///
/// # Errors
/// [`Error::NotSupported`] after the process has ended; other errors of `stat`.
pub fn start_ticks(pid: Pid) -> Result<u64> {
    let directory = Path::new("/proc").join(pid.to_string());
    let opened = Live::new().open_dir(&directory);
    let dir = opened.map_err(|error| refused(Op::OpenDir, directory.clone(), &error))?;
    let failed = |op, path, error: std::io::Error| refused(op, path, &error);
    Ok(gpu::read(&*dir, "stat", failed, stat)?.start_ticks)
}

impl Smi {
    /// Command line, processor time and memory of a process.
    ///
    /// # Source
    /// `stat` and `cmdline` of `/proc/<pid>`.
    ///
    /// # Errors
    /// [`Error::OtherPidNamespace`] for a process with an id of another pid namespace; errors of `stat`, for example
    /// after the process has ended.
    pub fn host_use(&self, process: &Process) -> Result<HostUse> {
        self.read_host_use(process, None)
    }

    /// As [`Smi::host_use`], with the command line of an earlier answer where it is the same process.
    ///
    /// *Source*: `stat` of `/proc/<pid>`, and `cmdline` where it is another process.
    /// *Errors*: as [`Smi::host_use`].
    pub fn host_use_after(&self, process: &Process, earlier: &HostUse) -> Result<HostUse> {
        self.read_host_use(process, Some(earlier))
    }

    fn read_host_use(&self, process: &Process, earlier: Option<&HostUse>) -> Result<HostUse> {
        let directory = Path::new("/proc").join(process.pid.to_string());
        if matches!(process.id(), ProcessId::Host(_)) {
            return Err(Error::OtherPidNamespace { path: directory.join("stat") });
        }
        let backend = self.backend();
        let opened = backend.open_dir(&directory);
        let dir = opened.map_err(|error| Error::plain(Op::OpenDir, &directory, &error))?;
        let failed = |op, path, error: std::io::Error| refused(op, path, &error);
        let stat = gpu::read(&*dir, "stat", failed, stat)?;
        let command_line = match earlier.filter(|earlier| earlier.start_ticks == stat.start_ticks) {
            Some(earlier) => earlier.command_line.clone(),
            None => {
                let read = gpu::read(&*dir, "cmdline", failed, |text| Parsed::Ok(command_line(text)));
                read.ok().flatten()
            }
        };
        let ticks = rustix::param::clock_ticks_per_second().max(1);
        let worked = stat.user_ticks.saturating_add(stat.system_ticks);
        let page = u64::try_from(backend.host().page_size).unwrap_or(4096);
        Ok(HostUse {
            command_line,
            processor_time: Nanoseconds(worked.saturating_mul(1_000_000_000 / ticks)),
            resident: Bytes(stat.resident_pages.saturating_mul(page)),
            start_ticks: stat.start_ticks,
            read_at: Instant::now(),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn share_of_a_processor() {
        let start = Instant::now();
        let at = |millis: u64, worked: u64, start_ticks| HostUse {
            command_line: None,
            processor_time: Nanoseconds(worked * 1_000_000),
            resident: Bytes(0),
            start_ticks,
            read_at: start + Duration::from_millis(millis),
        };
        assert_eq!(at(1000, 1500, 7).percent_since(&at(0, 1000, 7)), Some(50.0));
        assert_eq!(at(1000, 900, 7).percent_since(&at(0, 1000, 7)), Some(0.0));
        assert_eq!(at(1000, 1500, 8).percent_since(&at(0, 1000, 7)), None);
        assert_eq!(at(0, 1500, 7).percent_since(&at(0, 1000, 7)), None);
    }
}
