//! Without a command: AMD's default table.

mod processes;

use amdgpu_smi::gpu::TemperatureSensor;
use amdgpu_smi::process::Processes;
use amdgpu_smi::unit::Bytes;
use amdgpu_smi::{Gpu, Result};

use crate::answer;
use crate::args::Common;
use crate::failure::Failure;
use crate::render::{AmdRoot, Columns, Document, Format, inline};
use crate::report::{Forms, Node, Number, Section};
use crate::sections::errors;
use crate::sections::process::process_list;

pub(crate) fn run(common: &Common) -> std::result::Result<(), Failure> {
    let root = AmdRoot::GpuData;
    let format = answer::format(common);
    let (smi, gpus, mut output) = answer::begin_with_machine(common, root)?;
    let processes = smi.processes();
    let sections: Vec<Section> = gpus.iter().map(|gpu| report(gpu, &processes)).collect();
    let Format::Text { verbose } = format else {
        let document = Document { sections, timestamp: None, root };
        output.write(&document.render(format, &mut Columns::default()))?;
        return answer::answered(&document.sections);
    };
    let kernel = gpus.first().map(|gpu| gpu.driver_info());
    let kernel = kernel.as_ref().and_then(|info| info.version.as_deref().or(info.kernel_release.as_deref()));
    let mut text = heading(kernel.unwrap_or("N/A"));
    for (position, section) in sections.iter().enumerate() {
        text.push_str(if position == 0 { DOUBLE } else { BETWEEN });
        text.push_str(&rows(section));
    }
    text.push_str(END);
    text.push_str(&processes::table(&processes, &gpus));
    text.push_str(&notes(&gpus, &sections, verbose));
    output.write(&text)?;
    answer::answered(&sections)
}

const TOP: &str = "+------------------------------------------------------------------------------+\n";
const BETWEEN: &str = "|-------------------------------------+----------------------------------------|\n";
const DOUBLE: &str = "|=====================================+========================================|\n";
const END: &str = "+-------------------------------------+----------------------------------------+\n";
const COLUMNS: &str = "\
| BDF                        GPU-Name | Mem-Uti   Temp   UEC       Power-Usage |
| GPU  HIP-ID  OAM-ID  Partition-Mode | GFX-Uti    Fan               Mem-Usage |
";

fn heading(kernel: &str) -> String {
    let line = |name: &str, value: &str| format!("| {name:18} {value:57.57} |\n");
    let version = env!("CARGO_PKG_VERSION");
    format!("{TOP}{}{}{BETWEEN}{COLUMNS}", line("AMDGPU-SMI", version), line("OS kernel Version:", kernel))
}

fn report(gpu: &Gpu, processes: &Processes) -> Section {
    let ids = gpu.ids();
    let asic = gpu.asic_info();
    let activity = gpu.activity();
    let mode =
        gpu.compute_partition().and_then(|compute| Ok(format!("{compute}/{}", gpu.memory_partition()?)));
    let no_hip = || Node::absent("not in KFD", "KFD does not know the GPU, or hides it from this process");
    let mut section = Section::new();
    section
        .put("gpu", gpu.index())
        .put("bdf", gpu.bdf().to_string())
        .put("market_name", asic.market_name.as_str())
        .put("hip_id", ids.hip_index.map_or_else(no_hip, Node::from))
        .put("oam_id", Node::field(asic.oam_id, &asic.reasons, "oam_id"))
        .put("partition_mode", Node::of(mode))
        .put("mem_util", Node::field(activity.memory, &activity.reasons, "memory"))
        .put("gfx_util", Node::field(activity.gfx, &activity.reasons, "gfx"))
        .put("temp", temperature(gpu))
        .put("uncorr_ecc", errors::uncorrectable(gpu))
        .put("power_usage", power(gpu))
        .put("fan", fan(gpu))
        .put("mem_usage", memory(gpu))
        .put_in(Forms::JSON, "process_list", process_list(processes, gpu.index()));
    answer::scope(gpu, &mut section);
    section
}

/// The hotspot's; the edge's where there is no other.
fn temperature(gpu: &Gpu) -> Node {
    let sensors = match gpu.temperatures() {
        Ok(sensors) => sensors,
        Err(error) => return Node::from(&error),
    };
    let of = |wanted| sensors.iter().find(|sensor| sensor.sensor == wanted);
    match of(TemperatureSensor::Junction).or_else(|| of(TemperatureSensor::Edge)) {
        Some(sensor) => Node::field(sensor.current, &sensor.reasons, "current"),
        None => Node::unsupported("the GPU has no such sensor"),
    }
}

fn power(gpu: &Gpu) -> Section {
    let cap = gpu.power().map(|channels| {
        let first = channels.into_iter().find(|channel| channel.channel == 1);
        let none = || Node::unsupported("the driver has no power channel");
        first.map_or_else(none, |power| Node::field(power.cap, &power.reasons, "cap"))
    });
    let mut section = Section::new();
    section
        .put("current_power", Node::of(gpu.socket_power().map(|(power, _)| power)))
        .put("power_limit", Node::of(cap));
    section
}

fn fan(gpu: &Gpu) -> Node {
    let fans: Result<Vec<_>> = gpu.fans();
    match fans.as_deref() {
        Ok([fan, ..]) => match fan.percent() {
            Some(percent) => Node::quantity(Number::rounded(percent, 2), "%"),
            None => Node::field(None::<u32>, &fan.reasons, "pwm"),
        },
        Ok([]) => Node::absent("no fan", "the GPU has no fan that the driver knows"),
        Err(error) => Node::from(error),
    }
}

/// Video memory; of an APU also what it may map of the system's, which is usually more.
fn memory(gpu: &Gpu) -> Section {
    let memory = gpu.memory_usage();
    let mut section = Section::new();
    let field = |value: Option<Bytes>, name| Node::field(value, &memory.reasons, name);
    section
        .put("used_vram", field(memory.vram_used, "vram_used"))
        .put("total_vram", field(memory.vram_total, "vram_total"));
    if gpu.is_apu() {
        section
            .put("used_gtt", field(memory.gtt_used, "gtt_used"))
            .put("total_gtt", field(memory.gtt_total, "gtt_total"));
    }
    section
}

/// The two lines of a GPU.
fn rows(section: &Section) -> String {
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
    format!(
        "| {:12.12} {name:>22} | {:7.7} {:>6.6}   {:5.5} {power:>15.15} |\n\
         | {:>3.3}  {:>6.6}  {:>6.6}  {:>14.14} | {:7.7} {fan:>6.6} {memory:>23.23} |\n",
        cell("bdf"),
        cell("mem_util"),
        cell("temp"),
        cell("uncorr_ecc"),
        cell("gpu"),
        cell("hip_id"),
        cell("oam_id"),
        cell("partition_mode"),
        cell("gfx_util"),
    )
}

/// The end of a name that is too long: it tells cards apart better than the beginning.
fn shortened(name: &str, width: usize) -> String {
    let length = name.chars().count();
    if length <= width {
        return name.to_owned();
    }
    let end: String = name.chars().skip(length + 3 - width).collect();
    format!("...{end}")
}

/// Below the table: which GPUs sleep, and with `--verbose` why there is no temperature.
fn notes(gpus: &[Gpu], sections: &[Section], verbose: u8) -> String {
    let mut text = String::new();
    for (gpu, section) in gpus.iter().zip(sections) {
        let why = section.get(Forms::TEXT, "temp").and_then(Node::why_absent);
        match why {
            Some(absent) if absent.reason == "suspended" => {
                text.push_str(&format!("GPU {} is suspended; --wake wakes and reads it.\n", gpu.index()));
            }
            Some(absent) if verbose > 0 || absent.reason != "not supported" => {
                text.push_str(&format!("GPU {}: {}\n", gpu.index(), absent.detail));
            }
            _ => {}
        }
    }
    text
}
