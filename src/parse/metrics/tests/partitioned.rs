//! 1.4 to 1.8 and the files of partitions: MI300 and later.

use super::*;
use crate::unit::*;

#[test]
fn v1_4() {
    let build = Build::new(1, 4, 288)
        .u16s(4, [55, 44, 50, 150, 88, 20, 5, 6])
        .u64(24, 131_072)
        .u64(32, 1)
        .u32(40, 0)
        .u32(44, 0xff)
        .u16s(48, [16, 320, 16, 32])
        .u32(56, 1000)
        .u32(60, 1001)
        .u64(64, 2000)
        .u64(72, 31)
        .u64(80, 3)
        .u64(88, 4)
        .u64(96, 5)
        .u64(104, 600)
        .u64(160, 607)
        .u64(168, 700)
        .u64(232, 9)
        .u16s(240, [2100, 2101])
        .u16s(256, [1200, 1201, 1202, 1203])
        .u16s(264, [30])
        .u16s(272, [40])
        .u16(280, 1300);
    assert_eq!(build.raw("throttle_status"), [Some(0)]);
    let metrics = build.metrics();
    assert_eq!(metrics.throttle.asic_status, None, "the driver writes 0 whatever happens");
    assert_eq!(metrics.powers.average_socket, None);
    assert_eq!(metrics.powers.socket(), Some(MicroWatts(150_000_000)));
    assert_eq!(metrics.temperatures.hotspot, Some(MilliCelsius(55_000)));
    assert_eq!(metrics.temperatures.edge, None);
    assert_eq!(metrics.energy.unwrap().energy(), Some(MicroJoules(2_000_000)));
    assert_eq!(metrics.firmware_clock, Some(Nanoseconds(90)));
    assert_eq!(metrics.clocks.gfxclk_lock_status, Some(0xff));
    assert_eq!(metrics.pcie.link_speed, Some(MegaTransfers(32_000)));
    assert_eq!(*metrics.pcie.bandwidth_acc, [Some(2000)]);
    assert_eq!(*metrics.pcie.bandwidth_inst, [Some(GigabytesPerSecond(31))]);
    let p = &metrics.pcie;
    assert_eq!([p.l0_to_recov_count_acc, p.replay_count_acc, p.replay_rover_count_acc], [3, 4, 5].map(Some));
    let x = &metrics.xgmi;
    assert_eq!(x.link_width, Some(16));
    assert_eq!(x.link_speed, Some(MegaTransfers(32_000)));
    assert_eq!(
        [x.read_data_acc[0], x.read_data_acc[1], x.read_data_acc[7]],
        [Some(600), None, Some(607)].map(|v| v.map(KiloBytes))
    );
    assert_eq!(x.write_data_acc[0], Some(KiloBytes(700)));
    assert!(x.link_status.is_empty());
    let c = &metrics.clocks;
    assert_eq!(c.current_gfxclk[..3], [Some(2100), Some(2101), None].map(|clock| clock.map(MegaHertz)));
    assert_eq!(*c.current_socclk, [1200, 1201, 1202, 1203].map(|clock| Some(MegaHertz(clock))));
    assert_eq!(*c.current_uclk, [Some(MegaHertz(1300))]);
    let [engines] = &metrics.engines[..] else { panic!("{:?}", metrics.engines) };
    assert_eq!(engines.scope, EngineScope::Socket);
    assert_eq!(engines.vcn_busy[..3], [Some(Percent(5)), Some(Percent(6)), None]);
    assert!(engines.gfx_busy.is_empty());
}

#[test]
fn v1_5() {
    let build = Build::new(1, 5, 360)
        .u16(4, 61)
        .u16(24, 70)
        .u16(86, 71)
        .u64(88, 65_536)
        .u32(104, 0)
        .u32(168, 8)
        .u32(172, 9)
        .u64(176, 11)
        .u64(304, 5)
        .u16(312, 2000)
        .u16(352, 900);
    assert_eq!(build.raw("jpeg_activity").len(), 32);
    let metrics = build.metrics();
    assert_eq!(metrics.throttle.asic_status, None);
    assert_eq!(metrics.engines[0].jpeg_busy.len(), 32);
    assert_eq!(metrics.engines[0].jpeg_busy[0], Some(Percent(70)));
    assert_eq!(metrics.engines[0].jpeg_busy[31], Some(Percent(71)));
    assert_eq!(metrics.energy.map(|energy| energy.ticks), Some(65_536));
    assert_eq!([metrics.pcie.nak_sent_count_acc, metrics.pcie.nak_rcvd_count_acc], [Some(8), Some(9)]);
    assert_eq!(metrics.xgmi.read_data_acc[0], Some(KiloBytes(11)));
    assert_eq!(metrics.firmware_clock, Some(Nanoseconds(50)));
    assert_eq!(*metrics.clocks.current_uclk, [Some(MegaHertz(900))]);
}

/// The partitions' structs begin at `at` and are `size` long; `vcn` and `acc` are offsets in them.
fn partitions(build: Build, at: usize, size: usize, vcn: usize, acc: usize) -> Build {
    build
        .u32(at, 11)
        .u32(at + 28, 17)
        .u16(at + 32, 21)
        .u16(at + vcn, 31)
        .u64(at + acc, 1 << 40)
        .u32(at + size, 12)
        .u64(at + size + acc + 56, 2)
        .u32(at + 7 * size, 18)
}

fn check_partitions(build: &Build, jpegs: usize) {
    let busy = build.raw("gfx_busy_inst");
    assert_eq!(busy.len(), 64);
    assert_eq!([busy[0], busy[7], busy[8], busy[56]], [Some(11), Some(17), Some(12), Some(18)]);
    let table = GpuMetrics::decode(&build.0).unwrap();
    let last = table.fields().filter(|field| field.name == "gfx_busy_inst").nth(57).unwrap();
    assert_eq!((last.partition, last.index, last.value), (Some(7), Some(1), None));

    let metrics = build.metrics();
    assert_eq!(metrics.partition_count, Some(2));
    let [first, second] = &metrics.engines[..] else { panic!("{} partitions", metrics.engines.len()) };
    assert_eq!([first.scope, second.scope], [EngineScope::Xcp(0), EngineScope::Xcp(1)]);
    assert_eq!(
        [first.gfx_busy[0], first.gfx_busy[1], first.gfx_busy[7]],
        [Some(11), None, Some(17)].map(|v| v.map(Percent))
    );
    assert_eq!(first.jpeg_busy.len(), jpegs);
    assert_eq!(first.jpeg_busy[0], Some(Percent(21)));
    assert_eq!(first.vcn_busy[0], Some(Percent(31)));
    assert_eq!(first.gfx_busy_acc[0], Some(1 << 40));
    assert_eq!(second.gfx_busy[0], Some(Percent(12)));
    assert_eq!(second.gfx_busy_acc[7], Some(2));
}

#[test]
fn v1_6() {
    let build = Build::new(1, 6, 1664)
        .u16(10, 300)
        .u64(16, 65_536)
        .u64(24, 7)
        .u32(32, 1000)
        .u32(36, 1)
        .u32(40, 2)
        .u32(44, 3)
        .u32(48, 4)
        .u32(52, 5)
        .u32(56, 0)
        .u32(68, 100)
        .u32(72, 101)
        .u64(192, 700)
        .u64(256, 6)
        .u16s(304, [1500, 2])
        .u32(1656, 77);
    let build = partitions(build, 312, 168, 96, 104);
    check_partitions(&build, 32);
    let metrics = build.metrics();
    assert_eq!(metrics.powers.socket(), Some(MicroWatts(300_000_000)));
    let r = &metrics.throttle.residency;
    let all = [r.accumulation_counter, r.prochot, r.ppt, r.socket_thm, r.vr_thm, r.hbm_thm];
    assert_eq!(all, [1000, 1, 2, 3, 4, 5].map(Some));
    assert_eq!(metrics.throttle.asic_status, None);
    assert_eq!([metrics.activity.gfx_acc, metrics.activity.mem_acc], [Some(100), Some(101)]);
    assert_eq!(metrics.xgmi.write_data_acc[0], Some(KiloBytes(700)));
    assert_eq!(metrics.pcie.lc_perf_other_end_recovery, Some(77));
    assert_eq!(metrics.clocks.gfxclk_lock_status, Some(0));
    assert!(metrics.engines[0].gfx_below_host_limit_acc.is_empty());
}

#[test]
fn v1_7() {
    let build = Build::new(1, 7, 2208)
        .u64(16, 5300)
        .u32(40, 1000)
        .u32(60, 5)
        .u16s(264, [1, 0, 2, 3])
        .u64(288, 6)
        .u16s(336, [1500, 2])
        .u64(344 + 168, 44)
        .u32(2200, 78);
    let build = partitions(build, 344, 232, 96, 104);
    check_partitions(&build, 32);
    let metrics = build.metrics();
    assert_eq!(metrics.bandwidth.mem_max, Some(GigabytesPerSecond(5300)));
    assert_eq!(metrics.throttle.residency.hbm_thm, Some(5));
    let states = [Some(LinkState::Active), Some(LinkState::Inactive), None, None];
    assert_eq!(metrics.xgmi.link_status[..4], states);
    assert_eq!(build.raw("xgmi_link_status")[..5], [Some(1), Some(0), Some(2), Some(3), None]);
    assert_eq!(metrics.firmware_clock, Some(Nanoseconds(60)));
    assert_eq!(metrics.engines[0].gfx_below_host_limit_acc[0], Some(44));
    assert_eq!(metrics.pcie.lc_perf_other_end_recovery, Some(78));
}

#[test]
fn v1_8() {
    let build = Build::new(1, 8, 3872)
        .u64(24, 3 << 16)
        .u16s(336, [1500, 2])
        .u16(344 + 110, 22)
        .u64(344 + 184, 41)
        .u64(344 + 248, 42)
        .u64(344 + 312, 43)
        .u64(344 + 376, 44)
        .u32(3864, 79);
    let build = partitions(build, 344, 440, 112, 120);
    check_partitions(&build, 40);
    let metrics = build.metrics();
    let e = &metrics.engines[0];
    assert_eq!(e.jpeg_busy[39], Some(Percent(22)));
    let all = [
        &e.gfx_below_host_limit_ppt_acc,
        &e.gfx_below_host_limit_thm_acc,
        &e.gfx_low_utilization_acc,
        &e.gfx_below_host_limit_total_acc,
    ];
    assert_eq!(all.map(|acc| acc[0]), [41, 42, 43, 44].map(Some));
    assert_eq!(metrics.energy.unwrap().energy(), Some(MicroJoules(3_000_000)));
    assert_eq!(metrics.pcie.lc_perf_other_end_recovery, Some(79));
}

#[test]
fn more_partitions_than_there_is_room_for() {
    let engines = |count| Build::new(1, 8, 3872).u16(338, count).metrics().engines.len();
    assert_eq!([engines(0), engines(1), engines(8), engines(9), engines(0xfffe)], [0, 1, 8, 8, 8]);
    assert_eq!(Build::new(1, 8, 3872).metrics().engines.len(), 8, "the count is absent");
}

#[test]
fn partition_v1_0() {
    let Build(bytes) = Build::new(1, 0, 488)
        .u16s(4, [2100])
        .u16s(20, [1200])
        .u16s(28, [30])
        .u16s(36, [40])
        .u16(44, 1500)
        .u32(48, 99)
        .u16(80, 5)
        .u16(160, 6)
        .u64(168, 1000)
        .u64(424, 1001);
    assert_eq!(raw(MetricsFile::XcpMetrics, &bytes, "gfx_busy_inst")[..2], [Some(99), None]);
    let metrics = Metrics::decode_file(MetricsFile::XcpMetrics, &bytes).unwrap();
    assert_eq!(metrics.clocks.current_gfxclk[0], Some(MegaHertz(2100)));
    assert_eq!(*metrics.clocks.current_uclk, [Some(MegaHertz(1500))]);
    let [engines] = &metrics.engines[..] else { panic!("{:?}", metrics.engines) };
    assert_eq!(engines.scope, EngineScope::Partition);
    assert_eq!(engines.gfx_busy[0], Some(Percent(99)));
    assert_eq!(engines.jpeg_busy[0], Some(Percent(5)));
    assert_eq!(engines.vcn_busy[0], Some(Percent(6)));
    assert_eq!(
        [engines.gfx_busy_acc[0], engines.gfx_below_host_limit_total_acc[0]],
        [Some(1000), Some(1001)]
    );
}

#[test]
fn update_keeps_the_room_and_on_error_the_values() {
    let big = Build::new(1, 8, 3872).u16(338, 8);
    let small = Build::new(1, 8, 3872).u16(338, 3);
    let mut metrics = big.metrics();
    let engines = metrics.engines.as_ptr();
    metrics.update(MetricsFile::GpuMetrics, &small.0).unwrap();
    assert_eq!(metrics, small.metrics());
    assert_eq!(metrics.engines.as_ptr(), engines);
    assert!(metrics.update(MetricsFile::GpuMetrics, &small.0[..100]).is_err());
    assert_eq!(metrics, small.metrics());
}
