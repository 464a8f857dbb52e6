//! The name by which the command was called, and so whose options and output it has.

use std::ffi::OsStr;
use std::path::Path;

/// The command whose interface is shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Face {
    /// This program's own: `amdgpu-smi`.
    #[default]
    Own,
    /// `amd-smi`: the same commands and options; text, JSON, CSV and exit status as AMD's command has them.
    AmdSmi,
    /// `rocm-smi`: the options and output of AMD's older command.
    RocmSmi,
}

impl Face {
    /// Of the first argument of the process.
    pub(crate) fn of(program: Option<&OsStr>) -> Face {
        let name = program.map(Path::new).and_then(Path::file_name).and_then(OsStr::to_str);
        match name.map(|name| name.trim_end_matches(".py")) {
            Some("amd-smi") => Face::AmdSmi,
            Some("rocm-smi" | "rocm_smi") => Face::RocmSmi,
            _ => Face::Own,
        }
    }

    /// The name in help pages.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Face::Own => "amdgpu-smi",
            Face::AmdSmi => "amd-smi",
            Face::RocmSmi => "rocm-smi",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_part_of_the_path_decides() {
        let of = |name: &str| Face::of(Some(OsStr::new(name)));
        assert_eq!(of("/opt/rocm/bin/amd-smi"), Face::AmdSmi);
        assert_eq!(of("rocm-smi"), Face::RocmSmi);
        assert_eq!(of("amd-smi/amdgpu-smi"), Face::Own);
        assert_eq!(Face::of(None), Face::Own);
    }
}
