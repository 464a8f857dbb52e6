//! `set`: settings, planned and then made.

mod args;
mod words;

use amdgpu_smi::Error;
use amdgpu_smi::control::{Bound, ClockRange, Control, FanControlChange, OverdriveEdit};
use amdgpu_smi::gpu::{ClockDomain, Fan, FanMode};
use amdgpu_smi::parse::dpm::DpmIndex;
use amdgpu_smi::parse::fan::FanPoint;
use amdgpu_smi::parse::overdrive::{Overdrive, OverdrivePoint};
use amdgpu_smi::parse::partition::ComputePartition;
use amdgpu_smi::parse::policy::{Isolation, PolicyLevel};
use amdgpu_smi::unit::{MegaHertz, MicroWatts, MilliCelsius, Rpm};

use self::args::FanSpeed;
pub(crate) use self::args::SetArgs;
use self::words::{Clock, Limit, caps, levels, limits, name};
use crate::args::Common;
use crate::change::value::{cap_name, curve, fan_mode, mode, profile};
use crate::change::{self, ChangeArgs, Plans, Request};
use crate::failure::Failure;
use crate::report::{Node, Number, Section};

pub(crate) fn run(common: &Common, args: &SetArgs) -> Result<(), Failure> {
    let set = Set::read(args)?;
    match set.count() {
        0 => {
            let sentence =
                "nothing to set: -o 300 sets the power cap, for example; `amdgpu-smi set --help` has all";
            Err(Failure::Usage(sentence.into()))
        }
        count if count > 1 && args.compute_partition.is_some() => {
            let sentence =
                "-C makes another list of GPUs, so it stands alone; set the rest afterwards, on those";
            Err(Failure::Usage(sentence.into()))
        }
        _ => change::run(common, &set),
    }
}

/// The options, with those read whose values are several words.
pub(crate) struct Set<'a> {
    args: &'a SetArgs,
    caps: Vec<(u32, MicroWatts)>,
    levels: Vec<(Clock, Vec<u32>)>,
    limits: Vec<(ClockDomain, Limit)>,
}

impl Set<'_> {
    /// Reads the values.
    pub(crate) fn read(args: &SetArgs) -> Result<Set<'_>, Failure> {
        let (caps, levels) = (caps(&args.power_cap)?, levels(&args.clk_level)?);
        Ok(Set { args, caps, levels, limits: limits(&args.clk_limit)? })
    }

    /// How many settings are given.
    fn count(&self) -> usize {
        let args = self.args;
        let given = [
            args.fan.is_some(),
            args.perf_level.is_some(),
            args.profile.is_some(),
            args.perf_determinism.is_some(),
            args.compute_partition.is_some(),
            args.memory_partition.is_some(),
            args.soc_pstate.is_some(),
            args.xgmi_plpd.is_some(),
            args.process_isolation.is_some(),
            !args.fan_curve.is_empty(),
            args.voltage_offset.is_some(),
            args.sclk_offset.is_some(),
            !args.overdrive.is_empty(),
            args.sclk_overdrive.is_some(),
            args.mclk_overdrive.is_some(),
            !args.custom_profile.is_empty(),
        ];
        given.iter().filter(|given| **given).count()
            + self.fan_controls().len()
            + self.caps.len()
            + self.levels.len()
            + self.limits.len()
    }

    /// The numbers of the firmware's fan control, with their settings' names.
    fn fan_controls(&self) -> Vec<(&'static str, Node, FanControlChange)> {
        let args = self.args;
        let mut changes: Vec<(&'static str, Node, FanControlChange)> = Vec::new();
        let mut add = |name, asked: Option<(Node, FanControlChange)>| {
            changes.extend(asked.map(|(asked, change)| (name, asked, change)));
        };
        let rpm = |rpm: Rpm, change: fn(Rpm) -> FanControlChange| (rpm.into(), change(rpm));
        let celsius =
            |value: MilliCelsius, change: fn(MilliCelsius) -> FanControlChange| (value.into(), change(value));
        add("fan_acoustic_limit", args.fan_acoustic_limit.map(|it| rpm(it, FanControlChange::AcousticLimit)));
        add(
            "fan_acoustic_target",
            args.fan_acoustic_target.map(|it| rpm(it, FanControlChange::AcousticTarget)),
        );
        add(
            "fan_target_temperature",
            args.fan_target_temperature.map(|it| celsius(it, FanControlChange::TargetTemperature)),
        );
        add("fan_minimum", args.fan_minimum.map(|it| (it.into(), FanControlChange::MinimumPwm(it))));
        add("fan_zero_rpm", args.fan_zero_rpm.map(|it| (it.into(), FanControlChange::ZeroRpm(it))));
        add(
            "fan_zero_rpm_stop",
            args.fan_zero_rpm_stop.map(|it| celsius(it, FanControlChange::ZeroRpmStopTemperature)),
        );
        changes
    }
}

impl Request for Set<'_> {
    fn how(&self) -> &ChangeArgs {
        &self.args.how
    }

    fn dangers(&self) -> Vec<&'static str> {
        let compute = "splitting the compute units anew takes the GPUs of the list away and makes others";
        let memory =
            "splitting the memory anew is in force when the driver is next loaded, for the whole hive";
        let given = [
            self.args.compute_partition.is_some().then_some(compute),
            self.args.memory_partition.is_some().then_some(memory),
        ];
        given.into_iter().flatten().collect()
    }

    fn package(&self, plans: &mut Plans<'_>) -> Result<(), Failure> {
        let args = self.args;
        if let Some(speed) = args.fan {
            fan(plans, speed)?;
        }
        if let Some(level) = args.perf_level.clone() {
            let plan = move |control: &Control<'_>| control.performance_level(level.clone());
            plans.add("perf_level", plan, |level| level.as_str().into(), |level| level.as_str().into())?;
        }
        if let Some(choice) = args.profile.clone() {
            let plan = move |control: &Control<'_>| control.power_profile(choice.clone());
            plans.add("profile", plan, |asked| profile(asked.clone()), profile)?;
        }
        if !args.custom_profile.is_empty() {
            let numbers = args.custom_profile.clone();
            let plan = move |control: &Control<'_>| control.custom_power_profile(&numbers);
            plans.add("custom_profile", plan, |numbers| list(numbers), profile)?;
        }
        if let Some(clock) = args.perf_determinism {
            plans.add("perf_determinism", move |control| control.determinism(clock), copied, Node::from)?;
        }
        if let Some(word) = &args.compute_partition {
            let mode = compute_mode(plans, word)?;
            let plan = move |control: &Control<'_>| control.compute_partition(mode.clone());
            plans.add("compute_partition", plan, |mode| mode.as_str().into(), |mode| mode.as_str().into())?;
            plans.note("the list of GPUs is another one now: `amdgpu-smi list`");
        }
        if let Some(mode) = args.memory_partition.clone() {
            let plan = move |control: &Control<'_>| control.memory_partition(mode.clone());
            plans.add("memory_partition", plan, |mode| mode.as_str().into(), |mode| mode.as_str().into())?;
            plans.note("in force when the driver is next loaded");
        }
        for &(channel, cap) in &self.caps {
            plans.add(
                cap_name(channel),
                move |control| control.power_cap(channel, cap),
                copied,
                Node::from,
            )?;
        }
        if let Some(choice) = args.soc_pstate.clone() {
            let plan = move |control: &Control<'_>| control.soc_pstate(choice.clone());
            plans.add("soc_pstate", plan, |asked| policy(asked.clone()), policy)?;
        }
        if let Some(choice) = args.xgmi_plpd.clone() {
            let plan = move |control: &Control<'_>| control.xgmi_plpd(choice.clone());
            plans.add("xgmi_plpd", plan, |asked| policy(asked.clone()), policy)?;
        }
        for (clock, levels) in &self.levels {
            clock_levels(plans, *clock, levels.clone())?;
        }
        for &(domain, limit) in &self.limits {
            clock_limit(plans, domain, limit)?;
        }
        self.firmware_fan(plans)?;
        self.overdrive(plans)
    }

    fn partition(&self, plans: &mut Plans<'_>) -> Result<(), Failure> {
        if let Some(isolation) = self.args.process_isolation {
            let plan = move |control: &Control<'_>| control.process_isolation(isolation);
            plans.add("process_isolation", plan, |asked| isolation_word(*asked), isolation_word)?;
            if plans.is_partition() {
                plans.caveat("the other partitions' numbers are written as they stand then");
            }
        }
        Ok(())
    }
}

impl Set<'_> {
    fn firmware_fan(&self, plans: &mut Plans<'_>) -> Result<(), Failure> {
        if !self.args.fan_curve.is_empty() {
            let points: Vec<FanPoint> = self
                .args
                .fan_curve
                .iter()
                .zip(0..)
                .map(|(&(temperature, speed), index)| FanPoint { index, temperature, speed })
                .collect();
            let plan = move |control: &Control<'_>| control.fan_curve(&points);
            plans.add("fan_curve", plan, |points| curve(points.clone()), curve)?;
        }
        for (name, asked, change) in self.fan_controls() {
            let plan = move |control: &Control<'_>| control.fan_control(change);
            plans.add(
                name,
                plan,
                |_| asked,
                move |number| match change {
                    FanControlChange::AcousticLimit(_) | FanControlChange::AcousticTarget(_) => {
                        Rpm(number).into()
                    }
                    FanControlChange::MinimumPwm(_) => Node::quantity(number, "%"),
                    FanControlChange::ZeroRpm(_) => (number != 0).into(),
                    _ => Node::quantity(number, "C"),
                },
            )?;
        }
        Ok(())
    }

    fn overdrive(&self, plans: &mut Plans<'_>) -> Result<(), Failure> {
        let args = self.args;
        if let Some(offset) = args.voltage_offset {
            let plan =
                move |control: &Control<'_>| control.overdrive(&[OverdriveEdit::VoltageOffset(offset)]);
            plans.add(
                "voltage_offset",
                plan,
                |_| offset.into(),
                |table| or_unprinted(table.vddgfx_offset),
            )?;
        }
        if let Some(offset) = args.sclk_offset {
            let plan = move |control: &Control<'_>| control.overdrive(&[OverdriveEdit::ShaderOffset(offset)]);
            let mhz = |offset| Node::quantity(offset, "MHz");
            plans.add(
                "sclk_offset",
                plan,
                |_| mhz(offset),
                move |table| or_unprinted(table.sclk_offset.map(mhz)),
            )?;
        }
        if !args.overdrive.is_empty() {
            let lines = |edits: &[OverdriveEdit]| Node::words(edits.iter().map(|edit| format!("`{edit}`")));
            let (edits, asked) = (args.overdrive.clone(), args.overdrive.clone());
            let plan = move |control: &Control<'_>| control.overdrive(&edits);
            let actual =
                move |table| lines(&asked.iter().filter_map(|edit| now(edit, &table)).collect::<Vec<_>>());
            plans.add("overdrive", plan, |edits| lines(edits), actual)?;
        }
        if let Some(percent) = args.sclk_overdrive {
            plans.add(
                "sclk_overdrive",
                move |control| control.overdrive_level(percent),
                copied,
                Node::from,
            )?;
        }
        if let Some(percent) = args.mclk_overdrive {
            let plan = move |control: &Control<'_>| control.memory_overdrive_level(percent);
            plans.add("mclk_overdrive", plan, copied, Node::from)?;
        }
        Ok(())
    }
}

/// What was asked for, as it is.
fn copied<T: Copy + Into<Node>>(asked: &T) -> Node {
    (*asked).into()
}

fn list<T: Copy + Into<Node>>(values: &[T]) -> Node {
    Node::List(values.iter().map(copied).collect())
}

fn policy(level: PolicyLevel) -> Node {
    level.name.into()
}

fn fan(plans: &mut Plans<'_>, speed: FanSpeed) -> Result<(), Failure> {
    match speed {
        FanSpeed::Percent(percent) => plans.add(
            "fan",
            move |control| control.fan_percent(percent),
            copied,
            |fan| {
                Node::reading_as(&fan.percent(), |percent| Node::quantity(Number::rounded(*percent, 1), "%"))
            },
        ),
        FanSpeed::Pwm(pwm) => {
            let actual = |fan: Fan| Node::reading(&fan.pwm);
            plans.add("fan", move |control| control.fan_pwm(pwm), copied, actual)
        }
        FanSpeed::Rpm(rpm) => {
            let actual = |fan: Fan| Node::reading(&fan.rpm_target);
            plans.add("fan", move |control| control.fan_rpm(rpm), copied, actual)
        }
        FanSpeed::Full | FanSpeed::Automatic => {
            let asked = if speed == FanSpeed::Full { FanMode::Full } else { FanMode::Automatic };
            plans.add("fan", move |control| control.fan_mode(asked), |asked| mode(*asked).into(), fan_mode)
        }
    }
}

/// The mode of a word, or of the number among those that the driver lists: it lists them in this order.
fn compute_mode(plans: &Plans<'_>, word: &str) -> Result<ComputePartition, Failure> {
    let Ok(index) = word.parse::<usize>() else { return Ok(ComputePartition::from(word)) };
    const MODES: [ComputePartition; 5] = [
        ComputePartition::Spx,
        ComputePartition::Dpx,
        ComputePartition::Tpx,
        ComputePartition::Qpx,
        ComputePartition::Cpx,
    ];
    let mut listed = Vec::new();
    let mut refused = None;
    for mode in MODES {
        match plans.control.compute_partition(mode.clone()) {
            Ok(_) => listed.push(mode),
            Err(error) => refused = Some(error),
        }
    }
    let error = match (listed.get(index), refused) {
        (Some(mode), Some(_)) => return Ok(mode.clone()),
        (None, Some(Error::NotOffered { path, .. })) if !listed.is_empty() => {
            let names = listed.iter().enumerate().map(|(index, mode)| format!("{index} {mode}"));
            let offered = format!("there are {}", names.collect::<Vec<_>>().join(", "));
            Error::NotOffered { path, asked: format!("number {index}"), offered }
        }
        (None, Some(error)) => error,
        // No chip has all five: nothing is refused where the driver lists none.
        (_, None) => {
            let sentence = "--compute-partition: the driver lists no modes to be numbered; say SPX, CPX, ...";
            return Err(Failure::Usage(sentence.into()));
        }
    };
    Err(plans.refuse("compute_partition", error))
}

/// A value of one clock.
fn of_clock(clock: &str, values: impl IntoIterator<Item = (&'static str, Node)>) -> Node {
    let mut section = Section::new();
    section.put("clock", clock);
    for (key, value) in values {
        section.put(key, value);
    }
    section.into()
}

fn clock_levels(plans: &mut Plans<'_>, clock: Clock, levels: Vec<u32>) -> Result<(), Failure> {
    match clock {
        Clock::Pcie => plans.add(
            "clk_level",
            move |control| control.pcie_levels(&levels),
            |levels| of_clock("pcie", [("levels", list(levels))]),
            |table| {
                let current = table.current().map(|level| level.index);
                of_clock("pcie", [("level", or_unprinted(current))])
            },
        ),
        Clock::Domain(domain) => plans.add(
            "clk_level",
            move |control| control.clock_levels(domain, &levels),
            |levels| of_clock(name(domain), [("levels", list(levels))]),
            move |table| {
                let current = table.current();
                let level = current.and_then(|current| match current.index {
                    DpmIndex::Level(level) => Some(level),
                    _ => None,
                });
                let frequency = or_unprinted(current.map(|current| current.frequency));
                of_clock(name(domain), [("level", or_unprinted(level)), ("frequency", frequency)])
            },
        ),
    }
}

fn clock_limit(plans: &mut Plans<'_>, domain: ClockDomain, limit: Limit) -> Result<(), Failure> {
    let name = name(domain);
    match limit {
        Limit::One(bound, clock) => {
            let key = if bound == Bound::Minimum { "minimum" } else { "maximum" };
            let told = move |clock: MegaHertz| of_clock(name, [(key, clock.into())]);
            let plan = move |control: &Control<'_>| control.clock_limit(domain, bound, clock);
            plans.add("clk_limit", plan, |clock| told(*clock), told)
        }
        Limit::Both(low, high) => {
            let told = move |range: ClockRange| {
                of_clock(name, [("minimum", range.minimum.into()), ("maximum", range.maximum.into())])
            };
            let plan = move |control: &Control<'_>| control.clock_range(domain, low, high);
            plans.add("clk_limit", plan, |range| told(*range), told)
        }
    }
}

fn isolation_word(isolation: Isolation) -> Node {
    match isolation {
        Isolation::Off => "off".into(),
        Isolation::On => "on".into(),
        Isolation::Legacy => "legacy".into(),
        Isolation::WithoutCleaner => "without_cleaner".into(),
        Isolation::Other(number) => number.into(),
        _ => "another".into(),
    }
}

fn unprinted() -> Node {
    Node::absent("not printed", "the driver's table does not say")
}

fn or_unprinted<T: Into<Node>>(value: Option<T>) -> Node {
    value.map_or_else(unprinted, Into::into)
}

/// The same edit with the values that the table has now.
fn now(edit: &OverdriveEdit, table: &Overdrive) -> Option<OverdriveEdit> {
    let at = |points: &[OverdrivePoint], index| points.iter().find(|point| point.index == index).copied();
    Some(match *edit {
        OverdriveEdit::ShaderClock { index, .. } => {
            OverdriveEdit::ShaderClock { index, clock: at(&table.shader_clock, index)?.clock? }
        }
        OverdriveEdit::ShaderLevel { index, .. } => {
            let point = at(&table.shader_clock, index)?;
            OverdriveEdit::ShaderLevel { index, clock: point.clock?, voltage: point.voltage? }
        }
        OverdriveEdit::ShaderOffset(_) => OverdriveEdit::ShaderOffset(table.sclk_offset?),
        OverdriveEdit::MemoryClock { index, .. } => {
            OverdriveEdit::MemoryClock { index, clock: at(&table.memory_clock, index)?.clock? }
        }
        OverdriveEdit::MemoryLevel { index, .. } => {
            let point = at(&table.memory_clock, index)?;
            OverdriveEdit::MemoryLevel { index, clock: point.clock?, voltage: point.voltage? }
        }
        OverdriveEdit::CoreClock { core, index, .. } => {
            let printed = table.core_clock.as_ref().filter(|printed| printed.core == core)?;
            OverdriveEdit::CoreClock { core, index, clock: at(&printed.points, index)?.clock? }
        }
        // Cyan Skillfish prints its one point as a clock and a voltage.
        OverdriveEdit::CurvePoint { index, .. } if table.voltage_curve.is_empty() => {
            let (clock, voltage) =
                (at(&table.shader_clock, index)?.clock?, at(&table.voltage, index)?.voltage?);
            OverdriveEdit::CurvePoint { index, clock, voltage }
        }
        OverdriveEdit::CurvePoint { index, .. } => {
            let point = at(&table.voltage_curve, index)?;
            OverdriveEdit::CurvePoint { index, clock: point.clock?, voltage: point.voltage? }
        }
        OverdriveEdit::CurveOffset { index, .. } => {
            OverdriveEdit::CurveOffset { index, offset: at(&table.voltage_curve, index)?.voltage? }
        }
        OverdriveEdit::VoltageOffset(_) => OverdriveEdit::VoltageOffset(table.vddgfx_offset?),
        _ => return None,
    })
}
