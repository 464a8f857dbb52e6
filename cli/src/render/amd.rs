//! `--json=amd`: the shape that amd-smi 10.1 prints, with `"N/A"` for what is not there.

use serde::ser::{Serialize, SerializeMap, Serializer};

use super::document::{AmdRoot, Document};
use super::json::{compact, pretty, quantity};
use crate::report::{Forms, Node, Section};

/// The whole document: on one line where it is one of several.
pub(super) fn document(document: &Document<'_>) -> String {
    let device = |section| AmdDevice { section, timestamp: document.timestamp };
    let devices: Vec<AmdDevice<'_>> = document.sections.iter().map(device).collect();
    match (document.root, document.timestamp) {
        // AMD's command drops `gpu_data` when it watches.
        (_, Some(_)) => compact(&devices),
        (AmdRoot::Array | AmdRoot::Processes, None) => pretty(&devices, 4),
        (AmdRoot::Object, None) => match devices.first() {
            Some(device) => pretty(device, 4),
            None => pretty(&AmdGroups(Vec::new()), 4),
        },
        (AmdRoot::GpuData, None) => pretty(&AmdGroups(vec![("gpu_data", devices)]), 4),
        (AmdRoot::CpuData, None) => {
            let groups = document.groups().into_iter();
            let groups = groups.map(|(key, sections)| (key, sections.into_iter().map(device).collect()));
            pretty(&AmdGroups(groups.collect()), 4)
        }
    }
}

/// Devices under keys.
struct AmdGroups<'a>(Vec<(&'static str, Vec<AmdDevice<'a>>)>);

impl Serialize for AmdGroups<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(key, devices)| (key, devices)))
    }
}

/// A GPU's object.
struct AmdDevice<'a> {
    section: &'a Section,
    timestamp: Option<f64>,
}

impl Serialize for AmdDevice<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_map(None)?;
        if let Some(timestamp) = self.timestamp {
            // AMD counts whole seconds.
            object.serialize_entry("timestamp", &(timestamp as u64))?;
        }
        entries(self.section, &mut object)?;
        object.end()
    }
}

fn entries<M: SerializeMap>(section: &Section, object: &mut M) -> Result<(), M::Error> {
    section.entries(Forms::AMD_JSON).try_for_each(|(key, node)| object.serialize_entry(key, &AmdNode(node)))
}

/// A value, which has no reason here if it is absent.
struct AmdNode<'a>(&'a Node);

impl Serialize for AmdNode<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Node::Quantity(value, unit) => quantity(*value, unit, serializer),
            Node::Number(value) => value.serialize(serializer),
            Node::Text(text) => serializer.serialize_str(text),
            Node::Flag(flag) => serializer.serialize_bool(*flag),
            Node::List(nodes) => serializer.collect_seq(nodes.iter().map(AmdNode)),
            Node::Section(section) => {
                let mut object = serializer.serialize_map(None)?;
                entries(section, &mut object)?;
                object.end()
            }
            Node::Absent(_) => serializer.serialize_str("N/A"),
        }
    }
}
