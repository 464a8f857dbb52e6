//! The thread that looks at the processes, as often as makes sense and as long as anybody sees them.

use std::collections::HashMap;
use std::io;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use amdgpu_smi::backend::Fallback;
use amdgpu_smi::process::{ProcessId, ProcessMonitor};
use amdgpu_smi::{Smi, SmiBuilder};

use super::message::Message;
use super::processes::{Host, ProcessList};

/// The shortest time between two looks: the kernel books a job when it ends, so shorter ones jump.
const SHORTEST: Duration = Duration::from_secs(3);
/// A look may take this part of the time: on a machine with thousands of descriptors it takes a while.
const PART_OF_TIME: u32 = 25;
/// How often all descriptors of the machine are looked at; in between those that led to a GPU, and new processes.
pub(crate) const WHOLE: Duration = Duration::from_secs(10);
/// Until the second look, after which there are percentages.
const SECOND_LOOK: Duration = Duration::from_millis(500);
/// Time that a look without time limits may take before one with them answers instead.
const PATIENCE: Duration = Duration::from_secs(2);

/// Commands from the screen to the thread.
#[derive(Debug)]
pub(crate) enum LookCommand {
    /// Look this often, but not more often than makes sense.
    Interval(Duration),
    /// The machine as it was found now, or another place of its recording: what was seen before counts for nothing.
    Machine(Smi),
    /// Whether processes are shown.
    Wanted(bool),
}

/// Starts the thread; it ends when one of the two channels does. While a look hangs, the machine is asked with limits.
pub(crate) fn start(
    interval: Duration,
    limited: SmiBuilder,
    to: Sender<Message>,
) -> io::Result<Sender<LookCommand>> {
    let (sender, commands) = channel();
    let thread = std::thread::Builder::new().name("top-processes".into());
    thread.spawn(move || run(interval, &limited, &commands, &to))?;
    Ok(sender)
}

fn run(mut interval: Duration, limited: &SmiBuilder, commands: &Receiver<LookCommand>, to: &Sender<Message>) {
    let mut looker: Option<Looker> = None;
    let mut wanted = true;
    let mut wait = Duration::MAX;
    loop {
        let next = Instant::now().checked_add(wait);
        loop {
            let left = match next.filter(|_| wanted) {
                Some(next) => next.saturating_duration_since(Instant::now()),
                // Until it is told something: a day is as good as for ever.
                None => Duration::from_secs(86_400),
            };
            match commands.recv_timeout(left) {
                Ok(LookCommand::Interval(other)) => interval = other,
                Ok(LookCommand::Wanted(other)) => wanted = other,
                Ok(LookCommand::Machine(smi)) => {
                    looker = Some(Looker::new(smi, limited.clone()));
                    break;
                }
                Err(RecvTimeoutError::Timeout) if wanted => break,
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
        let Some(looker) = &mut looker else { continue };
        let begun = Instant::now();
        let list = looker.look();
        let took = begun.elapsed();
        if let Some(list) = list
            && to.send(Message::Processes(Box::new(list))).is_err()
        {
            return;
        }
        wait = match looker.count {
            1 => SECOND_LOOK,
            _ => interval.max(SHORTEST),
        };
        wait = wait.max(took * PART_OF_TIME).saturating_sub(took);
    }
}

/// Looks again and again, with time limits while a GPU, or a process that uses one, hangs.
struct Looker {
    looks: Fallback<Option<ProcessList>>,
    count: u64,
}

impl Looker {
    fn new(smi: Smi, limited: SmiBuilder) -> Looker {
        let mut looks = Looks::new(smi);
        let with_limits = move || {
            let (limited, mut looks) = (limited.clone(), None);
            move || {
                if looks.is_none() {
                    looks = limited.clone().build().ok().map(Looks::new);
                }
                looks.as_mut().map(Looks::look)
            }
        };
        let looks = Fallback::new("top-look", move || Some(looks.look()), with_limits);
        Looker { looks: looks.patience(PATIENCE), count: 0 }
    }

    fn look(&mut self) -> Option<ProcessList> {
        self.count += 1;
        self.looks.answer(Duration::MAX)?.value
    }
}

/// The looks so far.
pub(crate) struct Looks {
    smi: Smi,
    monitor: ProcessMonitor,
    hosts: HashMap<ProcessId, Host>,
}

impl Looks {
    pub(crate) fn new(smi: Smi) -> Looks {
        Looks { monitor: smi.process_monitor().rescan_every(WHOLE), smi, hosts: HashMap::new() }
    }

    pub(crate) fn look(&mut self) -> ProcessList {
        let found = self.monitor.update();
        let mut hosts = HashMap::new();
        for process in found.processes.iter().filter(|process| !process.is_self) {
            let earlier = self.hosts.get(&process.id());
            let used = match earlier {
                Some(earlier) => self.smi.host_use_after(process, &earlier.used),
                None => self.smi.host_use(process),
            };
            let Ok(used) = used else { continue };
            let percent = earlier.and_then(|earlier| used.percent_since(&earlier.used));
            hosts.insert(process.id(), Host { used, percent });
        }
        self.hosts = hosts;
        ProcessList::of(found, &self.hosts)
    }
}
