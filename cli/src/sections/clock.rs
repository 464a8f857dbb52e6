//! The clock that a part runs at, from whichever file tells it.

use amdgpu_smi::Result;
use amdgpu_smi::gpu::{ClockDomain, Frequency};
use amdgpu_smi::parse::dpm::DpmTable;
use amdgpu_smi::parse::metrics::Clocks;
use amdgpu_smi::unit::MegaHertz;

use super::metrics_table::MetricsTable;
use crate::report::Node;
use crate::view::View;

/// AMD's keys, in its order; whose levels each has, and where the table has its clock.
pub(crate) const CLOCKS: [(&str, ClockDomain, Slot); 19] = [
    ("gfx_0", ClockDomain::Graphics, |clocks| slot(&clocks.current_gfxclk, 0)),
    ("gfx_1", ClockDomain::Graphics, |clocks| slot(&clocks.current_gfxclk, 1)),
    ("gfx_2", ClockDomain::Graphics, |clocks| slot(&clocks.current_gfxclk, 2)),
    ("gfx_3", ClockDomain::Graphics, |clocks| slot(&clocks.current_gfxclk, 3)),
    ("gfx_4", ClockDomain::Graphics, |clocks| slot(&clocks.current_gfxclk, 4)),
    ("gfx_5", ClockDomain::Graphics, |clocks| slot(&clocks.current_gfxclk, 5)),
    ("gfx_6", ClockDomain::Graphics, |clocks| slot(&clocks.current_gfxclk, 6)),
    ("gfx_7", ClockDomain::Graphics, |clocks| slot(&clocks.current_gfxclk, 7)),
    ("mem_0", ClockDomain::Memory, |clocks| slot(&clocks.current_uclk, 0)),
    ("vclk_0", ClockDomain::Video0, |clocks| slot(&clocks.current_vclk0, 0)),
    // The second die's, or the second engine's on GPUs of one die.
    ("vclk_1", ClockDomain::Video1, |clocks| slot(&clocks.current_vclk0, 1).or(clocks.current_vclk1)),
    ("vclk_2", ClockDomain::Video0, |clocks| slot(&clocks.current_vclk0, 2)),
    ("vclk_3", ClockDomain::Video0, |clocks| slot(&clocks.current_vclk0, 3)),
    ("dclk_0", ClockDomain::Decoder0, |clocks| slot(&clocks.current_dclk0, 0)),
    ("dclk_1", ClockDomain::Decoder1, |clocks| slot(&clocks.current_dclk0, 1).or(clocks.current_dclk1)),
    ("dclk_2", ClockDomain::Decoder0, |clocks| slot(&clocks.current_dclk0, 2)),
    ("dclk_3", ClockDomain::Decoder0, |clocks| slot(&clocks.current_dclk0, 3)),
    ("fclk_0", ClockDomain::Fabric, |clocks| clocks.current_fclk),
    ("socclk_0", ClockDomain::Soc, |clocks| slot(&clocks.current_socclk, 0)),
];

pub(crate) type Slot = fn(&Clocks) -> Option<MegaHertz>;

pub(crate) fn slot(slots: &[Option<MegaHertz>], index: usize) -> Option<MegaHertz> {
    slots.get(index).copied().flatten()
}

/// Megahertz at which a domain runs: what the table says, else the level that is marked, else what hwmon measures.
pub(crate) fn current(gpu: &View<'_>, table: &MetricsTable<'_>, domain: ClockDomain) -> Node {
    let in_table = CLOCKS.iter().find(|(_, of, _)| *of == domain);
    let now = in_table.map(|(_, _, slot)| table.of(|metrics| slot(&metrics.clocks)));
    match now {
        Some(now) if now.why_absent().is_none() => now,
        _ => running(&gpu.clock_levels(domain), domain, &gpu.frequencies()),
    }
}

/// The frequency of the level that is marked, or what hwmon measures where none is.
pub(crate) fn running(
    table: &Result<DpmTable>,
    domain: ClockDomain,
    frequencies: &Result<Vec<Frequency>>,
) -> Node {
    let marked = table.as_ref().ok().and_then(DpmTable::current);
    if let Some(level) = marked {
        return level.frequency.into();
    }
    let label = match domain {
        ClockDomain::Graphics => Some("sclk"),
        ClockDomain::Memory => Some("mclk"),
        _ => None,
    };
    let measured = label.and_then(|label| {
        let found = frequencies.as_ref().ok()?.iter().find(|found| found.label.as_deref() == Some(label));
        found?.current
    });
    match (measured, table) {
        (Some(frequency), _) => frequency.into(),
        (None, Ok(_)) => Node::absent("not marked", "the driver marks no level"),
        (None, Err(error)) => Node::from(error),
    }
}
