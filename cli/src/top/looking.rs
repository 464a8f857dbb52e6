//! The thread that looks at the processes, as often as makes sense and as long as anybody sees them.

use std::collections::HashMap;
use std::io;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use amdgpu_smi::Smi;
use amdgpu_smi::process::{ProcessId, ProcessMonitor};

use super::message::Message;
use super::processes::{Host, ProcessList};

/// The shortest time between two looks: the kernel books a job when it ends, so shorter ones jump.
const SHORTEST: Duration = Duration::from_millis(1500);
/// A look may take this part of the time: on a machine with thousands of descriptors it takes a while.
const PART_OF_TIME: u32 = 25;
/// Until the second look, after which there are percentages.
const SECOND_LOOK: Duration = Duration::from_millis(500);

/// What the screen wants of the thread.
#[derive(Debug)]
pub(crate) enum Command {
    /// Look this often, but not more often than makes sense.
    Interval(Duration),
    /// The machine as it was found now, or another place of its recording: what was seen before counts for nothing.
    Machine(Smi),
    /// Whether anybody looks.
    Wanted(bool),
}

/// Starts the thread; it ends when one of the two channels does.
pub(crate) fn start(interval: Duration, to: Sender<Message>) -> io::Result<Sender<Command>> {
    let (sender, commands) = channel();
    let thread = std::thread::Builder::new().name("top-processes".into());
    thread.spawn(move || run(interval, &commands, &to))?;
    Ok(sender)
}

fn run(mut interval: Duration, commands: &Receiver<Command>, to: &Sender<Message>) {
    let mut looks: Option<Looks> = None;
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
                Ok(Command::Interval(other)) => interval = other,
                Ok(Command::Wanted(other)) => wanted = other,
                Ok(Command::Machine(smi)) => {
                    looks = Some(Looks::new(smi));
                    break;
                }
                Err(RecvTimeoutError::Timeout) if wanted => break,
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
        let Some(looks) = &mut looks else { continue };
        let begun = Instant::now();
        let list = looks.look();
        let took = begun.elapsed();
        if to.send(Message::Processes(Box::new(list))).is_err() {
            return;
        }
        wait = match looks.count {
            1 => SECOND_LOOK,
            _ => interval.max(SHORTEST),
        };
        wait = wait.max(took * PART_OF_TIME).saturating_sub(took);
    }
}

/// The looks so far.
pub(crate) struct Looks {
    smi: Smi,
    monitor: ProcessMonitor,
    hosts: HashMap<ProcessId, Host>,
    count: u64,
}

impl Looks {
    pub(crate) fn new(smi: Smi) -> Looks {
        Looks { monitor: smi.process_monitor(), smi, hosts: HashMap::new(), count: 0 }
    }

    pub(crate) fn look(&mut self) -> ProcessList {
        self.count += 1;
        let found = self.monitor.update();
        let mut hosts = HashMap::new();
        for process in found.processes.iter().filter(|process| !process.is_self) {
            let Ok(used) = self.smi.host_use(process) else { continue };
            let earlier = self.hosts.get(&process.id());
            let percent = earlier.and_then(|earlier| used.percent_since(&earlier.used));
            hosts.insert(process.id(), Host { used, percent });
        }
        self.hosts = hosts;
        ProcessList::of(found, &self.hosts)
    }
}
