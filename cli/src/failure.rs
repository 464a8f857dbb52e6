//! Failures of the program, with their exit statuses.

use std::fmt;
use std::io;
use std::path::PathBuf;

use amdgpu_smi::Error;
use amdgpu_smi::error::Unavailable;

use crate::face::Face;

/// The reason for a missing answer or output.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The library says so.
    Smi(Error),
    /// A change was refused before anything was written: of which GPU and setting, and why.
    Unchanged { what: String, error: Error },
    /// There is nothing to answer about, in a sentence.
    Nothing(String),
    /// The printed answer has no value; the reason, in a sentence.
    Unanswered(String),
    /// The command line asks for something impossible, in a sentence.
    Usage(String),
    /// The output cannot be written.
    Output(PathBuf, io::Error),
    /// The answer itself has the reason; only the status is left.
    Status(u8),
    /// The reader of the output is gone.
    ReaderGone,
}

impl Failure {
    /// The status that the process ends with. `amd-smi` has another for what it does not find, and ends well where all
    /// that it was asked for is `N/A`.
    pub(crate) fn status(&self, face: Face) -> u8 {
        match self {
            Failure::Unanswered(_) if face == Face::AmdSmi => 0,
            Failure::Smi(Error::DriverNotLoaded { .. } | Error::Wsl) if face == Face::AmdSmi => 255,
            Failure::Smi(Error::NoSuchGpu { .. }) if face == Face::AmdSmi => 3,
            Failure::ReaderGone => 0,
            Failure::Status(status) => *status,
            Failure::Smi(Error::DriverNotLoaded { .. } | Error::Wsl) => 3,
            Failure::Smi(Error::NoSuchGpu { .. } | Error::Root { .. }) | Failure::Usage(_) => 2,
            Failure::Smi(_)
            | Failure::Nothing(_)
            | Failure::Unanswered(_)
            | Failure::Output(..)
            | Failure::Unchanged { .. } => 1,
        }
    }

    /// A suggestion for the next step.
    pub(crate) fn hint(&self) -> Option<&'static str> {
        match self {
            Failure::Smi(Error::NoSuchGpu { .. }) => Some("`amdgpu-smi list` lists all GPUs"),
            Failure::Smi(Error::Root { .. }) => {
                Some("pass a directory with a machine's sys (and proc, dev), or an archive of one")
            }
            Failure::Smi(_) => Some("try: amdgpu-smi doctor"),
            Failure::Unchanged { error, .. } => match error {
                Error::ReadOnly { .. } => Some("--dry-run shows the planned writes"),
                Error::NoPermission { .. } => {
                    Some("--dry-run shows the planned writes and the permissions they need")
                }
                Error::Unavailable { reason: Unavailable::Suspended, .. } => Some("pass --wake to wake it"),
                _ => None,
            },
            _ => None,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Smi(error) => write!(f, "{error}"),
            Failure::Unchanged { what, error } => write!(f, "{what}: {error}; nothing was changed"),
            Failure::Nothing(sentence) | Failure::Unanswered(sentence) | Failure::Usage(sentence) => {
                f.write_str(sentence)
            }
            Failure::Output(path, error) => write!(f, "{}: cannot write: {error}", path.display()),
            Failure::Status(_) => f.write_str("see the output for the reason"),
            Failure::ReaderGone => f.write_str("the reader of the output is gone"),
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        Failure::Smi(error)
    }
}
