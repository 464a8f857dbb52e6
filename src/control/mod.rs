//! Changes settings. Only this module writes, and only feature `control` compiles it.
//!
//! ```
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let root = "fixtures/navi31-1x-k6.12-desktop";
//! use amdgpu_smi::unit::MicroWatts;
//! # let smi = amdgpu_smi::Smi::builder().root(root).build()?;
//! # let gpu = &smi.gpus()[0];
//! let control = gpu.control()?;
//! let plan = control.power_cap(1, MicroWatts::from_watts(300))?; // checked against the driver's range
//! println!("{plan}"); // /sys/…/power1_cap <- 300000000
//! # // A fixture is read-only.
//! # let Ok(_) = plan.clone().stage() else { return Ok(()) };
//! let change = plan.apply()?;
//! println!("requested {}, now {}", change.requested, change.actual?);
//! # Ok(())
//! # }
//! ```
//!
//! Each method of [`Control`] creates a [`Plan`] and changes nothing. A plan is an ordered list of files and bytes,
//! checked against the driver's ranges. It can be printed and checked for [obstacles](Plan::dry_run). [`Plan::stage`]
//! reads the files' contents and checks that they are writable; [`Staged::commit`] writes, with one write(2) per step.
//! If a step fails, [`Incomplete`] has the completed steps and the plan that undoes them. Otherwise, [`Change`] has the
//! requested value, the driver's value, and the plan that undoes the change.
//!
//! A [`Transaction`] combines several changes: if one fails, the previous ones are undone, and one [`Undo`] undoes all.
//!
//! On a fixture or a recording, everything can be planned; staging refuses with [`Error::ReadOnly`].
//!
//! Planning does not wake a sleeping GPU: a range that cannot be read is
//! [`Suspended`](crate::error::Unavailable::Suspended), unless the [policy](crate::WakePolicy) allows waking. The commit
//! wakes the GPU.
//!
//! Settings of CPUs are in [`cpu`]; each is one message to the firmware.
//!
//! Injection of RAS errors and uploads of powerplay tables or firmware are left out on purpose.

mod back_end;
mod capability;
mod carveout;
mod clock;
mod commit;
pub mod cpu;
mod edit;
mod fan;
mod isolation;
mod overdrive;
mod partition;
mod performance;
mod plan;
mod power;
mod reset;
mod tops_limiter;
mod transaction;

use std::fmt;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::gpu::{Device, Gpu};
use crate::parse::{UnrecognisedLine, scalar};
use crate::unit::Amount;

pub use capability::{Capabilities, Capability, Setting};
pub use clock::ClockRange;
pub use commit::{Change, Failure, Incomplete, Staged};
pub use edit::{Bound, OverdriveEdit};
pub use fan::FanControlChange;
pub use performance::Choice;
pub use plan::{Action, Plan, Step};
pub use transaction::{Aborted, Applied, NotUndone, Transaction, Undo};

/// The reason of a backend that cannot write.
const LOOKED_AT: &str = "this is a fixture or a recording";
/// The bit of `amdgpu.ppfeaturemask` that enables overdrive (PP_OVERDRIVE_MASK).
const OVERDRIVE_BIT: u64 = 0x4000;

/// The settings of one GPU. Each method plans a change; see [`control`](self).
///
/// The files belong to the package: except for [process isolation](Control::process_isolation) and the [cleaner
/// shader](Control::clean_local_data), a change through one partition affects all of them.
#[derive(Debug)]
pub struct Control<'a> {
    gpu: &'a Gpu,
    device: &'a Device,
}

impl Gpu {
    /// Access to this GPU's settings.
    ///
    /// Any user may plan changes on any machine and see the available [settings](Control::capabilities). On a fixture
    /// or a recording, these are the settings available on the machine itself; [`Plan::stage`] refuses there.
    ///
    /// # Errors
    /// [`Error::NotSupported`] if the PCI device is not visible, as in a container with KFD only;
    /// [`Error::DeviceGone`] after a change of partitions.
    pub fn control(&self) -> Result<Control<'_>> {
        Ok(Control { gpu: self, device: self.device("driver")? })
    }
}

impl<'a> Control<'a> {
    /// Refuses a missing file, and names the boot parameter if overdrive is off.
    fn overdrive_file(&self, file: &str) -> Result<()> {
        match self.device.dir.meta(Path::new(file)) {
            Ok(_) => Ok(()),
            Err(_) => Err(match self.overdrive_parameter() {
                Some(parameter) => Error::OverdriveOff { path: self.gpu.path_of(file), parameter },
                None => Error::NotSupported { path: self.gpu.path_of(file) },
            }),
        }
    }

    /// The boot parameter that enables overdrive; absent if it is on, or if the mask cannot be read.
    fn overdrive_parameter(&self) -> Option<String> {
        let parameters = self.gpu.inner.backend.open_dir(Path::new("/sys/module/amdgpu/parameters")).ok()?;
        let mut text = Vec::new();
        parameters.read(Path::new("ppfeaturemask"), &mut text).ok()?;
        let mask = scalar::hex_or_decimal(&text).ok().filter(|mask| mask & OVERDRIVE_BIT == 0)?;
        Some(format!("amdgpu.ppfeaturemask={:#010x}", mask | OVERDRIVE_BIT))
    }
}

/// Refuses a value outside a published range. The returned sentence states the check.
fn within(
    path: &dyn Fn() -> PathBuf,
    setting: &str,
    requested: impl Into<Amount>,
    minimum: impl Into<Amount>,
    maximum: impl Into<Amount>,
) -> Result<String> {
    let (requested, minimum, maximum) = (requested.into(), minimum.into(), maximum.into());
    if requested < minimum || requested > maximum {
        return Err(Error::OutOfRange { path: path(), setting: setting.into(), requested, minimum, maximum });
    }
    Ok(format!("{setting} {requested} is within {minimum} to {maximum}"))
}

/// The sentence for a value without a published range.
fn unbounded(what: &str, requested: &dyn fmt::Display) -> String {
    format!("{what} {requested}: the driver publishes no range and will decide")
}

/// One sentence for each line of a table that was not understood.
fn remarks(unrecognised: &[UnrecognisedLine]) -> impl Iterator<Item = String> {
    unrecognised.iter().map(|line| format!("not understood in the table: {line}"))
}
