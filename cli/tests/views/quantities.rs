//! The quantities that every view shows, and how each view shows them.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};

use amdgpu_smi::gpu::{ClockDomain, TemperatureSensor, VoltageRail};
use amdgpu_smi::reading::Reading;
use amdgpu_smi::sample::SampleFields;
use amdgpu_smi::summary::Look;
use amdgpu_smi::{Gpu, Smi};
use serde_json::Value;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Quantity {
    Power,
    AveragePower,
    CurrentPower,
    Cap,
    Edge,
    Hotspot,
    Memory,
    CoreTemperature,
    GfxBusy,
    MemoryBusy,
    MediaBusy,
    GfxClock,
    MemoryClock,
    VramTotal,
    VramUsed,
    FanRpm,
    FanPercent,
    LinkWidth,
    LinkSpeed,
    Replays,
    GfxVoltage,
    SocVoltage,
    MemoryVoltage,
}

impl Quantity {
    pub(crate) const ALL: [Quantity; 23] = [
        Quantity::Power,
        Quantity::AveragePower,
        Quantity::CurrentPower,
        Quantity::Cap,
        Quantity::Edge,
        Quantity::Hotspot,
        Quantity::Memory,
        Quantity::CoreTemperature,
        Quantity::GfxBusy,
        Quantity::MemoryBusy,
        Quantity::MediaBusy,
        Quantity::GfxClock,
        Quantity::MemoryClock,
        Quantity::VramTotal,
        Quantity::VramUsed,
        Quantity::FanRpm,
        Quantity::FanPercent,
        Quantity::LinkWidth,
        Quantity::LinkSpeed,
        Quantity::Replays,
        Quantity::GfxVoltage,
        Quantity::SocVoltage,
        Quantity::MemoryVoltage,
    ];
}

impl Quantity {
    /// The values that a GPU can have, in the unit in which it is shown.
    pub(crate) fn bounds(self) -> std::ops::RangeInclusive<f64> {
        use Quantity::*;
        match self {
            // A package of a mebibyte or more; nobody has a million gigabytes.
            VramTotal | VramUsed => 0.0..=1e9,
            Power | AveragePower | CurrentPower | Cap => 0.0..=10_000.0,
            Edge | Hotspot | Memory | CoreTemperature => -100.0..=250.0,
            GfxBusy | MemoryBusy | MediaBusy | FanPercent => 0.0..=100.0,
            GfxClock | MemoryClock | FanRpm | GfxVoltage | SocVoltage | MemoryVoltage => 0.0..=65_534.0,
            LinkWidth => 0.0..=64.0,
            LinkSpeed => 0.0..=128.0,
            Replays => 0.0..=9e18,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum View {
    Handle,
    Sampler,
    Metric,
    Monitor,
    Overview,
    Exporter,
    C,
}

impl View {
    /// The precision to which a view may round.
    pub(crate) fn precision(self, quantity: Quantity) -> f64 {
        use Quantity::*;
        match (self, quantity) {
            // Whole watts, degrees and MB.
            (View::C, Power | AveragePower | CurrentPower | Edge | Hotspot | Memory | CoreTemperature) => 1.0,
            (_, VramTotal | VramUsed) => 1.0,
            (_, FanPercent) => 0.01,
            _ => 1e-6,
        }
    }
}

/// A view's answers: a quantity that it does not show is not there.
pub(crate) type Shown = BTreeMap<Quantity, Option<f64>>;

pub(crate) struct Answers {
    pub(crate) index: usize,
    pub(crate) first_of_package: bool,
    /// The values of the metrics table.
    pub(crate) table: Shown,
    /// The handle's first.
    pub(crate) views: Vec<(View, Shown)>,
}

fn number<T, N: Into<f64>>(reading: &Reading<T>, convert: impl FnOnce(&T) -> N) -> Option<f64> {
    reading.as_ref().ok().map(|found| convert(&found.value).into())
}

pub(crate) fn of_handle(gpu: &Gpu) -> Shown {
    of_look(&gpu.look())
}

pub(crate) fn of_sampler(gpu: &Gpu) -> Shown {
    let mut sampler = gpu.sampler(SampleFields::all()).keep_awake(true);
    match sampler.sample() {
        Ok(sample) => of_look(&Look::sampled(gpu, sample)),
        Err(_) => Shown::new(),
    }
}

fn of_look(look: &Look<'_>) -> Shown {
    use Quantity::*;
    let (power, activity, memory) = (look.power(), look.activity(), look.memory_usage());
    let (fan, link) = (look.fan(), look.pcie_info());
    let celsius =
        |reading: &Reading<amdgpu_smi::unit::MilliCelsius>| number(reading, |value| value.celsius());
    let sensor = |sensor| celsius(&look.temperature(&sensor));
    let clock = |domain| number(&look.clock(domain).current, |clock| clock.0);
    let rail = |rail| number(&look.voltage(&rail), |voltage| voltage.0 as f64);
    let mebibytes =
        |reading: &Reading<amdgpu_smi::unit::Bytes>| number(reading, |bytes| bytes.mebibytes() as f64);
    BTreeMap::from([
        (Power, number(&power.socket, |power| power.watts())),
        (AveragePower, number(&power.average, |power| power.watts())),
        (CurrentPower, number(&power.instantaneous, |power| power.watts())),
        (Cap, number(&power.cap, |power| power.watts())),
        (Edge, sensor(TemperatureSensor::Edge)),
        (Hotspot, sensor(TemperatureSensor::Junction)),
        (Memory, sensor(TemperatureSensor::Memory)),
        (CoreTemperature, celsius(&look.core_temperature().current)),
        (GfxBusy, number(&activity.gfx, |busy| busy.0)),
        (MemoryBusy, number(&activity.memory, |busy| busy.0)),
        (MediaBusy, number(&activity.media, |busy| busy.0)),
        (GfxClock, clock(ClockDomain::Graphics)),
        (MemoryClock, clock(ClockDomain::Memory)),
        (VramTotal, mebibytes(&memory.vram_total)),
        (VramUsed, mebibytes(&memory.vram_used)),
        (FanRpm, number(&fan.rpm, |rpm| rpm.0)),
        (FanPercent, number(&fan.percent, |percent| *percent)),
        (LinkWidth, number(&link.width, |width| *width)),
        (LinkSpeed, number(&link.speed, |speed| speed.gigatransfers())),
        (Replays, number(&link.replay_count, |count| *count as f64)),
        (GfxVoltage, rail(VoltageRail::Graphics)),
        (SocVoltage, rail(VoltageRail::Soc)),
        (MemoryVoltage, rail(VoltageRail::Memory)),
    ])
}

/// The values of the metrics table, read independently of the summaries.
pub(crate) fn of_table(gpu: &Gpu) -> Shown {
    use Quantity::*;
    let Ok(table) = gpu.metrics() else { return Shown::new() };
    let celsius = |value: Option<amdgpu_smi::unit::MilliCelsius>| {
        value.filter(|value| value.0 != 0).map(|value| value.celsius())
    };
    let milli_volts = |value: Option<amdgpu_smi::unit::MilliVolts>| value.map(|value| value.0 as f64);
    BTreeMap::from([
        // The second die of an MI250 prints 0.
        (
            Power,
            table
                .powers
                .current_socket
                .or(table.powers.average_socket)
                .filter(|power| power.0 != 0)
                .map(|power| power.watts()),
        ),
        (Edge, celsius(table.temperatures.edge)),
        (Hotspot, celsius(table.temperatures.hotspot)),
        (Memory, celsius(table.temperatures.mem)),
        (GfxBusy, table.activity.gfx.map(f64::from)),
        (MemoryBusy, table.activity.umc.map(f64::from)),
        (MediaBusy, table.activity.mm.map(f64::from)),
        (GfxClock, table.clocks.current_gfxclk.first().copied().flatten().map(|clock| clock.0.into())),
        (LinkWidth, table.pcie.link_width.filter(|width| *width != 0).map(f64::from)),
        (LinkSpeed, table.pcie.link_speed.filter(|speed| speed.0 != 0).map(|speed| speed.gigatransfers())),
        (FanRpm, table.fan_speed.filter(|speed| speed.0 != 0).map(|speed| speed.0.into())),
        (GfxVoltage, milli_volts(table.voltages.gfx)),
        (SocVoltage, milli_volts(table.voltages.soc)),
    ])
}

/// The command's output; null if it prints nothing.
pub(crate) fn document(root: &Path, args: &[&str]) -> Value {
    let mut command = Command::new(env!("CARGO_BIN_EXE_amdgpu-smi"));
    command.args(args).arg("--root").arg(root).env_remove("AMDGPU_SMI_ROOT").stdin(Stdio::null());
    let output = command.output().expect("the program runs");
    serde_json::from_slice(&output.stdout).unwrap_or(Value::Null)
}

/// The numbers of a JSON document at these places.
fn shown<const N: usize>(gpu: &Value, places: [(Quantity, &str); N]) -> Shown {
    let places = places.into_iter().filter_map(|(quantity, place)| {
        let node = gpu.pointer(place)?;
        let value = node.get("value").unwrap_or(node);
        Some((quantity, value.as_f64()))
    });
    places.collect()
}

pub(crate) fn of_metric(gpu: &Value, place: &str) -> Shown {
    use Quantity::*;
    assert!(gpu.is_object(), "{place}: metric says nothing");
    shown(
        gpu,
        [
            (Power, "/power/socket_power"),
            (AveragePower, "/power/average_socket_power"),
            (CurrentPower, "/power/current_socket_power"),
            (Cap, "/power/cap"),
            (Edge, "/temperature/edge"),
            (Hotspot, "/temperature/hotspot"),
            (Memory, "/temperature/mem"),
            (GfxBusy, "/usage/gfx_activity"),
            (MemoryBusy, "/usage/umc_activity"),
            (MediaBusy, "/usage/mm_activity"),
            (GfxClock, "/clock/gfx_0/clk"),
            (MemoryClock, "/clock/mem_0/clk"),
            (VramTotal, "/mem_usage/total_vram"),
            (VramUsed, "/mem_usage/used_vram"),
            (FanRpm, "/fan/rpm"),
            (FanPercent, "/fan/usage"),
            (LinkWidth, "/pcie/width"),
            (LinkSpeed, "/pcie/speed"),
            (Replays, "/pcie/replay_count"),
            (GfxVoltage, "/power/gfx_voltage"),
            (SocVoltage, "/power/soc_voltage"),
            (MemoryVoltage, "/power/mem_voltage"),
        ],
    )
}

pub(crate) fn of_monitor(gpu: &Value) -> Shown {
    use Quantity::*;
    shown(
        gpu,
        [
            (Power, "/power_usage"),
            (Cap, "/max_power"),
            (Edge, "/edge_temperature"),
            (Hotspot, "/hotspot_temperature"),
            (Memory, "/memory_temperature"),
            (GfxBusy, "/gfx"),
            (MemoryBusy, "/mem"),
            (MediaBusy, "/decoder"),
            (GfxClock, "/gfx_clk"),
            (MemoryClock, "/mem_clock"),
            (VramTotal, "/vram_total"),
            (VramUsed, "/vram_used"),
            (Replays, "/pcie_replay"),
        ],
    )
}

pub(crate) fn of_overview(gpu: &Value) -> Shown {
    use Quantity::*;
    shown(
        gpu,
        [
            (Power, "/power_usage/current_power"),
            (Cap, "/power_usage/power_limit"),
            (CoreTemperature, "/temp"),
            (GfxBusy, "/gfx_util"),
            (MemoryBusy, "/mem_util"),
            (VramTotal, "/mem_usage/total_vram"),
            (VramUsed, "/mem_usage/used_vram"),
            (FanPercent, "/fan"),
        ],
    )
}

/// The GPUs that C lists, in its order.
pub(crate) fn listed_by_c(smi: &Smi) -> Vec<usize> {
    let all = || smi.gpus().iter();
    let listed: Vec<usize> = all().filter(|gpu| gpu.in_kfd()).map(Gpu::index).collect();
    if listed.is_empty() { all().map(Gpu::index).collect() } else { listed }
}
