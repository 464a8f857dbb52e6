//! The answers of the exporter's page.

use std::path::{Path, PathBuf};
use std::time::Duration;

use amdgpu_smi::Smi;
use amdgpu_smi_exporter::catalogue::{Metric, Subject};
use amdgpu_smi_exporter::machine::Machine;
use amdgpu_smi_exporter::observer::{GpuLabel, Observer};
use amdgpu_smi_exporter::page::{Page, Sample};
use amdgpu_smi_exporter::selection::Selection;
use amdgpu_smi_exporter::workload::Schedulers;

use crate::quantities::{Quantity, Shown};

/// Longer than a look takes.
const LONG: Duration = Duration::from_secs(60);

/// A label of a series, with its value.
type Label = Option<(&'static str, &'static str)>;

/// A quantity's metric, the label of its series, and the factor from base units.
const METRICS: [(Quantity, Metric, Label, f64); 20] = {
    use Quantity::*;
    const MEBI: f64 = 1.0 / 1_048_576.0;
    [
        (Power, Metric::Power, None, 1.0),
        (Cap, Metric::PowerCap, None, 1.0),
        (Edge, Metric::Temperature, Some(("sensor", "edge")), 1.0),
        (Hotspot, Metric::Temperature, Some(("sensor", "junction")), 1.0),
        (Memory, Metric::Temperature, Some(("sensor", "mem")), 1.0),
        (GfxBusy, Metric::GfxActivity, None, 100.0),
        (MemoryBusy, Metric::MemoryActivity, None, 100.0),
        (MediaBusy, Metric::MediaActivity, None, 100.0),
        (GfxClock, Metric::Clock, Some(("clock", "graphics")), 1e-6),
        (MemoryClock, Metric::Clock, Some(("clock", "memory")), 1e-6),
        (VramTotal, Metric::VramSize, None, MEBI),
        (VramUsed, Metric::VramUsed, None, MEBI),
        (FanRpm, Metric::FanSpeed, None, 1.0),
        (FanPercent, Metric::FanDrive, None, 100.0),
        (LinkWidth, Metric::PcieLanes, None, 1.0),
        (LinkSpeed, Metric::PcieSpeed, None, 1e-9),
        (Replays, Metric::PcieReplays, None, 1.0),
        (GfxVoltage, Metric::Voltage, Some(("rail", "vddgfx")), 1e3),
        (SocVoltage, Metric::Voltage, Some(("rail", "soc")), 1e3),
        (MemoryVoltage, Metric::Voltage, Some(("rail", "mem")), 1e3),
    ]
};

/// The answers for each GPU, in the order of the list.
pub(crate) fn answers(root: &Path, smi: &Smi) -> Vec<Shown> {
    let nobody = Schedulers { kubelet: Vec::new(), slurm: PathBuf::from("/nowhere") };
    let machine = Machine::Root(root.into());
    let observer = Observer::new(machine, Selection::default(), GpuLabel::Address, &nobody);
    let page = observer.expect("threads can be made").look(LONG);
    smi.gpus().iter().map(|gpu| of_gpu(&page, gpu)).collect()
}

fn of_gpu(page: &Page, gpu: &amdgpu_smi::Gpu) -> Shown {
    let mut shown = Shown::new();
    for (quantity, metric, label, factor) in METRICS {
        let of_package = metric.definition().subject == Subject::Package;
        // A package's series stands beside its first partition; what partitions may have of their own has their label.
        if of_package && !gpu.is_first_of_package() {
            continue;
        }
        let place = gpu.index().to_string();
        let partition = gpu.ids().partition.filter(|_| gpu.is_partition() && !of_package);
        let partition = partition.map(|partition| partition.to_string());
        let is_named = |found: Option<&str>, value: &str| {
            // The soc's rail of an APU has the name of its northbridge.
            found == Some(value) || (quantity == Quantity::SocVoltage && found == Some("vddnb"))
        };
        let is_it = |sample: &&Sample| {
            let has = |name: &str| sample.labels().find(|(label, _)| *label == name).map(|(_, value)| value);
            has("index") == Some(place.as_str())
                && has("partition") == partition.as_deref()
                && label.is_none_or(|(name, value)| is_named(has(name), value))
        };
        let mut series = page.of(metric).iter().filter(is_it);
        let value = series.next().map(|sample| sample.value * factor);
        assert!(series.next().is_none(), "{metric:?}: two series of GPU {place}");
        // Without one of its own, a partition has its package's.
        if value.is_some() || partition.is_none() {
            shown.insert(quantity, value);
        }
    }
    shown
}
