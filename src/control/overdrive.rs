//! The overdrive table, `pp_od_clk_voltage`: what can be edited follows from what it prints.

use std::fmt;
use std::path::PathBuf;

use super::plan::{Plan, Step};
use super::{Control, unbounded, within};
use crate::error::{Error, Result};
use crate::gpu::{ClockDomain, Gpu};
use crate::parse::dpm::DpmTable;
use crate::parse::overdrive::{self, Overdrive, OverdriveLimits, OverdrivePoint};
use crate::parse::performance::PerformanceLevel;
use crate::reading::bare;
use crate::unit::{MegaHertz, MilliVolts};

pub(super) const TABLE: &str = "pp_od_clk_voltage";

/// One edit of the overdrive table. Which of them a GPU takes depends on its generation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum OverdriveEdit {
    /// `s INDEX MHZ`: a bound of the shader clock, 0 the lower and 1 the upper. Vega20 to RDNA3, APUs, MI200, MI300.
    ShaderClock {
        /// 0 or 1.
        index: u32,
        /// Its clock.
        clock: MegaHertz,
    },
    /// `s INDEX MHZ MILLIVOLTS`: a level of the shader clock. Polaris, Vega10.
    ShaderLevel {
        /// The level.
        index: u32,
        /// Its clock.
        clock: MegaHertz,
        /// Its voltage.
        voltage: MilliVolts,
    },
    /// `s MHZ`: what is added to the shader clock. RDNA4.
    ShaderOffset(i32),
    /// `m INDEX MHZ`: a bound of the memory clock; the lower one not on Vega20, Navi1x.
    MemoryClock {
        /// 0 or 1.
        index: u32,
        /// Its clock.
        clock: MegaHertz,
    },
    /// `m INDEX MHZ MILLIVOLTS`: a level of the memory clock. Polaris, Vega10.
    MemoryLevel {
        /// The level.
        index: u32,
        /// Its clock.
        clock: MegaHertz,
        /// Its voltage.
        voltage: MilliVolts,
    },
    /// `p CORE INDEX MHZ`: a bound of a CPU core's clock. Van Gogh.
    CoreClock {
        /// The core.
        core: u32,
        /// 0 or 1.
        index: u32,
        /// Its clock.
        clock: MegaHertz,
    },
    /// `vc POINT MHZ MILLIVOLTS`: a point of the voltage curve. Vega20, Navi1x; the only point of Cyan Skillfish.
    CurvePoint {
        /// The point.
        index: u32,
        /// Its clock.
        clock: MegaHertz,
        /// Its voltage.
        voltage: MilliVolts,
    },
    /// `vc POINT MILLIVOLTS`: what is added to the voltage at a point of the curve. The first RDNA3 drivers.
    CurveOffset {
        /// The point.
        index: u32,
        /// What is added; may be negative.
        offset: MilliVolts,
    },
    /// `vo MILLIVOLTS`: what is added to the shader's voltage; may be negative. RDNA2 to RDNA4.
    VoltageOffset(MilliVolts),
}

/// The line that makes the edit.
impl fmt::Display for OverdriveEdit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            OverdriveEdit::ShaderClock { index, clock } => write!(f, "s {index} {}", clock.0),
            OverdriveEdit::ShaderLevel { index, clock, voltage } => {
                write!(f, "s {index} {} {}", clock.0, voltage.0)
            }
            OverdriveEdit::ShaderOffset(offset) => write!(f, "s {offset}"),
            OverdriveEdit::MemoryClock { index, clock } => write!(f, "m {index} {}", clock.0),
            OverdriveEdit::MemoryLevel { index, clock, voltage } => {
                write!(f, "m {index} {} {}", clock.0, voltage.0)
            }
            OverdriveEdit::CoreClock { core, index, clock } => write!(f, "p {core} {index} {}", clock.0),
            OverdriveEdit::CurvePoint { index, clock, voltage } => {
                write!(f, "vc {index} {} {}", clock.0, voltage.0)
            }
            OverdriveEdit::CurveOffset { index, offset } => write!(f, "vc {index} {}", offset.0),
            OverdriveEdit::VoltageOffset(offset) => write!(f, "vo {}", offset.0),
        }
    }
}

/// A value of an edit: its name in sentences, itself, and what `OD_RANGE` calls its limits.
struct Value {
    what: &'static str,
    number: Number,
    range: String,
}

/// What an edit sets, in the unit that its range must have.
enum Number {
    Clock(MegaHertz),
    Voltage(MilliVolts),
    ClockOffset(i32),
}

impl OverdriveEdit {
    /// Whether another edit sets the same thing.
    fn sets_the_same(&self, other: &OverdriveEdit) -> bool {
        // Van Gogh prints the core that is selected; the others take the same edits.
        let index = |edit: &OverdriveEdit| match *edit {
            OverdriveEdit::ShaderClock { index, .. }
            | OverdriveEdit::ShaderLevel { index, .. }
            | OverdriveEdit::MemoryClock { index, .. }
            | OverdriveEdit::MemoryLevel { index, .. }
            | OverdriveEdit::CoreClock { index, .. }
            | OverdriveEdit::CurvePoint { index, .. }
            | OverdriveEdit::CurveOffset { index, .. } => index,
            OverdriveEdit::ShaderOffset(_) | OverdriveEdit::VoltageOffset(_) => 0,
        };
        std::mem::discriminant(self) == std::mem::discriminant(other) && index(self) == index(other)
    }

    fn values(&self, table: &Overdrive) -> Vec<Value> {
        let clock = |what, clock: &MegaHertz, range: &str| Value {
            what,
            number: Number::Clock(*clock),
            range: range.into(),
        };
        let volts = |what, voltage: &MilliVolts, range: &str| Value {
            what,
            number: Number::Voltage(*voltage),
            range: range.into(),
        };
        match self {
            OverdriveEdit::ShaderClock { clock: value, .. } => vec![clock("shader clock", value, "SCLK")],
            OverdriveEdit::MemoryClock { clock: value, .. } => vec![clock("memory clock", value, "MCLK")],
            OverdriveEdit::CoreClock { clock: value, .. } => vec![clock("core clock", value, "CCLK")],
            OverdriveEdit::ShaderLevel { clock: value, voltage, .. } => {
                vec![clock("shader clock", value, "SCLK"), volts("voltage", voltage, "VDDC")]
            }
            OverdriveEdit::MemoryLevel { clock: value, voltage, .. } => {
                vec![clock("memory clock", value, "MCLK"), volts("voltage", voltage, "VDDC")]
            }
            // The single point of Cyan Skillfish has the clock's and the voltage's own ranges.
            OverdriveEdit::CurvePoint { clock: value, voltage, .. } if table.voltage_curve.is_empty() => {
                vec![clock("shader clock", value, "SCLK"), volts("voltage", voltage, "VDDC")]
            }
            OverdriveEdit::CurvePoint { index, clock: value, voltage } => vec![
                clock("curve clock", value, &format!("VDDC_CURVE_SCLK[{index}]")),
                volts("curve voltage", voltage, &format!("VDDC_CURVE_VOLT[{index}]")),
            ],
            OverdriveEdit::CurveOffset { offset, .. } => vec![volts("voltage offset", offset, "VDDC_CURVE")],
            OverdriveEdit::VoltageOffset(offset) => vec![volts("voltage offset", offset, "VDDGFX_OFFSET")],
            OverdriveEdit::ShaderOffset(offset) => vec![Value {
                what: "shader clock offset",
                number: Number::ClockOffset(*offset),
                range: "SCLK_OFFSET".into(),
            }],
        }
    }
}

impl Value {
    /// Compares with the table's range of the same kind, if it has one.
    fn check(&self, path: &dyn Fn() -> PathBuf, table: &Overdrive) -> Result<String> {
        match (&self.number, table.range(&self.range)) {
            (Number::Clock(clock), Some(OverdriveLimits::Clock(limits))) => {
                within(path, self.what, clock, &limits.minimum, &limits.maximum)
            }
            (Number::Voltage(voltage), Some(OverdriveLimits::Voltage(limits))) => {
                within(path, self.what, voltage, &limits.minimum, &limits.maximum)
            }
            (Number::ClockOffset(offset), Some(OverdriveLimits::ClockOffset(limits))) => {
                within(path, self.what, offset, &limits.minimum, &limits.maximum)
            }
            (Number::Clock(clock), _) => Ok(unbounded(self.what, clock)),
            (Number::Voltage(voltage), _) => Ok(unbounded(self.what, voltage)),
            (Number::ClockOffset(offset), _) => Ok(unbounded(self.what, offset)),
        }
    }
}

/// Every edit that a table takes, with the values that it has now.
fn edits_of(table: &Overdrive) -> Vec<OverdriveEdit> {
    let mut edits = Vec::new();
    // One clock at one voltage, set together (`cyan_skillfish_od_edit_dpm_table`).
    if let ([point], [voltage]) = (&table.shader_clock[..], &table.voltage[..]) {
        if let (Some(clock), Some(voltage)) = (point.clock, voltage.voltage) {
            edits.push(OverdriveEdit::CurvePoint { index: point.index, clock, voltage });
        }
        return edits;
    }
    for point in points(ClockDomain::Graphics, table) {
        let index = point.index;
        match (point.clock, point.voltage) {
            (Some(clock), Some(voltage)) => edits.push(OverdriveEdit::ShaderLevel { index, clock, voltage }),
            (Some(clock), None) => edits.push(OverdriveEdit::ShaderClock { index, clock }),
            _ => {}
        }
    }
    // MI200 prints its memory's levels and takes no edit of them (`aldebaran_usr_edit_dpm_table`).
    for point in &table.memory_clock {
        let index = point.index;
        match (point.clock, point.voltage) {
            (Some(clock), Some(voltage)) => edits.push(OverdriveEdit::MemoryLevel { index, clock, voltage }),
            (Some(clock), None) => edits.push(OverdriveEdit::MemoryClock { index, clock }),
            _ => {}
        }
    }
    for point in &table.voltage_curve {
        let index = point.index;
        match (point.clock, point.voltage) {
            (Some(clock), Some(voltage)) => edits.push(OverdriveEdit::CurvePoint { index, clock, voltage }),
            (None, Some(offset)) => edits.push(OverdriveEdit::CurveOffset { index, offset }),
            _ => {}
        }
    }
    if let Some(core) = &table.core_clock {
        for point in &core.points {
            if let Some(clock) = point.clock {
                edits.push(OverdriveEdit::CoreClock { core: core.core, index: point.index, clock });
            }
        }
    }
    edits.extend(table.sclk_offset.map(OverdriveEdit::ShaderOffset));
    edits.extend(table.vddgfx_offset.map(OverdriveEdit::VoltageOffset));
    edits
}

/// Whether the table is that of the first RDNA4 drivers, which print the offset's limits in place of the offset and
/// take it as the upper bound (`s 1 MHZ`).
fn hides_its_offset(table: &Overdrive) -> bool {
    table.sclk_offset.is_none() && table.other.iter().any(|section| section.title == "OD_SCLK_OFFSET")
}

fn line_of(edit: &OverdriveEdit, table: &Overdrive) -> String {
    match edit {
        OverdriveEdit::ShaderOffset(offset) if hides_its_offset(table) => format!("s 1 {offset}"),
        edit => edit.to_string(),
    }
}

impl Control<'_> {
    /// Edits the overdrive table and makes the edits effective. The performance level becomes manual.
    ///
    /// *Source*: `pp_od_clk_voltage` of the PCI device: one line an edit, then `c`. The ranges are its `OD_RANGE`.
    /// *Errors*: [`Error::OverdriveOff`], which names the boot parameter; [`Error::NotOffered`] for an edit that this
    /// table does not take, and for none; [`Error::OutOfRange`].
    /// *Supported on*: most with overdrive enabled; APUs, MI200 and MI300 always.
    #[doc(alias = "amdsmi_set_gpu_od_clk_info")]
    #[doc(alias = "amdsmi_set_gpu_od_volt_info")]
    pub fn overdrive(&self, edits: &[OverdriveEdit]) -> Result<Plan<Vec<OverdriveEdit>, Overdrive>> {
        let table = self.overdrive_table()?;
        let plan = Plan::new(self.gpu, edits.to_vec(), |gpu: &Gpu| bare(gpu.overdrive()));
        self.overdrive_plan(plan, &table, edits, &PerformanceLevel::Manual)
    }

    /// Sets clocks and voltages back to what they were after boot, lets all levels in, and gives the clocks back to
    /// the driver.
    ///
    /// *Source*: `pp_od_clk_voltage`, if it is there: `r`, then `c`; `power_dpm_force_performance_level`: `auto`.
    /// *Errors*: [`Error::NotSupported`] without power management.
    /// *Supported on*: all with power management.
    pub fn reset_clocks(&self) -> Result<Plan<(), PerformanceLevel>> {
        let auto = self.performance_level(PerformanceLevel::Auto)?;
        let mut plan = Plan::new(self.gpu, (), |gpu: &Gpu| bare(gpu.performance_level()));
        if self.device.dir.meta(TABLE.as_ref()).is_ok() {
            let reset = Step::write(&self.device.dir, TABLE, "r").restored_by(|text| {
                let table = overdrive::overdrive(text).unwrap_or_default();
                let edits = edits_of(&table).into_iter().rev();
                // RDNA2 prints a lowest memory clock below its range, which it would not take.
                let writable = |edit: &OverdriveEdit| {
                    edit.values(&table).iter().all(|value| value.check(&PathBuf::new, &table).is_ok())
                };
                edits.filter(writable).map(|edit| line_of(&edit, &table)).collect()
            });
            // APUs and MI300 take a reset in manual mode only, and some need the commit after it.
            plan = plan.step(self.level_step(&PerformanceLevel::Manual)).step(reset);
            plan = plan.step(Step::write(&self.device.dir, TABLE, "c"));
        }
        plan.steps.extend(auto.steps);
        Ok(plan)
    }

    pub(super) fn overdrive_table(&self) -> Result<Overdrive> {
        self.overdrive_file(TABLE)?;
        bare(self.gpu.overdrive())
    }

    pub(super) fn overdrive_path(&self) -> PathBuf {
        self.gpu.path_of(TABLE)
    }

    /// The steps of edits: the level in which they are taken, the edits, and what makes them effective.
    pub(super) fn overdrive_plan<A, B>(
        &self,
        plan: Plan<A, B>,
        table: &Overdrive,
        edits: &[OverdriveEdit],
        level: &PerformanceLevel,
    ) -> Result<Plan<A, B>> {
        let path = || self.overdrive_path();
        let offered = edits_of(table);
        let unknown = edits.iter().find(|edit| {
            let hidden = matches!(edit, OverdriveEdit::ShaderOffset(_)) && hides_its_offset(table);
            !hidden && !offered.iter().any(|one| one.sets_the_same(edit))
        });
        if unknown.is_some() || edits.is_empty() {
            let lines: Vec<_> = offered.iter().map(|edit| format!("`{edit}`")).collect();
            return Err(Error::NotOffered {
                path: path(),
                asked: unknown.map_or("no edit".into(), |edit| format!("`{edit}`")),
                offered: format!("the table has {}", lines.join(", ")),
            });
        }
        let mut plan = plan.step(self.level_step(level));
        for edit in edits {
            for value in edit.values(table) {
                plan = plan.check(value.check(&path, table)?);
            }
            let line = line_of(edit, table);
            let edit = *edit;
            plan = plan.step(Step::write(&self.device.dir, TABLE, line).restored_by(move |text| {
                let table = overdrive::overdrive(text).unwrap_or_default();
                let same = edits_of(&table).into_iter().find(|now| now.sets_the_same(&edit));
                // Of another core than the one that is printed the clock is not known.
                let same = same.filter(|now| match (now, edit) {
                    (
                        OverdriveEdit::CoreClock { core: printed, .. },
                        OverdriveEdit::CoreClock { core, .. },
                    ) => *printed == core,
                    _ => true,
                });
                same.map(|edit| line_of(&edit, &table)).into_iter().collect()
            }));
        }
        Ok(plan.step(Step::write(&self.device.dir, TABLE, "c")))
    }
}

/// A clock's points in the overdrive table; of the levels that MI200 prints instead, the lowest and the highest.
pub(super) fn points(domain: ClockDomain, table: &Overdrive) -> Vec<OverdrivePoint> {
    let (points, levels) = match domain {
        ClockDomain::Graphics => (&table.shader_clock, &table.shader_levels),
        ClockDomain::Memory => (&table.memory_clock, &table.memory_levels),
        _ => return Vec::new(),
    };
    if !points.is_empty() {
        return points.clone();
    }
    let mut printed = DpmTable::default();
    printed.levels.clone_from(levels);
    let point = |index, clock| OverdrivePoint { index, clock: Some(clock), voltage: None };
    printed.range().map(|(low, high)| vec![point(0, low), point(1, high)]).unwrap_or_default()
}
