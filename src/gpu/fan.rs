//! Fans.

use super::source::attribute_or;
use super::{Gpu, Source};
use crate::error::{Reasons, Result};
use crate::parse::fan::{self, FanCurve, FanSetting};
use crate::parse::metrics::Metrics;
use crate::parse::{Parsed, scalar};
use crate::unit::Rpm;

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

/// One fan.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Fan {
    /// N of `fanN_input`.
    pub channel: u32,
    /// Revolutions per minute; 0 is a fan that stands still, as many do when the GPU is cool.
    pub rpm: Option<Rpm>,
    /// Revolutions per minute that are asked for.
    pub rpm_target: Option<Rpm>,
    /// The lowest that can be asked for.
    pub rpm_min: Option<Rpm>,
    /// The highest that can be asked for.
    pub rpm_max: Option<Rpm>,
    /// Whether the user sets a speed in revolutions per minute (`fanN_enable`).
    pub rpm_manual: Option<bool>,
    /// How hard it is driven, 0 to `pwm_max`.
    pub pwm: Option<u32>,
    /// What `pwm` is at full speed, usually 255.
    pub pwm_max: Option<u32>,
    /// Who decides.
    pub mode: Option<FanMode>,
    /// Why fields have no value, by their names.
    pub reasons: Reasons,
}

impl Fan {
    /// Hundredths of full drive: `pwm` of `pwm_max`.
    pub fn percent(&self) -> Option<f64> {
        let (pwm, max) = (self.pwm?, self.pwm_max?);
        (max != 0).then(|| f64::from(pwm) * 100.0 / f64::from(max))
    }
}

/// What the firmware's own fan control is set to; RDNA3 and newer with overdrive enabled.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct FanControl {
    /// Points of temperature and speed.
    pub curve: Option<FanCurve>,
    /// Revolutions per minute that noise may need.
    pub acoustic_limit: Option<FanSetting>,
    /// Revolutions per minute that are aimed at for noise.
    pub acoustic_target: Option<FanSetting>,
    /// Degrees Celsius that are aimed at.
    pub target_temperature: Option<FanSetting>,
    /// Percent that the fan runs at least.
    pub minimum_pwm: Option<FanSetting>,
    /// 1 if the fan may stand still; since kernel 6.13.
    pub zero_rpm_enable: Option<FanSetting>,
    /// Degrees Celsius below which it does; since kernel 6.13.
    pub zero_rpm_stop_temperature: Option<FanSetting>,
    /// Why fields have no value, by their names.
    pub reasons: Reasons,
}

impl Gpu {
    /// All fans: revolutions per minute and drive. A GPU without a fan has an empty list, not one at 0 rpm.
    ///
    /// *Source*: hwmon `fan*` and `pwm*`, found by listing; a lone `fanN_enable` is no fan.
    /// *Errors*: [`NotSupported`](crate::Error::NotSupported) without hwmon. What fails for one field stands in `reasons`.
    /// *Supported on*: cards with a fan of their own; not APUs, Instinct, nor laptops whose fan the firmware keeps.
    #[doc(alias = "amdsmi_get_gpu_fan_rpms")]
    #[doc(alias = "amdsmi_get_gpu_fan_speed")]
    #[doc(alias = "amdsmi_get_gpu_fan_speed_max")]
    pub fn fans(&self) -> Result<Vec<Fan>> {
        let access = self.access();
        let hwmon = self.hwmon()?;
        let mut channels = hwmon.channels("fan");
        channels.extend(hwmon.channels("pwm"));
        channels.sort_unstable();
        channels.dedup();
        channels.retain(|channel| {
            hwmon.has(&format!("fan{channel}_input")) || hwmon.has(&format!("pwm{channel}"))
        });
        let fans = channels.into_iter().map(|channel| {
            let mut reasons = Reasons::default();
            let enabled = access
                .read_hwmon(&format!("fan{channel}_enable"), scalar::unsigned)
                .map(|enabled| enabled == 1);
            let mut rpm = |field: &str, attribute: &str| {
                let value = access.read_hwmon(&format!("fan{channel}_{attribute}"), scalar::unsigned_32);
                reasons.keep(field, value.map(Rpm))
            };
            Fan {
                channel,
                rpm: rpm("rpm", "input"),
                rpm_target: rpm("rpm_target", "target"),
                rpm_min: rpm("rpm_min", "min"),
                rpm_max: rpm("rpm_max", "max"),
                rpm_manual: reasons.keep("rpm_manual", enabled),
                pwm: reasons.keep("pwm", access.read_hwmon(&format!("pwm{channel}"), scalar::unsigned_32)),
                pwm_max: reasons
                    .keep("pwm_max", self.hwmon_fact(&format!("pwm{channel}_max"), scalar::unsigned_32)),
                mode: reasons.keep("mode", access.read_hwmon(&format!("pwm{channel}_enable"), fan_mode)),
                reasons,
            }
        });
        Ok(fans.collect())
    }

    /// Revolutions per minute of the first fan, and where they were read.
    ///
    /// *Source*: hwmon `fan1_input`; where there is none, as on RDNA4, `gpu_metrics`. A table's 0 is no answer
    /// then: drivers write it for GPUs without a fan (`aldebaran_get_gpu_metrics`).
    /// *Errors*: those of reading hwmon's file; [`NotSupported`](crate::Error::NotSupported) without a fan.
    /// *Supported on*: cards with a fan of their own.
    #[doc(alias = "amdsmi_get_gpu_fan_rpms")]
    pub fn fan_speed(&self) -> Result<(Rpm, Source)> {
        let speed = self.access().read_hwmon("fan1_input", scalar::unsigned_32).map(Rpm);
        attribute_or(speed, || in_table(&self.metrics().ok()?))
    }

    /// The settings of the firmware's fan control.
    ///
    /// *Source*: `gpu_od/fan_ctrl/*` of the PCI device, since kernel 6.7.
    /// *Errors*: none of its own; each field that is absent has its reason.
    /// *Supported on*: RDNA3 and newer with overdrive enabled (`amdgpu.ppfeaturemask` bit 14).
    pub fn fan_control(&self) -> FanControl {
        let access = self.access();
        let mut reasons = Reasons::default();
        let curve = reasons.keep("curve", access.read("gpu_od/fan_ctrl/fan_curve", fan::curve));
        let mut setting = |field: &str, file: &str| {
            let file = format!("gpu_od/fan_ctrl/{file}");
            let path = self.path_of(&file);
            reasons.keep_some(field, &path, access.read(&file, fan::setting))
        };
        FanControl {
            curve,
            acoustic_limit: setting("acoustic_limit", "acoustic_limit_rpm_threshold"),
            acoustic_target: setting("acoustic_target", "acoustic_target_rpm_threshold"),
            target_temperature: setting("target_temperature", "fan_target_temperature"),
            minimum_pwm: setting("minimum_pwm", "fan_minimum_pwm"),
            zero_rpm_enable: setting("zero_rpm_enable", "fan_zero_rpm_enable"),
            zero_rpm_stop_temperature: setting("zero_rpm_stop_temperature", "fan_zero_rpm_stop_temperature"),
            reasons,
        }
    }
}

/// The fan's speed as a metrics table has it.
pub(crate) fn in_table(metrics: &Metrics) -> Option<Rpm> {
    metrics.fan_speed.filter(|speed| speed.0 != 0)
}

pub(crate) fn fan_mode(text: &[u8]) -> Parsed<FanMode> {
    match scalar::unsigned(text)? {
        0 => Ok(FanMode::Full),
        1 => Ok(FanMode::Manual),
        2 => Ok(FanMode::Automatic),
        _ => Err(crate::error::ParseError::new(1, 1, "expected 0, 1 or 2")),
    }
}
