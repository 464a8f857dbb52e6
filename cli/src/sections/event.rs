//! The meaning of an event, as one line.

use amdgpu_smi::Smi;
use amdgpu_smi::event::{Event, EventKind, Location, Origin, Place};

/// The driver's event in words.
pub(crate) fn meaning(smi: &Smi, event: &Event) -> String {
    let mut text = match &event.kind {
        EventKind::Dropped { count, .. } if event.origin == Origin::Queue => {
            format!("{count} lost by this program, whose output is too slow")
        }
        EventKind::Dropped { count, .. } => format!("{count} lost by the kernel"),
        kind => kind.describe(|location| place(smi, location)),
    };
    if event.origin == Origin::Derived {
        text.push_str(", derived");
    }
    text
}

fn place(smi: &Smi, location: Location) -> String {
    match smi.place(location) {
        Place::Gpu(gpu) => format!("GPU {}", gpu.index()),
        Place::OtherGpu(id) => format!("the GPU with KFD id {id}"),
        place => place.to_string(),
    }
}
