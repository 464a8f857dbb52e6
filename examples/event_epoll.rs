//! An event set in an epoll instance of one's own, edge-triggered.

#![allow(clippy::print_stdout, reason = "an example prints")]

#[allow(unreachable_pub, reason = "shared by the examples")]
mod common;

use rustix::buffer::spare_capacity;
use rustix::event::{Timespec, epoll};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (smi, end) = common::arguments()?;
    let mut events = smi.events().open()?;
    let epoll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
    let edges = epoll::EventFlags::IN | epoll::EventFlags::ET;
    epoll::add(&epoll, &events, epoll::EventData::new_u64(1), edges)?;
    let mut ready = Vec::with_capacity(4);
    loop {
        let left = common::left(end);
        let timeout = Timespec { tv_sec: left.as_secs().try_into()?, tv_nsec: left.subsec_nanos().into() };
        ready.clear();
        epoll::wait(&epoll, spare_capacity(&mut ready), Some(&timeout))?;
        if ready.is_empty() {
            return Ok(());
        }
        // An edge is told once: all that there is must be taken.
        while let Some(event) = events.try_next()? {
            println!("{} {} {}", event.gpu.bdf(), event.kind.name(), event.kind);
        }
    }
}
