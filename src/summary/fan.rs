//! The first fan: speed and drive.

use super::{Look, field_of};
use crate::error::Error;
use crate::gpu::{Fan, FanMode, Gpu};
use crate::parse::metrics::Metrics;
use crate::reading::{Scope, bundle};
use crate::unit::Rpm;

bundle! {
    /// The first fan: speed in revolutions per minute, and drive.
    pub struct FanSummary {
        readings {
            /// Speed in revolutions per minute; 0 if the fan has stopped, as many do when the GPU is cool.
            pub rpm: Rpm,
            /// Drive in percent.
            pub percent: f64,
            /// PWM value, 0 to `pwm_max`.
            pub pwm: u32,
            /// PWM value at full speed, usually 255.
            pub pwm_max: u32,
            /// The control mode: the driver, the user, or full speed.
            pub mode: FanMode,
            /// Maximum target speed in revolutions per minute.
            pub rpm_max: Rpm,
            /// Minimum target speed in revolutions per minute.
            pub rpm_min: Rpm,
            /// Target speed in revolutions per minute.
            pub rpm_target: Rpm,
            /// `true` if the user sets the speed in revolutions per minute.
            pub rpm_manual: bool,
        }
    }
}

impl Look<'_> {
    /// The first fan: speed in revolutions per minute, and drive.
    ///
    /// # Source
    /// hwmon `fan1_*` and `pwm1*`; without hwmon's speed, `gpu_metrics`. The table's 0 is then not a value, because
    /// drivers write it for GPUs without a fan (`aldebaran_get_gpu_metrics`).
    ///
    /// # Errors
    /// None. Each missing value has its reason.
    pub fn fan(&self) -> FanSummary {
        let path = || self.gpu.path_of("hwmon");
        let fan =
            self.fans().and_then(|fans| fans.into_iter().next().ok_or_else(|| Error::NoFan { path: path() }));
        let in_table = |metrics: &Metrics| metrics.fan_speed.filter(|speed| speed.0 != 0);
        let rpm = match field_of(&fan, |fan| &fan.rpm) {
            Err(no_fan @ Error::NoFan { .. }) => self.table_value(no_fan, in_table, Scope::Package),
            rpm => self.or_table(rpm, in_table),
        };
        let mode = match (field_of(&fan, |fan| &fan.mode), &fan) {
            // The drivers of APUs have a switch at "full speed" without a fan: nothing turns and nothing is driven.
            (Ok(mode), Ok(shown)) if mode.value == FanMode::Full && !turns(shown) => {
                Err(Error::NoFan { path: path() })
            }
            (mode, _) => mode,
        };
        FanSummary {
            rpm,
            percent: fan.as_ref().map_err(Error::clone).and_then(Fan::percent),
            pwm: field_of(&fan, |fan| &fan.pwm),
            pwm_max: field_of(&fan, |fan| &fan.pwm_max),
            mode,
            rpm_max: field_of(&fan, |fan| &fan.rpm_max),
            rpm_min: field_of(&fan, |fan| &fan.rpm_min),
            rpm_target: field_of(&fan, |fan| &fan.rpm_target),
            rpm_manual: field_of(&fan, |fan| &fan.rpm_manual),
        }
    }
}

/// Returns `true` if a fan turns or is driven.
fn turns(fan: &Fan) -> bool {
    fan.rpm.as_ref().is_ok_and(|rpm| rpm.value.0 != 0) || fan.pwm.as_ref().is_ok_and(|pwm| pwm.value != 0)
}

/// # Summary: fan
impl Gpu {
    /// The first fan: speed in revolutions per minute, and drive: [`Look::fan`].
    #[doc(alias = "amdsmi_get_gpu_fan_rpms")]
    pub fn fan(&self) -> FanSummary {
        self.look().fan()
    }
}
