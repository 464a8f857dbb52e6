//! `amdgpu-smi`: AMD GPU telemetry on the command line.

#![deny(unsafe_code)]

mod answer;
mod args;
mod command;
mod demo;
mod failure;
mod fleet;
mod machine;
mod output;
mod render;
mod report;
mod view;
mod watch;

use std::io::IsTerminal;
use std::process::ExitCode;

use args::{Cli, Command};
use failure::Failure;

fn main() -> ExitCode {
    match run(&mut args::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            output::complain(&failure);
            ExitCode::from(failure.status())
        }
    }
}

fn run(cli: &mut Cli) -> Result<(), Failure> {
    if let Some(demo) = cli.common.demo {
        cli.common.made_up = Some(demo.archive()?);
        if std::io::stderr().is_terminal() {
            output::note(&format!("demo {demo}: this machine is made up, nothing of it is measured"));
        }
    }
    let common = &cli.common;
    match &cli.command {
        None => command::overview::run(common),
        Some(Command::List(args)) => command::list::run(common, args),
        Some(Command::Static(args)) => command::static_facts::run(common, args),
        Some(Command::Metric(args)) => command::metric::run(common, args),
        Some(Command::Monitor(args)) => command::monitor::run(common, args),
        Some(Command::Firmware(_)) => command::firmware::run(common),
        Some(Command::Process(args)) => command::process::run(common, args),
        Some(Command::Topology(args)) => command::topology::run(common, args),
        Some(Command::Xgmi(args)) => command::xgmi::run(common, args),
        Some(Command::Partition(args)) => command::partition::run(common, args),
        Some(Command::Ras(args)) => command::ras::run(common, args),
        Some(Command::BadPages(args)) => command::bad_pages::run(common, args),
        Some(Command::Event(args)) => command::event::run(common, args),
        Some(Command::Capture(args)) => command::capture::run(common, args),
        Some(Command::Set(args)) => command::set::run(common, args),
        Some(Command::Reset(args)) => command::reset::run(common, args),
        Some(Command::Doctor) => command::doctor::run(common),
        Some(Command::Version) => command::version::run(common),
        Some(Command::Completions { shell }) => command::completions::run(common, *shell),
    }
}
