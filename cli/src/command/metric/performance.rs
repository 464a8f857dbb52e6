//! The driver's clock policy: performance level, power profiles, power features.

use amdgpu_smi::gpu::Features;
use amdgpu_smi::gpu::PerformanceLevel;
use amdgpu_smi::gpu::PowerProfile;

use crate::report::{Forms, Node, Section};
use crate::sections::metrics_table::MetricsTable;
use crate::view::View;

pub(super) fn performance(gpu: &View<'_>, _: &MetricsTable<'_>, section: &mut Section) {
    const KEY: &str = "perf_level";
    match gpu.look().performance_level() {
        Ok(level) => section.put_both(KEY, level.as_str(), amds(&level)),
        Err(error) => section.put(KEY, Node::from(&error)),
    };
    let profiles = gpu.look().power_profiles();
    let list = |profiles: &Vec<PowerProfile>| Node::List(profiles.iter().map(profile).collect());
    // People read a word better than a list of sections; `static` names them all.
    let current = |profiles: &Vec<PowerProfile>| {
        let current = profiles.iter().find(|profile| profile.current);
        let unmarked = || Node::absent("not marked", "the driver marks no current profile");
        current.map_or_else(unmarked, |profile| profile.name.as_str().into())
    };
    section.own("power_profile", Node::reading_as(&profiles, current)).put_in(
        Forms::JSON,
        "power_profiles",
        Node::reading_as(&profiles, list),
    );
    section.own(
        "power_features",
        Node::of(gpu.gpu().power_features().map(|features| self::features(&features))),
    );
}

/// AMD's name of the level.
fn amds(level: &PerformanceLevel) -> String {
    let name = match level {
        PerformanceLevel::Auto => "AUTO",
        PerformanceLevel::Low => "LOW",
        PerformanceLevel::High => "HIGH",
        PerformanceLevel::Manual => "MANUAL",
        PerformanceLevel::ProfileStandard => "STABLE_STD",
        PerformanceLevel::ProfileMinSclk => "STABLE_MIN_SCLK",
        PerformanceLevel::ProfileMinMclk => "STABLE_MIN_MCLK",
        PerformanceLevel::ProfilePeak => "STABLE_PEAK",
        PerformanceLevel::PerfDeterminism => "DETERMINISM",
        _ => "UNKNOWN",
    };
    format!("AMDSMI_DEV_PERF_LEVEL_{name}")
}

fn profile(profile: &PowerProfile) -> Node {
    let mut section = Section::new();
    section.own("index", profile.index).own("name", profile.name.as_str()).own("current", profile.current);
    section.into()
}

fn features(features: &Features) -> Section {
    let names = |enabled: bool| {
        let features = features.features.iter().filter(move |feature| feature.enabled == enabled);
        Node::words(features.map(|feature| feature.name.as_str()))
    };
    let unknown = || match features.unrecognised.first() {
        Some(line) => Node::not_understood(line),
        None => Node::absent("not known", "the driver prints no mask"),
    };
    let mut section = Section::new();
    section
        .own("mask", features.mask.map_or_else(unknown, |mask| format!("{mask:#018x}").into()))
        .own("enabled", names(true))
        .own("disabled", names(false));
    section
}
