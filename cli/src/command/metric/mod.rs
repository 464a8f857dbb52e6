//! `metric`: how a GPU is, a section for each option.

mod args;
mod clock;
mod fan;
mod memory;
mod overdrive;
mod partition;
mod pcie;
mod performance;
mod power;
mod temperature;
mod throttle;
mod usage;
mod xgmi;

use amdgpu_smi::sample::SampleFields;

use crate::answer;
use crate::args::Common;
use crate::cpu;
use crate::failure::Failure;
use crate::fleet::Fleet;
use crate::render::{AmdRoot, Columns, Document, people};
use crate::report::{Forms, Section};
use crate::sections::metrics_table::MetricsTable;
use crate::sections::{board, errors};
use crate::view::View;

pub(crate) use self::args::MetricArgs;

pub(crate) fn run(common: &Common, args: &MetricArgs) -> Result<(), Failure> {
    const ROOT: AmdRoot = AmdRoot::GpuData;
    if args.cpu.asks() || args.sockets.names_any() || args.cores.names_any() {
        return cpu::metric(common, &args.cpu, &args.sockets, &args.cores, &args.watch);
    }
    let format = answer::format(common);
    let (_, gpus, mut output) = answer::begin_watched(common, ROOT, &args.watch)?;
    let mut fleet =
        Fleet::new(gpus, fields(args), args.throttle || asks_for_all(args), &args.watch, &args.autosuspend)?;
    let mut columns = Columns::default();
    fleet.answer(
        &args.watch,
        &mut output,
        |gpu| report(gpu, args),
        |sections, timestamp| Document { sections, timestamp, root: ROOT }.render(format, &mut columns),
    )
}

/// Adds a section.
type Add = fn(&View<'_>, &MetricsTable<'_>, &mut Section);

/// The sections in AMD's order: whether each is asked for, what a sampler reads of it, and what adds it.
///
/// A sampler does not read what few files of few GPUs have and nobody watches by the second: error counters,
/// overdrive in percent, power features, the logging of throttling, traffic. They are read beside the sample.
fn sections(args: &MetricArgs) -> [(bool, SampleFields, Add); 19] {
    use SampleFields as Fields;
    let link: Add = if args.pcie_bw { pcie::with_traffic } else { pcie::without_traffic };
    let xgmi: Add = if args.xgmi_err { xgmi::errors } else { xgmi::no_errors };
    [
        (
            args.usage,
            Fields::GFX_ACTIVITY | Fields::OTHER_ACTIVITY | Fields::METRICS,
            |gpu, table, section| _ = section.put("usage", usage::usage(gpu, table)),
        ),
        (
            args.power,
            Fields::POWER | Fields::POWER_CAP | Fields::VOLTAGES | Fields::METRICS,
            |gpu, _, section| _ = section.put("power", power::power(gpu)),
        ),
        (
            args.clock,
            Fields::CLOCKS | Fields::OTHER_CLOCKS | Fields::FREQUENCIES | Fields::METRICS,
            |gpu, table, section| _ = section.put("clock", clock::clock(gpu, table)),
        ),
        (args.temperature, Fields::TEMPERATURES | Fields::METRICS, |gpu, table, section| {
            _ = section.put("temperature", temperature::temperature(gpu, table))
        }),
        (args.pcie || args.pcie_bw, Fields::PCIE | Fields::METRICS, link),
        (args.ecc, Fields::empty(), |gpu, _, section| _ = section.put("ecc", errors::ecc(gpu.gpu()))),
        (args.ecc_blocks, Fields::empty(), |gpu, _, section| {
            _ = section.put("ecc_blocks", errors::blocks(gpu.gpu()))
        }),
        (args.fan, Fields::FANS | Fields::FAN_SETTINGS | Fields::METRICS, |gpu, _, section| {
            _ = section.put("fan", fan::fan(gpu))
        }),
        (args.voltage_curve, Fields::PERFORMANCE, |gpu, _, section| {
            _ = section.put("voltage_curve", overdrive::voltage_curve(gpu))
        }),
        (args.overdrive, Fields::PERFORMANCE, overdrive::overdrive),
        (args.perf_level, Fields::PERFORMANCE, performance::performance),
        (args.xgmi_err, Fields::empty(), xgmi),
        (args.voltage, Fields::VOLTAGES | Fields::METRICS, |gpu, _, section| {
            _ = section.put("voltage", power::voltage(gpu))
        }),
        (
            args.gpu_board,
            Fields::empty(),
            if args.gpu_board { board::gpu_board } else { board::any_gpu_board },
        ),
        (
            args.base_board,
            Fields::empty(),
            if args.base_board { board::base_board } else { board::any_base_board },
        ),
        (args.energy, Fields::METRICS | Fields::POWER, |gpu, table, section| {
            _ = section.put("energy", power::energy(gpu, table))
        }),
        (args.mem_usage, Fields::VRAM | Fields::OTHER_MEMORY, |gpu, _, section| {
            _ = section.put("mem_usage", memory::usage(gpu))
        }),
        (args.throttle, Fields::METRICS, |gpu, table, section| {
            _ = section.put("throttle", throttle::throttle(gpu, table))
        }),
        (
            args.partition,
            Fields::empty(),
            if args.partition { partition::partition } else { partition::any_partition },
        ),
    ]
}

/// Returns `true` if no section is named, which selects all of them.
fn asks_for_all(args: &MetricArgs) -> bool {
    !sections(args).iter().any(|(asked, ..)| *asked)
}

/// The fields to sample. GPU usage is always included, because it decides whether the GPU is left alone.
pub(super) fn fields(args: &MetricArgs) -> SampleFields {
    let all = asks_for_all(args);
    let asked = sections(args).into_iter().filter(|(asked, ..)| all || *asked);
    asked.fold(SampleFields::GFX_ACTIVITY, |fields, (_, more, _)| fields | more)
}

pub(super) fn report(gpu: &View<'_>, args: &MetricArgs) -> Section {
    let all = asks_for_all(args);
    let table = MetricsTable::new(gpu);
    let mut section = Section::new();
    section.put("gpu", gpu.index()).put_in(Forms::OWN_TEXT, people::HEADING, answer::heading(gpu.gpu()));
    for (_, _, add) in sections(args).into_iter().filter(|(asked, ..)| all || *asked) {
        add(gpu, &table, &mut section);
    }
    if all && let Some(others) = table.others() {
        section.own("others", others);
    }
    section
}
