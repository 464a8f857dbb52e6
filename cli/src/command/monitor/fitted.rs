//! The rows of `monitor` for people: as many columns as the screen has room for.

use amdgpu_smi::process::Processes;

use super::columns::{ColumnGroups, VIOLATIONS};
use super::processes::ProcessRows;
use super::totals::{PACKAGE, Total, figure, memory};
use crate::level::Level;
use crate::render::style::{self, Styles};
use crate::render::table::{Column, Table, width};
use crate::render::{clock, inline};
use crate::report::{Absent, Forms, Node, Section};

/// The width where there is no terminal.
const WIDTH: usize = 80;
/// The width beyond which a line is no longer read with ease.
const WIDEST: usize = 200;
/// The room below which a name says nothing.
const NAME: usize = 12;

/// A column of the default table.
struct Wanted {
    key: &'static str,
    heading: &'static str,
    least: usize,
    total: Total,
}

const fn wanted(key: &'static str, heading: &'static str, least: usize, total: Total) -> Wanted {
    Wanted { key, heading, least, total }
}

/// The default columns from left to right.
const COLUMNS: [Wanted; 15] = [
    wanted("gpu", "GPU", 3, Total::Nothing),
    wanted("xcp", "XCP", 3, Total::Nothing),
    wanted("heading", "NAME", NAME, Total::Nothing),
    wanted("power_usage", "POWER", 5, Total::Sum),
    wanted("max_power", "CAP", 5, Total::Whole),
    wanted("gpu_temperature", "TEMP", 5, Total::Highest),
    wanted("memory_temperature", "MEM_T", 5, Total::Highest),
    wanted("fan", "FAN", 5, Total::Nothing),
    wanted("gfx_clk", "CLOCK", 8, Total::Nothing),
    wanted("gfx", "GFX%", 5, Total::Mean),
    wanted("mem", "MEM%", 5, Total::Mean),
    wanted("decoder", "MEDIA", 5, Total::Mean),
    wanted("vram_usage", "VRAM", 14, Total::Memory),
    wanted("pcie_link", "PCIE", 8, Total::Nothing),
    wanted("throttled", "THROTTLED", 9, Total::Nothing),
];

/// The default columns in the order in which they get room. `gpu` and `xcp` have theirs always, `market_name` the rest.
const PRIORITY: [&str; 12] = [
    "power_usage",
    "gpu_temperature",
    "gfx",
    "vram_usage",
    "gfx_clk",
    "throttled",
    "max_power",
    "fan",
    "memory_temperature",
    "mem",
    "decoder",
    "pcie_link",
];

/// What is asked for by name, in AMD's order; it is printed whatever its width.
const NAMED: [Wanted; 31] = [
    wanted("gpu", "GPU", 3, Total::Nothing),
    wanted("xcp", "XCP", 3, Total::Nothing),
    wanted("power_usage", "POWER", 5, Total::Sum),
    wanted("max_power", "CAP", 5, Total::Whole),
    wanted("gpu_temperature", "TEMP", 5, Total::Highest),
    wanted("memory_temperature", "MEM_T", 5, Total::Highest),
    wanted("gfx_clk", "CLOCK", 8, Total::Nothing),
    wanted("gfx", "GFX%", 5, Total::Mean),
    wanted("mem", "MEM%", 5, Total::Mean),
    wanted("mem_clock", "MEM_CLOCK", 8, Total::Nothing),
    wanted("decoder", "MEDIA", 5, Total::Mean),
    wanted("vclock", "VCLOCK", 8, Total::Nothing),
    wanted("dclock", "DCLOCK", 8, Total::Nothing),
    wanted("single_bit_ecc", "CORRECTED", 9, Total::Sum),
    wanted("double_bit_ecc", "UNCORRECTED", 11, Total::Sum),
    wanted("pcie_replay", "REPLAYS", 7, Total::Sum),
    wanted("vram_used", "VRAM_USED", 9, Total::Sum),
    wanted("vram_free", "VRAM_FREE", 9, Total::Sum),
    wanted("vram_total", "VRAM_TOTAL", 10, Total::Sum),
    wanted("vram_percent", "VRAM%", 7, Total::Nothing),
    wanted("pcie_bw", "PCIE_BW", 8, Total::Nothing),
    wanted("pviol", "POWER_LIMIT", 7, Total::Nothing),
    wanted("tviol", "THERMAL", 7, Total::Nothing),
    wanted("phot_tviol", "PROCHOT", 7, Total::Nothing),
    wanted("vr_tviol", "VR_HOT", 7, Total::Nothing),
    wanted("hbm_tviol", "HBM_HOT", 7, Total::Nothing),
    wanted("gfx_clkviol", "CLK_LIMIT", 9, Total::Nothing),
    wanted("gfxclk_pviol", "CLK_POWER", 9, Total::Nothing),
    wanted("gfxclk_tviol", "CLK_THERMAL", 9, Total::Nothing),
    wanted("gfxclk_totalviol", "CLK_TOTAL", 9, Total::Nothing),
    wanted("low_utilviol", "LOW_USE", 7, Total::Nothing),
];

/// Blocks of rows, a block a sample.
pub(super) struct Fitted {
    columns: Vec<&'static Wanted>,
    /// Whether columns without room, or without any value so far, are left out.
    is_default: bool,
    /// Which columns have had a value, so that a column stays once it was there.
    seen: Vec<bool>,
    widths: Vec<usize>,
    processes: ProcessRows,
    verbose: u8,
    watching: bool,
    styles: Styles,
    on_terminal: bool,
    /// The columns of the last block, and the lines since its heading.
    last: Option<(Vec<usize>, usize)>,
}

/// The columns and lines of the screen: those of the terminal as it is now; else `COLUMNS`, and no end of lines.
pub(super) fn screen(on_terminal: bool) -> (usize, Option<usize>) {
    if on_terminal
        && let Some((terminal_size::Width(columns), terminal_size::Height(lines))) =
            terminal_size::terminal_size()
    {
        return (usize::from(columns).min(WIDEST), Some(usize::from(lines)));
    }
    let columns = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    (columns.unwrap_or(WIDTH).min(WIDEST), None)
}

/// A cell with how serious it is.
struct Cell {
    text: String,
    level: Level,
}

impl Fitted {
    pub(super) fn new(
        groups: &ColumnGroups,
        verbose: u8,
        watching: bool,
        styles: Styles,
        on_terminal: bool,
    ) -> Fitted {
        let is_named = |key: &str| match key {
            "gpu" | "xcp" => true,
            "power_usage" | "max_power" => groups.power,
            "gpu_temperature" | "memory_temperature" => groups.temperature,
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
            processes: ProcessRows::new(),
            verbose,
            watching,
            styles,
            on_terminal,
            last: None,
        }
    }

    /// A row for each GPU, the totals of several, and below them the processes if there is a list of them.
    pub(super) fn text(
        &mut self,
        sections: &[Section],
        timestamp: Option<f64>,
        processes: Option<&Processes>,
        gpus: &[usize],
    ) -> String {
        let (screen, height) = screen(self.on_terminal);
        let mut text = self.block(sections, timestamp, screen, height);
        if let Some(found) = processes {
            self.last = None;
            let list = self.processes.text(found, gpus.iter().copied(), "");
            text = format!("{}\n{list}{}", text.trim_end(), if self.watching { "\n" } else { "" });
        }
        text
    }

    /// Of several GPUs a block with its heading, which begins with the time; of one GPU a line that does.
    fn block(
        &mut self,
        sections: &[Section],
        timestamp: Option<f64>,
        screen: usize,
        height: Option<usize>,
    ) -> String {
        let is_block = sections.len() > 1;
        let mut rows: Vec<Vec<Cell>> = sections.iter().map(|section| self.cells(section)).collect();
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
        let before = if self.watching && !is_block { stamp + GAP } else { 0 };
        if self.watching
            && is_block
            && let Some(first) = self.widths.first_mut()
        {
            *first = stamp;
        }
        let shown = self.shown(sections, screen.saturating_sub(before));
        let table = Table::new(shown.iter().map(|(place, width)| match (place, &time) {
            (0, Some(time)) if is_block => Column::left(time.as_str(), *width),
            _ => self.column(*place, *width),
        }));
        let mut text = String::new();
        let places: Vec<usize> = shown.iter().map(|(place, _)| *place).collect();
        let due = match (&self.last, height) {
            _ if is_block => true,
            (Some((last, _)), _) if *last != places => true,
            (None, _) => true,
            (Some((_, since)), Some(height)) => since + 1 >= height,
            (Some(_), None) => false,
        };
        let at = |label: &str| match before {
            0 => String::new(),
            _ => format!("{label:<stamp$}{:GAP$}", ""),
        };
        if due {
            let heading = format!("{}{}", at("TIME"), table.heading());
            text.push_str(&self.styles.paint(style::HEADING, heading.trim_end()));
            text.push('\n');
        }
        let since = if due { 1 } else { self.last.as_ref().map_or(0, |(_, since)| *since) };
        for cells in rows.iter().chain(&total) {
            text.push_str(&at(time.as_deref().unwrap_or_default()));
            text.push_str(&self.line(&table, &shown, cells));
        }
        if self.watching && is_block {
            text.push('\n');
        }
        self.last = Some((places, since + rows.len()));
        text
    }

    fn is_a_name(&self, place: usize) -> bool {
        self.columns.get(place).is_some_and(|column| column.key == "heading")
    }

    /// The places of the columns that fit on the screen, from left to right, and their widths.
    fn shown(&mut self, sections: &[Section], screen: usize) -> Vec<(usize, usize)> {
        for (seen, column) in self.seen.iter_mut().zip(&self.columns) {
            let there = |section: &Section| match section.get(Forms::OWN_TEXT, column.key) {
                Some(Node::Absent(absent)) => !absent.is_missing() && absent.reason != PACKAGE,
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
        let mut chosen: Vec<(usize, usize)> = Vec::new();
        let mut room = screen;
        let mut take = |place: usize, wide: usize, always: bool| {
            let gap = if chosen.is_empty() { 0 } else { GAP };
            if always || gap + wide <= room {
                room = room.saturating_sub(gap + wide);
                chosen.push((place, wide));
            }
        };
        if !self.is_default {
            for place in 0..self.columns.len() {
                if splits || self.columns.get(place).is_none_or(|column| column.key != "xcp") {
                    take(place, width_of(place), true);
                }
            }
            return chosen;
        }
        for key in ["gpu", "xcp"] {
            if let Some(place) = of(key)
                && (key == "gpu" || splits)
            {
                take(place, width_of(place), true);
            }
        }
        for place in PRIORITY.iter().filter_map(|key| of(key)) {
            if self.seen.get(place).is_some_and(|seen| *seen) {
                take(place, width_of(place), false);
            }
        }
        if let Some(place) = of("heading") {
            let names = sections.iter().map(|section| width(&name(section)));
            let wide = names.max().unwrap_or(0).max(4);
            if room >= GAP + NAME.min(wide) {
                let wide = wide.min(room - GAP);
                chosen.push((place, wide));
            }
        }
        chosen.sort_unstable();
        chosen
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
    fn line(&self, table: &Table, shown: &[(usize, usize)], cells: &[Cell]) -> String {
        let cells: Vec<&Cell> = shown.iter().filter_map(|(place, _)| cells.get(*place)).collect();
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

    fn cells(&self, section: &Section) -> Vec<Cell> {
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
                Cell { text: format!("{text}{mark}"), level }
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
                // Once in a row.
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
    fn totals(&self, sections: &[Section]) -> Vec<Cell> {
        let cell = |column: &Wanted| match (column.key, column.total) {
            ("gpu", _) => "all".into(),
            (_, Total::Nothing) => String::new(),
            (_, Total::Memory) => memory(sections),
            (key, total) => figure(sections, key, total),
        };
        self.columns.iter().map(|column| Cell { text: cell(column), level: Level::Fine }).collect()
    }
}

/// Blanks between two columns.
const GAP: usize = 2;

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
        Fitted::new(&columns, 0, watching, Styles::NONE, false)
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
                let text = fitted(watching, &[]).block(&gpus, time, screen, None);
                assert!(text.contains("POWER") && text.contains("702 W"), "{text}");
                let widest = text.lines().map(width).max();
                assert!(widest <= Some(screen), "{screen}: {text}");
            }
        }
    }

    #[test]
    fn eighty_columns() {
        let text = fitted(false, &[]).block(&[gpu(0), gpu(1)], None, 80, None);
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
        let first = table.block(&[gpu(0), gpu(1)], Some(1.7e9), 80, None);
        let second = table.block(&[gpu(0), gpu(1)], Some(1.7e9 + 1.0), 80, None);
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
        let text: String = (0..12)
            .map(|second| table.block(&[gpu(0)], Some(1.7e9 + f64::from(second)), 80, Some(6)))
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
        let text = fitted(false, &[]).block(&[gpu(0), second], None, 80, None);
        let lines: Vec<Vec<&str>> = text.lines().map(|line| line.split_whitespace().collect()).collect();
        assert_eq!(lines[2][..4], ["1", "asleep", "750", "W"], "{text}");
        assert_eq!(lines[3][..3], ["all", ">702", "W"], "{text}");
        // The state is said once, and the mean is absent.
        assert_eq!(text.matches("asleep").count(), 1, "{text}");
        assert!(!lines[3].contains(&"94"), "{text}");
    }

    /// The package's value stands in the row of its first partition and is no hole.
    #[test]
    fn a_package_is_counted_once() {
        let part = |index: u32| {
            let part = with(gpu(index), "xcp", Node::from(index));
            match index {
                0 => part,
                _ => with(part, "power_usage", Node::absent("package", "in the first row")),
            }
        };
        let text = fitted(false, &[]).block(&[part(0), part(1)], None, 120, None);
        assert!(text.starts_with("GPU  XCP  NAME"), "{text}");
        let last: Vec<&str> = text.lines().last().unwrap_or_default().split_whitespace().collect();
        assert_eq!(last[..3], ["all", "702", "W"], "{text}");
    }

    #[test]
    fn a_level_is_not_a_colour_alone() {
        let hot = with(gpu(0), "gpu_temperature", Node::quantity(101u32, "C"));
        let text = fitted(false, &[]).block(&[hot], None, 80, None);
        assert!(text.contains("101 °C!"), "{text}");
    }

    /// What is asked for by name is printed, whatever its width.
    #[test]
    fn named_columns_stay() {
        let text = fitted(false, &["-p", "-t", "--vram-usage", "-e"]).block(&[gpu(0)], None, 40, None);
        for heading in ["POWER", "CAP", "TEMP", "MEM_T", "VRAM_USED", "VRAM_FREE", "CORRECTED", "REPLAYS"] {
            assert!(text.contains(heading), "{heading}: {text}");
        }
    }
}
