//! `amdgpu-smi`: AMD GPU telemetry on the command line.

#![deny(unsafe_code)]

mod answer;
mod args;
mod change;
mod cli;
mod command;
mod completion;
mod cpu;
mod face;
mod failure;
mod fleet;
mod guard;
mod level;
mod machine;
mod output;
mod reasons;
mod render;
mod report;
mod rocm_smi;
mod row;
mod screen;
mod sections;
mod sort;
mod top;
mod view;
mod watch;

use std::io::IsTerminal;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use amdgpu_smi::backend::Archive;
use amdgpu_smi::synth::Demo;
use cli::Cli;
use face::Face;
use failure::Failure;

fn main() -> ExitCode {
    let reached = Arc::new(AtomicBool::new(false));
    // A file beyond `ulimit -f` is then an error of its write, which can be said. Without the handler it ends the process.
    let _ = signal_hook::flag::register(signal_hook::consts::SIGXFSZ, reached);
    let face = Face::of(std::env::args_os().next().as_deref());
    if face == Face::RocmSmi {
        return guard::run(|| status(rocm_smi::run(), face));
    }
    completion::serve(|| cli::command(face));
    let mut cli = cli::parse(face);
    match cli.may_hang() {
        true => guard::run(|| status(run(&mut cli), face)),
        false => ExitCode::from(status(run(&mut cli), face)),
    }
}

/// The exit status; prints the failure.
fn status(done: Result<(), Failure>, face: Face) -> u8 {
    let Err(failure) = done else { return 0 };
    let status = failure.status(face);
    if status != 0 {
        output::complain(&failure);
    }
    status
}

fn demo_machine(demo: Demo) -> Result<Archive, Failure> {
    demo.archive().map_err(|error| Failure::Nothing(format!("cannot build the demo {demo}: {error}")))
}

fn run(cli: &mut Cli) -> Result<(), Failure> {
    if let Some(demo) = cli.common.demo {
        cli.common.made_up = Some(demo_machine(demo)?);
        if std::io::stderr().is_terminal() {
            output::note(&format!("demo {demo}: simulated machine, no real measurements"));
        }
    }
    let common = &cli.common;
    match &cli.command {
        None => command::overview::run(common),
        Some(command) => command.run(common),
    }?;
    // Missing parts were reported where they were found.
    match common.incomplete.load(Ordering::Relaxed) {
        true => Err(Failure::Status(1)),
        false => Ok(()),
    }
}
