//! `--json`: numbers are numbers, what is not there is null, and the reason stands beside.

use std::cell::RefCell;
use std::fmt;
use std::io::{self, Write};

use serde::ser::{Serialize, SerializeMap, SerializeSeq};
use serde_json::ser::{PrettyFormatter, Serializer};

use super::document::{Document, Listed};
use super::iso;
use crate::reasons::code;
use crate::report::{Absent, Forms, Node, Number, Section};

/// The version of the JSON. It changes with the meaning, type or place of a key, but not with a new key.
pub(crate) const SCHEMA: u32 = 1;

/// The whole document: on one line where it is one of several.
pub(super) fn document(document: &Document<'_>) -> String {
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
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_map(None)?;
        listed(self.0.take(), &mut object)?;
        object.end()
    }
}

/// A section whose entries stand beside the version of the document.
struct Alone<'a>(&'a Section);

impl Serialize for Alone<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut root = serializer.serialize_map(None)?;
        root.serialize_entry("schema", &SCHEMA)?;
        listed(self.0.into(), &mut root)?;
        root.end()
    }
}

/// The entries, and the reasons of what is absent among them.
fn listed<M: SerializeMap>(section: Listed<'_>, object: &mut M) -> Result<(), M::Error> {
    let Listed { before, list, after } = section;
    let reasons = RefCell::default();
    entries(&before, None, &reasons, object)?;
    if let Some((key, items)) = list {
        let path = Path { within: None, step: Step::Key(key) };
        let items =
            items.enumerate().map(|(index, node)| ListedNode { index, node, list: &path, reasons: &reasons });
        object.serialize_entry(key, &Each(RefCell::new(items)))?;
    }
    entries(&after, None, &reasons, object)?;
    let Reasons { codes, details } = reasons.into_inner();
    object.serialize_entry("unavailable", &ReasonEntries(&codes))?;
    if !details.is_empty() {
        object.serialize_entry("details", &ReasonEntries(&details))?;
    }
    Ok(())
}

/// A document about no GPU in particular: the section's entries beside the version.
pub(crate) fn alone(section: &Section) -> String {
    pretty(&Alone(section), 2)
}

/// The value on one line.
pub(super) fn compact(value: &impl Serialize) -> String {
    let mut bytes = Vec::new();
    // As in `pretty`.
    let _ = value.serialize(&mut Serializer::new(&mut bytes));
    line(bytes)
}

/// Many lines, indented by so many blanks.
pub(super) fn pretty(value: &impl Serialize, indent: usize) -> String {
    let blanks = " ".repeat(indent);
    let mut bytes = Vec::new();
    let formatter = PrettyFormatter::with_indent(blanks.as_bytes());
    // A write to memory cannot fail, and the keys are strings.
    let _ = value.serialize(&mut Serializer::with_formatter(&mut bytes, formatter));
    line(bytes)
}

fn line(mut bytes: Vec<u8>) -> String {
    bytes.push(b'\n');
    String::from_utf8(bytes).unwrap_or_default()
}

fn entries<M: SerializeMap>(
    section: &Section,
    within: Option<&Path<'_>>,
    reasons: &RefCell<Reasons>,
    object: &mut M,
) -> Result<(), M::Error> {
    for (key, node) in section.entries(Forms::JSON) {
        let path = Path { within, step: Step::Key(key) };
        object.serialize_entry(key, &PlacedNode { node, path: &path, reasons })?;
    }
    Ok(())
}

/// Why values are absent, by their dotted path.
#[derive(Default)]
struct Reasons {
    codes: Vec<(String, &'static str)>,
    /// Sentences, where the code does not say enough.
    details: Vec<(String, String)>,
}

impl Reasons {
    fn put(&mut self, path: String, absent: &Absent) {
        let (code, needs_detail) = code(absent);
        if needs_detail {
            self.details.push((path.clone(), absent.detail.clone()));
        }
        self.codes.push((path, code));
    }
}

/// An object of texts.
struct ReasonEntries<'a, T>(&'a [(String, T)]);

impl<T: Serialize> Serialize for ReasonEntries<'_, T> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(key, value)| (key, value)))
    }
}

/// The place of a value in its device's object; displayed with dots. The place of a list's item is its number.
struct Path<'a> {
    within: Option<&'a Path<'a>>,
    step: Step<'a>,
}

enum Step<'a> {
    Key(&'a str),
    Index(usize),
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(within) = self.within {
            within.fmt(f)?;
            f.write_str(".")?;
        }
        match self.step {
            Step::Key(key) => f.write_str(key),
            Step::Index(index) => index.fmt(f),
        }
    }
}

/// A value on its way out. The reasons of those that are absent are collected, because the object ends with them.
struct PlacedNode<'a> {
    node: &'a Node,
    path: &'a Path<'a>,
    reasons: &'a RefCell<Reasons>,
}

impl Serialize for PlacedNode<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.node {
            Node::Quantity(value, unit) => quantity(*value, unit, serializer),
            Node::Number(value) => value.serialize(serializer),
            Node::Text(text) => serializer.serialize_str(text),
            Node::Flag(flag) => serializer.serialize_bool(*flag),
            Node::List(nodes) => {
                let mut list = serializer.serialize_seq(Some(nodes.len()))?;
                for (index, node) in nodes.iter().enumerate() {
                    let path = Path { within: Some(self.path), step: Step::Index(index) };
                    list.serialize_element(&PlacedNode { node, path: &path, reasons: self.reasons })?;
                }
                list.end()
            }
            Node::Section(section) => {
                let mut object = serializer.serialize_map(None)?;
                entries(section, Some(self.path), self.reasons, &mut object)?;
                object.end()
            }
            Node::Absent(absent) => {
                self.reasons.borrow_mut().put(self.path.to_string(), absent);
                serializer.serialize_unit()
            }
        }
    }
}

/// An item that was made to be written.
struct ListedNode<'a> {
    index: usize,
    node: Node,
    list: &'a Path<'a>,
    reasons: &'a RefCell<Reasons>,
}

impl Serialize for ListedNode<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let path = Path { within: Some(self.list), step: Step::Index(self.index) };
        PlacedNode { node: &self.node, path: &path, reasons: self.reasons }.serialize(serializer)
    }
}

impl Serialize for Number {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match *self {
            Number::Integer(value) => serializer.serialize_i64(value),
            Number::Unsigned(value) => serializer.serialize_u64(value),
            Number::Fraction(value) => serializer.serialize_f64(value),
        }
    }
}

/// A number with its unit.
pub(super) fn quantity<S: serde::Serializer>(
    value: Number,
    unit: &str,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let mut quantity = serializer.serialize_map(Some(2))?;
    quantity.serialize_entry("value", &value)?;
    quantity.serialize_entry("unit", unit)?;
    quantity.end()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

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
            serde_json::to_value(Object(RefCell::new((&section).into()))).unwrap(),
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
        for (number, text) in [
            (Number::Fraction(17.215), "17.215"),
            (Number::Integer(45), "45"),
            (Number::Unsigned(u64::MAX), "18446744073709551615"),
        ] {
            assert_eq!(compact(&number), format!("{text}\n"));
        }
    }
}
