//! How busy the engines are.

use crate::answer::scope;
use crate::report::{Forms, Node, Section};
use crate::sections::metrics_table::MetricsTable;
use crate::view::View;

/// As many as AMD prints.
const VCN: usize = 4;
const JPEG: usize = 32;

pub(super) fn usage(gpu: &View<'_>, table: &MetricsTable<'_>) -> Node {
    let activity = gpu.look().activity();
    let mut section = Section::new();
    section
        .put("gfx_activity", Node::reading(&activity.gfx))
        .put("umc_activity", Node::reading(&activity.memory))
        .put("mm_activity", Node::reading(&activity.media));
    // Where there is one figure for all video engines, AMD prints it as the first engine's.
    let mut video = Section::new();
    let engines = table.engines(|engines| &engines.vcn_busy);
    let amds = match engines.why_absent() {
        Some(_) => Node::reading_as(&activity.media, |busy| Node::List(vec![Node::from(*busy)])),
        None => engines.clone(),
    };
    video.put_filled("vcn_activity", amds, VCN);
    section.put_in(Forms::OURS, "vcn_activity", engines);
    if let Some(filled) = video.get(Forms::AMD_JSON, "vcn_activity") {
        section.put_in(Forms::AMD_JSON, "vcn_activity", filled.clone());
    }
    section
        .put_filled("jpeg_activity", table.engines(|engines| &engines.jpeg_busy), JPEG)
        .put("gfx_busy_inst", table.partitions(|engines| &engines.gfx_busy))
        .put("jpeg_busy", table.partitions(|engines| &engines.jpeg_busy));
    let busy = table.partitions(|engines| &engines.vcn_busy);
    let busy = match busy.why_absent() {
        Some(_) => Node::reading(&activity.media),
        None => busy,
    };
    section.put("vcn_busy", busy);
    scope(gpu.gpu(), &mut section);
    section.into()
}
