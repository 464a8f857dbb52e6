//! 1.0 to 1.3: discrete GPUs, MI100 and MI200.

use super::*;
use crate::unit::*;

#[test]
fn v1_0() {
    let build = Build::new(1, 0, 80)
        .u64(8, 5_000_000_123)
        .u16s(16, [41, 52, 63, 44, 45, 46, 97, 33, 0, 211])
        .u32(36, 65_536)
        .u16s(40, [1400, 971, 800])
        .u16s(54, [1401, 972, 801])
        .u32(68, 0x8002)
        .u16(72, 1500)
        .u8(74, 16)
        .u8(75, 80);
    assert_eq!(build.raw("temperature_vrmem"), [Some(46)]);
    assert_eq!(build.raw("pcie_link_speed"), [Some(80)]);
    assert_eq!(build.raw("average_vclk0_frequency"), [None]);

    let metrics = build.metrics();
    assert_eq!(metrics.system_clock, Some(Nanoseconds(5_000_000_123)));
    let t = &metrics.temperatures;
    let all = [t.edge, t.hotspot, t.mem, t.vrgfx, t.vrsoc, t.vrmem];
    assert_eq!(all, [41, 52, 63, 44, 45, 46].map(|degrees| Some(MilliCelsius(degrees * 1000))));
    assert_eq!(metrics.activity.gfx, Some(Percent(97)));
    assert_eq!(metrics.activity.umc, Some(Percent(33)));
    assert_eq!(metrics.activity.mm, Some(Percent(0)));
    assert_eq!(metrics.powers.average_socket, Some(MicroWatts(211_000_000)));
    assert_eq!(metrics.powers.current_socket, None);
    assert_eq!(metrics.powers.socket(), Some(MicroWatts(211_000_000)));
    let energy = metrics.energy.unwrap();
    assert_eq!((energy.ticks, energy.energy()), (65_536, None));
    assert_eq!(metrics.clocks.average_uclk, Some(MegaHertz(800)));
    assert_eq!(*metrics.clocks.current_gfxclk, [Some(MegaHertz(1401))]);
    assert_eq!(*metrics.clocks.current_vclk0, [None]);
    assert_eq!(metrics.throttle.asic_status, Some(0x8002));
    assert_eq!(metrics.throttle.reasons, None);
    assert_eq!(metrics.fan_speed, Some(Rpm(1500)));
    assert_eq!(metrics.pcie.link_width, Some(16));
    assert_eq!(metrics.pcie.link_speed, Some(MegaTransfers(8_000)));
    assert!(metrics.engines.is_empty());
}

/// The fields that 1.1 to 1.3 have in common.
fn common(content: u8, size: u16) -> Build {
    Build::new(1, content, size)
        .u16s(4, [24, 31, 48, 34, 32, 35, 7, 3, 0, 32])
        .u64(24, 59_230)
        .u64(32, 77)
        .u16s(40, [2011, 910, 909, 25, 26, 27, 28, 2012, 750, 456, 29, 30, 31, 32])
        .u32(68, 4)
        .u16s(72, [868, 16, 160])
        .u32(80, 100_001)
        .u32(84, 100_002)
}

fn check_common(build: &Build) {
    assert_eq!(build.raw("energy_accumulator"), [Some(59_230)]);
    assert_eq!(build.raw("temperature_hbm").len(), 4);
    let metrics = build.metrics();
    assert_eq!(metrics.temperatures.edge, Some(MilliCelsius(24_000)));
    assert_eq!(metrics.temperatures.hotspot, Some(MilliCelsius(31_000)));
    assert_eq!(metrics.activity.gfx, Some(Percent(7)));
    assert_eq!(metrics.powers.socket(), Some(MicroWatts(32_000_000)));
    assert_eq!(metrics.energy.map(|energy| energy.ticks), Some(59_230));
    assert_eq!(metrics.system_clock, Some(Nanoseconds(77)));
    let c = &metrics.clocks;
    let average = [c.average_gfxclk, c.average_socclk, c.average_uclk, c.average_vclk0, c.average_dclk1];
    assert_eq!(average, [2011, 910, 909, 25, 28].map(|clock| Some(MegaHertz(clock))));
    assert_eq!(*c.current_gfxclk, [Some(MegaHertz(2012))]);
    assert_eq!(*c.current_dclk0, [Some(MegaHertz(30))]);
    assert_eq!([c.current_vclk1, c.current_dclk1], [31, 32].map(|clock| Some(MegaHertz(clock))));
    assert_eq!(metrics.throttle.asic_status, Some(4));
    assert_eq!(metrics.fan_speed, Some(Rpm(868)));
    assert_eq!(metrics.pcie.link_speed.and_then(MegaTransfers::pcie_generation), Some(4));
    assert_eq!([metrics.activity.gfx_acc, metrics.activity.mem_acc], [Some(100_001), Some(100_002)]);
}

#[test]
fn v1_1() {
    check_common(&common(1, 96));
}

#[test]
fn v1_2() {
    let build = common(2, 104).u64(96, 12);
    check_common(&build);
    assert_eq!(build.metrics().firmware_clock, Some(Nanoseconds(120)));
}

#[test]
fn v1_3() {
    let build = common(3, 120).u16s(88, [38, 39]).u16s(92, [40]).u16s(104, [775, 900]).u64(112, 1 << 36 | 1);
    check_common(&build);
    let metrics = build.metrics();
    let hbm: Vec<_> = metrics.temperatures.hbm.iter().map(|stack| stack.map(MilliCelsius::celsius)).collect();
    assert_eq!(hbm, [Some(38.0), Some(39.0), Some(40.0), None]);
    assert_eq!(metrics.voltages.soc, Some(MilliVolts(775)));
    assert_eq!(metrics.voltages.gfx, Some(MilliVolts(900)));
    assert_eq!(metrics.voltages.mem, None);
    assert_eq!(metrics.throttle.reasons, Some(ThrottleReasons::TEMP_HOTSPOT | ThrottleReasons::PPT0));
    assert_eq!(metrics.firmware_clock, None);
}

#[test]
fn an_energy_counter_at_zero_does_not_run() {
    let build = Build::new(1, 3, 120).u64(24, 0);
    assert_eq!(build.raw("energy_accumulator"), [Some(0)]);
    assert_eq!(build.metrics().energy, None);
}

/// A clock that does not fit ten times into 64 bits is none; a made-up highest number would be a lie.
#[test]
fn a_time_that_overflows_is_absent() {
    assert_eq!(Build::new(1, 3, 120).u64(96, u64::MAX / 2).metrics().firmware_clock, None);
}

/// MI100 counts joules: 370 between two recordings 10.3 s apart, at 36 W. Only MI200 fills in HBM's stacks.
#[test]
fn a_tick_of_energy_is_known_on_mi200_only() {
    let other = Build::new(1, 3, 120).u64(24, 59_230);
    assert_eq!(other.metrics().energy.unwrap().energy(), None);
    let mi200 = other.u16s(88, [38, 39, 40, 41]);
    let mut energy = mi200.metrics().energy.unwrap();
    assert_eq!(energy.energy(), Some(MicroJoules(903_778)));
    energy.ticks_per_joule = Some(1);
    assert_eq!(energy.energy(), Some(MicroJoules(59_230_000_000)));
    energy.ticks_per_joule = Some(0);
    assert_eq!(energy.energy(), None);
}

#[test]
fn an_energy_out_of_range_is_absent() {
    let energy = |ticks| Build::new(1, 4, 288).u64(24, ticks).metrics().energy.unwrap().energy();
    assert_eq!(energy(u64::MAX - 1), None);
    assert_eq!(energy(1 << 59), Some(MicroJoules(8_796_093_022_208_000_000)));
}
