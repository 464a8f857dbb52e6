//! Values shown by both cards and rows, with their distance to the limit.

use std::time::Duration;

use crate::level::Level;
use crate::top::app::App;
use crate::top::canvas::{cut, width};
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

/// The same in at most so many columns: in fewer words rather than cut.
pub(super) fn state_within(package: &Package, wide: u16) -> (String, Level) {
    let (state, level) = state(package);
    // The column's heading says so in shorter words.
    let state = state.trim_start_matches("throttled: ");
    if width(state) <= wide {
        return (state.to_owned(), level);
    }
    let causes = package.values.throttle_words();
    let forms = match package.standing.short_words() {
        Some(forms) => forms,
        None if package.facts.uncorrectable.is_some_and(|errors| errors > 0) => vec!["errors".into()],
        None => {
            let fewer = (1..=causes.len()).rev().map(|count| some_of(&causes, count, " +"));
            fewer.chain([some_of(&causes, 1, "+")]).collect()
        }
    };
    let shortest = forms.last().cloned().unwrap_or_default();
    let fitting = forms.into_iter().find(|form| width(form) <= wide);
    (fitting.unwrap_or_else(|| cut(&shortest, wide)), level)
}

/// The first causes, and the number of the others.
fn some_of(causes: &[String], count: usize, sign: &str) -> String {
    let first = causes.iter().take(count).map(String::as_str).collect::<Vec<_>>().join(", ");
    match causes.len().saturating_sub(count) {
        0 => first,
        others => format!("{first}{sign}{others}"),
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
