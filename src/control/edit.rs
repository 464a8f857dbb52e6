//! One edit of the overdrive table: its line, the driver's range check, and the edit that undoes it.

use std::fmt;
use std::path::PathBuf;

use super::{unbounded, within};
use crate::error::{Error, Result};
use crate::gpu::ClockDomain;
use crate::parse::UnrecognisedLine;
use crate::parse::dpm::DpmTable;
use crate::parse::overdrive::{self, Overdrive, OverdriveLimits, OverdrivePoint};
use crate::unit::{MegaHertz, MilliVolts};

/// The line that restores all values after boot.
pub(super) const RESET: &str = "r";

/// One end of a range.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bound {
    /// The lower end.
    Minimum,
    /// The upper end.
    Maximum,
}

impl Bound {
    /// The bound's index in the overdrive table.
    pub(super) fn index(self) -> u32 {
        match self {
            Bound::Minimum => 0,
            Bound::Maximum => 1,
        }
    }
}

/// One edit of the overdrive table. The generation of the GPU decides which edits it accepts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum OverdriveEdit {
    /// `s INDEX MHZ`: a bound of the shader clock, 0 the lower and 1 the upper. Vega20 to RDNA3, APUs, MI200, MI300.
    ShaderClock {
        /// 0 for the minimum, 1 for the maximum.
        index: u32,
        /// The clock in megahertz.
        clock: MegaHertz,
    },
    /// `s INDEX MHZ MILLIVOLTS`: a level of the shader clock. Polaris, Vega10.
    ShaderLevel {
        /// The number of the level.
        index: u32,
        /// The clock in megahertz.
        clock: MegaHertz,
        /// The voltage in millivolts.
        voltage: MilliVolts,
    },
    /// `s MHZ`: an offset of the shader clock. RDNA4.
    ShaderOffset(i32),
    /// `m INDEX MHZ`: a bound of the memory clock; the lower one not on Vega20, Navi1x.
    MemoryClock {
        /// 0 for the minimum, 1 for the maximum.
        index: u32,
        /// The clock in megahertz.
        clock: MegaHertz,
    },
    /// `m INDEX MHZ MILLIVOLTS`: a level of the memory clock. Polaris, Vega10.
    MemoryLevel {
        /// The number of the level.
        index: u32,
        /// The clock in megahertz.
        clock: MegaHertz,
        /// The voltage in millivolts.
        voltage: MilliVolts,
    },
    /// `p CORE INDEX MHZ`: a bound of a CPU core's clock. Van Gogh.
    CoreClock {
        /// The number of the core.
        core: u32,
        /// 0 for the minimum, 1 for the maximum.
        index: u32,
        /// The clock in megahertz.
        clock: MegaHertz,
    },
    /// `vc POINT MHZ MILLIVOLTS`: a point of the voltage curve. Vega20, Navi1x; the only point of Cyan Skillfish.
    CurvePoint {
        /// The number of the point.
        index: u32,
        /// The clock in megahertz.
        clock: MegaHertz,
        /// The voltage in millivolts.
        voltage: MilliVolts,
    },
    /// `vc POINT MILLIVOLTS`: a voltage offset at a point of the curve. The first RDNA3 drivers.
    CurveOffset {
        /// The number of the point.
        index: u32,
        /// The offset in millivolts; may be negative.
        offset: MilliVolts,
    },
    /// `vo MILLIVOLTS`: an offset of the shader's voltage; may be negative. RDNA2 to RDNA4.
    VoltageOffset(MilliVolts),
}

/// The line of the edit, as written to the table.
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

/// A value of an edit: its name in sentences, the number, and the names of its limits in `OD_RANGE`.
struct EditValue {
    what: &'static str,
    number: Number,
    range: String,
}

/// The number of an edit, in the unit of its range.
enum Number {
    Clock(MegaHertz),
    Voltage(MilliVolts),
    ClockOffset(i32),
}

impl OverdriveEdit {
    /// Returns `true` if both edits set the same value.
    pub(super) fn sets_the_same(&self, other: &OverdriveEdit) -> bool {
        // Van Gogh prints the selected core only; all cores accept the same edits.
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

    fn values(&self, table: &Overdrive) -> Vec<EditValue> {
        let clock = |what, clock: &MegaHertz, range: &str| EditValue {
            what,
            number: Number::Clock(*clock),
            range: range.into(),
        };
        let volts = |what, voltage: &MilliVolts, range: &str| EditValue {
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
            // The single point of Cyan Skillfish uses the ranges of clock and voltage.
            OverdriveEdit::CurvePoint { clock: value, voltage, .. } if table.voltage_curve.is_empty() => {
                vec![clock("shader clock", value, "SCLK"), volts("voltage", voltage, "VDDC")]
            }
            OverdriveEdit::CurvePoint { index, clock: value, voltage } => vec![
                clock("curve clock", value, &format!("VDDC_CURVE_SCLK[{index}]")),
                volts("curve voltage", voltage, &format!("VDDC_CURVE_VOLT[{index}]")),
            ],
            OverdriveEdit::CurveOffset { offset, .. } => vec![volts("voltage offset", offset, "VDDC_CURVE")],
            OverdriveEdit::VoltageOffset(offset) => vec![volts("voltage offset", offset, "VDDGFX_OFFSET")],
            OverdriveEdit::ShaderOffset(offset) => vec![EditValue {
                what: "shader clock offset",
                number: Number::ClockOffset(*offset),
                range: "SCLK_OFFSET".into(),
            }],
        }
    }
}

impl EditValue {
    /// Checks a value against the table's range of the same kind, if there is one.
    fn check(&self, path: &dyn Fn() -> PathBuf, table: &Overdrive, end: Option<Bound>) -> Result<String> {
        let range = table.range(&self.range);
        if let (None, Some(line)) = (range, table.unrecognised_range(&self.range)) {
            return Err(Error::Unparsable { path: path(), source: line.error() });
        }
        match (&self.number, range) {
            (Number::Clock(clock), Some(OverdriveLimits::Clock(limits))) => match end {
                None => within(path, self.what, *clock, limits.minimum, limits.maximum),
                Some(Bound::Minimum) if *clock >= limits.minimum => Ok(format!(
                    "{} {clock} is at least {}, the only limit that the driver checks",
                    self.what, limits.minimum
                )),
                Some(Bound::Maximum) if *clock <= limits.maximum => Ok(format!(
                    "{} {clock} is at most {}, the only limit that the driver checks",
                    self.what, limits.maximum
                )),
                // The value is outside the whole range.
                Some(_) => within(path, self.what, *clock, limits.minimum, limits.maximum),
            },
            (Number::Voltage(voltage), Some(OverdriveLimits::Voltage(limits))) => {
                within(path, self.what, *voltage, limits.minimum, limits.maximum)
            }
            (Number::ClockOffset(offset), Some(OverdriveLimits::ClockOffset(limits))) => {
                within(path, self.what, *offset, limits.minimum, limits.maximum)
            }
            (Number::Clock(clock), _) => Ok(unbounded(self.what, clock)),
            // `sienna_cichlid_od_edit_dpm_table` compares with nothing and keeps 16 bits.
            (Number::Voltage(voltage), _) if i16::try_from(voltage.0).is_err() => {
                within(path, self.what, *voltage, MilliVolts(i16::MIN.into()), MilliVolts(i16::MAX.into()))
            }
            (Number::Voltage(voltage), _) => Ok(unbounded(self.what, voltage)),
            (Number::ClockOffset(offset), _) => Ok(unbounded(self.what, offset)),
        }
    }
}

impl OverdriveEdit {
    /// Checks each value as the driver does; returns one sentence each.
    pub(super) fn check(&self, path: &dyn Fn() -> PathBuf, table: &Overdrive) -> Result<Vec<String>> {
        let end = self.bound().filter(|_| compares_one_end(table));
        self.values(table).iter().map(|value| value.check(path, table, end)).collect()
    }

    /// The end of a range that the edit sets, if any.
    fn bound(&self) -> Option<Bound> {
        match self {
            OverdriveEdit::ShaderClock { index: 0, .. }
            | OverdriveEdit::MemoryClock { index: 0, .. }
            | OverdriveEdit::CoreClock { index: 0, .. } => Some(Bound::Minimum),
            OverdriveEdit::ShaderClock { index: 1, .. }
            | OverdriveEdit::MemoryClock { index: 1, .. }
            | OverdriveEdit::CoreClock { index: 1, .. } => Some(Bound::Maximum),
            _ => None,
        }
    }

    /// A line in the edited section that was not understood.
    pub(super) fn unrecognised<'a>(&self, table: &'a Overdrive) -> Option<&'a UnrecognisedLine> {
        let titles: &[&str] = match self {
            OverdriveEdit::ShaderClock { .. } | OverdriveEdit::ShaderLevel { .. } => &["OD_SCLK", "GFXCLK"],
            OverdriveEdit::MemoryClock { .. } | OverdriveEdit::MemoryLevel { .. } => &["OD_MCLK"],
            OverdriveEdit::CoreClock { core, .. } => {
                let title = format!("CCLK_RANGE in Core{core}");
                return table.unrecognised_in(&title).or_else(|| table.unrecognised_in("OD_CCLK"));
            }
            OverdriveEdit::CurvePoint { .. } => &["OD_VDDC_CURVE", "OD_VDDC", "OD_SCLK"],
            OverdriveEdit::CurveOffset { .. } => &["OD_VDDC_CURVE"],
            OverdriveEdit::ShaderOffset(_) => &["OD_SCLK_OFFSET"],
            OverdriveEdit::VoltageOffset(_) => &["OD_VDDGFX_OFFSET"],
        };
        titles.iter().find_map(|title| table.unrecognised_in(title))
    }
}

/// Returns `true` if the driver checks a minimum only against the lower end of its range, and a maximum only against
/// the upper end. APUs do (`vangogh_od_edit_dpm_table`, `renoir_od_edit_dpm_table`, `smu10_set_fine_grain_clk_vol`);
/// their tables have only shader and CPU clocks.
fn compares_one_end(table: &Overdrive) -> bool {
    let ranges = &table.ranges;
    !ranges.is_empty()
        && ranges.iter().all(|range| range.name == "SCLK" || range.name == "CCLK")
        && table.shader_clock.iter().all(|point| point.voltage.is_none())
        && table.memory_clock.is_empty()
        && table.voltage_curve.is_empty()
        && table.vddgfx_offset.is_none()
}

/// Returns `true` for the table of MI200 or MI300. They print no range, and require a minimum below the maximum when
/// the edits take effect (`smu_v13_0_6_set_soft_freq_limited_range`).
fn is_instinct(table: &Overdrive) -> bool {
    table.ranges.is_empty()
}

/// Refuses edits that would put a minimum above its maximum, if the driver compares them. It does so after each edit
/// (`sienna_cichlid_od_edit_dpm_table`, `smu_v13_0_0_od_edit_dpm_table`), on APUs and Instinct when the edits take
/// effect.
pub(super) fn check_order(
    path: &dyn Fn() -> PathBuf,
    table: &Overdrive,
    edits: &[OverdriveEdit],
) -> Result<()> {
    for domain in [ClockDomain::Graphics, ClockDomain::Memory] {
        // On Instinct, only the maximum of the memory clock can be set.
        if domain == ClockDomain::Memory && is_instinct(table) {
            continue;
        }
        let now = points(domain, table);
        let clock = |index| now.iter().find(|point| point.index == index).and_then(|point| point.clock);
        let (Some(mut minimum), Some(mut maximum)) = (clock(0), clock(1)) else { continue };
        let own: Vec<_> = edits
            .iter()
            .filter_map(|edit| match (edit, domain) {
                (OverdriveEdit::ShaderClock { index, clock }, ClockDomain::Graphics)
                | (OverdriveEdit::MemoryClock { index, clock }, ClockDomain::Memory) => {
                    Some((*index, *clock))
                }
                _ => None,
            })
            .collect();
        let at_the_end = compares_one_end(table) || is_instinct(table);
        for (number, (index, clock)) in own.iter().enumerate() {
            match index {
                0 => minimum = *clock,
                _ => maximum = *clock,
            }
            if at_the_end && number + 1 < own.len() {
                continue;
            }
            let crossed = if is_instinct(table) { minimum >= maximum } else { minimum > maximum };
            if crossed {
                let range = match table.range(if domain == ClockDomain::Graphics { "SCLK" } else { "MCLK" }) {
                    Some(OverdriveLimits::Clock(limits)) => Some(limits),
                    _ => None,
                };
                let lowest = range.map_or(MegaHertz(0), |range| range.minimum);
                let highest = range.map_or(MegaHertz(u32::MAX), |range| range.maximum);
                // The other bound is the closer limit.
                let (setting, requested, minimum, maximum) = match index {
                    0 => ("lower bound", clock, lowest, maximum),
                    _ => ("upper bound", clock, minimum, highest),
                };
                return Err(Error::OutOfRange {
                    path: path(),
                    setting: setting.into(),
                    requested: (*requested).into(),
                    minimum: minimum.into(),
                    maximum: maximum.into(),
                });
            }
        }
    }
    Ok(())
}

/// The lines that undo an edit, from the previous table. If the driver would not accept a previous value (RDNA2
/// prints a minimum memory clock below its range), they are `r` followed by edits for all values that it accepts.
pub(super) fn restoring_lines(text: &[u8], edit: &OverdriveEdit) -> Vec<String> {
    let Ok(table) = overdrive::overdrive(text) else { return Vec::new() };
    if table == Overdrive::default() {
        // The table was closed: an APU's edits are valid only in the manual level, and start at the defaults.
        return vec![RESET.to_owned()];
    }
    let same = edits_of(&table).into_iter().find(|now| now.sets_the_same(edit));
    // The clock of any core but the printed one is unknown.
    let same = same.filter(|now| match (now, edit) {
        (OverdriveEdit::CoreClock { core: printed, .. }, OverdriveEdit::CoreClock { core, .. }) => {
            printed == core
        }
        _ => true,
    });
    match same {
        Some(now) if now.is_taken(&table) => vec![line_of(&now, &table)],
        Some(_) => std::iter::once(RESET.to_owned()).chain(taken_lines(&table)).collect(),
        None => Vec::new(),
    }
}

/// The lines that set every value of a table that the driver accepts.
pub(super) fn taken_lines(table: &Overdrive) -> Vec<String> {
    let edits = edits_of(table).into_iter().rev();
    edits.filter(|edit| edit.is_taken(table)).map(|edit| line_of(&edit, table)).collect()
}

impl OverdriveEdit {
    fn is_taken(&self, table: &Overdrive) -> bool {
        self.check(&PathBuf::new, table).is_ok()
    }
}

/// Every edit that a table accepts, with its current values.
pub(super) fn edits_of(table: &Overdrive) -> Vec<OverdriveEdit> {
    let mut edits = Vec::new();
    // One clock with one voltage, set together (`cyan_skillfish_od_edit_dpm_table`).
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
    // MI200 prints the levels of its memory clock but accepts no edit of them (`aldebaran_usr_edit_dpm_table`).
    for point in &table.memory_clock {
        let index = point.index;
        match (point.clock, point.voltage) {
            (Some(clock), Some(voltage)) => edits.push(OverdriveEdit::MemoryLevel { index, clock, voltage }),
            // MI300 prints a minimum but accepts none (`smu_v13_0_6_usr_edit_dpm_table`).
            (Some(_), None) if index == 0 && is_instinct(table) => {}
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

/// Returns `true` for the table of the first RDNA4 drivers. They print the offset's limits instead of the offset, and
/// accept it as the maximum (`s 1 MHZ`).
pub(super) fn hides_its_offset(table: &Overdrive) -> bool {
    table.sclk_offset.is_none() && table.other.iter().any(|section| section.title == "OD_SCLK_OFFSET")
}

pub(super) fn line_of(edit: &OverdriveEdit, table: &Overdrive) -> String {
    match edit {
        OverdriveEdit::ShaderOffset(offset) if hides_its_offset(table) => format!("s 1 {offset}"),
        edit => edit.to_string(),
    }
}

/// The points of a clock in the overdrive table, or the lowest and highest of the levels that MI200 prints instead.
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
