//! Metrics from a sample of a GPU.

use std::collections::BTreeMap;

use amdgpu_smi::derived::ThrottleShares;
use amdgpu_smi::gpu::ClockDomain;
use amdgpu_smi::metrics::{EngineScope, PcieMetrics, ThrottleReasons, ThrottleResidency};
use amdgpu_smi::reading::Scope;
use amdgpu_smi::sample::Sample;
use amdgpu_smi::summary::Look;
use amdgpu_smi::unit::{Hertz, MegaHertz, MegaTransfers, Percent};

use super::{Emitter, Names};
use crate::catalogue::Metric;

/// Counters of a package between samples.
#[derive(Debug, Default)]
pub(crate) struct Counted {
    /// The sample that was counted last.
    number: u64,
    /// Seconds by reason.
    throttled: BTreeMap<&'static str, f64>,
    /// All reasons that were ever given.
    seen: ThrottleReasons,
}

impl Counted {
    fn count(&mut self, sample: &Sample) {
        if sample.number == self.number {
            return;
        }
        self.number = sample.number;
        if let Ok(metrics) = &sample.metrics {
            let residency = &metrics.throttle.residency;
            // From 0 on, so that the first increase is one.
            for (reason, counter) in counts(residency) {
                if counter.is_some() && residency.accumulation_counter.is_some() {
                    self.throttled.entry(reason).or_default();
                }
            }
        }
        let Some(rates) = sample.rates() else { return };
        let Some(elapsed) = rates.elapsed else { return };
        for (reason, share) in shares(&rates.throttle) {
            if let Some(share) = share {
                *self.throttled.entry(reason).or_default() += share / 100.0 * elapsed.seconds();
            }
        }
    }
}

/// The firmware's counts by reason.
fn counts(residency: &ThrottleResidency) -> [(&'static str, Option<u64>); 5] {
    [
        ("prochot", residency.prochot),
        ("ppt", residency.ppt),
        ("socket_thermal", residency.socket_thm),
        ("vr_thermal", residency.vr_thm),
        ("hbm_thermal", residency.hbm_thm),
    ]
}

/// Percent of the time by reason.
fn shares(shares: &ThrottleShares) -> [(&'static str, Option<f64>); 5] {
    [
        ("prochot", shares.prochot),
        ("ppt", shares.ppt),
        ("socket_thermal", shares.socket_thm),
        ("vr_thermal", shares.vr_thm),
        ("hbm_thermal", shares.hbm_thm),
    ]
}

/// Puts what a sample of a GPU, or of its package, tells.
pub(crate) fn sampled(out: &mut Emitter<'_>, names: &Names, look: &Look<'_>) {
    activity(out, names, look);
    memory(out, names, look);
    power(out, names, look);
    temperatures(out, names, look);
    clocks(out, names, look);
    voltages(out, names, look);
    fan(out, names, look);
    link(out, names, look);
    throttled_dies(out, names, look);
}

fn ratio(percent: &Percent) -> f64 {
    percent.fraction()
}

fn hertz(clock: &MegaHertz) -> f64 {
    Hertz::from(*clock).0 as f64
}

fn transfers(speed: &MegaTransfers) -> f64 {
    f64::from(speed.0) * 1e6
}

fn activity(out: &mut Emitter<'_>, names: &Names, look: &Look<'_>) {
    let activity = look.activity();
    out.reading(Metric::GfxActivity, names, Vec::new(), &activity.gfx, ratio);
    out.reading(Metric::MemoryActivity, names, Vec::new(), &activity.memory, ratio);
    out.reading(Metric::MediaActivity, names, Vec::new(), &activity.media, ratio);
    let Ok(metrics) = look.metrics() else { return };
    let own = EngineScope::Xcp(look.gpu().ids().partition.unwrap_or(0).into());
    let scope = if look.gpu().is_partition() { Scope::Partition } else { Scope::Package };
    let Some(engines) = metrics.engines_in(own) else { return };
    for (metric, label, list) in [
        (Metric::DieActivity, "die", &*engines.gfx_busy),
        (Metric::VideoEngineActivity, "engine", &*engines.vcn_busy),
        (Metric::JpegEngineActivity, "engine", &*engines.jpeg_busy),
    ] {
        for (number, busy) in list.iter().enumerate() {
            if let Some(busy) = busy {
                out.number(metric, names, vec![(label, number.to_string())], scope, ratio(busy));
            }
        }
    }
}

fn memory(out: &mut Emitter<'_>, names: &Names, look: &Look<'_>) {
    let memory = look.memory_usage();
    for (metric, reading) in [
        (Metric::VramSize, &memory.vram_total),
        (Metric::VramUsed, &memory.vram_used),
        (Metric::VisibleVramSize, &memory.visible_vram_total),
        (Metric::VisibleVramUsed, &memory.visible_vram_used),
        (Metric::GttSize, &memory.gtt_total),
        (Metric::GttUsed, &memory.gtt_used),
        (Metric::Preempted, &memory.preempt_used),
    ] {
        out.reading(metric, names, Vec::new(), reading, |bytes| bytes.0 as f64);
    }
}

fn power(out: &mut Emitter<'_>, names: &Names, look: &Look<'_>) {
    let power = look.power();
    for (metric, reading) in [
        (Metric::Power, &power.socket),
        (Metric::PowerCap, &power.cap),
        (Metric::PowerCapDefault, &power.cap_default),
        (Metric::PowerCapMin, &power.cap_min),
        (Metric::PowerCapMax, &power.cap_max),
    ] {
        out.reading(metric, names, Vec::new(), reading, |power| power.watts());
    }
    out.reading(Metric::Energy, names, Vec::new(), &look.energy(), |energy| energy.joules());
}

fn temperatures(out: &mut Emitter<'_>, names: &Names, look: &Look<'_>) {
    for sensor in out.list(Metric::Temperature, names, &look.temperatures()) {
        let label = || vec![("sensor", sensor.sensor.to_string())];
        out.reading(Metric::Temperature, names, label(), &sensor.current, |now| now.celsius());
        out.reading(Metric::TemperatureCritical, names, label(), &sensor.critical, |limit| limit.celsius());
        out.reading(Metric::TemperatureEmergency, names, label(), &sensor.emergency, |limit| limit.celsius());
    }
    let Ok(metrics) = look.metrics() else { return };
    for (stack, temperature) in metrics.temperatures.hbm.iter().enumerate() {
        // Firmware leaves 0 for a stack that it does not measure.
        if let Some(temperature) = temperature.filter(|temperature| temperature.0 != 0) {
            out.of_package(
                Metric::HbmTemperature,
                names,
                vec![("stack", stack.to_string())],
                temperature.celsius(),
            );
        }
    }
}

/// The label of a clock.
fn clock_name(domain: ClockDomain) -> &'static str {
    match domain {
        ClockDomain::Graphics => "graphics",
        ClockDomain::Memory => "memory",
        ClockDomain::Soc => "soc",
        ClockDomain::Fabric => "fabric",
        ClockDomain::Video0 => "video0",
        ClockDomain::Video1 => "video1",
        ClockDomain::Decoder0 => "decoder0",
        ClockDomain::Decoder1 => "decoder1",
        ClockDomain::Display => "display",
        _ => "other",
    }
}

fn clocks(out: &mut Emitter<'_>, names: &Names, look: &Look<'_>) {
    for domain in ClockDomain::ALL {
        let clock = look.clock(domain);
        let label = || vec![("clock", clock_name(domain).to_owned())];
        out.reading(Metric::Clock, names, label(), &clock.current, hertz);
        out.reading(Metric::ClockMin, names, label(), &clock.min, hertz);
        out.reading(Metric::ClockMax, names, label(), &clock.max, hertz);
    }
}

fn voltages(out: &mut Emitter<'_>, names: &Names, look: &Look<'_>) {
    for voltage in out.list(Metric::Voltage, names, &look.voltages()) {
        let label = vec![("rail", voltage.rail.to_string())];
        out.reading(Metric::Voltage, names, label, &voltage.current, |now| now.0 as f64 / 1e3);
    }
}

fn fan(out: &mut Emitter<'_>, names: &Names, look: &Look<'_>) {
    let fan = look.fan();
    out.reading(Metric::FanSpeed, names, Vec::new(), &fan.rpm, |speed| speed.0.into());
    out.reading(Metric::FanSpeedMax, names, Vec::new(), &fan.rpm_max, |speed| speed.0.into());
    out.reading(Metric::FanDrive, names, Vec::new(), &fan.percent, |percent| percent / 100.0);
}

fn link(out: &mut Emitter<'_>, names: &Names, look: &Look<'_>) {
    let link = look.pcie_info();
    out.reading(Metric::PcieSpeed, names, Vec::new(), &link.speed, transfers);
    out.reading(Metric::PcieSpeedMax, names, Vec::new(), &link.speed_max, transfers);
    out.reading(Metric::PcieLanes, names, Vec::new(), &link.width, |lanes| (*lanes).into());
    out.reading(Metric::PcieLanesMax, names, Vec::new(), &link.width_max, |lanes| (*lanes).into());
    out.reading(Metric::PcieReplays, names, Vec::new(), &link.replay_count, |count| *count as f64);
    let Ok(metrics) = look.metrics() else { return };
    let table: &PcieMetrics = &metrics.pcie;
    for (metric, count) in [
        (Metric::PcieReplayRollovers, table.replay_rover_count_acc),
        (Metric::PcieRecoveries, table.l0_to_recov_count_acc),
        (Metric::PcieNaksSent, table.nak_sent_count_acc),
        (Metric::PcieNaksReceived, table.nak_rcvd_count_acc),
    ] {
        if let Some(count) = count {
            out.of_package(metric, names, Vec::new(), count as f64);
        }
    }
    if let Some(Some(traffic)) = table.bandwidth_inst.first() {
        out.of_package(Metric::PcieBandwidth, names, Vec::new(), traffic.0 as f64 * 1e9);
    }
}

/// Puts what slows a package down, now and since the exporter started.
pub(crate) fn throttling(out: &mut Emitter<'_>, names: &Names, look: &Look<'_>, counted: &mut Counted) {
    let throttling = look.throttling();
    out.reading(Metric::Throttled, names, Vec::new(), &throttling.active, |active| {
        f64::from(u8::from(*active))
    });
    if let Ok(causes) = &throttling.causes {
        counted.seen |= causes.value;
        for (name, bit) in counted.seen.iter_names() {
            let active = causes.contains(bit);
            let label = vec![("reason", name.to_ascii_lowercase())];
            out.of_package(Metric::ThrottleReason, names, label, f64::from(u8::from(active)));
        }
    }
    if let Some(sample) = look.sample() {
        counted.count(sample);
    }
    let label = |reason: &str| vec![("reason", reason.to_owned())];
    for (reason, seconds) in &counted.throttled {
        out.of_package(Metric::ThrottledTime, names, label(reason), *seconds);
    }
    if let Ok(metrics) = look.metrics() {
        let residency = &metrics.throttle.residency;
        for (reason, count) in counts(residency) {
            if let Some(count) = count {
                out.of_package(Metric::ThrottleSamples, names, label(reason), count as f64);
            }
        }
        if let Some(count) = residency.accumulation_counter {
            out.of_package(Metric::ThrottleSampled, names, Vec::new(), count as f64);
        }
    }
    if let Some(rates) = look.sample().and_then(Sample::rates) {
        for (reason, share) in shares(&rates.throttle) {
            if let Some(share) = share {
                out.of_package(Metric::ThrottleShare, names, label(reason), share / 100.0);
            }
        }
    }
}

/// Puts what keeps the compute dies of a GPU below the clock that the host allows.
fn throttled_dies(out: &mut Emitter<'_>, names: &Names, look: &Look<'_>) {
    if !out.page.wants(Metric::DieThrottleSamples) && !out.page.wants(Metric::DieThrottleShare) {
        return;
    }
    let own = EngineScope::Xcp(look.gpu().ids().partition.unwrap_or(0).into());
    let scope = if look.gpu().is_partition() { Scope::Partition } else { Scope::Package };
    let label = |die: usize, reason: &str| vec![("die", die.to_string()), ("reason", reason.to_owned())];
    if let Some(engines) = look.metrics().ok().and_then(|metrics| metrics.engines_in(own)) {
        for (reason, counts) in [
            ("power", &engines.gfx_below_host_limit_ppt_acc),
            ("thermal", &engines.gfx_below_host_limit_thm_acc),
            ("low_utilization", &engines.gfx_low_utilization_acc),
            ("any", &engines.gfx_below_host_limit_total_acc),
        ] {
            for (die, count) in counts.iter().enumerate() {
                if let Some(count) = count {
                    out.number(Metric::DieThrottleSamples, names, label(die, reason), scope, *count as f64);
                }
            }
        }
    }
    let Some(rates) = look.sample().and_then(Sample::rates) else { return };
    if let Some(engines) = rates.engines.iter().find(|engines| engines.scope == own) {
        for (reason, shares) in [
            ("power", &engines.gfx_below_host_limit_ppt),
            ("thermal", &engines.gfx_below_host_limit_thm),
            ("low_utilization", &engines.gfx_low_utilization),
            ("any", &engines.gfx_below_host_limit_total),
        ] {
            for (die, share) in shares.iter().enumerate() {
                if let Some(share) = share {
                    out.number(Metric::DieThrottleShare, names, label(die, reason), scope, share / 100.0);
                }
            }
        }
    }
}
