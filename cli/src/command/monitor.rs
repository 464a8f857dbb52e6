//! `monitor`: the most wanted measurements, a row for each GPU.

use amdgpu_smi::gpu::{ClockDomain, TemperatureSensor};
use amdgpu_smi::unit::Bytes;
use amdgpu_smi::{Error, Gpu};

use super::metric::{Table as Metrics, current_clock, pcie_bandwidth, video_usage};
use crate::args::{Common, MonitorArgs};
use crate::failure::Failure;
use crate::output::Output;
use crate::render::{AmdRoot, Format, inline};
use crate::report::{Forms, Node, Number, Section};
use crate::watch::{timestamp, watch};

pub(crate) fn run(common: &Common, args: &MonitorArgs) -> Result<(), Failure> {
    let wanted = Wanted::of(args);
    let Format::Text { verbose } = super::format(common) else {
        return super::answer(common, AmdRoot::Array, Some(&args.watch), |gpu| vec![report(gpu, &wanted)]);
    };
    let (gpus, mut output) = super::begin(common, AmdRoot::Array)?;
    let mut table = Table::new(&wanted, verbose, args.watch.watch.is_some(), &output);
    let mut once = |timestamp| {
        let sections: Vec<Section> = gpus.iter().map(|gpu| report(gpu, &wanted)).collect();
        output.write(&table.rows(&sections, timestamp))?;
        Ok(sections)
    };
    let Some(interval) = args.watch.watch else {
        return super::answered(&once(None)?);
    };
    let end = watch(interval, &args.watch, || once(Some(timestamp())).map(|_| ()))?;
    super::tidy(end, &mut output)
}

/// The groups of columns that are asked for.
struct Wanted {
    /// None by name: those of AMD's default, which are fewer in each group.
    default: bool,
    power: bool,
    temperature: bool,
    gfx: bool,
    mem: bool,
    encoder: bool,
    decoder: bool,
    vram: bool,
    pcie: bool,
}

impl Wanted {
    fn of(args: &MonitorArgs) -> Wanted {
        let named = [
            args.power_usage,
            args.temperature,
            args.gfx,
            args.mem,
            args.encoder,
            args.decoder,
            args.vram_usage,
            args.pcie,
        ];
        let default = !named.contains(&true);
        Wanted {
            default,
            power: default || args.power_usage,
            temperature: default || args.temperature,
            gfx: default || args.gfx,
            mem: default || args.mem,
            encoder: default || args.encoder,
            decoder: default || args.decoder,
            vram: default || args.vram_usage,
            pcie: args.pcie,
        }
    }
}

fn report(gpu: &Gpu, wanted: &Wanted) -> Section {
    let mut section = Section::new();
    section.put("gpu", gpu.index()).put("xcp", gpu.ids().partition.unwrap_or(0));
    if wanted.power {
        section.put("power_usage", Node::of(gpu.socket_power().map(|(power, _)| power)));
    }
    if wanted.power && !wanted.default {
        let cap = gpu.power().map(|channels| {
            let first = channels.into_iter().find(|channel| channel.channel == 1);
            let none = || Node::unsupported("the driver has no power channel");
            first.map_or_else(none, |power| Node::field(power.cap, &power.reasons, "cap"))
        });
        section.put("max_power", Node::of(cap));
    }
    if wanted.temperature {
        temperatures(gpu, &mut section);
    }
    let activity = gpu.activity();
    let metrics = Metrics::new(gpu);
    if wanted.gfx {
        section
            .put("gfx_clk", current_clock(gpu, &metrics, ClockDomain::Graphics))
            .put("gfx", Node::field(activity.gfx, &activity.reasons, "gfx"));
    }
    if wanted.mem {
        section.put("mem", Node::field(activity.memory, &activity.reasons, "memory"));
    }
    if wanted.mem && !wanted.default {
        section.put("mem_clock", current_clock(gpu, &metrics, ClockDomain::Memory));
    }
    if wanted.encoder {
        section.put("encoder", Node::unsupported("the firmware counts encoding and decoding together"));
    }
    if wanted.decoder {
        section.put("decoder", video_usage(gpu, &metrics));
    }
    if (wanted.encoder || wanted.decoder) && !wanted.default {
        section
            .put("vclock", current_clock(gpu, &metrics, ClockDomain::Video0))
            .put("dclock", current_clock(gpu, &metrics, ClockDomain::Decoder0));
    }
    if wanted.vram {
        memory(gpu, wanted.default, &mut section);
    }
    if wanted.pcie {
        pcie_bandwidth("pcie_bw", &metrics, &mut section);
    }
    super::scope(gpu, &mut section);
    section
}

fn temperatures(gpu: &Gpu, section: &mut Section) {
    let sensors = gpu.temperatures();
    let of = |wanted: TemperatureSensor| match &sensors {
        Ok(sensors) => match sensors.iter().find(|sensor| sensor.sensor == wanted) {
            Some(sensor) => (true, Node::field(sensor.current, &sensor.reasons, "current")),
            None => (false, Node::unsupported("the GPU has no such sensor")),
        },
        Err(error @ Error::NotSupported { .. }) => (false, Node::from(error)),
        Err(error) => (true, Node::from(error)),
    };
    let (has_hotspot, hotspot) = of(TemperatureSensor::Junction);
    let (_, edge) = of(TemperatureSensor::Edge);
    let (_, memory) = of(TemperatureSensor::Memory);
    // The table has one column: an APU's only temperature is that of the edge.
    let shown = if has_hotspot { hotspot.clone() } else { edge.clone() };
    let but_text = Forms::ALL.but(Forms::TEXT);
    section
        .put_in(but_text, "hotspot_temperature", hotspot)
        .put_in(Forms::TEXT, "gpu_temperature", shown)
        .put("memory_temperature", memory)
        .put_in(Forms::OURS.but(Forms::TEXT), "edge_temperature", edge);
}

/// In gigabytes and less exact in AMD's default; in megabytes else.
fn memory(gpu: &Gpu, default: bool, section: &mut Section) {
    let memory = gpu.memory_usage();
    let (total, used) = (memory.vram_total, memory.vram_used);
    let total_node = Node::field(total, &memory.reasons, "vram_total");
    let used_node = Node::field(used, &memory.reasons, "vram_used");
    if default {
        let gigabytes = |bytes: Option<Bytes>, node: &Node| match bytes {
            Some(bytes) => Node::quantity(Number::rounded(bytes.gibibytes(), 1), "GB"),
            None => node.clone(),
        };
        let (used_gb, total_gb) = (gigabytes(used, &used_node), gigabytes(total, &total_node));
        let amds = Forms::AMD_JSON.and(Forms::CSV);
        section
            .put_in(Forms::TEXT, "vram_usage", usage(used, total, &used_node))
            .put_in(Forms::JSON, "vram_used", used_node)
            .put_in(amds, "vram_used", used_gb)
            .put_in(Forms::JSON, "vram_total", total_node)
            .put_in(amds, "vram_total", total_gb);
        return;
    }
    let (free, percent) = match (total, used) {
        (Some(total), Some(used)) => {
            let free = total.mebibytes().saturating_sub(used.mebibytes());
            let percent = if total.0 == 0 { 0.0 } else { used.0 as f64 * 100.0 / total.0 as f64 };
            (Node::quantity(free, "MB"), Node::quantity(Number::rounded(percent, 2), "%"))
        }
        (None, _) => (total_node.clone(), total_node.clone()),
        (_, None) => (used_node.clone(), used_node.clone()),
    };
    section
        .put("vram_used", used_node)
        .put("vram_free", free)
        .put("vram_total", total_node)
        .put("vram_percent", percent);
}

/// `0.3/192.0 GB`.
fn usage(used: Option<Bytes>, total: Option<Bytes>, absent: &Node) -> Node {
    match (used, total) {
        (Some(used), Some(total)) => format!("{:.1}/{:5.1} GB", used.gibibytes(), total.gibibytes()).into(),
        (None, Some(total)) => format!("N/A/{:5.1} GB", total.gibibytes()).into(),
        _ => absent.clone(),
    }
}

/// Key, heading and width of every column, in AMD's order.
const COLUMNS: [(&str, &str, usize); 20] = [
    ("gpu", "GPU", 3),
    ("xcp", "XCP", 5),
    ("power_usage", "POWER", 7),
    ("max_power", "PWR_CAP", 9),
    ("gpu_temperature", "GPU_T", 8),
    ("memory_temperature", "MEM_T", 8),
    ("gfx_clk", "GFX_CLK", 10),
    ("gfx", "GFX%", 7),
    ("mem", "MEM%", 7),
    ("mem_clock", "MEM_CLOCK", 11),
    ("encoder", "ENC%", 7),
    ("decoder", "DEC%", 7),
    ("vclock", "VCLOCK", 10),
    ("dclock", "DCLOCK", 10),
    ("vram_usage", "VRAM_USAGE", 16),
    ("vram_used", "VRAM_USED", 11),
    ("vram_free", "VRAM_FREE", 12),
    ("vram_total", "VRAM_TOTAL", 12),
    ("vram_percent", "VRAM%", 9),
    ("pcie_bw", "PCIE_BW", 12),
];

/// The rows as text, with the heading again once a screenful.
struct Table {
    columns: Vec<(&'static str, &'static str, usize)>,
    verbose: u8,
    watching: bool,
    colour: bool,
    /// Lines that the screen has; none where there is no screen, and one heading is enough.
    height: Option<usize>,
    /// Lines since the last heading; none before the first.
    since: Option<usize>,
}

impl Table {
    fn new(wanted: &Wanted, verbose: u8, watching: bool, output: &Output) -> Table {
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
            _ => wanted.vram,
        };
        let height = output.is_terminal().then(terminal_size::terminal_size).flatten();
        Table {
            columns: COLUMNS.into_iter().filter(|(key, ..)| is_wanted(key)).collect(),
            verbose,
            watching,
            colour: output.colour,
            height: height.map(|(_, terminal_size::Height(height))| usize::from(height)),
            since: None,
        }
    }

    /// A row for each GPU, and the heading where it is due.
    fn rows(&mut self, sections: &[Section], timestamp: Option<f64>) -> String {
        let rows: Vec<Vec<String>> = sections.iter().map(|section| self.cells(section)).collect();
        for (column, (.., width)) in self.columns.iter_mut().enumerate() {
            // A cell that does not fit makes its column wider from then on, by two for the gap.
            let longest =
                rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max();
            let gap = if column == 0 { 0 } else { 2 };
            *width = (*width).max(longest.unwrap_or(0) + gap);
        }
        let lines = rows.len() + usize::from(rows.len() > 1);
        let due = match (self.since, self.height) {
            (None, _) => true,
            (Some(since), Some(height)) => since + lines >= height,
            (Some(_), None) => false,
        };
        let mut text = String::new();
        if due {
            self.heading(&mut text);
            self.since = Some(1);
        }
        for row in &rows {
            if let Some(timestamp) = timestamp {
                text.push_str(&format!("{timestamp:>14.3}  "));
            }
            let cells = row.iter().zip(&self.columns);
            text.extend(cells.map(|(cell, (.., width))| format!("{cell:>width$}")));
            text.push('\n');
        }
        if self.watching && rows.len() > 1 {
            text.push('\n');
        }
        self.since = self.since.map(|since| since + lines);
        text
    }

    fn heading(&self, text: &mut String) {
        if self.colour {
            text.push_str("\x1b[1m");
        }
        if self.watching {
            text.push_str(&format!("{:>14}  ", "TIMESTAMP"));
        }
        text.extend(self.columns.iter().map(|(_, heading, width)| format!("{heading:>width$}")));
        if self.colour {
            text.push_str("\x1b[0m");
        }
        text.push('\n');
    }

    fn cells(&self, section: &Section) -> Vec<String> {
        let cell = |key: &str| match section.get(Forms::TEXT, key) {
            // Whole numbers: JSON has the fractions.
            Some(Node::Quantity(value, unit @ ("W" | "C" | "MHz"))) => {
                let whole = Node::quantity(value.as_f64().round() as i64, unit);
                inline(&whole, 0)
            }
            Some(node) => inline(node, self.verbose.min(1)),
            None => "N/A".into(),
        };
        self.columns.iter().map(|(key, ..)| cell(key)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(height: Option<usize>) -> Table {
        let columns = COLUMNS.into_iter().take(3).collect();
        Table { columns, verbose: 0, watching: true, colour: false, height, since: None }
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
        let mut table = table(Some(10));
        let headings = |text: &str| text.matches("POWER").count();
        // Ten lines: the heading, eight rows, and the line that the cursor is on.
        let printed: Vec<usize> = (0..20).map(|_| headings(&table.rows(&gpus(1), Some(1.0)))).collect();
        assert_eq!(printed, [1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0]);
        // More GPUs than lines: each sample has one, and only one.
        assert_eq!(headings(&table.rows(&gpus(64), Some(1.0))), 1);
        assert_eq!(headings(&table.rows(&gpus(64), Some(1.0))), 1);
    }

    #[test]
    fn without_a_screen_there_is_one_heading() {
        let mut table = table(None);
        let text: String = (0..100).map(|_| table.rows(&gpus(2), Some(1.0))).collect();
        assert_eq!(text.matches("POWER").count(), 1);
    }

    #[test]
    fn a_long_cell_widens_its_column() {
        let mut table = table(None);
        let mut gpu = Section::new();
        gpu.put("gpu", 0u32).put("xcp", 0u32).put("power_usage", Node::quantity(1_234_567u32, "W"));
        let text = table.rows(&[gpu], Some(1.0));
        let lengths: Vec<usize> = text.lines().map(|line| line.chars().count()).collect();
        assert_eq!(lengths[0], lengths[1]);
    }
}
