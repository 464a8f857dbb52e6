//! `gpu_od/fan_ctrl/*`: the fan's curve and settings of RDNA3 and later.
//!
//! `fan_curve` is titled `OD_FAN_CURVE` and holds points (`0: 45C 30%`); each other file holds one number
//! under its title. Both are followed by `OD_RANGE`. Printed by `smu_v13_0_0_print_clk_levels` and its like for
//! the clock types of `amdgpu_retrieve_od_settings`; a lone newline where the setting is not supported. A
//! curve of zeros stands for the firmware's own, which cannot be read.

use super::cursor::Cursor;
use super::overdrive::Limits;
use super::unrecognised::{self, UnrecognisedLine};
use super::{Line, Parsed, lines, plausible};
use crate::unit::{MilliCelsius, Percent};

/// Control modes of a fan (`pwmN_enable`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum FanMode {
    /// 0: nobody, it runs at full speed.
    Full,
    /// 1: the user, who sets a speed.
    Manual,
    /// 2: the firmware.
    Automatic,
}

/// One point of the fan's curve.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct FanPoint {
    /// The number by which it can be changed.
    pub index: u32,
    /// Temperature of the hotspot; printed in whole degrees.
    pub temperature: MilliCelsius,
    /// Percent of the fan's full speed.
    pub speed: Percent,
}

/// The fan's curve; without points where it cannot be set.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct FanCurve {
    /// The points; all zero while the firmware's own curve is in force.
    pub points: Vec<FanPoint>,
    /// Temperatures that a point may have.
    pub temperature_limits: Option<Limits<MilliCelsius>>,
    /// Speeds that a point may have, in percent.
    pub speed_limits: Option<Limits<Percent>>,
    /// Lines that were not understood.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Vec::is_empty"))]
    pub unrecognised: Vec<UnrecognisedLine>,
}

/// One number that can be set, in the unit of its file: RPM, °C, percent, or 0 and 1.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct FanSetting {
    /// The title without its colon: `OD_ACOUSTIC_LIMIT`.
    pub title: String,
    /// The number in force.
    pub value: u32,
    /// The range of valid values.
    pub limits: Option<Limits<u32>>,
    /// Lines that were not understood.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Vec::is_empty"))]
    pub unrecognised: Vec<UnrecognisedLine>,
}

/// Reads `fan_curve`. An error only if no line of it is understood.
pub fn curve(text: &[u8]) -> Parsed<FanCurve> {
    let mut curve = FanCurve::default();
    let mut understood = false;
    for line in lines(text) {
        match curve_line(&mut curve, line) {
            Ok(()) => understood = true,
            Err(error) => unrecognised::keep(&mut curve.unrecognised, line, None, error),
        }
    }
    unrecognised::refuse_all(!understood, &curve.unrecognised)?;
    Ok(curve)
}

fn curve_line(curve: &mut FanCurve, line: Line<'_>) -> Parsed<()> {
    let mut cursor = Cursor::new(line);
    if is_title(line, b"OD_FAN_CURVE") || is_title(line, b"OD_RANGE") {
        return Ok(());
    }
    if cursor.eat(b"FAN_CURVE(hotspot temp):") {
        cursor.blanks();
        let minimum = celsius(&mut cursor)?;
        cursor.blanks();
        let maximum = celsius(&mut cursor)?;
        cursor.end()?;
        curve.temperature_limits = Some(Limits { minimum, maximum });
    } else if cursor.eat(b"FAN_CURVE(fan speed):") {
        cursor.blanks();
        let minimum = percent(&mut cursor)?;
        cursor.blanks();
        let maximum = percent(&mut cursor)?;
        cursor.end()?;
        curve.speed_limits = Some(Limits { minimum, maximum });
    } else {
        let index = cursor.unsigned_32()?;
        cursor.expect(b":", "expected a colon")?;
        cursor.blanks();
        let temperature = celsius(&mut cursor)?;
        cursor.blanks();
        let speed = percent(&mut cursor)?;
        cursor.end()?;
        curve.points.push(FanPoint { index, temperature, speed });
    }
    Ok(())
}

/// Returns `true` if the line is this title, with or without its colon.
fn is_title(line: Line<'_>, title: &[u8]) -> bool {
    let text = line.trimmed();
    text.strip_suffix(b":").unwrap_or(text) == title
}

/// Parses a temperature such as `45C`.
fn celsius(cursor: &mut Cursor<'_>) -> Parsed<MilliCelsius> {
    let number = cursor.clone();
    let degrees = MilliCelsius(i64::from(cursor.signed_32()?) * 1000);
    cursor.expect(b"C", "expected C")?;
    if plausible::temperature(degrees) { Ok(degrees) } else { Err(number.error("no temperature of a GPU")) }
}

/// Parses a percentage such as `30%`.
fn percent(cursor: &mut Cursor<'_>) -> Parsed<Percent> {
    let number = cursor.clone();
    let percent = Percent(cursor.unsigned_32()?);
    cursor.expect(b"%", "expected a percent sign")?;
    if percent.0 <= 100 { Ok(percent) } else { Err(number.error("more than all")) }
}

/// Reads any file of one number; absent where the setting is not supported.
pub fn setting(text: &[u8]) -> Parsed<Option<FanSetting>> {
    let mut lines = lines(text);
    let (mut value, mut limits, mut unrecognised) = (None, None, Vec::new());
    let (first, title) = loop {
        let Some(line) = lines.next() else {
            unrecognised::refuse_all(true, &unrecognised)?;
            return Ok(None);
        };
        match line.trimmed().strip_suffix(b":") {
            Some(title) => break (line, title),
            None => {
                let error = line.error_at(line.trimmed(), "expected a title");
                unrecognised::keep(&mut unrecognised, line, None, error);
            }
        }
    };
    for line in lines.filter(|line| !is_title(*line, b"OD_RANGE")) {
        let result = match value {
            None => number(line).map(|number| value = Some(number)),
            Some(_) => range(line).map(|range| limits = Some(range)),
        };
        if let Err(error) = result {
            unrecognised::keep(&mut unrecognised, line, None, error);
        }
    }
    let missing = || first.error_at(first.trimmed(), "expected a value after the title");
    let value = value.ok_or_else(|| unrecognised.first().map_or_else(missing, UnrecognisedLine::error))?;
    Ok(Some(FanSetting { title: String::from_utf8_lossy(title).into_owned(), value, limits, unrecognised }))
}

fn number(line: Line<'_>) -> Parsed<u32> {
    let mut cursor = Cursor::new(line);
    let number = cursor.unsigned_32()?;
    cursor.end()?;
    Ok(number)
}

/// `ACOUSTIC_LIMIT: 500 3200`.
fn range(line: Line<'_>) -> Parsed<Limits<u32>> {
    let mut cursor = Cursor::new(line);
    cursor.take_until(b':').ok_or_else(|| line.error_at(line.trimmed(), "expected a range"))?;
    cursor.blanks();
    let minimum = cursor.unsigned_32()?;
    cursor.blanks();
    let last = cursor.clone();
    let maximum = cursor.unsigned_32()?;
    cursor.end()?;
    // In whichever unit: ones of 16 bits or more are no limit.
    if minimum.max(maximum) >= 65_535 {
        Err(last.error("no limit of a fan"))
    } else {
        Ok(Limits { minimum, maximum })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const CURVE: &[u8] = b"OD_FAN_CURVE:\n0: 40C 25%\n1: 95C 90%\nOD_RANGE:\n\
        FAN_CURVE(hotspot temp): 25C 105C\nFAN_CURVE(fan speed): 20% 100%\n";

    #[test]
    fn a_curve() {
        let found = curve(CURVE).unwrap();
        let point = FanPoint { index: 1, temperature: MilliCelsius(95_000), speed: Percent(90) };
        assert_eq!(found.points[1], point);
        let limits = Limits { minimum: MilliCelsius(25_000), maximum: MilliCelsius(105_000) };
        assert_eq!(found.temperature_limits, Some(limits));
        assert_eq!(found.speed_limits, Some(Limits { minimum: Percent(20), maximum: Percent(100) }));
        assert_eq!(curve(b"\n"), Ok(FanCurve::default()));
        let found = curve(b"OD_FAN_CURVE:\n0: 40C 25\n1: 95C 90%\n").unwrap();
        assert_eq!((found.unrecognised[0].line, found.unrecognised[0].column), (2, 10));
        assert_eq!(found.points, [point]);
        assert_eq!(curve(b"warm\n").unwrap_err().line, 1);
    }

    #[test]
    fn a_setting() {
        let found = setting(b"OD_ACOUSTIC_LIMIT:\n2900\nOD_RANGE:\nACOUSTIC_LIMIT: 500 3200\n");
        let limits = Some(Limits { minimum: 500, maximum: 3200 });
        assert_eq!(
            found,
            Ok(Some(FanSetting {
                title: "OD_ACOUSTIC_LIMIT".into(),
                value: 2900,
                limits,
                unrecognised: Vec::new()
            }))
        );
        let found = setting(b"FAN_ZERO_RPM_ENABLE:\n0\n").unwrap().unwrap();
        assert_eq!((found.value, found.limits), (0, None));
        assert_eq!(setting(b"\n\0"), Ok(None));
        let place = |text: &[u8]| setting(text).map_err(|error| (error.line, error.column));
        assert_eq!(place(b"2900\n"), Err((1, 1)));
        assert_eq!(place(b"TITLE:\n"), Err((1, 1)));
        assert_eq!(place(b"TITLE:\n-1\n"), Err((2, 1)));
        let found = setting(b"TITLE:\nfast\n1\nRANGE 0 1\n").unwrap().unwrap();
        let places: Vec<_> = found.unrecognised.iter().map(|line| line.line).collect();
        assert_eq!((found.value, found.limits, places), (1, None, vec![2, 4]));
    }

    #[test]
    fn truncated() {
        let whole = curve(CURVE).unwrap();
        for length in 0..=CURVE.len() {
            if let Ok(cut) = curve(&CURVE[..length]) {
                assert!(whole.points.starts_with(&cut.points));
                assert!(
                    cut.temperature_limits.is_none() || cut.temperature_limits == whole.temperature_limits
                );
            }
        }
    }

    /// A number beyond its unit costs its line.
    #[test]
    fn implausible_numbers() {
        let found = curve(
            b"OD_FAN_CURVE:\n0: 40C 255%\n1: 65535C 90%\n2: 95C 100%\nOD_RANGE:\n\
            FAN_CURVE(hotspot temp): 25C 2147483647C\nFAN_CURVE(fan speed): 20% 2147483647%\n",
        )
        .unwrap();
        assert_eq!(found.points.iter().map(|point| point.index).collect::<Vec<_>>(), [2]);
        assert_eq!((found.temperature_limits, found.speed_limits), (None, None));
        let reasons: Vec<_> = found.unrecognised.iter().map(|line| (line.line, line.reason)).collect();
        let [hot, fast] = ["no temperature of a GPU", "more than all"];
        assert_eq!(reasons, [(2, fast), (3, hot), (6, hot), (7, fast)]);
        let found = setting(b"a note\nOD_ACOUSTIC_LIMIT:\n2900\n").unwrap().unwrap();
        assert_eq!((found.title.as_str(), found.value), ("OD_ACOUSTIC_LIMIT", 2900));
        assert_eq!((found.unrecognised[0].line, found.unrecognised[0].reason), (1, "expected a title"));
        let found = setting(b"OD_ACOUSTIC_LIMIT:\n2900\nOD_RANGE:\nACOUSTIC_LIMIT: 500 4294967295\n")
            .unwrap()
            .unwrap();
        assert_eq!((found.value, found.limits), (2900, None));
        assert_eq!(found.unrecognised[0].reason, "no limit of a fan");
    }

    proptest! {
        #[test]
        fn any_bytes(bytes: Vec<u8>) {
            let _ = (curve(&bytes), setting(&bytes));
        }

        #[test]
        fn round_trip(index: u32, degrees in -100..=250i32, speed in 0..=100u32) {
            let found = curve(format!("OD_FAN_CURVE:\n{index}: {degrees}C {speed}%\n").as_bytes()).unwrap();
            let temperature = MilliCelsius(i64::from(degrees) * 1000);
            prop_assert_eq!(found.points, [FanPoint { index, temperature, speed: Percent(speed) }]);
        }
    }
}
