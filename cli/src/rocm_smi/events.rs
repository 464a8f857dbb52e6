//! `--showevents`: a line for each event, until Ctrl-C.

use amdgpu_smi::event::{Event, EventMask, EventType};
use amdgpu_smi::{Gpu, Smi};
use jiff::Zoned;

use crate::command::event;
use crate::failure::Failure;
use crate::output::{self, Output};
use crate::render::printable;
use crate::sections::event::meaning;

/// ROCm SMI's names. It has one more, `RING_HANG`, which no kernel reports.
const TYPES: [(&str, EventType); 4] = [
    ("VM_FAULT", EventType::VmFault),
    ("THERMAL_THROTTLE", EventType::ThermalThrottle),
    ("GPU_PRE_RESET", EventType::GpuPreReset),
    ("GPU_POST_RESET", EventType::GpuPostReset),
];

/// The types of these names; all types without any.
fn mask(names: &[String]) -> EventMask {
    let mut mask = EventMask::empty();
    for name in names.iter().map(|name| name.trim_matches(',')) {
        match TYPES.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)) {
            Some((_, found)) => mask |= EventMask::from(*found),
            None => output::note(&format!("ERROR: Ignoring unrecognized event type {name}")),
        }
    }
    if mask.is_empty() { TYPES.iter().map(|(_, known)| *known).collect() } else { mask }
}

fn line(smi: &Smi, event: &Event) -> String {
    let name = TYPES.iter().find(|(_, known)| Some(*known) == event.kind.event_type());
    let name = name.map_or_else(|| event.kind.name(), |(name, _)| name);
    let time = Zoned::now().strftime("%H:%M:%S");
    format!("GPU[{}]:\t{time}\t{name}\t{}\n", event.gpu.index(), printable(&meaning(smi, event)))
}

pub(super) fn show(smi: &Smi, gpus: &[Gpu], names: &[String], is_table: bool) -> Result<(), Failure> {
    if is_table {
        let text = "--showevents prints lines for people; `amdgpu-smi event --json` prints JSON";
        return Err(Failure::Usage(text.into()));
    }
    let events = smi.events().mask(mask(names)).gpus(gpus).open()?;
    for refused in events.refused() {
        output::note(&format!("ERROR: GPU[{}]\t: {}", refused.gpu.index(), refused.error));
    }
    let mut output = Output::standard();
    output.write("press 'ctrl + c' to quit\nDEVICE\tTIME\t\tTYPE\tDESCRIPTION\n")?;
    event::follow(events, output, |event| line(smi, event))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_have_rocm_smis_names() {
        let names = |names: &[&str]| mask(&names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>());
        assert_eq!(names(&["vm_fault,", "GPU_PRE_RESET"]), EventMask::VM_FAULT | EventMask::GPU_PRE_RESET);
        assert_eq!(names(&["nothing"]), names(&[]));
        assert_eq!(names(&[]).bits(), 0b1111);
    }
}
