//! 2.0 to 2.4 and 3.0: APUs.

use super::*;
use crate::unit::*;

#[test]
fn v2_0() {
    let build = Build::new(2, 0, 120)
        .u64(8, 99)
        .u16s(16, [4512, 4000, 4101, 4102])
        .u16s(36, [3901, 3902])
        .u16s(40, [9950, 150, 15_000, 2_000, 1_500, 3_000])
        .u16s(52, [250, 260])
        .u16s(68, [400, 401, 402, 403, 404, 405, 410, 411, 412, 413, 414, 415])
        .u16s(92, [1400, 1500])
        .u16s(108, [1600, 1700])
        .u32(112, 3)
        .u16(116, 120);
    assert_eq!(build.raw("temperature_gfx"), [Some(4512)]);
    assert_eq!(build.raw("fan_pwm"), [Some(120)]);
    let metrics = build.metrics();
    let t = &metrics.temperatures;
    assert_eq!([t.gfx, t.edge, t.soc], [45_120, 45_120, 40_000].map(|degrees| Some(MilliCelsius(degrees))));
    assert_eq!(t.core[..3], [Some(MilliCelsius(41_010)), Some(MilliCelsius(41_020)), None]);
    assert_eq!(t.core.len(), 8);
    assert_eq!(*t.l3, [39_010, 39_020].map(|degrees| Some(MilliCelsius(degrees))));
    assert_eq!([metrics.activity.gfx, metrics.activity.mm], [Some(Percent(99)), Some(Percent(1))]);
    let p = &metrics.powers;
    let all = [p.average_socket, p.cpu, p.soc, p.gfx];
    assert_eq!(all, [15_000, 2_000, 1_500, 3_000].map(|power| Some(MicroWatts(power * 1000))));
    assert_eq!(p.core[..2], [250, 260].map(|power| Some(MicroWatts(power * 1000))));
    let c = &metrics.clocks;
    let average = [c.average_gfxclk, c.average_uclk, c.average_fclk, c.average_vclk0, c.average_dclk0];
    assert_eq!(average, [400, 402, 403, 404, 405].map(|clock| Some(MegaHertz(clock))));
    assert_eq!(*c.current_gfxclk, [Some(MegaHertz(410))]);
    assert_eq!(c.current_fclk, Some(MegaHertz(413)));
    assert_eq!([&*c.current_vclk0, &*c.current_dclk0], [[Some(MegaHertz(414))], [Some(MegaHertz(415))]]);
    assert_eq!(c.current_coreclk[..2], [1400, 1500].map(|clock| Some(MegaHertz(clock))));
    assert_eq!(*c.current_l3clk, [1600, 1700].map(|clock| Some(MegaHertz(clock))));
    assert_eq!(metrics.throttle.asic_status, Some(3));
}

/// The common part of 2.1 to 2.4, with four cores as on Van Gogh.
fn common(content: u8, size: u16) -> Build {
    Build::new(2, content, size)
        .u16s(4, [2500, 2737, 2537, 2350, 2500, 2337])
        .u64(32, 1_000)
        .u16s(40, [3401, 700, 743, 585])
        .u16s(64, [800, 400, 401, 402, 800, 800])
        .u16(76, 801)
        .u16(88, 1400)
        .u32(108, 0)
}

fn check_common(build: &Build) {
    assert_eq!(build.raw("average_socket_power"), [Some(3401)]);
    assert_eq!(build.raw("temperature_core")[4..], [None; 4]);
    let metrics = build.metrics();
    assert_eq!(metrics.temperatures.edge, Some(MilliCelsius(25_000)));
    assert_eq!(metrics.temperatures.core[3], Some(MilliCelsius(23_370)));
    assert_eq!(metrics.temperatures.core[4], None);
    assert_eq!(metrics.powers.socket(), Some(MicroWatts(3_401_000)));
    assert_eq!(metrics.powers.gfx, Some(MicroWatts(585_000)));
    assert_eq!(*metrics.clocks.current_gfxclk, [Some(MegaHertz(801))]);
    assert_eq!(metrics.clocks.current_coreclk[0], Some(MegaHertz(1400)));
    assert_eq!(metrics.throttle.asic_status, Some(0));
    assert_eq!(metrics.system_clock, Some(Nanoseconds(1_000)));
    assert_eq!(metrics.energy, None);
    assert_eq!(metrics.fan_speed, None);
}

#[test]
fn v2_1() {
    let build = common(1, 120).u16s(28, [79, 10_000]);
    check_common(&build);
    let metrics = build.metrics();
    assert_eq!([metrics.activity.gfx, metrics.activity.mm], [Some(Percent(0)), Some(Percent(100))]);
}

#[test]
fn v2_2() {
    let build = common(2, 128).u64(120, 1 << 33);
    check_common(&build);
    assert_eq!(build.metrics().throttle.reasons, Some(ThrottleReasons::TEMP_CORE));
}

#[test]
fn v2_3() {
    let build = common(3, 152).u16s(128, [2600, 2700, 2800]).u16(148, 2900);
    check_common(&build);
    let t = build.metrics().temperatures;
    assert_eq!([t.average_gfx, t.average_soc], [26_000, 27_000].map(|degrees| Some(MilliCelsius(degrees))));
    assert_eq!(t.average_core[..2], [Some(MilliCelsius(28_000)), None]);
    assert_eq!(*t.average_l3, [Some(MilliCelsius(29_000)), None]);
}

#[test]
fn v2_4() {
    let build = common(4, 168).u16s(152, [901, 902, 903, 1204, 1205, 1206]);
    check_common(&build);
    let metrics = build.metrics();
    let v = &metrics.voltages;
    assert_eq!(
        [v.cpu, v.soc, v.gfx, v.mem],
        [Some(901), Some(902), Some(903), None].map(|v| v.map(MilliVolts))
    );
    let i = &metrics.currents;
    assert_eq!([i.cpu, i.soc, i.gfx], [1204, 1205, 1206].map(|current| Some(MilliAmps(current))));
}

/// Renoir's firmware gives watts since 0x40000f and 0x373200.
#[test]
fn renoir_in_watts() {
    let socket = |content, value| {
        let size = if content == 2 { 128 } else { 120 };
        Build::new(2, content, size).u16(40, value).metrics().powers.socket()
    };
    assert_eq!(socket(2, 15), Some(MicroWatts(15_000_000)));
    assert_eq!(socket(2, 199), Some(MicroWatts(199_000_000)));
    assert_eq!(socket(2, 200), Some(MicroWatts(200_000)));
    assert_eq!(socket(1, 15), Some(MicroWatts(15_000_000)));
    assert_eq!(Build::new(2, 3, 152).u16(40, 150).metrics().powers.socket(), Some(MicroWatts(150_000)));
}

#[test]
fn activity_by_who_wrote_it() {
    let activity = |build: Build, value| build.u16(28, value).metrics().activity.gfx.unwrap().0;
    let van_gogh = || Build::new(2, 2, 128).u16s(8, [3000; 4]);
    let renoir = || Build::new(2, 2, 128).u16s(8, [3000; 8]);
    assert_eq!(activity(van_gogh(), 79), 79);
    assert_eq!(activity(van_gogh(), 7_900), 79);
    assert_eq!(activity(renoir(), 79), 0);
    assert_eq!(activity(renoir(), 7_900), 79);
    assert_eq!(activity(Build::new(2, 4, 168).u16s(8, [3000; 4]), 79), 79);
}

#[test]
fn v3_0() {
    let build = Build::new(3, 0, 264)
        .u16s(4, [4100, 4200, 4301])
        .u16(38, 4316)
        .u16s(40, [3300, 50, 1234, 2, 3])
        .u16s(62, [250, 9900])
        .u16s(94, [501, 502, 503, 504])
        .u64(104, 42)
        .u32(112, 70_000)
        .u16(116, 12)
        .u32(120, 65_001)
        .u32(124, 20_000)
        .u32(128, 30_000)
        .u32(132, 10_000)
        .u16s(136, [600])
        .u16s(168, [40_000, 54_000, 54_001, 1000, 1001, 1002, 1003, 1004, 1005, 1006, 1007, 3000])
        .u16s(222, [5100, 2900])
        .u32(228, 1)
        .u32(232, 2)
        .u32(236, 3)
        .u32(240, 4)
        .u32(244, 5)
        .u32(248, 6)
        .u32(252, 7)
        .u32(256, 1_000_000);
    assert_eq!(build.raw("time_filter_alphavalue"), [Some(1_000_000)]);
    assert_eq!(build.raw("temperature_core").len(), 16);
    let metrics = build.metrics();
    let t = &metrics.temperatures;
    assert_eq!([t.gfx, t.soc, t.skin], [41_000, 42_000, 33_000].map(|degrees| Some(MilliCelsius(degrees))));
    assert_eq!(
        [t.core[0], t.core[1], t.core[15]],
        [Some(43_010), None, Some(43_160)].map(|t| t.map(MilliCelsius))
    );
    let a = &metrics.activity;
    assert_eq!([a.gfx, a.mm], [Some(Percent(50)), Some(Percent(12))]);
    assert_eq!(a.ipu[..3], [Some(Percent(2)), Some(Percent(3)), None]);
    assert_eq!(a.core_c0[..2], [Some(Percent(2)), Some(Percent(99))], "one above 100 makes all hundredths");
    let b = &metrics.bandwidth;
    let all = [b.dram_reads, b.dram_writes, b.ipu_reads, b.ipu_writes];
    assert_eq!(all, [501, 502, 503, 504].map(|rate| Some(MegabytesPerSecond(rate))));
    let p = &metrics.powers;
    let all = [p.average_socket, p.ipu, p.apu, p.gfx, p.dgpu, p.all_core, p.core[0], p.sys];
    let milliwatts = [70_000, 12, 65_001, 20_000, 30_000, 10_000, 600, 40_000];
    assert_eq!(all, milliwatts.map(|power| Some(MicroWatts(power * 1000))));
    assert_eq!([p.stapm_limit, p.current_stapm_limit], [54_000_000, 54_001_000].map(|p| Some(MicroWatts(p))));
    let c = &metrics.clocks;
    let all = [
        c.average_gfxclk,
        c.average_socclk,
        c.average_vpeclk,
        c.average_ipuclk,
        c.average_fclk,
        c.average_vclk0,
        c.average_uclk,
        c.average_mpipu,
        c.current_coreclk[0],
        c.current_core_maxfreq,
        c.current_gfx_maxfreq,
    ];
    let clocks = [1000, 1001, 1002, 1003, 1004, 1005, 1006, 1007, 3000, 5100, 2900];
    assert_eq!(all, clocks.map(|clock| Some(MegaHertz(clock))));
    let r = &metrics.throttle.residency;
    let all = [r.prochot, r.spl, r.fppt, r.sppt, r.thm_core, r.thm_gfx, r.thm_soc];
    assert_eq!(all, [1, 2, 3, 4, 5, 6, 7].map(Some));
    assert_eq!(r.accumulation_counter, None);
}

/// Sixteen cores do not make a Strix a Renoir.
#[test]
fn v3_0_activity() {
    let activity = |value| Build::new(3, 0, 264).u16s(8, [4000; 16]).u16(42, value).metrics().activity.gfx;
    assert_eq!(activity(79), Some(Percent(79)));
    assert_eq!(activity(7_900), Some(Percent(79)));
}
