//! Voltages.

use super::Look;
use crate::error::{Error, Result};
use crate::gpu::{Gpu, Voltage, VoltageRail};
use crate::parse::metrics::Metrics;
use crate::reading::{Reading, Scope};
use crate::unit::MilliVolts;

/// The rails that the table has, too.
const IN_TABLE: [VoltageRail; 3] = [VoltageRail::Graphics, VoltageRail::Northbridge, VoltageRail::Memory];

impl Look<'_> {
    /// All voltages in thousandths of a volt. No sensor is an empty list.
    ///
    /// # Source
    /// hwmon `in*`, found by listing; the rails of shaders, SoC and memory that hwmon does not have, from `gpu_metrics`.
    ///
    /// # Errors
    /// [`Error::NotSupported`] where neither has any. A rail that fails has its reason.
    pub fn voltages(&self) -> Result<Vec<Voltage>> {
        let listed = match self.sample {
            Some(sample) => sample.voltages.clone(),
            None => self.gpu.hwmon_voltages(),
        };
        let (mut rails, absent) = match listed {
            Ok(rails) => (rails, None),
            Err(absent @ (Error::NotSupported { .. } | Error::NotSampled)) => (Vec::new(), Some(absent)),
            Err(error) => return Err(error),
        };
        for rail in &mut rails {
            let kind = rail.rail.clone();
            let current = std::mem::replace(&mut rail.current, Err(Error::NotSampled));
            rail.current = self.or_table(current, |metrics| in_table(metrics, &kind));
        }
        for rail in IN_TABLE {
            if rails.iter().any(|found| found.rail == rail) {
                continue;
            }
            let none = Error::NotSupported { path: self.gpu.path_of("hwmon") };
            let current = self.from_table(none, |metrics| in_table(metrics, &rail), Scope::Package);
            if current.is_ok() {
                rails.push(Voltage { rail, channel: None, current });
            }
        }
        match absent {
            Some(absent) if rails.is_empty() => Err(absent),
            _ => Ok(rails),
        }
    }

    /// One voltage in thousandths of a volt: that of [`Look::voltages`].
    ///
    /// # Errors
    /// Those of the list; [`Error::NotSupported`] where the GPU does not tell this rail.
    pub fn voltage(&self, rail: &VoltageRail) -> Reading<MilliVolts> {
        let none = || Error::NotSupported { path: self.gpu.path_of("hwmon") };
        let found = self.voltages()?.into_iter().find(|found| found.rail == *rail);
        found.map_or_else(|| Err(none()), |found| found.current)
    }
}

/// A voltage as the table has it; an APU's SoC is its northbridge.
fn in_table(metrics: &Metrics, rail: &VoltageRail) -> Option<MilliVolts> {
    match rail {
        VoltageRail::Graphics => metrics.voltages.gfx,
        VoltageRail::Northbridge => metrics.voltages.soc,
        VoltageRail::Memory => metrics.voltages.mem,
        VoltageRail::Board | VoltageRail::Other(_) => None,
    }
}

impl Gpu {
    /// All voltages in thousandths of a volt: [`Look::voltages`].
    ///
    /// # Errors
    /// As [`Look::voltages`].
    #[doc(alias = "amdsmi_get_gpu_volt_metric")]
    pub fn voltages(&self) -> Result<Vec<Voltage>> {
        self.look().voltages()
    }
}
