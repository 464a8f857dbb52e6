//! `--json=amd`: the shape that amd-smi 10.1 prints, with `"N/A"` for what is not there.

use serde_json::{Map, Value, json};

use super::document::{AmdRoot, Document};
use super::json::{compact, number, pretty};
use crate::report::{Forms, Node, Section};

/// The whole document: on one line where it is one of several.
pub(super) fn document(document: &Document) -> String {
    let gpus: Vec<Value> = document.sections.iter().map(|section| gpu(section, document.timestamp)).collect();
    match (document.root, document.timestamp) {
        // AMD's command drops `gpu_data` when it watches.
        (_, Some(_)) => compact(&gpus.into()),
        (AmdRoot::Array | AmdRoot::Processes, None) => pretty(&gpus.into(), 4),
        (AmdRoot::Object, None) => pretty(&gpus.into_iter().next().unwrap_or_else(|| json!({})), 4),
        (AmdRoot::GpuData, None) => pretty(&json!({"gpu_data": gpus}), 4),
        (AmdRoot::CpuData, None) => {
            let groups = document.groups().into_iter().map(|(key, sections)| {
                let devices: Value = sections.into_iter().map(|section| gpu(section, None)).collect();
                (key.to_owned(), devices)
            });
            pretty(&Value::Object(groups.collect()), 4)
        }
    }
}

/// A GPU's object. AMD counts whole seconds.
fn gpu(section: &Section, timestamp: Option<f64>) -> Value {
    let mut map = Map::new();
    if let Some(timestamp) = timestamp {
        map.insert("timestamp".into(), (timestamp as u64).into());
    }
    map.append(&mut object(section));
    map.into()
}

fn object(section: &Section) -> Map<String, Value> {
    section.entries(Forms::AMD_JSON).map(|(key, node)| (key.to_owned(), value(node))).collect()
}

fn value(node: &Node) -> Value {
    match node {
        Node::Quantity(value, unit) => json!({"value": number(*value), "unit": unit}),
        Node::Number(value) => number(*value),
        Node::Text(text) => text.as_str().into(),
        Node::Flag(flag) => (*flag).into(),
        Node::List(nodes) => nodes.iter().map(value).collect(),
        Node::Section(section) => object(section).into(),
        Node::Absent(_) => "N/A".into(),
    }
}
