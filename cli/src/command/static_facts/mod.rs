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
mod summary;

pub(crate) use args::StaticArgs;

use amdgpu_smi::Gpu;

use self::args::ClockName;
use crate::answer;
use crate::args::Common;
use crate::cpu;
use crate::failure::Failure;
use crate::render::{AmdRoot, people};
use crate::report::{Forms, Section};

pub(crate) fn run(common: &Common, args: &StaticArgs) -> Result<(), Failure> {
    if args.smu || args.interface_ver || args.cpu.sockets().is_some() {
        return cpu::static_facts(common, &args.cpu, args.smu, args.interface_ver);
    }
    answer::answer(common, AmdRoot::GpuData, |gpu| vec![report(gpu, args)])
}

/// Adds a section.
type AddFacts = fn(&Gpu, &mut Section);

fn report(gpu: &Gpu, args: &StaticArgs) -> Section {
    // In AMD's order: whether each is asked for, whether it is part of the default, and what adds it.
    let sections: [(bool, bool, AddFacts); 16] = [
        (args.asic, true, |gpu, section| _ = section.put("asic", chip::asic(gpu))),
        (args.bus, true, |gpu, section| _ = section.put("bus", bus::bus(gpu))),
        (args.ifwi, true, |gpu, section| _ = section.put("ifwi", chip::ifwi(gpu))),
        (args.limit, true, |gpu, section| _ = section.put("limit", limit::limit(gpu))),
        (args.driver, true, |gpu, section| _ = section.put("driver", chip::driver(gpu))),
        (args.board, true, |gpu, section| _ = section.put("board", chip::board(gpu))),
        (args.ras, true, |gpu, section| _ = section.put("ras", ras::ras(gpu))),
        (args.partition, false, |gpu, section| _ = section.put("partition", policy::partition(gpu))),
        (args.soc_pstate, true, |gpu, section| _ = section.put("soc_pstate", policy::soc_pstate(gpu))),
        (args.xgmi_plpd, true, |gpu, section| _ = section.put("xgmi_plpd", policy::xgmi_plpd(gpu))),
        (args.profile, true, |gpu, section| _ = section.put("profile", policy::profile(gpu))),
        (args.process_isolation, true, policy::process_isolation),
        (args.numa, true, |gpu, section| _ = section.put("numa", numa::numa(gpu))),
        (args.vram, true, |gpu, section| _ = section.put("vram", memory::vram(gpu))),
        (args.cache, true, memory::caches),
        (args.mem_carveout, true, memory::carveout),
    ];
    let all = args.clock.is_none() && !sections.iter().any(|(asked, ..)| *asked);
    let mut section = Section::new();
    for (_, _, add) in sections.into_iter().filter(|(asked, default, _)| *asked || all && *default) {
        add(gpu, &mut section);
    }
    match &args.clock {
        Some(names) => clock::clocks(gpu, names, &mut section),
        None if all => clock::clocks(gpu, &[ClockName::All], &mut section),
        None => {}
    }
    let mut whole = Section::new();
    whole.put("gpu", gpu.index()).put_in(Forms::OWN_TEXT, people::HEADING, answer::heading(gpu));
    if all {
        whole.put_in(Forms::OWN_TEXT, people::SUMMARY, summary::summary(&section));
    }
    whole.append(&mut section);
    whole
}
