//! Energy.

use super::Look;
use crate::gpu::Gpu;
use crate::reading::Reading;
use crate::unit::MicroJoules;

impl Look<'_> {
    /// Energy that the package used since its firmware started, in millionths of a joule.
    ///
    /// # Source
    /// `gpu_metrics`, where the value of a tick is known (MI200 and later).
    ///
    /// # Errors
    /// Those of [`Look::metrics`]; [`NotSupported`](crate::Error::NotSupported) without a counter, or where nobody knows
    /// what it counts.
    pub fn energy(&self) -> Reading<MicroJoules> {
        self.of_table(|metrics| metrics.energy?.energy())
    }
}

impl Gpu {
    /// Energy that the package used since its firmware started, in millionths of a joule: [`Look::energy`].
    ///
    /// # Errors
    /// As [`Look::energy`].
    #[doc(alias = "amdsmi_get_energy_count")]
    pub fn energy(&self) -> Reading<MicroJoules> {
        self.look().energy()
    }
}
