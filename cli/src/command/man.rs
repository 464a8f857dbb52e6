//! `man`: the manual pages, one for the program and one for each command.

use std::path::Path;

use crate::failure::Failure;

/// Writes `amdgpu-smi.1`, `amdgpu-smi-list.1` and so on into a directory, which is made if it is not there.
pub(crate) fn run(program: clap::Command, directory: &Path) -> Result<(), Failure> {
    let failed = |error| Failure::Output(directory.to_owned(), error);
    std::fs::create_dir_all(directory).map_err(failed)?;
    clap_mangen::generate_to(program, directory).map_err(failed)
}
