//! `amdgpu-smi`: AMD GPU telemetry on the command line.

#![deny(unsafe_code)]

mod args;
mod command;
mod failure;
mod machine;
mod output;
mod render;
mod report;
mod watch;

use std::process::ExitCode;

use args::{Cli, Command};
use failure::Failure;

fn main() -> ExitCode {
    match run(&args::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            output::complain(&failure);
            ExitCode::from(failure.status())
        }
    }
}

fn run(cli: &Cli) -> Result<(), Failure> {
    let common = &cli.common;
    match &cli.command {
        Some(Command::List(args)) => command::list::run(common, args),
        _ => Err(Failure::Usage("this command is not built yet".into())),
    }
}
