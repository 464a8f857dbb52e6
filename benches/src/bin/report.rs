//! Prints what criterion measured as tables of medians: `report CRITERION_FOLDER`.

#![allow(clippy::print_stdout, reason = "a program that prints")]

use std::path::Path;

/// Benchmarks that criterion measured one after the other; for ratios see `pairs`.
const NAMES: [&str; 13] = [
    "monitor/ours",
    "monitor/pread",
    "monitor/amdgpu-sysfs",
    "everything/ours",
    "everything/pread",
    "everything/amdgpu-sysfs",
    "gpu_metrics/ours",
    "gpu_metrics/handle",
    "gpu_metrics/openat-read-close",
    "gpu_metrics/the-same-and-status",
    "discovery/1",
    "discovery/8",
    "discovery/64",
];
const VERSIONS: [&str; 16] = [
    "v1_0", "v1_1", "v1_2", "v1_3", "v1_4", "v1_5", "v1_6", "v1_7", "v1_8", "v1_9", "v2_0", "v2_1", "v2_2",
    "v2_3", "v2_4", "v3_0",
];

fn main() {
    let folder = std::env::args().nth(1).unwrap_or_default();
    let folder = Path::new(&folder);
    println!("| by criterion | median |");
    println!("|---|---|");
    for name in NAMES {
        println!("| {name} | {} |", median(folder, name).map_or("-".into(), time));
    }
    println!("\n| table | into the kept view | into a new view | field by field | pread of it |");
    println!("|---|---|---|---|---|");
    for version in VERSIONS {
        let of = |kind: &str| median(folder, &format!("decode-{version}/{kind}")).map_or("-".into(), time);
        println!(
            "| {version} | {} | {} | {} | {} |",
            of("update"),
            of("normalised"),
            of("fields"),
            of("pread")
        );
    }
}

/// Nanoseconds of `group/name`.
fn median(folder: &Path, name: &str) -> Option<f64> {
    let text = std::fs::read_to_string(folder.join(name).join("new/estimates.json")).ok()?;
    let estimates: serde_json::Value = serde_json::from_str(&text).ok()?;
    estimates.get("median")?.get("point_estimate")?.as_f64()
}

fn time(nanoseconds: f64) -> String {
    match nanoseconds {
        short if short < 10_000.0 => format!("{short:.0} ns"),
        long if long < 10_000_000.0 => format!("{:.1} µs", long / 1e3),
        long => format!("{:.1} ms", long / 1e6),
    }
}
