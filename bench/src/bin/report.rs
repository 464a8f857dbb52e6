//! Prints what criterion measured as one table of medians and ratios: `report CRITERION_FOLDER`.

#![allow(clippy::print_stdout, reason = "a program that prints")]

use std::path::Path;

/// What is measured, what it is compared with, and the most that the ratio may be.
const RATIOS: [(&str, &str, &str, &str); 10] = [
    ("monitor sample, 14 files and the status", "monitor/ours", "monitor/pread", "at most 1.25"),
    ("the other crate, same values", "monitor/amdgpu-sysfs", "monitor/ours", "at least 14"),
    ("everything, 52 files", "everything/ours", "everything/pread", ""),
    ("the other crate, same values", "everything/amdgpu-sysfs", "everything/ours", "at least 15"),
    ("gpu_metrics sample, with status", "gpu_metrics/ours", "gpu_metrics/openat-read-close", "at most 1.25"),
    ("gpu_metrics sample, with status", "gpu_metrics/ours", "gpu_metrics/the-same-and-status", ""),
    ("decode v1_8 (3,872 bytes)", "decode-v1_8/update", "decode-v1_8/pread", "at most 3"),
    ("decode v1_3 (120 bytes)", "decode-v1_3/update", "decode-v1_3/pread", "at most 1"),
    ("discovery, 64 GPUs to 8, each", "discovery/64 /64", "discovery/8 /8", "at most 1.3"),
    ("discovery, 8 GPUs to 1, each", "discovery/8 /8", "discovery/1", ""),
];
const VERSIONS: [&str; 16] = [
    "v1_0", "v1_1", "v1_2", "v1_3", "v1_4", "v1_5", "v1_6", "v1_7", "v1_8", "v1_9", "v2_0", "v2_1", "v2_2",
    "v2_3", "v2_4", "v3_0",
];

fn main() {
    let folder = std::env::args().nth(1).unwrap_or_default();
    let folder = Path::new(&folder);
    println!("| what | median | beside | median | ratio | aim |");
    println!("|---|---|---|---|---|---|");
    for (what, ours, theirs, aim) in RATIOS {
        let (Some(one), Some(other)) = (median(folder, ours), median(folder, theirs)) else { continue };
        println!(
            "| {what} | {} | {} | {} | {:.2} | {aim} |",
            time(one),
            theirs.replace(" /", " by "),
            time(other),
            one / other
        );
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

/// Nanoseconds; `group/name`, and ` /N` for a part of it.
fn median(folder: &Path, name: &str) -> Option<f64> {
    let (name, part) = name.split_once(" /").unwrap_or((name, "1"));
    let text = std::fs::read_to_string(folder.join(name).join("new/estimates.json")).ok()?;
    let estimates: serde_json::Value = serde_json::from_str(&text).ok()?;
    Some(estimates.get("median")?.get("point_estimate")?.as_f64()? / part.parse::<f64>().ok()?)
}

fn time(nanoseconds: f64) -> String {
    match nanoseconds {
        short if short < 10_000.0 => format!("{short:.0} ns"),
        long if long < 10_000_000.0 => format!("{:.1} µs", long / 1e3),
        long => format!("{:.1} ms", long / 1e6),
    }
}
