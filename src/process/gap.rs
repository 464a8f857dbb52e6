//! The causes why a list of processes lacks some of them, or what they use.

use std::fmt;

use super::{FailedProcesses, PidNamespace, Processes};
use crate::error::Error;

/// One cause why a list of processes is incomplete.
#[derive(Debug, Clone, Copy)]
pub(crate) enum ProcessGap<'a> {
    /// `/proc` could not be read.
    NoProc(&'a Error),
    /// `/proc` hides the processes of other users.
    OtherUsers,
    /// `/proc` belongs to a container.
    OutsideContainer,
    /// The number of processes whose descriptors this user may not inspect.
    Forbidden(usize),
    /// Processes that could not be read completely.
    Failed(&'a FailedProcesses),
    /// The pid namespace or KFD's list could not be read.
    Unread(&'a Error),
}

impl Processes {
    /// The causes why the list is incomplete; none if it is complete.
    pub(crate) fn gaps(&self) -> Vec<ProcessGap<'_>> {
        let mut gaps = Vec::new();
        gaps.extend(self.proc.as_ref().err().map(ProcessGap::NoProc));
        gaps.extend(self.others.is_err().then_some(ProcessGap::OtherUsers));
        gaps.extend((self.namespace == Ok(PidNamespace::Nested)).then_some(ProcessGap::OutsideContainer));
        gaps.extend((self.unreadable > 0).then_some(ProcessGap::Forbidden(self.unreadable)));
        gaps.extend(self.failed.as_ref().map(ProcessGap::Failed));
        // Without /proc, the namespace is absent for the same reason.
        let namespace = self.namespace.as_ref().err();
        let namespace = namespace.filter(|error| self.proc.is_ok() || !error.is_absence());
        // A machine without KFD has no processes in its list.
        let kfd = self.kfd.as_ref().err().filter(|error| !error.is_absence());
        gaps.extend(namespace.into_iter().chain(kfd).map(ProcessGap::Unread));
        gaps
    }
}

impl ProcessGap<'_> {
    /// The action that closes the gap.
    pub(crate) fn advice(&self) -> Option<&'static str> {
        Some(match self {
            ProcessGap::NoProc(_) => "mount /proc",
            ProcessGap::OtherUsers => "run it as root, or in the group that the mount option gid names",
            ProcessGap::OutsideContainer => {
                "run it on the host, or share the host's pid namespace (--pid=host)"
            }
            ProcessGap::Forbidden(_) => "run it as root to see memory and engines of all",
            ProcessGap::Failed(_) | ProcessGap::Unread(_) => return None,
        })
    }

    /// Returns `true` for an error, and not only a limit of what this user or container sees.
    pub(crate) fn is_error(&self) -> bool {
        matches!(self, ProcessGap::Failed(_) | ProcessGap::Unread(_))
    }
}

/// What the list lacks, as the rest of a sentence about processes.
impl fmt::Display for ProcessGap<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ProcessGap::NoProc(error) => write!(f, "cannot be listed: {error}"),
            ProcessGap::OtherUsers => {
                f.write_str("/proc hides those of other users (mount option hidepid), or is not mounted")
            }
            ProcessGap::OutsideContainer => {
                f.write_str("those outside of this container have no names, and are unseen if they only draw")
            }
            ProcessGap::Forbidden(count) => write!(f, "{count} cannot be inspected"),
            ProcessGap::Failed(failed) => {
                write!(f, "{} could be read only in part: {}", failed.count, failed.first)
            }
            ProcessGap::Unread(error) => write!(f, "the list may lack some: {error}"),
        }
    }
}
