//! `pp_od_clk_voltage`: the clocks and voltages that overdrive may change.
//!
//! Sections of a title and lines, printed one after the other by each ASIC's `*_print_clk_levels`
//! (`*_emit_clk_levels`) for the clock types that `amdgpu_get_pp_od_clk_voltage` asks for. Oddities:
//! - levels with a voltage (Polaris, Vega 10: `0:        852MHz        800mV`), without (Navi2x and later), or
//!   the highest alone (`1: 875MHz`, Navi1x);
//! - `OD_VDDC_CURVE` with clock and voltage (Navi1x; on older kernels with `@` between them), or in the
//!   first RDNA3 drivers with the voltage's offset alone (`0: -10mv`);
//! - `OD_SCLK_OFFSET` of RDNA4 first printed the offset's limits as if they were levels, one of them unsigned
//!   where it should have been signed (`smu_v14_0_2_print_clk_levels`);
//! - MI200 and, on older kernels, MI300 print `GFXCLK` and `MCLK` instead, followed by the lines of
//!   `pp_dpm_sclk` and `pp_dpm_mclk` (`aldebaran_print_clk_levels`, `smu_v13_0_6_print_clk_levels`);
//! - Van Gogh's CPU clock is titled `CCLK_RANGE in Core0`, Cyan Skillfish's voltage `OD_VDDC`, both starred;
//! - Renoir's titles have no colon (`OD_SCLK`, `OD_RANGE`; `renoir_print_clk_levels`);
//! - NULs between the sections, `Mhz` beside `MHz`, `mV` beside `mv`;
//! - `unavailable` for a section after a fatal RAS interrupt, a lone newline for nothing at all.

use super::cursor::Cursor;
use super::dpm::{self, DpmLevel, UNAVAILABLE};
use super::unrecognised::{self, UnrecognisedLine};
use super::{Line, Parsed, lines, scalar};
use crate::unit::{MegaHertz, MilliVolts};

/// One point of a clock or curve.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct OverdrivePoint {
    /// The number by which it can be changed.
    pub index: u32,
    /// MHz; absent where the point has a voltage only.
    pub clock: Option<MegaHertz>,
    /// Millivolts, of some curves an offset; absent where the point has a clock only.
    pub voltage: Option<MilliVolts>,
}

/// The CPU clock of an APU whose overdrive has one.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct CoreClock {
    /// The core that is selected for writing.
    pub core: u32,
    /// Its points: the lowest and the highest clock.
    pub points: Vec<OverdrivePoint>,
}

/// The least and the greatest value allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Limits<T> {
    /// The smallest valid value.
    pub minimum: T,
    /// The largest valid value.
    pub maximum: T,
}

/// The kind and limits of a range.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub enum OverdriveLimits {
    /// Clock in megahertz.
    Clock(Limits<MegaHertz>),
    /// An offset to a clock in MHz, which may be negative.
    ClockOffset(Limits<i32>),
    /// A voltage, or an offset to one, in millivolts.
    Voltage(Limits<MilliVolts>),
}

/// One line of `OD_RANGE`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct OverdriveRange {
    /// Name of the setting: `SCLK`, `MCLK`, `VDDC`, `VDDGFX_OFFSET`, `VDDC_CURVE_SCLK[0]`, …
    pub name: String,
    /// Limits of the setting.
    pub limits: OverdriveLimits,
}

/// A section that is kept as it was printed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct OverdriveSection {
    /// The title without its colon.
    pub title: String,
    /// The lines without blanks at both ends.
    pub lines: Vec<String>,
}

/// The whole table. Sections that were not printed are empty or absent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Overdrive {
    /// Points of the shader clock (`OD_SCLK`).
    pub shader_clock: Vec<OverdrivePoint>,
    /// Points of the memory clock (`OD_MCLK`).
    pub memory_clock: Vec<OverdrivePoint>,
    /// The CPU clock (`CCLK_RANGE in CoreN`, `OD_CCLK`).
    pub core_clock: Option<CoreClock>,
    /// Points of the voltage curve (`OD_VDDC_CURVE`).
    pub voltage_curve: Vec<OverdrivePoint>,
    /// Points of a voltage by itself (`OD_VDDC`).
    pub voltage: Vec<OverdrivePoint>,
    /// Millivolts added to the shader's voltage (`OD_VDDGFX_OFFSET`).
    pub vddgfx_offset: Option<MilliVolts>,
    /// MHz added to the shader clock (`OD_SCLK_OFFSET`); may be negative.
    pub sclk_offset: Option<i32>,
    /// The shader clock's levels, if the driver prints those instead (`GFXCLK`).
    pub shader_levels: Vec<DpmLevel>,
    /// The memory clock's levels, where the driver prints those instead (`MCLK`).
    pub memory_levels: Vec<DpmLevel>,
    /// The valid ranges (`OD_RANGE`).
    pub ranges: Vec<OverdriveRange>,
    /// Sections that are none of these, and those of them whose lines mean something else than they say.
    pub other: Vec<OverdriveSection>,
    /// `true` if the driver refused a section because of a fatal RAS interrupt.
    pub unavailable: bool,
    /// Lines that were not understood, each with the section that it is in.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Vec::is_empty"))]
    pub unrecognised: Vec<UnrecognisedLine>,
}

impl Overdrive {
    /// The range called `name`.
    pub fn range(&self, name: &str) -> Option<&OverdriveLimits> {
        self.ranges.iter().find(|range| range.name == name).map(|range| &range.limits)
    }

    /// A line of this section that was not understood.
    pub fn unrecognised_in(&self, section: &str) -> Option<&UnrecognisedLine> {
        self.unrecognised.iter().find(|line| line.section.as_deref() == Some(section))
    }

    /// The line of the range called `name`, where there is one that was not understood.
    pub fn unrecognised_range(&self, name: &str) -> Option<&UnrecognisedLine> {
        let names_it = |line: &&UnrecognisedLine| {
            let rest = line.text.strip_prefix(name);
            rest.is_some_and(|rest| !rest.starts_with(|next: char| next.is_alphanumeric() || next == '_'))
        };
        self.unrecognised.iter().filter(|line| line.section.as_deref() == Some(RANGE)).find(names_it)
    }
}

/// The section that lines belong to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Section {
    ShaderClock,
    MemoryClock,
    CoreClock,
    VoltageCurve,
    Voltage,
    VddgfxOffset,
    SclkOffset,
    ShaderLevels,
    MemoryLevels,
    Range,
    /// Lines go to the last of `other`.
    Other,
}

/// The title of the limits.
const RANGE: &str = "OD_RANGE";

/// Reads the table. An error only if no line of it is understood.
pub fn overdrive(text: &[u8]) -> Parsed<Overdrive> {
    let mut table = Overdrive::default();
    // Where lines belong, and the title that says so.
    let mut place: Option<(Section, &[u8])> = None;
    // Set after a line that may be the title of an unknown section.
    let mut doubtful = false;
    for line in lines(text) {
        let result = if line.trimmed() == UNAVAILABLE {
            table.unavailable = true;
            Ok(())
        } else if let Some(title) = title(line) {
            place = Some((begin(&mut table, line, title), title));
            doubtful = false;
            Ok(())
        } else {
            // A section does not say the same twice: what follows is another's.
            place = place.filter(|(section, _)| !doubtful || !repeats(&table, *section, line));
            match place {
                Some((section, _)) => row(&mut table, section, line),
                None => Err(line.error_at(line.trimmed(), "expected a section's title")),
            }
        };
        if let Err(error) = result {
            doubtful |= line.trimmed().first().is_some_and(u8::is_ascii_alphabetic);
            let title = place.map(|(_, title)| String::from_utf8_lossy(title));
            unrecognised::keep(&mut table.unrecognised, line, title.as_deref(), error);
        }
    }
    unrecognised::refuse_all(table.is_empty() && !table.unavailable, &table.unrecognised)?;
    Ok(table)
}

impl Overdrive {
    /// Returns `true` if no line was understood.
    fn is_empty(&self) -> bool {
        *self == Overdrive { unrecognised: self.unrecognised.clone(), ..Overdrive::default() }
    }
}

/// A section's title: what stands before the colon that ends it, or a line of capitals.
fn title(line: Line<'_>) -> Option<&[u8]> {
    let text = line.trimmed();
    let begins = |title: &[u8]| title.first().is_some_and(u8::is_ascii_alphabetic);
    match text.strip_suffix(b":") {
        // `0:` is a level that has been cut.
        Some(title) => begins(title).then_some(title),
        None => {
            let capitals = |byte: &u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || *byte == b'_';
            (begins(text) && text.iter().all(capitals)).then_some(text)
        }
    }
}

/// Begins the section of this title.
fn begin(table: &mut Overdrive, line: Line<'_>, title: &[u8]) -> Section {
    match title {
        b"OD_SCLK" => Section::ShaderClock,
        b"OD_MCLK" => Section::MemoryClock,
        b"OD_VDDC_CURVE" => Section::VoltageCurve,
        b"OD_VDDC" => Section::Voltage,
        b"OD_VDDGFX_OFFSET" => Section::VddgfxOffset,
        b"OD_SCLK_OFFSET" => Section::SclkOffset,
        b"GFXCLK" => Section::ShaderLevels,
        b"MCLK" => Section::MemoryLevels,
        b"OD_RANGE" => Section::Range,
        b"OD_CCLK" => {
            table.core_clock = Some(CoreClock { core: 0, points: Vec::new() });
            Section::CoreClock
        }
        _ => match selected_core(Cursor::at(line, title)) {
            Ok(core) => {
                table.core_clock = Some(CoreClock { core, points: Vec::new() });
                Section::CoreClock
            }
            Err(_) => {
                keep(table, title);
                Section::Other
            }
        },
    }
}

/// `CCLK_RANGE in Core2`.
fn selected_core(mut cursor: Cursor<'_>) -> Parsed<u32> {
    cursor.expect(b"CCLK_RANGE in Core", "expected a core")?;
    let core = cursor.unsigned_32()?;
    cursor.end()?;
    Ok(core)
}

/// Returns `true` for a line that sets what its section has set before.
fn repeats(table: &Overdrive, section: Section, line: Line<'_>) -> bool {
    let is_point = |points: &[OverdrivePoint]| {
        Cursor::new(line).unsigned_32().is_ok_and(|index| points.iter().any(|point| point.index == index))
    };
    let is_level = |levels: &[DpmLevel]| {
        dpm::level(line).is_ok_and(|(level, _)| levels.iter().any(|known| known.index == level.index))
    };
    match section {
        Section::ShaderClock => is_point(&table.shader_clock),
        Section::MemoryClock => is_point(&table.memory_clock),
        Section::VoltageCurve => is_point(&table.voltage_curve),
        Section::Voltage => is_point(&table.voltage),
        Section::CoreClock => table.core_clock.as_ref().is_some_and(|clock| is_point(&clock.points)),
        Section::VddgfxOffset => table.vddgfx_offset.is_some(),
        Section::SclkOffset => table.sclk_offset.is_some(),
        Section::ShaderLevels => is_level(&table.shader_levels),
        Section::MemoryLevels => is_level(&table.memory_levels),
        Section::Range => {
            let name = line.trimmed().split(|byte| *byte == b':').next().unwrap_or_default().trim_ascii_end();
            table.ranges.iter().any(|range| range.name.as_bytes() == name)
        }
        Section::Other => false,
    }
}

/// Begins a section that is kept as it is.
fn keep(table: &mut Overdrive, title: &[u8]) {
    let title = String::from_utf8_lossy(title).into_owned();
    table.other.push(OverdriveSection { title, lines: Vec::new() });
}

/// Takes one line of a section.
fn row(table: &mut Overdrive, section: Section, line: Line<'_>) -> Parsed<()> {
    match section {
        Section::ShaderClock => table.shader_clock.push(point(line)?),
        Section::MemoryClock => table.memory_clock.push(point(line)?),
        Section::VoltageCurve => table.voltage_curve.push(point(line)?),
        Section::Voltage => table.voltage.push(point(line)?),
        Section::CoreClock => {
            if let Some(clock) = &mut table.core_clock {
                clock.points.push(point(line)?);
            }
        }
        Section::ShaderLevels => table.shader_levels.push(dpm::level(line)?.0),
        Section::MemoryLevels => table.memory_levels.push(dpm::level(line)?.0),
        Section::VddgfxOffset => {
            let mut cursor = Cursor::new(line);
            table.vddgfx_offset = Some(millivolts(&mut cursor)?);
            cursor.end()?;
        }
        Section::SclkOffset => sclk_offset(table, line)?,
        Section::Range => table.ranges.push(range(line)?),
        Section::Other => {
            if let Some(section) = table.other.last_mut() {
                section.lines.extend(scalar::text(line.bytes).map(|text| text.into_owned()));
            }
        }
    }
    Ok(())
}

/// `-50Mhz`, or a line that says the limits instead, which is kept as it is.
fn sclk_offset(table: &mut Overdrive, line: Line<'_>) -> Parsed<()> {
    const TITLE: &str = "OD_SCLK_OFFSET";
    if line.trimmed().contains(&b':') {
        if table.other.last().is_none_or(|section| section.title != TITLE) {
            keep(table, TITLE.as_bytes());
        }
        return row(table, Section::Other, line);
    }
    let mut cursor = Cursor::new(line);
    let offset = cursor.signed_32()?;
    cursor.expect(b"Mhz", "expected MHz")?;
    cursor.end()?;
    table.sclk_offset = Some(offset);
    Ok(())
}

/// `0: 800MHz`, `0: 800MHz 750mV`, `0: 800MHz @ 750mV`, `0: 750mV` or `0: 800MHz *`.
fn point(line: Line<'_>) -> Parsed<OverdrivePoint> {
    let mut cursor = Cursor::new(line);
    let index = cursor.unsigned_32()?;
    cursor.expect(b":", "expected a colon")?;
    cursor.blanks();

    let mut point = OverdrivePoint { index, clock: None, voltage: None };
    let mut attempt = cursor.clone();
    match dpm::megahertz(&mut attempt) {
        Ok(clock) => {
            point.clock = Some(clock);
            cursor = attempt;
            cursor.blanks();
            if cursor.eat(b"@") {
                cursor.blanks();
            }
            if cursor.rest().first().is_some_and(|byte| *byte != b'*') {
                point.voltage = Some(rail(&mut cursor)?);
            }
        }
        Err(_) => point.voltage = Some(rail(&mut cursor)?),
    }
    dpm::star(&mut cursor)?;
    Ok(point)
}

/// `750mV`, of a rail; ones of 16 bits or more are none.
fn rail(cursor: &mut Cursor<'_>) -> Parsed<MilliVolts> {
    let number = cursor.clone();
    let voltage = millivolts(cursor)?;
    if voltage.0.abs() < 65_535 { Ok(voltage) } else { Err(number.error("no voltage of a GPU")) }
}

/// `750mV`, `-50mv`.
fn millivolts(cursor: &mut Cursor<'_>) -> Parsed<MilliVolts> {
    let voltage = cursor.signed_32()?;
    cursor.expect(b"mV", "expected mV")?;
    Ok(MilliVolts(voltage.into()))
}

/// `SCLK:     800Mhz       2150Mhz`, `VDDGFX_OFFSET:    -450mv          0mv`.
fn range(line: Line<'_>) -> Parsed<OverdriveRange> {
    let mut cursor = Cursor::new(line);
    let name = cursor.take_until(b':').ok_or_else(|| cursor.error("expected a colon"))?.trim_ascii_end();
    cursor.blanks();

    let limits = if name.ends_with(b"_OFFSET") {
        let minimum = offset(&mut cursor)?;
        if cursor.eat(b"Mhz") {
            cursor.blanks();
            let maximum = offset(&mut cursor)?;
            cursor.expect(b"Mhz", "expected MHz")?;
            OverdriveLimits::ClockOffset(Limits { minimum, maximum })
        } else {
            cursor.expect(b"mV", "expected MHz or mV")?;
            cursor.blanks();
            let maximum = millivolts(&mut cursor)?;
            OverdriveLimits::Voltage(Limits { minimum: MilliVolts(minimum.into()), maximum })
        }
    } else {
        let mut attempt = cursor.clone();
        if let Ok(minimum) = dpm::limit(&mut attempt) {
            cursor = attempt;
            cursor.blanks();
            OverdriveLimits::Clock(Limits { minimum, maximum: dpm::limit(&mut cursor)? })
        } else {
            let minimum = millivolts(&mut cursor)?;
            cursor.blanks();
            OverdriveLimits::Voltage(Limits { minimum, maximum: millivolts(&mut cursor)? })
        }
    };
    cursor.end()?;
    Ok(OverdriveRange { name: String::from_utf8_lossy(name).into_owned(), limits })
}

/// A signed number, also where the driver printed it with `%u`.
fn offset(cursor: &mut Cursor<'_>) -> Parsed<i32> {
    let mut attempt = cursor.clone();
    match attempt.unsigned_32() {
        Ok(value) => {
            *cursor = attempt;
            Ok(value as i32)
        }
        Err(_) => cursor.signed_32(),
    }
}

#[cfg(test)]
mod tests;
