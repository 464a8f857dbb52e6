//! Changing settings: what feature `control` adds, and the only place that writes.
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
//! # // A fixture is only looked at.
//! # let Ok(_) = plan.clone().stage() else { return Ok(()) };
//! let change = plan.apply()?;
//! println!("asked for {}, is {}", change.asked, change.actual?);
//! # Ok(())
//! # }
//! ```
//!
//! Each method of [`Control`] makes a [`Plan`] and changes nothing. A plan is an ordered list of files and bytes that
//! was checked against what the driver publishes; it can be printed and [tried dry](Plan::dry_run).
//! [`Plan::stage`] reads what the files hold and makes sure that they may be written; [`Staged::commit`] writes, one
//! write(2) a step. If a step fails, [`Incomplete`] says which had been done and has the plan that undoes them. If
//! none does, [`Change`] has what was asked for, what the driver says now, and the way back as well.
//!
//! A [`Transaction`] makes several changes as one: if one fails, those before it are undone, and one [`Undo`] undoes all.
//!
//! On a fixture or a recording everything can be planned; staging refuses with [`Error::ReadOnly`].
//!
//! Planning does not wake a sleeping GPU: what must read a range answers
//! [`Suspended`](crate::error::Unavailable::Suspended) then, unless the [policy](crate::WakePolicy) allows waking.
//! Committing wakes it.
//!
//! Settings of processors are in [`cpu`], one message to the firmware each.
//!
//! Not here on purpose: injecting RAS errors, uploading powerplay tables and firmware.

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

/// What a backend without a writer is.
const LOOKED_AT: &str = "a fixture or a recording, and opened as such";
/// The bit of `amdgpu.ppfeaturemask` that lets the driver offer overdrive (PP_OVERDRIVE_MASK).
const OVERDRIVE_BIT: u64 = 0x4000;

/// The settings of one GPU. Each method plans a change; see [`control`](self).
///
/// Files are the package's: but for [process isolation](Control::process_isolation) and the
/// [cleaner shader](Control::clean_local_data), a change through one partition is a change to all of them.
#[derive(Debug)]
pub struct Control<'a> {
    gpu: &'a Gpu,
    device: &'a Device,
}

impl Gpu {
    /// The way to change settings of this GPU.
    ///
    /// Any user gets it, on any machine, to plan and to see what is [possible](Control::capabilities). On a fixture
    /// or a recording that is what would be possible on the machine itself; [`Plan::stage`] refuses there.
    ///
    /// # Errors
    /// [`Error::NotSupported`] where the PCI device is not to be seen, as in a container with KFD alone;
    /// [`Error::DeviceGone`] after a change of partitions.
    pub fn control(&self) -> Result<Control<'_>> {
        Ok(Control { gpu: self, device: self.device("driver")? })
    }
}

impl<'a> Control<'a> {
    /// Refuses a file that is not there, and says so by the boot parameter if that is why.
    fn overdrive_file(&self, file: &str) -> Result<()> {
        match self.device.dir.meta(Path::new(file)) {
            Ok(_) => Ok(()),
            Err(_) => Err(match self.overdrive_parameter() {
                Some(parameter) => Error::OverdriveOff { path: self.gpu.path_of(file), parameter },
                None => Error::NotSupported { path: self.gpu.path_of(file) },
            }),
        }
    }

    /// The boot parameter that would switch overdrive on; absent if it is on, or the mask cannot be read.
    fn overdrive_parameter(&self) -> Option<String> {
        let parameters = self.gpu.inner.backend.open_dir(Path::new("/sys/module/amdgpu/parameters")).ok()?;
        let mut text = Vec::new();
        parameters.read(Path::new("ppfeaturemask"), &mut text).ok()?;
        let mask = scalar::hex_or_decimal(&text).ok().filter(|mask| mask & OVERDRIVE_BIT == 0)?;
        Some(format!("amdgpu.ppfeaturemask={:#010x}", mask | OVERDRIVE_BIT))
    }
}

/// Refuses what is outside of a published range; the sentence says what was compared.
fn within(
    path: &dyn Fn() -> PathBuf,
    setting: &str,
    asked: impl Into<Amount>,
    minimum: impl Into<Amount>,
    maximum: impl Into<Amount>,
) -> Result<String> {
    let (asked, minimum, maximum) = (asked.into(), minimum.into(), maximum.into());
    if asked < minimum || asked > maximum {
        return Err(Error::OutOfRange { path: path(), setting: setting.into(), asked, minimum, maximum });
    }
    Ok(format!("{setting} {asked} is within {minimum} to {maximum}"))
}

/// The sentence for a value that nothing can be compared with.
fn unbounded(what: &str, asked: &dyn fmt::Display) -> String {
    format!("{what} {asked}: the driver publishes no range, and decides")
}

/// A sentence for each line of a table that was not understood.
fn remarks(unrecognised: &[UnrecognisedLine]) -> impl Iterator<Item = String> {
    unrecognised.iter().map(|line| format!("not understood in the table: {line}"))
}
