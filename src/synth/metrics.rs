//! `gpu_metrics` and `xcp_metrics`: which fields each driver fills, of the version that chip and kernel have.

use std::ops::Range;

use super::chip::{ChipFacts, Family};
use super::image::{Folder, Image};
use super::model::{Counters, State};
use super::plan::{MachinePlan, PlannedPackage};
use crate::parse::metrics::MetricsFile;
use crate::parse::metrics::encode::TableWriter;

/// Units of the firmware's clock, ten nanoseconds each, in a millisecond.
const FIRMWARE_TICKS: u64 = 100_000;
/// The bit of `indep_throttle_status`, and of RDNA's own, that names the package's power limit.
const PPT0: (u64, u64) = (1, 1 << 16);

pub(super) fn write(folder: &mut Folder<'_>, plan: &MachinePlan<'_>, package: &PlannedPackage) {
    let facts = package.facts;
    let version = match facts.family {
        Family::Mi300 => plan.kernel.accelerator_metrics().map(|content| (1, content)),
        _ => Some(facts.metrics),
    };
    let uptime = plan.machine.uptime;
    let table = match version {
        Some((1, 9)) => TableWriter::accelerator_list(),
        Some((format, content)) => TableWriter::new(MetricsFile::GpuMetrics, format, content),
        None => None,
    };
    if let Some(mut table) = table {
        table.set("system_clock_counter", uptime * 1_000_000);
        match facts.family {
            Family::Mi300 => accelerator(&mut table, plan, package),
            Family::Mi200 => card(&mut table, package, uptime, true),
            Family::Radeon => card(&mut table, package, uptime, false),
            Family::Apu => apu(&mut table, facts, &package.state),
        }
        folder.put("gpu_metrics", table.into_bytes());
    }
}

/// `xcp_metrics` of each part: the first one's beside its package's files, the others' beside their own nodes.
pub(super) fn of_partitions(image: &mut Image, plan: &MachinePlan<'_>, package: &PlannedPackage) {
    if package.facts.compute.dies == 1 || !plan.kernel.partition_metrics() {
        return;
    }
    let list = plan.kernel.accelerator_metrics() == Some(9);
    let others = package.partitions.iter().take(package.split.count - 1);
    for (index, device) in (1..).zip(others) {
        let table = partition(package, index, list);
        image.put(format!("sys/devices/platform/{}/xcp/xcp_metrics", device.name), table);
    }
    image.put(format!("{}/xcp/xcp_metrics", package.path), partition(package, 0, list));
}

fn each(value: u32, count: usize) -> impl Iterator<Item = u64> {
    std::iter::repeat_n(u64::from(value), count)
}

/// 1.3: `smu_v13_0_0_get_gpu_metrics`, `aldebaran_get_gpu_metrics`.
fn card(table: &mut TableWriter, package: &PlannedPackage, uptime: u64, accelerator: bool) {
    let (facts, state, counters) = (package.facts, &package.state, &package.counters);
    let capped = state.power + 20 >= facts.power.cap.1;
    let (speed, width) = facts.pci.link;
    let limit = |bit: u64| if capped { bit } else { 0 };
    let values: [(&str, u32); 23] = [
        ("temperature_edge", state.edge),
        ("temperature_hotspot", state.hotspot),
        ("temperature_mem", state.memory),
        ("temperature_vrgfx", state.hotspot - 4),
        ("temperature_vrsoc", state.edge + 2),
        ("temperature_vrmem", state.edge + 1),
        ("average_gfx_activity", state.gfx_activity),
        ("average_umc_activity", state.memory_activity),
        ("average_mm_activity", state.media_activity),
        ("average_socket_power", state.power),
        ("average_gfxclk_frequency", state.sclk),
        ("average_socclk_frequency", state.socclk),
        ("average_uclk_frequency", state.mclk),
        ("average_vclk0_frequency", state.vclk),
        ("average_dclk0_frequency", state.dclk),
        ("current_gfxclk", state.sclk),
        ("current_socclk", state.socclk),
        ("current_uclk", state.mclk),
        ("current_vclk0", state.vclk),
        ("current_dclk0", state.dclk),
        ("current_fan_speed", state.fan),
        ("pcie_link_width", width),
        ("pcie_link_speed", speed),
    ];
    for (name, value) in values {
        table.set(name, value.into());
    }
    table.set("indep_throttle_status", limit(PPT0.0));
    // Aldebaran's own bit 0 is PPT0 as well.
    table.set("throttle_status", limit(if accelerator { PPT0.0 } else { PPT0.1 }));
    if accelerator {
        table.set("energy_accumulator", ticks(counters.energy));
        table.set("gfx_activity_acc", (counters.gfx / 10) & 0x7fff_ffff);
        table.set("mem_activity_acc", (counters.memory / 10) & 0x7fff_ffff);
        table.set("firmware_timestamp", uptime * FIRMWARE_TICKS);
        table.set_all("temperature_hbm", falling(state.memory, 4));
    } else {
        table.set("voltage_gfx", state.voltage.into());
        table.set("voltage_soc", 890);
        table.set("voltage_mem", 1350);
    }
}

/// Of 2⁻¹⁶ joules, from thousandths.
fn ticks(millijoules: u64) -> u64 {
    u64::try_from(u128::from(millijoules) * 65_536 / 1000).unwrap_or(u64::MAX / 2)
}

/// 1.4 to 1.9: `smu_v13_0_6_get_gpu_metrics`.
fn accelerator(table: &mut TableWriter, plan: &MachinePlan<'_>, package: &PlannedPackage) {
    let (facts, state, counters) = (package.facts, &package.state, &package.counters);
    let uptime = plan.machine.uptime;
    let dies = facts.compute.dies as usize;
    let (speed, width) = facts.pci.link;
    let narrow = |counter: u64| counter & 0x7fff_ffff;
    let values: [(&str, u64); 27] = [
        ("temperature_hotspot", state.hotspot.into()),
        ("temperature_mem", state.memory.into()),
        ("temperature_vrsoc", (state.edge + 3).into()),
        ("curr_socket_power", state.power.into()),
        ("average_gfx_activity", state.gfx_activity.into()),
        ("average_umc_activity", state.memory_activity.into()),
        // 16 bytes a clock of the bus, in GB/s: 5300 for MI300X.
        ("mem_max_bandwidth", u64::from(facts.memory.width) * u64::from(clock(facts)) * 4 / 8 / 1000),
        ("energy_accumulator", ticks(counters.energy)),
        ("accumulation_counter", narrow(uptime)),
        ("prochot_residency_acc", 0),
        ("ppt_residency_acc", narrow(counters.throttled)),
        ("socket_thm_residency_acc", 0),
        ("vr_thm_residency_acc", 0),
        ("hbm_thm_residency_acc", 0),
        ("throttle_status", 0),
        ("gfxclk_lock_status", 0),
        ("gfx_activity_acc", narrow(counters.gfx)),
        ("mem_activity_acc", narrow(counters.memory)),
        ("pcie_bandwidth_acc", counters.gfx / 50),
        ("pcie_bandwidth_inst", (state.gfx_activity / 20).into()),
        ("pcie_l0_to_recov_count_acc", 0),
        ("pcie_replay_count_acc", 0),
        ("pcie_replay_rover_count_acc", 0),
        ("pcie_nak_sent_count_acc", 0),
        ("pcie_nak_rcvd_count_acc", 0),
        ("firmware_timestamp", uptime * FIRMWARE_TICKS),
        ("num_partition", package.split.count as u64),
    ];
    for (name, value) in values {
        table.set(name, value);
    }
    if !plan.machine.guest {
        table.set("pcie_link_width", width.into());
        table.set("pcie_link_speed", speed.into());
    }
    if package.hive.is_some() {
        table.set("xgmi_link_width", 16);
        table.set("xgmi_link_speed", 32);
        let peers = plan.packages.iter().filter(|other| package.wired_to(other)).count() as u64 - 1;
        let traffic = counters.gfx / 10 * 1024;
        table.set_all("xgmi_read_data_acc", (0..peers).map(|link| traffic + link * 1024));
        table.set_all("xgmi_write_data_acc", (0..peers).map(|link| traffic + (link + 100) * 1024));
        table.set_all("xgmi_link_status", each(1, peers as usize));
    }
    let engines = Engines { state, counters };
    // 1.4 and 1.5 have the engines of the package, a list of attributes has its dies too, without partitions.
    for name in ["vcn_activity", "vcn_busy"] {
        table.set_all(name, (0..DECODERS).map(|at| engines.decoder(at)));
    }
    for name in ["jpeg_activity", "jpeg_busy"] {
        table.set_all(name, (0..DECODERS * RINGS).map(|at| engines.ring(at)));
    }
    engines.dies(table, None, 0..dies);
    table.set_all("current_gfxclk", falling(state.sclk, dies));
    for (name, clock) in
        [("current_socclk", state.socclk), ("current_vclk0", state.vclk), ("current_dclk0", state.dclk)]
    {
        table.set_all(name, falling(clock, DECODERS));
    }
    table.set("current_uclk", state.mclk.into());
    table.set_all("temperature_hbm", falling(state.memory, 8));
    table.set_all("temperature_aid", falling(state.edge, 4));
    table.set_all("temperature_xcd", falling(state.hotspot, dies));
    for index in 0..package.split.count {
        let part = PartitionShare::new(package, index);
        table.set_partition(index, "vcn_busy", part.decoders.clone().map(|at| engines.decoder(at)));
        table.set_partition(index, "jpeg_busy", part.rings().map(|at| engines.ring(at)));
        engines.dies(table, Some(index), part.dies);
    }
}

/// Of a package, one for each interposer die.
const DECODERS: usize = 4;
/// JPEG engines of each decoder (`AMDGPU_MAX_JPEG_RINGS_4_0_3`).
const RINGS: usize = 8;

/// From the highest, so that the first and the hottest is the one that other files tell.
fn falling(highest: u32, count: usize) -> impl Iterator<Item = u64> {
    (0..count as u32).map(move |at| highest.saturating_sub(at).into())
}

/// The load of single dies and engines by their position in the package: all different while there is any load, and
/// on average the package's load.
struct Engines<'a> {
    state: &'a State,
    counters: &'a Counters,
}

impl Engines<'_> {
    fn busy(&self, die: usize) -> u64 {
        const APART: [i64; 8] = [-4, -3, -2, -1, 1, 2, 3, 4];
        let busy = i64::from(self.state.gfx_activity);
        let apart = APART.get(die).copied().unwrap_or(0);
        // Nothing is busier than always or less than never.
        let apart = if (4..=96).contains(&busy) { apart } else { 0 };
        busy.saturating_add(apart) as u64
    }

    fn decoder(&self, at: usize) -> u64 {
        if self.state.gfx_activity == 0 { 0 } else { at as u64 + 1 }
    }

    fn ring(&self, at: usize) -> u64 {
        if self.state.gfx_activity == 0 { 0 } else { at as u64 + 11 }
    }

    /// Writes what belongs to dies, into the table or into a partition's struct. Counters differ by where they began.
    fn dies(&self, table: &mut TableWriter, partition: Option<usize>, dies: Range<usize>) {
        let Counters { gfx, throttled, .. } = *self.counters;
        let die = |at: usize| at as u64;
        let mut set = |name: &str, value: &dyn Fn(usize) -> u64| {
            let values = dies.clone().map(value);
            match partition {
                None => table.set_all(name, values),
                Some(index) => table.set_partition(index, name, values),
            }
        };
        set("gfx_busy_inst", &|at| self.busy(at));
        set("gfx_busy_acc", &|at| gfx + 10 * die(at));
        let (power, heat) = (|at: usize| throttled + 2 * die(at), |at: usize| 100 + die(at));
        set("gfx_below_host_limit_ppt_acc", &power);
        set("gfx_below_host_limit_thm_acc", &heat);
        set("gfx_below_host_limit_total_acc", &|at| power(at) + heat(at));
        set("gfx_below_host_limit_acc", &|at| power(at) + heat(at));
        set("gfx_low_utilization_acc", &|at| 500 + die(at));
    }
}

/// A partition's part of the package. Neighbours share a decoder if there are more partitions than decoders.
struct PartitionShare {
    dies: Range<usize>,
    decoders: Range<usize>,
}

impl PartitionShare {
    fn new(package: &PlannedPackage, index: usize) -> PartitionShare {
        let (count, own) = (package.split.count, package.split.dies(package.facts) as usize);
        let first = index * DECODERS / count;
        PartitionShare {
            dies: index * own..(index + 1) * own,
            decoders: first..first + (DECODERS / count).max(1),
        }
    }

    fn rings(&self) -> Range<usize> {
        self.decoders.start * RINGS..self.decoders.end * RINGS
    }
}

fn clock(facts: &ChipFacts) -> u32 {
    facts.clocks.mclk.last().copied().unwrap_or(0)
}

/// `xcp_metrics` 1.0, and 1.1 beside a list of attributes: `smu_v13_0_6_get_xcp_metrics`.
fn partition(package: &PlannedPackage, index: usize, list: bool) -> Vec<u8> {
    let table = match list {
        true => TableWriter::partition_list(),
        false => TableWriter::new(MetricsFile::XcpMetrics, 1, 0),
    };
    let Some(mut table) = table else { return Vec::new() };
    let (state, counters) = (&package.state, &package.counters);
    let part = PartitionShare::new(package, index);
    // The clocks of the package's dies, of which these are some.
    let of = |clock: u32, places: &Range<usize>| {
        places.clone().map(move |at| u64::from(clock.saturating_sub(at as u32)))
    };
    table.set_all("current_gfxclk", of(state.sclk, &part.dies));
    table.set_all("current_socclk", of(state.socclk, &part.decoders));
    table.set_all("current_vclk0", of(state.vclk, &part.decoders));
    table.set_all("current_dclk0", of(state.dclk, &part.decoders));
    table.set("current_uclk", state.mclk.into());
    let engines = Engines { state, counters };
    table.set_all("jpeg_busy", part.rings().map(|at| engines.ring(at)));
    table.set_all("vcn_busy", part.decoders.clone().map(|at| engines.decoder(at)));
    engines.dies(&mut table, None, part.dies);
    table.into_bytes()
}

/// 2.1 (`smu_v13_0_4_get_gpu_metrics`) and 3.0 (`smu_v14_0_0_get_gpu_metrics`): hundredths of a degree, milliwatts;
/// what one of the versions has not is left out.
fn apu(table: &mut TableWriter, facts: &ChipFacts, state: &State) {
    let old = facts.metrics == (2, 1);
    let cores = if old { 8 } else { 12 };
    let centi = |degrees: u32| u64::from(degrees) * 100;
    let power = u64::from(state.power) * 1000;
    table.set("temperature_gfx", centi(state.edge));
    table.set("temperature_soc", centi(state.edge + 1));
    table.set("temperature_skin", centi(state.edge - 4));
    table.set_all("temperature_core", (0..cores).map(|core| centi(state.edge + core as u32 % 3)));
    table.set("average_socket_power", power);
    table.set("average_gfx_power", power / 3);
    table.set_all("average_core_power", each(120, cores));
    table.set_all("current_coreclk", each(2200, cores));
    let gfx = u64::from(state.gfx_activity);
    table.set("average_gfx_activity", if old { gfx * 100 } else { gfx });
    table.set("average_mm_activity", u64::from(state.media_activity) * 100);
    table.set("average_vcn_activity", u64::from(state.media_activity) * 100);
    let values: [(&str, u32); 15] = [
        ("average_gfxclk_frequency", state.sclk),
        ("average_socclk_frequency", state.socclk),
        ("average_uclk_frequency", state.mclk),
        ("average_fclk_frequency", state.fclk),
        ("average_vclk_frequency", state.vclk),
        ("average_dclk_frequency", state.dclk),
        ("average_all_core_power", 120 * cores as u32),
        ("average_apu_power", state.power * 1000),
        ("average_ipu_power", 0),
        ("stapm_power_limit", facts.power.cap.1 * 1000),
        ("current_stapm_power_limit", facts.power.cap.1 * 1000),
        ("current_core_maxfreq", 5100),
        ("current_gfx_maxfreq", facts.clocks.sclk.1),
        ("throttle_residency_prochot", 0),
        ("time_filter_alphavalue", 10),
    ];
    for (name, value) in values {
        table.set(name, value.into());
    }
    if old {
        table.set_all("temperature_l3", each(state.edge * 100, 1));
        table.set_all("current_l3clk", each(1400, 1));
        table.set("average_soc_power", 2900);
        table.set("current_gfxclk", state.sclk.into());
        table.set("throttle_status", 0);
    } else {
        table.set_all("average_ipu_activity", each(0, 8));
        table.set_all("average_core_c0_activity", each(6, cores));
        for name in ["average_dram_reads", "average_dram_writes"] {
            table.set(name, u64::from(state.memory_activity) * 300);
        }
        for cause in ["spl", "fppt", "sppt", "thm_core", "thm_gfx", "thm_soc"] {
            table.set(&format!("throttle_residency_{cause}"), 0);
        }
    }
}
