//! Memory: how much there is of which kind, how much of it is used.

use amdgpu_smi::reading::Reading;
use amdgpu_smi::unit::Bytes;

use crate::report::{Node, Section};
use crate::view::View;

pub(super) fn usage(gpu: &View<'_>) -> Node {
    let memory = gpu.look().memory_usage();
    let mut section = Section::new();
    let mut pool = |key: &str, total: &Reading<Bytes>, used: &Reading<Bytes>| {
        let free = match (total, used) {
            // Rounded as total and used are, so that the three agree.
            (Ok(total), Ok(used)) => Node::quantity(total.mebibytes().saturating_sub(used.mebibytes()), "MB"),
            (Err(error), _) | (_, Err(error)) => Node::from(error),
        };
        section
            .put(format!("total_{key}"), Node::reading(total))
            .put(format!("used_{key}"), Node::reading(used))
            .put(format!("free_{key}"), free);
    };
    pool("vram", &memory.vram_total, &memory.vram_used);
    pool("visible_vram", &memory.visible_vram_total, &memory.visible_vram_used);
    pool("gtt", &memory.gtt_total, &memory.gtt_used);
    section.own("preempt_used", Node::reading(&memory.preempt_used));
    if gpu.gpu().is_partition() {
        section.own("gtt_scope", "package");
    }
    section.into()
}
