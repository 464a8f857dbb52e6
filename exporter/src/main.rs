//! Serves the pages until it is told to end.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program says where it is, and why it ends")]

use std::future::pending;
use std::process::ExitCode;

use amdgpu_smi_exporter::args::Args;
use amdgpu_smi_exporter::machine::Machine;
use amdgpu_smi_exporter::observer::Observer;
use amdgpu_smi_exporter::own::Own;
use amdgpu_smi_exporter::pages::Pages;
use amdgpu_smi_exporter::server::{Server, listen};
use clap::Parser;
use tokio::signal::unix::{SignalKind, signal};

type Failure = Box<dyn std::error::Error>;

fn main() -> ExitCode {
    match run(&Args::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("amdgpu-smi-exporter: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: &Args) -> Result<(), Failure> {
    if args.list_metrics {
        print!("{}", amdgpu_smi_exporter::catalogue::table());
        return Ok(());
    }
    let machine = match (args.demo, &args.root) {
        (Some(demo), _) => Machine::demo(demo)?,
        (None, Some(root)) if !root.exists() => {
            return Err(format!("{}: there is no such root", root.display()).into());
        }
        (None, Some(root)) => Machine::Root(root.clone()),
        (None, None) => Machine::Live,
    };
    let observer = Observer::new(machine, args.selection(), args.label.into(), &args.schedulers())?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let result = runtime.block_on(serve(args, observer));
    // Threads that hang in the kernel are not waited for.
    runtime.shutdown_background();
    result
}

async fn serve(args: &Args, observer: Observer) -> Result<(), Failure> {
    // Handlers of its own: for the first process of a container the kernel's default is to ignore both.
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let own = Own::default();
    let server = Server::new(Pages::new(observer, own.clone())?, own, args.deadline);
    for address in &args.listen {
        let listener = listen(address).await.map_err(|error| format!("{address}: cannot listen: {error}"))?;
        println!("http://{}/metrics", listener.local_addr()?);
        tokio::spawn(server.clone().serve(listener));
    }
    tokio::spawn(server.sweep());
    tokio::select! {
        _ = terminate.recv() => Ok(()),
        _ = interrupt.recv() => Ok(()),
        () = pending() => Ok(()),
    }
}
