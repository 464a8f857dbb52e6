//! Without a command: AMD's default table.

mod processes;

use amdgpu_smi::Gpu;
use amdgpu_smi::process::Processes;
use amdgpu_smi::summary::Look;

use crate::answer;
use crate::args::Common;
use crate::failure::Failure;
use crate::render::{AmdRoot, Columns, Document, Format, inline};
use crate::report::{Forms, Node, Number, Section};
use crate::row::Row;
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
    let kernel = kernel
        .as_ref()
        .and_then(|info| info.version.as_deref().or(info.kernel_release.as_deref()).ok().map(String::as_str));
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
    let look = gpu.look();
    let row = Row { gpu };
    let (activity, power) = (look.activity(), look.power());
    let mode =
        gpu.compute_partition().and_then(|compute| Ok(format!("{compute}/{}", gpu.memory_partition()?)));
    let mut power_section = Section::new();
    power_section
        .put("current_power", row.reading(&power.socket))
        .put("power_limit", row.reading(&power.cap));
    let no_hip = || Node::absent("not in KFD", "KFD does not know the GPU, or hides it from this process");
    let mut section = Section::new();
    section
        .put("gpu", gpu.index())
        .put("bdf", gpu.bdf().to_string())
        .put("market_name", asic.market_name.as_str())
        .put("hip_id", ids.hip_index.map_or_else(no_hip, Node::from))
        .put("oam_id", Node::reading(&asic.oam_id))
        .put("partition_mode", Node::of(mode))
        .put("mem_util", row.reading(&activity.memory))
        .put("gfx_util", row.reading(&activity.gfx))
        .put("temp", row.reading(&look.core_temperature().current))
        .put("uncorr_ecc", row.package(|| errors::uncorrectable(gpu), |absent| absent))
        .put("power_usage", power_section)
        .put("fan", fan(&look, &row))
        .put("mem_usage", memory(&look))
        .put_in(Forms::JSON, "process_list", process_list(processes, gpu.index()));
    section
}

fn fan(look: &Look<'_>, row: &Row<'_>) -> Node {
    let percent = look.fan().percent;
    let rounded = Node::reading_as(&percent, |percent| Node::quantity(Number::rounded(*percent, 2), "%"));
    row.package(|| rounded, |absent| absent)
}

/// Video memory; of an APU also what it may map of the system's, which is usually more.
fn memory(look: &Look<'_>) -> Section {
    let memory = look.memory_usage();
    let mut section = Section::new();
    section
        .put("used_vram", Node::reading(&memory.vram_used))
        .put("total_vram", Node::reading(&memory.vram_total));
    if look.gpu().is_apu() {
        section
            .put("used_gtt", Node::reading(&memory.gtt_used))
            .put("total_gtt", Node::reading(&memory.gtt_total));
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
