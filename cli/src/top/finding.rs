//! Looks for the GPUs without limits of time where nothing hangs: a limit costs each call two changes of threads, which is
//! most of what a refresh would cost. The view has a thread for everything that may hang, and asks with limits while one does.

use std::sync::mpsc::{Receiver, RecvTimeoutError, TryRecvError, sync_channel};
use std::thread;
use std::time::Duration;

use amdgpu_smi::{Error, Smi, SmiBuilder};

/// How long a scan without limits may take before one with them answers in its place.
const PATIENCE: Duration = Duration::from_secs(1);

/// The machine in both ways.
#[derive(Debug, Clone)]
pub(crate) struct Machine {
    pub(crate) unlimited: SmiBuilder,
    pub(crate) limited: SmiBuilder,
}

/// What a scan found.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) smi: Result<Smi, Error>,
    /// Whether its handles have limits: then it is to be looked for anew.
    pub(crate) is_limited: bool,
}

/// Scans again and again.
#[derive(Debug)]
pub(crate) struct Finder {
    machine: Machine,
    /// A scan that has not answered.
    pending: Option<Receiver<Result<Smi, Error>>>,
}

impl Finder {
    pub(crate) fn new(machine: Machine) -> Finder {
        Finder { machine, pending: None }
    }

    pub(crate) fn find(&mut self) -> Found {
        // One that hung answers for the time when it began.
        let hangs = |pending: &Receiver<_>| matches!(pending.try_recv(), Err(TryRecvError::Empty));
        self.pending = self.pending.take().filter(hangs);
        if self.pending.is_none()
            && let Some(answer) = self.start()
        {
            match answer.recv_timeout(PATIENCE) {
                Ok(smi) => return Found { smi, is_limited: false },
                Err(RecvTimeoutError::Timeout) => self.pending = Some(answer),
                Err(RecvTimeoutError::Disconnected) => {}
            }
        }
        Found { smi: self.machine.limited.clone().build(), is_limited: true }
    }

    /// Has a thread scan; none where there can be none.
    fn start(&self) -> Option<Receiver<Result<Smi, Error>>> {
        let (give, answer) = sync_channel(1);
        let builder = self.machine.unlimited.clone();
        // Nobody may wait for it any more.
        let scan = move || _ = give.send(builder.build());
        thread::Builder::new().name("top-scan".into()).spawn(scan).ok()?;
        Some(answer)
    }
}
