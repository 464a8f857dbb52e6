//! Energy used by the package.

use super::Look;
use crate::error::Error;
use crate::gpu::Gpu;
use crate::reading::Reading;
use crate::unit::{MicroJoules, MicroWatts};

impl Look<'_> {
    /// Energy used by the package since its firmware started, in microjoules.
    ///
    /// # Source
    /// `gpu_metrics`, on GPUs whose counter has a documented unit (MI200 and later).
    ///
    /// # Errors
    /// Those of [`Look::metrics`]; [`NotSupported`](crate::Error::NotSupported) without a counter, or if its unit is
    /// not documented; [`OnFirstDie`](Error::OnFirstDie) on the second die of an MI250.
    pub fn energy(&self) -> Reading<MicroJoules> {
        let energy = self.of_table(|metrics| metrics.energy?.energy());
        let says_zero =
            || self.metrics().is_ok_and(|metrics| metrics.powers.average_socket == Some(MicroWatts(0)));
        match energy {
            Err(absent @ Error::NotSupported { .. }) if says_zero() => match self.power().socket {
                Err(reason @ Error::OnFirstDie { .. }) => Err(reason),
                _ => Err(absent),
            },
            energy => energy,
        }
    }
}

/// # Summary: energy
impl Gpu {
    /// Energy used by the package since its firmware started, in microjoules: [`Look::energy`].
    ///
    /// # Errors
    /// As [`Look::energy`].
    #[doc(alias = "amdsmi_get_energy_count")]
    pub fn energy(&self) -> Reading<MicroJoules> {
        self.look().energy()
    }
}
