//! `metric`: how a GPU is, a section for each option.

mod clock;
mod errors;
mod fan;
mod memory;
mod overdrive;
mod pcie;
mod performance;
mod power;
mod table;
mod temperature;
mod throttle;
mod usage;

use amdgpu_smi::Gpu;

use crate::args::{Common, MetricArgs};
use crate::failure::Failure;
use crate::render::AmdRoot;
use crate::report::{Node, Section};

pub(crate) use self::clock::current as current_clock;
pub(crate) use self::errors::total as error_total;
pub(crate) use self::errors::{blocks as ecc_blocks, ecc};
pub(crate) use self::pcie::bandwidth as pcie_bandwidth;
pub(crate) use self::table::Table;
pub(crate) use self::usage::video as video_usage;

pub(crate) fn run(common: &Common, args: &MetricArgs) -> Result<(), Failure> {
    super::answer(common, AmdRoot::GpuData, Some(&args.watch), |gpu| vec![report(gpu, args)])
}

/// What adds a section.
type Add = fn(&Gpu, &Table<'_>, &mut Section);

fn report(gpu: &Gpu, args: &MetricArgs) -> Section {
    let all = !any(args);
    let link: Add = if args.pcie_bw { pcie::with_traffic } else { pcie::without_traffic };
    // Reading clears the count: only for those who ask for it by name.
    let xgmi: Add = match args.xgmi_err {
        true => |_, _, section| _ = section.put("xgmi_err", super::not_built()),
        false => |_, _, section| {
            section.put("xgmi_err", Node::absent("not asked", "reading clears it; metric -x reads it"));
        },
    };
    // In AMD's order.
    let sections: [(bool, Add); 16] = [
        (args.usage, |gpu, table, section| _ = section.put("usage", usage::usage(gpu, table))),
        (args.power, |gpu, table, section| _ = section.put("power", power::power(gpu, table))),
        (args.clock, |gpu, table, section| _ = section.put("clock", clock::clock(gpu, table))),
        (args.temperature, |gpu, table, section| {
            _ = section.put("temperature", temperature::temperature(gpu, table))
        }),
        (args.pcie || args.pcie_bw, link),
        (args.ecc, |gpu, _, section| _ = section.put("ecc", errors::ecc(gpu))),
        (args.ecc_blocks, |gpu, _, section| _ = section.put("ecc_blocks", errors::blocks(gpu))),
        (args.fan, |gpu, _, section| _ = section.put("fan", fan::fan(gpu))),
        (args.voltage_curve, |gpu, _, section| {
            _ = section.put("voltage_curve", overdrive::voltage_curve(gpu))
        }),
        (args.overdrive, overdrive::overdrive),
        (args.perf_level, performance::performance),
        (args.xgmi_err, xgmi),
        (args.voltage, |gpu, _, section| _ = section.put("voltage", power::voltage(gpu))),
        (args.energy, |gpu, table, section| _ = section.put("energy", power::energy(gpu, table))),
        (args.mem_usage, |gpu, _, section| _ = section.put("mem_usage", memory::usage(gpu))),
        (args.throttle, |gpu, table, section| _ = section.put("throttle", throttle::throttle(gpu, table))),
    ];
    let table = Table::new(gpu);
    let mut section = Section::new();
    section.put("gpu", gpu.index());
    for (_, add) in sections.into_iter().filter(|(wanted, _)| all || *wanted) {
        add(gpu, &table, &mut section);
    }
    section
}

/// Whether any section is asked for.
fn any(args: &MetricArgs) -> bool {
    let flags = [
        args.mem_usage,
        args.usage,
        args.power,
        args.clock,
        args.temperature,
        args.pcie,
        args.pcie_bw,
        args.ecc,
        args.ecc_blocks,
        args.voltage,
        args.fan,
        args.voltage_curve,
        args.overdrive,
        args.perf_level,
        args.xgmi_err,
        args.energy,
        args.throttle,
    ];
    flags.contains(&true)
}
