//! `event`: what GPUs report as it happens, a line each.

mod args;

use std::collections::BTreeMap;
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use amdgpu_smi::Smi;
use amdgpu_smi::event::{
    BootTime, BufferedEvents, Event, EventKind, EventMask, EventSet, EventType, Origin, WallClock, boot_time,
};
use jiff::Timestamp;
use rustix::event::{EventfdFlags, PollFd, PollFlags, Timespec, eventfd, poll};
use rustix::io::Errno;
use serde_json::{Map, Value};

pub(crate) use self::args::EventArgs;
use crate::answer;
use crate::args::Common;
use crate::failure::Failure;
use crate::machine;
use crate::output::{Output, note};
use crate::render::{Format, SCHEMA, printable};
use crate::sections::event::meaning;
use crate::watch::End;

/// Number of events kept for a slow reader of the output.
const CAPACITY: usize = 65_536;
/// Interval for polling KFD's process list, if the start and end of processes are selected.
const LOOK: Duration = Duration::from_millis(250);

pub(crate) fn run(common: &Common, args: &EventArgs) -> Result<(), Failure> {
    let format = answer::format(common);
    if format == Format::AmdJson {
        let sentence = "event has no --json=amd, because the keys of amd-smi's events have no fixed names; \
                        --json has AMD's event names and the driver's text";
        return Err(Failure::Usage(sentence.into()));
    }
    let smi = machine::scan(common)?;
    machine::explain(common, smi.gpus());
    let set = subscribe(&smi, common, args)?;
    let watched = set.gpus().count();
    for refused in set.refused() {
        let gpu = &refused.gpu;
        note(&format!("warning: GPU {} ({}) is not watched: {}", gpu.index(), gpu.bdf(), refused.error));
    }
    for warning in set.warnings() {
        note(&format!("warning: {warning}"));
    }
    let end = args.duration.and_then(|seconds| Instant::now().checked_add(Duration::from_secs_f64(seconds)));
    // From here on a thread fetches, whatever becomes of the output.
    let events = set.buffered(CAPACITY)?;
    let stop = on_signal()?;
    let mut output = Output::open(common)?;
    if output.is_terminal() {
        let gpus = if watched == 1 { "1 GPU".into() } else { format!("{watched} GPUs") };
        let own =
            if args.all_processes { "" } else { ", without events of other processes (--all-processes)" };
        note(&format!("watching {gpus}{own}; press Ctrl-C to stop"));
    }
    let dropped_asked = args.types.is_empty() || wanted(args).contains(EventMask::DROPPED);
    let lines = EventLines { smi: &smi, format, own_clock: common.live() };
    if let Some(header) = lines.header() {
        output.write(&header)?;
    }
    let line = |event: &Event| lines.line(event);
    let idle = args.idle.map(Duration::from_secs_f64);
    let (counts, left) = (Counts::default(), args.count);
    let mut watch = Watch { events, stop, output, line, counts, left, dropped_asked, idle };
    let result = watch.run(end);
    if matches!(result, Err(Failure::ReaderGone)) {
        return result.map(|_| ());
    }
    if let Ok(end) = result {
        answer::tidy(end, &mut watch.output)?;
    }
    note(&watch.counts.sentence(watch.events.lost()));
    result.map(|_| ())
}

/// Writes a line for each event until a signal comes or no GPU is left.
pub(crate) fn follow(
    events: EventSet,
    output: Output,
    line: impl Fn(&Event) -> String,
) -> Result<(), Failure> {
    let (events, stop) = (events.buffered(CAPACITY)?, on_signal()?);
    let counts = Counts::default();
    let mut watch =
        Watch { events, stop, output, line, counts, left: None, dropped_asked: false, idle: None };
    let end = watch.run(None)?;
    answer::tidy(end, &mut watch.output)
}

/// The selected types.
fn wanted(args: &EventArgs) -> EventMask {
    args.types.iter().copied().fold(EventMask::empty(), EventMask::union)
}

/// Subscribes to the selected types. GPUs that are named must work.
fn subscribe(smi: &Smi, common: &Common, args: &EventArgs) -> Result<EventSet, Failure> {
    let mut events = smi.events().all_processes(args.all_processes);
    if !args.types.is_empty() {
        // With few types, a lost one matters even more.
        events = events.mask(wanted(args) | EventMask::DROPPED);
    }
    if wanted(args).intersects(EventMask::PROCESS_START | EventMask::PROCESS_END) {
        events = events.derive_processes(LOOK);
    }
    if !common.gpus.is_empty() && !common.gpus.iter().any(|name| name.eq_ignore_ascii_case("all")) {
        events = events.gpus(&machine::chosen(smi, &common.gpus)?);
    }
    Ok(events.open()?)
}

/// A descriptor that becomes readable with Ctrl-C or SIGTERM. The second signal ends the program there and then:
/// it may hang in writing.
fn on_signal() -> Result<OwnedFd, Failure> {
    let failed = |error: std::io::Error| Failure::Nothing(format!("cannot wait for events: {error}"));
    let stop =
        eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK).map_err(|error| failed(error.into()))?;
    let signal = stop.try_clone().map_err(failed)?;
    let again = AtomicBool::new(false);
    // Where no handler can be set, the signal ends the process as it would without one.
    let _ = ctrlc::set_handler(move || {
        if again.swap(true, Ordering::Relaxed) {
            std::process::exit(1);
        }
        // Fails only when it is readable already.
        let _ = rustix::io::write(&signal, &1u64.to_ne_bytes());
    });
    Ok(stop)
}

/// Events on their way to the output.
struct Watch<F> {
    events: BufferedEvents,
    stop: OwnedFd,
    output: Output,
    /// Formats an event as a line.
    line: F,
    counts: Counts,
    /// Number of remaining events, if it is limited.
    left: Option<u64>,
    /// Set if lost events are selected.
    dropped_asked: bool,
    /// Time without an event after which the watch ends.
    idle: Option<Duration>,
}

/// The causes that end a wait.
enum Woken {
    Events,
    Signal,
    Time,
}

impl<F: Fn(&Event) -> String> Watch<F> {
    fn run(&mut self, end: Option<Instant>) -> Result<End, Failure> {
        let from_now = |idle: Option<Duration>| Instant::now().checked_add(idle?);
        let mut idle_end = from_now(self.idle);
        let end = loop {
            let before = self.counts.total();
            match self.wait(end.into_iter().chain(idle_end).min())? {
                Woken::Events if self.next(None)? => {}
                Woken::Events if self.left == Some(0) => return Ok(End::Done),
                Woken::Events if self.events.is_ended() => {
                    return Err(Failure::Nothing("no GPU is left to watch".into()));
                }
                Woken::Events => {}
                Woken::Signal => break End::Interrupted,
                Woken::Time => break End::Done,
            }
            if self.counts.total() != before {
                idle_end = from_now(self.idle);
            }
        };
        // Events that arrived before the end are still printed.
        let until = boot_time();
        while self.next(Some(until))? {}
        Ok(end)
    }

    /// Waits for whatever comes first. A signal and the time go before events, of which there may be no end.
    fn wait(&self, end: Option<Instant>) -> Result<Woken, Failure> {
        let left = end.map(|end| end.saturating_duration_since(Instant::now()));
        let timeout = left.and_then(|left| Timespec::try_from(left).ok());
        let mut fds = vec![PollFd::new(&self.stop, PollFlags::IN), PollFd::new(&self.events, PollFlags::IN)];
        // Errors are reported without being asked for.
        fds.extend(self.output.reader().map(|fd| PollFd::from_borrowed_fd(fd, PollFlags::empty())));
        match poll(&mut fds, timeout.as_ref()) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(Failure::Nothing(format!("cannot wait for events: {error}"))),
        }
        let happened = |index: usize| fds.get(index).map_or(PollFlags::empty(), PollFd::revents);
        if !happened(0).is_empty() {
            return Ok(Woken::Signal);
        }
        if happened(2).intersects(PollFlags::ERR | PollFlags::HUP) {
            return Err(Failure::ReaderGone);
        }
        match end {
            Some(end) if Instant::now() >= end => Ok(Woken::Time),
            _ => Ok(Woken::Events),
        }
    }

    /// Writes the next event that has come (by then); whether another one is to follow.
    fn next(&mut self, until: Option<BootTime>) -> Result<bool, Failure> {
        let event = match self.events.try_next() {
            Ok(Some(event)) => event,
            Ok(None) => return Ok(false),
            Err(error) => {
                note(&format!("warning: {error}"));
                return Ok(true);
            }
        };
        if until.is_some_and(|until| event.arrival > until) {
            return Ok(false);
        }
        self.output.write(&(self.line)(&event))?;
        self.counts.add(&event);
        if self.dropped_asked || !matches!(event.kind, EventKind::Dropped { .. }) {
            self.left = self.left.map(|left| left - 1);
        }
        Ok(self.left != Some(0))
    }
}

/// Numbers of events by type, in the order of their ids.
#[derive(Debug, Default)]
struct Counts {
    by_type: BTreeMap<(u32, &'static str), u64>,
    /// Number of events that the kernel reported as dropped.
    dropped: u64,
}

impl Counts {
    fn add(&mut self, event: &Event) {
        let order = event.kind.event_type().map_or(u32::MAX, EventType::id);
        *self.by_type.entry((order, event.kind.name())).or_default() += 1;
        if let (EventKind::Dropped { count, .. }, Origin::Kernel) = (&event.kind, event.origin) {
            self.dropped = self.dropped.saturating_add(*count);
        }
    }

    fn total(&self) -> u64 {
        self.by_type.values().sum()
    }

    /// `3 events: 1 VMFAULT, 2 GPU_PRE_RESET; 5 were lost`, where `lost` are those that this program lost.
    fn sentence(&self, lost: u64) -> String {
        let total = self.total();
        let mut text = format!("{total} event{}", if total == 1 { "" } else { "s" });
        for (position, ((_, name), count)) in self.by_type.iter().enumerate() {
            let before = if position == 0 { ":" } else { "," };
            text.push_str(&format!("{before} {count} {name}"));
        }
        match self.dropped.saturating_add(lost) {
            0 => {}
            lost => text.push_str(&format!("; {lost} lost")),
        }
        text
    }
}

/// Formats an event as a line.
struct EventLines<'a> {
    smi: &'a Smi,
    format: Format,
    /// Set if the drivers' times are of this machine's clock; a recording's times are not.
    own_clock: bool,
}

const COLUMNS: [&str; 5] = ["timestamp", "gpu", "bdf", "event", "message"];

impl EventLines<'_> {
    fn header(&self) -> Option<String> {
        matches!(self.format, Format::Csv(_)).then(|| row(&COLUMNS))
    }

    fn line(&self, event: &Event) -> String {
        let time = if self.own_clock { event.time() } else { event.arrival };
        // Asked anew for each, as the wall clock may be set in between.
        let time = WallClock::sample().wall_time(time);
        match self.format {
            Format::Json | Format::AmdJson => json(event, time),
            Format::Csv(_) => row(&[
                &utc(time),
                &event.gpu.index().to_string(),
                &event.gpu.bdf().to_string(),
                event.kind.name(),
                &printable(&event.message().to_str_lossy()),
            ]),
            Format::Text { .. } => format!(
                "{}  GPU {}  {}  {:16}  {}\n",
                utc(time),
                event.gpu.index(),
                event.gpu.bdf(),
                event.kind.name(),
                printable(&meaning(self.smi, event)),
            ),
        }
    }
}

/// The library's own object, with version and time before it.
fn json(event: &Event, time: SystemTime) -> String {
    let mut line = Map::new();
    line.insert("schema".into(), SCHEMA.into());
    line.insert("timestamp".into(), utc(time).into());
    // It has no map whose keys are no strings, which is all that could fail.
    if let Ok(Value::Object(mut fields)) = serde_json::to_value(event) {
        line.append(&mut fields);
    }
    format!("{}\n", Value::from(line))
}

fn row(cells: &[&str]) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    // A write to memory cannot fail.
    let _ = writer.write_record(cells);
    writer.into_inner().ok().and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default()
}

/// `2026-02-28T17:05:09.123456Z`.
fn utc(time: SystemTime) -> String {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    let micros = i64::try_from(since.as_micros()).unwrap_or(i64::MAX);
    Timestamp::from_microsecond(micros).map_or_else(|_| "N/A".into(), |time| format!("{time:.6}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_as_the_calendar_has_them() {
        // As `date -u -d @SECONDS` says.
        for (seconds, expected) in [
            (0, "1970-01-01T00:00:00"),
            (951_782_400, "2000-02-29T00:00:00"),
            (951_868_799, "2000-02-29T23:59:59"),
            (951_868_800, "2000-03-01T00:00:00"),
            (1_735_689_599, "2024-12-31T23:59:59"),
            (1_767_225_600, "2026-01-01T00:00:00"),
            (4_107_542_400, "2100-03-01T00:00:00"),
        ] {
            let time = UNIX_EPOCH + Duration::from_micros(seconds * 1_000_000 + 42);
            assert_eq!(utc(time), format!("{expected}.000042Z"));
        }
    }

    #[test]
    fn counts_in_a_sentence() {
        let mut counts = Counts::default();
        assert_eq!(counts.sentence(0), "0 events");
        counts.by_type = [((3, "GPU_PRE_RESET"), 2), ((1, "VMFAULT"), 1)].into();
        assert_eq!(counts.sentence(0), "3 events: 1 VMFAULT, 2 GPU_PRE_RESET");
        counts.dropped = 5;
        assert_eq!(counts.sentence(2), "3 events: 1 VMFAULT, 2 GPU_PRE_RESET; 7 lost");
    }
}
