//! `--showmetrics`: the metrics table in the names and units of ROCm SMI.

use amdgpu_smi::Gpu;
use amdgpu_smi::metrics::{EngineMetrics, EngineScope, LinkState, Metrics};
use amdgpu_smi::unit::{MegaHertz, MicroWatts, MilliCelsius, MilliVolts, Percent};

use super::log::{Log, NOT_AVAILABLE};

/// The number of partitions that AMD's table has room for.
const PARTITIONS: u16 = 8;

/// A value of the table: a number, or a list of a fixed length.
enum Cell {
    One(Option<u64>),
    List(Vec<Option<u64>>),
}

impl Cell {
    /// As many elements as AMD's table has, whatever the driver's has.
    fn list<T: Copy>(slots: &[Option<T>], length: usize, number: impl Fn(T) -> u64) -> Cell {
        let slots = slots.iter().map(|slot| slot.map(&number));
        Cell::List(slots.chain(std::iter::repeat(None)).take(length).collect())
    }

    /// As Python prints it.
    fn text(&self) -> String {
        match self {
            Cell::One(value) => value.map_or_else(|| NOT_AVAILABLE.into(), |value| value.to_string()),
            Cell::List(values) => {
                let texts = values.iter().map(|value| match value {
                    Some(value) => value.to_string(),
                    None => format!("'{NOT_AVAILABLE}'"),
                });
                format!("[{}]", texts.collect::<Vec<_>>().join(", "))
            }
        }
    }
}

fn celsius(value: MilliCelsius) -> u64 {
    u64::try_from(value.0.div_euclid(1000)).unwrap_or_default()
}

fn watts(value: MicroWatts) -> u64 {
    value.0 / 1_000_000
}

fn one(value: Option<impl Into<u64>>) -> Cell {
    Cell::One(value.map(Into::into))
}

fn temperature(value: Option<MilliCelsius>) -> Cell {
    Cell::One(value.map(celsius))
}

fn percent(value: Option<Percent>) -> Cell {
    one(value.map(|value| value.0))
}

fn power(value: Option<MicroWatts>) -> Cell {
    Cell::One(value.map(watts))
}

fn clock(value: Option<MegaHertz>) -> Cell {
    one(value.map(|value| value.0))
}

fn first(slots: &[Option<MegaHertz>]) -> Cell {
    clock(slots.first().copied().flatten())
}

fn clocks(slots: &[Option<MegaHertz>], length: usize) -> Cell {
    Cell::list(slots, length, |clock| clock.0.into())
}

fn percents(slots: &[Option<Percent>], length: usize) -> Cell {
    Cell::list(slots, length, |percent| percent.0.into())
}

fn voltage(value: Option<MilliVolts>) -> Cell {
    Cell::One(value.and_then(|value| value.0.try_into().ok()))
}

/// The lines, in AMD's order.
fn lines(metrics: &Metrics) -> Vec<(&'static str, Cell)> {
    let Metrics { temperatures, powers, voltages, activity, pcie, xgmi, throttle, clocks: c, .. } = metrics;
    let residency = &throttle.residency;
    let socket = metrics.engines_in(EngineScope::Socket);
    // A table without a value per engine has one for all engines, which AMD's library reports as the first.
    let media = socket.map(|socket| percents(&socket.vcn_busy, 4));
    let has_media = socket.is_some_and(|socket| socket.vcn_busy.iter().any(Option::is_some));
    let media = media.filter(|_| has_media).unwrap_or_else(|| percents(&[activity.mm], 4));
    let jpeg = socket.map_or(&[][..], |socket| &socket.jpeg_busy);
    let first_of = |slots: &[Option<u64>]| Cell::One(slots.first().copied().flatten());
    vec![
        ("temperature_edge (C)", temperature(temperatures.edge)),
        ("temperature_hotspot (C)", temperature(temperatures.hotspot)),
        ("temperature_mem (C)", temperature(temperatures.mem)),
        ("temperature_vrgfx (C)", temperature(temperatures.vrgfx)),
        ("temperature_vrsoc (C)", temperature(temperatures.vrsoc)),
        ("temperature_vrmem (C)", temperature(temperatures.vrmem)),
        ("average_gfx_activity (%)", percent(activity.gfx)),
        ("average_umc_activity (%)", percent(activity.umc)),
        ("average_mm_activity (%)", percent(activity.mm)),
        ("average_socket_power (W)", power(powers.average_socket)),
        ("energy_accumulator (15.259uJ (2^-16))", one(metrics.energy.map(|energy| energy.ticks))),
        ("system_clock_counter (ns)", one(metrics.system_clock.map(|time| time.0))),
        ("average_gfxclk_frequency (MHz)", clock(c.average_gfxclk)),
        ("average_socclk_frequency (MHz)", clock(c.average_socclk)),
        ("average_uclk_frequency (MHz)", clock(c.average_uclk)),
        ("average_vclk0_frequency (MHz)", clock(c.average_vclk0)),
        ("average_dclk0_frequency (MHz)", clock(c.average_dclk0)),
        ("average_vclk1_frequency (MHz)", clock(c.average_vclk1)),
        ("average_dclk1_frequency (MHz)", clock(c.average_dclk1)),
        ("current_gfxclk (MHz)", first(&c.current_gfxclk)),
        ("current_socclk (MHz)", first(&c.current_socclk)),
        ("current_uclk (MHz)", first(&c.current_uclk)),
        ("current_vclk0 (MHz)", first(&c.current_vclk0)),
        ("current_dclk0 (MHz)", first(&c.current_dclk0)),
        ("current_vclk1 (MHz)", clock(c.current_vclk1)),
        ("current_dclk1 (MHz)", clock(c.current_dclk1)),
        ("throttle_status", one(throttle.asic_status)),
        ("current_fan_speed (rpm)", one(metrics.fan_speed.map(|speed| speed.0))),
        ("pcie_link_width (Lanes)", one(pcie.link_width)),
        ("pcie_link_speed (0.1 GT/s)", one(pcie.link_speed.map(|speed| speed.0 / 100))),
        ("gfx_activity_acc (%)", one(activity.gfx_acc)),
        ("mem_activity_acc (%)", one(activity.mem_acc)),
        ("temperature_hbm (C)", Cell::list(&temperatures.hbm, 4, celsius)),
        // In nanoseconds, whatever the name says: the firmware counts in steps of ten.
        ("firmware_timestamp (10ns resolution)", one(metrics.firmware_clock.map(|time| time.0))),
        ("voltage_soc (mV)", voltage(voltages.soc)),
        ("voltage_gfx (mV)", voltage(voltages.gfx)),
        ("voltage_mem (mV)", voltage(voltages.mem)),
        ("indep_throttle_status", one(throttle.reasons.map(|reasons| reasons.bits()))),
        ("current_socket_power (W)", power(powers.current_socket)),
        ("vcn_activity (%)", media),
        ("gfxclk_lock_status", one(c.gfxclk_lock_status)),
        ("xgmi_link_width", one(xgmi.link_width)),
        ("xgmi_link_speed (Gbps)", one(xgmi.link_speed.map(|speed| speed.0 / 1000))),
        ("pcie_bandwidth_acc (GB/s)", first_of(&pcie.bandwidth_acc)),
        ("pcie_bandwidth_inst (GB/s)", {
            Cell::One(pcie.bandwidth_inst.first().copied().flatten().map(|bandwidth| bandwidth.0))
        }),
        ("pcie_l0_to_recov_count_acc (Count)", one(pcie.l0_to_recov_count_acc)),
        ("pcie_replay_count_acc (Count)", one(pcie.replay_count_acc)),
        ("pcie_replay_rover_count_acc (Count)", one(pcie.replay_rover_count_acc)),
        ("xgmi_read_data_acc (kB)", Cell::list(&xgmi.read_data_acc, 8, |amount| amount.0)),
        ("xgmi_write_data_acc (kB)", Cell::list(&xgmi.write_data_acc, 8, |amount| amount.0)),
        ("current_gfxclks (MHz)", clocks(&c.current_gfxclk, 8)),
        ("current_socclks (MHz)", clocks(&c.current_socclk, 4)),
        ("current_vclk0s (MHz)", clocks(&c.current_vclk0, 4)),
        ("current_dclk0s (MHz)", clocks(&c.current_dclk0, 4)),
        ("jpeg_activity (%)", percents(jpeg, 32)),
        ("pcie_nak_sent_count_acc (Count)", one(pcie.nak_sent_count_acc)),
        ("pcie_nak_rcvd_count_acc (Count)", one(pcie.nak_rcvd_count_acc)),
        ("accumulation_counter (Count)", one(residency.accumulation_counter)),
        ("prochot_residency_acc (Count)", one(residency.prochot)),
        ("ppt_residency_acc (Count)", one(residency.ppt)),
        ("socket_thm_residency_acc (Count)", one(residency.socket_thm)),
        ("vr_thm_residency_acc (Count)", one(residency.vr_thm)),
        ("hbm_thm_residency_acc (Count)", one(residency.hbm_thm)),
        ("pcie_lc_perf_other_end_recovery (Count)", one(pcie.lc_perf_other_end_recovery)),
        ("vram_max_bandwidth (GB/s)", { one(metrics.bandwidth.mem_max.map(|bandwidth| bandwidth.0)) }),
        ("xgmi_link_status (Up/Down)", {
            Cell::list(&xgmi.link_status, 8, |state| (state == LinkState::Active).into())
        }),
        ("num_partition", one(metrics.partition_count)),
    ]
}

/// The values of each partition: the name, and the value of one of them.
type OfPartition = (&'static str, fn(&EngineMetrics) -> Cell);

const OF_PARTITIONS: [OfPartition; 5] = [
    ("xcp_stats.gfx_busy_inst (%)", |engines| percents(&engines.gfx_busy, 8)),
    ("xcp_stats.jpeg_busy (%)", |engines| percents(&engines.jpeg_busy, 32)),
    ("xcp_stats.vcn_busy (%)", |engines| percents(&engines.vcn_busy, 4)),
    ("xcp_stats.gfx_busy_acc (Count)", |engines| Cell::list(&engines.gfx_busy_acc, 8, |count| count)),
    ("xcp_stats.gfx_below_host_limit_acc (%)", |engines| {
        Cell::list(&engines.gfx_below_host_limit_acc, 8, |count| count)
    }),
];

pub(super) fn table(log: &mut Log, gpus: &[Gpu]) {
    log.title("GPU Metrics");
    for gpu in gpus {
        let Ok(metrics) = gpu.metrics() else {
            log.line(gpu, "GPU metrics: N/A");
            continue;
        };
        let header = metrics.header;
        let version = format!("{}.{}", header.format_revision, header.content_revision);
        log.value(gpu, "Metric Version and Size (Bytes)", &format!("{version} {}", header.structure_size));
        for (name, cell) in lines(&metrics) {
            log.value(gpu, name, &cell.text());
        }
        let none = EngineMetrics::default();
        for (name, cell) in OF_PARTITIONS {
            for partition in 0..PARTITIONS {
                let engines = metrics.engines_in(EngineScope::Xcp(partition)).unwrap_or(&none);
                log.of_partition(gpu, partition, name, &cell(engines).text());
            }
            // The key has room for one; AMD's is that of the last, which is there on no machine.
            let engines = metrics.engines_in(EngineScope::Xcp(0)).unwrap_or(&none);
            log.key(gpu, name, &cell(engines).text());
        }
    }
    log.end();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_pythons() {
        assert_eq!(percents(&[Some(Percent(9))], 3).text(), "[9, 'N/A', 'N/A']");
        assert_eq!(Cell::One(None).text(), "N/A");
    }
}
