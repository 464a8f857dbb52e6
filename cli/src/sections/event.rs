//! What an event of a GPU means, in a line.

use amdgpu_smi::Smi;
use amdgpu_smi::event::{AddressRange, Event, EventKind, Location, Origin, Place};
use amdgpu_smi::unit::Bytes;

/// What the driver wrote, in words.
pub(crate) fn meaning(smi: &Smi, event: &Event) -> String {
    let mut text = match &event.kind {
        EventKind::VmFault { pid, task } => format!("thread {pid}{}", parenthesis(task)),
        EventKind::ThermalThrottle { reasons, mask, count } => {
            let reasons = reasons.map(|reasons| {
                let mut names = reasons.iter_names();
                let mut words: Vec<String> = names.by_ref().map(|(name, _)| name.to_owned()).collect();
                if !names.remaining().is_empty() {
                    words.push(format!("{:#x}", names.remaining().bits()));
                }
                words.join(", ")
            });
            let count = count.map(|count| format!("; interrupt {count} since the driver was loaded"));
            let reasons = reasons.unwrap_or_else(|| format!("reasons {mask:#x} of this chip"));
            format!("{reasons}{}", count.unwrap_or_default())
        }
        EventKind::GpuPreReset { sequence, cause } | EventKind::GpuPostReset { sequence, cause } => {
            match cause.is_empty() {
                true => format!("reset {sequence}"),
                false => format!("reset {sequence}: {cause}"),
            }
        }
        EventKind::MigrateStart { pid, range, from, to, trigger, .. } => {
            format!("process {pid}: {}{}", way(smi, range, *from, *to), parenthesis_of(trigger))
        }
        EventKind::MigrateEnd { pid, range, from, to, trigger, error, .. } => {
            let failed = match error {
                Some(error @ ..0) => format!(", failed with error {}", error.unsigned_abs()),
                _ => String::new(),
            };
            format!("process {pid}: {}{}{failed}", way(smi, range, *from, *to), parenthesis_of(trigger))
        }
        EventKind::PageFaultStart { pid, address, access, .. } => {
            format!("process {pid}: page at {address:#x}{}", parenthesis_of(access))
        }
        EventKind::PageFaultEnd { pid, address, outcome, .. } => {
            format!("process {pid}: page at {address:#x}{}", parenthesis_of(outcome))
        }
        EventKind::QueueEviction { pid, trigger, .. } => {
            format!("process {pid}{}", parenthesis_of(trigger))
        }
        EventKind::QueueRestore { pid, rescheduled, .. } => {
            let later = if *rescheduled { ": failed, will be tried again" } else { "" };
            format!("process {pid}{later}")
        }
        EventKind::UnmapFromGpu { pid, range, trigger, .. } => {
            format!("process {pid}: {}{}", piece(range), parenthesis_of(trigger))
        }
        EventKind::ProcessStart { pid, task } | EventKind::ProcessEnd { pid, task } => {
            format!("process {pid}{}", parenthesis(task))
        }
        EventKind::Dropped { count, .. } => match event.origin {
            Origin::Queue => format!("{count} lost by this program, whose output is too slow"),
            _ => format!("{count} lost by the kernel"),
        },
        EventKind::Unknown { id: Some(id), text } => format!("number {id}: {text}"),
        EventKind::Unknown { id: None, text } => text.to_string(),
        // A kind that the library learned and this has not.
        _ => event.message().to_string(),
    };
    if event.origin == Origin::Derived {
        text.push_str(", derived");
    }
    text
}

fn way(smi: &Smi, range: &AddressRange, from: Location, to: Location) -> String {
    format!("{}, from {} to {}", piece(range), place(smi, from), place(smi, to))
}

fn place(smi: &Smi, location: Location) -> String {
    match smi.place(location) {
        Place::Gpu(gpu) => format!("GPU {}", gpu.index()),
        Place::OtherGpu(id) => format!("the GPU with KFD id {id}"),
        place => place.to_string(),
    }
}

/// Pages are the least that there is, so a size in KB is exact.
fn piece(range: &AddressRange) -> String {
    let Bytes(bytes) = range.size;
    format!("{} KB at {:#x}", bytes / 1024, range.start)
}

fn parenthesis(name: &amdgpu_smi::event::Text<'_>) -> String {
    if name.is_empty() { String::new() } else { format!(" ({name})") }
}

fn parenthesis_of(value: &Option<impl std::fmt::Display>) -> String {
    value.as_ref().map_or_else(String::new, |value| format!(" ({value})"))
}
