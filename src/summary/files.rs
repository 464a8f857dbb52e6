//! Values with a single source, from the handle or from the sample.

use super::Look;
use crate::error::{Error, Result};
use crate::gpu::{ClockDomain, Fan, FanControl, Frequency, PowerChannel};
use crate::parse::dpm::{DpmTable, PcieTable};
use crate::parse::overdrive::Overdrive;
use crate::parse::performance::PerformanceLevel;
use crate::parse::profile::PowerProfile;
use crate::reading::Reading;

impl Look<'_> {
    /// All power channels: as [`Gpu::power_channels`](crate::Gpu::power_channels).
    ///
    /// # Errors
    /// Those of the handle; [`Error::NotSampled`].
    pub fn power_channels(&self) -> Result<Vec<PowerChannel>> {
        self.sample.map_or_else(|| self.gpu.power_channels(), |sample| sample.power.clone())
    }

    /// The frequencies of hwmon in hertz: as [`Gpu::frequencies`](crate::Gpu::frequencies).
    ///
    /// # Errors
    /// Those of the handle; [`Error::NotSampled`].
    pub fn frequencies(&self) -> Result<Vec<Frequency>> {
        self.sample.map_or_else(|| self.gpu.frequencies(), |sample| sample.frequencies.clone())
    }

    /// All fans: as [`Gpu::fans`](crate::Gpu::fans).
    ///
    /// # Errors
    /// Those of the handle; [`Error::NotSampled`].
    pub fn fans(&self) -> Result<Vec<Fan>> {
        self.sample.map_or_else(|| self.gpu.fans(), |sample| sample.fans.clone())
    }

    /// The settings of the firmware's fan control: as [`Gpu::fan_control`](crate::Gpu::fan_control).
    pub fn fan_control(&self) -> FanControl {
        self.sample.map_or_else(|| self.gpu.fan_control(), |sample| sample.fan_control.clone())
    }

    /// The levels of a clock: as [`Gpu::clock_levels`](crate::Gpu::clock_levels).
    ///
    /// # Errors
    /// Those of the handle; [`Error::NotSampled`].
    pub fn clock_levels(&self, domain: ClockDomain) -> Reading<DpmTable> {
        let Some(sample) = self.sample else { return self.gpu.clock_levels(domain) };
        let found = sample.clocks.iter().find(|clock| clock.domain == domain);
        found.map_or(Err(Error::NotSampled), |clock| clock.levels.clone())
    }

    /// The levels of the PCIe link: as [`Gpu::pcie_levels`](crate::Gpu::pcie_levels).
    ///
    /// # Errors
    /// Those of the handle; [`Error::NotSampled`].
    pub fn pcie_levels(&self) -> Reading<PcieTable> {
        self.sample.map_or_else(|| self.gpu.pcie_levels(), |sample| sample.pcie_levels.clone())
    }

    /// The driver's clock policy: as [`Gpu::performance_level`](crate::Gpu::performance_level).
    ///
    /// # Errors
    /// Those of the handle; [`Error::NotSampled`].
    pub fn performance_level(&self) -> Reading<PerformanceLevel> {
        self.sample.map_or_else(|| self.gpu.performance_level(), |sample| sample.performance_level.clone())
    }

    /// The power profiles: as [`Gpu::power_profiles`](crate::Gpu::power_profiles).
    ///
    /// # Errors
    /// Those of the handle; [`Error::NotSampled`].
    pub fn power_profiles(&self) -> Reading<Vec<PowerProfile>> {
        self.sample.map_or_else(|| self.gpu.power_profiles(), |sample| sample.power_profiles.clone())
    }

    /// The overdrive table: as [`Gpu::overdrive`](crate::Gpu::overdrive).
    ///
    /// # Errors
    /// Those of the handle; [`Error::NotSampled`].
    pub fn overdrive(&self) -> Reading<Overdrive> {
        self.sample.map_or_else(|| self.gpu.overdrive(), |sample| sample.overdrive.clone())
    }
}
