//! `monitor`: key metrics, one row per GPU.

mod args;
mod columns;
mod fitted;
mod fitted_columns;
mod headings;
mod lines;
mod order;
mod processes;
mod rows;
mod totals;

use amdgpu_smi::Gpu;
use amdgpu_smi::gpu::{ClockDomain, TemperatureSensor};
use amdgpu_smi::unit::{Bytes, MilliCelsius};

pub(crate) use self::args::MonitorArgs;
pub(super) use self::columns::ColumnGroups;
use self::columns::{LIMITED, UNITS, VIOLATIONS, WIDE};
use self::lines::Lines;
use crate::answer;
use crate::args::Common;
use crate::cpu;
use crate::failure::Failure;
use crate::fleet::Fleet;
use crate::render::{AmdRoot, Columns, Document, Format, Layout};
use crate::report::{Forms, Node, Number, Section};
use crate::row::Row;
use crate::screen::Screen;
use crate::sections::board;
use crate::sections::errors;
use crate::sections::metrics_table::MetricsTable;
use crate::sections::pcie;
use crate::sections::process::put_process_list;
use crate::sections::throttle::{CAUSES, first_die, in_words, own_dies};
use crate::view::View;

pub(crate) fn run(common: &Common, args: &MonitorArgs) -> Result<(), Failure> {
    const ROOT: AmdRoot = AmdRoot::Array;
    if args.cpu.asks() {
        return cpu::monitor(common, &args.cpu, &args.watch);
    }
    let mut wanted = ColumnGroups::of(args);
    let format = answer::format(common);
    if args.process && matches!(format, Format::Csv(_)) {
        let sentence =
            "-q has no CSV, because CSV rows are GPUs; `amdgpu-smi process --csv` prints one row per process";
        return Err(Failure::Usage(sentence.into()));
    }
    if let Some(option) = args.sort.and_then(|sort| wanted.lacks(sort)) {
        return Err(Failure::Usage(format!("--sort needs the column that it sorts by; {option} adds it")));
    }
    let (smi, gpus, mut output) = answer::begin_watched(common, ROOT, &args.watch)?;
    let asked: Vec<usize> = gpus.iter().map(Gpu::index).collect();
    if matches!(format, Format::Text { layout: Layout::Own, .. }) {
        wanted.screen = Some(Screen::of(output.is_terminal()).columns);
    }
    let mut fleet = Fleet::new(gpus, wanted.fields(), wanted.violation, &args.watch, &args.autosuspend)?;
    let mut columns = Columns::default();
    let watching = args.watch.interval().is_some();
    let mut lines = match format {
        Format::Text { verbose, layout } => Some(Lines::new(&wanted, layout, verbose, watching, &output)),
        _ => None,
    };
    fleet.answer(
        &args.watch,
        &mut output,
        |gpu| report(gpu, &wanted),
        |sections, timestamp| {
            // The whole list at once: which process uses which GPU is found out by process.
            let found = args.process.then(|| smi.processes());
            for (section, gpu) in sections.iter_mut().zip(&asked) {
                found.iter().for_each(|found| put_process_list(found, *gpu, section));
            }
            args.sort.iter().for_each(|sort| sort.sort(sections));
            match &mut lines {
                Some(lines) => lines.text(sections, timestamp, found.as_ref(), &asked),
                None => {
                    let header = match (format, sections.first()) {
                        (Format::Csv(Layout::Own), Some(first)) => {
                            columns.begin(&first.with_units(&UNITS), timestamp.is_some())
                        }
                        _ => String::new(),
                    };
                    let document = Document { sections, timestamp, root: ROOT };
                    header + &document.render(format, &mut columns)
                }
            }
        },
    )
}

pub(super) fn report(gpu: &View<'_>, wanted: &ColumnGroups) -> Section {
    let look = gpu.look();
    let row = Row { gpu: gpu.gpu() };
    let mut section = Section::new();
    section.put("gpu", gpu.index()).put("xcp", gpu.gpu().ids().partition.unwrap_or(0));
    if wanted.power {
        let power = look.power();
        section.put("power_usage", row.reading(&power.socket));
        if !wanted.default {
            section.put("max_power", row.reading(&power.cap));
        } else if wanted.screen.is_some() {
            section.put_in(Forms::OWN_TEXT, "max_power", row.reading(&power.cap));
        }
    }
    if wanted.temperature {
        temperatures(gpu, &row, &mut section);
    }
    if wanted.gpu_board {
        let found = gpu.gpu().gpu_board_temperatures();
        board::columns(&found, "gpu_board_temperature", &board::GPU, &mut section);
    }
    if wanted.base_board {
        let power = gpu.gpu().node_power();
        section
            .own("ubb_power", Node::reading(&power.ubb_power))
            .own("node_power", Node::reading(&power.node_power));
        let found = gpu.gpu().base_board_temperatures();
        board::columns(&found, "base_board_temperature", &board::SYSTEM, &mut section);
    }
    let activity = look.activity();
    let table = MetricsTable::new(gpu);
    let clock = |domain| row.reading(&look.clock(domain).current);
    if wanted.gfx {
        section.put("gfx_clk", clock(ClockDomain::Graphics)).put("gfx", row.reading(&activity.gfx));
    }
    if wanted.mem {
        section.put("mem", row.reading(&activity.memory));
    }
    if wanted.mem && !wanted.default {
        section.put("mem_clock", clock(ClockDomain::Memory));
    }
    if wanted.encoder {
        section.put("encoder", Node::unsupported("the firmware counts encoding and decoding together"));
    }
    if wanted.decoder {
        section.put("decoder", row.reading(&activity.media));
    }
    if (wanted.encoder || wanted.decoder) && !wanted.default {
        section.put("vclock", clock(ClockDomain::Video0)).put("dclock", clock(ClockDomain::Decoder0));
    }
    if wanted.ecc {
        let (corrected, uncorrected) =
            row.package(|| errors::totals(gpu.gpu()), |absent| (absent.clone(), absent));
        section
            .put("single_bit_ecc", corrected)
            .put("double_bit_ecc", uncorrected)
            .put("pcie_replay", row.reading(&look.pcie_info().replay_count));
    }
    if wanted.vram {
        memory(gpu, wanted.default, &mut section);
    }
    if wanted.pcie {
        pcie::bandwidth("pcie_bw", &table, &mut section);
    }
    if wanted.violation {
        violations(gpu, &table, &mut section);
    }
    if wanted.default && wanted.screen.is_some() {
        more(gpu, &row, wanted, &mut section);
    }
    section
}

/// The columns of wide screens.
fn more(gpu: &View<'_>, row: &Row<'_>, wanted: &ColumnGroups, section: &mut Section) {
    let look = gpu.look();
    let fan = look.fan();
    let fan_node = Node::reading_as(&fan.percent, |percent| Node::quantity(percent.round() as i64, "%"));
    let causes = look.throttling().causes;
    let throttled = row.package(|| Node::reading_as(&causes, |causes| in_words(*causes)), |absent| absent);
    section
        .put_in(Forms::OWN_TEXT, "heading", gpu.gpu().market_name())
        .put_in(Forms::OWN_TEXT, "fan", row.package(|| fan_node, |absent| absent))
        .put_in(Forms::OWN_TEXT, "throttled", throttled);
    // On narrower screens the link is not read.
    if wanted.screen.is_some_and(|screen| screen >= WIDE) {
        let link = Node::reading_as(&look.pcie_info().current(), ToString::to_string);
        section.put_in(Forms::OWN_TEXT, "pcie_link", link);
    }
}

/// Values per die are a list of the dies of this GPU or partition.
fn violations(gpu: &View<'_>, table: &MetricsTable<'_>, section: &mut Section) {
    let rates = gpu.rates();
    for (key, name, figure) in VIOLATIONS {
        let Some(cause) = CAUSES.iter().find(|cause| cause.name == name) else { continue };
        let of = |whole| cause.share(table, rates.as_ref(), figure, whole);
        let amds = if cause.is_first_die() { first_die(gpu, &of(true)) } else { own_dies(gpu, &of(true)) };
        section.put_both(key, own_dies(gpu, &of(false)), amds);
    }
}

fn temperatures(gpu: &View<'_>, row: &Row<'_>, section: &mut Section) {
    let of = |sensor| row.reading(&gpu.look().temperature(&sensor));
    let but_text = Forms::ALL.but(Forms::TEXT);
    let core = gpu.look().core_temperature();
    for (key, sensor) in LIMITED {
        let sensor = sensor.unwrap_or(core.sensor.clone());
        if let Some(limit) = critical(gpu, &sensor) {
            section.put_in(Forms::OWN_TEXT, key, limit);
        }
    }
    section
        .put_in(but_text, "hotspot_temperature", of(TemperatureSensor::Junction))
        .put_in(Forms::TEXT, "gpu_temperature", row.reading(&core.current))
        .put("memory_temperature", of(TemperatureSensor::Memory))
        .put_in(Forms::OURS.but(Forms::TEXT), "edge_temperature", of(TemperatureSensor::Edge));
}

/// The temperature above which the GPU slows down.
fn critical(gpu: &View<'_>, sensor: &TemperatureSensor) -> Option<MilliCelsius> {
    let sensors = gpu.look().temperatures().ok()?;
    let found = sensors.into_iter().find(|found| found.sensor == *sensor)?;
    found.critical.ok().map(|critical| critical.value)
}

/// In gigabytes and less exact in AMD's default; in megabytes else.
fn memory(gpu: &View<'_>, default: bool, section: &mut Section) {
    let memory = gpu.look().memory_usage();
    let total_node = Node::reading(&memory.vram_total);
    let used_node = Node::reading(&memory.vram_used);
    let (total, used) =
        (memory.vram_total.ok().map(|total| total.value), memory.vram_used.ok().map(|used| used.value));
    if default {
        let gigabytes = |bytes: Option<Bytes>, node: &Node| match bytes {
            Some(bytes) => Node::quantity(Number::rounded(bytes.gibibytes(), 1), "GB"),
            None => node.clone(),
        };
        let (used_gb, total_gb) = (gigabytes(used, &used_node), gigabytes(total, &total_node));
        let amds = Forms::AMD_JSON;
        let ours = Forms::JSON.and(Forms::CSV).and(Forms::OWN_TEXT);
        section
            .put_in(Forms::TEXT, "vram_usage", usage(used, total, &used_node))
            .put_in(ours, "vram_used", used_node)
            .put_in(amds, "vram_used", used_gb)
            .put_in(ours, "vram_total", total_node)
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

/// Used and total memory, such as `0.3/192.0 GB`.
fn usage(used: Option<Bytes>, total: Option<Bytes>, absent: &Node) -> Node {
    match (used, total) {
        (Some(used), Some(total)) => format!("{:.1}/{:5.1} GB", used.gibibytes(), total.gibibytes()).into(),
        (None, Some(total)) => format!("N/A/{:5.1} GB", total.gibibytes()).into(),
        _ => absent.clone(),
    }
}
