//! Power caps of all channels.

use super::plan::{Plan, Step};
use super::{Control, unbounded, within};
use crate::error::{Error, Result};
use crate::gpu::Gpu;
use crate::parse::scalar;
use crate::unit::MicroWatts;

impl Control<'_> {
    /// Sets the power cap of a channel in microwatts: channel 1 is the socket's limit, 2 the fast limit.
    ///
    /// The driver rounds down to whole watts (`amdgpu_hwmon_set_power_cap`); its value is read back.
    ///
    /// # Source
    /// Hwmon `powerN_cap`, its range `powerN_cap_min` and `powerN_cap_max`.
    ///
    /// # Errors
    /// [`Error::OutOfRange`]; [`Error::NotSupported`] without such a cap; [`Error::NotOffered`] for a virtual
    /// function, and for the second die of an MI250, whose cap is set through the first.
    ///
    /// # Supported on
    /// Discrete cards, Van Gogh and MI300A; a second channel on Van Gogh, and on MI300 from kernel 7.0 on.
    #[doc(alias = "amdsmi_set_power_cap")]
    pub fn power_cap(&self, channel: u32, cap: MicroWatts) -> Result<Plan<MicroWatts>> {
        let gpu = self.gpu;
        let name = format!("power{channel}_cap");
        let refused = |offered: &str| Error::NotOffered {
            path: hwmon_path(gpu, &name),
            requested: format!("power cap {cap}"),
            offered: offered.to_owned(),
        };
        if let Some(reason) = self.refuses_power_caps(&name) {
            return Err(refused(reason));
        }
        // The current cap. If it can be read, the GPU has one (the file is empty if the firmware refuses).
        self.read_cap(&name)?;
        let check = match (self.read_cap(&format!("{name}_min")), self.read_cap(&format!("{name}_max"))) {
            // Only the first die has a cap (`aldebaran_get_power_limit`, `aldebaran_set_power_limit`).
            (Ok(_), Ok(MicroWatts(0))) => {
                return Err(refused(
                    "this die has no cap (its range is 0 W); set the cap of an MI250 on its first die",
                ));
            }
            (Ok(minimum), Ok(maximum)) => {
                let path = || hwmon_path(gpu, &name);
                // Whole watts are compared: the fraction that is cut off may lie above.
                let whole = MicroWatts(cap.0 - cap.0 % 1_000_000);
                let compared = if cap > maximum && whole <= maximum { whole } else { cap };
                within(&path, "power cap", compared, minimum, maximum)?
            }
            (Err(Error::NotSupported { .. }), _) | (_, Err(Error::NotSupported { .. })) => {
                // `kstrtou32` is all that is left to refuse it.
                let path = || hwmon_path(gpu, &name);
                within(&path, "power cap", cap, MicroWatts(0), MicroWatts(u32::MAX.into()))?;
                unbounded("power cap", &cap)
            }
            (Err(error), _) | (_, Err(error)) => return Err(error),
        };
        // `smu_set_power_limit` and `pp_set_power_limit` interpret 0 as the current cap or the default.
        let none = "0 W is not a cap: the driver interprets it as the current cap or as the default";
        let watts = (cap.0 / 1_000_000 == 0).then(|| none.to_owned());
        let step = Step::write(&gpu.hwmon()?.dir, name.clone(), cap.0).restored_verbatim();
        let read_back =
            move |gpu: &Gpu| gpu.access().read_hwmon(&name, |text| scalar::unsigned(text).map(MicroWatts));
        let mut plan = Plan::new(gpu, cap, read_back).step(step).check(check);
        plan.checks.extend(watts);
        Ok(plan)
    }

    /// Restores the power cap of a channel to its value after boot.
    ///
    /// # Source
    /// Hwmon `powerN_cap_default`, written to `powerN_cap`.
    ///
    /// # Errors
    /// As [`Control::power_cap`].
    ///
    /// # Supported on
    /// As [`Control::power_cap`].
    pub fn reset_power_cap(&self, channel: u32) -> Result<Plan<MicroWatts>> {
        self.power_cap(channel, self.read_cap(&format!("power{channel}_cap_default"))?)
    }

    /// Returns the reason if the driver rejects every power cap of this GPU. Until kernel 6.18 `amdgpu_hwmon_set_power_cap`
    /// returns EINVAL for every virtual function; since then the file's mode shows the host's decision
    /// (`hwmon_attributes_visible`, AMDGPU_VIRT_CAP_POWER_LIMIT).
    pub(super) fn refuses_power_caps(&self, name: &str) -> Option<&'static str> {
        if !self.is_virtual_function() {
            return None;
        }
        let meta = self.gpu.hwmon().ok().and_then(|hwmon| hwmon.dir.meta(name.as_ref()).ok());
        let granted =
            self.kernel_since(6, 18) == Some(true) && meta.is_some_and(|meta| meta.mode & 0o222 != 0);
        (!granted).then_some("only the host can set the power cap of a virtual function")
    }

    fn read_cap(&self, name: &str) -> Result<MicroWatts> {
        let value = self.gpu.access().read_hwmon(name, |text| match scalar::is_blank(text) {
            true => Ok(None),
            false => scalar::unsigned(text).map(Some),
        })?;
        value.map(MicroWatts).ok_or_else(|| Error::NotSupported { path: hwmon_path(self.gpu, name) })
    }
}

/// The path that a file of the hwmon directory has or would have.
pub(super) fn hwmon_path(gpu: &Gpu, name: &str) -> std::path::PathBuf {
    gpu.access().hwmon_path(name)
}
