//! Serves the pages until a signal ends it.

use std::future::pending;
use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

use amdgpu_smi_exporter::args::Args;
use amdgpu_smi_exporter::machine::Machine;
use amdgpu_smi_exporter::observer::Observer;
use amdgpu_smi_exporter::own::Own;
use amdgpu_smi_exporter::pages::Pages;
use amdgpu_smi_exporter::selection::unmatched;
use amdgpu_smi_exporter::server::{Server, listen};
use amdgpu_smi_exporter::textfile;
use amdgpu_smi_exporter::web_config::WebConfig;
use clap::Parser;
use tokio::signal::unix::{SignalKind, signal};

type Failure = Box<dyn std::error::Error>;

fn main() -> ExitCode {
    match run(&Args::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            // Nobody may read it.
            let _ = writeln!(io::stderr(), "amdgpu-smi-exporter: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: &Args) -> Result<(), Failure> {
    if args.list_metrics {
        return Ok(textfile::print(&amdgpu_smi_exporter::catalogue::table())?);
    }
    let root = args.root.as_ref().filter(|root| !root.as_os_str().is_empty());
    let machine = match (args.demo, root) {
        (Some(demo), _) => Machine::demo(demo)?,
        (None, Some(root)) => Machine::root(root.clone())?,
        (None, None) => Machine::Live,
    };
    for pattern in unmatched(&args.allow).chain(unmatched(&args.deny)) {
        // No reason to end: another version may have the metric.
        let _ = writeln!(
            io::stderr(),
            "amdgpu-smi-exporter: warning: no metric matches {pattern}; --list-metrics lists them"
        );
    }
    let mut selection = args.selection();
    if args.once.is_some() {
        // node_exporter has these of its own, and one name twice spoils its page.
        let deny: Vec<String> = args.deny.iter().cloned().chain(["process_*".to_owned()]).collect();
        selection = selection.names(&args.allow, &deny);
    }
    let mut observer = Observer::new(machine, selection, args.label.into(), &args.schedulers())?;
    if let Some(path) = &args.once {
        let written = textfile::write(&mut observer, args.deadline, args.names, path);
        return Ok(written.map_err(|error| format!("{}: {error}", path.display()))?);
    }
    let config = match &args.web_config {
        Some(path) => WebConfig::file(path)?,
        None => WebConfig::open(),
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let result = runtime.block_on(serve(args, observer, config));
    // Threads that hang in the kernel are not waited for.
    runtime.shutdown_background();
    result
}

/// The sockets that systemd opened.
fn inherited() -> Result<Vec<tokio::net::TcpListener>, Failure> {
    let mut sockets = listenfd::ListenFd::from_env();
    let mut listeners = Vec::new();
    for at in 0..sockets.len() {
        if let Some(listener) = sockets.take_tcp_listener(at)? {
            listener.set_nonblocking(true)?;
            listeners.push(tokio::net::TcpListener::from_std(listener)?);
        }
    }
    match listeners.is_empty() {
        true => Err("systemd passed no socket to this process; start it with a socket unit".into()),
        false => Ok(listeners),
    }
}

async fn serve(args: &Args, observer: Observer, config: WebConfig) -> Result<(), Failure> {
    // Handlers of its own: for the first process of a container the kernel's default is to ignore both.
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    // SIGHUP asks a service to read its configuration again, which each request does anyway; without a handler it would end.
    let _reload = match io::stdin().is_terminal() {
        true => None,
        false => Some(signal(SignalKind::hangup())?),
    };
    let own = Own::default();
    let scheme = config.scheme();
    let server = Server::new(Pages::new(observer, own.clone(), args.names)?, own, args.deadline, config);
    let mut listeners = Vec::new();
    if args.systemd_socket {
        listeners.extend(inherited()?);
    } else {
        for address in &args.listen {
            let listener = listen(address).await.map_err(|error| {
                format!(
                    "cannot listen on {address}: {error}; choose another address with --web.listen-address"
                )
            });
            listeners.push(listener?);
        }
    }
    for listener in listeners {
        // A full disk, or a reader that went, is no reason to end.
        let _ = writeln!(io::stdout(), "{scheme}://{}/metrics", listener.local_addr()?);
        tokio::spawn(server.clone().serve(listener));
    }
    tokio::spawn(server.clone().first_look());
    tokio::spawn(server.sweep());
    tokio::select! {
        _ = terminate.recv() => Ok(()),
        _ = interrupt.recv() => Ok(()),
        () = pending() => Ok(()),
    }
}
