//! The rows of `monitor` for people: as many columns as the screen has room for.

use super::columns::{ColumnGroups, VIOLATIONS};
use super::fitted_columns::{COLUMNS, NAME, NAMED, PRIORITY, Wanted};
use super::headings::Headings;
use super::totals::{Total, figure, memory};
use crate::level::Level;
use crate::render::style::{self, Styles};
use crate::render::table::{Column, Table, width};
use crate::render::{clock, inline};
use crate::report::{Absent, Forms, Node, Section};
use crate::screen::{Fit, Screen};

/// Blocks of rows, a block a sample.
pub(super) struct Fitted {
    columns: Vec<&'static Wanted>,
    /// Set if columns without room, or without any value so far, are omitted.
    is_default: bool,
    /// Which columns have had a value, so that a column stays once it was there.
    seen: Vec<bool>,
    widths: Vec<usize>,
    verbose: u8,
    watching: bool,
    styles: Styles,
    /// The columns of the last block.
    last: Vec<usize>,
}

/// A cell with how serious it is.
struct FittedCell {
    text: String,
    level: Level,
}

impl Fitted {
    pub(super) fn new(groups: &ColumnGroups, verbose: u8, watching: bool, styles: Styles) -> Fitted {
        let is_named = |key: &str| match key {
            "gpu" | "xcp" => true,
            "power_usage" | "max_power" => groups.power,
            "gpu_temperature" | "memory_temperature" => groups.temperature,
            "ubb_power" | "node_power" | "base_board_temperature" => groups.base_board,
            "gpu_board_temperature" => groups.gpu_board,
            "gfx_clk" | "gfx" => groups.gfx,
            "mem" | "mem_clock" => groups.mem,
            "decoder" | "vclock" | "dclock" => groups.encoder || groups.decoder,
            "single_bit_ecc" | "double_bit_ecc" | "pcie_replay" => groups.ecc,
            "pcie_bw" => groups.pcie,
            key if VIOLATIONS.iter().any(|(violation, ..)| *violation == key) => groups.violation,
            _ => groups.vram,
        };
        let columns: Vec<&Wanted> = match groups.default {
            true => COLUMNS.iter().collect(),
            false => NAMED.iter().filter(|column| is_named(column.key)).collect(),
        };
        Fitted {
            is_default: groups.default,
            seen: vec![false; columns.len()],
            widths: columns.iter().map(|column| column.least.max(width(column.heading))).collect(),
            columns,
            verbose,
            watching,
            styles,
            last: Vec::new(),
        }
    }

    /// A row for each GPU, and the totals of several: of several GPUs a block with its heading, which begins with the time;
    /// of one GPU a line that does.
    pub(super) fn block(
        &mut self,
        sections: &[Section],
        timestamp: Option<f64>,
        screen: Screen,
        headings: &mut Headings,
    ) -> String {
        let is_block = sections.len() > 1;
        let mut rows: Vec<Vec<FittedCell>> = sections.iter().map(|section| self.cells(section)).collect();
        if self.watching && is_block {
            // Under the time, a number alone does not say that it is a GPU's.
            for number in rows.iter_mut().filter_map(|cells| cells.first_mut()) {
                number.text.insert_str(0, "GPU ");
            }
        }
        let total = is_block.then(|| self.totals(sections));
        let time = timestamp.map(clock);
        for cells in rows.iter().chain(&total) {
            for (place, cell) in cells.iter().enumerate() {
                if self.is_a_name(place) {
                    continue;
                }
                if let Some(widest) = self.widths.get_mut(place) {
                    *widest = width(&cell.text).max(*widest);
                }
            }
        }
        // The time heads the numbers of a block's GPUs, and begins the line of one.
        let stamp = width("00:00:00");
        let before = if self.watching && !is_block { stamp + Fit::GAP } else { 0 };
        if self.watching
            && is_block
            && let Some(first) = self.widths.first_mut()
        {
            *first = stamp;
        }
        let shown = self.shown(sections, screen.columns.saturating_sub(before));
        for (place, wide) in shown.iter().filter(|(place, _)| self.is_a_name(*place)) {
            for cell in rows.iter_mut().filter_map(|cells| cells.get_mut(*place)) {
                cell.text = shortened(&cell.text, *wide);
            }
        }
        let table = Table::new(shown.iter().map(|(place, width)| match (place, &time) {
            (0, Some(time)) if is_block => Column::left(time.as_str(), *width),
            _ => self.column(*place, *width),
        }));
        let mut text = String::new();
        let places: Vec<usize> = shown.iter().map(|(place, _)| *place).collect();
        if is_block || self.last != places {
            headings.begin_again();
        }
        let due = headings.are_due(rows.len(), screen.lines);
        self.last = places;
        let at = |label: &str| match before {
            0 => String::new(),
            _ => format!("{label:<stamp$}{:gap$}", "", gap = Fit::GAP),
        };
        if due {
            let heading = format!("{}{}", at("TIME"), table.heading());
            text.push_str(&self.styles.paint(style::HEADING, heading.trim_end()));
            text.push('\n');
        }
        for cells in rows.iter().chain(&total) {
            text.push_str(&at(time.as_deref().unwrap_or_default()));
            text.push_str(&self.line(&table, &shown, cells));
        }
        if self.watching && is_block {
            text.push('\n');
        }
        text
    }

    fn is_a_name(&self, place: usize) -> bool {
        self.columns.get(place).is_some_and(|column| column.key == "heading")
    }

    /// The places of the columns that fit on the screen, from left to right, and their widths.
    fn shown(&mut self, sections: &[Section], screen: usize) -> Vec<(usize, usize)> {
        for (seen, column) in self.seen.iter_mut().zip(&self.columns) {
            let there = |section: &Section| match section.get(Forms::OWN_TEXT, column.key) {
                Some(Node::Absent(absent)) => !absent.is_missing() && !absent.is_elsewhere(),
                Some(_) => true,
                None => false,
            };
            *seen |= sections.iter().any(there);
        }
        let has_partitions = |section: &Section| {
            section.get(Forms::OWN_TEXT, "xcp").is_some_and(|node| *node != Node::from(0u32))
        };
        let splits = sections.iter().any(has_partitions);
        let of = |key: &str| self.columns.iter().position(|column| column.key == key);
        let width_of = |place: usize| self.widths.get(place).copied().unwrap_or(0);
        let mut fit = Fit::new(screen);
        if !self.is_default {
            for place in 0..self.columns.len() {
                if splits || self.columns.get(place).is_none_or(|column| column.key != "xcp") {
                    fit.take(place, width_of(place), true);
                }
            }
            return fit.chosen();
        }
        for key in ["gpu", "xcp"] {
            if let Some(place) = of(key)
                && (key == "gpu" || splits)
            {
                fit.take(place, width_of(place), true);
            }
        }
        for place in PRIORITY.iter().filter_map(|key| of(key)) {
            if self.seen.get(place).is_some_and(|seen| *seen) {
                fit.take(place, width_of(place), false);
            }
        }
        if let Some(place) = of("heading") {
            let names = sections.iter().map(|section| width(&name(section)));
            let wide = names.max().unwrap_or(0).max(4);
            if fit.left() >= NAME.min(wide) {
                let wide = wide.min(fit.left());
                fit.take(place, wide, false);
            }
        }
        fit.chosen()
    }

    fn column(&self, place: usize, width: usize) -> Column {
        let Some(column) = self.columns.get(place) else { return Column::right("", 0) };
        match column.key {
            "heading" => Column::left(column.heading, width).at_most(width),
            "throttled" => Column::left(column.heading, width),
            _ => Column::right(column.heading, width),
        }
    }

    /// The line of a row, with colours.
    fn line(&self, table: &Table, shown: &[(usize, usize)], cells: &[FittedCell]) -> String {
        let cells: Vec<&FittedCell> = shown.iter().filter_map(|(place, _)| cells.get(*place)).collect();
        let styles: Vec<_> = cells
            .iter()
            .map(|cell| match cell.level {
                Level::Fine => None,
                Level::High => Some(style::NOTE),
                Level::Critical => Some(style::ALARM),
            })
            .collect();
        let texts: Vec<&str> = cells.iter().map(|cell| cell.text.as_str()).collect();
        format!("{}\n", table.painted(&texts, |place| styles.get(place).copied().flatten(), self.styles))
    }

    fn cells(&self, section: &Section) -> Vec<FittedCell> {
        let mut said: Vec<&str> = Vec::new();
        self.columns
            .iter()
            .map(|column| {
                let text = match section.get(Forms::OWN_TEXT, column.key) {
                    Some(_) if column.key == "heading" => name(section),
                    Some(_) if column.key == "vram_usage" => memory(std::slice::from_ref(section)),
                    Some(node) => self.cell(node, &mut said),
                    None => "-".into(),
                };
                let level = self.level(column.key, section);
                let mark = if level == Level::Critical { "!" } else { "" };
                FittedCell { text: format!("{text}{mark}"), level }
            })
            .collect()
    }

    fn cell<'a>(&self, node: &'a Node, said: &mut Vec<&'a str>) -> String {
        match node {
            // Whole numbers: JSON has the fractions.
            Node::Quantity(value, unit @ ("W" | "C" | "MHz")) => {
                inline(&Node::quantity(value.as_f64().round() as i64, unit), 0)
            }
            Node::Absent(absent) if self.verbose > 0 => inline(&Node::Absent(absent.clone()), 1),
            Node::Absent(absent) => match state(absent) {
                // Each state is printed once per row.
                Some(state) if !said.contains(&state) => {
                    said.push(state);
                    state.into()
                }
                _ => "-".into(),
            },
            Node::List(nodes) if nodes.iter().all(|node| matches!(node, Node::Absent(_))) => "-".into(),
            Node::List(nodes) => range(nodes),
            node => inline(node, 0),
        }
    }

    fn level(&self, key: &str, section: &Section) -> Level {
        let number = |key: &str| match section.get(Forms::OWN_TEXT, key) {
            Some(Node::Quantity(value, _)) => Some(value.as_f64()),
            _ => None,
        };
        match key {
            "gpu_temperature" | "memory_temperature" => {
                let limit = number(&format!("{key}_limit"));
                number(key).zip(limit).map_or(Level::Fine, |(now, limit)| Level::of_heat(now, limit))
            }
            "vram_usage" => {
                let memory = number("vram_used").zip(number("vram_total"));
                memory.map_or(Level::Fine, |(used, total)| Level::of_memory(used / total))
            }
            "double_bit_ecc" => match section.get(Forms::OWN_TEXT, key) {
                Some(Node::Number(count)) if count.as_f64() > 0.0 => Level::Critical,
                _ => Level::Fine,
            },
            "throttled" => match section.get(Forms::OWN_TEXT, key) {
                Some(Node::Text(reasons)) if reasons != "no" => Level::High,
                _ => Level::Fine,
            },
            _ => Level::Fine,
        }
    }

    /// The row below several GPUs: sums of power and memory, the highest temperatures, the mean activity.
    fn totals(&self, sections: &[Section]) -> Vec<FittedCell> {
        let cell = |column: &Wanted| match (column.key, column.total) {
            ("gpu", _) => "all".into(),
            (_, Total::Nothing) => String::new(),
            (_, Total::Memory) => memory(sections),
            (key, total) => figure(sections, key, total),
        };
        self.columns.iter().map(|column| FittedCell { text: cell(column), level: Level::Fine }).collect()
    }
}

/// The name without the maker's, which all of them begin with.
fn name(section: &Section) -> String {
    match section.get(Forms::OWN_TEXT, "heading") {
        Some(Node::Text(name)) => {
            let name = name.trim();
            name.strip_prefix("AMD ").unwrap_or(name).to_owned()
        }
        _ => "-".into(),
    }
}

/// A name in so many columns: without the family, then in whole words, since half of a number is another model's.
fn shortened(name: &str, wide: usize) -> String {
    if width(name) <= wide {
        return name.to_owned();
    }
    let name = name.trim_start_matches("Radeon ").trim_start_matches("Instinct ");
    let mut short = String::new();
    for word in name.split_whitespace() {
        let gap = usize::from(!short.is_empty());
        if width(&short) + gap + width(word) > wide {
            break;
        }
        short.push_str(if gap > 0 { " " } else { "" });
        short.push_str(word);
    }
    if short.is_empty() { name.to_owned() } else { short }
}

/// The state of the GPU that a value is absent for.
fn state(absent: &Absent) -> Option<&'static str> {
    match absent.reason.as_str() {
        "late" => Some("late"),
        "device gone" => Some("gone"),
        "suspended" => Some("asleep"),
        "left alone" => Some("idle"),
        "in reset" => Some("reset"),
        _ => None,
    }
}

/// `3-17 %`, of the values that are there.
fn range(nodes: &[Node]) -> String {
    let numbers: Vec<(f64, &Node)> = nodes
        .iter()
        .filter_map(|node| match node {
            Node::Quantity(value, _) | Node::Number(value) => Some((value.as_f64(), node)),
            _ => None,
        })
        .collect();
    let least = numbers.iter().min_by(|one, other| one.0.total_cmp(&other.0));
    let most = numbers.iter().max_by(|one, other| one.0.total_cmp(&other.0));
    match (least, most) {
        (Some((least, _)), Some((most, node))) if least < most => format!("{least}-{}", inline(node, 0)),
        (Some((_, node)), _) => inline(node, 0),
        _ => inline(&Node::List(nodes.to_vec()), 0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_not_cut_inside_a_number() {
        assert_eq!(shortened("Radeon RX 7900 XTX", 18), "Radeon RX 7900 XTX");
        assert_eq!(shortened("Radeon RX 7900 XTX", 13), "RX 7900 XTX");
        assert_eq!(shortened("Radeon RX 5000 Series (Navi 10)", 13), "RX 5000");
        assert_eq!(shortened("Instinct MI300X OAM", 12), "MI300X OAM");
        assert_eq!(shortened("Radeon Instinct-MI25-Something", 12), "Instinct-MI25-Something");
    }
    use crate::command::monitor::MonitorArgs;
    use clap::Parser;

    #[derive(Parser)]
    struct Options {
        #[command(flatten)]
        monitor: MonitorArgs,
    }

    fn fitted(watching: bool, options: &[&str]) -> Fitted {
        let args = Options::parse_from([&["monitor"], options].concat());
        let columns = ColumnGroups::of(&args.monitor);
        Fitted::new(&columns, 0, watching, Styles::NONE)
    }

    /// A block on a screen of this width, with its headings.
    fn block(table: &mut Fitted, gpus: &[Section], time: Option<f64>, columns: usize) -> String {
        table.block(gpus, time, Screen { columns, lines: None }, &mut Headings::default())
    }

    fn gpu(index: u32) -> Section {
        let mut gpu = Section::new();
        gpu.put("gpu", index)
            .put("xcp", 0u32)
            .put("heading", "AMD Instinct MI300X OAM")
            .put("power_usage", Node::quantity(702u32, "W"))
            .put("max_power", Node::quantity(750u32, "W"))
            .put("gpu_temperature", Node::quantity(73u32, "C"))
            .put("gpu_temperature_limit", Node::quantity(100u32, "C"))
            .put("memory_temperature", Node::quantity(67u32, "C"))
            .put("memory_temperature_limit", Node::quantity(95u32, "C"))
            .put("fan", Node::unsupported("none"))
            .put("gfx_clk", Node::quantity(2029u32, "MHz"))
            .put("gfx", Node::quantity(94u32, "%"))
            .put("mem", Node::quantity(51u32, "%"))
            .put("decoder", Node::quantity(3u32, "%"))
            .put("vram_usage", "126.6/192.0 GB")
            .put("vram_used", Node::quantity(129_638u32, "MB"))
            .put("vram_total", Node::quantity(196_592u32, "MB"))
            .put("pcie_link", "Gen5 x16")
            .put("throttled", "no");
        gpu
    }

    fn with(mut gpu: Section, key: &str, node: Node) -> Section {
        gpu.set(key, node);
        gpu
    }

    #[test]
    fn it_fits_every_screen() {
        for screen in 40..220 {
            for (count, watching) in [(1, false), (1, true), (8, false), (8, true), (64, true)] {
                let gpus: Vec<Section> = (0..count).map(gpu).collect();
                let time = watching.then_some(1.7e9);
                let text = block(&mut fitted(watching, &[]), &gpus, time, screen);
                assert!(text.contains("POWER") && text.contains("702 W"), "{text}");
                let widest = text.lines().map(width).max();
                assert!(widest <= Some(screen), "{screen}: {text}");
            }
        }
    }

    #[test]
    fn eighty_columns() {
        let text = block(&mut fitted(false, &[]), &[gpu(0), gpu(1)], None, 80);
        assert_eq!(
            text,
            "GPU   POWER     CAP   TEMP  MEM_T     CLOCK   GFX%            VRAM  THROTTLED\n  \
               0   702 W   750 W  73 °C  67 °C  2029 MHz   94 %  126.6/192.0 GB  no\n  \
               1   702 W   750 W  73 °C  67 °C  2029 MHz   94 %  126.6/192.0 GB  no\n\
             all  1404 W  1500 W  73 °C  67 °C             94 %  253.2/384.0 GB\n"
        );
    }

    #[test]
    fn a_block_begins_with_its_time() {
        let mut table = fitted(true, &[]);
        let first = block(&mut table, &[gpu(0), gpu(1)], Some(1.7e9), 80);
        let second = block(&mut table, &[gpu(0), gpu(1)], Some(1.7e9 + 1.0), 80);
        for (text, second) in [(first, 20), (second, 21)] {
            let lines: Vec<&str> = text.lines().collect();
            assert!(lines[0].get(5..).is_some_and(|rest| rest.starts_with(&format!(":{second} "))), "{text}");
            assert!(lines[1].starts_with("GPU 0 "), "{text}");
            assert!(lines[3].starts_with("all "), "{text}");
            assert_eq!((lines.len(), lines[4]), (5, ""));
        }
    }

    #[test]
    fn one_gpu_is_a_line_a_sample() {
        let mut table = fitted(true, &[]);
        let (screen, mut headings) = (Screen { columns: 80, lines: Some(6) }, Headings::default());
        let text: String = (0..12)
            .map(|second| table.block(&[gpu(0)], Some(1.7e9 + f64::from(second)), screen, &mut headings))
            .collect();
        // Six lines: the heading, four rows, and the line that the cursor is on.
        let headings: Vec<usize> =
            text.lines().enumerate().filter(|(_, line)| line.starts_with("TIME")).map(|(at, _)| at).collect();
        assert_eq!(headings, [0, 5, 10], "{text}");
        assert!(text.lines().all(|line| !line.is_empty()), "{text}");
    }

    /// A sum without one of its GPUs says so, and so does a mean.
    #[test]
    fn a_hole_is_not_counted_as_nothing() {
        let asleep = || Node::absent("suspended", "it sleeps");
        let second = with(with(gpu(1), "power_usage", asleep()), "gfx", asleep());
        let text = block(&mut fitted(false, &[]), &[gpu(0), second], None, 80);
        let lines: Vec<Vec<&str>> = text.lines().map(|line| line.split_whitespace().collect()).collect();
        assert_eq!(lines[2][..4], ["1", "asleep", "750", "W"], "{text}");
        assert_eq!(lines[3][..3], ["all", ">702", "W"], "{text}");
        // The state is said once, and the mean is absent.
        assert_eq!(text.matches("asleep").count(), 1, "{text}");
        assert!(!lines[3].contains(&"94"), "{text}");
    }

    /// The package's value is in the row of its first partition and does not count as missing.
    #[test]
    fn a_package_is_counted_once() {
        let part = |index: u32| {
            let part = with(gpu(index), "xcp", Node::from(index));
            match index {
                0 => part,
                _ => with(part, "power_usage", Node::absent("package", "in the first row")),
            }
        };
        let text = block(&mut fitted(false, &[]), &[part(0), part(1)], None, 120);
        assert!(text.starts_with("GPU  XCP  NAME"), "{text}");
        let last: Vec<&str> = text.lines().last().unwrap_or_default().split_whitespace().collect();
        assert_eq!(last[..3], ["all", "702", "W"], "{text}");
    }

    /// The second die of an MI250 has no power of its own, and is no hole in the sum.
    #[test]
    fn a_card_of_two_dies_is_counted_once() {
        let on_first = || Node::absent("on first die", "the package's power is on its first die");
        let second = with(with(gpu(1), "power_usage", on_first()), "max_power", on_first());
        let text = block(&mut fitted(false, &[]), &[gpu(0), second], None, 80);
        let last: Vec<&str> = text.lines().last().unwrap_or_default().split_whitespace().collect();
        assert_eq!(last[..5], ["all", "702", "W", "750", "W"], "{text}");
    }

    #[test]
    fn a_level_is_not_a_colour_alone() {
        let hot = with(gpu(0), "gpu_temperature", Node::quantity(101u32, "C"));
        let text = block(&mut fitted(false, &[]), &[hot], None, 80);
        assert!(text.contains("101 °C!"), "{text}");
    }

    /// Columns selected by name are printed, whatever their width.
    #[test]
    fn named_columns_stay() {
        let text = block(&mut fitted(false, &["-p", "-t", "--vram-usage", "-e"]), &[gpu(0)], None, 40);
        for heading in ["POWER", "CAP", "TEMP", "MEM_T", "VRAM_USED", "VRAM_FREE", "CORRECTED", "REPLAYS"] {
            assert!(text.contains(heading), "{heading}: {text}");
        }
    }
}
