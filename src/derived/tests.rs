use proptest::prelude::*;

use super::*;

/// A table of MI300 after so many milliseconds.
fn table(milliseconds: u64) -> Metrics {
    let mut metrics = Metrics::default();
    (metrics.header.format_revision, metrics.header.content_revision) = (1, 8);
    metrics.firmware_clock = Some(Nanoseconds(1_000_000 * (milliseconds + 1)));
    metrics.system_clock = Some(Nanoseconds(7_000_000 * (milliseconds + 1)));
    metrics.throttle.residency.accumulation_counter = Some(milliseconds);
    metrics
}

fn energy(ticks: u64, ticks_per_joule: u32) -> Option<EnergyCounter> {
    let mut counter = Metrics::default().energy;
    counter.replace(EnergyCounter { ticks, ticks_per_joule: Some(ticks_per_joule) });
    counter
}

#[test]
fn energy_and_power_by_the_clock_of_the_firmware() {
    let (mut earlier, mut later) = (table(0), table(2_000));
    earlier.energy = energy(65_536, 65_536);
    later.energy = energy(65_536 * 1501, 65_536);
    let rates = MetricsRates::between(&earlier, &later);
    assert_eq!(rates.elapsed, Some(Nanoseconds(2_000_000_000)));
    assert_eq!(rates.energy, Some(MicroJoules(1_500_000_000)));
    assert_eq!(rates.average_power, Some(MicroWatts(750_000_000)));
    (earlier.firmware_clock, later.firmware_clock) = (Some(Nanoseconds(0)), Some(Nanoseconds(0)));
    let rates = MetricsRates::between(&earlier, &later);
    assert_eq!(rates.elapsed, Some(Nanoseconds(14_000_000_000)), "0 is a clock that does not run");
    earlier.energy.as_mut().unwrap().ticks_per_joule = None;
    later.energy.as_mut().unwrap().ticks_per_joule = None;
    assert_eq!(MetricsRates::between(&earlier, &later).energy, None, "a tick that is not known");
}

#[test]
fn an_energy_counter_that_starts_over() {
    let (mut earlier, mut later) = (table(0), table(1_000));
    // Navi 21, as recorded: a millijoule a tick, 32 bits. 200 J in a second, across the end.
    earlier.energy = energy(u64::from(u32::MAX) - 99_999, 1000);
    later.energy = energy(100_000, 1000);
    let rates = MetricsRates::between(&earlier, &later);
    assert_eq!(rates.average_power, Some(MicroWatts(200_000_000)));
    // Started anew from anywhere: no energy, and none that no package takes.
    for ticks in [1_000_000, 1 << 31, 3 << 30, 1 << 40] {
        earlier.energy = energy(ticks, 1000);
        later.energy = energy(5, 1000);
        let rates = MetricsRates::between(&earlier, &later);
        assert_eq!((rates.energy, rates.average_power), (None, None), "{ticks}");
    }
    // Of 64 bits: never full.
    earlier.energy = energy(u64::from(u32::MAX) - 100, EnergyCounter::INSTINCT);
    later.energy = energy(100, EnergyCounter::INSTINCT);
    assert_eq!(MetricsRates::between(&earlier, &later).energy, None);
}

#[test]
fn shares_by_the_count_of_samples() {
    let (mut earlier, mut later) = (table(4_294_967_000), table(0));
    // Both counters of 32 bits run over: 1000 samples, 12.5 % of them at the power limit, 40 % busy.
    later.firmware_clock = Some(Nanoseconds(1_000_000 * 4_294_968_001));
    later.system_clock = Some(Nanoseconds(7_000_000 * 4_294_968_001));
    later.throttle.residency.accumulation_counter = Some((4_294_967_000u64 + 1000) % (1 << 32));
    earlier.throttle.residency.ppt = Some(u64::from(u32::MAX));
    later.throttle.residency.ppt = Some(124);
    earlier.throttle.residency.hbm_thm = Some(7);
    later.throttle.residency.hbm_thm = Some(7);
    earlier.activity.gfx_acc = Some(u64::from(u32::MAX) - 9_999);
    later.activity.gfx_acc = Some(30_000);
    let rates = MetricsRates::between(&earlier, &later);
    assert_eq!(rates.throttle.ppt, Some(12.5));
    assert_eq!(rates.throttle.hbm_thm, Some(0.0));
    assert_eq!(rates.throttle.prochot, None);
    assert_eq!(rates.gfx_activity, Some(40.0));
    // More than the whole is nothing.
    later.activity.gfx_acc = Some(200_000);
    assert_eq!(MetricsRates::between(&earlier, &later).gfx_activity, None);
    // A count of samples that no firmware takes started anew.
    later.throttle.residency.accumulation_counter = Some(1 << 29);
    assert_eq!(MetricsRates::between(&earlier, &later).throttle.ppt, None);
}

#[test]
fn traffic_and_engines_keep_their_place() {
    let (mut earlier, mut later) = (table(0), table(500));
    let kilobytes = |values: [Option<u64>; 3]| values.into_iter().map(|value| value.map(KiloBytes)).collect();
    earlier.xgmi.read_data_acc = kilobytes([Some(10), None, Some(500)]);
    later.xgmi.read_data_acc = kilobytes([Some(1010), Some(4), Some(20)]);
    earlier.pcie.bandwidth_acc = [Some(1000)].into_iter().collect();
    later.pcie.bandwidth_acc = [Some(11_000)].into_iter().collect();
    let engines = |scope, busy: u64| EngineMetrics {
        scope,
        gfx_busy_acc: [Some(busy), None].into_iter().collect(),
        ..EngineMetrics::default()
    };
    earlier.engines = vec![engines(EngineScope::Xcp(1), 100)];
    later.engines = vec![engines(EngineScope::Xcp(0), 0), engines(EngineScope::Xcp(1), 25_100)];
    let rates = MetricsRates::between(&earlier, &later);
    assert_eq!(*rates.xgmi_read, [Some(KiloBytesPerSecond(2000)), None, None]);
    assert_eq!(*rates.pcie_bandwidth, [Some(20.0)]);
    let [first, second] = &rates.engines[..] else { panic!("{:?}", rates.engines) };
    assert_eq!((first.scope, &*first.gfx_busy), (EngineScope::Xcp(0), &[None, None][..]));
    assert_eq!((second.scope, &*second.gfx_busy), (EngineScope::Xcp(1), &[Some(50.0), None][..]));
}

#[test]
fn what_cannot_be_compared_gives_nothing() {
    let (earlier, mut later) = (table(1_000), table(2_000));
    assert_eq!(MetricsRates::between(&later, &earlier), MetricsRates::default(), "in the wrong order");
    later.header.content_revision = 7;
    assert_eq!(MetricsRates::between(&earlier, &later), MetricsRates::default(), "of two versions");
    let same = MetricsRates::between(&earlier, &earlier);
    assert_eq!((same.elapsed, same.average_power), (None, None), "no time passed");
}

proptest! {
    /// Whatever two tables hold, what follows is neither negative nor absurd.
    #[test]
    fn never_absurd(
        counters: [[Option<u64>; 7]; 2],
        narrow: bool,
        per_joule in prop_oneof![Just(None), Just(Some(EnergyCounter::INSTINCT)), any::<Option<u32>>()],
    ) {
        let tables = counters.map(|counters| {
            let [clock, samples, ticks, residency, busy, link, die] =
                counters.map(|value| value.map(|value| if narrow { value >> 32 } else { value }));
            let mut metrics = table(0);
            metrics.firmware_clock = clock.map(Nanoseconds);
            metrics.throttle.residency.accumulation_counter = samples;
            metrics.throttle.residency.ppt = residency;
            metrics.activity.gfx_acc = busy;
            metrics.energy = ticks.map(|ticks| EnergyCounter { ticks, ticks_per_joule: per_joule });
            metrics.xgmi.read_data_acc = [link.map(KiloBytes)].into_iter().collect();
            metrics.engines = vec![EngineMetrics { gfx_busy_acc: [die].into_iter().collect(), ..Default::default() }];
            metrics
        });
        let rates = MetricsRates::between(&tables[0], &tables[1]);
        prop_assert!(rates.average_power.is_none_or(|power| power.watts() <= 10_000.0));
        let dies = rates.engines.iter().flat_map(|engines| engines.gfx_busy.iter().flatten().copied());
        for share in dies.chain(rates.gfx_activity).chain(rates.throttle.ppt) {
            prop_assert!((0.0..=100.0).contains(&share), "{share}");
        }
    }
}
