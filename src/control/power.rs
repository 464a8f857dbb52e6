//! Power caps.

use super::plan::{Plan, Step};
use super::{Control, unbounded, within};
use crate::error::{Error, Result};
use crate::gpu::Gpu;
use crate::parse::scalar;
use crate::unit::MicroWatts;

impl Control<'_> {
    /// Limits the power of a channel, in millionths of a watt: 1 is the socket's limit, 2 the fast one.
    ///
    /// The driver takes whole watts and cuts off the rest (`amdgpu_hwmon_set_power_cap`): what it made of the value
    /// is read back.
    ///
    /// *Source*: hwmon `powerN_cap`, its range `powerN_cap_min` and `powerN_cap_max`.
    /// *Errors*: [`Error::OutOfRange`]; [`Error::NotSupported`] where there is no such cap.
    /// *Supported on*: discrete cards, Van Gogh and MI300A; a second channel on Van Gogh, and on MI300 from
    /// kernel 7.0 on.
    #[doc(alias = "amdsmi_set_power_cap")]
    pub fn power_cap(&self, channel: u32, cap: MicroWatts) -> Result<Plan<MicroWatts>> {
        let gpu = self.gpu;
        let name = format!("power{channel}_cap");
        // In force now; that it can be read shows that there is one (the file is empty where the firmware refuses).
        self.read_cap(&name)?;
        let check = match (self.read_cap(&format!("{name}_min")), self.read_cap(&format!("{name}_max"))) {
            (Ok(minimum), Ok(maximum)) => {
                let path = || hwmon_path(gpu, &name);
                within(&path, "power cap", &cap, &minimum, &maximum)?
            }
            (Err(Error::NotSupported { .. }), _) | (_, Err(Error::NotSupported { .. })) => {
                // kstrtou32 is all that is left to refuse it.
                unbounded("power cap", &cap)
            }
            (Err(error), _) | (_, Err(error)) => return Err(error),
        };
        let step = Step::write(&gpu.hwmon()?.dir, name.clone(), cap.0).restored_verbatim();
        let read_back =
            move |gpu: &Gpu| gpu.access().read_hwmon(&name, |text| scalar::unsigned(text).map(MicroWatts));
        Ok(Plan::new(gpu, cap, read_back).step(step).check(check))
    }

    /// Sets the cap of a channel back to what it was after boot.
    ///
    /// *Source*: hwmon `powerN_cap_default`, written to `powerN_cap`.
    /// *Errors*: as [`Control::power_cap`].
    /// *Supported on*: as [`Control::power_cap`].
    pub fn reset_power_cap(&self, channel: u32) -> Result<Plan<MicroWatts>> {
        self.power_cap(channel, self.read_cap(&format!("power{channel}_cap_default"))?)
    }

    fn read_cap(&self, name: &str) -> Result<MicroWatts> {
        let value = self.gpu.access().read_hwmon(name, |text| match scalar::is_blank(text) {
            true => Ok(None),
            false => scalar::unsigned(text).map(Some),
        })?;
        value.map(MicroWatts).ok_or_else(|| Error::NotSupported { path: hwmon_path(self.gpu, name) })
    }
}

/// Where a file of the hwmon directory is, or would be.
pub(super) fn hwmon_path(gpu: &Gpu, name: &str) -> std::path::PathBuf {
    match gpu.hwmon() {
        Ok(hwmon) => hwmon.dir.path().join(name),
        Err(_) => gpu.path_of("hwmon").join(name),
    }
}
