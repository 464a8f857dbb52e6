//! Usage of the engines.

use amdgpu_smi::metrics::EngineScope;

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
    let amds = match table.engines(EngineScope::Socket, |engines| &engines.vcn_busy) {
        Node::Absent(_) => table.of(|metrics| Some(Node::List(vec![Node::from(metrics.activity.mm?)]))),
        engines => engines,
    };
    put_engines(&mut section, "vcn_activity", table.package_engines(|engines| &engines.vcn_busy), amds, VCN);
    let amds = table.engines(EngineScope::Socket, |engines| &engines.jpeg_busy);
    put_engines(
        &mut section,
        "jpeg_activity",
        table.package_engines(|engines| &engines.jpeg_busy),
        amds,
        JPEG,
    );
    section
        .put("gfx_busy_inst", table.partitions(|engines| &engines.gfx_busy))
        .put("jpeg_busy", table.partitions(|engines| &engines.jpeg_busy));
    let busy = table.partitions(|engines| &engines.vcn_busy);
    // AMD's is a list for each partition or nothing, and node-scraper refuses the whole answer of a GPU with a number here.
    let ours = match busy.why_absent() {
        Some(_) => Node::reading(&activity.media),
        None => busy.clone(),
    };
    section.put_in(Forms::OURS, "vcn_busy", ours).put_in(Forms::AMD_JSON, "vcn_busy", busy);
    scope(gpu.gpu(), &mut section);
    section.into()
}

/// AMD has a package's engines where the table has them so; here are those of a package's only partition as well, so that
/// the key keeps its values as tables get newer.
fn put_engines(section: &mut Section, key: &str, ours: Node, amds: Node, count: usize) {
    let mut filled = Section::new();
    filled.put_filled(key, amds, count);
    section.put_in(Forms::OURS, key, ours);
    if let Some(filled) = filled.get(Forms::AMD_JSON, key) {
        section.put_in(Forms::AMD_JSON, key, filled.clone());
    }
}
