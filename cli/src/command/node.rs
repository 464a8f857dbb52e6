//! `node`: the board that carries the packages, and the limit of system memory that all GPUs share.

use amdgpu_smi::Gpu;
use amdgpu_smi::gpu::{NodePower, TtmLimit};
use clap::Args;

use crate::answer;
use crate::args::Common;
use crate::failure::Failure;
use crate::machine;
use crate::output::Output;
use crate::render::{AmdRoot, Columns, Document, Format, Layout, alone};
use crate::report::{Forms, Node, Number, Section};
use crate::sections::board;

// One line per paragraph: clap wraps it to the terminal's width.
const NODE_HELP: &str = "\
The board's values are those of the first GPU that has them: every package of a board reports the same. GTT is the \
system memory that GPUs may map; the limit holds for all GPUs of the machine and is a parameter of the kernel module \
ttm. `amdgpu-smi set --gtt GB` prints how to change it.

Examples:
  amdgpu-smi node                  everything
  amdgpu-smi node -p --json        power and limits of the node
  amdgpu-smi node -G               limit of mapped system memory";

/// Parts of `node`; if none is chosen, all are shown.
#[derive(Debug, Args)]
#[command(next_help_heading = "Parts (default: all)", after_long_help = NODE_HELP)]
#[command(after_help = "See --help for sources and examples.")]
pub(crate) struct NodeArgs {
    /// Power of the node and of the baseboard, with their limits
    #[arg(short, long)]
    pub(crate) power_management: bool,
    /// Temperatures of the baseboard
    #[arg(short, long)]
    pub(crate) base_board_temps: bool,
    /// Limit of system memory that GPUs may map (GTT)
    #[arg(short = 'G', long)]
    pub(crate) gtt: bool,
    /// Type of the compute tray
    #[arg(short = 'T', long)]
    pub(crate) tray: bool,
}

pub(crate) fn run(common: &Common, args: &NodeArgs) -> Result<(), Failure> {
    let (smi, gpus) = answer::find(common, AmdRoot::Array, None)?;
    let all = !(args.power_management || args.base_board_temps || args.gtt || args.tray);
    let mut parts = Section::new();
    if let Some((gpu, power)) = on_board(&gpus) {
        if all || args.power_management {
            parts.put("power_management", power_management(&power));
        }
        if all || args.base_board_temps {
            let temperatures = gpu.base_board_temperatures();
            let mut base_board = Section::new();
            base_board.put("temperature", board::temperatures(&temperatures, &board::SYSTEM));
            // AMD's command leaves out what no sensor tells.
            let forms = if temperatures.is_ok() { Forms::ALL } else { Forms::OURS };
            parts.put_in(forms, "base_board", base_board);
        }
    }
    if all || args.gtt {
        gtt(&smi.ttm_limit(), &mut parts);
    }
    if all || args.tray {
        parts.own("tray", Node::unsupported(answer::UALINK));
    }
    let format = answer::format(common);
    let parts = if format == Format::Csv(Layout::Amd) { amds_row(&parts) } else { parts };
    let mut wrapped = Section::new();
    wrapped.put("node", parts.clone());
    let sections = match format {
        Format::Text { layout: Layout::Own, .. } | Format::Csv(_) => vec![parts.clone()],
        _ => vec![wrapped],
    };
    let text = match (format, sections.first()) {
        (Format::Json, Some(section)) => alone(section),
        _ => {
            let document = Document { sections: &sections, timestamp: None, root: AmdRoot::Array };
            document.render(format, &mut Columns::default())
        }
    };
    Output::open(common)?.write(&text)?;
    answer::answered(&[parts])
}

/// AMD's columns, which have no name of their part but for GTT's.
fn amds_row(parts: &Section) -> Section {
    let mut row = Section::new();
    for (part, node) in parts.entries(Forms::AMD_JSON) {
        let Node::Section(values) = node else { continue };
        for (key, node) in values.entries(Forms::AMD_JSON) {
            match (part, node) {
                ("gtt", _) => row.put(key.replace("size", "gtt"), node.clone()),
                (_, Node::Section(sensors)) => {
                    row.append(&mut sensors.clone());
                    &mut row
                }
                _ => row.put(key, node.clone()),
            };
        }
    }
    row
}

/// Explains a change of the limit of mapped memory, or a return to the kernel's own.
///
/// GPUs take it over when the driver is loaded, so a file for the next boot has to be written, which belongs to the
/// system's configuration and not to a GPU.
pub(crate) fn how_to_limit(common: &Common, gigabytes: Option<f64>) -> Result<String, Failure> {
    let smi = machine::scan(common)?;
    let module = smi.ttm_limit().module;
    let file = format!("/etc/modprobe.d/{module}.conf");
    let then = "then rebuild the initramfs (dracut -f, update-initramfs -u or mkinitcpio -P) and reboot";
    let Some(gigabytes) = gigabytes else {
        return Ok(format!(
            "the limit of mapped memory (GTT) is set at boot: remove pages_limit from {file}, {then}"
        ));
    };
    let pages = (gigabytes * f64::from(1u32 << 30) / smi.backend().host().page_size as f64) as u64;
    let line = format!("options {module} pages_limit={pages}");
    Ok(format!("the limit of mapped memory (GTT) is set at boot: write `{line}` to {file}, {then}"))
}

/// The first GPU whose board tells anything, else the first GPU.
fn on_board(gpus: &[Gpu]) -> Option<(&Gpu, NodePower)> {
    let tells = |(_, power): &(&Gpu, NodePower)| {
        power.node_power.is_ok() || power.ubb_power.is_ok() || power.node_power_limit.is_ok()
    };
    let mut found = gpus.iter().map(|gpu| (gpu, gpu.node_power()));
    let first = found.next()?;
    if tells(&first) { Some(first) } else { Some(found.find(tells).unwrap_or(first)) }
}

/// AMD's three values, then the others.
fn power_management(power: &NodePower) -> Section {
    let mut section = Section::new();
    section
        .put("limit", Node::reading(&power.node_power_limit))
        .put("status", Node::reading_as(&power.managed, |managed| board::management(*managed)))
        .put("threshold", Node::reading(&power.ubb_power_limit))
        .own("limit_max", Node::reading(&power.node_power_limit_max))
        .own("node_power", Node::reading(&power.node_power))
        .own("ubb_power", Node::reading(&power.ubb_power))
        .own("ppt_residency", Node::reading(&power.ppt_residency));
    section
}

/// AMD counts in units of 2^30 bytes.
fn gtt(limit: &TtmLimit, parts: &mut Section) {
    let size = Node::reading_as(&limit.size, |size| Number::rounded(size.gibibytes(), 2));
    let mut gtt = Section::new();
    gtt.put_in(Forms::ALL.but(Forms::OWN_TEXT), "size_gb", size)
        .put_in(Forms::OWN_TEXT, "size", Node::reading(&limit.size))
        .put_in(Forms::ALL, "size_pages", Node::reading(&limit.pages));
    let forms = if limit.pages.is_ok() { Forms::ALL } else { Forms::OURS };
    parts.put_in(forms, "gtt", gtt);
}
