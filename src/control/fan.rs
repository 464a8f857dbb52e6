//! Fans: speed, control mode, and the firmware's fan control.

use std::path::PathBuf;

use super::plan::{Plan, Step};
use super::power::hwmon_path;
use super::{Control, remarks, unbounded, within};
use crate::error::{Error, Result};
use crate::gpu::{Fan, FanControl, FanMode, Gpu};
use crate::parse::fan::{self, FanCurve, FanPoint};
use crate::parse::scalar;
use crate::unit::{Amount, MilliCelsius, Percent, Rpm};

const CURVE: &str = "gpu_od/fan_ctrl/fan_curve";

/// A setting of the firmware's fan control, with its new value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum FanControlChange {
    /// Acoustic limit in revolutions per minute.
    AcousticLimit(Rpm),
    /// Acoustic target in revolutions per minute.
    AcousticTarget(Rpm),
    /// Target temperature; whole degrees.
    TargetTemperature(MilliCelsius),
    /// Minimum fan speed in percent.
    MinimumPwm(Percent),
    /// `true` allows the fan to stop.
    ZeroRpm(bool),
    /// Zero-RPM stop temperature; whole degrees.
    ZeroRpmStopTemperature(MilliCelsius),
}

/// The files of `gpu_od/fan_ctrl` with a single number.
const SETTINGS: [&str; 6] = [
    "gpu_od/fan_ctrl/acoustic_limit_rpm_threshold",
    "gpu_od/fan_ctrl/acoustic_target_rpm_threshold",
    "gpu_od/fan_ctrl/fan_target_temperature",
    "gpu_od/fan_ctrl/fan_minimum_pwm",
    "gpu_od/fan_ctrl/fan_zero_rpm_enable",
    "gpu_od/fan_ctrl/fan_zero_rpm_stop_temperature",
];

impl FanControlChange {
    fn file(self) -> &'static str {
        SETTINGS[match self {
            FanControlChange::AcousticLimit(_) => 0,
            FanControlChange::AcousticTarget(_) => 1,
            FanControlChange::TargetTemperature(_) => 2,
            FanControlChange::MinimumPwm(_) => 3,
            FanControlChange::ZeroRpm(_) => 4,
            FanControlChange::ZeroRpmStopTemperature(_) => 5,
        }]
    }

    /// The requested value.
    fn requested(self) -> Amount {
        match self {
            FanControlChange::AcousticLimit(rpm) | FanControlChange::AcousticTarget(rpm) => rpm.into(),
            FanControlChange::TargetTemperature(temperature)
            | FanControlChange::ZeroRpmStopTemperature(temperature) => temperature.into(),
            FanControlChange::MinimumPwm(percent) => percent.into(),
            FanControlChange::ZeroRpm(enabled) => u8::from(enabled).into(),
        }
    }

    /// The file's number with its unit.
    fn amount(self, number: u32) -> Amount {
        match self {
            FanControlChange::AcousticLimit(_) | FanControlChange::AcousticTarget(_) => Rpm(number).into(),
            FanControlChange::TargetTemperature(_) | FanControlChange::ZeroRpmStopTemperature(_) => {
                MilliCelsius(i64::from(number) * 1000).into()
            }
            FanControlChange::MinimumPwm(_) => Percent(number).into(),
            FanControlChange::ZeroRpm(_) => number.into(),
        }
    }

    /// The number in the file's unit, which has no fractions.
    fn number(self) -> Option<u32> {
        match self {
            FanControlChange::AcousticLimit(rpm) | FanControlChange::AcousticTarget(rpm) => Some(rpm.0),
            FanControlChange::TargetTemperature(temperature)
            | FanControlChange::ZeroRpmStopTemperature(temperature) => degrees(temperature)?.try_into().ok(),
            FanControlChange::MinimumPwm(percent) => Some(percent.0),
            FanControlChange::ZeroRpm(enabled) => Some(enabled.into()),
        }
    }
}

/// The temperature in whole degrees Celsius.
fn degrees(temperature: MilliCelsius) -> Option<i64> {
    (temperature.0 % 1000 == 0).then_some(temperature.0 / 1000)
}

/// The fan after a change; amdgpu has only one.
fn first_fan(gpu: &Gpu) -> Result<Fan> {
    let fan = gpu.fans()?.into_iter().find(|fan| fan.channel == 1);
    fan.ok_or_else(|| Error::NotSupported { path: hwmon_path(gpu, "pwm1") })
}

impl Control<'_> {
    /// Sets the fan to a fixed percentage of its full speed, and takes control from the firmware.
    ///
    /// # Source
    /// Hwmon `pwm1_enable` and `pwm1`, whose full speed is `pwm1_max`.
    ///
    /// # Errors
    /// [`Error::OutOfRange`]; [`Error::NotSupported`] without a fan. RDNA3 and newer refuse manual fan control at the
    /// commit ([`Error::Refused`]); set the [curve](Control::fan_curve) there.
    ///
    /// # Supported on
    /// Cards with their own fan, up to RDNA2.
    pub fn fan_percent(&self, percent: Percent) -> Result<Plan<Percent, Fan>> {
        let path = || hwmon_path(self.gpu, "pwm1");
        let check = within(&path, "fan speed", percent, Percent(0), Percent(100))?;
        self.can_drive_fan("pwm1_enable", &format!("fan speed {percent}"))?;
        let full = self.gpu.hwmon_fact("pwm1_max", scalar::unsigned_32)?;
        let pwm = (u64::from(percent.0) * u64::from(full) + 50) / 100;
        let plan = self.fan_pwm(u32::try_from(pwm).unwrap_or(full))?;
        let mut requested = Plan::new(self.gpu, percent, first_fan).check(check);
        (requested.steps, requested.checks) = (plan.steps, [requested.checks, plan.checks].concat());
        Ok(requested)
    }

    /// Sets the fan to a fixed PWM value, `pwm1_min` (0) to `pwm1_max` (255), and takes control from the firmware.
    ///
    /// # Source
    /// Hwmon `pwm1_enable` and `pwm1`; its range is `pwm1_min` to `pwm1_max`.
    ///
    /// # Errors
    /// As [`Control::fan_percent`].
    ///
    /// # Supported on
    /// As [`Control::fan_percent`].
    #[doc(alias = "amdsmi_set_gpu_fan_speed")]
    pub fn fan_pwm(&self, pwm: u32) -> Result<Plan<u32, Fan>> {
        let bound = |name| self.gpu.hwmon_fact(name, scalar::unsigned_32);
        let path = || hwmon_path(self.gpu, "pwm1");
        let check = within(&path, "pwm", pwm, bound("pwm1_min")?, bound("pwm1_max")?)?;
        self.can_drive_fan("pwm1_enable", &format!("pwm {pwm}"))?;
        let hwmon = &self.gpu.hwmon()?.dir;
        // In this order: `amdgpu_hwmon_set_pwm1` returns EINVAL while the firmware controls the fan.
        Ok(Plan::new(self.gpu, pwm, first_fan)
            .step(Step::write(hwmon, "pwm1_enable", 1).restored_verbatim())
            .step(Step::write(hwmon, "pwm1", pwm).restored_verbatim())
            .check(check))
    }

    /// Sets the fan to a fixed speed in revolutions per minute, and takes control from the firmware.
    ///
    /// # Source
    /// Hwmon `fan1_enable` and `fan1_target`; its range is `fan1_min` to `fan1_max`.
    ///
    /// # Errors
    /// As [`Control::fan_percent`].
    ///
    /// # Supported on
    /// As [`Control::fan_percent`].
    pub fn fan_rpm(&self, rpm: Rpm) -> Result<Plan<Rpm, Fan>> {
        let bound = |name| self.gpu.access().read_hwmon(name, scalar::unsigned_32).map(Rpm);
        let path = || hwmon_path(self.gpu, "fan1_target");
        // 0 is refused whatever fan1_min says (`smu_v11_0_set_fan_speed_rpm` and its like): a standing fan is pwm 0.
        let minimum = bound("fan1_min")?.max(Rpm(1));
        let check = within(&path, "fan speed", rpm, minimum, bound("fan1_max")?)?;
        self.can_drive_fan("fan1_enable", &format!("fan speed {rpm}"))?;
        let hwmon = &self.gpu.hwmon()?.dir;
        // In this order: `amdgpu_hwmon_set_fan1_target` returns ENODATA while the firmware controls the fan.
        Ok(Plan::new(self.gpu, rpm, first_fan)
            .step(Step::write(hwmon, "fan1_enable", 1).restored_verbatim())
            .step(Step::write(hwmon, "fan1_target", rpm.0).restored_by(|text| {
                // 0, of a fan that stood still, is not taken back.
                let before = scalar::text(text).filter(|before| before != "0");
                before.map(String::from).into_iter().collect()
            }))
            .check(check))
    }

    /// Refuses a fixed speed if the firmware always controls the fan, and points to the curve if that can be set.
    /// RDNA4 has a speed and a curve, but no file for the control mode.
    fn can_drive_fan(&self, enable: &str, requested: &str) -> Result<()> {
        let hwmon = self.gpu.hwmon()?;
        self.not_in_reset()?;
        let path = hwmon_path(self.gpu, enable);
        match (hwmon.has(enable), self.overdrive_file(CURVE)) {
            (true, _) => Ok(()),
            (false, Ok(())) => {
                let offered = "the firmware controls this fan; set its curve instead (`set --fan-curve`)";
                Err(Error::NotOffered { path, requested: requested.to_owned(), offered: offered.to_owned() })
            }
            // A curve could then be set after the next boot.
            (false, Err(error @ Error::OverdriveOff { .. })) if hwmon.has("fan1_input") => Err(error),
            (false, Err(_)) => Err(Error::NotSupported { path }),
        }
    }

    /// Sets the control mode of the fan: [`FanMode::Automatic`] returns control to the firmware.
    ///
    /// # Source
    /// Hwmon `pwm1_enable`. RDNA4 does not have it, because its firmware always controls the fan; use
    /// [`Control::reset_fan_control`] there.
    ///
    /// # Errors
    /// [`Error::NotSupported`] without a fan; [`Error::NotOffered`] if the firmware always controls it.
    ///
    /// # Supported on
    /// Cards with their own fan.
    #[doc(alias = "amdsmi_reset_gpu_fan")]
    pub fn fan_mode(&self, mode: FanMode) -> Result<Plan<FanMode, Fan>> {
        let number = match mode {
            FanMode::Full => 0,
            FanMode::Manual => 1,
            FanMode::Automatic => 2,
        };
        let hwmon = self.gpu.hwmon()?;
        if !hwmon.has("pwm1_enable") && mode == FanMode::Automatic && self.overdrive_file(CURVE).is_ok() {
            let mut plan = Plan::new(self.gpu, mode, first_fan);
            plan.steps = self.reset_fan_control()?.steps;
            return Ok(
                plan.check("the firmware controls this fan: its curve and settings are restored".into())
            );
        }
        self.can_drive_fan("pwm1_enable", &format!("fan mode {number}"))?;
        let step = Step::write(&hwmon.dir, "pwm1_enable", number).restored_verbatim();
        Ok(Plan::new(self.gpu, mode, first_fan).step(step))
    }

    /// Sets all points of the firmware's fan curve. All are needed, because a point that was never set is 0 °C and 0
    /// % (the firmware's own curve cannot be read).
    ///
    /// # Source
    /// `gpu_od/fan_ctrl/fan_curve` of the PCI device, since kernel 6.7; it contains the ranges.
    ///
    /// # Errors
    /// [`Error::OverdriveOff`], which names the boot parameter; [`Error::OutOfRange`]; [`Error::NotOffered`] for
    /// missing and unknown points, and fractions of a degree.
    ///
    /// # Supported on
    /// RDNA3 and newer with overdrive enabled.
    pub fn fan_curve(&self, points: &[FanPoint]) -> Result<Plan<Vec<FanPoint>>> {
        self.overdrive_file(CURVE)?;
        let table = self.gpu.access().read(CURVE, fan::curve)?;
        let path = || self.gpu.path_of(CURVE);
        match (table.points.is_empty(), table.unrecognised.first()) {
            (true, Some(line)) => return Err(Error::Unparsable { path: path(), source: line.error() }),
            (true, None) => return Err(Error::NotSupported { path: path() }),
            (false, _) => {}
        }
        let mut points = points.to_vec();
        points.sort_by_key(|point| point.index);
        let indices = |points: &[FanPoint]| points.iter().map(|point| point.index).collect::<Vec<_>>();
        if indices(&points) != indices(&table.points) {
            return Err(Error::NotOffered {
                path: path(),
                requested: format!("a curve of the points {:?}", indices(&points)),
                offered: format!("give all of {:?}", indices(&table.points)),
            });
        }
        let mut plan = Plan::new(self.gpu, points.clone(), |gpu| {
            gpu.access().read(CURVE, fan::curve).map(|curve| curve.points)
        });
        plan.checks.extend(remarks(&table.unrecognised));
        plan.checks.extend(falls_with_heat(&points));
        for point in points {
            for check in check_point(&path, &table, &point)? {
                plan = plan.check(check);
            }
            let FanPoint { index, temperature, speed } = point;
            let Some(degrees) = degrees(temperature) else {
                return Err(not_whole(path(), temperature));
            };
            let line = format!("{index} {degrees} {}", speed.0);
            plan = plan.step(
                Step::write(&self.device.dir, CURVE, line).restored_by(move |text| curve_lines(text, index)),
            );
        }
        Ok(plan.step(Step::write(&self.device.dir, CURVE, "c")))
    }

    /// Sets one value of the firmware's fan control.
    ///
    /// # Source
    /// The files of `gpu_od/fan_ctrl` of the PCI device, since kernel 6.7, zero RPM since 6.13; the file contains the
    /// range.
    ///
    /// # Errors
    /// [`Error::OverdriveOff`], which names the boot parameter; [`Error::OutOfRange`]; [`Error::NotOffered`] for a
    /// fraction of a degree.
    ///
    /// # Supported on
    /// RDNA3 and newer with overdrive enabled.
    pub fn fan_control(&self, change: FanControlChange) -> Result<Plan<FanControlChange, u32>> {
        let file = change.file();
        self.overdrive_file(file)?;
        let path = || self.gpu.path_of(file);
        let setting = self.gpu.access().read(file, fan::setting)?;
        let setting = setting.ok_or_else(|| Error::NotSupported { path: path() })?;
        let number = match change {
            FanControlChange::TargetTemperature(temperature)
            | FanControlChange::ZeroRpmStopTemperature(temperature)
                if degrees(temperature).is_none() =>
            {
                return Err(not_whole(path(), temperature));
            }
            _ => change.number(),
        };
        let what = setting.title.trim_start_matches("OD_");
        let limits = setting.limits;
        let number = number.ok_or_else(|| Error::OutOfRange {
            path: path(),
            setting: what.into(),
            requested: change.requested(),
            minimum: change.amount(limits.map_or(0, |limits| limits.minimum)),
            maximum: change.amount(limits.map_or(u32::MAX, |limits| limits.maximum)),
        })?;
        let check = match (limits, setting.unrecognised.first()) {
            (Some(limits), _) => {
                let of = |number| change.amount(number);
                within(&path, what, of(number), of(limits.minimum), of(limits.maximum))?
            }
            // This line may be the range.
            (None, Some(line)) => return Err(Error::Unparsable { path: path(), source: line.error() }),
            (None, None) => unbounded(what, &number),
        };
        let step = Step::write(&self.device.dir, file, number).restored_by(setting_line);
        let plan = Plan::new(self.gpu, change, move |gpu: &Gpu| {
            let setting = gpu.access().read(file, fan::setting)?;
            setting
                .map(|setting| setting.value)
                .ok_or_else(|| Error::NotSupported { path: gpu.path_of(file) })
        });
        Ok(plan.step(step).step(Step::write(&self.device.dir, file, "c")).check(check))
    }

    /// Restores the defaults of the firmware's fan control: the curve and every other setting.
    ///
    /// # Source
    /// The files of `gpu_od/fan_ctrl` of the PCI device, `r` written to each.
    ///
    /// # Errors
    /// [`Error::OverdriveOff`], which names the boot parameter.
    ///
    /// # Supported on
    /// RDNA3 and newer with overdrive enabled.
    pub fn reset_fan_control(&self) -> Result<Plan<(), FanControl>> {
        self.overdrive_file(CURVE)?;
        self.gpu.access().check(|| self.gpu.path_of(CURVE))?;
        let mut plan = Plan::new(self.gpu, (), |gpu| Ok(gpu.fan_control()));
        let dir = &self.device.dir;
        for file in std::iter::once(CURVE).chain(SETTINGS) {
            if dir.meta(file.as_ref()).is_err() {
                continue;
            }
            let reset = Step::write(dir, file, "r");
            let reset = match file {
                CURVE => reset.restored_by(|text| {
                    let indices = fan::curve(text).map(|curve| curve.points).unwrap_or_default();
                    indices.iter().flat_map(|point| curve_lines(text, point.index)).collect()
                }),
                _ => reset.restored_by(setting_line),
            };
            plan = plan.step(reset).step(Step::write(dir, file, "c"));
        }
        Ok(plan)
    }
}

/// The remark for a curve that gets slower with heat. The driver checks each point only against its range
/// (`smu_v13_0_0_od_edit_dpm_table`).
fn falls_with_heat(points: &[FanPoint]) -> Option<String> {
    let (cooler, hotter) = points.iter().zip(points.iter().skip(1)).find(|(cooler, hotter)| {
        hotter.temperature < cooler.temperature
            || (hotter.temperature > cooler.temperature && hotter.speed < cooler.speed)
    })?;
    let place = |point: &FanPoint| format!("{} at {}", point.speed, point.temperature);
    Some(match hotter.temperature < cooler.temperature {
        true => format!(
            "point {} ({}) is cooler than point {} before it ({}); the firmware expects rising temperatures",
            hotter.index,
            place(hotter),
            cooler.index,
            place(cooler)
        ),
        false => format!(
            "the fan slows down with heat: {}, then {}; the driver accepts this",
            place(cooler),
            place(hotter)
        ),
    })
}

fn not_whole(path: PathBuf, temperature: MilliCelsius) -> Error {
    Error::NotOffered { path, requested: temperature.to_string(), offered: "use whole degrees".into() }
}

/// The line that restores this point of a curve. If the firmware's own curve is in effect (zeros), or the driver
/// would not accept a point again, the first point writes `r`, which restores all points.
fn curve_lines(text: &[u8], index: u32) -> Vec<String> {
    let Ok(curve) = fan::curve(text) else { return Vec::new() };
    let is_refused = |point: &FanPoint| check_point(&PathBuf::new, &curve, point).is_err();
    let is_zero = |point: &FanPoint| point.temperature.0 == 0 && point.speed.0 == 0;
    let points = &curve.points;
    let is_firmwares = points.iter().all(is_zero) || points.iter().any(is_refused);
    match points.iter().position(|point| point.index == index) {
        Some(0) if is_firmwares => vec!["r".into()],
        Some(position) if !is_firmwares => points
            .get(position)
            .map(|point| format!("{index} {} {}", point.temperature.0 / 1000, point.speed.0))
            .into_iter()
            .collect(),
        _ => Vec::new(),
    }
}

/// The line that restores a value, or `r` if the driver would not accept it again.
fn setting_line(text: &[u8]) -> Vec<String> {
    let Ok(Some(setting)) = fan::setting(text) else { return Vec::new() };
    let is_taken =
        setting.limits.is_none_or(|limits| (limits.minimum..=limits.maximum).contains(&setting.value));
    vec![if is_taken { setting.value.to_string() } else { "r".into() }]
}

fn check_point(path: &dyn Fn() -> PathBuf, curve: &FanCurve, point: &FanPoint) -> Result<[String; 2]> {
    let (hot, fast) =
        (format!("point {}, temperature", point.index), format!("point {}, fan speed", point.index));
    Ok([
        match &curve.temperature_limits {
            Some(limits) => within(path, &hot, point.temperature, limits.minimum, limits.maximum)?,
            None => unbounded(&hot, &point.temperature),
        },
        match &curve.speed_limits {
            Some(limits) => within(path, &fast, point.speed, limits.minimum, limits.maximum)?,
            None => unbounded(&fast, &point.speed),
        },
    ])
}
