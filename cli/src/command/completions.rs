//! `completions`: a script that completes the options in a shell.

use clap::Command;
use clap_complete::Shell;

use crate::args::Common;
use crate::failure::Failure;
use crate::output::Output;

/// `program` is the command line whose options the script completes.
pub(crate) fn run(common: &Common, shell: Shell, program: &mut Command) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, program, "amdgpu-smi", &mut script);
    Output::open(common)?.write(&String::from_utf8_lossy(&script))
}
