//! Writes the exporter's manual page: `cargo run -p amdgpu-smi-exporter --example man DIR`.

use amdgpu_smi_exporter::args::Args;
use clap::CommandFactory;

fn main() -> std::io::Result<()> {
    let directory = std::env::args().nth(1).unwrap_or_else(|| ".".into());
    clap_mangen::generate_to(Args::command(), directory)
}
