//! Dashboards, rules and documents name only exported metrics.

use std::collections::BTreeSet;
use std::path::Path;

use amdgpu_smi_exporter::catalogue::{self, Metric};
use amdgpu_smi_exporter::compatibility;

fn read(path: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    std::fs::read_to_string(root.join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Names of metrics in a text: words with the prefix that no colon is beside, as in recorded series.
fn names(text: &str) -> BTreeSet<&str> {
    let is_part = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '_' | ':');
    let words = text.split(|letter: char| !is_part(letter));
    words.filter(|word| word.starts_with("amdgpu_") && !word.contains(':')).collect()
}

#[test]
fn dashboards_and_rules_name_metrics_that_there_are() {
    for path in [
        "packaging/grafana/amdgpu.json",
        "packaging/prometheus/alerts.yaml",
        "packaging/prometheus/rules.yaml",
        "packaging/prometheus/alerts.test.yaml",
        "exporter/web/page.js",
    ] {
        let text = read(path);
        let found = names(&text);
        assert!(found.len() > 5, "{path}");
        for name in found {
            assert!(Metric::by_name(name).is_some(), "{path} names {name}");
        }
    }
}

#[test]
fn the_document_lists_all_metrics() {
    let path = "exporter/METRICS.md";
    let expected = format!(
        "# Metrics\n\n`amdgpu-smi-exporter --list-metrics` prints this table. A GPU's metrics have the labels `gpu`, `index` and \
         `package`;\nthose of a partition also have `partition`.\n\n{}\n# Names of AMD's exporter\n\n\
         With `--metrics.names amd` or `both`, these metrics of AMD's device-metrics-exporter are exported, with its labels. This\n\
         enables the sets `jpeg` and `throttle`. If AMD uses different names for different models, such as `gpu_package_power` and\n\
         `gpu_average_package_power`, both have the value on every card. The labels `deployment_mode` and `cluster_name`, and empty\n\
         labels, are omitted.\n\nThese metrics have no source that can be read at each scrape:\n\n\
         * `gpu_prof_*` (a profiler), `gpu_xgmi_nbr_*` (perf counters), `gpu_afid_errors` (a log that reading consumes);\n\
         * `gpu_vram_max_bandwidth`, and `pcie_bidirectional_bandwidth` (a sum of samples, not of bytes);\n\
         * `gpu_process_cu_occupancy` (a series per process id; see `amdgpu_workload_compute_units` for workloads).\n\n{}",
        catalogue::table(),
        compatibility::table()
    );
    if std::env::var_os("AMDGPU_SMI_BLESS").is_some() {
        std::fs::write(Path::new(env!("CARGO_MANIFEST_DIR")).join("METRICS.md"), &expected).unwrap();
    }
    assert!(read(path) == expected, "{path} is of another version: AMDGPU_SMI_BLESS=1 writes it");
}
