//! The page under the names and labels of AMD's device-metrics-exporter, for the metrics that both have, so that boards
//! and rules that were written for it go on.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::catalogue::Metric;
use crate::page::{Labels, Page, Sample};

/// A metric of AMD's: all of them are gauges.
#[derive(Debug)]
pub(crate) struct AmdFamily {
    pub(crate) name: String,
    pub(crate) help: String,
    pub(crate) samples: Vec<Sample>,
}

/// One of AMD's names, and what it is made of.
#[derive(Debug, Clone, Copy)]
struct Name {
    amd: &'static str,
    own: Metric,
    /// AMD's unit, and what our value is to be multiplied with for it.
    unit: &'static str,
    factor: f64,
    /// The series with this label alone.
    only: Option<(&'static str, &'static str)>,
    /// The label that AMD calls otherwise.
    label: Option<(&'static str, &'static str)>,
}

const MEBIBYTE: f64 = 1.0 / 1_048_576.0;

macro_rules! names {
    ($($amd:literal $own:ident $unit:literal $factor:expr, $only:expr, $label:expr;)*) => {
        const NAMES: &[Name] = &[$(Name {
            amd: $amd, own: Metric::$own, unit: $unit, factor: $factor, only: $only, label: $label,
        },)*];
    };
}

names! {
    "gpu_nodes_total" Gpus "" 1.0, None, None;
    "gpu_edge_temperature" Temperature "C" 1.0, Some(("sensor", "edge")), None;
    "gpu_junction_temperature" Temperature "C" 1.0, Some(("sensor", "junction")), None;
    "gpu_memory_temperature" Temperature "C" 1.0, Some(("sensor", "mem")), None;
    "gpu_hbm_temperature" HbmTemperature "C" 1.0, None, Some(("stack", "hbm_index"));
    "gpu_package_power" Power "W" 1.0, None, None;
    "gpu_average_package_power" Power "W" 1.0, None, None;
    "gpu_power_usage" Power "W" 1.0, None, None;
    "gpu_energy_consumed" Energy "uJ" 1e6, None, None;
    "gpu_gfx_activity" GfxActivity "%" 100.0, None, None;
    "gpu_umc_activity" MemoryActivity "%" 100.0, None, None;
    "gpu_gfx_busy_instantaneous" DieActivity "%" 100.0, None, Some(("die", "xcc_index"));
    "gpu_vcn_busy_instantaneous" VideoEngineActivity "%" 100.0, None, Some(("engine", "vcn_index"));
    "gpu_vcn_activity" VideoEngineActivity "%" 100.0, None, Some(("engine", "vcn_index"));
    "gpu_jpeg_busy_instantaneous" JpegEngineActivity "%" 100.0, None, Some(("engine", "jpeg_index"));
    "gpu_jpeg_activity" JpegEngineActivity "%" 100.0, None, Some(("engine", "jpeg_index"));
    "gpu_mma_activity" MediaActivity "%" 100.0, None, None;
    "gpu_voltage" Voltage "mV" 1e3, Some(("rail", "soc")), None;
    "gpu_gfx_voltage" Voltage "mV" 1e3, Some(("rail", "vddgfx")), None;
    "gpu_memory_voltage" Voltage "mV" 1e3, Some(("rail", "mem")), None;
    "gpu_clock" Clock "MHz" 1e-6, None, Some(("clock", "clock_type"));
    "gpu_min_clock" ClockMin "MHz" 1e-6, None, Some(("clock", "clock_type"));
    "gpu_max_clock" ClockMax "MHz" 1e-6, None, Some(("clock", "clock_type"));
    "gpu_total_vram" VramSize "MB" MEBIBYTE, None, None;
    "gpu_used_vram" VramUsed "MB" MEBIBYTE, None, None;
    "gpu_total_visible_vram" VisibleVramSize "MB" MEBIBYTE, None, None;
    "gpu_used_visible_vram" VisibleVramUsed "MB" MEBIBYTE, None, None;
    "gpu_total_gtt" GttSize "MB" MEBIBYTE, None, None;
    "gpu_used_gtt" GttUsed "MB" MEBIBYTE, None, None;
    "pcie_speed" PcieSpeed "GT/s" 1e-9, None, None;
    "pcie_max_speed" PcieSpeedMax "GT/s" 1e-9, None, None;
    "pcie_bandwidth" PcieBandwidth "Mb/s, by AMD's label; the number is the firmware's" 1e-9, None, None;
    "pcie_replay_count" PcieReplays "" 1.0, None, None;
    "pcie_replay_rollover_count" PcieReplayRollovers "" 1.0, None, None;
    "pcie_recovery_count" PcieRecoveries "" 1.0, None, None;
    "pcie_nack_sent_count" PcieNaksSent "" 1.0, None, None;
    "pcie_nack_received_count" PcieNaksReceived "" 1.0, None, None;
    "gpu_xgmi_link_rx" XgmiRead "KB" 1e-3, None, Some(("link", "link_index"));
    "gpu_xgmi_link_tx" XgmiWritten "KB" 1e-3, None, Some(("link", "link_index"));
    "gpu_violation_current_accumulated_counter" ThrottleSampled "" 1.0, None, None;
    "gpu_violation_processor_hot_residency_accumulated" ThrottleSamples "" 1.0, Some(("reason", "prochot")), None;
    "gpu_violation_ppt_residency_accumulated" ThrottleSamples "" 1.0, Some(("reason", "ppt")), None;
    "gpu_violation_socket_thermal_residency_accumulated" ThrottleSamples "" 1.0, Some(("reason", "socket_thermal")), None;
    "gpu_violation_vr_thermal_residency_accumulated" ThrottleSamples "" 1.0, Some(("reason", "vr_thermal")), None;
    "gpu_violation_hbm_thermal_residency_accumulated" ThrottleSamples "" 1.0, Some(("reason", "hbm_thermal")), None;
    "gpu_violation_processor_hot_residency_percentage" ThrottleShare "%" 100.0, Some(("reason", "prochot")), None;
    "gpu_violation_ppt_residency_percentage" ThrottleShare "%" 100.0, Some(("reason", "ppt")), None;
    "gpu_violation_socket_thermal_residency_percentage" ThrottleShare "%" 100.0, Some(("reason", "socket_thermal")), None;
    "gpu_violation_vr_thermal_residency_percentage" ThrottleShare "%" 100.0, Some(("reason", "vr_thermal")), None;
    "gpu_violation_hbm_thermal_residency_percentage" ThrottleShare "%" 100.0, Some(("reason", "hbm_thermal")), None;
    "gpu_violation_gfx_clock_below_host_limit_power_accumulated" DieThrottleSamples "" 1.0, Some(("reason", "power")), Some(("die", "xcc_index"));
    "gpu_violation_gfx_clock_below_host_limit_thermal_accumulated" DieThrottleSamples "" 1.0, Some(("reason", "thermal")), Some(("die", "xcc_index"));
    "gpu_violation_gfx_clock_below_host_limit_total_accumulated" DieThrottleSamples "" 1.0, Some(("reason", "any")), Some(("die", "xcc_index"));
    "gpu_violation_low_utilization_accumulated" DieThrottleSamples "" 1.0, Some(("reason", "low_utilization")), Some(("die", "xcc_index"));
    "gpu_violation_gfx_clock_below_host_limit_power_percentage" DieThrottleShare "%" 100.0, Some(("reason", "power")), Some(("die", "xcc_index"));
    "gpu_violation_gfx_clock_below_host_limit_thermal_percentage" DieThrottleShare "%" 100.0, Some(("reason", "thermal")), Some(("die", "xcc_index"));
    "gpu_violation_gfx_clock_below_host_limit_total_percentage" DieThrottleShare "%" 100.0, Some(("reason", "any")), Some(("die", "xcc_index"));
    "gpu_violation_low_utilization_percentage" DieThrottleShare "%" 100.0, Some(("reason", "low_utilization")), Some(("die", "xcc_index"));
}

/// AMD's names for severities, and for the block that it calls otherwise.
const SEVERITIES: [(&str, &str); 3] =
    [("correctable", "correct"), ("uncorrectable", "uncorrect"), ("deferred", "deferred")];
const BLOCK: (&str, &str) = ("pcie_bif", "bif");

/// AMD's free memory: total minus used.
const FREE: [(&str, Metric, Metric); 3] = [
    ("gpu_free_vram", Metric::VramSize, Metric::VramUsed),
    ("gpu_free_visible_vram", Metric::VisibleVramSize, Metric::VisibleVramUsed),
    ("gpu_free_gtt", Metric::GttSize, Metric::GttUsed),
];

/// The page under AMD's names.
pub(crate) fn families(page: &Page) -> Vec<AmdFamily> {
    let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
    let mut families: Vec<AmdFamily> = NAMES
        .iter()
        .map(|name| AmdFamily {
            name: name.amd.to_owned(),
            help: help(name.own, name.unit),
            samples: page
                .of(name.own)
                .iter()
                .filter_map(|sample| renamed(page, &host, name, sample))
                .collect(),
        })
        .collect();
    families.extend(FREE.map(|(name, size, used)| free(page, &host, name, size, used)));
    families.push(health(page, &host));
    families.extend(errors(page, &host));
    families.retain(|family| !family.samples.is_empty());
    families
}

fn free(page: &Page, host: &str, name: &str, size: Metric, used: Metric) -> AmdFamily {
    let of_same = |sample: &Sample| {
        let size = page.of(size).iter().find(|size| size.subject == sample.subject)?;
        let value = (size.value - sample.value).max(0.0) * MEBIBYTE;
        Some(Sample { subject: subject(page, host, sample), own: Labels::new(), value })
    };
    AmdFamily {
        name: name.to_owned(),
        help: format!("{}, in MB, that is not in use", size.definition().help),
        samples: page.of(used).iter().filter_map(of_same).collect(),
    }
}

/// 1 for a GPU that answers and has counted no uncorrectable error, which is what AMD's exporter says without thresholds.
fn health(page: &Page, host: &str) -> AmdFamily {
    let package = |sample: &Sample| match find(sample, "package") {
        "" => find(sample, "gpu").to_owned(),
        package => package.to_owned(),
    };
    let failed: Vec<String> = page
        .of(Metric::EccErrors)
        .iter()
        .filter(|sample| find(sample, "severity") == "uncorrectable" && sample.value > 0.0)
        .map(package)
        .collect();
    let of_gpu = |sample: &Sample| {
        let is_well = sample.value > 0.0 && !failed.contains(&package(sample));
        Sample {
            subject: subject(page, host, sample),
            own: Labels::new(),
            value: f64::from(u8::from(is_well)),
        }
    };
    AmdFamily {
        name: "gpu_health".to_owned(),
        help: "1 if the GPU answers and has counted no uncorrectable error; amdgpu_gpu_up and amdgpu_ecc_errors_total.".to_owned(),
        samples: page.of(Metric::GpuUp).iter().map(of_gpu).collect(),
    }
}

fn help(own: Metric, unit: &str) -> String {
    let own = own.definition();
    let unit = if unit.is_empty() { String::new() } else { format!(", in {unit}") };
    format!("{}{unit}; exported as {} under its own name.", own.help, own.name)
}

fn renamed(page: &Page, host: &str, name: &Name, sample: &Sample) -> Option<Sample> {
    if let Some((label, wanted)) = name.only
        && find(sample, label) != wanted
    {
        return None;
    }
    let mut own = Labels::new();
    if let Some((ours, amds)) = name.label {
        let value = find(sample, ours);
        match amds {
            "clock_type" => {
                let (kind, index) = clock(value)?;
                own.extend([("clock_type", kind.to_owned()), ("clock_index", index.to_owned())]);
            }
            _ => own.push((amds, value.to_owned())),
        }
    }
    Some(Sample { subject: subject(page, host, sample), own, value: sample.value * name.factor })
}

/// AMD's type and index of a clock.
fn clock(name: &str) -> Option<(&'static str, &'static str)> {
    Some(match name {
        "graphics" => ("system", "0"),
        "memory" => ("memory", "0"),
        "video0" => ("video", "0"),
        "video1" => ("video", "1"),
        "fabric" => ("data", "0"),
        "soc" => ("soc", "0"),
        _ => return None,
    })
}

/// A metric for each block and severity, and the sum of the blocks.
fn errors(page: &Page, host: &str) -> Vec<AmdFamily> {
    let mut families: BTreeMap<String, Vec<Sample>> = BTreeMap::new();
    for sample in page.of(Metric::EccErrors) {
        let severity = SEVERITIES.iter().find(|(own, _)| *own == find(sample, "severity"));
        let Some((_, severity)) = severity else { continue };
        let block = find(sample, "block");
        let block = if block == BLOCK.0 { BLOCK.1 } else { block };
        let subject = subject(page, host, sample);
        let own = Sample { subject: subject.clone(), own: Labels::new(), value: sample.value };
        families.entry(format!("gpu_ecc_{severity}_{block}")).or_default().push(own.clone());
        let totals = families.entry(format!("gpu_ecc_{severity}_total")).or_default();
        match totals.iter_mut().find(|total| total.subject == subject) {
            Some(total) => total.value += sample.value,
            None => totals.push(own),
        }
    }
    let help = || help(Metric::EccErrors, "");
    families.into_iter().map(|(name, samples)| AmdFamily { name, help: help(), samples }).collect()
}

/// AMD's labels of a GPU. What AMD leaves empty is left out, which is the same to Prometheus.
fn subject(page: &Page, host: &str, sample: &Sample) -> Arc<Labels> {
    let mut labels: Labels = vec![("hostname", host.to_owned())];
    let gpu = find(sample, "gpu");
    if gpu.is_empty() {
        return Arc::new(labels);
    }
    let package = match find(sample, "package") {
        "" => gpu,
        package => package,
    };
    let of = |metric: Metric, name: &str| page.of(metric).iter().find(|found| find(found, "gpu") == name);
    let mut put = |name, value: &str| {
        if !value.is_empty() {
            labels.push((name, value.to_owned()));
        }
    };
    put("gpu_id", find(sample, "index"));
    put(
        "gpu_partition_id",
        match find(sample, "partition") {
            "" => "0",
            partition => partition,
        },
    );
    if let Some(info) = of(Metric::Info, package) {
        put("card_model", find(info, "name"));
        put("serial_number", find(info, "board_serial"));
        put("gpu_uuid", find(info, "uuid"));
        put("vbios_version", find(info, "vbios"));
    }
    if let Some(split) = of(Metric::PartitioningInfo, package) {
        put("gpu_compute_partition_type", &find(split, "compute").to_lowercase());
        put("gpu_memory_partition_type", &find(split, "memory").to_lowercase());
    }
    let mut given = page.of(Metric::Allocation).iter().filter(|found| find(found, "gpu") == gpu);
    if let (Some(given), None) = (given.next(), given.next()) {
        for (ours, amds) in [
            ("pod", "pod"),
            ("namespace", "namespace"),
            ("container", "container"),
            ("slurm_job", "job_id"),
            ("slurm_user", "job_user"),
            ("slurm_partition", "job_partition"),
        ] {
            put(amds, find(given, ours));
        }
    }
    Arc::new(labels)
}

fn find<'a>(sample: &'a Sample, name: &str) -> &'a str {
    sample.labels().find(|(label, _)| *label == name).map_or("", |(_, value)| value)
}

/// The table of AMD's names and ours, in Markdown.
pub fn table() -> String {
    let mut table = String::from("| AMD's name | unit | own name | factor |\n|---|---|---|---|\n");
    for name in NAMES {
        let own = name.own.definition().name;
        let only = name.only.map(|(label, value)| format!("{{{label}=\"{value}\"}}")).unwrap_or_default();
        table.push_str(&format!("| {} | {} | {own}{only} | {} |\n", name.amd, name.unit, name.factor));
    }
    for (name, size, used) in FREE {
        let (size, used) = (size.definition().name, used.definition().name);
        table.push_str(&format!("| {name} | MB | {size} - {used} | {MEBIBYTE} |\n"));
    }
    let (up, ecc) = (Metric::GpuUp.definition().name, Metric::EccErrors.definition().name);
    table.push_str(&format!("| gpu_health | | {up} and no {ecc}{{severity=\"uncorrectable\"}} | |\n"));
    for (own, amd) in SEVERITIES {
        table
            .push_str(&format!("| gpu_ecc_{amd}_BLOCK | | {ecc}{{block=\"…\", severity=\"{own}\"}} | 1 |\n"));
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::selection::Selection;

    #[test]
    fn names_units_and_labels() {
        let mut page = Page::new(Arc::new(Selection::default()));
        let gpu = Arc::new(vec![
            ("gpu", "0000:03:00.0".to_owned()),
            ("index", "3".to_owned()),
            ("package", "0000:03:00.0".to_owned()),
        ]);
        let label = |name: &'static str, value: &str| vec![(name, value.to_owned())];
        page.put(Metric::Info, &gpu, label("name", "AMD Instinct MI300X"), 1.0);
        page.put(Metric::Energy, &gpu, Vec::new(), 2.5);
        page.put(Metric::VramUsed, &gpu, Vec::new(), 1_073_741_824.0);
        page.put(Metric::Clock, &gpu, label("clock", "fabric"), 2e9);
        page.put(Metric::Temperature, &gpu, label("sensor", "mem"), 60.0);
        for (block, count) in [("umc", 3.0), ("pcie_bif", 1.0)] {
            let labels = vec![("block", block.to_owned()), ("severity", "uncorrectable".to_owned())];
            page.put(Metric::EccErrors, &gpu, labels, count);
        }
        page.put(
            Metric::Allocation,
            &gpu,
            vec![("pod", "train".to_owned()), ("namespace", "ml".to_owned())],
            1.0,
        );
        let found = families(&page);
        let one = |name: &str| {
            let samples = &found.iter().find(|family| family.name == name).unwrap().samples;
            assert_eq!(samples.len(), 1, "{name}");
            &samples[0]
        };
        for (name, value) in [
            ("gpu_energy_consumed", 2_500_000.0),
            ("gpu_used_vram", 1024.0),
            ("gpu_memory_temperature", 60.0),
            ("gpu_ecc_uncorrect_umc", 3.0),
            ("gpu_ecc_uncorrect_bif", 1.0),
            ("gpu_ecc_uncorrect_total", 4.0),
        ] {
            assert_eq!(one(name).value, value, "{name}");
        }
        assert_eq!((one("gpu_clock").value, find(one("gpu_clock"), "clock_type")), (2000.0, "data"));
        let labels: Vec<&str> = ["gpu_id", "gpu_partition_id", "card_model", "pod", "namespace"]
            .map(|name| find(one("gpu_energy_consumed"), name))
            .into();
        assert_eq!(labels, ["3", "0", "AMD Instinct MI300X", "train", "ml"]);
        assert!(found.iter().all(|family| family.name != "gpu_junction_temperature"), "absent is absent");
    }
}
