//! Voltages of all rails.

use super::Look;
use crate::error::{Error, Result};
use crate::gpu::{Gpu, Voltage, VoltageRail};
use crate::parse::metrics::Metrics;
use crate::reading::{Reading, Scope};
use crate::unit::MilliVolts;

/// The rails that the metrics table has, too.
const IN_TABLE: [VoltageRail; 3] = [VoltageRail::Graphics, VoltageRail::Soc, VoltageRail::Memory];

impl Look<'_> {
    /// All voltages in millivolts. The list is empty without sensors.
    ///
    /// # Source
    /// hwmon `in*`, found by listing; without hwmon's rails, `gpu_metrics` for shaders, SoC and memory.
    ///
    /// # Errors
    /// [`Error::NotSupported`] if neither has a rail. A rail that fails has its reason.
    pub fn voltages(&self) -> Result<Vec<Voltage>> {
        let (mut rails, absent) = match self.listed_voltages() {
            Ok(rails) => (rails, None),
            Err(absent) if absent.is_absence() => (Vec::new(), Some(absent)),
            Err(error) => return Err(error),
        };
        let hwmon_has_any = !rails.is_empty();
        for rail in IN_TABLE {
            let of_table = |metrics: &Metrics| in_table(metrics, &rail);
            let mut is_listed = false;
            for found in rails.iter_mut().filter(|found| is_rail(&found.rail, &rail)) {
                is_listed = true;
                let attribute = std::mem::replace(&mut found.current, Err(Error::NotSampled));
                found.current = self.or_table(attribute, of_table);
            }
            if is_listed {
                continue;
            }
            let none = Error::NotSupported { path: self.gpu.path_of("hwmon") };
            let current = self.table_value(none, of_table, Scope::Package);
            if self.is_told(&current, hwmon_has_any) {
                rails.push(Voltage { rail, channel: None, current });
            }
        }
        match absent {
            Some(absent) if rails.is_empty() => Err(absent),
            _ => Ok(rails),
        }
    }

    /// One voltage in millivolts. [`VoltageRail::Soc`] is the northbridge on an APU.
    ///
    /// # Errors
    /// Errors of hwmon's file; [`Error::NotSupported`] if neither has the rail.
    pub fn voltage(&self, rail: &VoltageRail) -> Reading<MilliVolts> {
        let none = || Error::NotSupported { path: self.gpu.path_of("hwmon") };
        let attribute = self.listed_voltages().and_then(|rails| {
            let found = rails.into_iter().find(|found| is_rail(&found.rail, rail));
            found.map_or_else(|| Err(none()), |found| found.current)
        });
        match IN_TABLE.contains(rail) {
            true => self.or_table(attribute, |metrics| in_table(metrics, rail)),
            false => attribute,
        }
    }

    /// The rails of hwmon.
    fn listed_voltages(&self) -> Result<Vec<Voltage>> {
        self.sample.map_or_else(|| self.gpu.hwmon_voltages(), |sample| sample.voltages.clone())
    }
}

fn is_rail(found: &VoltageRail, wanted: &VoltageRail) -> bool {
    found == wanted || matches!((found, wanted), (VoltageRail::Northbridge, VoltageRail::Soc))
}

/// A voltage from the metrics table.
fn in_table(metrics: &Metrics, rail: &VoltageRail) -> Option<MilliVolts> {
    match rail {
        VoltageRail::Graphics => metrics.voltages.gfx,
        VoltageRail::Soc => metrics.voltages.soc,
        VoltageRail::Memory => metrics.voltages.mem,
        VoltageRail::Northbridge | VoltageRail::Board | VoltageRail::Other(_) => None,
    }
}

/// # Summary: voltages
impl Gpu {
    /// All voltages in millivolts: [`Look::voltages`].
    ///
    /// # Errors
    /// As [`Look::voltages`].
    #[doc(alias = "amdsmi_get_gpu_volt_metric")]
    pub fn voltages(&self) -> Result<Vec<Voltage>> {
        self.look().voltages()
    }
}
