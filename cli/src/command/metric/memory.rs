//! Memory: how much there is of which kind, how much of it is used.

use amdgpu_smi::unit::Bytes;

use crate::report::{Node, Section};
use crate::view::View;

pub(super) fn usage(gpu: &View<'_>) -> Node {
    let memory = gpu.memory_usage();
    let reasons = &memory.reasons;
    let mut section = Section::new();
    let mut pool = |key: &str, total: Option<Bytes>, used: Option<Bytes>, fields: (&str, &str)| {
        let free = match (total, used) {
            // Rounded as total and used are, so that the three agree.
            (Some(total), Some(used)) => {
                Node::quantity(total.mebibytes().saturating_sub(used.mebibytes()), "MB")
            }
            (None, _) => Node::field(None::<u32>, reasons, fields.0),
            (_, None) => Node::field(None::<u32>, reasons, fields.1),
        };
        section
            .put(format!("total_{key}"), Node::field(total, reasons, fields.0))
            .put(format!("used_{key}"), Node::field(used, reasons, fields.1))
            .put(format!("free_{key}"), free);
    };
    pool("vram", memory.vram_total, memory.vram_used, ("vram_total", "vram_used"));
    pool(
        "visible_vram",
        memory.visible_vram_total,
        memory.visible_vram_used,
        ("visible_vram_total", "visible_vram_used"),
    );
    pool("gtt", memory.gtt_total, memory.gtt_used, ("gtt_total", "gtt_used"));
    section.own("preempt_used", Node::field(memory.preempt_used, reasons, "preempt_used"));
    if gpu.is_partition() {
        section.own("gtt_scope", "package");
    }
    section.into()
}
