//! The options of `event`, and what a monitor can see.

use amdgpu_smi::event::EventType;
use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};

// A paragraph a line, which is wrapped to the terminal's width.
const EVENT_HELP: &str = "\
What can be seen:
* Resets, and throttling of MI100, MI200 and MI300: by everybody who may open /dev/kfd, as a rule the group render.
* Of processes (migrations, page faults, queues, unmapped memory) the kernel tells a watcher only its own, of which \
there is nothing to tell. Those of all need --all-processes and CAP_SYS_ADMIN; root of a container with a user \
namespace of its own has not got it.
* Memory faults (VMFAULT): everybody's on older kernels, as the others of processes on newer ones. RX 5000 and 6000 \
report none.
* Processes that come and go are reported by no stable kernel. Where --types names PROCESS_START or PROCESS_END, \
KFD's list of processes is looked at four times a second, and what it tells is marked as derived.
* Process ids are those of the host, in a container too.

What is lost:
The kernel keeps about a dozen events and drops further ones in silence. They are fetched at once, and 65536 kept \
for a slow reader of the output. What is known to be lost is a DROPPED_EVENT, whatever --types says.

Output:
A line an event, written at once. The time is the event's own where the driver gives one, else that of its arrival, \
in UTC. JSON is an object a line: schema, timestamp, gpu, bdf, event, \
message (what the driver wrote), arrival and time (nanoseconds since boot), origin (kernel, derived, or queue: this \
program), and the fields of the event's type, null where the kernel does not tell them. GPUs in these are kfd_id of \
`list`, and 0 is the machine's memory.
How many events there were is said on standard error at the end. Ctrl-C and SIGTERM end it with status 0.

Examples:
  amdgpu-smi event --types GPU_PRE_RESET --count 1         wait for a reset
  amdgpu-smi event --json --file events.jsonl --append     keep a log
  sudo amdgpu-smi event --all-processes --duration 60      a minute of everything";

/// Which events, and for how long.
#[derive(Debug, Args)]
#[command(next_help_heading = "Events", after_long_help = EVENT_HELP)]
#[command(after_help = "--help says more: what can be seen, what is lost, the output.")]
pub(crate) struct EventArgs {
    /// Only these types of events, by AMD's names in either case
    #[arg(long, value_name = "TYPE", num_args = 1.., value_delimiter = ',', ignore_case = true)]
    #[arg(value_parser = event_types())]
    pub(crate) types: Vec<EventType>,
    /// Include events of other processes (requires CAP_SYS_ADMIN)
    #[arg(long)]
    pub(crate) all_processes: bool,
    /// Stop after SEC seconds
    #[arg(long, value_name = "SEC", value_parser = crate::args::seconds)]
    pub(crate) duration: Option<f64>,
    /// Stop after N events; a DROPPED_EVENT that --types does not name is not counted
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) count: Option<u64>,
}

/// The names of the types, which clap lists where none of them is given.
fn event_types() -> impl TypedValueParser<Value = EventType> {
    PossibleValuesParser::new(EventType::ALL.iter().map(|known| known.name()))
        .try_map(|name| EventType::from_name(&name).ok_or("not a type of event"))
}
