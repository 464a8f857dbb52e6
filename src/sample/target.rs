//! Where in a sample the value of one file goes, and how it is read from the file's text.

use super::values::Sample;
use crate::error::{ParseError, Reasons};
use crate::gpu::Source;
use crate::gpu::fan::fan_mode;
use crate::gpu::{ClockDomain, FanMode};
use crate::parse::dpm::{self, DpmTable, PcieTable};
use crate::parse::fan::{self, FanCurve, FanSetting};
use crate::parse::overdrive::{self, Overdrive};
use crate::parse::performance::{self, PerformanceLevel};
use crate::parse::profile::{self, PowerProfile};
use crate::parse::{Parsed, pcie, scalar};
use crate::unit::{Bytes, Hertz, MegaTransfers, MicroWatts, MilliCelsius, MilliVolts, Percent, Rpm};

/// A field of a [`Sample`] that one file tells; the numbers are positions in the sample's lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Target {
    Temperature(usize),
    PowerAverage(usize),
    PowerInput(usize),
    PowerCap(usize),
    Frequency(usize),
    Voltage(usize),
    FanRpm(usize),
    FanAim(usize),
    FanManual(usize),
    FanPwm(usize),
    FanMode(usize),
    GfxActivity,
    MemoryActivity,
    VideoActivity,
    VramUsed,
    VisibleUsed,
    GttUsed,
    PreemptUsed,
    Clock(usize),
    PcieSpeed,
    PcieWidth,
    PcieReplays,
    PcieLevels,
    PerformanceLevel,
    PowerProfiles,
    Overdrive,
    FanCurve,
    FanSetting(FanKnob),
}

/// The files of `gpu_od/fan_ctrl` that hold one number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FanKnob {
    AcousticLimit,
    AcousticTarget,
    TargetTemperature,
    MinimumPwm,
    ZeroRpmEnable,
    ZeroRpmStop,
}

/// A field with its reasons and its name among them.
pub(super) struct Cell<'a> {
    pub(super) value: Value<'a>,
    pub(super) reasons: &'a mut Reasons,
    pub(super) name: &'static str,
}

/// A field by its type.
pub(super) enum Value<'a> {
    Celsius(&'a mut Option<MilliCelsius>),
    Watts(&'a mut Option<MicroWatts>),
    Clock(&'a mut Option<Hertz>),
    Volts(&'a mut Option<MilliVolts>),
    Rpm(&'a mut Option<Rpm>),
    Number(&'a mut Option<u32>),
    Count(&'a mut Option<u64>),
    IsOne(&'a mut Option<bool>),
    Mode(&'a mut Option<FanMode>),
    Busy(&'a mut Option<Percent>, &'a mut Option<Source>),
    Percent(&'a mut Option<Percent>),
    Memory(&'a mut Option<Bytes>),
    Levels(&'a mut Option<DpmTable>),
    LinkSpeed(&'a mut Option<MegaTransfers>),
    LinkWidth(&'a mut Option<u8>),
    LinkLevels(&'a mut Option<PcieTable>),
    Performance(&'a mut Option<PerformanceLevel>),
    Profiles(&'a mut Option<Vec<PowerProfile>>),
    Overdrive(&'a mut Option<Overdrive>),
    Curve(&'a mut Option<FanCurve>),
    Setting(&'a mut Option<FanSetting>),
}

/// Why a file that could be read has no value.
pub(super) enum Absent {
    /// It holds something else.
    Unparsable(ParseError),
    /// It is empty, the driver's way to say so.
    NotSupported,
    /// The driver says that it cannot tell.
    Inaccessible,
}

impl Target {
    /// Whether the text is so long that it is worth comparing before it is read.
    pub(super) fn is_table(self) -> bool {
        matches!(
            self,
            Target::Clock(_)
                | Target::PcieLevels
                | Target::PerformanceLevel
                | Target::PowerProfiles
                | Target::Overdrive
                | Target::FanCurve
                | Target::FanSetting(_)
        )
    }

    /// The field itself; `None` if the sample has no such position.
    pub(super) fn cell(self, sample: &mut Sample) -> Option<Cell<'_>> {
        let cell = |value, reasons, name| Some(Cell { value, reasons, name });
        let own = &mut sample.reasons;
        match self {
            Target::Temperature(at) => {
                let sensor = sample.temperatures.get_mut(at)?;
                cell(Value::Celsius(&mut sensor.current), &mut sensor.reasons, "current")
            }
            Target::PowerAverage(at) => {
                let power = sample.power.get_mut(at)?;
                cell(Value::Watts(&mut power.average), &mut power.reasons, "average")
            }
            Target::PowerInput(at) => {
                let power = sample.power.get_mut(at)?;
                cell(Value::Watts(&mut power.instantaneous), &mut power.reasons, "instantaneous")
            }
            Target::PowerCap(at) => {
                let power = sample.power.get_mut(at)?;
                cell(Value::Watts(&mut power.cap), &mut power.reasons, "cap")
            }
            Target::Frequency(at) => {
                let frequency = sample.frequencies.get_mut(at)?;
                cell(Value::Clock(&mut frequency.current), &mut frequency.reasons, "current")
            }
            Target::Voltage(at) => {
                let voltage = sample.voltages.get_mut(at)?;
                cell(Value::Volts(&mut voltage.current), &mut voltage.reasons, "current")
            }
            Target::FanRpm(at) => {
                let fan = sample.fans.get_mut(at)?;
                cell(Value::Rpm(&mut fan.rpm), &mut fan.reasons, "rpm")
            }
            Target::FanAim(at) => {
                let fan = sample.fans.get_mut(at)?;
                cell(Value::Rpm(&mut fan.rpm_target), &mut fan.reasons, "rpm_target")
            }
            Target::FanManual(at) => {
                let fan = sample.fans.get_mut(at)?;
                cell(Value::IsOne(&mut fan.rpm_manual), &mut fan.reasons, "rpm_manual")
            }
            Target::FanPwm(at) => {
                let fan = sample.fans.get_mut(at)?;
                cell(Value::Number(&mut fan.pwm), &mut fan.reasons, "pwm")
            }
            Target::FanMode(at) => {
                let fan = sample.fans.get_mut(at)?;
                cell(Value::Mode(&mut fan.mode), &mut fan.reasons, "mode")
            }
            Target::GfxActivity => {
                let busy = &mut sample.activity;
                cell(Value::Busy(&mut busy.gfx, &mut busy.gfx_source), &mut busy.reasons, "gfx")
            }
            Target::MemoryActivity => {
                let busy = &mut sample.activity;
                cell(Value::Busy(&mut busy.memory, &mut busy.memory_source), &mut busy.reasons, "memory")
            }
            Target::VideoActivity => {
                let busy = &mut sample.activity;
                cell(Value::Percent(&mut busy.vcn), &mut busy.reasons, "vcn")
            }
            Target::VramUsed => {
                let memory = &mut sample.memory;
                cell(Value::Memory(&mut memory.vram_used), &mut memory.reasons, "vram_used")
            }
            Target::VisibleUsed => {
                let memory = &mut sample.memory;
                cell(Value::Memory(&mut memory.visible_vram_used), &mut memory.reasons, "visible_vram_used")
            }
            Target::GttUsed => {
                let memory = &mut sample.memory;
                cell(Value::Memory(&mut memory.gtt_used), &mut memory.reasons, "gtt_used")
            }
            Target::PreemptUsed => {
                let memory = &mut sample.memory;
                cell(Value::Memory(&mut memory.preempt_used), &mut memory.reasons, "preempt_used")
            }
            Target::Clock(at) => {
                let clock = sample.clocks.get_mut(at)?;
                cell(Value::Levels(&mut clock.levels), &mut clock.reasons, "levels")
            }
            Target::PcieSpeed => {
                let link = &mut sample.pcie;
                cell(Value::LinkSpeed(&mut link.speed), &mut link.reasons, "speed")
            }
            Target::PcieWidth => {
                let link = &mut sample.pcie;
                cell(Value::LinkWidth(&mut link.width), &mut link.reasons, "width")
            }
            Target::PcieReplays => {
                let link = &mut sample.pcie;
                cell(Value::Count(&mut link.replay_count), &mut link.reasons, "replay_count")
            }
            Target::PcieLevels => cell(Value::LinkLevels(&mut sample.pcie_levels), own, "pcie_levels"),
            Target::PerformanceLevel => {
                cell(Value::Performance(&mut sample.performance_level), own, "performance_level")
            }
            Target::PowerProfiles => cell(Value::Profiles(&mut sample.power_profiles), own, "power_profiles"),
            Target::Overdrive => cell(Value::Overdrive(&mut sample.overdrive), own, "overdrive"),
            Target::FanCurve => {
                let control = &mut sample.fan_control;
                cell(Value::Curve(&mut control.curve), &mut control.reasons, "curve")
            }
            Target::FanSetting(knob) => {
                let control = &mut sample.fan_control;
                let (value, name) = match knob {
                    FanKnob::AcousticLimit => (&mut control.acoustic_limit, "acoustic_limit"),
                    FanKnob::AcousticTarget => (&mut control.acoustic_target, "acoustic_target"),
                    FanKnob::TargetTemperature => (&mut control.target_temperature, "target_temperature"),
                    FanKnob::MinimumPwm => (&mut control.minimum_pwm, "minimum_pwm"),
                    FanKnob::ZeroRpmEnable => (&mut control.zero_rpm_enable, "zero_rpm_enable"),
                    FanKnob::ZeroRpmStop => {
                        (&mut control.zero_rpm_stop_temperature, "zero_rpm_stop_temperature")
                    }
                };
                cell(Value::Setting(value), &mut control.reasons, name)
            }
        }
    }
}

impl Value<'_> {
    /// Takes the field's value from the file's text.
    pub(super) fn store(self, text: &[u8]) -> Result<(), Absent> {
        match self {
            Value::Celsius(field) => keep(field, scalar::signed(text).map(MilliCelsius)),
            Value::Watts(field) => keep(field, scalar::unsigned(text).map(MicroWatts)),
            Value::Clock(field) => keep(field, scalar::unsigned(text).map(Hertz)),
            Value::Volts(field) => keep(field, scalar::signed(text).map(MilliVolts)),
            Value::Rpm(field) => keep(field, scalar::unsigned_32(text).map(Rpm)),
            Value::Number(field) => keep(field, scalar::unsigned_32(text)),
            Value::Count(field) => keep(field, scalar::unsigned(text)),
            Value::IsOne(field) => keep(field, scalar::unsigned(text).map(|value| value == 1)),
            Value::Mode(field) => keep(field, fan_mode(text)),
            Value::Busy(field, source) => {
                keep(field, scalar::percent(text))?;
                *source = Some(Source::Attribute);
                Ok(())
            }
            Value::Percent(field) => keep(field, scalar::percent(text)),
            Value::Memory(field) => keep(field, scalar::unsigned(text).map(Bytes)),
            Value::Levels(field) => {
                let table = field.get_or_insert_default();
                table.update(text).map_err(Absent::Unparsable)?;
                present(table.unavailable, table.levels.is_empty())
            }
            Value::LinkSpeed(field) => keep_some(field, pcie::link_speed(text)),
            Value::LinkWidth(field) => keep_some(field, pcie::link_width(text)),
            Value::LinkLevels(field) => keep(field, dpm::pcie(text)),
            Value::Performance(field) => keep_some(field, Ok(performance::performance_level(text))),
            Value::Profiles(field) => {
                let profiles = profile::power_profiles(text);
                keep_some(field, profiles.map(|profiles| (!profiles.is_empty()).then_some(profiles)))
            }
            Value::Overdrive(field) => {
                let table = overdrive::overdrive(text).map_err(Absent::Unparsable)?;
                present(table.unavailable, table == Overdrive::default())?;
                *field = Some(table);
                Ok(())
            }
            Value::Curve(field) => keep(field, fan::curve(text)),
            Value::Setting(field) => keep_some(field, fan::setting(text)),
        }
    }

    /// Leaves the field without a value.
    pub(super) fn clear(self) {
        match self {
            Value::Celsius(field) => *field = None,
            Value::Watts(field) => *field = None,
            Value::Clock(field) => *field = None,
            Value::Volts(field) => *field = None,
            Value::Rpm(field) => *field = None,
            Value::Number(field) => *field = None,
            Value::Count(field) => *field = None,
            Value::IsOne(field) => *field = None,
            Value::Mode(field) => *field = None,
            Value::Busy(field, source) => (*field, *source) = (None, None),
            Value::Percent(field) => *field = None,
            Value::Memory(field) => *field = None,
            Value::Levels(field) => *field = None,
            Value::LinkSpeed(field) => *field = None,
            Value::LinkWidth(field) => *field = None,
            Value::LinkLevels(field) => *field = None,
            Value::Performance(field) => *field = None,
            Value::Profiles(field) => *field = None,
            Value::Overdrive(field) => *field = None,
            Value::Curve(field) => *field = None,
            Value::Setting(field) => *field = None,
        }
    }
}

fn keep<T>(field: &mut Option<T>, value: Parsed<T>) -> Result<(), Absent> {
    *field = Some(value.map_err(Absent::Unparsable)?);
    Ok(())
}

/// As [`keep`], where the text itself may say that there is no value.
fn keep_some<T>(field: &mut Option<T>, value: Parsed<Option<T>>) -> Result<(), Absent> {
    *field = Some(value.map_err(Absent::Unparsable)?.ok_or(Absent::NotSupported)?);
    Ok(())
}

/// What a table without levels means, as in [`Gpu::clock_levels`](crate::Gpu::clock_levels).
fn present(unavailable: bool, empty: bool) -> Result<(), Absent> {
    match (unavailable, empty) {
        (true, _) => Err(Absent::Inaccessible),
        (false, true) => Err(Absent::NotSupported),
        (false, false) => Ok(()),
    }
}

/// The files of the clocks that a sampler reads by each of its two bits.
pub(super) fn domains(first: bool, others: bool) -> impl Iterator<Item = ClockDomain> {
    ClockDomain::ALL.into_iter().filter(move |domain| match domain {
        ClockDomain::Graphics | ClockDomain::Memory => first,
        _ => others,
    })
}
