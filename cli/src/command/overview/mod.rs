//! Without a command: AMD's default table.

mod boxes;
mod frame;
mod processes;

use amdgpu_smi::Gpu;
use amdgpu_smi::process::Processes;
use amdgpu_smi::summary::Look;

use self::boxes::Boxes;
use self::processes::ProcessBox;
use crate::answer;
use crate::args::Common;
use crate::failure::Failure;
use crate::render::{AmdRoot, Columns, Document, Format};
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
    let Format::Text { verbose, .. } = format else {
        let document = Document { sections: &sections, timestamp: None, root };
        output.write(&document.render(format, &mut Columns::default()))?;
        return answer::answered(document.sections);
    };
    let kernel = gpus.first().map(|gpu| gpu.driver_info());
    let kernel = kernel
        .as_ref()
        .and_then(|info| info.version.as_deref().or(info.kernel_release.as_deref()).ok().map(String::as_str));
    let text = Boxes::new(&sections, kernel.unwrap_or("N/A")).text(ProcessBox::new(&processes, &gpus));
    output.write(&(text + &notes(&gpus, &sections, verbose)))?;
    answer::answered(&sections)
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
