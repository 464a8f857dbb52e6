//! How busy the video engines are.

use amdgpu_smi::parse::metrics::{EngineMetrics, Metrics, Scope};
use amdgpu_smi::unit::Percent;

use super::metrics_table::{MetricsTable, lacking};
use crate::report::Node;
use crate::view::View;

/// How busy the video engines are on average: of the partition where the table tells, else of the package.
pub(crate) fn usage(gpu: &View<'_>, table: &MetricsTable<'_>) -> Node {
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
