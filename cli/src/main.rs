//! `amdgpu-smi`: AMD GPU telemetry on the command line.

#![deny(unsafe_code)]

mod answer;
mod args;
mod change;
mod cli;
mod command;
mod failure;
mod fleet;
mod machine;
mod output;
mod render;
mod report;
mod row;
mod sections;
mod view;
mod watch;

use std::io::IsTerminal;
use std::process::ExitCode;

use amdgpu_smi::backend::Archive;
use amdgpu_smi::synth::Demo;
use cli::Cli;
use failure::Failure;

fn main() -> ExitCode {
    match run(&mut cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            output::complain(&failure);
            ExitCode::from(failure.status())
        }
    }
}

fn demo_machine(demo: Demo) -> Result<Archive, Failure> {
    demo.archive().map_err(|error| Failure::Nothing(format!("the demo {demo} cannot be made: {error}")))
}

fn run(cli: &mut Cli) -> Result<(), Failure> {
    if let Some(demo) = cli.common.demo {
        cli.common.made_up = Some(demo_machine(demo)?);
        if std::io::stderr().is_terminal() {
            output::note(&format!("demo {demo}: this machine is made up, nothing of it is measured"));
        }
    }
    let common = &cli.common;
    match &cli.command {
        None => command::overview::run(common),
        Some(command) => command.run(common),
    }
}
