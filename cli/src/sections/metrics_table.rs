//! The gpu_metrics table, field by field as a report has it.

use amdgpu_smi::metrics::{EngineMetrics, EngineScope, Metrics, MetricsQuantity};
use serde_json::Value;

use crate::report::{Node, Number, Section};
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

    /// Attributes of a newer kernel's table that no section has, by number; `None` without any.
    pub(crate) fn others(&self) -> Option<Section> {
        let others = &self.metrics().ok()?.others;
        let mut section = Section::new();
        for entry in others {
            section.put(entry.label().to_string(), quantity(entry.value));
        }
        (!others.is_empty()).then_some(section)
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
        self.engines_of(|metrics| metrics.engines_in(scope), field)
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
pub(crate) fn list<T: Copy + Into<Node>>(metrics: &Metrics, slots: &[Option<T>]) -> Node {
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

/// A value of whatever quantity, with its unit spelled as here.
fn quantity(value: MetricsQuantity) -> Node {
    let number = match serde_json::to_value(value) {
        Ok(Value::Object(mut fields)) => fields.remove("value").unwrap_or_default(),
        Ok(bare) => bare,
        Err(_) => Value::Null,
    };
    let whole = number.as_f64().filter(|number| number.fract() == 0.0);
    let number = match (number.as_u64(), number.as_i64(), number.as_f64()) {
        (Some(number), ..) => Number::Unsigned(number),
        (_, Some(number), _) => Number::Integer(number),
        (.., Some(_)) if whole.is_some() => Number::Integer(whole.unwrap_or_default() as i64),
        (.., Some(number)) => Number::Fraction(number),
        (.., None) => return Node::Text(value.to_string()),
    };
    match value.unit() {
        "" => Node::Number(number),
        "°C" => Node::Quantity(number, "C"),
        unit => Node::Quantity(number, unit),
    }
}
