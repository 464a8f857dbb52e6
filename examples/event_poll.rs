//! An event set in a loop around poll(2), beside another descriptor.

#![allow(clippy::print_stdout, reason = "an example prints")]

#[allow(unreachable_pub, reason = "shared by the examples")]
mod common;

use rustix::event::{PollFd, PollFlags, Timespec, poll};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (smi, end) = common::arguments()?;
    let mut events = smi.events().open()?;
    let input = std::io::stdin();
    let mut watch_input = true;
    loop {
        let left = common::left(end);
        let timeout = Timespec { tv_sec: left.as_secs().try_into()?, tv_nsec: left.subsec_nanos().into() };
        let mut fds = vec![PollFd::new(&events, PollFlags::IN)];
        if watch_input {
            fds.push(PollFd::new(&input, PollFlags::IN));
        }
        if poll(&mut fds, Some(&timeout))? == 0 {
            return Ok(());
        }
        let (has_events, has_input) =
            (!fds[0].revents().is_empty(), fds.get(1).is_some_and(|fd| !fd.revents().is_empty()));
        if has_input {
            let mut line = String::new();
            watch_input = input.read_line(&mut line)? > 0;
            if line.trim() == "q" {
                return Ok(());
            }
        }
        if has_events {
            while let Some(event) = events.try_next()? {
                println!("{} {} {}", event.gpu.bdf(), event.kind.name(), event.kind);
            }
        }
    }
}
