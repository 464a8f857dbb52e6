//! The values that a command found for one GPU, independent of the output format.

use amdgpu_smi::gpu::UnrecognisedLine;
use amdgpu_smi::reading::{Reading, Value};
use amdgpu_smi::unit::{
    Bytes, Hertz, MegaHertz, MegaTransfers, MicroJoules, MicroWatts, MilliCelsius, MilliVolts,
};
use amdgpu_smi::unit::{Percent, Rpm};
use amdgpu_smi::{Error, Result};

/// One value, or several in an order.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Node {
    /// A number in a unit, which is spelled as in AMD's JSON: `C`, `W`, `MHz`, `MB`.
    Quantity(Number, &'static str),
    /// A number without a unit: a count, an index.
    Number(Number),
    /// A text value.
    Text(String),
    /// A boolean value.
    Flag(bool),
    /// Values of one kind.
    List(Vec<Node>),
    /// Named values.
    Section(Section),
    /// A missing value.
    Absent(Absent),
}

/// Why there is no value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Absent {
    /// One or two words.
    pub(crate) reason: String,
    /// The whole sentence, with the file it is about.
    pub(crate) detail: String,
}

impl Absent {
    /// Returns `true` if this GPU or its driver does not have the value at all, as opposed to now or for this user.
    pub(crate) fn is_missing(&self) -> bool {
        matches!(
            self.reason.as_str(),
            "not supported" | "no fan" | "not built yet" | "not asked" | "not in KFD"
        )
    }

    /// Returns `true` if the row of another GPU has the value: the package's first partition, or the card's first
    /// die.
    pub(crate) fn is_elsewhere(&self) -> bool {
        matches!(self.reason.as_str(), "package" | "on first die")
    }
}

/// A number that prints as it should: no fraction where there is none.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Number {
    Integer(i64),
    Unsigned(u64),
    Fraction(f64),
}

impl Number {
    /// `value` parts of which `scale` make one.
    fn scaled(value: i64, scale: i64) -> Number {
        match value % scale {
            0 => Number::Integer(value / scale),
            _ => Number::Fraction(value as f64 / scale as f64),
        }
    }

    /// The nearest number with this many digits after the point.
    pub(crate) fn rounded(value: f64, digits: i32) -> Number {
        let scale = 10f64.powi(digits);
        Number::Fraction((value * scale).round() / scale)
    }

    /// For tables of whole numbers.
    pub(crate) fn as_f64(self) -> f64 {
        match self {
            Number::Integer(value) => value as f64,
            Number::Unsigned(value) => value as f64,
            Number::Fraction(value) => value,
        }
    }
}

impl std::fmt::Display for Number {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Number::Integer(value) => write!(f, "{value}"),
            Number::Unsigned(value) => write!(f, "{value}"),
            // `24.0`, not `24`, where a fraction was asked for: AMD's GB are printed so.
            Number::Fraction(value) => write!(f, "{value:?}"),
        }
    }
}

/// In which forms of output an entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Forms(u8);

impl Forms {
    /// This program's `--json`.
    pub(crate) const JSON: Forms = Forms(1);
    /// `--json=amd`, and all else in AMD's layout that is no table: `--csv=amd`, `--format amd`.
    pub(crate) const AMD_JSON: Forms = Forms(2);
    /// Text for people in our own layout.
    pub(crate) const OWN_TEXT: Forms = Forms(4);
    /// This program's `--csv`.
    pub(crate) const CSV: Forms = Forms(8);
    /// Tables of `--format amd`.
    pub(crate) const AMD_TEXT: Forms = Forms(16);
    /// Text in both layouts.
    pub(crate) const TEXT: Forms = Forms::OWN_TEXT.and(Forms::AMD_TEXT);
    /// All output forms.
    pub(crate) const ALL: Forms = Forms(31);
    /// All but AMD's JSON, for a value without a key of AMD's.
    pub(crate) const OURS: Forms = Forms::ALL.but(Forms::AMD_JSON);

    /// The union of both sets.
    pub(crate) const fn and(self, other: Forms) -> Forms {
        Forms(self.0 | other.0)
    }

    /// Those without the other's.
    pub(crate) const fn but(self, other: Forms) -> Forms {
        Forms(self.0 & !other.0)
    }

    /// Returns `true` if all of `other` are included.
    pub(crate) const fn has(self, other: Forms) -> bool {
        self.0 & other.0 == other.0
    }
}

/// Named values in the order in which they are printed.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Section(Vec<ReportEntry>);

/// One of the entries.
#[derive(Debug, Clone, PartialEq)]
struct ReportEntry {
    key: String,
    node: Node,
    forms: Forms,
}

impl Section {
    pub(crate) fn new() -> Section {
        Section::default()
    }

    /// Adds a value under AMD's key.
    pub(crate) fn put(&mut self, key: impl Into<String>, node: impl Into<Node>) -> &mut Section {
        self.put_in(Forms::ALL, key, node)
    }

    /// Adds a value that AMD has no key for.
    pub(crate) fn own(&mut self, key: impl Into<String>, node: impl Into<Node>) -> &mut Section {
        self.put_in(Forms::OURS, key, node)
    }

    /// Adds a value that is printed in some forms only.
    pub(crate) fn put_in(
        &mut self,
        forms: Forms,
        key: impl Into<String>,
        node: impl Into<Node>,
    ) -> &mut Section {
        self.0.push(ReportEntry { key: key.into(), node: node.into(), forms });
        self
    }

    /// Adds `ours` to `--json`, `--csv` and the text, and `amds` to the forms for programs that know AMD's.
    pub(crate) fn put_both(
        &mut self,
        key: &str,
        ours: impl Into<Node>,
        amds: impl Into<Node>,
    ) -> &mut Section {
        self.put_in(Forms::ALL.but(Forms::AMD_JSON), key, ours).put_in(Forms::AMD_JSON, key, amds)
    }

    /// Adds a list that AMD fills up to a fixed length.
    pub(crate) fn put_filled(&mut self, key: &str, list: Node, length: usize) -> &mut Section {
        let mut filled = match &list {
            Node::List(nodes) => nodes.clone(),
            Node::Absent(absent) => vec![Node::Absent(absent.clone()); length],
            other => vec![other.clone()],
        };
        let last = Absent { reason: "not supported".into(), detail: "there is no such instance".into() };
        filled.resize(length.max(filled.len()), Node::Absent(last));
        self.put_in(Forms::OURS, key, list).put_in(Forms::AMD_JSON, key, Node::List(filled))
    }

    /// The same with quantities in these units in the place of absent values.
    pub(crate) fn with_units(&self, units: &[(&str, &'static str)]) -> Section {
        let mut section = self.clone();
        for entry in section.0.iter_mut().filter(|entry| entry.node.why_absent().is_some()) {
            if let Some((_, unit)) = units.iter().find(|(key, _)| *key == entry.key) {
                entry.node = Node::quantity(0u32, unit);
            }
        }
        section
    }

    /// Replaces the value under this key in all forms.
    #[cfg(test)]
    pub(crate) fn set(&mut self, key: &str, node: Node) {
        self.0.iter_mut().filter(|entry| entry.key == key).for_each(|entry| entry.node = node.clone());
    }

    /// Moves all entries of another section to the end of this one.
    pub(crate) fn append(&mut self, other: &mut Section) {
        self.0.append(&mut other.0);
    }

    /// The entries printed in this form.
    pub(crate) fn entries(&self, form: Forms) -> impl Iterator<Item = (&str, &Node)> {
        self.0
            .iter()
            .filter(move |entry| entry.forms.has(form))
            .map(|entry| (entry.key.as_str(), &entry.node))
    }

    /// The value under this key in this form.
    pub(crate) fn get(&self, form: Forms, key: &str) -> Option<&Node> {
        self.entries(form).find(|(name, _)| *name == key).map(|(_, node)| node)
    }

    /// Returns `true` if there is any value besides those that identify the GPU.
    pub(crate) fn answers(&self) -> bool {
        const NAMES: [&str; 8] = ["gpu", "cpu", "core", "xcp", "scope", "timestamp", "heading", "summary"];
        self.0.iter().any(|entry| !NAMES.contains(&entry.key.as_str()) && entry.node.answers())
    }

    /// The reason that is given first.
    pub(crate) fn first_absent(&self) -> Option<&Absent> {
        self.0.iter().find_map(|entry| match &entry.node {
            Node::Absent(absent) => Some(absent),
            Node::Section(section) => section.first_absent(),
            _ => None,
        })
    }
}

impl Node {
    /// The value, or why there is none.
    pub(crate) fn of<T: Into<Node>>(value: Result<T>) -> Node {
        match value {
            Ok(value) => value.into(),
            Err(error) => Node::from(&error),
        }
    }

    /// A quantity, or its reason.
    pub(crate) fn reading<T: Clone + Into<Node>>(reading: &Reading<T>) -> Node {
        Node::reading_as(reading, T::clone)
    }

    /// A quantity in another form, or its reason.
    pub(crate) fn reading_as<T, U: Into<Node>>(reading: &Reading<T>, convert: impl FnOnce(&T) -> U) -> Node {
        match reading {
            Ok(found) => convert(&found.value).into(),
            Err(error) => Node::from(error),
        }
    }

    /// No value, for a reason of our own.
    pub(crate) fn absent(reason: &str, detail: &str) -> Node {
        Node::Absent(Absent { reason: reason.into(), detail: detail.into() })
    }

    /// No value because the driver publishes none, or this program does not ask for it.
    pub(crate) fn unsupported(detail: &str) -> Node {
        Node::absent("not supported", detail)
    }

    /// A number in a unit.
    /// A value whose line was not understood.
    pub(crate) fn not_understood(line: &UnrecognisedLine) -> Node {
        Node::absent("unparsable", &line.to_string())
    }

    pub(crate) fn quantity(value: impl Into<Number>, unit: &'static str) -> Node {
        Node::Quantity(value.into(), unit)
    }

    /// A list of words.
    pub(crate) fn words(words: impl IntoIterator<Item = impl Into<String>>) -> Node {
        Node::List(words.into_iter().map(|word| Node::Text(word.into())).collect())
    }

    /// Returns `true` if this is, or contains, a value.
    fn answers(&self) -> bool {
        match self {
            Node::Absent(_) => false,
            Node::Section(section) => section.answers(),
            Node::List(nodes) => nodes.iter().any(Node::answers),
            _ => true,
        }
    }

    /// The reason, if there is no value.
    pub(crate) fn why_absent(&self) -> Option<&Absent> {
        match self {
            Node::Absent(absent) => Some(absent),
            _ => None,
        }
    }
}

impl<T: Into<Node>> From<Value<T>> for Node {
    fn from(value: Value<T>) -> Node {
        value.value.into()
    }
}

impl From<&Error> for Node {
    fn from(error: &Error) -> Node {
        Node::Absent(Absent { reason: error.reason(), detail: error.to_string() })
    }
}

impl From<Section> for Node {
    fn from(section: Section) -> Node {
        Node::Section(section)
    }
}

impl From<&str> for Node {
    fn from(text: &str) -> Node {
        Node::Text(text.into())
    }
}

impl From<String> for Node {
    fn from(text: String) -> Node {
        Node::Text(text)
    }
}

impl From<bool> for Node {
    fn from(flag: bool) -> Node {
        Node::Flag(flag)
    }
}

impl From<Number> for Node {
    fn from(number: Number) -> Node {
        Node::Number(number)
    }
}

/// Makes numbers of the integers.
macro_rules! integers {
    ($($type:ty => $variant:ident),*) => {$(
        impl From<$type> for Number {
            fn from(value: $type) -> Number {
                Number::$variant(value.into())
            }
        }

        impl From<$type> for Node {
            fn from(value: $type) -> Node {
                Node::Number(value.into())
            }
        }
    )*};
}

integers!(u8 => Unsigned, u32 => Unsigned, u64 => Unsigned, i32 => Integer, i64 => Integer);

impl From<usize> for Node {
    fn from(value: usize) -> Node {
        Node::Number(Number::Unsigned(value as u64))
    }
}

impl From<MilliCelsius> for Node {
    fn from(value: MilliCelsius) -> Node {
        Node::Quantity(Number::scaled(value.0, 1_000), "C")
    }
}

impl From<MicroWatts> for Node {
    fn from(value: MicroWatts) -> Node {
        // More than i64 holds is nine million megawatts.
        Node::Quantity(Number::scaled(i64::try_from(value.0).unwrap_or(i64::MAX), 1_000_000), "W")
    }
}

impl From<Hertz> for Node {
    fn from(value: Hertz) -> Node {
        Node::Quantity(Number::scaled(i64::try_from(value.0).unwrap_or(i64::MAX), 1_000_000), "MHz")
    }
}

impl From<MicroJoules> for Node {
    fn from(value: MicroJoules) -> Node {
        Node::Quantity(Number::scaled(i64::try_from(value.0).unwrap_or(i64::MAX), 1_000_000), "J")
    }
}

impl From<MegaTransfers> for Node {
    fn from(value: MegaTransfers) -> Node {
        Node::Quantity(Number::scaled(value.0.into(), 1_000), "GT/s")
    }
}

impl From<MegaHertz> for Node {
    fn from(value: MegaHertz) -> Node {
        Node::quantity(value.0, "MHz")
    }
}

impl From<MilliVolts> for Node {
    fn from(value: MilliVolts) -> Node {
        Node::quantity(value.0, "mV")
    }
}

impl From<Percent> for Node {
    fn from(value: Percent) -> Node {
        Node::quantity(value.0, "%")
    }
}

impl From<Rpm> for Node {
    fn from(value: Rpm) -> Node {
        Node::quantity(value.0, "RPM")
    }
}

impl From<Bytes> for Node {
    /// Whole mebibytes, labelled MB as in AMD's tools.
    fn from(value: Bytes) -> Node {
        Node::quantity(value.mebibytes(), "MB")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_exact() {
        assert_eq!(Node::from(MilliCelsius(45_000)), Node::Quantity(Number::Integer(45), "C"));
        assert_eq!(Node::from(MicroWatts(17_215_000)), Node::Quantity(Number::Fraction(17.215), "W"));
        assert_eq!(Node::from(MegaTransfers(2_500)), Node::Quantity(Number::Fraction(2.5), "GT/s"));
        assert_eq!(Number::scaled(-273_150, 1_000).to_string(), "-273.15");
        assert_eq!(Number::scaled(798_080_000, 1_000_000).to_string(), "798.08");
        assert_eq!(Number::rounded(24.0, 1).to_string(), "24.0");
    }

    #[test]
    fn forms_choose_entries() {
        let mut section = Section::new();
        section.put("a", 1u32).own("b", 2u32).put_both("c", "ours", "amd's");
        let keys = |form| section.entries(form).map(|(key, _)| key).collect::<String>();
        assert_eq!((keys(Forms::JSON), keys(Forms::AMD_JSON)), ("abc".into(), "ac".into()));
        assert_eq!(section.get(Forms::AMD_JSON, "c"), Some(&Node::from("amd's")));
        assert_eq!(section.get(Forms::CSV, "c"), Some(&Node::from("ours")));
        assert_eq!(section.get(Forms::JSON, "c"), Some(&Node::from("ours")));
    }

    #[test]
    fn amd_fills_lists() {
        let mut section = Section::new();
        section.put_filled("x", Node::List(vec![Node::from(7u32)]), 3);
        let Some(Node::List(amds)) = section.get(Forms::AMD_JSON, "x") else { panic!() };
        assert_eq!(amds.len(), 3);
        assert!(amds[2].why_absent().is_some());
        assert_eq!(section.get(Forms::JSON, "x"), Some(&Node::List(vec![Node::from(7u32)])));
    }

    #[test]
    fn a_section_of_reasons_answers_nothing() {
        let mut section = Section::new();
        let mut inner = Section::new();
        inner.put("power", Node::absent("suspended", "asleep")).own("scope", "package");
        section.put("gpu", 0u32).put("inner", inner.clone());
        assert!(!section.answers());
        inner.put("clock", 5u32);
        section.put("second", inner);
        assert!(section.answers());
        assert_eq!(section.first_absent().map(|absent| absent.reason.as_str()), Some("suspended"));
    }
}
