//! Fans and the firmware's fan control.

use super::Gpu;
use crate::attribute::{
    ACOUSTIC_LIMIT, ACOUSTIC_TARGET, FAN_CURVE, FAN_ENABLE, FAN_INPUT, FAN_MAX, FAN_MIN, FAN_TARGET,
    MINIMUM_PWM, PWM, PWM_ENABLE, PWM_MAX, TARGET_TEMPERATURE, ZERO_RPM_ENABLE, ZERO_RPM_STOP_TEMPERATURE,
};
use crate::error::Result;
use crate::parse::fan::{FanCurve, FanMode, FanSetting};
use crate::reading::{Reading, bundle};
use crate::unit::Rpm;

bundle! {
    /// One fan: speed, limits and control mode.
    pub struct Fan {
        /// N of `fanN_input`.
        pub channel: u32,
        readings {
            /// Speed in revolutions per minute; 0 if the fan has stopped, as many do when the GPU is cool.
            pub rpm: Rpm,
            /// Target speed in revolutions per minute.
            pub rpm_target: Rpm,
            /// Minimum target speed in revolutions per minute.
            pub rpm_min: Rpm,
            /// Maximum target speed in revolutions per minute.
            pub rpm_max: Rpm,
            /// `true` if the user sets the speed in revolutions per minute (`fanN_enable`).
            pub rpm_manual: bool,
            /// PWM value, 0 to `pwm_max`.
            pub pwm: u32,
            /// PWM value at full speed, usually 255.
            pub pwm_max: u32,
            /// The control mode: the driver, the user, or full speed.
            pub mode: FanMode,
        }
    }
}

impl Fan {
    /// Drive in percent: `pwm` of `pwm_max`.
    pub fn percent(&self) -> Reading<f64> {
        let (pwm, max) = (self.pwm.clone()?, self.pwm_max.clone()?);
        Ok(pwm.map(|pwm| f64::from(pwm) * 100.0 / f64::from(max.value.max(1))))
    }
}

bundle! {
    /// Settings of the firmware's fan control; RDNA3 and newer with overdrive enabled.
    pub struct FanControl {
        readings {
            /// Fan curve: points of temperature and speed.
            pub curve: FanCurve,
            /// Acoustic limit in revolutions per minute.
            pub acoustic_limit: FanSetting,
            /// Acoustic target in revolutions per minute.
            pub acoustic_target: FanSetting,
            /// Target temperature in degrees Celsius.
            pub target_temperature: FanSetting,
            /// Minimum fan speed in percent.
            pub minimum_pwm: FanSetting,
            /// 1 if zero RPM is allowed; since kernel 6.13.
            pub zero_rpm_enable: FanSetting,
            /// Zero-RPM stop temperature in degrees Celsius; since kernel 6.13.
            pub zero_rpm_stop_temperature: FanSetting,
        }
    }
}

/// # Fans
impl Gpu {
    /// All fans: speed in revolutions per minute, and drive. A GPU without a fan has an empty list, not a fan at 0
    /// rpm.
    ///
    /// # Source
    /// Hwmon `fan*` and `pwm*`, found by listing; a lone `fanN_enable` is no fan.
    ///
    /// # Errors
    /// [`NotSupported`](crate::Error::NotSupported) without hwmon. Each field has its own reason.
    ///
    /// # Supported on
    /// Cards with their own fan; not APUs, Instinct, or laptops whose firmware controls the fan.
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
            hwmon.has(&FAN_INPUT.of_channel(*channel)) || hwmon.has(&PWM.of_channel(*channel))
        });
        let fans = channels.into_iter().map(|channel| Fan {
            channel,
            rpm: access.at(&FAN_INPUT, channel),
            rpm_target: access.at(&FAN_TARGET, channel),
            rpm_min: access.at(&FAN_MIN, channel),
            rpm_max: access.at(&FAN_MAX, channel),
            rpm_manual: access.at(&FAN_ENABLE, channel),
            pwm: access.at(&PWM, channel),
            pwm_max: access.at(&PWM_MAX, channel),
            mode: access.at(&PWM_ENABLE, channel),
        });
        Ok(fans.collect())
    }

    /// The settings of the firmware's fan control.
    ///
    /// # Source
    /// `gpu_od/fan_ctrl/*` of the PCI device, since kernel 6.7.
    ///
    /// # Errors
    /// None. Each missing field has its reason.
    ///
    /// # Supported on
    /// RDNA3 and newer with overdrive enabled (`amdgpu.ppfeaturemask` bit 14).
    pub fn fan_control(&self) -> FanControl {
        let access = self.access();
        FanControl {
            curve: access.get(&FAN_CURVE),
            acoustic_limit: access.get(&ACOUSTIC_LIMIT),
            acoustic_target: access.get(&ACOUSTIC_TARGET),
            target_temperature: access.get(&TARGET_TEMPERATURE),
            minimum_pwm: access.get(&MINIMUM_PWM),
            zero_rpm_enable: access.get(&ZERO_RPM_ENABLE),
            zero_rpm_stop_temperature: access.get(&ZERO_RPM_STOP_TEMPERATURE),
        }
    }
}
