//! The gpu_metrics table, field by field as a report has it.

use amdgpu_smi::parse::metrics::{EngineMetrics, EngineScope, Metrics};

use crate::report::{Node, Section};
use crate::view::View;

/// A GPU's table, or why there is none.
pub(crate) struct MetricsTable<'a> {
    gpu: &'a View<'a>,
}

impl<'a> MetricsTable<'a> {
    pub(crate) fn new(gpu: &'a View<'a>) -> MetricsTable<'a> {
        MetricsTable { gpu }
    }

    pub(crate) fn metrics(&self) -> Result<&Metrics, Node> {
        self.gpu.look().metrics().map_err(Node::from)
    }

    /// A field, or why it has no value.
    pub(crate) fn of<T: Into<Node>>(&self, field: impl FnOnce(&Metrics) -> Option<T>) -> Node {
        match self.metrics() {
            Ok(metrics) => field(metrics).map_or_else(|| lacking(metrics), Into::into),
            Err(absent) => absent,
        }
    }

    /// An array, whose elements may be absent each; or why there is none.
    pub(crate) fn slots<T: Copy + Into<Node>>(&self, field: fn(&Metrics) -> &[Option<T>]) -> Node {
        match self.metrics() {
            Ok(metrics) => list(metrics, field(metrics)),
            Err(absent) => absent,
        }
    }

    /// An array of what engines of a scope do.
    pub(crate) fn engines<T: Copy + Into<Node>>(
        &self,
        scope: EngineScope,
        field: fn(&EngineMetrics) -> &[Option<T>],
    ) -> Node {
        self.engines_of(|metrics| metrics.engines.iter().find(|engines| engines.scope == scope), field)
    }

    /// An array of the whole package's engines.
    pub(crate) fn package_engines<T: Copy + Into<Node>>(
        &self,
        field: fn(&EngineMetrics) -> &[Option<T>],
    ) -> Node {
        self.engines_of(Metrics::package_engines, field)
    }

    fn engines_of<T: Copy + Into<Node>>(
        &self,
        find: impl Fn(&Metrics) -> Option<&EngineMetrics>,
        field: fn(&EngineMetrics) -> &[Option<T>],
    ) -> Node {
        match self.metrics() {
            Ok(metrics) => {
                find(metrics).map_or_else(|| lacking(metrics), |engines| list(metrics, field(engines)))
            }
            Err(absent) => absent,
        }
    }

    /// An array of each partition's engines: `xcp_0`, `xcp_1`, …
    pub(crate) fn partitions<T: Copy + Into<Node>>(&self, field: fn(&EngineMetrics) -> &[Option<T>]) -> Node {
        let metrics = match self.metrics() {
            Ok(metrics) => metrics,
            Err(absent) => return absent,
        };
        let mut section = Section::new();
        let mut found = false;
        for engine in &metrics.engines {
            if let EngineScope::Xcp(index) = engine.scope {
                found |= field(engine).iter().any(Option::is_some);
                section.put(format!("xcp_{index}"), list(metrics, field(engine)));
            }
        }
        if found { section.into() } else { lacking(metrics) }
    }
}

/// The elements; no list if none of them has a value.
fn list<T: Copy + Into<Node>>(metrics: &Metrics, slots: &[Option<T>]) -> Node {
    if slots.iter().all(Option::is_none) {
        return lacking(metrics);
    }
    Node::List(slots.iter().map(|slot| slot.map_or_else(|| lacking(metrics), Into::into)).collect())
}

/// No value, because the table has no such field or the driver does not write it.
pub(crate) fn lacking(metrics: &Metrics) -> Node {
    let (format, content) = (metrics.header.format_revision, metrics.header.content_revision);
    Node::unsupported(&format!("gpu_metrics {format}.{content} of this GPU does not tell it"))
}
