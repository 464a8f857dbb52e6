//! Rates between two readings of a metrics table: energy and power, percentages of time, traffic.
//!
//! Most of a table describes one moment; its counters describe the time between two moments. A counter can start
//! over, because it overflows (32 bits of many) or because a reset or a reload of the driver restarts the firmware.
//! One rule applies to all counters:
//!
//! * a counter that increased has counted the difference;
//! * a 32-bit counter that decreased has overflowed if that is plausible, that is, if it advanced by less than half
//!   of its range;
//! * any other counter that decreased has restarted, and its count is unknown: absent, not 0;
//! * everything is absent if a clock went back, and so is a percentage above 100 or a power above that of any
//!   package.

use crate::parse::metrics::{EnergyCounter, EngineMetrics, EngineScope, Metrics, Slots};
use crate::unit::{KiloBytes, KiloBytesPerSecond, MicroJoules, MicroWatts, Nanoseconds};

/// No package uses 10 kW. A larger value means that the counter did not count.
const MOST_POWER: u128 = 10_000_000_000;
/// Firmware takes about 1,000 samples per second (SMU 13.0.6). A hundred times that is not a count of samples.
const MOST_SAMPLES_PER_MILLISECOND: u64 = 100;
/// Rounding on both sides can exceed 100 % slightly.
const FULL_SHARE: f64 = 101.0;

/// Rates between two readings of a metrics table.
///
/// ```
/// use amdgpu_smi::derived::MetricsRates;
/// # fn main() -> amdgpu_smi::Result<()> {
/// # let smi = amdgpu_smi::Smi::builder().root("fixtures/mi300x-1x-k6.12-spx").build()?;
/// # let gpu = &smi.gpus()[0];
/// let earlier = gpu.metrics()?;
/// let later = gpu.metrics()?;
/// let rates = MetricsRates::between(&earlier, &later);
/// if let Some(power) = rates.average_power {
///     println!("{power} since the last reading");
/// }
/// # Ok(())
/// # }
/// ```
///
/// Percentages are 0 to 100 and need the firmware's count of samples, which tables 1.6 and later have. Fields outside
/// `engines` cover the same scope as the table: the socket (`gpu_metrics`) or the partition (`xcp_metrics`).
#[derive(Debug, Clone, PartialEq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct MetricsRates {
    /// Time between the readings, by the firmware's clock if the table has it, because firmware updates the counters
    /// by this clock; else by the system's clock. Absent if the clock did not advance.
    pub elapsed: Option<Nanoseconds>,
    /// Energy used. Present only if the counter's unit is documented: see [`EnergyCounter`].
    pub energy: Option<MicroJoules>,
    /// Average power: energy divided by time.
    pub average_power: Option<MicroWatts>,
    /// Graphics and compute usage in percent.
    pub gfx_activity: Option<f64>,
    /// Memory controller usage in percent.
    pub mem_activity: Option<f64>,
    /// Percentage of time the socket was throttled, by reason.
    pub throttle: ThrottleShares,
    /// Average bandwidth of the PCIe link, in GB/s according to the kernel's header.
    pub pcie_bandwidth: Slots<f64, 2>,
    /// Read rate of each XGMI link.
    pub xgmi_read: Slots<KiloBytesPerSecond, 8>,
    /// Write rate of each XGMI link.
    pub xgmi_write: Slots<KiloBytesPerSecond, 8>,
    /// Rates of the engines, in the table's order.
    pub engines: Vec<EngineRates>,
}

/// Percentage of time the socket was throttled, by reason; AMD SMI's violation status.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct ThrottleShares {
    /// The PROCHOT signal.
    pub prochot: Option<f64>,
    /// Limit of package power (PPT).
    pub ppt: Option<f64>,
    /// Temperature of the socket.
    pub socket_thm: Option<f64>,
    /// Temperature of the voltage regulators.
    pub vr_thm: Option<f64>,
    /// Temperature of the HBM.
    pub hbm_thm: Option<f64>,
}

/// Rates of compute dies in percent of the time.
#[derive(Debug, Clone, PartialEq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct EngineRates {
    /// The owner of the dies: package or partition.
    pub scope: EngineScope,
    /// Usage of each die.
    pub gfx_busy: Slots<f64, 8>,
    /// Clock below the host's limit.
    pub gfx_below_host_limit: Slots<f64, 8>,
    /// Clock below the host's limit because of power.
    pub gfx_below_host_limit_ppt: Slots<f64, 8>,
    /// Clock below the host's limit because of temperature.
    pub gfx_below_host_limit_thm: Slots<f64, 8>,
    /// Too little work to reach the full clock.
    pub gfx_low_utilization: Slots<f64, 8>,
    /// Clock below the host's limit for any reason.
    pub gfx_below_host_limit_total: Slots<f64, 8>,
}

impl MetricsRates {
    /// The rates from one reading to a later one of the same file.
    ///
    /// Empty if the two tables have different versions, for example after a firmware update.
    #[doc(alias = "amdsmi_get_violation_status")]
    pub fn between(earlier: &Metrics, later: &Metrics) -> MetricsRates {
        let Some(period) = Period::of(earlier, later) else { return MetricsRates::default() };
        let energy = period.energy(earlier.energy, later.energy);
        let (then, now) = (&earlier.throttle.residency, &later.throttle.residency);
        MetricsRates {
            elapsed: period.elapsed.map(Nanoseconds),
            energy,
            average_power: energy.and_then(|energy| period.power(energy)),
            gfx_activity: period.share(earlier.activity.gfx_acc, later.activity.gfx_acc),
            mem_activity: period.share(earlier.activity.mem_acc, later.activity.mem_acc),
            throttle: ThrottleShares {
                prochot: period.residency(then.prochot, now.prochot),
                ppt: period.residency(then.ppt, now.ppt),
                socket_thm: period.residency(then.socket_thm, now.socket_thm),
                vr_thm: period.residency(then.vr_thm, now.vr_thm),
                hbm_thm: period.residency(then.hbm_thm, now.hbm_thm),
            },
            pcie_bandwidth: pairs(&earlier.pcie.bandwidth_acc, &later.pcie.bandwidth_acc, |then, now| {
                Some(now.checked_sub(then)? as f64 / period.samples? as f64)
            }),
            xgmi_read: period.traffic(&earlier.xgmi.read_data_acc, &later.xgmi.read_data_acc),
            xgmi_write: period.traffic(&earlier.xgmi.write_data_acc, &later.xgmi.write_data_acc),
            engines: later.engines.iter().map(|engines| period.engines(&earlier.engines, engines)).collect(),
        }
    }
}

/// The time between two readings.
struct Period {
    /// Time in nanoseconds, more than 0.
    elapsed: Option<u64>,
    /// Number of firmware samples, more than 0.
    samples: Option<u64>,
}

impl Period {
    /// `None` if the readings cannot be compared, or if a clock shows that they are out of order.
    fn of(earlier: &Metrics, later: &Metrics) -> Option<Period> {
        let version = |metrics: &Metrics| (metrics.header.format_revision, metrics.header.content_revision);
        if version(earlier) != version(later) {
            return None;
        }
        // A clock that is always 0 is not filled by the firmware.
        let clock = |clock: Option<Nanoseconds>| clock.map(|time| time.0).filter(|time| *time != 0);
        let passed = |then: Option<_>, now: Option<_>| match (clock(then), clock(now)) {
            (Some(then), Some(now)) => now.checked_sub(then).map(Some),
            _ => Some(None),
        };
        let firmware = passed(earlier.firmware_clock, later.firmware_clock)?;
        let system = passed(earlier.system_clock, later.system_clock)?;
        let elapsed = firmware.or(system).filter(|elapsed| *elapsed != 0);
        let counters =
            (earlier.throttle.residency.accumulation_counter, later.throttle.residency.accumulation_counter);
        let samples = step(counters.0, counters.1).filter(|samples| {
            let most = elapsed.map(|elapsed| (elapsed / 1_000_000 + 1) * MOST_SAMPLES_PER_MILLISECOND);
            *samples != 0 && most.is_none_or(|most| *samples <= most)
        });
        Some(Period { elapsed, samples })
    }

    fn energy(&self, earlier: Option<EnergyCounter>, later: Option<EnergyCounter>) -> Option<MicroJoules> {
        let (earlier, later) = (earlier?, later?);
        let per_joule = later.ticks_per_joule.filter(|ticks| earlier.ticks_per_joule == Some(*ticks))?;
        // The counters with a documented unit have 64 bits and never overflow.
        let ticks = match per_joule {
            EnergyCounter::INSTINCT => later.ticks.checked_sub(earlier.ticks),
            _ => step(Some(earlier.ticks), Some(later.ticks)),
        };
        let energy = EnergyCounter { ticks: ticks?, ..later }.energy()?;
        match self.elapsed {
            Some(_) => self.power(energy).map(|_| energy),
            None => (later.ticks >= earlier.ticks).then_some(energy),
        }
    }

    fn power(&self, energy: MicroJoules) -> Option<MicroWatts> {
        let power = u128::from(energy.0) * 1_000_000_000 / u128::from(self.elapsed?);
        u64::try_from(power).ok().filter(|_| power <= MOST_POWER).map(MicroWatts)
    }

    /// Percentage from a sum of percentages over all samples.
    fn share(&self, earlier: Option<u64>, later: Option<u64>) -> Option<f64> {
        let share = step(earlier, later)? as f64 / self.samples? as f64;
        (share <= FULL_SHARE).then_some(share.min(100.0))
    }

    /// Percentage from a count of samples.
    fn residency(&self, earlier: Option<u64>, later: Option<u64>) -> Option<f64> {
        let share = step(earlier, later)? as f64 * 100.0 / self.samples? as f64;
        (share <= FULL_SHARE).then_some(share.min(100.0))
    }

    fn traffic(
        &self,
        earlier: &[Option<KiloBytes>],
        later: &[Option<KiloBytes>],
    ) -> Slots<KiloBytesPerSecond, 8> {
        pairs(earlier, later, |then, now| {
            let moved = u128::from(now.0.checked_sub(then.0)?) * 1_000_000_000;
            u64::try_from(moved / u128::from(self.elapsed?)).ok().map(KiloBytesPerSecond)
        })
    }

    fn engines(&self, earlier: &[EngineMetrics], now: &EngineMetrics) -> EngineRates {
        // Partitions are matched by scope: after a change of partitioning, other partitions have their positions.
        let none = EngineMetrics::default();
        let then = earlier.iter().find(|engines| engines.scope == now.scope).unwrap_or(&none);
        let residency = |then: &[Option<u64>], now: &[Option<u64>]| {
            pairs(then, now, |then, now| self.residency(Some(then), Some(now)))
        };
        EngineRates {
            scope: now.scope,
            gfx_busy: pairs(&then.gfx_busy_acc, &now.gfx_busy_acc, |then, now| {
                self.share(Some(then), Some(now))
            }),
            gfx_below_host_limit: residency(&then.gfx_below_host_limit_acc, &now.gfx_below_host_limit_acc),
            gfx_below_host_limit_ppt: residency(
                &then.gfx_below_host_limit_ppt_acc,
                &now.gfx_below_host_limit_ppt_acc,
            ),
            gfx_below_host_limit_thm: residency(
                &then.gfx_below_host_limit_thm_acc,
                &now.gfx_below_host_limit_thm_acc,
            ),
            gfx_low_utilization: residency(&then.gfx_low_utilization_acc, &now.gfx_low_utilization_acc),
            gfx_below_host_limit_total: residency(
                &then.gfx_below_host_limit_total_acc,
                &now.gfx_below_host_limit_total_acc,
            ),
        }
    }
}

/// The increase of a counter of 32 or 64 bits; `None` if it restarted.
fn step(earlier: Option<u64>, later: Option<u64>) -> Option<u64> {
    let (earlier, later) = (earlier?, later?);
    if later >= earlier {
        return Some(later - earlier);
    }
    let narrow = (u32::try_from(earlier).ok()?, u32::try_from(later).ok()?);
    let forwards = narrow.1.wrapping_sub(narrow.0);
    (forwards < 1 << 31).then_some(u64::from(forwards))
}

/// Pairs elements, as many as the later list has. An element that was absent before stays absent.
fn pairs<T: Copy, U: Copy, const N: usize>(
    earlier: &[Option<T>],
    later: &[Option<T>],
    rate: impl Fn(T, T) -> Option<U>,
) -> Slots<U, N> {
    let then = earlier.iter().copied().chain(std::iter::repeat(None));
    later.iter().zip(then).map(|(now, then)| rate(then?, (*now)?)).collect()
}

#[cfg(test)]
mod tests;
