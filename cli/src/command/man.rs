//! `man`: the manual pages, one for the program and one for each command.

use std::path::PathBuf;

use clap::Args;

use crate::failure::Failure;

/// Options of `man`.
#[derive(Debug, Args)]
#[command(hide = true)]
pub(crate) struct ManArgs {
    /// Directory to write to
    directory: PathBuf,
}

/// Writes `amdgpu-smi.1`, `amdgpu-smi-list.1` and so on into a directory, which is created if missing.
pub(crate) fn run(program: clap::Command, args: &ManArgs) -> Result<(), Failure> {
    let directory = &args.directory;
    let failed = |error| Failure::Output(directory.clone(), error);
    std::fs::create_dir_all(directory).map_err(failed)?;
    clap_mangen::generate_to(program, directory).map_err(failed)
}
