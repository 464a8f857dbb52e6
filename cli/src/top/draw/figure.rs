//! Values shown by both cards and rows, with their distance to the limit.

use std::time::Duration;

use crate::level::Level;
use crate::top::app::App;
use crate::top::model::{Measure, Package, Partition, Values};

/// Over how long a figure that jumps is averaged.
const AVERAGED: Duration = Duration::from_secs(4);

/// The state of the package, or its cause of throttling.
pub(super) fn state(package: &Package) -> (String, Level) {
    if let Some(words) = package.standing.words() {
        let level = if package.standing.is_trouble() { Level::Critical } else { Level::Fine };
        return (words, level);
    }
    if package.facts.uncorrectable.is_some_and(|errors| errors > 0) {
        return ("uncorrectable errors".into(), Level::Critical);
    }
    let throttling = package.values.throttle_words();
    match throttling.is_empty() {
        true => (String::new(), Level::Fine),
        false => (format!("throttled: {}", throttling.join(", ")), Level::High),
    }
}

/// The usage over the last seconds.
pub(super) fn busy(app: &App, package: &Package) -> Option<f64> {
    let now = package.values.busy?;
    if package.values.busy_is_mean {
        return Some(now);
    }
    let history = app.history(package.bdf)?;
    history.mean(Measure::Busy, app.shown().at, AVERAGED).or(Some(now))
}

/// A temperature beside its limit.
pub(super) fn heat_level(value: Option<f64>, limit: Option<f64>) -> Level {
    value.zip(limit).map_or(Level::Fine, |(value, limit)| Level::of_heat(value, limit))
}

/// Memory that is nearly used up.
pub(super) fn memory_level(share: Option<f64>) -> Level {
    share.map_or(Level::Fine, Level::of_memory)
}

/// `1320 RPM 41 %`.
pub(super) fn fan(values: &Values) -> Option<String> {
    match (values.fan_rpm, values.fan_percent) {
        (Some(rpm), Some(percent)) => Some(format!("{rpm:.0} RPM {percent:.0} %")),
        (Some(rpm), None) => Some(format!("{rpm:.0} RPM")),
        (None, Some(percent)) => Some(format!("{percent:.0} %")),
        (None, None) => None,
    }
}

/// `78C`, or a dash.
pub(super) fn with_unit(value: Option<f64>, unit: &str) -> String {
    value.map_or_else(|| "-".into(), |value| format!("{value:.0}{unit}"))
}

/// A temperature such as `78C!`.
pub(super) fn heat(value: Option<f64>, limit: Option<f64>) -> (String, Level) {
    let level = heat_level(value, limit);
    (format!("{}{}", with_unit(value, "C"), level.sign()), level)
}

/// The usage of all partitions, one character each.
pub(super) fn strip(app: &App, partitions: &[Partition]) -> String {
    let of = |partition: &Partition| match partition.busy {
        Some(busy) => app.settings.glyphs.level(busy / 100.0),
        None => '-',
    };
    partitions.iter().map(of).collect()
}
