//! Causes of throttling: how often the firmware saw them, and the percentage of the last interval.

use amdgpu_smi::derived::{EngineRates, MetricsRates, ThrottleShares};
use amdgpu_smi::metrics::{EngineMetrics, EngineScope, Metrics, ThrottleReasons, ThrottleResidency};

use super::metrics_table::{MetricsTable, lacking};
use crate::report::{Forms, Node, Number, Section};
use crate::view::View;

/// A reason to throttle: AMD's name, and where it is counted.
pub(crate) struct Cause {
    pub(crate) name: &'static str,
    counted: Counted,
}

/// The counted unit: the socket, or each compute die.
#[derive(Clone, Copy)]
enum Counted {
    Socket(fn(&ThrottleResidency) -> Option<u64>, fn(&ThrottleShares) -> Option<f64>),
    Dies(fn(&EngineMetrics) -> &[Option<u64>], fn(&EngineRates) -> &[Option<f64>]),
}

/// The causes that AMD counts, in AMD's order.
pub(crate) const CAUSES: [Cause; 10] = [
    socket("prochot", |counts| counts.prochot, |shares| shares.prochot),
    socket("ppt", |counts| counts.ppt, |shares| shares.ppt),
    socket("socket_thermal", |counts| counts.socket_thm, |shares| shares.socket_thm),
    socket("vr_thermal", |counts| counts.vr_thm, |shares| shares.vr_thm),
    socket("hbm_thermal", |counts| counts.hbm_thm, |shares| shares.hbm_thm),
    dies(
        "gfx_clk_below_host_limit",
        |counts| &counts.gfx_below_host_limit_acc,
        |rates| &rates.gfx_below_host_limit,
    ),
    dies(
        "gfx_clk_below_host_limit_power",
        |counts| &counts.gfx_below_host_limit_ppt_acc,
        |rates| &rates.gfx_below_host_limit_ppt,
    ),
    dies(
        "gfx_clk_below_host_limit_thermal",
        |counts| &counts.gfx_below_host_limit_thm_acc,
        |rates| &rates.gfx_below_host_limit_thm,
    ),
    dies(
        "total_gfx_clk_below_host_limit",
        |counts| &counts.gfx_below_host_limit_total_acc,
        |rates| &rates.gfx_below_host_limit_total,
    ),
    dies("low_utilization", |counts| &counts.gfx_low_utilization_acc, |rates| &rates.gfx_low_utilization),
];

const fn socket(
    name: &'static str,
    count: fn(&ThrottleResidency) -> Option<u64>,
    share: fn(&ThrottleShares) -> Option<f64>,
) -> Cause {
    Cause { name, counted: Counted::Socket(count, share) }
}

const fn dies(
    name: &'static str,
    count: fn(&EngineMetrics) -> &[Option<u64>],
    share: fn(&EngineRates) -> &[Option<f64>],
) -> Cause {
    Cause { name, counted: Counted::Dies(count, share) }
}

/// The printed form of a percentage.
#[derive(Clone, Copy)]
pub(crate) enum Figure {
    /// As a percentage.
    Percent,
    /// As AMD's words for active or not.
    Status,
    /// As a boolean: any throttling.
    Flag,
}

impl Figure {
    /// `whole`: as AMD's command, which rounds down first (`amdsmi_get_violation_status`).
    fn node(self, share: f64, whole: bool) -> Node {
        let share = if whole { share.floor() } else { (share * 100.0).round() / 100.0 };
        match self {
            Figure::Percent if share.fract() == 0.0 => Node::quantity(share as i64, "%"),
            Figure::Percent => Node::quantity(Number::Fraction(share), "%"),
            Figure::Status => Node::from(if share > 0.0 { "ACTIVE" } else { "NOT ACTIVE" }),
            Figure::Flag => Node::from(share > 0.0),
        }
    }
}

impl Cause {
    /// Returns `true` if AMD prints only the GPU's first die, as one number.
    pub(crate) fn is_first_die(&self) -> bool {
        self.name == "gfx_clk_below_host_limit"
    }

    /// The number of firmware samples with this cause.
    pub(crate) fn count(&self, table: &MetricsTable<'_>) -> Node {
        match self.counted {
            Counted::Socket(count, _) => table.of(|metrics| count(&metrics.throttle.residency)),
            Counted::Dies(count, _) => table.partitions(count),
        }
    }

    /// In which share of the last interval it was seen.
    pub(crate) fn share(
        &self,
        table: &MetricsTable<'_>,
        rates: Option<&MetricsRates>,
        figure: Figure,
        whole: bool,
    ) -> Node {
        let count = self.count(table);
        if count.why_absent().is_some() {
            return count;
        }
        let Some(rates) = rates else {
            return Node::absent("one reading", "a share of time needs two readings of the table");
        };
        let node = |share| figure.node(share, whole);
        match self.counted {
            Counted::Socket(_, share) => share(&rates.throttle).map_or_else(not_counting, node),
            Counted::Dies(counts, shares) => {
                let of_table =
                    |metrics: &Metrics| Some(Node::from(dies_shares(metrics, counts, shares, rates, node)));
                table.of(of_table)
            }
        }
    }
}

/// The shares of each partition's dies; of a die that has no counter, that.
fn dies_shares(
    metrics: &Metrics,
    counts: fn(&EngineMetrics) -> &[Option<u64>],
    shares: fn(&EngineRates) -> &[Option<f64>],
    rates: &MetricsRates,
    node: impl Fn(f64) -> Node,
) -> Section {
    let mut section = Section::new();
    for engine in &metrics.engines {
        let EngineScope::Xcp(index) = engine.scope else { continue };
        let shares = rates.engines.iter().find(|rates| rates.scope == engine.scope).map_or(&[][..], shares);
        let mut shares = shares.iter().copied();
        let dies = counts(engine).iter().map(|count| match (count, shares.next().flatten()) {
            (_, Some(share)) => node(share),
            (Some(_), None) => not_counting(),
            (None, None) => lacking(metrics),
        });
        section.put(format!("xcp_{index}"), Node::List(dies.collect()));
    }
    section
}

/// As for a table that is a file of a recording: it never changes.
fn not_counting() -> Node {
    Node::absent(
        "not counting",
        "the firmware's counters did not go on between the two readings, or started anew",
    )
}

/// A figure of dies as that of the GPU's own, or its partition's; others as they are.
pub(crate) fn own_dies(gpu: &View<'_>, figure: &Node) -> Node {
    let Node::Section(partitions) = figure else { return figure.clone() };
    let own = partitions.get(Forms::JSON, &format!("xcp_{}", gpu.gpu().ids().partition.unwrap_or(0)));
    own.cloned().unwrap_or_else(|| Node::unsupported("the table does not tell it of this partition"))
}

pub(crate) fn first_die(gpu: &View<'_>, figure: &Node) -> Node {
    match own_dies(gpu, figure) {
        Node::List(dies) => {
            dies.into_iter().next().unwrap_or_else(|| Node::unsupported("there is no such die"))
        }
        other => other,
    }
}

/// The reasons in a few words: `power, hotspot`; `no` without any.
pub(crate) fn in_words(reasons: ThrottleReasons) -> String {
    use ThrottleReasons as Reason;
    const WORDS: [(Reason, &str); 10] = [
        (
            Reason::PPT0
                .union(Reason::PPT1)
                .union(Reason::PPT2)
                .union(Reason::PPT3)
                .union(Reason::SPL)
                .union(Reason::FPPT)
                .union(Reason::SPPT)
                .union(Reason::SPPT_APU)
                .union(Reason::PPM),
            "power",
        ),
        (
            Reason::TDC_GFX
                .union(Reason::TDC_SOC)
                .union(Reason::TDC_MEM)
                .union(Reason::TDC_VDD)
                .union(Reason::TDC_CVIP)
                .union(Reason::EDC_CPU)
                .union(Reason::EDC_GFX),
            "current",
        ),
        (Reason::TEMP_HOTSPOT, "hotspot"),
        (Reason::TEMP_MEM, "memory heat"),
        (Reason::TEMP_CORE.union(Reason::PROCHOT_CPU), "CPU heat"),
        (
            Reason::TEMP_GPU.union(Reason::TEMP_EDGE).union(Reason::TEMP_SOC).union(Reason::PROCHOT_GFX),
            "GPU heat",
        ),
        (
            Reason::TEMP_VR_GFX
                .union(Reason::TEMP_VR_SOC)
                .union(Reason::TEMP_VR_MEM0)
                .union(Reason::TEMP_VR_MEM1)
                .union(Reason::VRHOT0)
                .union(Reason::VRHOT1),
            "regulator heat",
        ),
        (Reason::TEMP_LIQUID0.union(Reason::TEMP_LIQUID1), "coolant heat"),
        (Reason::APCC, "supply drop"),
        (Reason::FIT, "reliability"),
    ];
    let mut rest = reasons;
    let mut words = Vec::new();
    for (kind, word) in WORDS {
        if reasons.intersects(kind) {
            words.push(word);
            rest -= kind;
        }
    }
    match (words.is_empty(), rest.is_empty()) {
        (true, true) => "no".into(),
        (_, true) => words.join(", "),
        (_, false) => {
            words.push("other");
            words.join(", ")
        }
    }
}
