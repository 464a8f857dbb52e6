//! Serves the page: `amdgpu-smi-exporter [ADDRESS [ROOT]]`, on 127.0.0.1:9898 and of the live machine if nothing is said.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program says where it is, and why it ends")]

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::process::ExitCode;
use std::time::Duration;

use amdgpu_smi_exporter::{Exporter, machine};

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1);
    let address = arguments.next().and_then(|address| address.into_string().ok());
    let smi = match machine(arguments.next()) {
        Ok(smi) => smi,
        Err(error) => return failed(&error),
    };
    let mut exporter = Exporter::new(smi);
    let listener = match TcpListener::bind(address.as_deref().unwrap_or("127.0.0.1:9898")) {
        Ok(listener) => listener,
        Err(error) => return failed(&error),
    };
    if let Ok(address) = listener.local_addr() {
        println!("http://{address}/metrics");
    }
    for caller in listener.incoming().flatten() {
        // Who hangs up early has had the worst of it.
        let _ = answer(caller, &mut exporter);
    }
    ExitCode::SUCCESS
}

fn answer(mut caller: TcpStream, exporter: &mut Exporter) -> std::io::Result<()> {
    caller.set_read_timeout(Some(Duration::from_secs(1)))?;
    let mut request = String::new();
    BufReader::new(&caller).read_line(&mut request)?;
    let page = exporter.page();
    let length = page.len();
    write!(
        caller,
        "HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4\r\nContent-Length: {length}\r\n\r\n{page}"
    )
}

fn failed(error: &dyn std::error::Error) -> ExitCode {
    eprintln!("exporter: {error}");
    ExitCode::FAILURE
}
