//! The model of a GPU: one load determines temperature, power, clocks, usage and memory, so that all files are
//! consistent.

use std::time::Duration;

use super::chip::{ChipFacts, Family};

/// The values of a GPU's files.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct State {
    /// Of the shaders, in percent.
    pub gfx_activity: u32,
    /// Of the memory controller, in percent.
    pub memory_activity: u32,
    /// Of the video engines, in percent.
    pub media_activity: u32,
    /// Shader clock, in MHz.
    pub sclk: u32,
    /// Memory clock, in MHz.
    pub mclk: u32,
    /// Fabric clock, in MHz.
    pub fclk: u32,
    /// SoC clock, in MHz.
    pub socclk: u32,
    /// Video clock, in MHz.
    pub vclk: u32,
    /// Decoder clock, in MHz.
    pub dclk: u32,
    /// Edge temperature in °C.
    pub edge: u32,
    /// Hotspot temperature in °C.
    pub hotspot: u32,
    /// Of the memory, in °C.
    pub memory: u32,
    /// Of the package, in W.
    pub power: u32,
    /// Of the shaders, in mV.
    pub voltage: u32,
    /// Revolutions a minute; 0 where there is no fan.
    pub fan: u32,
    /// Video memory in use, in bytes.
    pub vram_used: u64,
    /// The host's memory in use, in bytes.
    pub gtt_used: u64,
    /// Video memory used by processes, in bytes.
    pub(super) vram_of_processes: u64,
}

/// The load of a GPU, and quantities that follow it slowly or not at all; all between 0 and 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Load {
    now: f64,
    /// Of temperatures and fan.
    warmth: f64,
    /// Used share of the memory.
    filled: f64,
}

impl Load {
    /// Seconds in which two thirds of a change of temperature are done.
    const INERTIA: f64 = 8.0;

    pub(super) fn steady(load: f64) -> Load {
        let load = load.clamp(0.0, 1.0);
        Load { now: load, warmth: load, filled: load }
    }

    pub(super) fn change(&mut self, load: f64, time: Duration) {
        self.now = load.clamp(0.0, 1.0);
        self.warmth += (self.now - self.warmth) * (1.0 - (-time.as_secs_f64() / Load::INERTIA).exp());
    }
}

/// Counters that only increase.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Counters {
    /// In thousandths of a joule.
    pub(super) energy: u64,
    /// Percent of usage, summed over milliseconds.
    pub(super) gfx: u64,
    pub(super) memory: u64,
    /// Nanoseconds in which the shaders were busy.
    pub(super) busy: u64,
    /// The same of the video engines.
    pub(super) media: u64,
    /// Milliseconds throttled by the power limit.
    pub(super) throttled: u64,
}

impl Counters {
    pub(super) fn advance(&mut self, state: &State, facts: &ChipFacts, milliseconds: u64) {
        self.energy += u64::from(state.power) * milliseconds;
        self.gfx += u64::from(state.gfx_activity) * milliseconds;
        self.memory += u64::from(state.memory_activity) * milliseconds;
        self.busy += u64::from(state.gfx_activity) * milliseconds * 10_000;
        self.media += u64::from(state.media_activity) * milliseconds * 10_000;
        if state.power + 20 >= facts.power.cap.1 {
            self.throttled += milliseconds;
        }
    }
}

/// A page of the GPU's memory.
const PAGE: u64 = 4096;

impl State {
    /// The state of a GPU with this load, `processes` processes, and these bytes of system memory.
    pub(super) fn new(facts: &ChipFacts, load: Load, processes: usize, gtt: u64) -> State {
        let Load { now: load, warmth, filled } = load;
        let between = |low: u32, high: u32, part: f64| low + (f64::from(high - low.min(high)) * part) as u32;
        let gfx_activity = (load * 100.0).round() as u32;
        let idle = gfx_activity == 0;
        let media = if facts.accelerator() { 0 } else { gfx_activity / 9 };
        let clocks = &facts.clocks;
        let level = |levels: &[u32], part: f64| {
            let at = (part * levels.len().saturating_sub(1) as f64).ceil() as usize;
            levels.get(at).copied().unwrap_or(0)
        };
        let sclk = match facts.family {
            // Below the lowest level: asleep.
            Family::Mi300 if idle => clocks.sclk.0 - 5,
            _ if idle => clocks.sclk.0,
            _ => between(clocks.sclk.0, clocks.sclk.1, 0.4 + 0.6 * load),
        };
        let video = |levels: &[u32], asleep: u32| if media == 0 { asleep } else { level(levels, 0.5) };
        let hotspot = between(facts.heat.idle, facts.heat.full, warmth);
        let power = between(facts.power.idle, facts.power.cap.1, load * 0.98);
        let quiet = facts.memory.bytes / 700 / PAGE * PAGE;
        let wanted = (facts.memory.bytes as f64 * 0.7 * filled) as u64 / PAGE * PAGE;
        let vram_of_processes = wanted.max(processes as u64 * (64 << 20)).min(facts.memory.bytes / 10 * 9);
        State {
            gfx_activity,
            memory_activity: (load * 55.0) as u32,
            media_activity: media,
            sclk,
            mclk: level(clocks.mclk, (load * 1.6).min(1.0)),
            fclk: level(clocks.fclk, load),
            socclk: match facts.family {
                Family::Radeon => between(level(clocks.socclk, 0.0), level(clocks.socclk, 1.0), load),
                _ => level(clocks.socclk, load),
            },
            vclk: video(clocks.vclk, clocks.media_asleep.0),
            dclk: video(clocks.dclk, clocks.media_asleep.1),
            edge: between(facts.heat.idle, hotspot, 0.7),
            hotspot,
            memory: between(facts.heat.idle, hotspot, 0.85),
            power,
            voltage: between(640, 1080, if idle { 0.0 } else { 0.3 + 0.7 * load }),
            fan: facts
                .fan
                .map_or(0, |most| if hotspot < 50 { 0 } else { between(most / 5, most, warmth * 0.7) }),
            vram_used: quiet + vram_of_processes,
            // The driver's own, and what each process has.
            gtt_used: (19 << 20) + gtt,
            vram_of_processes,
        }
    }
}
