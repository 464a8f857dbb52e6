//! Throttling: what the firmware counted since it started, and in which share of the last interval.

use amdgpu_smi::metrics::Metrics;

use crate::answer::scope;
use crate::report::{Node, Section};
use crate::sections::metrics_table::MetricsTable;
use crate::sections::throttle::{CAUSES, Figure, first_die};
use crate::view::View;

pub(super) fn throttle(gpu: &View<'_>, table: &MetricsTable<'_>) -> Node {
    let rates = gpu.rates();
    let mut section = Section::new();
    section.put("accumulation_counter", table.of(|metrics| metrics.throttle.residency.accumulation_counter));
    for cause in &CAUSES {
        let (key, count) = (format!("{}_accumulated", cause.name), cause.count(table));
        match cause.is_first_die() {
            true => section.put_both(&key, count.clone(), first_die(gpu, &count)),
            false => section.put(key, count),
        };
    }
    for (key, figure) in [("violation_status", Figure::Status), ("violation_activity", Figure::Percent)] {
        for cause in &CAUSES {
            let of = |whole| cause.share(table, rates.as_ref(), figure, whole);
            let amds = if cause.is_first_die() { first_die(gpu, &of(true)) } else { of(true) };
            section.put_both(&format!("{}_{key}", cause.name), of(false), amds);
        }
    }
    let logging = gpu.gpu().throttling_logging().map(|logging| {
        let mut section = Section::new();
        section.own("enabled", logging.enabled).own("interval", Node::quantity(logging.interval, "s"));
        section
    });
    section.own("reasons", table.of(reasons)).own("logging", Node::of(logging));
    scope(gpu.gpu(), &mut section);
    section.into()
}

/// The current causes of throttling, by names that are the same on all GPUs.
fn reasons(metrics: &Metrics) -> Option<Node> {
    let reasons = metrics.throttle.reasons?;
    let mut names = reasons.iter_names();
    let mut words: Vec<String> = names.by_ref().map(|(name, _)| name.to_owned()).collect();
    let rest = names.remaining().bits();
    words.extend((0..u64::BITS).filter(|bit| rest >> bit & 1 != 0).map(|bit| format!("BIT_{bit}")));
    Some(Node::words(words))
}
