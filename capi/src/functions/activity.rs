//! Usage of the GPU, and throttling.

use std::thread::sleep;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use amdgpu_smi::metrics::{EngineMetrics, EngineScope, Metrics};
use amdgpu_smi::unit::Percent;

use crate::abi::handle::Processor;
use crate::abi::layout::Plain;
use crate::abi::metrics::ViolationStatus;
use crate::abi::sensor_numbers::UtilizationCounterType;
use crate::abi::sensors::{EngineUsage, UtilizationCounter};
use crate::abi::status::Status;
use crate::boundary::answer;
use crate::number::{NONE_16, known, or_none};
use crate::pointer::{Array, Out};
use crate::session::{gpu, machine};

/// Usage of the engines in percent. Media engines decode and encode.
///
/// *From*: `gpu_busy_percent`, `mem_busy_percent`, `vcn_busy_percent` of the PCI device, else `gpu_metrics`.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_get_gpu_activity(processor: Processor, usage: Out<EngineUsage>) -> Status {
    answer(|| {
        let machine = machine()?;
        let (_, gpu) = machine.find(processor)?;
        let activity = machine.samplers_of_package(gpu)?.activity(gpu);
        if activity.memory.is_err() && activity.media.is_err() {
            activity.gfx.as_ref()?;
        }
        let percent = |reading| known(reading).map_or(NONE_16, |percent: Percent| percent.0);
        usage.put(EngineUsage {
            gfx_activity: percent(activity.gfx),
            umc_activity: percent(activity.memory),
            mm_activity: percent(activity.media),
            ..EngineUsage::ZERO
        })
    })
}

/// Usage of the shaders in percent.
///
/// *From*: `gpu_busy_percent` of the PCI device, else `gpu_metrics`.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_get_gpu_busy_percent(processor: Processor, busy: Out<u32>) -> Status {
    answer(|| {
        let machine = machine()?;
        let (_, gpu) = machine.find(processor)?;
        busy.put(machine.samplers_of_package(gpu)?.busy(gpu)?.0)
    })
}

/// Activity counters, and the time of their reading in nanoseconds.
///
/// Counters of shaders and memory, including the fine-grained ones, are sums of percentages, as in AMD's library. The
/// decoder's is the mean of its engines; each engine is a fine-grained counter.
///
/// *From*: `gpu_metrics`. A counter that the table does not have is all ones.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_get_utilization_count(
    processor: Processor,
    counters: Array<UtilizationCounter>,
    count: u32,
    timestamp: Out<u64>,
) -> Status {
    answer(|| {
        let gpu = gpu(processor)?;
        timestamp.not_null()?;
        let mut list = counters.get(count as usize, MOST_COUNTERS)?;
        let metrics = gpu.metrics()?;
        for counter in &mut list {
            fill(counter, &metrics)?;
        }
        let time = metrics.system_clock.or(metrics.firmware_clock);
        timestamp.put(or_none(time.map(|time| time.0)))?;
        counters.put(&list, count as usize)
    })
}

/// Many times as many as there are types.
const MOST_COUNTERS: usize = 1024;

fn fill(counter: &mut UtilizationCounter, metrics: &Metrics) -> Result<(), Status> {
    let activity = &metrics.activity;
    let (value, fine): (Option<u64>, Vec<Option<u64>>) = match UtilizationCounterType(counter.r#type) {
        UtilizationCounterType::COARSE_GRAIN_GFX_ACTIVITY
        | UtilizationCounterType::FINE_GRAIN_GFX_ACTIVITY => (activity.gfx_acc, vec![activity.gfx_acc]),
        UtilizationCounterType::COARSE_GRAIN_MEM_ACTIVITY
        | UtilizationCounterType::FINE_GRAIN_MEM_ACTIVITY => (activity.mem_acc, vec![activity.mem_acc]),
        UtilizationCounterType::COARSE_DECODER_ACTIVITY | UtilizationCounterType::FINE_DECODER_ACTIVITY => {
            let engines = metrics.engines.iter().flat_map(|engines| engines.vcn_busy.to_vec());
            let mut each: Vec<Percent> = engines.flatten().collect();
            if each.is_empty() {
                each.extend(activity.mm);
            }
            let sum: u64 = each.iter().map(|percent| u64::from(percent.0)).sum();
            let mean = sum.checked_div(each.len() as u64);
            (mean, each.into_iter().map(|percent| Some(percent.0.into())).collect())
        }
        _ => return Err(Status::INVAL),
    };
    counter.value = or_none(value);
    counter.fine_value_count = 0;
    for (slot, value) in counter.fine_value.iter_mut().zip(fine) {
        *slot = or_none(value);
        counter.fine_value_count += 1;
    }
    Ok(())
}

/// Interval at which the firmware updates the table.
const PERIOD: Duration = Duration::from_millis(100);

/// Percentage of time throttled by each limit. **Takes 100 ms**, because it samples twice.
///
/// *From*: `gpu_metrics` 1.6 and later, twice. Percentages are unknown if the counter does not advance.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_get_violation_status(processor: Processor, status: Out<ViolationStatus>) -> Status {
    answer(|| {
        let gpu = gpu(processor)?;
        status.not_null()?;
        let before = gpu.metrics()?;
        if before.throttle.residency.accumulation_counter.is_none() {
            return Err(Status::NOT_SUPPORTED);
        }
        sleep(PERIOD);
        let after = gpu.metrics()?;
        let partition = gpu.ids().partition.unwrap_or(0).into();
        status.put(violations(&before, &after, partition))
    })
}

/// A counter at both looks, and how far the samples went between them.
#[derive(Clone, Copy)]
struct Change {
    before: Option<u64>,
    after: Option<u64>,
    samples: Option<u64>,
}

impl Change {
    fn accumulated(self) -> u64 {
        or_none(self.after)
    }

    /// Percent of the samples.
    fn share(self) -> Option<u64> {
        let grown = self.after?.checked_sub(self.before?)?;
        (u128::from(grown) * 100).checked_div(self.samples?.into()).and_then(|share| share.try_into().ok())
    }

    fn percent(self) -> u64 {
        or_none(self.share())
    }

    fn active(self) -> u8 {
        self.share().map_or(u8::MAX, |share| (share > 0).into())
    }
}

fn violations(before: &Metrics, after: &Metrics, partition: u16) -> ViolationStatus {
    let (first, last) = (&before.throttle.residency, &after.throttle.residency);
    let samples = last
        .accumulation_counter
        .zip(first.accumulation_counter)
        .and_then(|(last, first)| last.checked_sub(first));
    let change = |before, after| Change { before, after, samples };
    let prochot = change(first.prochot, last.prochot);
    let ppt = change(first.ppt, last.ppt);
    let socket = change(first.socket_thm, last.socket_thm);
    let vr = change(first.vr_thm, last.vr_thm);
    let hbm = change(first.hbm_thm, last.hbm_thm);
    let each_die = |counter: fn(&EngineMetrics) -> &[Option<u64>]| {
        let at = |metrics: &Metrics, xcp: usize, xcc: usize| -> Option<u64> {
            let scope = EngineScope::Xcp(u16::try_from(xcp).ok()?);
            let engines = metrics.engines_in(scope)?;
            counter(engines).get(xcc).copied().flatten()
        };
        std::array::from_fn(|xcp| {
            std::array::from_fn(|xcc| change(at(before, xcp, xcc), at(after, xcp, xcc)))
        })
    };
    let limit: Dies = each_die(|engines| &engines.gfx_below_host_limit_acc);
    let power: Dies = each_die(|engines| &engines.gfx_below_host_limit_ppt_acc);
    let heat: Dies = each_die(|engines| &engines.gfx_below_host_limit_thm_acc);
    let low: Dies = each_die(|engines| &engines.gfx_low_utilization_acc);
    let total: Dies = each_die(|engines| &engines.gfx_below_host_limit_total_acc);
    // The field of the time when there was one: the first die of the GPU's own partition.
    let clock = limit.get(usize::from(partition)).map_or(change(None, None), |dies| dies[0]);
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH);
    ViolationStatus {
        reference_timestamp: or_none(since_1970.ok().map(|time| time.as_micros())),
        violation_timestamp: or_none(Some(PERIOD.as_millis())),
        acc_counter: or_none(last.accumulation_counter),
        acc_prochot_thrm: prochot.accumulated(),
        acc_ppt_pwr: ppt.accumulated(),
        acc_socket_thrm: socket.accumulated(),
        acc_vr_thrm: vr.accumulated(),
        acc_hbm_thrm: hbm.accumulated(),
        acc_gfx_clk_below_host_limit: clock.accumulated(),
        per_prochot_thrm: prochot.percent(),
        per_ppt_pwr: ppt.percent(),
        per_socket_thrm: socket.percent(),
        per_vr_thrm: vr.percent(),
        per_hbm_thrm: hbm.percent(),
        per_gfx_clk_below_host_limit: clock.percent(),
        active_prochot_thrm: prochot.active(),
        active_ppt_pwr: ppt.active(),
        active_socket_thrm: socket.active(),
        active_vr_thrm: vr.active(),
        active_hbm_thrm: hbm.active(),
        active_gfx_clk_below_host_limit: clock.active(),
        acc_gfx_clk_below_host_limit_pwr: map(power, Change::accumulated),
        acc_gfx_clk_below_host_limit_thm: map(heat, Change::accumulated),
        acc_low_utilization: map(low, Change::accumulated),
        acc_gfx_clk_below_host_limit_total: map(total, Change::accumulated),
        per_gfx_clk_below_host_limit_pwr: map(power, Change::percent),
        per_gfx_clk_below_host_limit_thm: map(heat, Change::percent),
        per_low_utilization: map(low, Change::percent),
        per_gfx_clk_below_host_limit_total: map(total, Change::percent),
        active_gfx_clk_below_host_limit_pwr: map(power, Change::active),
        active_gfx_clk_below_host_limit_thm: map(heat, Change::active),
        active_low_utilization: map(low, Change::active),
        active_gfx_clk_below_host_limit_total: map(total, Change::active),
        ..ViolationStatus::ZERO
    }
}

/// A counter of each die of each partition.
type Dies = [[Change; 8]; 8];

fn map<T>(dies: Dies, value: fn(Change) -> T) -> [[T; 8]; 8] {
    dies.map(|partition| partition.map(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_of_the_samples() {
        let change = |before, after, samples| Change { before, after, samples };
        assert_eq!(change(Some(10), Some(35), Some(100)).percent(), 25);
        assert_eq!(change(Some(10), Some(10), Some(100)).active(), 0);
        assert_eq!(change(Some(10), Some(11), Some(0)).percent(), u64::MAX, "the counter stands still");
        assert_eq!(change(Some(10), Some(9), Some(5)).active(), u8::MAX, "the counter was reset");
        assert_eq!(change(None, Some(9), Some(5)).accumulated(), 9);
    }
}
