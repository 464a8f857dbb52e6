//! Clocks: the one that each part runs at, and the range of its levels.

use amdgpu_smi::Result;
use amdgpu_smi::gpu::DpmIndex;
use amdgpu_smi::gpu::{ClockDomain, Frequency};
use amdgpu_smi::metrics::MetricsClocks;
use amdgpu_smi::summary::ClockSummary;
use amdgpu_smi::unit::MegaHertz;

use crate::answer::scope;
use crate::report::{Forms, Node, Section};
use crate::sections::metrics_table::MetricsTable;
use crate::view::View;

/// AMD's keys, in its order; the domain of each, and where the table has the clock of a further die.
const CLOCKS: [(&str, ClockDomain, Option<Slot>); 19] = [
    ("gfx_0", ClockDomain::Graphics, None),
    ("gfx_1", ClockDomain::Graphics, Some(|clocks| slot(&clocks.current_gfxclk, 1))),
    ("gfx_2", ClockDomain::Graphics, Some(|clocks| slot(&clocks.current_gfxclk, 2))),
    ("gfx_3", ClockDomain::Graphics, Some(|clocks| slot(&clocks.current_gfxclk, 3))),
    ("gfx_4", ClockDomain::Graphics, Some(|clocks| slot(&clocks.current_gfxclk, 4))),
    ("gfx_5", ClockDomain::Graphics, Some(|clocks| slot(&clocks.current_gfxclk, 5))),
    ("gfx_6", ClockDomain::Graphics, Some(|clocks| slot(&clocks.current_gfxclk, 6))),
    ("gfx_7", ClockDomain::Graphics, Some(|clocks| slot(&clocks.current_gfxclk, 7))),
    ("mem_0", ClockDomain::Memory, None),
    ("vclk_0", ClockDomain::Video0, None),
    ("vclk_1", ClockDomain::Video1, None),
    ("vclk_2", ClockDomain::Video0, Some(|clocks| slot(&clocks.current_vclk0, 2))),
    ("vclk_3", ClockDomain::Video0, Some(|clocks| slot(&clocks.current_vclk0, 3))),
    ("dclk_0", ClockDomain::Decoder0, None),
    ("dclk_1", ClockDomain::Decoder1, None),
    ("dclk_2", ClockDomain::Decoder0, Some(|clocks| slot(&clocks.current_dclk0, 2))),
    ("dclk_3", ClockDomain::Decoder0, Some(|clocks| slot(&clocks.current_dclk0, 3))),
    ("fclk_0", ClockDomain::Fabric, None),
    ("socclk_0", ClockDomain::Soc, None),
];

type Slot = fn(&MetricsClocks) -> Option<MegaHertz>;

fn slot(slots: &[Option<MegaHertz>], index: usize) -> Option<MegaHertz> {
    slots.get(index).copied().flatten()
}

pub(super) fn clock(gpu: &View<'_>, table: &MetricsTable<'_>) -> Node {
    let clocks: Vec<ClockSummary> = ClockDomain::ALL.map(|domain| gpu.look().clock(domain)).into();
    let of = |wanted| clocks.iter().find(|clock| clock.domain == wanted);
    let mut section = Section::new();
    for (key, domain, slot) in CLOCKS {
        let Some(own) = of(domain) else { continue };
        // The domain's own clock is the first; only the table has those of further dies.
        let now = match slot {
            Some(slot) => table.of(|metrics| slot(&metrics.clocks)),
            None => Node::reading(&own.current),
        };
        let there = now.why_absent().is_none();
        // People see the clocks that there are, and why those of shader and memory are missing.
        let basic = matches!(key, "gfx_0" | "mem_0");
        let forms = if basic || there { Forms::ALL } else { Forms::ALL.but(Forms::TEXT) };
        let locked = match domain {
            ClockDomain::Graphics if slot.is_none() => Node::reading_as(&own.locked, |locked| lock(*locked)),
            ClockDomain::Graphics => locked(key, there, table),
            _ => not_locked(),
        };
        let node = if there || slot.is_none() { one(now, own, locked) } else { none(&now) };
        section.put_in(forms, key, node);
    }
    dies(table, &mut section);
    if let Some(display) = of(ClockDomain::Display) {
        let forms = if display.levels.is_ok() { Forms::OURS } else { Forms::OURS.but(Forms::TEXT) };
        section.put_in(forms, "dcefclk_0", one(Node::reading(&display.current), display, not_locked()));
    }
    measured(&gpu.look().frequencies(), &mut section);
    scope(gpu.gpu(), &mut section);
    section.into()
}

fn lock(locked: bool) -> &'static str {
    if locked { "ENABLED" } else { "DISABLED" }
}

/// Clocks that AMD prints for each die.
fn dies(table: &MetricsTable<'_>, section: &mut Section) {
    let (mut aids, mut mids) = (Section::new(), Section::new());
    for index in 0..2 {
        // With one memory clock for all dies it is that of `mem_0`.
        let memory = table.of(|metrics| {
            let clocks = &metrics.clocks.current_uclk;
            (clocks.len() > 1).then(|| slot(clocks, index)).flatten()
        });
        aids.put(format!("aid_{index}"), memory);
        mids.put(format!("mid_{index}"), Node::unsupported("no metrics table has the clock of a middle die"));
    }
    let but_text = Forms::ALL.but(Forms::TEXT);
    section.put_in(but_text, "uclk_aid", aids).put_in(but_text, "socclks_mid", mids);
}

/// The lock of a die's shader clock.
fn locked(key: &str, there: bool, table: &MetricsTable<'_>) -> Node {
    let index = key.rsplit('_').next().and_then(|digits| digits.parse::<u32>().ok()).unwrap_or(0);
    table.of(|metrics| {
        let locks = metrics.clocks.gfxclk_lock_status.filter(|_| there)?;
        Some(lock(locks >> index & 1 != 0))
    })
}

fn not_locked() -> Node {
    Node::unsupported("the driver publishes it for shader clocks only")
}

/// A clock and its levels.
fn one(now: Node, clock: &ClockSummary, locked: Node) -> Section {
    let table = &clock.levels;
    let sleep = table.as_ref().map(|table| {
        let sleeps = table.levels.iter().any(|level| level.index == DpmIndex::Sleep);
        if sleeps { "ENABLED" } else { "DISABLED" }
    });
    let level = match table.as_ref().map(|table| table.current()) {
        Ok(Some(level)) => match level.index {
            DpmIndex::Level(number) => number.into(),
            DpmIndex::Sleep => Node::absent("deep sleep", "the clock is in deep sleep, below all levels"),
            DpmIndex::Between => Node::absent("between levels", "the clock is at none of the levels"),
        },
        Ok(None) => Node::absent("not marked", "the driver marks no current level"),
        Err(error) => Node::from(error),
    };
    let mut section = Section::new();
    section
        .put("clk", now)
        .put("min_clk", Node::reading(&clock.min))
        .put("max_clk", Node::reading(&clock.max))
        .put_in(if_known(&locked, Forms::ALL), "clk_locked", locked)
        .put("deep_sleep", sleep.map_or_else(Node::from, Node::from))
        .put_in(Forms::OURS.but(Forms::TEXT), "level", level);
    section
}

/// Text leaves out what is not known.
fn if_known(node: &Node, forms: Forms) -> Forms {
    if node.why_absent().is_some() { forms.but(Forms::TEXT) } else { forms }
}

/// A clock that nothing is known of.
fn none(absent: &Node) -> Section {
    let mut section = Section::new();
    for key in ["clk", "min_clk", "max_clk", "clk_locked", "deep_sleep"] {
        section.put(key, absent.clone());
    }
    section
}

/// The frequencies that hwmon measures, by the driver's label.
fn measured(frequencies: &Result<Vec<Frequency>>, section: &mut Section) {
    const KEY: &str = "measured";
    match frequencies {
        Ok(frequencies) => {
            let mut measured = Section::new();
            for frequency in frequencies {
                let label = frequency.label.clone().unwrap_or_else(|| format!("freq{}", frequency.channel));
                measured.own(label, Node::reading(&frequency.current));
            }
            section.own(KEY, measured);
        }
        Err(error) => {
            section.own(KEY, Node::from(error));
        }
    }
}
