//! The PCI address, and what the link can do.

use amdgpu_smi::Gpu;
use amdgpu_smi::gpu::PcieLevel;

use crate::answer;
use crate::report::{Forms, Node, Section};

pub(super) fn bus(gpu: &Gpu) -> Node {
    let info = gpu.pcie_info();
    let generation = info.speed_max.as_ref().ok().and_then(|speed| speed.pcie_generation());
    let mut section = Section::new();
    section
        .put("bdf", gpu.bdf().to_string())
        .put("max_pcie_width", Node::reading(&info.width_max))
        .put("max_pcie_speed", Node::reading(&info.speed_max));
    levels(gpu, &mut section);
    section
        .put(
            "pcie_interface_version",
            match generation {
                Some(generation) => format!("Gen {generation}").into(),
                None => Node::reading(&info.speed_max),
            },
        )
        .put("slot_type", Node::reading_as(&info.slot_type, |word| word.to_uppercase()))
        .own("package", gpu.ids().package.to_string());
    answer::scope(gpu, &mut section);
    section.into()
}

/// The levels between which the driver chooses: for AMD a pair of words by the level's position.
fn levels(gpu: &Gpu, section: &mut Section) {
    const KEY: &str = "pcie_levels";
    let levels = match gpu.pcie_levels() {
        Ok(table) if table.levels.is_empty() => {
            section.put(KEY, Node::unsupported("pp_dpm_pcie lists no level"));
            return;
        }
        Ok(table) => table.value.levels,
        Err(error) => {
            section.put(KEY, Node::from(&error));
            return;
        }
    };
    let (mut words, mut text, mut own) = (Section::new(), Section::new(), Section::new());
    for (position, level) in levels.iter().enumerate() {
        let speed = level.speed.map_or("N/A".into(), |speed| format!("{:?} GT/s", speed.gigatransfers()));
        let width = level.width.map_or("N/A".into(), |width| width.to_string());
        text.put(position.to_string(), format!("({speed}, {width})"));
        own.put(format!("level {position}"), format!("{speed} x{width}"));
        words.put(position.to_string(), Node::words([speed, width]));
    }
    section
        .put_in(Forms::JSON, KEY, Node::List(levels.iter().map(level).collect()))
        .put_in(Forms::AMD_JSON, KEY, words)
        .put_in(Forms::AMD_TEXT.and(Forms::CSV), KEY, text)
        .put_in(Forms::OWN_TEXT, KEY, own);
}

fn level(level: &PcieLevel) -> Node {
    let unknown = || Node::unsupported("the driver leaves it blank");
    let mut section = Section::new();
    section
        .put("level", level.index)
        .put("speed", level.speed.map_or_else(unknown, Node::from))
        .put("width", level.width.map_or_else(unknown, Node::from))
        .put("clock", level.clock.map_or_else(unknown, Node::from))
        .put("current", level.current);
    section.into()
}
