//! `static`: what a GPU is, a section for each option.

mod args;
mod bus;
mod chip;
mod clock;
mod limit;
mod memory;
mod numa;
mod policy;
mod ras;

pub(crate) use args::StaticArgs;
pub(crate) use numa::ranges;
pub(crate) use ras::section as ras_section;

use amdgpu_smi::Gpu;

use self::args::ClockName;
use crate::answer;
use crate::args::Common;
use crate::failure::Failure;
use crate::render::AmdRoot;
use crate::report::Section;

pub(crate) fn run(common: &Common, args: &StaticArgs) -> Result<(), Failure> {
    answer::answer(common, AmdRoot::GpuData, |gpu| vec![report(gpu, args)])
}

/// What adds a section.
type Add = fn(&Gpu, &mut Section);

fn report(gpu: &Gpu, args: &StaticArgs) -> Section {
    let all = !any(args);
    // In AMD's order.
    let sections: [(bool, Add); 16] = [
        (all || args.asic, |gpu, section| _ = section.put("asic", chip::asic(gpu))),
        (all || args.bus, |gpu, section| _ = section.put("bus", bus::bus(gpu))),
        (all || args.ifwi, |gpu, section| _ = section.put("ifwi", chip::ifwi(gpu))),
        (all || args.limit, |gpu, section| _ = section.put("limit", limit::limit(gpu))),
        (all || args.driver, |gpu, section| _ = section.put("driver", chip::driver(gpu))),
        (all || args.board, |gpu, section| _ = section.put("board", chip::board(gpu))),
        (all || args.ras, |gpu, section| _ = section.put("ras", ras::ras(gpu))),
        (args.partition, |gpu, section| _ = section.put("partition", policy::partition(gpu))),
        (all || args.soc_pstate, |gpu, section| _ = section.put("soc_pstate", policy::soc_pstate(gpu))),
        (all || args.xgmi_plpd, |gpu, section| _ = section.put("xgmi_plpd", policy::xgmi_plpd(gpu))),
        (all || args.profile, |gpu, section| _ = section.put("profile", policy::profile(gpu))),
        (all || args.process_isolation, policy::process_isolation),
        (all || args.numa, |gpu, section| _ = section.put("numa", numa::numa(gpu))),
        (all || args.vram, |gpu, section| _ = section.put("vram", memory::vram(gpu))),
        (all || args.cache, memory::caches),
        (all, |_, section| _ = section.put("mem_carveout", answer::not_built())),
    ];
    let mut section = Section::new();
    section.put("gpu", gpu.index());
    for (_, add) in sections.into_iter().filter(|(wanted, _)| *wanted) {
        add(gpu, &mut section);
    }
    match &args.clock {
        Some(names) => clock::clocks(gpu, names, &mut section),
        None if all => clock::clocks(gpu, &[ClockName::All], &mut section),
        None => {}
    }
    section
}

/// Whether any section is asked for.
fn any(args: &StaticArgs) -> bool {
    let flags = [
        args.asic,
        args.bus,
        args.ifwi,
        args.driver,
        args.vram,
        args.cache,
        args.board,
        args.process_isolation,
        args.ras,
        args.clock.is_some(),
        args.partition,
        args.limit,
        args.soc_pstate,
        args.xgmi_plpd,
        args.profile,
        args.numa,
    ];
    flags.contains(&true)
}
