//! Clocks: the one that each part runs at, and the range of its levels.

use amdgpu_smi::Result;
use amdgpu_smi::gpu::{ClockDomain, Frequency};
use amdgpu_smi::parse::dpm::{DpmIndex, DpmTable};

use crate::answer::scope;
use crate::report::{Forms, Node, Section};
use crate::sections::clock::{CLOCKS, running, slot};
use crate::sections::metrics_table::MetricsTable;
use crate::view::View;

pub(super) fn clock(gpu: &View<'_>, table: &MetricsTable<'_>) -> Node {
    let frequencies = gpu.frequencies();
    let levels: Vec<_> = ClockDomain::ALL.map(|domain| (domain, gpu.clock_levels(domain))).into();
    let of = |wanted| levels.iter().find(|(domain, _)| *domain == wanted).map(|(_, table)| table);
    let mut section = Section::new();
    for (key, domain, slot) in CLOCKS {
        let Some(own) = of(domain) else { continue };
        let now = match table.of(|metrics| slot(&metrics.clocks)) {
            absent @ Node::Absent(_) if is_first(key, domain) && own.is_ok() => {
                let running = running(own, domain, &frequencies);
                if running.why_absent().is_some() { absent } else { running }
            }
            now => now,
        };
        let there = now.why_absent().is_none();
        // The second die's clock has the levels of the first's.
        let levels = match domain {
            ClockDomain::Video1 if own.is_err() && there => of(ClockDomain::Video0).unwrap_or(own),
            ClockDomain::Decoder1 if own.is_err() && there => of(ClockDomain::Decoder0).unwrap_or(own),
            _ => own,
        };
        // People see the clocks that there are, and why those of shader and memory are missing.
        let basic = matches!(key, "gfx_0" | "mem_0");
        let forms = if basic || there { Forms::ALL } else { Forms::ALL.but(Forms::TEXT) };
        let locked = if domain == ClockDomain::Graphics { locked(key, there, table) } else { not_locked() };
        let node = if there || is_first(key, domain) { one(now, levels, locked) } else { none(&now) };
        section.put_in(forms, key, node);
    }
    dies(table, &mut section);
    if let Some(display) = of(ClockDomain::Display) {
        let forms = if display.is_ok() { Forms::OURS } else { Forms::OURS.but(Forms::TEXT) };
        section.put_in(
            forms,
            "dcefclk_0",
            one(running(display, ClockDomain::Display, &frequencies), display, not_locked()),
        );
    }
    measured(&frequencies, &mut section);
    scope(gpu, &mut section);
    section.into()
}

/// Whether the domain's levels are those of this clock, and not of one among several dies.
fn is_first(key: &str, domain: ClockDomain) -> bool {
    key.ends_with("_0") || matches!(domain, ClockDomain::Video1 | ClockDomain::Decoder1)
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
        mids.put(format!("mid_{index}"), Node::unsupported("no table tells a middle die's clock"));
    }
    let but_text = Forms::ALL.but(Forms::TEXT);
    section.put_in(but_text, "uclk_aid", aids).put_in(but_text, "socclks_mid", mids);
}

/// Whether a die's shader clock is locked.
fn locked(key: &str, there: bool, table: &MetricsTable<'_>) -> Node {
    let index = key.rsplit('_').next().and_then(|digits| digits.parse::<u32>().ok()).unwrap_or(0);
    table.of(|metrics| {
        let locks = metrics.clocks.gfxclk_lock_status.filter(|_| there)?;
        Some(if locks >> index & 1 != 0 { "ENABLED" } else { "DISABLED" })
    })
}

fn not_locked() -> Node {
    Node::unsupported("the driver tells it of shader clocks only")
}

/// A clock and its levels.
fn one(now: Node, table: &Result<DpmTable>, locked: Node) -> Section {
    let range = |of: fn((Node, Node)) -> Node| match table {
        Ok(table) => match table.range() {
            Some((low, high)) => of((low.into(), high.into())),
            None => Node::unsupported("the table has no level"),
        },
        Err(error) => Node::from(error),
    };
    let sleep = table.as_ref().map(|table| {
        let sleeps = table.levels.iter().any(|level| level.index == DpmIndex::Sleep);
        if sleeps { "ENABLED" } else { "DISABLED" }
    });
    let level = match table.as_ref().map(DpmTable::current) {
        Ok(Some(level)) => match level.index {
            DpmIndex::Level(number) => number.into(),
            DpmIndex::Sleep => Node::absent("deep sleep", "the clock sleeps, below all levels"),
            DpmIndex::Between => Node::absent("between levels", "the clock is at none of the levels"),
        },
        Ok(None) => Node::absent("not marked", "the driver marks no level"),
        Err(error) => Node::from(error),
    };
    let mut section = Section::new();
    section
        .put("clk", now)
        .put("min_clk", range(|(low, _)| low))
        .put("max_clk", range(|(_, high)| high))
        .put_in(if_known(&locked, Forms::ALL), "clk_locked", locked)
        .put("deep_sleep", Node::of(sleep.map_err(Clone::clone)))
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
                measured.own(label, Node::field(frequency.current, &frequency.reasons, "current"));
            }
            section.own(KEY, measured);
        }
        Err(error) => {
            section.own(KEY, Node::from(error));
        }
    }
}
