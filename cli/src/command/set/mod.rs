//! `set`: settings, planned and then made.

mod args;
mod values;

use amdgpu_smi::Error;
use amdgpu_smi::control::{Bound, ClockRange, Control, FanControlChange, OverdriveEdit};
use amdgpu_smi::gpu::DpmIndex;
use amdgpu_smi::gpu::FanPoint;
use amdgpu_smi::gpu::PtlFormats;
use amdgpu_smi::gpu::{ClockDomain, Fan, FanMode};
use amdgpu_smi::gpu::{ComputePartition, MemoryAllocation};
use amdgpu_smi::gpu::{Isolation, PolicyLevel};
use amdgpu_smi::gpu::{Overdrive, OverdrivePoint};
use amdgpu_smi::unit::{MegaHertz, Rpm};

use self::args::FanSpeed;
pub(crate) use self::args::SetArgs;
use self::values::{Clock, Limit, caps, levels, limits, name};
use crate::args::Common;
use crate::change::value::{cap_name, curve, fan_mode, mode, profile};
use crate::change::{self, ChangeArgs, Plans, Request};
use crate::command::node;
use crate::cpu;
use crate::failure::Failure;
use crate::report::{Node, Number, Section};

pub(crate) fn run(common: &Common, args: &SetArgs) -> Result<(), Failure> {
    let set = Set::read(args)?;
    if let Some(gigabytes) = args.gtt {
        return Err(Failure::Nothing(node::how_to_limit(common, Some(gigabytes))?));
    }
    match set.count() {
        count if args.cpu.asks_any() || args.processors.asks() => {
            if count > 0 {
                let sentence =
                    "settings of GPUs and of CPUs cannot be combined; make them one after the other";
                return Err(Failure::Usage(sentence.into()));
            }
            cpu::set(common, &args.processors, &args.cpu, &args.how)
        }
        0 => {
            let sentence =
                "nothing to set; -o 300, for example, sets the power cap (see `amdgpu-smi set --help`)";
            Err(Failure::Usage(sentence.into()))
        }
        count if count > 1 && args.compute_partition.is_some() => {
            let sentence = "-C changes the list of GPUs, so it cannot be combined with other settings; make those afterwards";
            Err(Failure::Usage(sentence.into()))
        }
        _ if args.ptl_status == Some(false) && args.ptl_format.is_some() => {
            let sentence =
                "--ptl-status 0 switches the limiter off, but --ptl-format switches it on; use one of them";
            Err(Failure::Usage(sentence.into()))
        }
        _ => change::run(common, &set),
    }
}

/// Plans one setting.
type Setting<'a> = Box<dyn Fn(&mut Plans<'_>) -> Result<(), Failure> + 'a>;

/// The settings that are given, in AMD's order.
#[derive(Default)]
struct RequestedSettings<'a>(Vec<Setting<'a>>);

impl<'a> RequestedSettings<'a> {
    /// Adds a setting for each of the given values: one or none of most options.
    fn add<T: 'a>(
        &mut self,
        given: impl IntoIterator<Item = T>,
        plan: fn(&mut Plans<'_>, &T) -> Result<(), Failure>,
    ) {
        for value in given {
            self.0.push(Box::new(move |plans| plan(plans, &value)));
        }
    }

    fn plan(&self, plans: &mut Plans<'_>) -> Result<(), Failure> {
        self.0.iter().try_for_each(|setting| setting(plans))
    }
}

/// The options as settings of the package and of each partition.
pub(crate) struct Set<'a> {
    args: &'a SetArgs,
    package: RequestedSettings<'a>,
    partition: RequestedSettings<'a>,
}

impl<'a> Set<'a> {
    /// Reads the values, some of which are several words.
    pub(crate) fn read(args: &'a SetArgs) -> Result<Set<'a>, Failure> {
        let (caps, levels) = (caps(&args.power_cap)?, levels(&args.clk_level)?);
        let limits = limits(&args.clk_limit)?;
        let mut package = RequestedSettings::default();
        package.add(args.fan, |plans, speed| fan(plans, *speed));
        package.add(args.perf_level.clone(), |plans, level| {
            let level = level.clone();
            let plan = move |control: &Control<'_>| control.performance_level(level.clone());
            plans.add("perf_level", plan, |level| level.as_str().into(), |level| level.as_str().into())
        });
        package.add(args.profile.clone(), |plans, choice| {
            let choice = choice.clone();
            let plan = move |control: &Control<'_>| control.power_profile(choice.clone());
            plans.add("profile", plan, |asked| profile(asked.clone()), profile)
        });
        package.add(all_or_none(&args.custom_profile), |plans, numbers| {
            let numbers = numbers.clone();
            let plan = move |control: &Control<'_>| control.custom_power_profile(&numbers);
            plans.add("custom_profile", plan, |numbers| list(numbers), profile)
        });
        package.add(args.perf_determinism, |plans, &clock| {
            plans.add("perf_determinism", move |control| control.determinism(clock), copied, Node::from)
        });
        package.add(args.compute_partition.as_deref(), |plans, name| {
            let mode = compute_mode(plans, name)?;
            let plan = move |control: &Control<'_>| control.compute_partition(mode.clone());
            plans.add("compute_partition", plan, |mode| mode.as_str().into(), |mode| mode.as_str().into())?;
            plans.note("the list of GPUs has changed; see `amdgpu-smi list`");
            Ok(())
        });
        package.add(args.memory_partition.clone(), |plans, mode| {
            let mode = mode.clone();
            let plan = move |control: &Control<'_>| control.memory_partition(mode.clone());
            plans.add("memory_partition", plan, |mode| mode.as_str().into(), |mode| mode.as_str().into())?;
            plans.note("takes effect when the driver is next loaded");
            Ok(())
        });
        package.add(caps, |plans, &(channel, cap)| {
            let plan = move |control: &Control<'_>| control.power_cap(channel, cap);
            plans.add(cap_name(channel), plan, copied, Node::from)
        });
        package.add(args.soc_pstate.clone(), |plans, choice| {
            let choice = choice.clone();
            let plan = move |control: &Control<'_>| control.soc_pstate(choice.clone());
            plans.add("soc_pstate", plan, |asked| policy(asked.clone()), policy)
        });
        package.add(args.xgmi_plpd.clone(), |plans, choice| {
            let choice = choice.clone();
            let plan = move |control: &Control<'_>| control.xgmi_plpd(choice.clone());
            plans.add("xgmi_plpd", plan, |asked| policy(asked.clone()), policy)
        });
        package.add(args.ptl_status, |plans, &enabled| {
            plans.add("ptl_status", move |control| control.peak_tops_limiter(enabled), copied, Node::from)
        });
        package.add(args.ptl_format.clone(), |plans, PtlFormats(first, second)| {
            let (first, second) = (first.clone(), second.clone());
            let plan = move |control: &Control<'_>| control.peak_tops_formats(first.clone(), second.clone());
            plans.add("ptl_format", plan, |asked| asked.to_string().into(), |now| now.to_string().into())
        });
        package.add(args.compute_partition_mem_alloc_mode.clone(), |plans, mode| {
            let mode = MemoryAllocation::from(mode.as_str());
            let plan = move |control: &Control<'_>| control.memory_allocation(mode.clone());
            let word = |mode: &MemoryAllocation| mode.as_str().into();
            plans.add("compute_partition_mem_alloc_mode", plan, word, move |mode| word(&mode))
        });
        package.add(args.mem_carveout, |plans, &option| {
            plans.add("mem_carveout", move |control| control.carveout(option), copied, Node::from)?;
            plans.note("takes effect at the next boot");
            Ok(())
        });
        package.add(levels, |plans, (clock, levels)| clock_levels(plans, *clock, levels.clone()));
        package.add(limits, |plans, &(domain, limit)| clock_limit(plans, domain, limit));
        firmware_fan(args, &mut package);
        overdrive(args, &mut package);
        let mut partition = RequestedSettings::default();
        partition.add(args.process_isolation, |plans, &isolation| {
            let plan = move |control: &Control<'_>| control.process_isolation(isolation);
            plans.add("process_isolation", plan, |asked| isolation_name(*asked), isolation_name)?;
            if plans.is_partition() {
                plans.caveat("the other partitions keep the values that they have when this is written");
            }
            Ok(())
        });
        Ok(Set { args, package, partition })
    }

    /// The number of given settings.
    fn count(&self) -> usize {
        self.package.0.len() + self.partition.0.len()
    }
}

impl Request for Set<'_> {
    fn how(&self) -> &ChangeArgs {
        &self.args.how
    }

    fn dangers(&self) -> Vec<&'static str> {
        let compute = "changing the compute partitioning removes GPUs from the list and adds others";
        let memory = "changing the memory partitioning takes effect when the driver is next loaded, for the whole hive";
        let given = [
            self.args.compute_partition.is_some().then_some(compute),
            self.args.memory_partition.is_some().then_some(memory),
        ];
        given.into_iter().flatten().collect()
    }

    fn package(&self, plans: &mut Plans<'_>) -> Result<(), Failure> {
        self.package.plan(plans)
    }

    fn partition(&self, plans: &mut Plans<'_>) -> Result<(), Failure> {
        self.partition.plan(plans)
    }
}

/// The values of an option that takes several, as one value; none without it.
fn all_or_none<T: Clone>(values: &[T]) -> Option<Vec<T>> {
    (!values.is_empty()).then(|| values.to_vec())
}

/// The firmware's fan control: its curve, and its numbers.
fn firmware_fan(args: &SetArgs, settings: &mut RequestedSettings<'_>) {
    settings.add(all_or_none(&args.fan_curve), |plans, points| {
        let points: Vec<FanPoint> = points
            .iter()
            .zip(0..)
            .map(|(&(temperature, speed), index)| FanPoint { index, temperature, speed })
            .collect();
        let plan = move |control: &Control<'_>| control.fan_curve(&points);
        plans.add("fan_curve", plan, |points| curve(points.clone()), curve)
    });
    settings.add(args.fan_acoustic_limit, |plans, &rpm| {
        fan_control(plans, "fan_acoustic_limit", rpm.into(), FanControlChange::AcousticLimit(rpm))
    });
    settings.add(args.fan_acoustic_target, |plans, &rpm| {
        fan_control(plans, "fan_acoustic_target", rpm.into(), FanControlChange::AcousticTarget(rpm))
    });
    settings.add(args.fan_target_temperature, |plans, &celsius| {
        let change = FanControlChange::TargetTemperature(celsius);
        fan_control(plans, "fan_target_temperature", celsius.into(), change)
    });
    settings.add(args.fan_minimum, |plans, &percent| {
        fan_control(plans, "fan_minimum", percent.into(), FanControlChange::MinimumPwm(percent))
    });
    settings.add(args.fan_zero_rpm, |plans, &may_stop| {
        fan_control(plans, "fan_zero_rpm", may_stop.into(), FanControlChange::ZeroRpm(may_stop))
    });
    settings.add(args.fan_zero_rpm_stop, |plans, &celsius| {
        let change = FanControlChange::ZeroRpmStopTemperature(celsius);
        fan_control(plans, "fan_zero_rpm_stop", celsius.into(), change)
    });
}

fn fan_control(
    plans: &mut Plans<'_>,
    name: &'static str,
    asked: Node,
    change: FanControlChange,
) -> Result<(), Failure> {
    let actual = move |number| match change {
        FanControlChange::AcousticLimit(_) | FanControlChange::AcousticTarget(_) => Rpm(number).into(),
        FanControlChange::MinimumPwm(_) => Node::quantity(number, "%"),
        FanControlChange::ZeroRpm(_) => (number != 0).into(),
        _ => Node::quantity(number, "C"),
    };
    plans.add(name, move |control| control.fan_control(change), |_| asked, actual)
}

fn overdrive(args: &SetArgs, settings: &mut RequestedSettings<'_>) {
    settings.add(args.voltage_offset, |plans, &offset| {
        let plan = move |control: &Control<'_>| control.overdrive(&[OverdriveEdit::VoltageOffset(offset)]);
        let actual = |table: Overdrive| or_unprinted(table.vddgfx_offset);
        plans.add("voltage_offset", plan, |_| offset.into(), actual)
    });
    settings.add(args.sclk_offset, |plans, &offset| {
        let plan = move |control: &Control<'_>| control.overdrive(&[OverdriveEdit::ShaderOffset(offset)]);
        let mhz = |offset| Node::quantity(offset, "MHz");
        let actual = move |table: Overdrive| or_unprinted(table.sclk_offset.map(mhz));
        plans.add("sclk_offset", plan, |_| mhz(offset), actual)
    });
    settings.add(all_or_none(&args.overdrive), |plans, edits| {
        let lines = |edits: &[OverdriveEdit]| Node::words(edits.iter().map(|edit| format!("`{edit}`")));
        let (edits, asked) = (edits.clone(), edits.clone());
        let plan = move |control: &Control<'_>| control.overdrive(&edits);
        let actual =
            move |table| lines(&asked.iter().filter_map(|edit| now(edit, &table)).collect::<Vec<_>>());
        plans.add("overdrive", plan, |edits| lines(edits), actual)
    });
    settings.add(args.sclk_overdrive, |plans, &percent| {
        plans.add("sclk_overdrive", move |control| control.overdrive_level(percent), copied, Node::from)
    });
    settings.add(args.mclk_overdrive, |plans, &percent| {
        let plan = move |control: &Control<'_>| control.memory_overdrive_level(percent);
        plans.add("mclk_overdrive", plan, copied, Node::from)
    });
}

/// The requested value, unchanged.
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

/// The mode of a name, or of the number among those that the driver lists: it lists them in this order.
fn compute_mode(plans: &Plans<'_>, name: &str) -> Result<ComputePartition, Failure> {
    let Ok(index) = name.parse::<usize>() else { return Ok(ComputePartition::from(name)) };
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
            let offered = format!("choose from {}", names.collect::<Vec<_>>().join(", "));
            Error::NotOffered { path, requested: format!("number {index}"), offered }
        }
        (None, Some(error)) => error,
        // No chip has all five: nothing is refused where the driver lists none.
        (_, None) => {
            let sentence = "--compute-partition: the driver lists no modes, so numbers cannot be used; use a name such as SPX or CPX";
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
            let bound_of = move |clock: MegaHertz| of_clock(name, [(key, clock.into())]);
            let plan = move |control: &Control<'_>| control.clock_limit(domain, bound, clock);
            plans.add("clk_limit", plan, |clock| bound_of(*clock), bound_of)
        }
        Limit::Both(low, high) => {
            let both_of = move |range: ClockRange| {
                of_clock(name, [("minimum", range.minimum.into()), ("maximum", range.maximum.into())])
            };
            let plan = move |control: &Control<'_>| control.clock_range(domain, low, high);
            plans.add("clk_limit", plan, |range| both_of(*range), both_of)
        }
    }
}

fn isolation_name(isolation: Isolation) -> Node {
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
    Node::absent("not printed", "the driver's table does not have it")
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
