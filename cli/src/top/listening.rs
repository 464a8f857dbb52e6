//! The thread that waits for what the drivers report.

use std::io;
use std::sync::mpsc::Sender;
use std::time::SystemTime;

use amdgpu_smi::Smi;
use amdgpu_smi::event::{Event, EventKind, Origin};

use super::log::Entry;
use super::message::Message;
use crate::level::Level;
use crate::sections::event::meaning;

/// Starts it. It ends with the process: nothing ends its wait.
pub(crate) fn start(smi: Smi, to: Sender<Message>) -> io::Result<()> {
    let thread = std::thread::Builder::new().name("top-events".into());
    thread.spawn(move || {
        let mut set = match smi.events().open() {
            Ok(set) => set,
            Err(error) => {
                // The view may have ended meanwhile; below, too.
                let _ = to.send(Message::NoEvents(error.to_string()));
                return;
            }
        };
        loop {
            let message = match set.wait(None) {
                Ok(Some(event)) => Message::Event(entry(&smi, &event)),
                Ok(None) => return,
                Err(error) => Message::NoEvents(error.to_string()),
            };
            if to.send(message).is_err() {
                return;
            }
        }
    })?;
    Ok(())
}

fn entry(smi: &Smi, event: &Event) -> Entry {
    let level = match &event.kind {
        EventKind::GpuPreReset { .. } | EventKind::VmFault { .. } => Level::Critical,
        EventKind::ThermalThrottle { .. } | EventKind::Dropped { .. } => Level::High,
        _ => Level::Fine,
    };
    Entry {
        wall: Some(SystemTime::now()),
        gpu: event.gpu.index(),
        bdf: event.gpu.bdf(),
        what: format!("{} {}", event.kind.name(), meaning(smi, event)),
        level,
        reported: event.origin == Origin::Kernel,
    }
}
