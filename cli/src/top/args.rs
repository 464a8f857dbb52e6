//! The options of `top`.

use clap::Args;

use super::glyphs::Glyphs;
use super::palette::Palette;
use super::settings::Density;
use crate::sort::Sort;

const TOP_HELP: &str = "\
Screen:
One or two GPUs get a card each; more get three lines or one line each. Partitions are listed below their package, whose \
values appear once. Processes follow below. Pages 1 to 6: overview, sensors, clocks, processes, links, events. Press ? \
for all keys.

Figures:
BUSY is the firmware's average over the interval if it has one, else the mean of the last four seconds. An APU's memory \
is the larger of VRAM and GTT. BUSY% of a process adds up all its engines (100 is one ring busy all the time), or is CU% \
if that is larger. CU% is the share of the compute units that hold its work. ROCm's own queues count in no engine, so a \
process with such queues shows a dash, not 0. All descriptors of the machine are scanned every ten seconds; in between, \
those that led to a GPU, KFD's list, and new processes. A dash marks a missing value; ! is near a limit, !! at or over it. \
Graphs cover up to 15 minutes and draw the limit as a line.

Effects on the machine:
top changes nothing, except that it sends the signals that you choose to the selected process (--readonly: never). It \
never wakes a sleeping GPU, leaves idle GPUs alone so that they can suspend, and marks a hanging GPU as late without \
waiting for it. Events are read from /dev/kfd.

Recordings:
Press r to start and stop a recording. It is written as an archive to the current folder, with names replaced as \
`capture` does. Each frame is written when it is taken, so a crash loses at most the last one; recording stops at 1 GiB. \
`amdgpu-smi --root FILE top` plays it, or a recording of `capture --frames`: move in it with space, [ ] { } , . < and >, \
play it slower or faster with ( and ). At its end, space plays it again.

Settings:
Press w to save the settings to amdgpu-smi/top.json in $XDG_CONFIG_HOME, or in ~/.config. Options override the \
environment, which overrides the file.

Examples:
  amdgpu-smi top                               this machine
  amdgpu-smi --demo top                        a simulated machine
  amdgpu-smi --root recorded.tar top           a recording of another machine
  amdgpu-smi top --once > screen.txt           one screen, as text";

/// Options of `top`.
#[derive(Debug, Args)]
#[command(next_help_heading = "View", after_long_help = TOP_HELP)]
#[command(after_help = "See --help for the screen, figures, recordings and examples.")]
pub(crate) struct TopArgs {
    /// Refresh every SEC seconds (0.1 to 3600; + and - change it)
    #[arg(short = 'i', long, visible_alias = "watch", short_alias = 'w', value_name = "SEC", value_parser = interval)]
    pub(crate) interval: Option<f64>,
    /// Space per GPU
    #[arg(long, value_name = "VIEW", value_enum)]
    pub(crate) view: Option<Density>,
    /// Sort order of processes
    #[arg(long, value_name = "KEY", value_enum, ignore_case = true)]
    pub(crate) sort: Option<Sort>,
    /// Show only processes with this text in their command, user, container or id
    #[arg(long, value_name = "TEXT")]
    pub(crate) filter: Option<String>,
    /// Do not read processes
    #[arg(long)]
    pub(crate) no_processes: bool,
    /// Colour palette
    #[arg(long, value_name = "PALETTE", value_enum)]
    pub(crate) color: Option<Palette>,
    /// Characters for graphs [default: chosen by locale and terminal]
    #[arg(long, value_name = "GLYPHS", value_enum)]
    pub(crate) graph: Option<Glyphs>,
    /// Draw with ASCII only; same as --graph ascii
    #[arg(long, conflicts_with = "graph")]
    pub(crate) ascii: bool,
    /// Never send signals to processes
    #[arg(long)]
    pub(crate) readonly: bool,
    /// Print one screen as text and exit; implied if the output is not a terminal
    #[arg(long)]
    pub(crate) once: bool,
    /// Read idle GPUs at every refresh, although this keeps them awake
    #[arg(long)]
    pub(crate) keep_awake: bool,
}

fn interval(text: &str) -> Result<f64, String> {
    let seconds = crate::args::seconds(text)?;
    match (0.1..=3600.0).contains(&seconds) {
        true => Ok(seconds),
        false => Err("expected 0.1 seconds to an hour".into()),
    }
}
