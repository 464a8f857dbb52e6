//! An event set in an async program: tokio's AsyncFd around it.

#![allow(clippy::print_stdout, reason = "an example prints")]

#[allow(unreachable_pub, reason = "shared by the examples")]
mod common;

use amdgpu_smi::event::{Event, EventSet};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

/// The next event.
async fn next(events: &mut AsyncFd<EventSet>) -> Result<Event, Box<dyn std::error::Error>> {
    loop {
        let mut ready = events.readable_mut().await?;
        match ready.get_inner_mut().try_next()? {
            Some(event) => return Ok(event),
            None => ready.clear_ready(),
        }
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (smi, end) = common::arguments()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let set = smi.events().open()?;
        // SAFETY: a set has one descriptor of its own for as long as it lives.
        let mut events = unsafe { AsyncFd::register_with_interest(set, Interest::READABLE) }?;
        while let Ok(event) = tokio::time::timeout(common::left(end), next(&mut events)).await {
            let event = event?;
            println!("{} {} {}", event.gpu.bdf(), event.kind.name(), event.message());
        }
        Ok(())
    })
}
