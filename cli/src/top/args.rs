//! The options of `top`.

use clap::Args;

use super::glyphs::Glyphs;
use super::palette::Palette;
use super::processes::Sort;
use super::settings::Density;

const TOP_HELP: &str = "\
What it shows:
A card for one or two GPUs, three lines or one line each for more; partitions stand below their package, whose values \
stand once. Below them who uses the GPUs. Pages (1 to 6): overview, sensors, clocks, processes, links, events. ? lists all \
keys.

Figures:
BUSY is what the firmware averages over the interval where it does, else the mean of the last four seconds. An APU's \
memory is the larger of VRAM and GTT. BUSY% of a process is all its engines together, 100 is one ring all the time, or \
CU% where that is more; CU% is the share of the compute units that hold its work. ROCm's own queues are in no engine, so a process that has some shows \
a dash and not 0. All descriptors of the machine are looked at every five seconds; in between those that led to a GPU, what KFD \
lists, and processes that began since. A dash is a value that is not there. ! is near a limit, !! at \
it. Graphs show the last quarter of an hour at most, the limit as a line.

What it does to the machine:
It sends nothing but the signals that you choose, and only to the process that was shown (--readonly: none). A sleeping GPU \
is not woken, one that may fall asleep is left alone, one that hangs is late and nobody waits for it. What drivers report \
is read from /dev/kfd.

Recordings:
r records from here to the next r into an archive in this folder, names replaced as `capture` does it. Each frame is written \
when it is taken, so that a crash costs the last one at most; 1 GiB is the end. `amdgpu-smi --root FILE top` plays it, or what \
`capture --frames` recorded: space, [ ] { } , . < > move in it, ( ) play it slower and faster.

Choices:
w writes them to amdgpu-smi/top.json in $XDG_CONFIG_HOME, else ~/.config. Options go before the environment, this before the file.

Examples:
  amdgpu-smi top                               this machine
  amdgpu-smi --demo top                        a machine that is made up
  amdgpu-smi --root recorded.tar top           a colleague's, in your terminal
  amdgpu-smi top --once > screen.txt           one picture, as text";

/// What to show, and how.
#[derive(Debug, Args)]
#[command(next_help_heading = "View", after_long_help = TOP_HELP)]
#[command(after_help = "--help says more: what it shows, figures, recordings, examples.")]
pub(crate) struct TopArgs {
    /// Seconds from one refresh to the next (0.1 to 3600; + and - change it)
    #[arg(short = 'i', long, visible_alias = "watch", short_alias = 'w', value_name = "SEC", value_parser = interval)]
    pub(crate) interval: Option<f64>,
    /// How much room a GPU gets
    #[arg(long, value_name = "VIEW", value_enum)]
    pub(crate) view: Option<Density>,
    /// The order of processes
    #[arg(long, value_name = "KEY", value_enum)]
    pub(crate) sort: Option<Sort>,
    /// Show only processes with this text in command, user, container or number
    #[arg(long, value_name = "TEXT")]
    pub(crate) filter: Option<String>,
    /// Do not look at processes
    #[arg(long)]
    pub(crate) no_processes: bool,
    /// Colours
    #[arg(long, value_name = "PALETTE", value_enum)]
    pub(crate) color: Option<Palette>,
    /// What graphs are made of; else what the locale and the terminal can show
    #[arg(long, value_name = "GLYPHS", value_enum)]
    pub(crate) graph: Option<Glyphs>,
    /// Draw with ASCII alone, as --graph ascii
    #[arg(long, conflicts_with = "graph")]
    pub(crate) ascii: bool,
    /// Send no signals
    #[arg(long)]
    pub(crate) readonly: bool,
    /// Print one screen as text and end; so too where the output is no terminal
    #[arg(long)]
    pub(crate) once: bool,
    /// Read a GPU that nobody uses at every refresh, although that keeps it awake
    #[arg(long)]
    pub(crate) keep_awake: bool,
}

fn interval(text: &str) -> Result<f64, String> {
    let seconds = crate::args::seconds(text)?;
    match (0.1..=3600.0).contains(&seconds) {
        true => Ok(seconds),
        false => Err("from 0.1 seconds to an hour".into()),
    }
}
