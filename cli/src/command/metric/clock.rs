//! Clocks: the one that each part runs at, and the range of its levels.

use amdgpu_smi::gpu::{ClockDomain, Frequency};
use amdgpu_smi::parse::dpm::{DpmIndex, DpmTable};
use amdgpu_smi::{Gpu, Result};

use crate::command::{not_built, scope};
use crate::report::{Forms, Node, Section};

/// AMD's keys, in its order, and whose clock each is. What has no domain stands in gpu_metrics only.
const CLOCKS: [(&str, Option<ClockDomain>); 19] = [
    ("gfx_0", Some(ClockDomain::Graphics)),
    ("gfx_1", None),
    ("gfx_2", None),
    ("gfx_3", None),
    ("gfx_4", None),
    ("gfx_5", None),
    ("gfx_6", None),
    ("gfx_7", None),
    ("mem_0", Some(ClockDomain::Memory)),
    ("vclk_0", Some(ClockDomain::Video0)),
    ("vclk_1", Some(ClockDomain::Video1)),
    ("vclk_2", None),
    ("vclk_3", None),
    ("dclk_0", Some(ClockDomain::Decoder0)),
    ("dclk_1", Some(ClockDomain::Decoder1)),
    ("dclk_2", None),
    ("dclk_3", None),
    ("fclk_0", Some(ClockDomain::Fabric)),
    ("socclk_0", Some(ClockDomain::Soc)),
];

pub(super) fn clock(gpu: &Gpu) -> Node {
    let frequencies = gpu.frequencies();
    let mut section = Section::new();
    for (key, domain) in CLOCKS {
        // People see the clocks that there are, and why those of shader and memory are missing.
        match domain {
            Some(domain) => {
                let table = gpu.clock_levels(domain);
                let basic = matches!(domain, ClockDomain::Graphics | ClockDomain::Memory);
                let forms = if basic || table.is_ok() { Forms::ALL } else { Forms::ALL.but(Forms::TEXT) };
                section.put_in(forms, key, one(&table, domain, &frequencies));
            }
            None => {
                section.put_in(Forms::ALL.but(Forms::TEXT), key, none(&not_built()));
            }
        }
    }
    for (key, part) in [("uclk_aid", "aid"), ("socclks_mid", "mid")] {
        let mut parts = Section::new();
        for index in 0..2 {
            parts.put(format!("{part}_{index}"), not_built());
        }
        section.put_in(Forms::ALL.but(Forms::TEXT), key, parts);
    }
    let display = gpu.clock_levels(ClockDomain::Display);
    let forms = if display.is_ok() { Forms::OURS } else { Forms::OURS.but(Forms::TEXT) };
    section.put_in(forms, "dcefclk_0", one(&display, ClockDomain::Display, &frequencies));
    measured(&frequencies, &mut section);
    scope(gpu, &mut section);
    section.into()
}

/// Megahertz at which a domain runs: of the level that is marked, or what hwmon measures where none is.
pub(crate) fn current(gpu: &Gpu, domain: ClockDomain) -> Node {
    running(&gpu.clock_levels(domain), domain, &gpu.frequencies())
}

fn running(table: &Result<DpmTable>, domain: ClockDomain, frequencies: &Result<Vec<Frequency>>) -> Node {
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

fn one(table: &Result<DpmTable>, domain: ClockDomain, frequencies: &Result<Vec<Frequency>>) -> Section {
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
        .put("clk", running(table, domain, frequencies))
        .put("min_clk", range(|(low, _)| low))
        .put("max_clk", range(|(_, high)| high))
        .put_in(Forms::ALL.but(Forms::TEXT), "clk_locked", not_built())
        .put("deep_sleep", Node::of(sleep.map_err(Clone::clone)))
        .put_in(Forms::OURS.but(Forms::TEXT), "level", level);
    section
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
