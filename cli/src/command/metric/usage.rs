//! How busy the engines are.

use amdgpu_smi::parse::metrics::{EngineMetrics, Metrics, Scope};
use amdgpu_smi::unit::Percent;

use super::table::{Table, lacking};
use crate::answer::scope;
use crate::report::{Forms, Node, Section};
use crate::view::View;

/// As many as AMD prints.
const VCN: usize = 4;
const JPEG: usize = 32;

pub(super) fn usage(gpu: &View<'_>, table: &Table<'_>) -> Node {
    let activity = gpu.activity();
    let mut section = Section::new();
    section
        .put("gfx_activity", Node::field(activity.gfx, &activity.reasons, "gfx"))
        .put("umc_activity", Node::field(activity.memory, &activity.reasons, "memory"))
        .put("mm_activity", table.of(|metrics| metrics.activity.mm));
    // Where there is one figure for all video engines, AMD prints it as the first engine's.
    let mut video = Section::new();
    let engines = table.engines(|engines| &engines.vcn_busy);
    let amds = match engines.why_absent() {
        Some(_) => table.of(|metrics| Some(Node::List(vec![Node::from(metrics.activity.mm?)]))),
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
        Some(_) => Node::field(activity.vcn, &activity.reasons, "vcn"),
        None => busy,
    };
    section.put("vcn_busy", busy);
    scope(gpu, &mut section);
    section.into()
}

/// How busy the video engines are on average: of the partition where the table tells, else of the package.
pub(crate) fn video(gpu: &View<'_>, table: &Table<'_>) -> Node {
    let metrics = match table.metrics() {
        Ok(metrics) => metrics,
        Err(absent) => return absent,
    };
    let own = Scope::Xcp(gpu.ids().partition.unwrap_or(0).into());
    let of = |scope| metrics.engines.iter().find(|engine| engine.scope == scope).and_then(mean);
    let busy: Option<Percent> = of(own).or_else(|| of(Scope::Socket)).or_else(|| multimedia(metrics));
    busy.map_or_else(|| lacking(metrics), Node::from)
}

fn multimedia(metrics: &Metrics) -> Option<Percent> {
    metrics.activity.mm
}

fn mean(engine: &EngineMetrics) -> Option<Percent> {
    let busy: Vec<u32> = engine.vcn_busy.iter().flatten().map(|percent| percent.0).collect();
    let count = u32::try_from(busy.len()).ok().filter(|count| *count != 0)?;
    let sum = busy.into_iter().fold(0, u32::saturating_add);
    Some(Percent(sum.saturating_add(count / 2) / count))
}
