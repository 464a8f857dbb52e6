//! The boxes of the default table, which are 80 columns wide unless a value needs more.

use super::frame::frame;
use super::processes::ProcessBox;
use crate::render::table::{Column, Table, width};
use crate::render::{inline, printable};
use crate::report::{Forms, Node, Section};

/// The box with the versions, and that of the GPUs: two lines for each, on either side of the border.
pub(super) struct Boxes<'a> {
    kernel: &'a str,
    /// The first and the second line on the left, and on the right.
    left: [Table; 2],
    right: [Table; 2],
    rows: Vec<[Vec<String>; 4]>,
}

impl<'a> Boxes<'a> {
    pub(super) fn new(sections: &[Section], kernel: &'a str) -> Boxes<'a> {
        let mut left = [
            Table::new([Column::left("BDF", 12), Column::right("GPU-Name", 22).gap(1)]),
            Table::new([
                Column::right("GPU", 3),
                Column::right("HIP-ID", 6),
                Column::right("OAM-ID", 6),
                Column::right("Partition-Mode", 14),
            ]),
        ];
        let mut right = [
            Table::new([
                Column::left("Mem-Uti", 7),
                Column::right("Temp", 6).gap(1),
                Column::left("UEC", 5).gap(3),
                Column::right("Power-Usage", 15).gap(1),
            ]),
            Table::new([
                Column::left("GFX-Uti", 7),
                Column::right("Fan", 6).gap(1),
                Column::right("Mem-Usage", 23).gap(1),
            ]),
        ];
        let rows: Vec<_> = sections.iter().map(cells).collect();
        for (place, table) in left.iter_mut().chain(&mut right).enumerate() {
            table.fit(rows.iter().filter_map(|row| row.get(place)));
        }
        Boxes { kernel, left, right, rows }
    }

    /// All boxes, equally wide.
    pub(super) fn text(mut self, processes: ProcessBox) -> String {
        const BORDER: usize = 3;
        let widest = |tables: &[Table; 2]| tables.iter().map(Table::width).max().unwrap_or(0);
        let left = widest(&self.left);
        let heads = [
            format!("{:18} {}", "AMDGPU-SMI", env!("CARGO_PKG_VERSION")),
            format!("{:18} {}", "OS kernel Version:", printable(self.kernel)),
        ];
        let whole = heads.iter().map(|head| width(head)).fold(processes.width(), usize::max);
        let right = widest(&self.right).max(whole.saturating_sub(left + BORDER));
        let whole = left + BORDER + right;
        self.left.iter_mut().for_each(|table| table.stretch(left));
        self.right.iter_mut().for_each(|table| table.stretch(right));

        let line = |text: &str| format!("| {text}{:1$} |\n", "", whole.saturating_sub(width(text)));
        let mut text = frame('+', '-', &[whole]);
        text.extend(heads.iter().map(|head| line(head)));
        text.push_str(&frame('|', '-', &[left, right]));
        let halves = || self.left.iter().zip(&self.right);
        text.extend(halves().map(|(left, right)| format!("| {} | {} |\n", left.heading(), right.heading())));
        for (position, [upper, lower, upper_right, lower_right]) in self.rows.iter().enumerate() {
            text.push_str(&frame('|', if position == 0 { '=' } else { '-' }, &[left, right]));
            for ((left, right), cells) in halves().zip([(upper, upper_right), (lower, lower_right)]) {
                text.push_str(&format!("| {} | {} |\n", left.padded(cells.0), right.padded(cells.1)));
            }
        }
        text.push_str(&frame('+', '-', &[left, right]));
        text.push_str(&processes.text(whole));
        text
    }
}

/// The two lines of a GPU on the left, and those on the right.
fn cells(section: &Section) -> [Vec<String>; 4] {
    let node = |key: &str| section.get(Forms::TEXT, key);
    let cell = |key: &str| node(key).map_or_else(String::new, |node| inline(node, 0));
    let of = |key: &str, inner: &str| match node(key) {
        Some(Node::Section(section)) => section.get(Forms::TEXT, inner).cloned(),
        _ => None,
    };
    let whole = |key: &str, inner: &str| match of(key, inner) {
        Some(Node::Quantity(value, _)) => Some(value.as_f64().round() as i64),
        _ => None,
    };
    let power = match (whole("power_usage", "current_power"), whole("power_usage", "power_limit")) {
        (Some(power), Some(limit)) => format!("{power}/{limit} W"),
        (Some(power), None) => format!("{power} W"),
        (None, Some(limit)) => format!("N/A/{limit} W"),
        (None, None) => "N/A".into(),
    };
    let pool = |used: Option<i64>, total: Option<i64>| {
        let used = used.map_or_else(|| "N/A".into(), |used| used.to_string());
        total.map_or_else(|| "N/A".into(), |total| format!("{used}/{total} MB"))
    };
    let (total, total_gtt) = (whole("mem_usage", "total_vram"), whole("mem_usage", "total_gtt"));
    // An APU's larger pool, by its name.
    let memory = match total_gtt {
        Some(gtt) if total.is_none_or(|total| gtt > total) => {
            format!("GTT {}", pool(whole("mem_usage", "used_gtt"), total_gtt))
        }
        _ => pool(whole("mem_usage", "used_vram"), total),
    };
    let name = shortened(&cell("market_name"), 22);
    let fan = cell("fan").trim_end_matches(" %").to_owned();
    [
        vec![cell("bdf"), name],
        vec![cell("gpu"), cell("hip_id"), cell("oam_id"), cell("partition_mode")],
        vec![cell("mem_util"), cell("temp"), cell("uncorr_ecc"), power],
        vec![cell("gfx_util"), fan, memory],
    ]
}

/// The end of a name that is too long: it tells cards apart better than the beginning.
fn shortened(name: &str, most: usize) -> String {
    let length = name.chars().count();
    if length <= most {
        return name.to_owned();
    }
    let end: String = name.chars().skip(length + 3 - most).collect();
    format!("...{end}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use amdgpu_smi::Smi;
    use amdgpu_smi::unit::Bytes;

    use crate::render::table::width;

    /// The boxes of a GPU with so much memory, and a driver that calls itself so.
    fn boxes(used: Bytes, kernel: &str) -> String {
        let fixture = concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures/navi31-1x-k6.12-desktop");
        let processes = Smi::builder().root(fixture).build().unwrap().processes();
        let mut memory = Section::new();
        memory.put("used_vram", used).put("total_vram", Bytes(4 << 30));
        let mut gpu = Section::new();
        gpu.put("gpu", 0u32).put("bdf", "10000:e1:00.0").put("mem_usage", memory);
        Boxes::new(&[gpu], kernel).text(ProcessBox::new(&processes, &[]))
    }

    #[test]
    fn a_long_number_widens_all_boxes() {
        let text = boxes(Bytes(u64::MAX), "6.12");
        assert!(text.contains(" 17592186044415/4096 MB |"), "{text}");
        assert!(text.contains("| 10000:e1:00.0 "), "{text}");
        let widths: Vec<usize> = text.lines().map(width).collect();
        assert!(widths.len() > 10 && widths.iter().all(|width| *width == widths[0]), "{text}");
        assert_eq!(boxes(Bytes(1 << 30), "6.12").lines().next().map(width), Some(81));
    }

    #[test]
    fn a_driver_cannot_move_the_cursor() {
        let text = boxes(Bytes(0), "6.12\x1b[2J");
        assert!(text.contains("| OS kernel Version: 6.12\\u{1b}[2J "), "{text}");
    }
}
