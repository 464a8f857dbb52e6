//! What two readings of one metrics table tell together: energy and power, shares of time, traffic.
//!
//! Most of a table is a state of the moment; its counters tell what happened between two moments. They may
//! start over: because they are full (32 bits of many), or because firmware was started anew by a reset or by
//! loading the driver. The rule, the same for all of them:
//!
//! * a counter that went on counts what it went on by;
//! * one of 32 bits that went back is taken to have been full if it is plausible, that is by less than half of
//!   its range forwards;
//! * whatever else went back started anew, and what it counted is not known: absent, not 0;
//! * so is everything once a clock went back, and any share above the whole or power above what a package takes.

use crate::parse::metrics::{EnergyCounter, EngineMetrics, EngineScope, Metrics, Slots};
use crate::unit::{KiloBytes, KiloBytesPerSecond, MicroJoules, MicroWatts, Nanoseconds};

/// No package takes 10 kW. Above this a counter did something else than count.
const MOST_POWER: u128 = 10_000_000_000;
/// Firmware takes about 1,000 samples a second (SMU 13.0.6); 100 times that is none of its doing.
const MOST_SAMPLES_PER_MILLISECOND: u64 = 100;
/// Rounding on both sides may make a full share seem more, by little.
const FULL_SHARE: f64 = 101.0;

/// What happened between two readings of a metrics table.
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
/// Shares are in percent, 0 to 100, and need the firmware's count of samples: tables 1.6 and later have it.
/// What is not under `engines` is of the scope that the table is of: the socket's (`gpu_metrics`) or the
/// partition's (`xcp_metrics`).
#[derive(Debug, Clone, PartialEq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct MetricsRates {
    /// How far apart the readings are: by the firmware's clock where the table has it, because firmware renews
    /// the counters by that one; else by the system's. Absent if it did not go on.
    pub elapsed: Option<Nanoseconds>,
    /// Energy used. Only where a tick of the counter is known: see [`EnergyCounter`].
    pub energy: Option<MicroJoules>,
    /// Power on average: the energy by the time.
    pub average_power: Option<MicroWatts>,
    /// How busy graphics and compute were, in percent.
    pub gfx_activity: Option<f64>,
    /// How busy the memory controller was, in percent.
    pub mem_activity: Option<f64>,
    /// How long the socket was throttled, by reason.
    pub throttle: ThrottleShares,
    /// Average bandwidth of the link to the host, in GB/s by the kernel's header.
    pub pcie_bandwidth: Slots<f64, 2>,
    /// Read over each XGMI link.
    pub xgmi_read: Slots<KiloBytesPerSecond, 8>,
    /// Written over each XGMI link.
    pub xgmi_write: Slots<KiloBytesPerSecond, 8>,
    /// What belongs to engines, one by one, in the table's order.
    pub engines: Vec<EngineRates>,
}

/// In how many percent of the time the socket was throttled, by reason; AMD SMI's violation status.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct ThrottleShares {
    /// The PROCHOT signal.
    pub prochot: Option<f64>,
    /// Package power.
    pub ppt: Option<f64>,
    /// The socket's temperature.
    pub socket_thm: Option<f64>,
    /// The regulators' temperature.
    pub vr_thm: Option<f64>,
    /// The HBM's temperature.
    pub hbm_thm: Option<f64>,
}

/// What compute dies did, in percent of the time, one by one.
#[derive(Debug, Clone, PartialEq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct EngineRates {
    /// What the dies belong to.
    pub scope: EngineScope,
    /// Busy.
    pub gfx_busy: Slots<f64, 8>,
    /// Clocked below what the host allows.
    pub gfx_below_host_limit: Slots<f64, 8>,
    /// The same, for reasons of power.
    pub gfx_below_host_limit_ppt: Slots<f64, 8>,
    /// The same, for reasons of temperature.
    pub gfx_below_host_limit_thm: Slots<f64, 8>,
    /// With too little to do to reach their clock.
    pub gfx_low_utilization: Slots<f64, 8>,
    /// Below the host's limit for any reason.
    pub gfx_below_host_limit_total: Slots<f64, 8>,
}

impl MetricsRates {
    /// What happened from one reading to a later one of the same file.
    ///
    /// Of tables of two versions, as after a change of firmware, nothing follows.
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

/// How much time passed.
struct Period {
    /// Nanoseconds, more than 0.
    elapsed: Option<u64>,
    /// Samples of the firmware, more than 0.
    samples: Option<u64>,
}

impl Period {
    /// `None` if the readings cannot be compared, or a clock says that they are not in this order.
    fn of(earlier: &Metrics, later: &Metrics) -> Option<Period> {
        let version = |metrics: &Metrics| (metrics.header.format_revision, metrics.header.content_revision);
        if version(earlier) != version(later) {
            return None;
        }
        // A clock that is always 0 is one that firmware does not fill.
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
        // The counters whose tick is documented have 64 bits and are never full.
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

    /// Percent, from a sum of percents over all samples.
    fn share(&self, earlier: Option<u64>, later: Option<u64>) -> Option<f64> {
        let share = step(earlier, later)? as f64 / self.samples? as f64;
        (share <= FULL_SHARE).then_some(share.min(100.0))
    }

    /// Percent, from a count of samples.
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
        // Partitions are told by their scope: after a change of partitions others stand at their places.
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

/// What a counter of 32 or 64 bits counted; `None` if it started anew.
fn step(earlier: Option<u64>, later: Option<u64>) -> Option<u64> {
    let (earlier, later) = (earlier?, later?);
    if later >= earlier {
        return Some(later - earlier);
    }
    let narrow = (u32::try_from(earlier).ok()?, u32::try_from(later).ok()?);
    let forwards = narrow.1.wrapping_sub(narrow.0);
    (forwards < 1 << 31).then_some(u64::from(forwards))
}

/// Element by element, as many as there are later; one that was absent before stays absent.
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
