//! `completions`: a script that completes the options in a shell.

use clap::CommandFactory;
use clap_complete::Shell;

use crate::args::{Cli, Common};
use crate::failure::Failure;
use crate::output::Output;

pub(crate) fn run(common: &Common, shell: Shell) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "amdgpu-smi", &mut script);
    Output::open(common)?.write(&String::from_utf8_lossy(&script))
}
