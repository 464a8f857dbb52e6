//! The log of `rocm-smi`: lines for people, and the same values by key for programs.

use amdgpu_smi::Gpu;
use amdgpu_smi::Result;
use amdgpu_smi::reading::Reading;
use serde_json::{Map, Value};

use crate::render::printable;

/// The width of its lines.
const WIDTH: usize = 90;
/// The text of a value that is not known.
pub(super) const NOT_AVAILABLE: &str = "N/A";

/// The answer while it grows.
#[derive(Debug)]
pub(super) struct Log {
    text: String,
    cards: Vec<(usize, Map<String, Value>)>,
    system: Map<String, Value>,
}

/// `===== text =====`, as wide as the log or wider.
pub(super) fn banner(text: &str, fill: char, width: usize) -> String {
    let text = if text.is_empty() { String::new() } else { format!(" {text} ") };
    let missing = width.saturating_sub(text.chars().count());
    let side = |count| std::iter::repeat_n(fill, count).collect::<String>();
    format!("{}{text}{}\n", side(missing / 2), side(missing - missing / 2))
}

impl Log {
    pub(super) fn new(gpus: &[Gpu]) -> Log {
        Log {
            text: String::new(),
            cards: gpus.iter().map(|gpu| (gpu.index(), Map::new())).collect(),
            system: Map::new(),
        }
    }

    /// The title of a section.
    pub(super) fn title(&mut self, title: &str) {
        self.text.push_str(&banner(title, '=', WIDTH));
    }

    /// The end of a section.
    pub(super) fn end(&mut self) {
        self.text.push_str(&banner("", '=', WIDTH));
    }

    /// A line between the cards of a section.
    pub(super) fn rule(&mut self, fill: char) {
        self.text.push_str(&banner("", fill, WIDTH));
    }

    /// A line for people.
    pub(super) fn plain(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }

    /// A line about a GPU for people.
    pub(super) fn line(&mut self, gpu: &Gpu, line: &str) {
        self.text.push_str(&format!("GPU[{}]\t\t: {}\n", gpu.index(), printable(line)));
    }

    /// A line about a partition of a GPU for people.
    pub(super) fn of_partition(&mut self, gpu: &Gpu, partition: u16, key: &str, value: &str) {
        self.text.push_str(&format!("GPU[{}] XCP[{partition}]\t: {key}: {value}\n", gpu.index()));
    }

    /// A value by its key for programs.
    pub(super) fn key(&mut self, gpu: &Gpu, key: &str, value: &str) {
        if let Some((_, card)) = self.cards.iter_mut().find(|(index, _)| *index == gpu.index()) {
            card.insert(key.into(), value.into());
        }
    }

    /// A value for both.
    pub(super) fn value(&mut self, gpu: &Gpu, key: &str, value: &str) {
        self.line(gpu, &format!("{key}: {value}"));
        self.key(gpu, key, value);
    }

    /// A value for both, in the column that ends at the tab stop `column`.
    pub(super) fn aligned(&mut self, gpu: &Gpu, key: &str, value: &str, column: usize) {
        const HEAD: usize = 18;
        let tabs = (column.saturating_sub(HEAD + key.len() + 2)).div_ceil(8);
        let value = printable(value);
        self.text.push_str(&format!("GPU[{}]\t\t: {key}: {}{value}\n", gpu.index(), "\t".repeat(tabs)));
        self.key(gpu, key, &value);
    }

    /// A quantity; without a value a line that says so, and no key.
    pub(super) fn reading<T>(
        &mut self,
        gpu: &Gpu,
        key: &str,
        reading: &Reading<T>,
        form: impl FnOnce(&T) -> String,
    ) {
        self.result(gpu, key, reading.as_ref().map(|found| &found.value).map_err(Clone::clone), form);
    }

    /// The same of what has no source beside it.
    pub(super) fn result<T>(
        &mut self,
        gpu: &Gpu,
        key: &str,
        value: Result<T>,
        form: impl FnOnce(T) -> String,
    ) {
        match value {
            Ok(value) => self.value(gpu, key, &form(value)),
            Err(_) => self.line(gpu, &format!("{key}: {NOT_AVAILABLE}")),
        }
    }

    /// A value about the whole machine.
    pub(super) fn of_system(&mut self, key: &str, value: &str) {
        self.system.insert(key.into(), value.into());
    }

    /// The text for people.
    pub(super) fn text(self) -> String {
        let head = banner("ROCm System Management Interface", '=', WIDTH);
        format!("\n\n{head}{}{}", self.text, banner("End of ROCm SMI Log", '=', WIDTH))
    }

    /// The JSON; nothing where nothing is known.
    pub(super) fn json(self) -> Option<String> {
        let mut root: Map<String, Value> = self
            .cards
            .into_iter()
            .filter(|(_, card)| !card.is_empty())
            .map(|(index, card)| (format!("card{index}"), card.into()))
            .collect();
        if !self.system.is_empty() {
            root.insert("system".into(), self.system.into());
        }
        if root.is_empty() { None } else { Some(format!("{}\n", Value::from(root))) }
    }

    /// The CSV: a table of the system's values, and one of the cards'.
    pub(super) fn csv(self) -> String {
        let mut text = String::new();
        let system = vec![("system".to_owned(), self.system)];
        let cards = self.cards.into_iter().map(|(index, card)| (format!("card{index}"), card)).collect();
        for rows in [system, cards] {
            if rows.iter().any(|(_, values)| !values.is_empty()) {
                text.push_str(&table(&rows));
                text.push('\n');
            }
        }
        text
    }
}

fn table(rows: &[(String, Map<String, Value>)]) -> String {
    let mut names: Vec<&String> = Vec::new();
    for name in rows.iter().flat_map(|(_, values)| values.keys()) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let mut writer = csv::Writer::from_writer(Vec::new());
    // A write to memory cannot fail, and all rows have the header's length.
    let _ = writer.write_record(std::iter::once("device").chain(names.iter().map(|name| name.as_str())));
    for (device, values) in rows {
        let cell = |name: &&String| values.get(*name).and_then(Value::as_str).unwrap_or(NOT_AVAILABLE);
        let _ = writer.write_record(std::iter::once(device.as_str()).chain(names.iter().map(cell)));
    }
    writer.into_inner().ok().and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_are_in_the_middle() {
        let title = banner("Temperature", '=', WIDTH);
        assert_eq!(title, format!("{} Temperature {}\n", "=".repeat(38), "=".repeat(39)));
        assert_eq!(banner("", '-', 4), "----\n");
    }
}
