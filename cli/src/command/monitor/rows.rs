//! The rows of `monitor` in the layout of AMD's command.

use super::columns::{ColumnGroups, VIOLATIONS};
use super::headings::Headings;
use crate::render::inline;
use crate::render::style::{self, Styles};
use crate::render::table::{Column, Table};
use crate::report::{Forms, Node, Section};
use crate::screen::Screen;
use crate::sections::board;

/// Key, heading and least width of every column, in AMD's order.
const COLUMNS: [(&str, &str, usize); 34] = [
    ("gpu", "GPU", 3),
    ("xcp", "XCP", 3),
    ("power_usage", "POWER", 5),
    ("max_power", "PWR_CAP", 7),
    ("gpu_temperature", "GPU_T", 6),
    ("memory_temperature", "MEM_T", 6),
    ("gfx_clk", "GFX_CLK", 8),
    ("gfx", "GFX%", 5),
    ("mem", "MEM%", 5),
    ("mem_clock", "MEM_CLOCK", 9),
    ("encoder", "ENC%", 5),
    ("decoder", "DEC%", 5),
    ("vclock", "VCLOCK", 8),
    ("dclock", "DCLOCK", 8),
    ("single_bit_ecc", "SINGLE_ECC", 10),
    ("double_bit_ecc", "DOUBLE_ECC", 10),
    ("pcie_replay", "PCIE_REPLAY", 11),
    ("vram_usage", "VRAM_USAGE", 14),
    ("vram_used", "VRAM_USED", 9),
    ("vram_free", "VRAM_FREE", 10),
    ("vram_total", "VRAM_TOTAL", 10),
    ("vram_percent", "VRAM%", 7),
    ("pcie_bw", "PCIE_BW", 10),
    ("pviol", "PVIOL", 5),
    ("tviol", "TVIOL", 5),
    ("tviol_active", "TVIOL_ACTIVE", 12),
    ("phot_tviol", "PHOT_TVIOL", 10),
    ("vr_tviol", "VR_TVIOL", 8),
    ("hbm_tviol", "HBM_TVIOL", 9),
    ("gfx_clkviol", "GFX_CLKVIOL", 11),
    ("gfxclk_pviol", "GFXCLK_PVIOL", 12),
    ("gfxclk_tviol", "GFXCLK_TVIOL", 12),
    ("gfxclk_totalviol", "GFXCLK_TOTALVIOL", 16),
    ("low_utilviol", "LOW_UTILVIOL", 12),
];

/// The columns that stand before the sensors of boards, which have headings of their own.
const BEFORE_BOARDS: [&str; 6] =
    ["gpu", "xcp", "power_usage", "max_power", "gpu_temperature", "memory_temperature"];

/// The rows as text, with the heading again once a screenful.
pub(super) struct Rows {
    keys: Vec<String>,
    table: Table,
    verbose: u8,
    watching: bool,
    styles: Styles,
}

impl Rows {
    pub(super) fn new(wanted: &ColumnGroups, verbose: u8, watching: bool, styles: Styles) -> Rows {
        let is_wanted = |key: &str| match key {
            "gpu" | "xcp" => true,
            "power_usage" => wanted.power,
            "gpu_temperature" | "memory_temperature" => wanted.temperature,
            "gfx_clk" | "gfx" => wanted.gfx,
            "mem" => wanted.mem,
            "encoder" => wanted.encoder,
            "decoder" => wanted.decoder,
            "vram_usage" => wanted.default,
            _ if wanted.default => false,
            "max_power" => wanted.power,
            "mem_clock" => wanted.mem,
            "vclock" | "dclock" => wanted.encoder || wanted.decoder,
            "pcie_bw" => wanted.pcie,
            "single_bit_ecc" | "double_bit_ecc" | "pcie_replay" => wanted.ecc,
            _ if VIOLATIONS.iter().any(|(violation, ..)| *violation == key) => wanted.violation,
            _ => wanted.vram,
        };
        let columns = COLUMNS.into_iter().filter(|(key, ..)| is_wanted(key));
        let mut columns: Vec<_> =
            columns.map(|(key, heading, least)| (key.to_owned(), heading.to_owned(), least)).collect();
        let place = columns.iter().position(|(key, ..)| !BEFORE_BOARDS.contains(&key.as_str()));
        let boards = [(wanted.gpu_board, &board::GPU[..]), (wanted.base_board, &board::SYSTEM[..])];
        let sensors = boards.into_iter().filter(|(is_wanted, _)| *is_wanted).flat_map(|(_, places)| {
            let mut keys: Vec<String> = board::keys(places).collect();
            keys.sort_unstable();
            keys
        });
        let sensors: Vec<_> = sensors.map(|key| (key.clone(), key, 5)).collect();
        let place = place.unwrap_or(columns.len());
        columns.splice(place..place, sensors);
        Rows {
            keys: columns.iter().map(|(key, ..)| key.clone()).collect(),
            table: table(&columns),
            verbose,
            watching,
            styles,
        }
    }

    /// A row for each GPU, and the heading where it is due.
    pub(super) fn block(
        &mut self,
        sections: &[Section],
        timestamp: Option<f64>,
        screen: Screen,
        headings: &mut Headings,
    ) -> String {
        let rows: Vec<Vec<String>> = sections.iter().map(|section| self.cells(section)).collect();
        self.table.fit(&rows);
        let due = headings.are_due(rows.len() + usize::from(rows.len() > 1), screen.lines);
        let mut text = String::new();
        if due {
            text.push_str(&self.heading());
        }
        for row in &rows {
            text.extend(timestamp.map(stamp));
            text.push_str(&self.table.line(row));
            text.push('\n');
        }
        if self.watching && rows.len() > 1 {
            text.push('\n');
        }
        text
    }

    fn heading(&self) -> String {
        let stamp = if self.watching { format!("{:>14}  ", "TIMESTAMP") } else { String::new() };
        let heading = format!("{stamp}{}", self.table.heading());
        format!("{}\n", self.styles.paint(style::HEADING, &heading))
    }

    fn cells(&self, section: &Section) -> Vec<String> {
        let cell = |key: &str| match section.get(Forms::AMD_TEXT, key) {
            // Whole numbers: JSON has the fractions.
            Some(Node::Quantity(value, unit @ ("W" | "C" | "MHz"))) => {
                let whole = Node::quantity(value.as_f64().round() as i64, unit);
                inline(&whole, 0)
            }
            // Of the whole GPU, and not to be taken for a value that it does not have.
            Some(Node::Absent(absent)) if absent.reason == "late" => "late".into(),
            Some(Node::Absent(absent)) if absent.reason == "device gone" => "gone".into(),
            Some(node) => inline(node, self.verbose.min(1)),
            None => "N/A".into(),
        };
        self.keys.iter().map(|key| cell(key)).collect()
    }
}

fn table(columns: &[(String, String, usize)]) -> Table {
    Table::new(columns.iter().map(|(_, heading, least)| Column::right(heading.as_str(), *least)))
}

pub(super) fn stamp(timestamp: f64) -> String {
    format!("{timestamp:>14.3}  ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows() -> Rows {
        let columns = COLUMNS[..3].iter();
        let columns: Vec<_> =
            columns.map(|(key, heading, least)| ((*key).to_owned(), (*heading).to_owned(), *least)).collect();
        Rows {
            keys: columns.iter().map(|(key, ..)| key.clone()).collect(),
            table: table(&columns),
            verbose: 0,
            watching: true,
            styles: Styles::NONE,
        }
    }

    /// Prints blocks on a screen with so many lines.
    struct Printer {
        rows: Rows,
        screen: Screen,
        headings: Headings,
    }

    impl Printer {
        fn new(lines: Option<usize>) -> Printer {
            Printer { rows: rows(), screen: Screen { columns: 80, lines }, headings: Headings::default() }
        }

        fn block(&mut self, sections: &[Section], timestamp: Option<f64>) -> String {
            self.rows.block(sections, timestamp, self.screen, &mut self.headings)
        }
    }

    fn gpus(count: u32) -> Vec<Section> {
        let gpu = |index: u32| {
            let mut gpu = Section::new();
            gpu.put("gpu", index).put("xcp", 0u32).put("power_usage", Node::quantity(142u32, "W"));
            gpu
        };
        (0..count).map(gpu).collect()
    }

    #[test]
    fn the_heading_comes_once_a_screenful() {
        let mut rows = Printer::new(Some(10));
        let headings = |text: &str| text.matches("POWER").count();
        // Ten lines: the heading, eight rows, and the line that the cursor is on.
        let printed: Vec<usize> = (0..20).map(|_| headings(&rows.block(&gpus(1), Some(1.0)))).collect();
        assert_eq!(printed, [1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0]);
        // More GPUs than lines: each sample has one, and only one.
        assert_eq!(headings(&rows.block(&gpus(64), Some(1.0))), 1);
        assert_eq!(headings(&rows.block(&gpus(64), Some(1.0))), 1);
    }

    #[test]
    fn a_late_gpu_is_not_one_without_values() {
        let mut rows = Printer::new(None);
        let gpu = |reason: &str| {
            let mut gpu = Section::new();
            gpu.put("gpu", 0u32).put("xcp", 0u32).put("power_usage", Node::absent(reason, "in full"));
            gpu
        };
        let text = rows.block(&["late", "device gone", "left alone"].map(gpu), None);
        let last: Vec<&str> = text.lines().filter_map(|line| line.split_whitespace().last()).collect();
        assert_eq!(last, ["POWER", "late", "gone", "N/A"]);
    }

    #[test]
    fn without_a_screen_there_is_one_heading() {
        let mut rows = Printer::new(None);
        let text: String = (0..100).map(|_| rows.block(&gpus(2), Some(1.0))).collect();
        assert_eq!(text.matches("POWER").count(), 1);
    }

    #[test]
    fn a_long_cell_widens_its_column() {
        let mut rows = Printer::new(None);
        let mut gpu = Section::new();
        gpu.put("gpu", 0u32).put("xcp", 0u32).put("power_usage", Node::quantity(1_234_567u32, "W"));
        let text = rows.block(&[gpu], Some(1.0));
        let lengths: Vec<usize> = text.lines().map(|line| line.chars().count()).collect();
        assert_eq!(lengths[0], lengths[1]);
    }
}
