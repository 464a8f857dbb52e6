//! How busy the engines are.

use amdgpu_smi::Gpu;

use crate::command::{not_built, scope};
use crate::report::{Node, Section};

/// As many as AMD prints.
const VCN: usize = 4;
const JPEG: usize = 32;

pub(super) fn usage(gpu: &Gpu) -> Node {
    let activity = gpu.activity();
    let mut section = Section::new();
    section
        .put("gfx_activity", Node::field(activity.gfx, &activity.reasons, "gfx"))
        .put("umc_activity", Node::field(activity.memory, &activity.reasons, "memory"))
        .put("mm_activity", not_built())
        .put_filled("vcn_activity", not_built(), VCN)
        .put_filled("jpeg_activity", not_built(), JPEG)
        .put("gfx_busy_inst", not_built())
        .put("jpeg_busy", not_built())
        .put("vcn_busy", not_built())
        .own("video_activity", Node::field(activity.vcn, &activity.reasons, "vcn"));
    scope(gpu, &mut section);
    section.into()
}
