//! `gpu_od/fan_ctrl/*`: the fan's curve and settings of RDNA3 and later.
//!
//! `fan_curve` is titled `OD_FAN_CURVE` and holds points (`0: 45C 30%`); each other file holds one number
//! under its title. Both are followed by `OD_RANGE`. Printed by `smu_v13_0_0_print_clk_levels` and its like for
//! the clock types of `amdgpu_retrieve_od_settings`; a lone newline where the setting is not supported. A
//! curve of zeros stands for the firmware's own, which cannot be read.

use super::cursor::Cursor;
use super::overdrive::Limits;
use super::{Parsed, lines};
use crate::unit::{MilliCelsius, Percent};

/// Who decides a fan's speed (`pwmN_enable`).
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
    /// What may be set.
    pub limits: Option<Limits<u32>>,
}

/// Reads `fan_curve`.
pub fn curve(text: &[u8]) -> Parsed<FanCurve> {
    let mut curve = FanCurve::default();
    for line in lines(text) {
        let mut cursor = Cursor::new(line);
        if cursor.eat(b"FAN_CURVE(hotspot temp):") {
            cursor.blanks();
            let minimum = celsius(&mut cursor)?;
            cursor.blanks();
            curve.temperature_limits = Some(Limits { minimum, maximum: celsius(&mut cursor)? });
            cursor.end()?;
        } else if cursor.eat(b"FAN_CURVE(fan speed):") {
            cursor.blanks();
            let minimum = percent(&mut cursor)?;
            cursor.blanks();
            curve.speed_limits = Some(Limits { minimum, maximum: percent(&mut cursor)? });
            cursor.end()?;
        } else if !matches!(line.trimmed(), b"OD_FAN_CURVE:" | b"OD_RANGE:") {
            let index = cursor.unsigned_32()?;
            cursor.expect(b":", "expected a colon")?;
            cursor.blanks();
            let temperature = celsius(&mut cursor)?;
            cursor.blanks();
            curve.points.push(FanPoint { index, temperature, speed: percent(&mut cursor)? });
            cursor.end()?;
        }
    }
    Ok(curve)
}

/// `45C`.
fn celsius(cursor: &mut Cursor<'_>) -> Parsed<MilliCelsius> {
    let degrees = cursor.signed_32()?;
    cursor.expect(b"C", "expected C")?;
    Ok(MilliCelsius(i64::from(degrees) * 1000))
}

/// `30%`.
fn percent(cursor: &mut Cursor<'_>) -> Parsed<Percent> {
    let percent = Percent(cursor.unsigned_32()?);
    cursor.expect(b"%", "expected a percent sign")?;
    Ok(percent)
}

/// Reads any file of one number; absent where the setting is not supported.
pub fn setting(text: &[u8]) -> Parsed<Option<FanSetting>> {
    let mut lines = lines(text);
    let Some(line) = lines.next() else { return Ok(None) };
    let title = line.trimmed().strip_suffix(b":");
    let title = title.ok_or_else(|| line.error_at(line.trimmed(), "expected a title"))?;
    let title = String::from_utf8_lossy(title).into_owned();

    let line =
        lines.next().ok_or_else(|| line.error_at(line.trimmed(), "expected a value after the title"))?;
    let mut cursor = Cursor::new(line);
    let value = cursor.unsigned_32()?;
    cursor.end()?;

    let mut limits = None;
    for line in lines.filter(|line| line.trimmed() != b"OD_RANGE:") {
        let mut cursor = Cursor::new(line);
        cursor.take_until(b':').ok_or_else(|| line.error_at(line.trimmed(), "expected a range"))?;
        cursor.blanks();
        let minimum = cursor.unsigned_32()?;
        cursor.blanks();
        limits = Some(Limits { minimum, maximum: cursor.unsigned_32()? });
        cursor.end()?;
    }
    Ok(Some(FanSetting { title, value, limits }))
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
        let error = curve(b"OD_FAN_CURVE:\n0: 40C 25\n").unwrap_err();
        assert_eq!((error.line, error.column), (2, 10));
    }

    #[test]
    fn a_setting() {
        let found = setting(b"OD_ACOUSTIC_LIMIT:\n2900\nOD_RANGE:\nACOUSTIC_LIMIT: 500 3200\n");
        let limits = Some(Limits { minimum: 500, maximum: 3200 });
        assert_eq!(found, Ok(Some(FanSetting { title: "OD_ACOUSTIC_LIMIT".into(), value: 2900, limits })));
        let found = setting(b"FAN_ZERO_RPM_ENABLE:\n0\n").unwrap().unwrap();
        assert_eq!((found.value, found.limits), (0, None));
        assert_eq!(setting(b"\n\0"), Ok(None));
        let place = |text: &[u8]| setting(text).map_err(|error| (error.line, error.column));
        assert_eq!(place(b"2900\n"), Err((1, 1)));
        assert_eq!(place(b"TITLE:\n"), Err((1, 1)));
        assert_eq!(place(b"TITLE:\n-1\n"), Err((2, 1)));
        assert_eq!(place(b"TITLE:\n1\nRANGE 0 1\n"), Err((3, 1)));
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

    proptest! {
        #[test]
        fn any_bytes(bytes: Vec<u8>) {
            let _ = (curve(&bytes), setting(&bytes));
        }

        #[test]
        fn round_trip(index: u32, degrees: i32, speed: u32) {
            let found = curve(format!("OD_FAN_CURVE:\n{index}: {degrees}C {speed}%\n").as_bytes()).unwrap();
            let temperature = MilliCelsius(i64::from(degrees) * 1000);
            prop_assert_eq!(found.points, [FanPoint { index, temperature, speed: Percent(speed) }]);
        }
    }
}
