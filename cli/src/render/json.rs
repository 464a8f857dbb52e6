//! `--json`: numbers are numbers, what is not there is null, and the reason stands beside.

use std::cell::RefCell;
use std::io::{self, Write};

use serde::Serialize;
use serde::ser::{SerializeMap, SerializeSeq};
use serde_json::ser::{PrettyFormatter, Serializer};
use serde_json::{Map, Value, json};

use super::document::{Document, Listed};
use super::iso;
use crate::reasons::code;
use crate::report::{Absent, Forms, Node, Number, Section};

/// The version of the JSON. It changes with the meaning, type or place of a key, but not with a new key.
pub(crate) const SCHEMA: u32 = 1;

/// The whole document: on one line where it is one of several.
pub(super) fn document(document: &Document) -> String {
    let groups = document.groups().into_iter();
    let groups = groups.map(|(key, sections)| (key, sections.into_iter().map(Listed::from)));
    let mut bytes = Vec::new();
    // A write to memory cannot fail, and the keys are strings.
    let _ = write(&mut bytes, document.timestamp, groups);
    String::from_utf8(bytes).unwrap_or_default()
}

/// Writes a document section by section.
pub(crate) fn write_listed<'a>(
    out: &mut dyn Write,
    timestamp: Option<f64>,
    key: &'static str,
    sections: impl Iterator<Item = Listed<'a>>,
) -> io::Result<()> {
    write(out, timestamp, std::iter::once((key, sections)))
}

fn write<'a, S: Iterator<Item = Listed<'a>>>(
    out: &mut dyn Write,
    timestamp: Option<f64>,
    groups: impl Iterator<Item = (&'static str, S)>,
) -> io::Result<()> {
    let root = Root { timestamp, groups: RefCell::new(groups) };
    match timestamp {
        Some(_) => root.serialize(&mut Serializer::new(&mut *out))?,
        None => root.serialize(&mut Serializer::pretty(&mut *out))?,
    }
    out.write_all(b"\n")
}

/// The root, whose groups are taken while it is written.
struct Root<G> {
    timestamp: Option<f64>,
    groups: RefCell<G>,
}

impl<'a, S: Iterator<Item = Listed<'a>>, G: Iterator<Item = (&'static str, S)>> Serialize for Root<G> {
    fn serialize<T: serde::Serializer>(&self, serializer: T) -> Result<T::Ok, T::Error> {
        let mut root = serializer.serialize_map(None)?;
        root.serialize_entry("schema", &SCHEMA)?;
        if let Some(timestamp) = self.timestamp {
            root.serialize_entry("timestamp", &iso(timestamp))?;
        }
        for (key, sections) in &mut *self.groups.borrow_mut() {
            let objects = sections.map(|section| Object(RefCell::new(section)));
            root.serialize_entry(key, &Each(RefCell::new(objects)))?;
        }
        root.end()
    }
}

/// A list whose items are made while it is written.
struct Each<I>(RefCell<I>);

impl<I: Iterator<Item: Serialize>> Serialize for Each<I> {
    fn serialize<T: serde::Serializer>(&self, serializer: T) -> Result<T::Ok, T::Error> {
        let mut list = serializer.serialize_seq(None)?;
        for item in &mut *self.0.borrow_mut() {
            list.serialize_element(&item)?;
        }
        list.end()
    }
}

/// A GPU's object, which ends with the reasons.
struct Object<'a>(RefCell<Listed<'a>>);

impl Serialize for Object<'_> {
    fn serialize<T: serde::Serializer>(&self, serializer: T) -> Result<T::Ok, T::Error> {
        let Listed { before, list, after } = self.0.take();
        let reasons = RefCell::new(Reasons::default());
        let mut object = serializer.serialize_map(None)?;
        for (key, node) in before.entries(Forms::JSON) {
            object.serialize_entry(key, &value(node, &mut vec![key], &mut reasons.borrow_mut()))?;
        }
        if let Some((key, items)) = list {
            let items = items.enumerate();
            let items = items.map(|(index, node)| item(index, &node, &[key], &mut reasons.borrow_mut()));
            object.serialize_entry(key, &Each(RefCell::new(items)))?;
        }
        for (key, node) in after.entries(Forms::JSON) {
            object.serialize_entry(key, &value(node, &mut vec![key], &mut reasons.borrow_mut()))?;
        }
        let Reasons { codes, details } = reasons.into_inner();
        object.serialize_entry("unavailable", &codes)?;
        if !details.is_empty() {
            object.serialize_entry("details", &details)?;
        }
        object.end()
    }
}

/// A document about no GPU in particular: the section's entries beside the version.
pub(crate) fn alone(section: &Section) -> String {
    let mut root = Map::new();
    root.insert("schema".into(), SCHEMA.into());
    if let Value::Object(mut object) = object_of(section) {
        root.append(&mut object);
    }
    pretty(&root.into(), 2)
}

/// The value on one line.
pub(super) fn compact(value: &Value) -> String {
    format!("{value}\n")
}

/// Many lines, indented by so many blanks.
pub(super) fn pretty(value: &Value, indent: usize) -> String {
    let blanks = " ".repeat(indent);
    let mut bytes = Vec::new();
    let formatter = PrettyFormatter::with_indent(blanks.as_bytes());
    // A write to memory cannot fail, and the keys are strings.
    let _ = value.serialize(&mut Serializer::with_formatter(&mut bytes, formatter));
    bytes.push(b'\n');
    String::from_utf8(bytes).unwrap_or_default()
}

/// Why values are absent, by their dotted path.
#[derive(Default)]
struct Reasons {
    codes: Map<String, Value>,
    /// Sentences, where the code does not say enough.
    details: Map<String, Value>,
}

impl Reasons {
    fn put(&mut self, path: String, absent: &Absent) {
        let (code, needs_detail) = code(absent);
        if needs_detail {
            self.details.insert(path.clone(), absent.detail.as_str().into());
        }
        self.codes.insert(path, code.into());
    }
}

/// The object as a value.
fn object_of(section: &Section) -> Value {
    serde_json::to_value(Object(RefCell::new(section.into()))).unwrap_or_default()
}

fn object<'a>(section: &'a Section, path: &mut Vec<&'a str>, reasons: &mut Reasons) -> Map<String, Value> {
    let mut object = Map::new();
    for (key, node) in section.entries(Forms::JSON) {
        path.push(key);
        object.insert(key.to_owned(), value(node, path, reasons));
        path.pop();
    }
    object
}

fn value<'a>(node: &'a Node, path: &mut Vec<&'a str>, reasons: &mut Reasons) -> Value {
    match node {
        Node::Quantity(value, unit) => json!({"value": number(*value), "unit": unit}),
        Node::Number(value) => number(*value),
        Node::Text(text) => text.as_str().into(),
        Node::Flag(flag) => (*flag).into(),
        Node::List(nodes) => {
            let items = nodes.iter().enumerate();
            items.map(|(index, node)| item(index, node, path, reasons)).collect()
        }
        Node::Section(section) => object(section, path, reasons).into(),
        Node::Absent(absent) => {
            reasons.put(path.join("."), absent);
            Value::Null
        }
    }
}

/// An item of a list, whose place in the path is its number.
fn item(index: usize, node: &Node, path: &[&str], reasons: &mut Reasons) -> Value {
    let mut of_item = Reasons::default();
    let value = value(node, &mut Vec::new(), &mut of_item);
    let prefix = path.join(".");
    let full = |key: String| {
        let dot = if key.is_empty() { "" } else { "." };
        format!("{prefix}.{index}{dot}{key}")
    };
    reasons.codes.extend(of_item.codes.into_iter().map(|(key, code)| (full(key), code)));
    reasons.details.extend(of_item.details.into_iter().map(|(key, detail)| (full(key), detail)));
    value
}

pub(super) fn number(number: Number) -> Value {
    match number {
        Number::Integer(value) => value.into(),
        Number::Unsigned(value) => value.into(),
        Number::Fraction(value) => value.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_there_is_null_and_has_a_reason() {
        let absent = || Node::absent("suspended", "it sleeps");
        let mut inner = Section::new();
        inner.put("socket_power", absent()).put("list", Node::List(vec![Node::from(1u32), absent()]));
        let mut nested = Section::new();
        nested.put("x", absent());
        inner.put("items", Node::List(vec![nested.into()]));
        let mut section = Section::new();
        section.put("gpu", 0u32).put("power", inner);
        assert_eq!(
            object_of(&section),
            json!({
                "gpu": 0,
                "power": {"socket_power": null, "list": [1, null], "items": [{"x": null}]},
                "unavailable": {
                    "power.socket_power": "suspended",
                    "power.list.1": "suspended",
                    "power.items.0.x": "suspended",
                },
            })
        );
    }

    #[test]
    fn numbers_stay_numbers() {
        assert_eq!(number(Number::Fraction(17.215)).to_string(), "17.215");
        assert_eq!(number(Number::Integer(45)).to_string(), "45");
        assert_eq!(number(Number::Unsigned(u64::MAX)).to_string(), "18446744073709551615");
    }
}
