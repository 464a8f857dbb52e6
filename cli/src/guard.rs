//! The command in two processes, so that the prompt comes back although a GPU hangs.
//!
//! A thread that waits in the kernel for a GPU (state D) takes no signal, and keeps its process from ending. So the command is
//! done by a child, in the same process group and on the same terminal, and the process that the shell waits for
//! does nothing but wait for the child's word. The child gives standard output back before it says that it is done, because a
//! pipe's reader would wait for it otherwise.

use std::io::{self, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::ExitCode;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use nix::unistd::{ForkResult, fork};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, Signal, WaitOptions, WaitStatus, kill_process, waitpid};
use signal_hook::consts::signal::{SIGCHLD, SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::output::note;

/// Time that the child has to end after a signal; cleaning up takes a moment.
const PATIENCE: Duration = Duration::from_millis(700);

/// Time after which the user is informed of a change that still runs, and time for its current step after a signal.
const SLOW: Duration = Duration::from_secs(5);
const STEP: Duration = Duration::from_secs(2);

/// Set if a part of the command handles signals itself.
static CLAIMED: AtomicBool = AtomicBool::new(false);
/// Where the child says that it is done.
static DONE: OnceLock<UnixStream> = OnceLock::new();

/// Leaves signals to the caller, who ends the command by them.
pub(crate) fn claim_signals() {
    CLAIMED.store(true, Ordering::Relaxed);
}

/// Leaves signals to the caller, and the time that it takes to end by them: a change is not left half done.
pub(crate) fn claim_change() {
    claim_signals();
    if let Some(mut done) = DONE.get() {
        // There is nobody to tell if this fails.
        let _ = done.write_all(&[WAIT, 0]);
    }
}

/// The child's words: that it must be waited for, and that it is done with a status.
const WAIT: u8 = b'w';
const END: u8 = b'e';

/// Does the command in a child, or here where no process can be made.
pub(crate) fn run(command: impl FnOnce() -> u8) -> ExitCode {
    let Ok((word, done)) = UnixStream::pair() else { return ExitCode::from(command()) };
    match split() {
        Ok(ForkResult::Child) => {
            drop(word);
            let _ = DONE.set(done);
            // Where the guard is killed the command ends, too.
            let _ = rustix::process::set_parent_process_death_signal(Some(Signal::TERM));
            end_by_signals();
            finish(command())
        }
        Ok(ForkResult::Parent { child }) => {
            drop(done);
            let status = Pid::from_raw(child.as_raw()).map_or(1, |child| watch(child, word));
            std::process::exit(status)
        }
        Err(_) => ExitCode::from(command()),
    }
}

/// Makes the child.
#[allow(unsafe_code, reason = "fork has no safe form")]
fn split() -> nix::Result<ForkResult> {
    // SAFETY: No thread was started yet, so the child has all that the parent has, and no lock is held by a thread that
    // the child lacks.
    unsafe { fork() }
}

/// Ends the child: gives back the terminal or pipe, says with which status, and leaves behind what hangs.
fn finish(status: u8) -> ! {
    let _ = io::stdout().flush();
    if let Ok(null) = std::fs::OpenOptions::new().read(true).write(true).open("/dev/null") {
        let _ = rustix::stdio::dup2_stdin(&null);
        let _ = rustix::stdio::dup2_stdout(&null);
        let _ = rustix::stdio::dup2_stderr(&null);
    }
    if let Some(mut done) = DONE.get() {
        let _ = done.write_all(&[END, status]);
    }
    std::process::exit(status.into())
}

/// Has signals end the child as they would anyway, but so that it gives back what others wait for.
fn end_by_signals() {
    let Ok(mut signals) = Signals::new([SIGINT, SIGTERM, SIGHUP]) else { return };
    let wait = move || {
        for signal in signals.forever() {
            if !CLAIMED.load(Ordering::Relaxed) {
                finish(128 + u8::try_from(signal).unwrap_or(0));
            }
        }
    };
    // Without the thread signals do nothing here, and the guard ends by them.
    let _ = thread::Builder::new().name("signals".into()).stack_size(64 << 10).spawn(wait);
}

/// Waits for the child's word, and passes signals on to it. Gives the status to end with.
fn watch(child: Pid, mut word: UnixStream) -> i32 {
    let Ok((wake, waker)) = UnixStream::pair() else { return wait_for(child) };
    for signal in [SIGINT, SIGTERM, SIGHUP, SIGCHLD] {
        let waker: Option<OwnedFd> = waker.try_clone().ok().map(OwnedFd::from);
        if let Some(waker) = waker {
            let _ = signal_hook::low_level::pipe::register(signal, waker);
        }
    }
    let seen: Vec<_> = [SIGINT, SIGTERM, SIGHUP]
        .into_iter()
        .filter_map(|signal| {
            let flag = std::sync::Arc::new(AtomicBool::new(false));
            signal_hook::flag::register(signal, flag.clone()).ok()?;
            Some((signal, flag))
        })
        .collect();
    let _ = wake.set_nonblocking(true);
    let mut change: Option<Change> = None;
    let mut deadline: Option<(Instant, i32)> = None;
    loop {
        let next = match &change {
            Some(change) => change.next(),
            None => deadline.map(|(at, _)| at),
        };
        let left = next.map(|at| at.saturating_duration_since(Instant::now()));
        let timeout = left.and_then(|left| Timespec::try_from(left).ok());
        let mut fds = [PollFd::new(&word, PollFlags::IN), PollFd::new(&wake, PollFlags::IN)];
        let polled = poll(&mut fds, timeout.as_ref());
        let has_word = fds.first().is_some_and(|fd| !fd.revents().is_empty());
        if has_word {
            let mut said = [0; 2];
            match word.read(&mut said) {
                Ok(2) if said[0] == WAIT => change = Some(Change::begun()),
                Ok(2) => return said[1].into(),
                // It ended without a word.
                _ => return wait_for(child),
            }
            continue;
        }
        let _ = (&wake).read(&mut [0; 64]);
        for (signal, flag) in &seen {
            if flag.swap(false, Ordering::Relaxed) {
                if change.as_mut().is_some_and(|change| !change.waits_after_signal()) {
                    note(
                        "the change is left behind, and it is not known yet whether it took effect; its process reports that when the kernel returns",
                    );
                    return 128 + signal;
                }
                // The terminal sent it to the child as well, and another program may not have.
                let soon = Timespec { tv_sec: 0, tv_nsec: 100_000_000 };
                let is_ending =
                    poll(&mut [PollFd::new(&word, PollFlags::IN)], Some(&soon)).is_ok_and(|count| count > 0);
                if let (false, Some(signal)) = (is_ending, Signal::from_named_raw(*signal)) {
                    let _ = kill_process(child, signal);
                }
                deadline.get_or_insert((Instant::now() + PATIENCE, 128 + signal));
            }
        }
        stop_with(child);
        if let Some(sentence) = change.as_mut().and_then(Change::due) {
            note(sentence);
        }
        if let (Some((at, status)), None) = (deadline, &change)
            && Instant::now() >= at
        {
            note(
                "a GPU does not answer; the process that reads it is left behind and ends when the kernel releases it",
            );
            return status;
        }
        if polled.is_err_and(|errno| errno != rustix::io::Errno::INTR) {
            return wait_for(child);
        }
    }
}

/// When to print the messages about a change that takes long.
struct Change {
    slow: Option<Instant>,
    /// When the wait after the first signal ends; `Some(None)` once the user was told.
    stuck: Option<Option<Instant>>,
}

impl Change {
    fn begun() -> Change {
        Change { slow: Some(Instant::now() + SLOW), stuck: None }
    }

    /// When the next message is due.
    fn next(&self) -> Option<Instant> {
        let stuck = self.stuck.flatten();
        self.slow.into_iter().chain(stuck).min()
    }

    /// Records a signal. Returns `false` if the user was told that the next one leaves the change behind.
    fn waits_after_signal(&mut self) -> bool {
        self.stuck.get_or_insert_with(|| Some(Instant::now() + STEP)).is_some()
    }

    /// The message that is due now.
    fn due(&mut self) -> Option<&'static str> {
        let now = Instant::now();
        let is_due = |at: Option<Instant>| at.is_some_and(|at| now >= at);
        if is_due(self.stuck.flatten()) {
            (self.stuck, self.slow) = (Some(None), None);
            return Some("the current step does not end; a further Ctrl-C leaves it behind, accepted or not");
        }
        if is_due(self.slow) {
            self.slow = None;
            return Some("the driver has not accepted the change yet; still waiting");
        }
        None
    }
}

/// Stops, and goes on, as the child does: what the shell waits for is this process.
fn stop_with(child: Pid) {
    let options = WaitOptions::NOHANG | WaitOptions::UNTRACED;
    if let Ok(Some((_, status))) = waitpid(Some(child), options)
        && status.stopped()
    {
        let _ = kill_process(rustix::process::getpid(), Signal::STOP);
        let _ = kill_process(child, Signal::CONT);
    }
}

/// The status of a child that ended without a word: by a signal, or because it could not say it.
fn wait_for(child: Pid) -> i32 {
    let ended =
        |status: WaitStatus| status.exit_status().or(status.terminating_signal().map(|signal| 128 + signal));
    match waitpid(Some(child), WaitOptions::empty()) {
        Ok(Some((_, status))) => ended(status).unwrap_or(1),
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_left_only_once_that_was_announced() {
        let mut change = Change::begun();
        assert!(change.next().is_some() && change.due().is_none());
        assert!(change.waits_after_signal() && change.waits_after_signal());
        // The wait has ended.
        change.stuck = Some(Some(Instant::now()));
        assert!(change.due().is_some_and(|said| said.contains("further Ctrl-C")));
        assert_eq!((change.next(), change.due()), (None, None));
        assert!(!change.waits_after_signal());
    }

    #[test]
    fn a_slow_change_is_said_once() {
        let mut change = Change { slow: Some(Instant::now()), stuck: None };
        assert!(change.due().is_some_and(|said| said.contains("still waiting")));
        assert_eq!((change.next(), change.due()), (None, None));
    }
}
