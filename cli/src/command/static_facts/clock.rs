//! The levels of each clock.

use amdgpu_smi::Gpu;
use amdgpu_smi::gpu::ClockDomain;
use amdgpu_smi::gpu::{DpmIndex, DpmTable};

use super::args::ClockName;
use crate::answer;
use crate::report::{Forms, Node, Section};

const CLOCKS: [(ClockName, &str, ClockDomain); 9] = [
    (ClockName::Sys, "sys", ClockDomain::Graphics),
    (ClockName::Mem, "mem", ClockDomain::Memory),
    (ClockName::Df, "df", ClockDomain::Fabric),
    (ClockName::Soc, "soc", ClockDomain::Soc),
    (ClockName::Dcef, "dcef", ClockDomain::Display),
    (ClockName::Vclk0, "vclk0", ClockDomain::Video0),
    (ClockName::Vclk1, "vclk1", ClockDomain::Video1),
    (ClockName::Dclk0, "dclk0", ClockDomain::Decoder0),
    (ClockName::Dclk1, "dclk1", ClockDomain::Decoder1),
];

/// The clocks of these names; all if there is none, or `all` among them.
pub(super) fn clocks(gpu: &Gpu, names: &[ClockName], section: &mut Section) {
    let all = names.is_empty() || names.contains(&ClockName::All);
    let mut clocks = Section::new();
    for (name, key, domain) in CLOCKS {
        if !all && !names.contains(&name) {
            continue;
        }
        match gpu.clock_levels(domain) {
            Ok(table) => {
                let but_amd = Forms::ALL.but(Forms::AMD_JSON);
                clocks.put_in(but_amd, key, levels(&table)).put_in(Forms::AMD_JSON, key, as_amd(&table));
            }
            Err(error) => {
                clocks.put(key, Node::from(&error));
            }
        }
    }
    answer::scope(gpu, &mut clocks);
    section.put("clock", clocks);
}

/// The levels by the numbers that the driver gives them.
fn levels(table: &DpmTable) -> Section {
    let (mut frequencies, mut section) = (Section::new(), Section::new());
    let current = match table.current().map(|level| level.index) {
        Some(DpmIndex::Level(number)) => number.into(),
        Some(DpmIndex::Sleep) => Node::absent("deep sleep", "the clock is in deep sleep, below all levels"),
        Some(DpmIndex::Between) => Node::absent("between levels", "the clock is at none of the levels"),
        None => Node::absent("not marked", "the driver marks no current level"),
    };
    section.put("current_level", current);
    let mut others = Section::new();
    for level in &table.levels {
        match level.index {
            DpmIndex::Level(number) => {
                frequencies.put(format!("Level {number}"), level.frequency);
            }
            DpmIndex::Sleep => {
                others.own("deep_sleep", level.frequency);
            }
            DpmIndex::Between => {
                others.own("current_frequency", level.frequency);
            }
        }
    }
    section.put("frequency_levels", frequencies);
    for (key, node) in others.entries(Forms::JSON) {
        section.own(key, node.clone());
    }
    section
}

/// As AMD's JSON has it: lines counted from 0, deep sleep among them, and frequencies as text.
fn as_amd(table: &DpmTable) -> Section {
    let current = table.levels.iter().rposition(|level| level.current);
    let mut frequencies = Section::new();
    for (position, level) in table.levels.iter().enumerate() {
        let mut quantity = Section::new();
        quantity.put("value", level.frequency.0.to_string()).put("unit", "MHz");
        frequencies.put(format!("Level {position}"), quantity);
    }
    let mut section = Section::new();
    let unmarked = || Node::absent("not marked", "the driver marks no current level");
    section
        .put("current_level", current.map_or_else(unmarked, Node::from))
        .put("frequency_levels", frequencies);
    section
}
