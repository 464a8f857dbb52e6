//! `monitor`: the most wanted measurements, a row for each GPU.

mod args;
mod processes;
mod rows;

use amdgpu_smi::gpu::{ClockDomain, TemperatureSensor};
use amdgpu_smi::sample::SampleFields;
use amdgpu_smi::unit::Bytes;
use amdgpu_smi::{Error, Gpu};

pub(crate) use self::args::MonitorArgs;
use self::rows::Rows;
use crate::answer;
use crate::args::Common;
use crate::failure::Failure;
use crate::fleet::Fleet;
use crate::render::{AmdRoot, Columns, Document, Format};
use crate::report::{Forms, Node, Number, Section};
use crate::sections::clock::current as current_clock;
use crate::sections::errors;
use crate::sections::metrics_table::MetricsTable;
use crate::sections::pcie;
use crate::sections::process::put_process_list;
use crate::sections::throttle::{CAUSES, Figure, first_die, own_dies};
use crate::sections::video;
use crate::view::View;

pub(crate) fn run(common: &Common, args: &MonitorArgs) -> Result<(), Failure> {
    const ROOT: AmdRoot = AmdRoot::Array;
    let wanted = Wanted::of(args);
    let format = answer::format(common);
    if args.process && format == Format::Csv {
        let sentence = "-q has no CSV, where a row is a GPU; `amdgpu-smi process --csv` has a row a process";
        return Err(Failure::Usage(sentence.into()));
    }
    let (smi, gpus, mut output) = answer::begin_with_machine(common, ROOT)?;
    let asked: Vec<usize> = gpus.iter().map(Gpu::index).collect();
    let mut fleet = Fleet::new(gpus, wanted.fields(), wanted.violation, &args.watch, &args.autosuspend)?;
    let mut columns = Columns::default();
    let mut rows = match format {
        Format::Text { verbose } => Some(Rows::new(&wanted, verbose, args.watch.watch.is_some(), &output)),
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
            match &mut rows {
                Some(rows) => rows.text(sections, timestamp, found.as_ref(), &asked),
                None => Document { sections: sections.to_vec(), timestamp, root: ROOT }
                    .render(format, &mut columns),
            }
        },
    )
}

/// The groups of columns that are asked for.
pub(super) struct Wanted {
    /// None by name: those of AMD's default, which are fewer in each group.
    default: bool,
    power: bool,
    temperature: bool,
    gfx: bool,
    mem: bool,
    encoder: bool,
    decoder: bool,
    ecc: bool,
    vram: bool,
    pcie: bool,
    pub(super) violation: bool,
}

impl Wanted {
    pub(super) fn of(args: &MonitorArgs) -> Wanted {
        let named = [
            args.power_usage,
            args.temperature,
            args.gfx,
            args.mem,
            args.encoder,
            args.decoder,
            args.ecc,
            args.vram_usage,
            args.pcie,
            args.violation,
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
            ecc: args.ecc,
            vram: default || args.vram_usage,
            pcie: args.pcie,
            violation: args.violation,
        }
    }

    /// What a sampler reads for these columns; always how busy the GPU is, which decides whether it is left alone,
    /// and the table, which has most clocks and what a card without hwmon has.
    ///
    /// Error counters are read beside the sample: one file for each of up to twenty blocks, which differ from GPU
    /// to GPU and are asked for by name only.
    pub(super) fn fields(&self) -> SampleFields {
        use SampleFields as Fields;
        let clocks = Fields::CLOCKS | Fields::FREQUENCIES;
        let groups = [
            (self.power, Fields::POWER),
            (self.power && !self.default, Fields::POWER_CAP),
            (self.temperature, Fields::TEMPERATURES),
            (self.gfx, clocks),
            (self.mem && !self.default, clocks),
            ((self.encoder || self.decoder) && !self.default, clocks | Fields::OTHER_CLOCKS),
            (self.ecc, Fields::PCIE),
            (self.vram, Fields::VRAM),
        ];
        let always = Fields::GFX_ACTIVITY | Fields::OTHER_ACTIVITY | Fields::METRICS;
        groups.into_iter().filter(|(wanted, _)| *wanted).fold(always, |fields, (_, more)| fields | more)
    }
}

pub(super) fn report(gpu: &View<'_>, wanted: &Wanted) -> Section {
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
    let table = MetricsTable::new(gpu);
    if wanted.gfx {
        section
            .put("gfx_clk", current_clock(gpu, &table, ClockDomain::Graphics))
            .put("gfx", Node::field(activity.gfx, &activity.reasons, "gfx"));
    }
    if wanted.mem {
        section.put("mem", Node::field(activity.memory, &activity.reasons, "memory"));
    }
    if wanted.mem && !wanted.default {
        section.put("mem_clock", current_clock(gpu, &table, ClockDomain::Memory));
    }
    if wanted.encoder {
        section.put("encoder", Node::unsupported("the firmware counts encoding and decoding together"));
    }
    if wanted.decoder {
        section.put("decoder", video::usage(gpu, &table));
    }
    if (wanted.encoder || wanted.decoder) && !wanted.default {
        section
            .put("vclock", current_clock(gpu, &table, ClockDomain::Video0))
            .put("dclock", current_clock(gpu, &table, ClockDomain::Decoder0));
    }
    if wanted.ecc {
        let (corrected, uncorrected) = errors::totals(gpu);
        let link = gpu.pcie_info();
        section
            .put("single_bit_ecc", corrected)
            .put("double_bit_ecc", uncorrected)
            .put("pcie_replay", Node::field(link.replay_count, &link.reasons, "replay_count"));
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
    answer::scope(gpu, &mut section);
    section
}

/// AMD's keys, and the causes that `metric` tells by other names and in another order.
const VIOLATIONS: [(&str, &str, Figure); 11] = [
    ("pviol", "ppt", Figure::Percent),
    ("tviol", "socket_thermal", Figure::Percent),
    ("tviol_active", "socket_thermal", Figure::Flag),
    ("phot_tviol", "prochot", Figure::Percent),
    ("vr_tviol", "vr_thermal", Figure::Percent),
    ("hbm_tviol", "hbm_thermal", Figure::Percent),
    ("gfx_clkviol", "gfx_clk_below_host_limit", Figure::Percent),
    ("gfxclk_pviol", "gfx_clk_below_host_limit_power", Figure::Percent),
    ("gfxclk_tviol", "gfx_clk_below_host_limit_thermal", Figure::Percent),
    ("gfxclk_totalviol", "total_gfx_clk_below_host_limit", Figure::Percent),
    ("low_utilviol", "low_utilization", Figure::Percent),
];

/// What is counted for each die is a list of the dies of this GPU, or of this partition.
fn violations(gpu: &View<'_>, table: &MetricsTable<'_>, section: &mut Section) {
    let rates = gpu.rates();
    for (key, name, figure) in VIOLATIONS {
        let Some(cause) = CAUSES.iter().find(|cause| cause.name == name) else { continue };
        let of = |whole| cause.share(table, rates.as_ref(), figure, whole);
        let amds = if cause.is_first_die() { first_die(gpu, &of(true)) } else { own_dies(gpu, &of(true)) };
        section.put_both(key, own_dies(gpu, &of(false)), amds);
    }
}

fn temperatures(gpu: &View<'_>, section: &mut Section) {
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
fn memory(gpu: &View<'_>, default: bool, section: &mut Section) {
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
