//! The options of `event`, and their help.

use amdgpu_smi::event::{EventMask, EventType};
use clap::Args;
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};

// One line per paragraph: clap wraps it to the terminal's width.
const EVENT_HELP: &str = "\
Visible events:
* Resets, and throttling of MI100, MI200 and MI300: visible to every user who may open /dev/kfd, usually the group \
render.
* Migrations, page faults, queue evictions and unmapped memory belong to a process. The kernel shows them only to \
that process, unless you pass --all-processes and have CAP_SYS_ADMIN. Root of a container with its own user \
namespace does not have it.
* Memory faults (VMFAULT): older kernels show those of all processes; newer ones treat them like page faults. RX 5000 \
and RX 6000 report none.
* No stable kernel reports the start and end of processes. If --types names PROCESS_START or PROCESS_END, the \
program polls KFD's process list four times a second and marks these events as derived.
* Process ids are the host's, also in a container.

Lost events:
The kernel buffers about a dozen events and silently drops the rest. This program fetches them at once and keeps up \
to 65536 for a slow reader. Each known loss is reported as a DROPPED_EVENT, regardless of --types.

/dev/kfd:
While this program runs it holds /dev/kfd open, as a compute program does. Meanwhile the kernel refuses to change compute partitions (EBUSY) and to unload the driver (EAGAIN); `doctor` lists who holds it. It lets go when it ends: by Ctrl-C, SIGTERM, --duration, --count, or --idle.

Output:
One line per event, written at once. The time, in UTC, is the event's own if the driver gives one, else the time of \
arrival. JSON prints one object per line: schema, timestamp, gpu, bdf, event, message (the driver's text), arrival and \
time (nanoseconds since boot), origin (kernel, derived, or queue for this program) and the fields of the event's type, \
null if the kernel omits them. These fields name a GPU by its kfd_id (see `list`); 0 is system memory.
At the end, standard error has the number of events. Ctrl-C and SIGTERM exit with status 0.

Examples:
  amdgpu-smi event --types reset --count 1                 wait for a reset
  amdgpu-smi --demo=rdna3-desktop event                    try it out: a memory fault and a reset
  amdgpu-smi event --json --file events.jsonl --append     append to a log
  sudo amdgpu-smi event --all-processes --duration 60      all events of one minute";

/// Filters and limits of `event`.
#[derive(Debug, Args)]
#[command(next_help_heading = "Events", after_long_help = EVENT_HELP)]
#[command(
    after_help = "Needs read access to /dev/kfd: usually the group render. See --help for the visible events, lost events and the output."
)]
pub(crate) struct EventArgs {
    /// Only events of these types, or of these groups: RESET, MIGRATE, PAGE_FAULT, QUEUE, PROCESS (case-insensitive)
    #[arg(long, value_name = "TYPE", num_args = 1.., value_delimiter = ',', ignore_case = true)]
    #[arg(value_parser = event_types())]
    pub(crate) types: Vec<EventMask>,
    /// Include events of other processes (requires CAP_SYS_ADMIN)
    #[arg(long)]
    pub(crate) all_processes: bool,
    /// Stop after SEC seconds
    #[arg(long, value_name = "SEC", value_parser = crate::args::seconds)]
    pub(crate) duration: Option<f64>,
    /// Stop after SEC seconds without an event, and so let go of /dev/kfd
    #[arg(long, value_name = "SEC", value_parser = crate::args::pause)]
    pub(crate) idle: Option<f64>,
    /// Stop after N events; DROPPED_EVENT counts only if --types names it
    #[arg(long, value_name = "N", value_parser = crate::args::count)]
    pub(crate) count: Option<u64>,
}

/// Several types by one name: the start and the end of the same thing.
const GROUPS: [(&str, EventMask); 5] = [
    ("RESET", EventMask::GPU_PRE_RESET.union(EventMask::GPU_POST_RESET)),
    ("MIGRATE", EventMask::MIGRATE_START.union(EventMask::MIGRATE_END)),
    ("PAGE_FAULT", EventMask::PAGE_FAULT_START.union(EventMask::PAGE_FAULT_END)),
    ("QUEUE", EventMask::QUEUE_EVICTION.union(EventMask::QUEUE_RESTORE)),
    ("PROCESS", EventMask::PROCESS_START.union(EventMask::PROCESS_END)),
];

/// Parses the name of a type or of a group; clap lists the types after a mistake.
fn event_types() -> impl TypedValueParser<Value = EventMask> {
    let types = EventType::ALL.iter().map(|known| PossibleValue::new(known.name()));
    let groups = GROUPS.iter().map(|(name, _)| PossibleValue::new(*name).hide(true));
    PossibleValuesParser::new(types.chain(groups)).try_map(|name| {
        let group = GROUPS.iter().find(|(group, _)| group.eq_ignore_ascii_case(&name)).map(|(_, mask)| *mask);
        group.or_else(|| EventType::from_name(&name).map(EventMask::from)).ok_or("not a type of event")
    })
}
