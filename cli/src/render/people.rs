//! Text for people: values side by side, with what a GPU does not have left out.

use std::io::{self, Write};

use super::clock;
use super::document::{Document, Listed};
use super::printable::printable;
use super::style::{self, Styles};
use super::table::width;
use super::value::span;
use crate::report::{Absent, Forms, Node, Number, Section};

/// Blanks for each level.
const STEP: usize = 2;
/// Where lines of several values are broken.
const WIDTH: usize = 80;
/// The longest section of single values that is one line, broken or not.
const FLAT: usize = 100;
/// The longest list of numbers that is printed number by number.
const FEW: usize = 8;

/// All GPUs, with an empty line between two.
pub(super) fn document(document: &Document<'_>, verbose: u8, styles: Styles) -> String {
    let mut text = String::new();
    if let Some(time) = document.timestamp {
        text.push_str(&format!("{}\n", clock(time)));
    }
    for (position, section) in document.sections.iter().enumerate() {
        if position > 0 {
            text.push('\n');
        }
        let mut page = Page { text: String::new(), verbose, styles, left_out: 0 };
        page.begin(section);
        text.push_str(&page.finish());
    }
    if document.timestamp.is_some() {
        text.push('\n');
    }
    text
}

/// Writes sections with long lists: each item is an entry of its own.
pub(crate) fn write_listed<'a>(
    out: &mut dyn Write,
    sections: impl Iterator<Item = Listed<'a>>,
    verbose: u8,
) -> io::Result<()> {
    for (position, Listed { before, list, .. }) in sections.enumerate() {
        if position > 0 {
            out.write_all(b"\n")?;
        }
        let mut page = Page { text: String::new(), verbose, styles: Styles::NONE, left_out: 0 };
        page.begin(&before);
        for (key, node) in list.into_iter().flat_map(|(key, items)| items.map(move |node| (key, node))) {
            let mut entry = Section::new();
            entry.put(key, node);
            let entries = page.visible(&entry);
            page.entries(&entries, 1);
            out.write_all(page.text.as_bytes())?;
            page.text.clear();
        }
        out.write_all(page.finish().as_bytes())?;
    }
    Ok(())
}

/// The text about one GPU.
struct Page {
    text: String,
    verbose: u8,
    styles: Styles,
    /// Absent values that are not printed.
    left_out: usize,
}

/// The printed entries of a section: keys, and values that exist or have a reason worth a line.
type Entries<'a> = Vec<(String, &'a Node)>;

impl Page {
    fn begin(&mut self, section: &Section) {
        let entries = self.visible(section);
        let mut entries = entries.as_slice();
        if let [(key, Node::Number(index)), rest @ ..] = entries
            && let Some((_, kind)) = KINDS.iter().find(|(name, _)| name == key)
        {
            entries = rest;
            let name = match entries {
                [(key, Node::Text(name)), rest @ ..] if key == HEADING => {
                    entries = rest;
                    format!(": {}", printable(name))
                }
                _ => String::new(),
            };
            let heading = self.styles.paint(style::HEADING, &format!("{kind} {index}{name}"));
            self.text.push_str(&format!("{heading}\n"));
            if let [(key, Node::List(lines)), rest @ ..] = entries
                && key == SUMMARY
            {
                entries = rest;
                for line in lines {
                    self.text.push_str(&format!("{:STEP$}{}\n", "", inline(line, self.verbose)));
                }
            }
            if entries.is_empty() && self.left_out > 0 {
                // Nothing but reasons: then they are the answer.
                *self = Page { text: String::new(), verbose: 1, styles: self.styles, left_out: 0 };
                self.begin(section);
                return;
            }
            self.entries(entries, 1);
        } else {
            self.entries(entries, 0);
        }
    }

    /// The text, which ends with how much it leaves out.
    fn finish(mut self) -> String {
        if self.left_out > 0 {
            let values = if self.left_out == 1 { "value is" } else { "values are" };
            self.text.push_str(&format!(
                "{:STEP$}({} more {values} not available; --all lists them with the reason)\n",
                "", self.left_out
            ));
        }
        self.text
    }

    /// The entries that are printed; the others are counted.
    fn visible<'a>(&mut self, section: &'a Section) -> Entries<'a> {
        let mut visible = Vec::new();
        for (key, node) in section.entries(Forms::OWN_TEXT) {
            let hidden = if self.verbose == 0 { missing(node) } else { None };
            match hidden {
                Some(count) => self.left_out += count,
                None => visible.push((key.to_owned(), node)),
            }
        }
        visible
    }

    fn entries(&mut self, entries: &[(String, &Node)], depth: usize) {
        // Values stand under each other as long as the keys are of like length.
        let short = entries.iter().filter(|(_, node)| is_scalar(node)).map(|(key, _)| width(&label(key)));
        let column = short.filter(|width| *width <= 32).max().unwrap_or(0);
        let mut rest = entries;
        while let [(key, node), after @ ..] = rest {
            if let Some((absent, run, values)) = self.run(rest) {
                let why = why(absent, self.verbose);
                self.text.push_str(&format!("{:1$}{values} values: {why}\n", "", depth * STEP));
                rest = rest.get(run..).unwrap_or_default();
                continue;
            }
            rest = after;
            match node {
                Node::Section(section) => {
                    // Equal neighbouring sections become one line with a range.
                    let mut sections: Vec<&Section> = vec![section];
                    let mut last = key.as_str();
                    while let [(next, Node::Section(other)), after @ ..] = rest
                        && follows(last, next)
                        && self.merges(section, other)
                    {
                        sections.push(other);
                        last = next;
                        rest = after;
                    }
                    let name = match split(last) {
                        Some((_, number)) if sections.len() > 1 => format!("{key}-{number}"),
                        _ => key.clone(),
                    };
                    self.section(&name, &sections, depth);
                }
                Node::List(nodes) if nodes.iter().any(|node| matches!(node, Node::Section(_))) => {
                    self.heading(key, depth);
                    for (index, node) in nodes.iter().enumerate() {
                        match node {
                            Node::Section(section) => self.section(&index.to_string(), &[section], depth + 1),
                            node => self.value(&index.to_string(), node, depth + 1, 0),
                        }
                    }
                }
                node => self.value(key, node, depth, column),
            }
        }
    }

    /// The entries at the beginning that are absent for one reason, if they are too many to name: the reason, how many
    /// entries there are, and how many values.
    fn run<'a>(&self, entries: &[(String, &'a Node)]) -> Option<(&'a Absent, usize, usize)> {
        let mut reason: Option<&Absent> = None;
        let mut values = 0;
        let run = entries.iter().take_while(|(_, node)| {
            let alone = absent_alone(node);
            let same = alone.is_some_and(|absent| reason.get_or_insert(absent).reason == absent.reason);
            values += if same { count(node) } else { 0 };
            same
        });
        let run = run.count();
        reason
            .filter(|absent| run > FEW / 2 && absent.reason != NONE && self.verbose == 0)
            .map(|absent| (absent, run, values))
    }

    fn heading(&mut self, key: &str, depth: usize) {
        let label = if depth <= 1 { self.styles.paint(style::HEADING, &label(key)) } else { label(key) };
        self.text.push_str(&format!("{:1$}{label}:\n", "", depth * STEP));
    }

    /// One section, or several that say the same.
    fn section(&mut self, key: &str, sections: &[&Section], depth: usize) {
        let Some(first) = sections.first() else { return };
        if let (Some(absent), 0) = (uniform(first), self.verbose) {
            let text = why(absent, self.verbose);
            self.text.push_str(&format!("{:1$}{2}: {text}\n", "", depth * STEP, label(key)));
            return;
        }
        if let Some(line) = setting(first) {
            self.text.push_str(&format!("{:1$}{2}: {line}\n", "", depth * STEP, label(key)));
            return;
        }
        let before = self.left_out;
        let entries = self.visible(first);
        if sections.len() > 1 {
            self.left_out = before + (self.left_out - before) * sections.len();
        }
        if entries.is_empty() {
            self.text.push_str(&format!("{:1$}{2}: none\n", "", depth * STEP, label(key)));
            return;
        }
        let words = entries.iter().map(|(name, node)| match sections.len() {
            1 => format!("{} {}", label(name), inline(node, self.verbose)),
            _ => {
                let all: Vec<&Node> =
                    sections.iter().filter_map(|section| section.get(Forms::OWN_TEXT, name)).collect();
                format!("{} {}", label(name), ranged(&all, self.verbose))
            }
        });
        let start = format!("{:1$}{2}: ", "", depth * STEP, label(key));
        let line = words.collect::<Vec<_>>().join(", ");
        let is_flat = entries.iter().all(|(_, node)| is_scalar(node));
        if sections.len() > 1 || is_flat && depth > 1 && width(&start) + width(&line) <= FLAT {
            self.broken(start, &line);
            return;
        }
        self.heading(key, depth);
        self.entries(&entries, depth + 1);
    }

    fn value(&mut self, key: &str, node: &Node, depth: usize, column: usize) {
        let label = format!("{}:", label(key));
        let start = format!("{:1$}{label:2$} ", "", depth * STEP, column + 1);
        let value = inline(node, self.verbose);
        if width(&start) + width(&value) <= WIDTH || !matches!(node, Node::List(_)) {
            self.text.push_str(&format!("{start}{value}\n"));
            return;
        }
        self.broken(start, &value);
    }

    /// Several values, on as many lines as they need.
    fn broken(&mut self, start: String, values: &str) {
        let indent = width(&start);
        let mut line = start;
        for (position, word) in values.split(", ").enumerate() {
            if position > 0 {
                line.push(',');
                if width(&line) + width(word) + 2 > WIDTH {
                    self.text.push_str(&format!("{line}\n"));
                    line = " ".repeat(indent);
                } else {
                    line.push(' ');
                }
            }
            line.push_str(word);
        }
        self.text.push_str(&format!("{line}\n"));
    }

    /// Returns `true` if two sections have the same entries, with at most one different number.
    fn merges(&self, one: &Section, other: &Section) -> bool {
        let of = |section| {
            let mut page =
                Page { text: String::new(), verbose: self.verbose, styles: self.styles, left_out: 0 };
            page.visible(section)
        };
        let (one, other) = (of(one), of(other));
        let differing = one.iter().zip(&other).filter(|((_, node), (_, with))| node != with);
        one.len() == other.len()
            && differing.count() <= 1
            && one.iter().zip(&other).all(|((key, node), (name, with))| {
                key == name
                    && match (node, with) {
                        (Node::Quantity(_, unit), Node::Quantity(_, of)) => unit == of,
                        (Node::Number(_), Node::Number(_)) => true,
                        (Node::Section(_) | Node::List(_), _) => false,
                        (node, with) => node == with,
                    }
            })
    }
}

/// The subjects of pages, by the key of their number.
const KINDS: [(&str, &str); 3] = [("gpu", "GPU"), ("cpu", "CPU"), ("core", "Core")];

/// The key of a text that is in the heading beside the GPU's number.
pub(crate) const HEADING: &str = "heading";
/// The key of lines below the heading.
pub(crate) const SUMMARY: &str = "summary";

/// The reason of a value that says by its absence that there is nothing.
const NONE: &str = "none";

/// The key as words; names in capitals are names.
fn label(key: &str) -> String {
    match key.chars().any(char::is_uppercase) {
        true => printable(key),
        false => printable(&key.replace('_', " ")),
    }
}

/// `2300 RPM (500 to 3200 RPM)`, of a value with its limits.
fn setting(section: &Section) -> Option<String> {
    let entries: Vec<_> = section.entries(Forms::OWN_TEXT).collect();
    let [("value", value), ("limits", Node::Section(limits))] = entries.as_slice() else { return None };
    let of = |key| limits.get(Forms::OWN_TEXT, key);
    let (Some(Node::Quantity(least, _)), Some(most @ Node::Quantity(..))) = (of("minimum"), of("maximum"))
    else {
        return None;
    };
    value.why_absent().is_none().then(|| format!("{} ({least} to {})", inline(value, 0), inline(most, 0)))
}

fn is_scalar(node: &Node) -> bool {
    !matches!(node, Node::Section(_) | Node::List(_))
}

/// The number of absent values, if there is nothing else and this GPU has none of them.
fn missing(node: &Node) -> Option<usize> {
    match node {
        Node::Absent(absent) => absent.is_missing().then_some(1),
        Node::Section(section) => {
            let mut entries = section.entries(Forms::OWN_TEXT).peekable();
            entries.peek()?;
            entries.map(|(_, node)| missing(node)).sum()
        }
        Node::List(nodes) if !nodes.is_empty() => nodes.iter().map(missing).sum(),
        _ => None,
    }
}

/// The reason of an absent value, or of a section or list of nothing else.
fn absent_alone(node: &Node) -> Option<&Absent> {
    match node {
        Node::Absent(absent) => Some(absent),
        Node::Section(section) => uniform(section),
        Node::List(nodes) => nodes.first().and_then(absent_alone).filter(|first| {
            nodes.iter().all(|node| absent_alone(node).is_some_and(|absent| absent.reason == first.reason))
        }),
        _ => None,
    }
}

/// The number of values.
fn count(node: &Node) -> usize {
    match node {
        Node::Section(section) => section.entries(Forms::OWN_TEXT).map(|(_, node)| count(node)).sum(),
        Node::List(nodes) => nodes.iter().map(count).sum(),
        _ => 1,
    }
}

/// The one reason for which all values of a section are absent, besides those that this GPU does not have.
fn uniform(section: &Section) -> Option<&Absent> {
    fn of<'a>(node: &'a Node, reason: &mut Option<&'a Absent>) -> bool {
        match node {
            Node::Absent(absent) if absent.is_missing() => true,
            Node::Absent(absent) => reason.get_or_insert(absent).reason == absent.reason,
            Node::Section(section) => section.entries(Forms::OWN_TEXT).all(|(_, node)| of(node, reason)),
            Node::List(nodes) => !nodes.is_empty() && nodes.iter().all(|node| of(node, reason)),
            _ => false,
        }
    }
    let mut reason = None;
    let all = section.entries(Forms::OWN_TEXT).all(|(_, node)| of(node, &mut reason));
    reason.filter(|_| all)
}

/// `gfx_0` as `gfx` and 0.
fn split(key: &str) -> Option<(&str, u32)> {
    let digits = key.trim_end_matches(|character: char| character.is_ascii_digit());
    Some((digits, key.get(digits.len()..)?.parse().ok()?))
}

/// Returns `true` if a key is the next one of its kind.
fn follows(last: &str, next: &str) -> bool {
    match (split(last), split(next)) {
        (Some((kind, last)), Some((of, next))) => {
            kind == of && !kind.is_empty() && last.checked_add(1) == Some(next)
        }
        _ => false,
    }
}

/// `2022-2029 MHz`; of equal values one.
fn ranged(nodes: &[&Node], verbose: u8) -> String {
    let number = |node: &Node| match node {
        Node::Quantity(value, _) | Node::Number(value) => Some(*value),
        _ => None,
    };
    let numbers: Vec<Number> = nodes.iter().filter_map(|node| number(node)).collect();
    let least = numbers.iter().copied().min_by(|one, other| one.as_f64().total_cmp(&other.as_f64()));
    let most = nodes.iter().copied().max_by(|one, other| {
        let of = |node: &Node| number(node).map_or(f64::MIN, Number::as_f64);
        of(one).total_cmp(&of(other))
    });
    match (least, most) {
        (Some(least), Some(most)) if number(most) != Some(least) => {
            format!("{least}-{}", inline(most, verbose))
        }
        (_, Some(most)) => inline(most, verbose),
        _ => String::new(),
    }
}

/// `N/A (suspended)`, or the reason in full.
fn why(absent: &Absent, verbose: u8) -> String {
    match verbose {
        0 if absent.reason == NONE => NONE.into(),
        0 | 1 => format!("N/A ({})", printable(&absent.reason)),
        _ => format!("N/A ({})", printable(&absent.detail)),
    }
}

/// A value in a line.
fn inline(node: &Node, verbose: u8) -> String {
    match node {
        Node::Quantity(value, "C") => format!("{value} °C"),
        Node::Quantity(value, "ns") => span(value.as_f64() / 1e9),
        Node::Quantity(value, "us") => span(value.as_f64() / 1e6),
        Node::Quantity(value, "ms") => span(value.as_f64() / 1e3),
        Node::Quantity(value, "s") => span(value.as_f64()),
        Node::Quantity(value, "MB") if value.as_f64() >= 10_240.0 => {
            format!("{:.1} GB", value.as_f64() / 1024.0)
        }
        Node::Quantity(value, "KB") if value.as_f64() >= 10_240.0 => {
            format!("{:.0} MB", value.as_f64() / 1024.0)
        }
        Node::Quantity(value, "J") if value.as_f64() >= 1e6 => format!("{:.3} MJ", value.as_f64() / 1e6),
        Node::Quantity(value, "J") if value.as_f64() >= 1e3 => format!("{:.3} kJ", value.as_f64() / 1e3),
        Node::Quantity(value, unit) => format!("{value} {unit}"),
        Node::Number(value) => value.to_string(),
        Node::Text(text) => printable(text),
        Node::Flag(true) => "yes".into(),
        Node::Flag(false) => "no".into(),
        Node::List(nodes) => list(nodes, verbose),
        Node::Section(section) => {
            let words = section.entries(Forms::OWN_TEXT);
            let words = words.map(|(key, node)| format!("{} {}", label(key), inline(node, verbose)));
            words.collect::<Vec<_>>().join(", ")
        }
        Node::Absent(absent) => why(absent, verbose),
    }
}

/// `1, 2, 3, 4 %`; long ones as a range with their number.
fn list(nodes: &[Node], verbose: u8) -> String {
    let there: Vec<&Node> = match verbose {
        0 => nodes.iter().filter(|node| missing(node).is_none()).collect(),
        _ => nodes.iter().collect(),
    };
    let unit = |node: &&Node| match node {
        Node::Quantity(_, unit) => Some(*unit),
        Node::Number(_) => Some(""),
        _ => None,
    };
    let units: Vec<Option<&str>> = there.iter().map(unit).collect();
    let is_numbers =
        units.first().is_some_and(|first| first.is_some() && units.iter().all(|unit| unit == first));
    match (is_numbers, there.as_slice()) {
        (_, []) => "none".into(),
        (true, [all @ .., last]) if there.len() <= FEW => {
            let numbers = all.iter().map(|node| match node {
                Node::Quantity(value, _) | Node::Number(value) => value.to_string(),
                node => inline(node, verbose),
            });
            numbers.chain([inline(last, verbose)]).collect::<Vec<_>>().join(", ")
        }
        (true, _) => format!("{} ({} values)", ranged(&there, verbose), there.len()),
        (false, _) => there.iter().map(|node| inline(node, verbose)).collect::<Vec<_>>().join(", "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::document::AmdRoot;

    fn text(section: Section, verbose: u8) -> String {
        document(
            &Document { sections: &[section], timestamp: None, root: AmdRoot::Array },
            verbose,
            Styles::NONE,
        )
    }

    fn gpu() -> Section {
        let mut gpu = Section::new();
        gpu.put("gpu", 0u32).put(HEADING, "AMD Radeon (0000:03:00.0)");
        gpu
    }

    #[test]
    fn values_stand_under_each_other() {
        let mut power = Section::new();
        power.put("cap", Node::quantity(327u32, "W")).put("socket_power", Node::quantity(306u32, "W"));
        let mut gpu = gpu();
        gpu.put("power", power);
        assert_eq!(
            text(gpu, 0),
            "GPU 0: AMD Radeon (0000:03:00.0)\n  power:\n    cap:          327 W\n    socket power: 306 W\n"
        );
    }

    #[test]
    fn what_a_gpu_does_not_have_is_counted() {
        let mut fan = Section::new();
        fan.put("rpm", Node::absent("no fan", "none")).put("mode", Node::unsupported("none"));
        let mut gpu = gpu();
        gpu.put("fan", fan).put("perf_level", "auto").put("xgmi", Node::unsupported("none"));
        let short = text(gpu.clone(), 0);
        assert!(short.contains("  perf level: auto\n  (3 more values are not available; --all"), "{short}");
        assert!(!short.contains("fan"), "{short}");
        let all = text(gpu, 1);
        assert!(all.contains("    rpm:  N/A (no fan)\n    mode: N/A (not supported)\n"), "{all}");
        assert!(!all.contains("--all"), "{all}");
    }

    /// A value that is unavailable now differs from a value that the GPU does not have.
    #[test]
    fn a_state_is_said_once() {
        let mut power = Section::new();
        power.put("cap", Node::absent("suspended", "it sleeps")).put("ubb", Node::unsupported("none"));
        power.put("now", Node::absent("suspended", "it sleeps"));
        let mut gpu = gpu();
        gpu.put("power", power);
        assert!(text(gpu, 0).contains("\n  power: N/A (suspended)\n"));
    }

    #[test]
    fn equal_blocks_are_a_range() {
        let clock = |now: u32| {
            let mut clock = Section::new();
            clock.put("clk", Node::quantity(now, "MHz")).put("max_clk", Node::quantity(2100u32, "MHz"));
            clock.put("deep_sleep", "DISABLED");
            clock
        };
        let mut clocks = Section::new();
        (0..8u32).for_each(|die| _ = clocks.put(format!("gfx_{die}"), clock(2022 + die)));
        clocks.put("mem_0", clock(1300));
        let mut gpu = gpu();
        gpu.put("clock", clocks);
        let text = text(gpu, 0);
        assert!(
            text.contains("    gfx 0-7: clk 2022-2029 MHz, max clk 2100 MHz, deep sleep DISABLED\n"),
            "{text}"
        );
        assert!(text.contains("    mem 0: clk 1300 MHz, max clk 2100 MHz, deep sleep DISABLED\n"), "{text}");
    }

    #[test]
    fn lists_are_short() {
        let percents = |most: u32| Node::List((1..=most).map(|value| Node::quantity(value, "%")).collect());
        assert_eq!(inline(&percents(4), 0), "1, 2, 3, 4 %");
        assert_eq!(inline(&percents(32), 0), "1-32 % (32 values)");
        assert_eq!(inline(&Node::words(["a", "b"]), 0), "a, b");
        assert_eq!(inline(&Node::List(Vec::new()), 0), "none");
        let words: Vec<String> = (0..40).map(|index| format!("FEATURE_{index}")).collect();
        let mut gpu = gpu();
        gpu.put("features", Node::words(words));
        assert!(text(gpu, 0).lines().all(|line| width(line) <= WIDTH));
    }

    #[test]
    fn times_and_sizes_are_for_people() {
        let of = |value: u64, unit| inline(&Node::quantity(value, unit), 0);
        assert_eq!(of(1_415_700_000_000, "ns"), "23 min 36 s");
        assert_eq!(of(24_560, "MB"), "24.0 GB");
        assert_eq!(of(98_304, "KB"), "96 MB");
        assert_eq!(of(512, "MB"), "512 MB");
    }
}
