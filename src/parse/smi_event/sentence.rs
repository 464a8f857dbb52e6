//! An event in a sentence for people.

use std::fmt::{self, Display};

use super::{AddressRange, EventKind, Location, Text};

/// In a sentence: `process 4711: 64 KB at 0x7f3a1c200000, from system memory to the GPU with KFD id 40783`. AMD SMI's name of
/// the type is [`EventKind::name`].
impl Display for EventKind<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.describe(|location| match location {
            Location::System => "system memory".to_owned(),
            Location::Gpu(id) => format!("the GPU with KFD id {id}"),
            Location::Undefined => "no preferred place".to_owned(),
        }))
    }
}

impl EventKind<'_> {
    /// The event in a sentence, with a name for each place that it mentions.
    pub fn describe(&self, place: impl Fn(Location) -> String) -> String {
        let way = |range: &AddressRange, from: Location, to: Location| {
            format!("{}, from {} to {}", piece(range), place(from), place(to))
        };
        match self {
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
                format!("process {pid}: {}{}", way(range, *from, *to), parenthesis_of(trigger))
            }
            EventKind::MigrateEnd { pid, range, from, to, trigger, error, .. } => {
                let failed = match error {
                    Some(error @ ..0) => format!(", failed with error {}", error.unsigned_abs()),
                    _ => String::new(),
                };
                format!("process {pid}: {}{}{failed}", way(range, *from, *to), parenthesis_of(trigger))
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
            EventKind::Dropped { count, .. } => format!("{count} events lost"),
            EventKind::Unknown { id: Some(id), text } => format!("number {id}: {text}"),
            EventKind::Unknown { id: None, text } => text.to_string(),
        }
    }
}

/// Pages are the least that there is, so a size in KB is exact.
fn piece(range: &AddressRange) -> String {
    format!("{} KB at {:#x}", range.size.0 / 1024, range.start)
}

fn parenthesis(name: &Text<'_>) -> String {
    if name.is_empty() { String::new() } else { format!(" ({name})") }
}

fn parenthesis_of(value: &Option<impl Display>) -> String {
    value.as_ref().map_or_else(String::new, |value| format!(" ({value})"))
}

#[cfg(test)]
mod tests {
    use super::super::parse;

    #[test]
    fn sentences() {
        for (text, sentence) in [
            ("3 1 job hang on ring:gfx_0.0.0", "reset 1: job hang on ring:gfx_0.0.0"),
            ("1 835:python3", "thread 2101 (python3)"),
            ("2 1:2f", "PPT0; interrupt 47 since the driver was loaded"),
            ("99 abc", "number 153: abc"),
        ] {
            assert_eq!(parse(text.as_bytes(), 4096).kind.to_string(), sentence);
        }
    }
}
