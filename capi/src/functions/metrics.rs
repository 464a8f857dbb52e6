//! The metrics table, in AMD's layout and units.

use amdgpu_smi::metrics::{EngineMetrics, EngineScope, LinkState, Metrics, MetricsHeader as Header};
use amdgpu_smi::unit::{MegaHertz, MilliCelsius, MilliVolts, Percent};

use crate::abi::handle::Processor;
use crate::abi::metrics::{GpuMetrics, MetricsHeader, XcpMetrics};
use crate::abi::numbers::RegisterType;
use crate::abi::ras::NameValue;
use crate::abi::status::Status;
use crate::boundary::answer;
use crate::functions::absent;
use crate::number::{Sentinel, celsius, each, or_none, watts};
use crate::pointer::Out;
use crate::session::{gpu, machine};

/// Size and version of the table.
///
/// *From*: the first bytes of `gpu_metrics`, of any version.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_get_gpu_metrics_header_info(
    processor: Processor,
    header: Out<MetricsHeader>,
) -> Status {
    answer(|| {
        let bytes = gpu(processor)?.metrics_bytes()?;
        header.put(self::header(Header::decode(&bytes).map_err(|_| Status::UNEXPECTED_SIZE)?))
    })
}

fn header(header: Header) -> MetricsHeader {
    MetricsHeader {
        structure_size: header.structure_size,
        format_revision: header.format_revision,
        content_revision: header.content_revision,
    }
}

/// The metrics table, including APU versions, which AMD's 7.0 does not read.
///
/// *From*: `gpu_metrics`.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_get_gpu_metrics_info(processor: Processor, metrics: Out<GpuMetrics>) -> Status {
    answer(|| {
        let machine = machine()?;
        let (_, gpu) = machine.find(processor)?;
        metrics.put(machine.samplers_of_package(gpu)?.metrics(gpu, table)?)
    })
}

fn temperature(value: Option<MilliCelsius>) -> u16 {
    or_none(value.map(celsius))
}

fn percent(value: Option<Percent>) -> u16 {
    or_none(value.map(|value| value.0))
}

fn clock(value: Option<MegaHertz>) -> u16 {
    or_none(value.map(|value| value.0))
}

fn voltage(value: Option<MilliVolts>) -> u16 {
    or_none(value.map(|value| value.0))
}

fn first<T: Copy>(slots: &[Option<T>]) -> Option<T> {
    slots.first().copied().flatten()
}

fn clocks<const N: usize>(slots: &[Option<MegaHertz>]) -> [u16; N] {
    each(slots.iter().map(|slot| slot.map(|clock| clock.0)))
}

fn percents<T: Sentinel + TryFrom<u32>, const N: usize>(slots: &[Option<Percent>]) -> [T; N] {
    each(slots.iter().map(|slot| slot.map(|percent| percent.0)))
}

/// The view of the library, in AMD's units.
pub(super) fn table(metrics: &Metrics) -> GpuMetrics {
    let Metrics { temperatures, powers, voltages, activity, pcie, xgmi, throttle, .. } = metrics;
    let (c, residency) = (&metrics.clocks, &throttle.residency);
    let socket = metrics.engines_in(EngineScope::Socket);
    let average = |value| clock(value);
    GpuMetrics {
        common_header: header(metrics.header),
        temperature_edge: temperature(temperatures.edge),
        temperature_hotspot: temperature(temperatures.hotspot),
        temperature_mem: temperature(temperatures.mem),
        temperature_vrgfx: temperature(temperatures.vrgfx),
        temperature_vrsoc: temperature(temperatures.vrsoc),
        temperature_vrmem: temperature(temperatures.vrmem),
        average_gfx_activity: percent(activity.gfx),
        average_umc_activity: percent(activity.umc),
        average_mm_activity: percent(activity.mm),
        average_socket_power: or_none(powers.average_socket.map(watts)),
        energy_accumulator: or_none(metrics.energy.map(|energy| energy.ticks)),
        system_clock_counter: or_none(metrics.system_clock.map(|time| time.0)),
        average_gfxclk_frequency: average(c.average_gfxclk),
        average_socclk_frequency: average(c.average_socclk),
        average_uclk_frequency: average(c.average_uclk),
        average_vclk0_frequency: average(c.average_vclk0),
        average_dclk0_frequency: average(c.average_dclk0),
        average_vclk1_frequency: average(c.average_vclk1),
        average_dclk1_frequency: average(c.average_dclk1),
        current_gfxclk: clock(first(&c.current_gfxclk)),
        current_socclk: clock(first(&c.current_socclk)),
        current_uclk: clock(first(&c.current_uclk)),
        current_vclk0: clock(first(&c.current_vclk0)),
        current_dclk0: clock(first(&c.current_dclk0)),
        current_vclk1: clock(c.current_vclk1),
        current_dclk1: clock(c.current_dclk1),
        throttle_status: or_none(throttle.asic_status),
        current_fan_speed: or_none(metrics.fan_speed.map(|speed| speed.0)),
        pcie_link_width: or_none(pcie.link_width),
        pcie_link_speed: or_none(pcie.link_speed.map(|speed| speed.0 / 100)),
        gfx_activity_acc: or_none(activity.gfx_acc),
        mem_activity_acc: or_none(activity.mem_acc),
        temperature_hbm: each(temperatures.hbm.iter().map(|slot| slot.map(celsius))),
        firmware_timestamp: or_none(metrics.firmware_clock.map(|time| time.0 / 10)),
        voltage_soc: voltage(voltages.soc),
        voltage_gfx: voltage(voltages.gfx),
        voltage_mem: voltage(voltages.mem),
        indep_throttle_status: or_none(throttle.reasons.map(|reasons| reasons.bits())),
        current_socket_power: or_none(powers.current_socket.map(watts)),
        // A table without a figure of each engine has one of all, which AMD's library gives as the first.
        vcn_activity: socket
            .map(|socket| percents(&socket.vcn_busy))
            .filter(|engines: &[u16; 4]| engines.iter().any(|busy| *busy != u16::NONE))
            .unwrap_or_else(|| each([activity.mm.map(|percent| percent.0)])),
        gfxclk_lock_status: or_none(c.gfxclk_lock_status),
        xgmi_link_width: or_none(xgmi.link_width),
        xgmi_link_speed: or_none(xgmi.link_speed.map(|speed| speed.0 / 1000)),
        pcie_bandwidth_acc: or_none(first(&pcie.bandwidth_acc)),
        pcie_bandwidth_inst: or_none(first(&pcie.bandwidth_inst).map(|bandwidth| bandwidth.0)),
        pcie_l0_to_recov_count_acc: or_none(pcie.l0_to_recov_count_acc),
        pcie_replay_count_acc: or_none(pcie.replay_count_acc),
        pcie_replay_rover_count_acc: or_none(pcie.replay_rover_count_acc),
        xgmi_read_data_acc: each(xgmi.read_data_acc.iter().map(|slot| slot.map(|data| data.0))),
        xgmi_write_data_acc: each(xgmi.write_data_acc.iter().map(|slot| slot.map(|data| data.0))),
        current_gfxclks: clocks(&c.current_gfxclk),
        current_socclks: clocks(&c.current_socclk),
        current_vclk0s: clocks(&c.current_vclk0),
        current_dclk0s: clocks(&c.current_dclk0),
        jpeg_activity: socket.map_or([u16::NONE; 32], |socket| percents(&socket.jpeg_busy)),
        pcie_nak_sent_count_acc: or_none(pcie.nak_sent_count_acc),
        pcie_nak_rcvd_count_acc: or_none(pcie.nak_rcvd_count_acc),
        accumulation_counter: or_none(residency.accumulation_counter),
        prochot_residency_acc: or_none(residency.prochot),
        ppt_residency_acc: or_none(residency.ppt),
        socket_thm_residency_acc: or_none(residency.socket_thm),
        vr_thm_residency_acc: or_none(residency.vr_thm),
        hbm_thm_residency_acc: or_none(residency.hbm_thm),
        num_partition: or_none(metrics.partition_count),
        xcp_stats: partitions(&metrics.engines),
        pcie_lc_perf_other_end_recovery: or_none(pcie.lc_perf_other_end_recovery),
        vram_max_bandwidth: or_none(metrics.bandwidth.mem_max.map(|bandwidth| bandwidth.0)),
        xgmi_link_status: each(
            xgmi.link_status.iter().map(|slot| slot.map(|state| u16::from(state == LinkState::Active))),
        ),
        #[cfg(abi27)]
        temperature_hbm_stacks: each(temperatures.hbm.iter().map(|slot| slot.map(celsius))),
        #[cfg(abi27)]
        temperature_mid: each(temperatures.mid.iter().map(|slot| slot.map(celsius))),
        #[cfg(abi27)]
        temperature_aid: each(temperatures.aid.iter().map(|slot| slot.map(celsius))),
        // Which of several clocks is whose is not in the table.
        #[cfg(abi27)]
        current_uclk_aid: [u16::NONE; 2],
        #[cfg(abi27)]
        current_socclks_mid: [u16::NONE; 2],
        #[cfg(abi27)]
        apu_metrics: std::ptr::null(),
    }
}

/// The engines of each partition, in their places; all ones for those that are not there.
fn partitions(engines: &[EngineMetrics]) -> [XcpMetrics; 8] {
    let mut list = [partition(&EngineMetrics::default()); 8];
    for engines in engines {
        let place = match engines.scope {
            EngineScope::Xcp(place) => place.into(),
            EngineScope::Partition => 0,
            _ => continue,
        };
        if let Some(slot) = list.get_mut::<usize>(place) {
            *slot = partition(engines);
        }
    }
    list
}

fn partition(engines: &EngineMetrics) -> XcpMetrics {
    XcpMetrics {
        gfx_busy_inst: percents(&engines.gfx_busy),
        jpeg_busy: percents(&engines.jpeg_busy),
        vcn_busy: percents(&engines.vcn_busy),
        gfx_busy_acc: each(engines.gfx_busy_acc.iter().copied()),
        gfx_below_host_limit_acc: each(engines.gfx_below_host_limit_acc.iter().copied()),
        gfx_below_host_limit_ppt_acc: each(engines.gfx_below_host_limit_ppt_acc.iter().copied()),
        gfx_below_host_limit_thm_acc: each(engines.gfx_below_host_limit_thm_acc.iter().copied()),
        gfx_low_utilization_acc: each(engines.gfx_low_utilization_acc.iter().copied()),
        gfx_below_host_limit_total_acc: each(engines.gfx_below_host_limit_total_acc.iter().copied()),
        // The dies' temperatures are the package's.
        #[cfg(abi27)]
        temperature_xcd: [u16::NONE; 8],
    }
}

/// Number of accelerator dies of the GPU.
///
/// *From*: the clocks of dies in `gpu_metrics`.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_get_gpu_xcd_counter(processor: Processor, count: Out<u16>) -> Status {
    answer(|| {
        let metrics = gpu(processor)?.metrics()?;
        let dies = metrics.clocks.current_gfxclk.iter().flatten().count();
        count.put(or_none(Some(dies)))
    })
}

/// The firmware's own table of metrics.
///
/// *Not here*: the payload of `pm_metrics` changes with each firmware version and is not a stable interface. AMD's
/// Python function for it raises an error.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_get_gpu_pm_metrics_info(
    processor: Processor,
    pairs: Out<*mut NameValue>,
    count: Out<u32>,
) -> Status {
    answer(|| {
        gpu(processor)?;
        pairs.not_null()?;
        count.not_null()?;
        Err(Status::NOT_SUPPORTED)
    })
}

absent! {
    /// The registers of links.
    ///
    /// *Not here*: `reg_state` has numbers of registers without names. AMD's Python function for it raises an error.
    NOT_SUPPORTED
    => amdsmi_get_gpu_reg_table_info(
        processor: Processor,
        table: RegisterType,
        pairs: Out<*mut NameValue>,
        count: Out<u32>,
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::abi::layout::Plain;

    #[test]
    fn what_is_not_there_is_all_ones() {
        let table = table(&Metrics::default());
        assert_eq!((table.temperature_edge, table.energy_accumulator), (u16::MAX, u64::MAX));
        assert_eq!(table.xcp_stats.map(|partition| partition.gfx_busy_acc), [[u64::MAX; 8]; 8]);
        assert_eq!(GpuMetrics::ZERO.temperature_edge, 0);
    }
}
