//! Signals to processes: to the one that was shown, and to no other that got its number since.

use amdgpu_smi::process::start_ticks;
use rustix::process::{Pid, PidfdFlags, Signal, kill_process, pidfd_open, pidfd_send_signal};

/// The signals of the menu, the gentlest first, with what they mean for most programs.
pub(crate) const SIGNALS: [(Signal, &str, &str); 8] = [
    (Signal::TERM, "SIGTERM", "terminate, after cleaning up"),
    (Signal::INT, "SIGINT", "interrupt, as Ctrl-C"),
    (Signal::HUP, "SIGHUP", "reload the configuration, or terminate"),
    (Signal::USR1, "SIGUSR1", "defined by the program"),
    (Signal::USR2, "SIGUSR2", "defined by the program"),
    (Signal::STOP, "SIGSTOP", "stop, keeping its memory"),
    (Signal::CONT, "SIGCONT", "continue"),
    (Signal::KILL, "SIGKILL", "terminate at once, without cleaning up"),
];

/// A process as it was shown.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Target {
    pub(crate) pid: u32,
    pub(crate) command: String,
    pub(crate) user: Option<String>,
    /// When it began, in the kernel's count.
    pub(crate) start: u64,
}

/// Sends a signal, if the number still means the process that was shown.
pub(crate) fn send(target: &Target, signal: Signal) -> Result<(), String> {
    let number = i32::try_from(target.pid).ok().and_then(Pid::from_raw);
    let Some(pid) = number else { return Err(format!("{} is no process", target.pid)) };
    // The descriptor means one process for good. Whoever has the number after it was opened is the one it means, if
    // that one began when the one that was shown did. Kernels before 5.3 have none.
    let descriptor = pidfd_open(pid, PidfdFlags::empty());
    match start_ticks(amdgpu_smi::id::Pid(target.pid)) {
        Ok(now) if now == target.start => {}
        Ok(_) => return Err(format!("{} is now another process; no signal was sent", target.pid)),
        Err(_) => return Err(format!("process {} has ended", target.pid)),
    }
    let sent = match descriptor {
        Ok(descriptor) => pidfd_send_signal(&descriptor, signal),
        Err(rustix::io::Errno::NOSYS) => kill_process(pid, signal),
        Err(error) => Err(error),
    };
    sent.map_err(|error| match error {
        rustix::io::Errno::PERM => format!("no permission to signal process {}", target.pid),
        rustix::io::Errno::SRCH => format!("process {} has ended", target.pid),
        error => format!("cannot signal process {}: {error}", target.pid),
    })
}

#[cfg(test)]
mod tests {
    use std::process::{Child, Command};

    use super::*;

    fn sleeper() -> (Child, Target) {
        let child = Command::new("sleep").arg("1000").spawn().unwrap();
        let start = start_ticks(amdgpu_smi::id::Pid(child.id())).unwrap();
        let target = Target { pid: child.id(), command: "sleep 1000".into(), user: None, start };
        (child, target)
    }

    #[test]
    fn the_process_that_was_shown_is_signalled() {
        use std::os::unix::process::ExitStatusExt;
        let (mut child, target) = sleeper();
        assert_eq!(send(&target, Signal::TERM), Ok(()));
        assert_eq!(child.wait().unwrap().signal(), Some(Signal::TERM.as_raw()));
        assert_eq!(send(&target, Signal::TERM), Err(format!("process {} has ended", target.pid)));
    }

    #[test]
    fn another_process_with_its_number_is_not() {
        let (mut child, target) = sleeper();
        let other = Target { start: target.start + 1, ..target };
        assert!(send(&other, Signal::TERM).unwrap_err().contains("now another process"));
        assert!(child.try_wait().unwrap().is_none(), "it still runs");
        child.kill().unwrap();
        child.wait().unwrap();
    }
}
